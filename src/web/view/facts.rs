//! The ten lines that a leader needs, the rest of the form, the papers, the grounds.

use serde::Serialize;

use super::super::reader::Reader;
use super::sheet;
use crate::dossier::{Dossier, Paper};
use crate::machine::{Field, FieldKind};

/// Lines that stand above the choice.
const LINES_MAX: usize = 10;
/// Characters of a value that stands above the choice; longer ones are folded.
const LINE_CHARS_MAX: usize = 280;

/// One field and its value.
#[derive(Debug, Serialize)]
pub(crate) struct Fact {
    label: String,
    value: String,
    number: bool,
    href: Option<String>,
    sheet: Option<sheet::Sheet>,
    /// That it was put right, and what it said before.
    note: String,
}

/// One paper.
#[derive(Debug, Serialize)]
pub(crate) struct Sheet {
    kind: String,
    name: String,
    size: String,
    href: String,
    inline: bool,
    said: String,
}

/// Why the dossier was last refused, returned or struck.
#[derive(Debug, Serialize)]
pub(crate) struct Grounds {
    text: String,
    basis: Option<String>,
}

impl Sheet {
    /// Without who attached it.
    pub(crate) fn without_names(self) -> Self {
        Self { said: String::new(), ..self }
    }
}

impl Fact {
    pub(crate) fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), number: false, href: None, sheet: None, note: String::new() }
    }
}

/// The fields that have a value: the first lines, and the rest. `link` gives the address of a paper.
pub(crate) fn facts(reader: &Reader, dossier: &Dossier, link: &dyn Fn(&str) -> String) -> (Vec<Fact>, Vec<Fact>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    if dossier.round > 1 {
        first.push(Fact { number: true, ..Fact::new(reader.get("part.round"), dossier.round.to_string()) });
    }
    for field in &reader.machine.fields {
        let Some(value) = dossier.fields.get(&field.name) else { continue };
        let said = reader.value(field, value, dossier);
        if said.is_empty() || said == dossier.caption {
            continue;
        }
        let href = match &field.kind {
            FieldKind::File => value.as_str().map(link),
            _ => None,
        };
        let number =
            matches!(field.kind, FieldKind::Number { .. } | FieldKind::Decimal { .. } | FieldKind::Money { .. });
        let short = said.chars().count() <= LINE_CHARS_MAX && first.len() < LINES_MAX;
        let sheet = sheet::sheet(reader, &field.kind, value, dossier);
        let fact = Fact {
            label: reader.text(&field.label).to_owned(),
            value: said,
            number,
            href,
            sheet,
            note: note(reader, field, dossier),
        };
        if short { first.push(fact) } else { rest.push(fact) }
    }
    if !reader.machine.is_list() {
        first.extend(dossier.results.iter().rev().find(|result| !result.fallen && result.quorate).and_then(|result| {
            let row = result.rows.first()?;
            let mut fact = Fact::new(reader.get("part.results"), format!("{}/{}", row.yes, row.base));
            fact.number = true;
            Some(fact)
        }));
    }
    (first, rest)
}

/// That a value was put right, and what it said before.
fn note(reader: &Reader, field: &Field, dossier: &Dossier) -> String {
    let Some(last) = dossier.corrections.iter().rev().find(|one| one.field == field.name) else { return String::new() };
    let before = reader.value(field, &last.before, dossier);
    let before = if before.is_empty() { reader.get("part.empty") } else { before };
    reader.texts.fill("correct.note", &[("when", &reader.moment(last.at)), ("before", &before)])
}

/// The papers, newest last.
pub(crate) fn papers(reader: &Reader, dossier: &Dossier, link: &dyn Fn(&str) -> String) -> Vec<Sheet> {
    dossier.papers.iter().map(|paper| sheet_of(reader, paper, link)).collect()
}

/// One paper.
pub(crate) fn sheet_of(reader: &Reader, paper: &Paper, link: &dyn Fn(&str) -> String) -> Sheet {
    let by = paper.by.as_ref().map(|by| reader.name(by));
    let at = reader.words.moment_short(paper.at, reader.calendar.zone());
    Sheet {
        kind: reader.paper_kind(&paper.kind),
        name: paper.name.clone(),
        size: size(reader, paper.size),
        href: link(paper.id.as_str()),
        inline: crate::papers::is_shown(&paper.name),
        said: by.map_or_else(|| at.clone(), |by| format!("{by}, {at}")),
    }
}

impl Sheet {
    /// With something to know about it.
    pub(crate) fn noted(self, note: &str) -> Self {
        Self { said: format!("{}. {note}", self.said), ..self }
    }
}

/// The latest grounds; earlier ones stand in the history.
pub(crate) fn grounds(reader: &Reader, dossier: &Dossier) -> Vec<Grounds> {
    let Some(last) = dossier.grounds.last() else { return Vec::new() };
    let latest = dossier.grounds.iter().filter(|ground| ground.at == last.at);
    latest
        .map(|ground| Grounds {
            text: reader.text(&ground.text).to_owned(),
            basis: reader.citation(ground.basis.as_ref()),
        })
        .collect()
}

fn size(reader: &Reader, bytes: u64) -> String {
    let kilobytes = bytes.div_ceil(1024);
    if kilobytes < 1024 {
        return format!("{} KB", reader.words.number(i64::try_from(kilobytes).unwrap_or(i64::MAX)));
    }
    let tenths = kilobytes * 10 / 1024;
    format!("{} MB", reader.words.decimal(&format!("{}.{}", tenths / 10, tenths % 10)))
}
