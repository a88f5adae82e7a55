//! Where somebody who is signed in opens a dossier: what must be there at once, and nothing that a form asks for later. GET shows the
//! form and changes nothing.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::error::Problem;
use super::first::{Filled, First};
use super::form::Form;
use super::inbox::sign_in;
use super::page::{self, Frame};
use super::reader::Reader;
use super::routes::Place;
use super::say::Texts;
use super::session::Session;
use super::view::input::Input;
use super::view::refused::{self, Wrong};
use super::{App, list, visit};
use crate::dossier::command::{Actor, Ask, Command, Start};
use crate::engine::Attachment;
use crate::ids::{DossierId, FieldName, OperationId, WorkflowName};

/// Letters of what tells one form from another.
const ONCE_MAX: usize = 64;

#[derive(Debug, Serialize)]
struct StartPage {
    workflow: String,
    who: String,
    errors: Vec<Wrong>,
    inputs: Vec<Input>,
    files: bool,
    /// The same for every click on this page.
    once: String,
    back: String,
}

/// Somebody who may open a dossier of a workflow.
struct Starter {
    session: Session,
    workflow: WorkflowName,
    reader: Reader,
    asked: Option<&'static Texts>,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(workflow): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    let starter = Starter::of(&app, session, workflow, query.as_deref()).await?;
    starter.page(&app, None, Vec::new())
}

/// `POST`.
pub(super) async fn answer(
    State(app): State<App>,
    Path(workflow): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let Some((session, form)) = Session::sending(&app, request).await? else { return Ok(sign_in(&app)) };
    let starter = Starter::of(&app, session, workflow, query.as_deref()).await?;
    if form.has("more") {
        return starter.page(&app, Some(&form), Vec::new());
    }
    let (command, attachments) = match starter.meant(&app, &form) {
        Ok(meant) => meant,
        Err(wrongs) => return starter.page(&app, Some(&form), wrongs),
    };
    let opened = match app.engine.handle(command, attachments).await {
        Ok(done) => done.dossier,
        Err(failure) => {
            let refusal = Problem::of_failure(failure)?;
            let said = refused::unopened(&starter.reader, &starter.session.person, &refusal).into_iter();
            let wrongs = said.map(|text| Wrong { text, basis: None, href: None }).collect();
            return starter.page(&app, Some(&form), wrongs);
        }
    };
    while app.engine.deliver().await? > 0 {}
    starter.go_on(&app, &opened).await
}

impl Starter {
    async fn of(app: &App, session: Session, workflow: String, query: Option<&str>) -> Result<Self, Problem> {
        let workflow = WorkflowName::new(workflow);
        let machine = app.engine.current(&workflow).await?.ok_or(Problem::NotFound)?;
        let asked = page::asked_language(query);
        let reader = visit::reader_with(app, machine, app.engine.directory(), &session.person, asked)?;
        if !list::may_start(&reader, &session.person) {
            return Err(Problem::NotFound);
        }
        Ok(Self { session, workflow, reader, asked })
    }

    fn page(&self, app: &App, sent: Option<&Form>, errors: Vec<Wrong>) -> Result<Response, Problem> {
        let (reader, person) = (&self.reader, &self.session.person);
        let first = First::of(reader, None);
        let kept = sent.map(|form| form.get("once").to_owned()).filter(|once| !once.is_empty());
        let shown = StartPage {
            workflow: reader.text(&reader.machine.title).to_owned(),
            who: reader.name(person),
            inputs: first.inputs(sent, &errors),
            files: first.files() > 0,
            once: kept.unwrap_or_else(|| app.engine.chance().id()),
            back: self.in_language(Place::Inbox.path(&app.site)),
            errors,
        };
        let status = if shown.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let frame = Frame::new(app, Some(reader.texts), "vi").signed_in(app, &self.session);
        page::page(&frame, status, "start.html", &shown)
    }

    /// The command that opens it; or what is wrong with the form.
    fn meant(&self, app: &App, form: &Form) -> Result<(Command, Vec<Attachment>), Vec<Wrong>> {
        let reader = &self.reader;
        let once: String = form.get("once").chars().take(ONCE_MAX).collect();
        let id = DossierId::new(self.derived(&["dossier", &once]));
        let paper = |field: &FieldName| self.derived(&["paper", &once, field.as_str()]);
        let Filled { fields, papers, attachments } =
            First::of(reader, None).read(app, form, Some(&self.session.person), paper)?;
        let machine = reader.machine.hash().clone();
        let start = Start { machine, fields, papers, gather_key: None, first: None, import_key: None };
        let operation = OperationId::new(format!("w:start:{id}"));
        let actor = Actor::Session(self.session.person.clone());
        Ok((Command { operation, dossier: id, actor, ask: Ask::Start(start) }, attachments))
    }

    /// The same for the same form of the same person, and nobody else's.
    fn derived(&self, parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in [&["start", self.session.person.as_str(), self.workflow.as_str()][..], parts].concat() {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        super::hex(&hash.finalize())[..32].to_owned()
    }

    /// To what they are asked in it first; else to the dossier.
    async fn go_on(&self, app: &App, dossier: &DossierId) -> Result<Response, Problem> {
        let tasks = app.engine.store().tasks_in(dossier, &self.session.person).await?;
        let token = tasks.first().and_then(|task| visit::token_of(app, task));
        let place = token.as_ref().map_or(Place::Dossier(dossier.as_str()), |token| Place::Task(token));
        let path = self.in_language(place.path(&app.site));
        Ok((StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response())
    }

    fn in_language(&self, mut path: String) -> String {
        if let Some(texts) = self.asked {
            path.push_str("?lang=");
            path.push_str(texts.code());
        }
        path
    }
}
