//! Before a form is sent on: which choices of a table are open for this dossier, and what stands against the others.

use serde::Serialize;

use super::super::reader::Reader;
use crate::dossier::Dossier;
use crate::dossier::context::Context;
use crate::dossier::sight::Sight;
use crate::explain::{self, Saying};
use crate::machine::FieldKind;

/// A table with more rows is not shown on a page.
const ROWS_MAX: usize = 80;

/// The choices of one field.
#[derive(Debug, Serialize)]
pub(crate) struct Chances {
    label: String,
    open: usize,
    all: usize,
    rows: Vec<Chance>,
}

#[derive(Debug, Serialize)]
struct Chance {
    title: String,
    chosen: bool,
    open: bool,
    rests: String,
    rules: Vec<Against>,
    /// What would open it, or that nothing would.
    opens: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Against {
    text: String,
    opens: Vec<String>,
}

/// The fields whose choices differ: some are open, some are not.
pub(crate) fn chances(reader: &Reader, dossier: &Dossier, sight: &Sight, context: &Context<'_>) -> Vec<Chances> {
    let machine = &reader.machine;
    let saying = Saying {
        machine,
        directory: &reader.directory,
        calendar: &reader.calendar,
        language: &reader.language,
        now: reader.now,
        titles: &explain::NO_TITLES,
    };
    let rows =
        |table: &str| machine.tables.get(table).and_then(|table| table.as_object()).map_or(0, serde_json::Map::len);
    let fields = machine
        .fields
        .iter()
        .filter(|field| sight.field(&field.name))
        .filter(|field| matches!(&field.kind, FieldKind::Choice { from } if (2..=ROWS_MAX).contains(&rows(from))));
    let found = fields.filter_map(|field| explain::choices(machine, dossier, &field.name, reader.now, context));
    found.filter(explain::Choices::differ).map(|found| of_field(reader, &saying, &found)).collect()
}

fn of_field(reader: &Reader, saying: &Saying<'_>, found: &explain::Choices) -> Chances {
    let label = reader.machine.field(&found.field).map(|field| reader.text(&field.label).to_owned());
    let row = |choice: &explain::Choice| Chance {
        title: reader.choice(&found.table, &choice.code),
        chosen: choice.chosen,
        open: choice.open,
        rests: choice.rests.as_ref().filter(|_| choice.open).map(|state| saying.state(state)).unwrap_or_default(),
        rules: choice
            .rules
            .iter()
            .map(|rule| Against { text: saying.reason(&rule.reason), opens: saying.meets(choice, rule) })
            .collect(),
        opens: saying.opens(choice),
    };
    let rows: Vec<Chance> = found.choices.iter().map(row).collect();
    let open = rows.iter().filter(|row| row.open).count();
    Chances { label: label.unwrap_or_default(), open, all: rows.len(), rows }
}
