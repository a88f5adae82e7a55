//! One line each, as editors and `grep` like it.

use super::{plain, source};
use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;

/// One diagnostic without a line end.
pub(super) fn render(diagnostic: &Diagnostic, sources: &[SourceFile], language: &str) -> String {
    let severity = diagnostic.severity.words().text(language);
    let head = format!("{severity}[{}]: {}", diagnostic.code, diagnostic.message(language));
    let line = match diagnostic.labels.first() {
        None => head,
        Some(label) => {
            let place = source(&label.span, sources).map_or_else(String::new, |file| {
                if let Some(cell) = file.cell(label.span.range.start) {
                    return format!(":{cell}");
                }
                let (line, column) = file.line_column(label.span.range.start);
                format!(":{line}:{column}")
            });
            let here = label.text.text(language);
            let here = if here.is_empty() { here } else { format!(": {here}") };
            format!("{}{place}: {head}{here}", label.span.file)
        }
    };
    plain(&line)
}
