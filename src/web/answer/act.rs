//! One of the state's events: what was filled in, and the page that asks once more.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use super::Meant;
use super::edit::{Files, fields, file_fields};
use crate::dossier::RowStatus;
use crate::dossier::command::{Act, Aside, Ask, RowMark};
use crate::ids::{DossierId, FieldName};
use crate::web::App;
use crate::web::error::Problem;
use crate::web::form::Form;
use crate::web::page;
use crate::web::task;
use crate::web::view::choice::Wanted;
use crate::web::view::facts::Fact;
use crate::web::view::refused::Wrong;
use crate::web::view::{Head, head, input, rows};
use crate::web::visit::Visit;

#[derive(Debug, Serialize)]
struct SurePage {
    head: Head,
    label: String,
    said: Vec<Fact>,
    marks: Vec<Marked>,
    rest: usize,
    #[serde(rename = "final")]
    is_final: bool,
    /// Who filled it in, where an assistant did.
    prepared: String,
    hidden: Vec<Hidden>,
}

#[derive(Debug, Serialize)]
pub(super) struct Marked {
    pub(super) caption: String,
    pub(super) what: String,
    pub(super) why: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Hidden {
    pub(super) name: String,
    pub(super) value: String,
}

pub(super) fn act(app: &App, visit: &Visit, form: &Form) -> Result<Meant, Problem> {
    if form.get("step") == "back" {
        return Ok(Meant::Back);
    }
    let reader = &visit.reader;
    let wanted = Wanted::all(reader, &task::offered(visit));
    let Some(wanted) = wanted.iter().find(|one| one.event.as_str() == form.get("choice")) else {
        return Ok(Meant::Wrong(vec![Wrong::at(reader.get("refused.no_choice"), "choice")]));
    };
    let event = wanted.event.as_str();
    let operation = visit.operation(&["act", event, form.get("seen")]);
    let mut wrongs = Vec::new();
    let said = said(visit, form, wanted, &mut wrongs);
    let mut files = Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() };
    for kind in &wanted.attach {
        files.take(&format!("paper.{event}.{kind}"), kind, &mut wrongs);
    }
    for name in file_fields(reader, &wanted.fill) {
        files.take(&format!("field.{event}.{name}"), name.as_str(), &mut wrongs);
    }
    let (papers, attachments) = (files.papers, files.attachments);
    if wanted.ticked(reader) && form.get(&format!("sure.{event}")) != "yes" {
        wrongs.push(Wrong::at(reader.get("refused.sure"), format!("sure.{event}")));
    }
    if !wrongs.is_empty() {
        return Ok(Meant::Wrong(wrongs));
    }
    // What somebody else has filled in is looked at twice; a file cannot be carried over, and was chosen by whoever answers.
    let prepared = task::prepared(visit).is_some() && !wanted.files(reader);
    let twice = wanted.confirm || prepared || !said.rows.is_empty();
    if twice && !wanted.ticked(reader) && form.get("step") != "send" {
        return sure(app, visit, form, wanted, &said.rows).map(|page| Meant::Look(Box::new(page)));
    }
    let act = Act { papers, ..said.answer(visit, form, wanted) };
    Ok(Meant::Command { operation, ask: Box::new(Ask::Act(act)), attachments, event: event.to_owned() })
}

/// What a form says along with a choice, but for its files.
pub(super) struct Said {
    fields: BTreeMap<FieldName, Value>,
    reason: Option<String>,
    pub(super) rows: BTreeMap<DossierId, RowMark>,
}

impl Said {
    /// The answer that it makes.
    pub(super) fn answer(self, visit: &Visit, form: &Form, wanted: &Wanted) -> Act {
        let Self { fields, reason, rows } = self;
        let (activation, event) = (visit.task.activation, wanted.event.clone());
        Act { activation, event, fields, papers: Vec::new(), reason, rows, seen: form.get("seen").parse().ok() }
    }
}

/// Reads what is filled in under a choice.
pub(super) fn said(visit: &Visit, form: &Form, wanted: &Wanted, wrongs: &mut Vec<Wrong>) -> Said {
    let (reader, event) = (&visit.reader, wanted.event.as_str());
    let mut fields = fields(visit, form, &format!("field.{event}."), &wanted.fill, wrongs);
    for (place, row) in wanted.own_rows(reader) {
        match input::read(reader, &row, form, &place) {
            Ok(value) => drop(fields.insert(row.name, value)),
            Err(what) => wrongs.push(Wrong::at(format!("{what}: {}", reader.get("refused.field_wrong")), place)),
        }
    }
    let reason = Some(form.get(&format!("reason.{event}"))).filter(|reason| wanted.reason && !reason.is_empty());
    if wanted.reason && reason.is_none() {
        wrongs.push(Wrong::at(reader.get("refused.reason_missing"), format!("reason.{event}")));
    }
    let rows = marks(visit, form, wanted, wrongs);
    Said { fields, reason: reason.map(str::to_owned), rows }
}

/// Rows that are marked; every mark needs its reason, and an answer that marks mean something to.
fn marks(visit: &Visit, form: &Form, wanted: &Wanted, wrongs: &mut Vec<Wrong>) -> BTreeMap<DossierId, RowMark> {
    let mut marks = BTreeMap::new();
    for row in visit.dossier.rows.iter().filter(|row| row.status == RowStatus::Live) {
        let marked = form.get(&format!("mark.{}", row.dossier));
        let Some(aside) = Aside::ALL.into_iter().find(|one| one.name() == marked) else { continue };
        let place = format!("row.{}", row.dossier);
        let reason = form.get(&format!("why.{}", row.dossier)).to_owned();
        if !wanted.asides.contains(&aside) {
            let said = visit.reader.get("refused.marks_not_here");
            wrongs.push(Wrong::at(format!("{}: {said}", row.caption), place));
        } else if reason.is_empty() {
            let said = visit.reader.get("refused.mark_why");
            wrongs.push(Wrong::at(format!("{}: {said}", row.caption), place));
        }
        marks.insert(row.dossier.clone(), RowMark { aside, reason });
    }
    marks
}

/// The page that asks once more: what was chosen, and every exception. Nothing of it is kept anywhere but in the page.
fn sure(
    app: &App,
    visit: &Visit,
    form: &Form,
    wanted: &Wanted,
    marks: &BTreeMap<DossierId, RowMark>,
) -> Result<Response, Problem> {
    let (reader, dossier) = (&visit.reader, &visit.dossier);
    let event = wanted.event.as_str();
    let mut said = Vec::new();
    for field in wanted.fill.iter().filter_map(|name| reader.machine.field(name)) {
        let value = input::read(reader, field, form, &format!("field.{event}.{}", field.name)).unwrap_or(Value::Null);
        said.push(Fact::new(reader.text(&field.label), reader.value(field, &value, dossier)));
    }
    for (place, row) in wanted.own_rows(reader) {
        let value = input::read(reader, &row, form, &place).unwrap_or(Value::Null);
        said.push(Fact::new(reader.text(&row.label), reader.value(&row, &value, dossier)));
    }
    if wanted.reason {
        said.push(Fact::new(reader.get("act.reason"), form.get(&format!("reason.{event}"))));
    }
    let marked = |(row, mark): (&DossierId, &RowMark)| Marked {
        caption: rows::caption(dossier, row),
        what: rows::aside(reader, mark.aside),
        why: mark.reason.clone(),
    };
    let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live).count();
    let page = SurePage {
        head: head(reader, dossier, &visit.task, &visit.events),
        label: wanted.label.clone(),
        said,
        marks: marks.iter().map(marked).collect(),
        rest: live.saturating_sub(marks.len()),
        is_final: wanted.confirm,
        prepared: task::prepared(visit).map(|one| reader.name(&one.by)).unwrap_or_default(),
        hidden: carried(form),
    };
    page::page(&visit.frame(app), StatusCode::OK, "sure.html", &page)
}

pub(super) fn carried(form: &Form) -> Vec<Hidden> {
    form.carried().map(|(name, value)| Hidden { name: name.to_owned(), value: value.to_owned() }).collect()
}
