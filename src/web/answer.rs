//! `POST` to a task's page: the only way in which a page changes anything. Makes one command, hands it to the engine, and
//! sends the reader to the page that says what happened; what was refused is shown above the form as it was filled in.

mod act;
mod attend;
mod correct;
mod edit;
mod note;
mod posting;
mod prepare;
mod record;
mod votes;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::App;
use super::error::Problem;
use super::form::Form;
use super::hands;
use super::inbox::sign_in;
use super::pin;
use super::session::Session;
use super::task;
use super::view::refused::{self, Wrong};
use super::visit::{Lack, Visit};
use crate::dossier::Purpose;
use crate::dossier::command::{Ask, Command};
use crate::dossier::refusal::{Code, Reason};
use crate::engine::Attachment;
use crate::ids::{DossierId, OperationId};

pub(super) use prepare::NOTE;

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
        (Purpose::Prepare, "note") => note::note(&visit, form),
        (Purpose::Prepare, _) => prepare::prepare(&visit, form)?,
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
        (Purpose::Act, "edit") => edit::edit(&visit, form),
        (Purpose::Act | Purpose::Lead, _) => act::act(app, &visit, form)?,
        (Purpose::Ballot, _) => votes::cast(app, &visit, form)?,
        (Purpose::Attendance, _) => attend::attend(&visit, form),
        (Purpose::Object, _) => posting::object(&visit, form),
        (Purpose::Tally, _) => votes::tally(&visit, form),
        (Purpose::Confirm, _) => votes::confirm(&visit, form),
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
        _ if ["act", "prepare"].contains(&form.get("do")) => Some("choice".to_owned()),
        _ => None,
    }
}
