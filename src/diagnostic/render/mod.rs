//! From diagnostics to what a person or a program reads.

mod human;
mod json;
mod sarif;
mod short;

use super::{Diagnostic, say};
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

/// All diagnostics in one text of a language, in their order; `color` has a meaning for [`Format::Human`] only.
pub fn render_all(
    diagnostics: &[Diagnostic],
    sources: &[SourceFile],
    format: Format,
    color: bool,
    language: &str,
) -> String {
    let mut out = String::new();
    let shown = if format == Format::Human { diagnostics.len().min(SHOWN_MAX) } else { diagnostics.len() };
    for diagnostic in &diagnostics[..shown] {
        let text = match format {
            Format::Human => human::render(diagnostic, sources, color, language),
            Format::Short => short::render(diagnostic, sources, language),
            Format::Json => json::render(diagnostic, sources, language),
        };
        out.push_str(&text);
        out.push('\n');
    }
    if shown < diagnostics.len() {
        let more = say!(report.more, more = diagnostics.len() - shown).text(language);
        out = format!("{out}{more}\n");
    }
    out
}

/// What was found in several workflows, each with its files, as one SARIF 2.1.0 document.
pub fn render_sarif(found: &[(&[Diagnostic], &[SourceFile])], language: &str) -> String {
    sarif::render(found, language)
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
    use crate::diagnostic::{Diagnostic, fault, say};
    use crate::source::{SourceFile, Span};

    fn sample() -> (Vec<Diagnostic>, Vec<SourceFile>) {
        let file = SourceFile::new("a.yaml", "workflow: x\nnhãn: Hội đồng, taks: 1\n");
        let at = file.text.find("taks").expect("it is there");
        let key = "taks";
        let fault = fault!(UNKNOWN_KEY.unknown, Span::new("a.yaml", at..at + 4), key, what = say!(what.state))
            .help(say!(near.meant, near = "task"));
        (vec![fault], vec![file])
    }

    fn shown(format: Format, language: &str) -> String {
        let (diagnostics, sources) = sample();
        render_all(&diagnostics, &sources, format, false, language)
    }

    #[test]
    fn people_see_the_excerpt_with_the_column_in_characters() {
        let expected = "\
error[E0101]: unknown key `taks`
 --> a.yaml:2:17
  |
2 | nhãn: Hội đồng, taks: 1
  |                 ^^^^ a state has no such key
  |
  = help: did you mean `task`?
";
        assert_eq!(shown(Format::Human, "en"), format!("{expected}\n"));
    }

    #[test]
    fn vietnamese_people_read_the_same_in_vietnamese() {
        let expected = "\
lỗi[E0101]: không có khóa `taks`
 --> a.yaml:2:17
  |
2 | nhãn: Hội đồng, taks: 1
  |                 ^^^^ trạng thái không có khóa này
  |
  = gợi ý: có phải ý bạn là `task`?
";
        assert_eq!(shown(Format::Human, "vi"), format!("{expected}\n"));
    }

    #[test]
    fn editors_get_one_line() {
        assert_eq!(
            shown(Format::Short, "en"),
            "a.yaml:2:17: error[E0101]: unknown key `taks`: a state has no such key\n"
        );
    }

    #[test]
    fn programs_get_json() {
        let value: serde_json::Value = serde_json::from_str(&shown(Format::Json, "vi")).expect("one JSON object");
        assert_eq!(value["code"], "E0101");
        assert_eq!((&value["severity"], &value["variant"]), (&"error".into(), &"unknown".into()));
        assert_eq!(value["labels"][0]["column"], 17);
        assert_eq!(value["labels"][0]["end_column"], 21);
    }

    #[test]
    fn a_place_in_a_file_that_nobody_has_is_still_named() {
        let (diagnostics, _) = sample();
        for format in [Format::Human, Format::Short, Format::Json] {
            assert!(render_all(&diagnostics, &[], format, false, "en").contains("a.yaml"));
        }
    }
}
