//! One JSON object a line, for programs. Lines and columns count from 1, columns in characters; ends lie behind the last
//! character.

use serde::Serialize;

use super::source;
use crate::diagnostic::{Diagnostic, Label};
use crate::source::SourceFile;

#[derive(Serialize)]
struct Line<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    labels: Vec<Place<'a>>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    text: &'a str,
}

/// One diagnostic without a line end.
pub(super) fn render(diagnostic: &Diagnostic, sources: &[SourceFile]) -> String {
    let line = Line {
        code: diagnostic.code,
        severity: diagnostic.severity.name(),
        message: &diagnostic.message,
        labels: diagnostic.labels.iter().map(|label| place(label, sources)).collect(),
        help: diagnostic.help.as_deref(),
    };
    serde_json::to_string(&line).expect("texts and numbers always serialise")
}

fn place<'a>(label: &'a Label, sources: &[SourceFile]) -> Place<'a> {
    let at = |byte: usize| source(&label.span, sources).map_or((0, 0), |file| file.line_column(byte));
    let (line, column) = at(label.span.range.start);
    let (end_line, end_column) = at(label.span.range.end);
    Place { file: &label.span.file, line, column, end_line, end_column, text: &label.text }
}
