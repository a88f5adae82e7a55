//! One line each, as editors and `grep` like it.

use super::{plain, source};
use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;

/// One diagnostic without a line end.
pub(super) fn render(diagnostic: &Diagnostic, sources: &[SourceFile]) -> String {
    let head = format!("{}[{}]: {}", diagnostic.severity.name(), diagnostic.code, diagnostic.message);
    let line = match diagnostic.labels.first() {
        None => head,
        Some(label) => {
            let place = source(&label.span, sources).map_or_else(String::new, |file| {
                let (line, column) = file.line_column(label.span.range.start);
                format!(":{line}:{column}")
            });
            let label_text = if label.text.is_empty() { String::new() } else { format!(": {}", label.text) };
            format!("{}{place}: {head}{label_text}", label.span.file)
        }
    };
    plain(&line)
}
