//! From diagnostics to what a person or a program reads.

mod human;
mod json;
mod short;

use super::Diagnostic;
use crate::source::{SourceFile, Span};

/// For whom diagnostics are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// With an excerpt of the source, as rustc prints them.
    #[default]
    Human,
    /// One line each: `file:line:column: error[E0101]: message`.
    Short,
    /// One JSON object a line.
    Json,
}

/// Excerpts shown at most; whoever has more faults reads these first.
const SHOWN_MAX: usize = 100;

/// All diagnostics in one text, in their order; `color` has a meaning for [`Format::Human`] only.
pub fn render_all(diagnostics: &[Diagnostic], sources: &[SourceFile], format: Format, color: bool) -> String {
    let mut out = String::new();
    let shown = if format == Format::Human { diagnostics.len().min(SHOWN_MAX) } else { diagnostics.len() };
    for diagnostic in &diagnostics[..shown] {
        let text = match format {
            Format::Human => human::render(diagnostic, sources, color),
            Format::Short => short::render(diagnostic, sources),
            Format::Json => json::render(diagnostic, sources),
        };
        out.push_str(&text);
        out.push('\n');
    }
    if shown < diagnostics.len() {
        let more = diagnostics.len() - shown;
        out = format!("{out}... and {more} more\n");
    }
    out
}

/// The file of a place, if it is among those that were read.
fn source<'a>(span: &Span, sources: &'a [SourceFile]) -> Option<&'a SourceFile> {
    sources.iter().find(|file| file.name == span.file)
}

/// Text from a file without what could steer a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Format, render_all};
    use crate::diagnostic::Diagnostic;
    use crate::source::{SourceFile, Span};

    fn sample() -> (Vec<Diagnostic>, Vec<SourceFile>) {
        let file = SourceFile::new("a.yaml", "workflow: x\nnhãn: Hội đồng, taks: 1\n");
        let at = file.text.find("taks").expect("it is there");
        let fault = Diagnostic::error("E0101", "unknown key `taks`", Span::new("a.yaml", at..at + 4), "not a key here")
            .help("did you mean `task`?");
        (vec![fault], vec![file])
    }

    #[test]
    fn people_see_the_excerpt_with_the_column_in_characters() {
        let (diagnostics, sources) = sample();
        let expected = "\
error[E0101]: unknown key `taks`
 --> a.yaml:2:17
  |
2 | nhãn: Hội đồng, taks: 1
  |                 ^^^^ not a key here
  |
  = help: did you mean `task`?
";
        assert_eq!(render_all(&diagnostics, &sources, Format::Human, false), format!("{expected}\n"));
    }

    #[test]
    fn editors_get_one_line() {
        let (diagnostics, sources) = sample();
        assert_eq!(
            render_all(&diagnostics, &sources, Format::Short, false),
            "a.yaml:2:17: error[E0101]: unknown key `taks`: not a key here\n"
        );
    }

    #[test]
    fn programs_get_json() {
        let (diagnostics, sources) = sample();
        let line = render_all(&diagnostics, &sources, Format::Json, false);
        let value: serde_json::Value = serde_json::from_str(&line).expect("one JSON object");
        assert_eq!(value["code"], "E0101");
        assert_eq!(value["labels"][0]["column"], 17);
        assert_eq!(value["labels"][0]["end_column"], 21);
    }

    #[test]
    fn a_place_in_a_file_that_nobody_has_is_still_named() {
        let (diagnostics, _) = sample();
        for format in [Format::Human, Format::Short, Format::Json] {
            assert!(render_all(&diagnostics, &[], format, false).contains("a.yaml"));
        }
    }
}
