//! One document in the Static Analysis Results Interchange Format, for code hosts and editors (OASIS SARIF 2.1.0). Columns
//! count Unicode code points, as the document says itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::source;
use crate::diagnostic::code::{self, Code};
use crate::diagnostic::{Diagnostic, Label, say};
use crate::source::SourceFile;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What was found in several workflows, each with its files.
pub(super) fn render(found: &[(&[Diagnostic], &[SourceFile])], language: &str) -> String {
    let all = || found.iter().flat_map(|(diagnostics, _)| *diagnostics);
    let rules: BTreeMap<&str, &Code> = all().filter_map(|one| Some((one.code, code::find(one.code)?))).collect();
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, code)| (*code, at)).collect();
    let results: Vec<Value> = found
        .iter()
        .flat_map(|(diagnostics, sources)| diagnostics.iter().map(|one| result(one, sources, &index, language)))
        .collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "chancery",
                "version": env!("CARGO_PKG_VERSION"),
                "language": language,
                "rules": rules.values().map(|code| rule(code, language)).collect::<Vec<_>>(),
            }},
            "language": language,
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&document).expect("texts and numbers always serialise") + "\n"
}

fn rule(code: &Code, language: &str) -> Value {
    let level = if code.code.starts_with('W') { "warning" } else { "error" };
    json!({
        "id": code.code,
        "name": code.name,
        "shortDescription": {"text": code.meaning(language)},
        "fullDescription": {"text": code.explanation(language)},
        "defaultConfiguration": {"level": level},
    })
}

fn result(diagnostic: &Diagnostic, sources: &[SourceFile], rules: &BTreeMap<&str, usize>, language: &str) -> Value {
    let mut text = diagnostic.message(language);
    let here = diagnostic.labels.first().map(|label| label.text.text(language)).filter(|here| !here.is_empty());
    if let Some(here) = here {
        text = format!("{text}: {here}");
    }
    for (word, more) in [(say!(report.note), &diagnostic.note), (say!(report.help), &diagnostic.help)] {
        if let Some(more) = more.find(language) {
            text = format!("{text}\n{}: {more}", word.text(language));
        }
    }
    let places = |labels: &[Label]| labels.iter().map(|label| place(label, sources, language)).collect::<Vec<_>>();
    let (here, beside) = diagnostic.labels.split_at(diagnostic.labels.len().min(1));
    json!({
        "ruleId": diagnostic.code,
        "ruleIndex": rules.get(diagnostic.code),
        "level": diagnostic.severity.name(),
        "message": {"text": text},
        "locations": places(here),
        "relatedLocations": places(beside),
        "properties": {"variant": diagnostic.says.name()},
    })
}

fn place(label: &Label, sources: &[SourceFile], language: &str) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(&label.span.file)}});
    if let Some(file) = source(&label.span, sources) {
        let (start_line, start_column) = file.line_code_point(label.span.range.start);
        let (end_line, end_column) = file.line_code_point(label.span.range.end);
        physical["region"] = json!({
            "startLine": start_line, "startColumn": start_column, "endLine": end_line, "endColumn": end_column,
        });
    }
    json!({"physicalLocation": physical, "message": {"text": label.text.text(language)}})
}

/// A path as a relative reference: everything but what is plain in one is written as its bytes.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::{render, uri};
    use crate::diagnostic::{fault, say};
    use crate::source::{SourceFile, Span};

    #[test]
    fn a_document_names_its_rules_and_places_in_code_points() {
        let file = SourceFile::new("quy trình/a.yaml", "nhãn: Hội đồng, taks: 1\n");
        let at = file.text.find("taks").expect("it is there");
        let (key, what) = ("taks", say!(what.state));
        let fault = fault!(UNKNOWN_KEY.unknown, Span::new(&file.name, at..at + 4), key, what);
        let document: serde_json::Value =
            serde_json::from_str(&render(&[(&[fault], &[file])], "vi")).expect("one JSON document");
        assert_eq!(document["version"], "2.1.0");
        let run = &document["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "E0101");
        let result = &run["results"][0];
        assert_eq!(result["message"]["text"], "không có khóa `taks`: trạng thái không có khóa này");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "quy%20tr%C3%ACnh/a.yaml");
        assert_eq!(place["region"]["startColumn"], 17);
        assert_eq!(place["region"]["endColumn"], 21);
    }

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri("./a b/c#d.yaml"), "./a%20b/c%23d.yaml");
    }
}
