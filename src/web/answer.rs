//! `POST` to a task's page: the only way in which a page changes anything. Makes one command, hands it to the engine, and
//! sends the reader to the page that says what happened; what was refused is shown above the form as it was filled in.

mod attend;
mod correct;
mod note;
mod posting;
mod record;

use std::collections::BTreeMap;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::App;
use super::error::Problem;
use super::form::Form;
use super::hands;
use super::inbox::sign_in;
use super::page;
use super::pin;
use super::reader::Reader;
use super::session::Session;
use super::task;
use super::upload::{self, File};
use super::view::choice::Wanted;
use super::view::facts::Fact;
use super::view::refused::{self, Wrong};
use super::view::{Head, ballot, head, input, rows};
use super::visit::{Lack, Visit};
use crate::dossier::command::{Act, Aside, Ask, Command, RowMark};
use crate::dossier::refusal::{Code, Reason};
use crate::dossier::{Choice, Paper, PaperTally, Purpose, RowStatus};
use crate::engine::Attachment;
use crate::ids::{DossierId, FieldName, OperationId, PaperId};
use crate::machine::FieldKind;

/// What the reader's form becomes: a command, a second page to look it over, or what is wrong with it.
pub(super) enum Meant {
    Command { operation: OperationId, ask: Box<Ask>, attachments: Vec<Attachment>, event: String },
    Look(Box<Response>),
    Wrong(Vec<Wrong>),
    Back,
}

/// `POST`.
pub(super) async fn answer(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    // Whoever has no link does not get their form read.
    super::visit::task(&app, &token).await?;
    let headers = request.headers().clone();
    let form = Form::read(request).await?;
    let visit = Visit::open(&app, &token, query.as_deref(), &headers).await?;
    // A visit holds a whole dossier twice.
    Box::pin(answered(&app, visit, &headers, &form)).await
}

/// `POST` to a dossier's page, by somebody who is signed in.
pub(super) async fn answer_own(
    State(app): State<App>,
    Path(dossier): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let Some((session, form)) = Session::sending(&app, request).await? else { return Ok(sign_in(&app)) };
    let visit = Visit::own(&app, session, &DossierId::new(dossier), query.as_deref()).await?;
    // A visit holds a whole dossier twice.
    Box::pin(answered(&app, visit, &headers, &form)).await
}

/// What a form asks for, done.
async fn answered(app: &App, visit: Visit, headers: &HeaderMap, form: &Form) -> Result<Response, Problem> {
    match visit.lacks() {
        Some(Lack::Pin) if form.get("do") == "pin" => return pin::answer(app, &visit, form).await,
        Some(lack) => return task::closed_page(app, &visit, lack).await,
        None => {}
    }
    if visit.task.closed.is_some() && !is_aside(form) {
        return Ok(visit.see_page(app));
    }
    if form.has("more") {
        // Another look at the same form, with room for more rows.
        return task::page(app, &visit, Some(form), Vec::new());
    }
    let meant = match (visit.task.purpose, form.get("do")) {
        (Purpose::Act | Purpose::Lead, "claim" | "release" | "give" | "add" | "extend" | "skip" | "redo") => {
            hands::meant(&visit, form)
        }
        (_, "correct") => correct::correct(&visit, form),
        (_, "withdraw") => correct::withdraw(&visit, form),
        (_, "recall") => correct::recall(&visit, form),
        (_, "note") => note::note(&visit, form),
        (Purpose::Act, "hear") => posting::hear(&visit, form),
        (Purpose::Act, "settle") => posting::settle(&visit, form),
        (Purpose::Act | Purpose::Lead, "record") => record::record(&visit, form),
        (_, "acknowledge") => note::acknowledge(&visit, form),
        (Purpose::Act, "edit") => edit(&visit, form),
        (Purpose::Act | Purpose::Lead, _) => act(app, &visit, form)?,
        (Purpose::Ballot, _) => cast(app, &visit, form)?,
        (Purpose::Attendance, _) => attend::attend(&visit, form),
        (Purpose::Object, _) => posting::object(&visit, form),
        (Purpose::Tally, _) => tally(&visit, form),
        (Purpose::Confirm, _) => confirm(&visit, form),
    };
    match meant {
        Meant::Look(response) => Ok(*response),
        Meant::Back => task::page(app, &visit, Some(form), Vec::new()),
        Meant::Wrong(wrongs) => task::page(app, &visit, Some(form), wrongs),
        Meant::Command { operation, ask, attachments, event } => {
            let actor = visit.actor(app, form.get("guard"));
            let command = Command { operation, dossier: visit.task.dossier.clone(), actor, ask: *ask };
            handle(app, (visit, headers), form, command, attachments, &event).await
        }
    }
}

async fn handle(
    app: &App,
    (visit, headers): (Visit, &HeaderMap),
    form: &Form,
    command: Command,
    attachments: Vec<Attachment>,
    event: &str,
) -> Result<Response, Problem> {
    let refusal = match app.engine.handle(command, attachments).await {
        Ok(_) => return Ok(visit.see_page(app)),
        Err(failure) => Problem::of_failure(failure)?,
    };
    // Somebody else, or another click, may have been first: then the page says what happened.
    let visit = visit.again(app, headers).await?;
    if visit.task.closed.is_some() && !is_aside(form) {
        return Ok(visit.see_page(app));
    }
    let place = |reason: &Reason| place(&visit, form, event, reason);
    let wrongs = refused::wrongs(&visit.reader, &visit.dossier, &visit.task.person, &refusal, place);
    task::page(app, &visit, Some(form), wrongs)
}

/// What is sent has nothing to do with the task, so that it may be over.
fn is_aside(form: &Form) -> bool {
    ["correct", "withdraw", "recall", "note"].contains(&form.get("do"))
}

/// Where on the page a reason belongs.
fn place(visit: &Visit, form: &Form, event: &str, reason: &Reason) -> Option<String> {
    if form.get("do") == "note" {
        return Some(format!("note.{}", form.get("thread")));
    }
    if form.get("do") == "acknowledge" || reason.code == Code::Unread {
        return Some("acknowledge".to_owned());
    }
    if ["hear", "settle", "object"].contains(&form.get("do")) {
        return Some(posting::place(form, reason));
    }
    if form.get("do") == "record" {
        let about = reason.about.as_deref().unwrap_or_default();
        let table = about.split('.').next().unwrap_or_default();
        return Some(match reason.code {
            Code::PaperMissing | Code::PaperUnknown => "record.paper".to_owned(),
            Code::FieldWrong | Code::FieldMissing => format!("record.{table}"),
            _ => "record".to_owned(),
        });
    }
    if form.get("do") == "recall" {
        return Some("recall".to_owned());
    }
    if is_aside(form) {
        let about = reason.about.as_deref().map(|about| about.split('.').next().unwrap_or(about));
        return Some(match (&reason.code, about) {
            (Code::ReasonMissing, _) => format!("reason.{}", form.get("do")),
            (Code::FieldWrong | Code::FieldClosed | Code::KeyTaken { .. }, Some(field)) => format!("correct.{field}"),
            _ => "correct".to_owned(),
        });
    }
    let editing = form.get("do") == "edit";
    let about = reason.about.as_deref();
    match (&reason.code, about) {
        (Code::FieldMissing | Code::FieldWrong | Code::FieldClosed | Code::KeyTaken { .. }, Some(field)) => {
            let field = field.split('.').next().unwrap_or(field);
            let filled = format!("field.{event}.{field}");
            let mut ways = task::offered(visit)
                .into_iter()
                .filter(|way| way.event.as_ref().is_some_and(|one| one.as_str() == event));
            let asked = ways.any(|way| way.fill.iter().any(|name| name.as_str() == field));
            Some(if !editing && (asked || form.has(&filled)) { filled } else { format!("edit.{field}") })
        }
        (Code::PaperMissing | Code::PaperUnknown, Some(kind)) if editing => Some(format!("paper.{kind}")),
        (Code::PaperMissing | Code::PaperUnknown, Some(kind)) => Some(format!("paper.{event}.{kind}")),
        (Code::ReasonMissing, None) => Some(format!("reason.{event}")),
        (Code::ReasonMissing | Code::RowUnknown | Code::TallyWrong | Code::ChoiceWrong, Some(row)) => {
            Some(format!("row.{row}"))
        }
        (_, _) if ["skip", "redo"].contains(&form.get("do")) => Some(format!("reason.{}", form.get("do"))),
        (_, _) if ["give", "add", "extend"].contains(&form.get("do")) => Some(format!("to.{}", form.get("do"))),
        _ if visit.task.purpose == Purpose::Act && form.get("do") == "act" => Some("choice".to_owned()),
        _ => None,
    }
}

// ---- one of the state's events

#[derive(Debug, Serialize)]
struct SurePage {
    head: Head,
    label: String,
    said: Vec<Fact>,
    marks: Vec<Marked>,
    rest: usize,
    #[serde(rename = "final")]
    is_final: bool,
    hidden: Vec<Hidden>,
}

#[derive(Debug, Serialize)]
struct Marked {
    caption: String,
    what: String,
    why: String,
}

#[derive(Debug, Serialize)]
struct Hidden {
    name: String,
    value: String,
}

fn act(app: &App, visit: &Visit, form: &Form) -> Result<Meant, Problem> {
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
    let mut fields = fields(visit, form, &format!("field.{event}."), &wanted.fill, &mut wrongs);
    for (place, row) in wanted.own_rows(reader) {
        match input::read(reader, &row, form, &place) {
            Ok(value) => drop(fields.insert(row.name, value)),
            Err(what) => wrongs.push(Wrong::at(format!("{what}: {}", reader.get("refused.field_wrong")), place)),
        }
    }
    let mut files = Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() };
    for kind in &wanted.attach {
        files.take(&format!("paper.{event}.{kind}"), kind, &mut wrongs);
    }
    for name in file_fields(reader, &wanted.fill) {
        files.take(&format!("field.{event}.{name}"), name.as_str(), &mut wrongs);
    }
    let (papers, attachments) = (files.papers, files.attachments);
    let reason = Some(form.get(&format!("reason.{event}"))).filter(|reason| wanted.reason && !reason.is_empty());
    if wanted.reason && reason.is_none() {
        wrongs.push(Wrong::at(reader.get("refused.reason_missing"), format!("reason.{event}")));
    }
    let rows = marks(visit, form, wanted, &mut wrongs);
    if wanted.ticked(reader) && form.get(&format!("sure.{event}")) != "yes" {
        wrongs.push(Wrong::at(reader.get("refused.sure"), format!("sure.{event}")));
    }
    if !wrongs.is_empty() {
        return Ok(Meant::Wrong(wrongs));
    }
    if (wanted.confirm || !rows.is_empty()) && !wanted.ticked(reader) && form.get("step") != "send" {
        return sure(app, visit, form, wanted, &rows).map(|page| Meant::Look(Box::new(page)));
    }
    let act = Act {
        activation: visit.task.activation,
        event: wanted.event.clone(),
        fields,
        papers,
        reason: reason.map(str::to_owned),
        rows,
        seen: form.get("seen").parse().ok(),
    };
    Ok(Meant::Command { operation, ask: Box::new(Ask::Act(act)), attachments, event: event.to_owned() })
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
        hidden: carried(form),
    };
    page::page(&visit.frame(app), StatusCode::OK, "sure.html", &page)
}

fn carried(form: &Form) -> Vec<Hidden> {
    form.carried().map(|(name, value)| Hidden { name: name.to_owned(), value: value.to_owned() }).collect()
}

// ---- changes of the dossier

fn edit(visit: &Visit, form: &Form) -> Meant {
    let reader = &visit.reader;
    let (edit, attach) = task::editable(visit);
    if edit.is_empty() && attach.is_empty() {
        return Meant::Wrong(vec![Wrong { text: reader.get("refused.superseded"), basis: None, href: None }]);
    }
    let mut wrongs = Vec::new();
    let fields = fields(visit, form, "edit.", &edit, &mut wrongs);
    let mut said = vec!["edit".to_owned(), form.get("seen").to_owned()];
    said.extend(fields.iter().map(|(name, value)| format!("{name}={value}")));
    let places = attach.iter().map(|kind| (format!("paper.{kind}"), kind.as_str()));
    let of_fields = file_fields(reader, &edit).map(|name| (format!("edit.{name}"), name.as_str()));
    let places: Vec<(String, &str)> = places.chain(of_fields).collect();
    for (place, _) in &places {
        said.extend(form.file(place).map(|file| digest(&file.content)));
    }
    let operation = visit.operation(&said.iter().map(String::as_str).collect::<Vec<_>>());
    let mut files = Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() };
    for (place, kind) in &places {
        files.take(place, kind, &mut wrongs);
    }
    let (papers, attachments) = (files.papers, files.attachments);
    if wrongs.is_empty() && fields.is_empty() && papers.is_empty() {
        wrongs.push(Wrong::at(reader.get("refused.nothing_changed"), "edit"));
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let ask = Box::new(Ask::Edit { activation: visit.task.activation, fields, papers });
    Meant::Command { operation, ask, attachments, event: String::new() }
}

/// The fields among these that hold files: each comes as a paper under the field's name.
fn file_fields<'f>(reader: &'f Reader, names: &'f [FieldName]) -> impl Iterator<Item = &'f FieldName> {
    let is_file = |name: &&FieldName| reader.machine.field(name).is_some_and(|field| field.kind == FieldKind::File);
    names.iter().filter(is_file)
}

/// The fields among these whose values were changed by the form.
fn fields(
    visit: &Visit,
    form: &Form,
    prefix: &str,
    names: &[FieldName],
    wrongs: &mut Vec<Wrong>,
) -> BTreeMap<FieldName, Value> {
    let reader = &visit.reader;
    let mut fields = BTreeMap::new();
    for field in names.iter().filter_map(|name| reader.machine.field(name)) {
        let place = format!("{prefix}{}", field.name);
        if !form.has(&place) {
            continue;
        }
        let value = match input::read(reader, field, form, &place) {
            Ok(value) => value,
            Err(what) => {
                let said = reader.get("refused.field_wrong");
                wrongs.push(Wrong::at(format!("{what}: {said}"), place));
                continue;
            }
        };
        let old = visit.dossier.fields.get(&field.name).unwrap_or(&Value::Null);
        if &value != old {
            fields.insert(field.name.clone(), value);
        }
    }
    fields
}

/// Files on their way into the dossier.
struct Files<'a> {
    visit: &'a Visit,
    form: &'a Form,
    operation: &'a OperationId,
    papers: Vec<Paper>,
    attachments: Vec<Attachment>,
}

impl Files<'_> {
    /// Takes the file of an input, if there is one. Its id follows from the click that brought it, so that a second click
    /// brings the same paper.
    fn take(&mut self, place: &str, kind: &str, wrongs: &mut Vec<Wrong>) {
        let Some(file) = self.form.file(place) else { return };
        let media = match file.media() {
            Ok(media) => media,
            Err(unfit) => {
                let said = self.visit.reader.texts.fill(upload::said(unfit), &[("name", &file.name)]);
                wrongs.push(Wrong::at(said, place));
                return;
            }
        };
        let (id, hash) = (self.id(kind, file), digest(&file.content));
        self.papers.push(Paper {
            id: id.clone(),
            kind: kind.to_owned(),
            name: file.name.clone(),
            hash,
            size: file.content.len() as u64,
            by: Some(self.visit.task.person.clone()),
            // The decision puts its own instant here; this one is the same for every click.
            at: self.visit.task.opened_at,
        });
        self.attachments.push(Attachment { id, media: media.to_owned(), content: file.content.to_vec() });
    }

    fn id(&self, kind: &str, file: &File) -> PaperId {
        let of = format!("{}\n{kind}\n{}", self.operation, digest(&file.content));
        PaperId::new(&digest(of.as_bytes())[..32])
    }
}

fn digest(bytes: &[u8]) -> String {
    super::hex(&Sha256::digest(bytes))
}

// ---- votes

#[derive(Debug, Serialize)]
struct CastPage {
    head: Head,
    count: String,
    others: Vec<Marked>,
    yes: Vec<String>,
    hidden: Vec<Hidden>,
}

fn cast(app: &App, visit: &Visit, form: &Form) -> Result<Meant, Problem> {
    let reader = &visit.reader;
    let Some(vote) = visit.dossier.vote(visit.task.activation) else {
        return Ok(Meant::Wrong(vec![Wrong { text: reader.get("refused.superseded"), basis: None, href: None }]));
    };
    if form.get("step") == "back" {
        return Ok(Meant::Back);
    }
    let (mut choices, mut wrongs) = (BTreeMap::new(), Vec::new());
    let all = (form.get("all") == "yes").then_some(Choice::Yes);
    let part = ballot::part_shown(vote, &visit.task.person, Some(form.get("part")));
    for row in ballot::votable(vote, part, &visit.task.person) {
        if let Some(choice) = ballot::of_name(form.get(&format!("vote.{row}"))).or(all) {
            choices.insert(row.clone(), choice);
        } else {
            let said = reader.get("refused.choice_wrong");
            let text = format!("{}: {said}", rows::caption(&visit.dossier, row));
            wrongs.push(Wrong::at(text, format!("row.{row}")));
        }
    }
    if !wrongs.is_empty() {
        return Ok(Meant::Wrong(wrongs));
    }
    if form.get("step") != "send" {
        return look(app, visit, part, &choices).map(|page| Meant::Look(Box::new(page)));
    }
    // One more ballot is another answer, and so is another part of it.
    let ballot = if vote.round.is_first() { "cast" } else { "cast again" };
    let said = [ballot, part];
    let operation = visit.operation(if part.is_empty() { &said[..1] } else { &said });
    let ask = Box::new(Ask::Cast { activation: visit.task.activation, choices });
    Ok(Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() })
}

/// The ballot, to be looked over before it goes into the box; until then it is in this page and nowhere else.
fn look(app: &App, visit: &Visit, part: &str, choices: &BTreeMap<DossierId, Choice>) -> Result<Response, Problem> {
    let (reader, dossier) = (&visit.reader, &visit.dossier);
    let count = |wanted: Choice| choices.values().filter(|choice| **choice == wanted).count().to_string();
    let (yes, no, abstain) = (count(Choice::Yes), count(Choice::No), count(Choice::Abstain));
    let holes = [("yes", yes.as_str()), ("no", &no), ("abstain", &abstain)];
    let others = choices.iter().filter(|(_, choice)| **choice != Choice::Yes);
    let agreed = choices.iter().filter(|(_, choice)| **choice == Choice::Yes);
    let mut hidden = vec![Hidden { name: "do".to_owned(), value: "cast".to_owned() }];
    hidden.extend((!part.is_empty()).then(|| Hidden { name: "part".to_owned(), value: part.to_owned() }));
    hidden.extend(
        choices
            .iter()
            .map(|(row, choice)| Hidden { name: format!("vote.{row}"), value: ballot::name_of(*choice).to_owned() }),
    );
    let page = CastPage {
        head: head(reader, dossier, &visit.task, &visit.events),
        count: reader.texts.fill("ballot.cast_count", &holes),
        others: others
            .map(|(row, choice)| Marked {
                caption: rows::caption(dossier, row),
                what: ballot::label(reader, *choice),
                why: String::new(),
            })
            .collect(),
        yes: agreed.map(|(row, _)| rows::caption(dossier, row)).collect(),
        hidden,
    };
    page::page(&visit.frame(app), StatusCode::OK, "cast.html", &page)
}

fn tally(visit: &Visit, form: &Form) -> Meant {
    let reader = &visit.reader;
    let (mut tallies, mut wrongs) = (BTreeMap::new(), Vec::new());
    for row in visit.dossier.vote(visit.task.activation).iter().flat_map(|vote| &vote.rows) {
        let mut number = |part: &str| {
            let sent = form.get(&format!("{part}.{}", row.row));
            if sent.len() > 9 || !sent.bytes().all(|digit| digit.is_ascii_digit()) { None } else { sent.parse().ok() }
        };
        let numbers = ballot::COUNTS.map(&mut number);
        let [Some(issued), Some(returned), Some(invalid), Some(yes), Some(no)] = numbers else {
            let said = reader.get("refused.number_wrong");
            let text = format!("{}: {said}", rows::caption(&visit.dossier, &row.row));
            wrongs.push(Wrong::at(text, format!("row.{}", row.row)));
            continue;
        };
        tallies.insert(row.row.clone(), PaperTally { issued, returned, invalid, yes, no });
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let operation = visit.operation(&["tally", form.get("seen")]);
    let ask = Box::new(Ask::Tally { activation: visit.task.activation, rows: tallies });
    Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() }
}

fn confirm(visit: &Visit, form: &Form) -> Meant {
    let agrees = match form.get("agrees") {
        "yes" => true,
        "no" => false,
        _ => return Meant::Wrong(vec![Wrong::at(visit.reader.get("refused.no_agree"), "choice")]),
    };
    let operation = visit.operation(&["confirm", form.get("agrees"), form.get("seen")]);
    let seen = form.get("seen").parse().unwrap_or_default();
    let ask = Box::new(Ask::Confirm { activation: visit.task.activation, agrees, seen });
    Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() }
}
