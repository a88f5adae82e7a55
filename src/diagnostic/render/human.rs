//! With an excerpt of the source, drawn by rustc's own renderer.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{plain, source};
use crate::diagnostic::{Diagnostic, Label, Severity, say};
use crate::source::SourceFile;
use crate::source::grid::Grid;

/// Columns that a line of output may take.
const WIDTH: usize = 140;

/// One diagnostic, ending with a line end.
pub(super) fn render(diagnostic: &Diagnostic, sources: &[SourceFile], color: bool, language: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let level = level.with_name(diagnostic.severity.words().text(language));
    let mut group = Group::with_title(level.primary_title(plain(&diagnostic.message(language))).id(diagnostic.code));
    // The renderer counts code points; in NFC they are what readers see as characters.
    let composed: Vec<SourceFile> = files(diagnostic, sources).into_iter().map(SourceFile::composed).collect();
    let mut drawn: Vec<&str> = Vec::new();
    for (place, label) in diagnostic.labels.iter().enumerate() {
        if let Some((file, grid)) = source(&label.span, sources).and_then(|file| Some((file, file.grid()?))) {
            let at = label.span.range.start;
            let cell = format!("{}:{}", file.name, file.cell(at).unwrap_or_default());
            group = group.element(Origin::path(cell)).element(line_of_cells(file, grid, label, place, language));
            continue;
        }
        if drawn.contains(&label.span.file.as_str()) {
            continue;
        }
        drawn.push(&label.span.file);
        group = match (source(&label.span, sources), source(&label.span, &composed)) {
            (Some(file), Some(composed)) => group.element(excerpt(file, composed, &diagnostic.labels, place, language)),
            _ => group.element(Origin::path(label.span.file.as_str())),
        };
    }
    if let Some(note) = diagnostic.note.find(language) {
        group = group.element(Level::NOTE.with_name(say!(report.note).text(language)).message(plain(&note)));
    }
    if let Some(help) = diagnostic.help.find(language) {
        group = group.element(Level::HELP.with_name(say!(report.help).text(language)).message(plain(&help)));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(WIDTH).render(&[group]) + "\n"
}

/// Every label that lies in this file, the first label of the diagnostic being the primary one.
fn excerpt<'a>(
    file: &SourceFile,
    composed: &'a SourceFile,
    labels: &[Label],
    first: usize,
    language: &str,
) -> Snippet<'a, Annotation<'a>> {
    let annotations = labels.iter().enumerate().skip(first).filter(|(_, label)| label.span.file == file.name);
    Snippet::source(composed.text.as_str()).path(composed.name.as_str()).annotations(annotations.map(
        |(place, label)| {
            let kind = if place == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            kind.span(file.in_composed(&file.one_line(&label.span.range))).label(plain(&label.text.text(language)))
        },
    ))
}

/// The row of a sheet in which a label lies; it stands there under the sheet's own number.
fn line_of_cells(
    file: &SourceFile,
    grid: &Grid,
    label: &Label,
    place: usize,
    language: &str,
) -> Snippet<'static, Annotation<'static>> {
    let line = grid.line(&file.text, label.span.range.start);
    let inside = |byte: usize| byte.clamp(line.start, line.end) - line.start;
    let text = plain(&file.text[line.clone()].replace(['\n', '\r'], " "));
    let kind = if place == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
    let span = inside(label.span.range.start)..inside(label.span.range.end);
    let (row, _) = file.line_column(line.start);
    Snippet::source(text).line_start(row).annotation(kind.span(span).label(plain(&label.text.text(language))))
}

/// The files in which a diagnostic has places.
fn files<'s>(diagnostic: &Diagnostic, sources: &'s [SourceFile]) -> Vec<&'s SourceFile> {
    let mut files: Vec<&SourceFile> = Vec::new();
    for file in diagnostic.labels.iter().filter_map(|label| source(&label.span, sources)) {
        if files.iter().all(|known| known.name != file.name) {
            files.push(file);
        }
    }
    files
}
