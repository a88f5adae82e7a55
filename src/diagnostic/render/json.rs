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
    /// Which of the code's faults; the same in every language.
    variant: &'a str,
    message: String,
    labels: Vec<Place<'a>>,
    note: Option<String>,
    help: Option<String>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    /// The cell, where the file is a sheet of a workbook; line and column are its row and its column.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<String>,
    text: String,
}

/// One diagnostic without a line end.
pub(super) fn render(diagnostic: &Diagnostic, sources: &[SourceFile], language: &str) -> String {
    let line = Line {
        code: diagnostic.code,
        severity: diagnostic.severity.name(),
        variant: diagnostic.says.name(),
        message: diagnostic.message(language),
        labels: diagnostic.labels.iter().map(|label| place(label, sources, language)).collect(),
        note: diagnostic.note.find(language),
        help: diagnostic.help.find(language),
    };
    serde_json::to_string(&line).expect("texts and numbers always serialise")
}

fn place<'a>(label: &'a Label, sources: &[SourceFile], language: &str) -> Place<'a> {
    let at = |byte: usize| source(&label.span, sources).map_or((0, 0), |file| file.line_column(byte));
    let (line, column) = at(label.span.range.start);
    let (end_line, end_column) = at(label.span.range.end);
    let cell = source(&label.span, sources).and_then(|file| file.cell(label.span.range.start));
    Place { file: &label.span.file, line, column, end_line, end_column, cell, text: label.text.text(language) }
}
