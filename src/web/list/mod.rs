//! A list that a person brings: the template, the file with its faults in place, the drafts that come of it, many papers at once,
//! and all of it sent on as one. The list lies on the page, not on the server, until it is taken; then its rows are dossiers.
//!
//! Reached from a mail of the last weeks, or by whoever is signed in: starting something asks for more than reading what a mail was
//! about.

mod drafts;
mod typed;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::App;
use super::desk;
use super::error::Problem;
use super::form::Form;
use super::inbox::sign_in;
use super::page::{self, Frame};
use super::reader::Reader;
use super::routes::Place;
use super::say::Texts;
use super::session::Session;
use super::view::refused::Wrong;
use super::visit;
use crate::directory::Directory;
use crate::dossier::command::Actor;
use crate::ids::{PersonId, WorkflowName};
use crate::import;
use crate::machine::{Field, FieldKind, Machine, Proofs, RoleSource};
use crate::sheet::template::{self, Column, Said};
use drafts::{Draft, Offer};
use typed::Typed;

/// Who brings a list, and for what.
#[derive(Clone)]
pub(super) struct Bringer {
    by: By,
    person: PersonId,
    workflow: WorkflowName,
    reader: Reader,
    asked: Option<&'static Texts>,
}

/// How they came here.
#[derive(Clone)]
enum By {
    /// By a mail.
    Mail(String),
    /// They are signed in.
    Session(Session),
}

/// What the page shows.
#[derive(Default, Serialize)]
struct ListPage {
    who: String,
    workflow: String,
    back: String,
    /// It was opened from a mail.
    linked: bool,
    template: String,
    errors: Vec<Wrong>,
    /// What was done, in a line.
    said: String,
    /// The list that is being looked over.
    list: Option<typed::View>,
    drafts: Vec<Draft>,
    offers: Vec<Offer>,
    /// The endings of files that are taken as papers.
    endings: String,
    attachable: bool,
    /// Names of files that would be taken: with the kind of paper, with what it is called.
    example: Option<[String; 2]>,
}

impl Bringer {
    async fn open(app: &App, token: &str, workflow: String, query: Option<&str>) -> Result<Self, Problem> {
        let (_, mail) = desk::mail(app, token).await?;
        if !desk::is_recent(app, &mail) {
            return Err(Problem::NotFound);
        }
        Self::of(app, By::Mail(token.to_owned()), mail.person, workflow, query).await
    }

    async fn own(app: &App, session: Session, workflow: String, query: Option<&str>) -> Result<Self, Problem> {
        let person = session.person.clone();
        Self::of(app, By::Session(session), person, workflow, query).await
    }

    async fn of(app: &App, by: By, person: PersonId, workflow: String, query: Option<&str>) -> Result<Self, Problem> {
        let workflow = WorkflowName::new(workflow);
        let machine = app.engine.current(&workflow).await?.ok_or(Problem::NotFound)?;
        let asked = page::asked_language(query);
        let reader = visit::reader_with(app, machine, app.engine.directory(), &person, asked)?;
        if !may_bring(&reader, &person) {
            return Err(Problem::NotFound);
        }
        Ok(Self { by, person, workflow, reader, asked })
    }

    /// As whom they bring it.
    fn actor(&self) -> Actor {
        Actor::of_person(self.person.clone(), self.shown())
    }

    /// What they have shown besides a mail.
    fn shown(&self) -> Proofs {
        match self.by {
            By::Mail(_) => Proofs::default(),
            By::Session(_) => Proofs { number: false, session: true },
        }
    }

    fn frame<'a>(&self, app: &'a App) -> Frame<'a> {
        let reader = &self.reader;
        let own = reader.person(&self.person).map_or("vi", |person| person.language.as_str());
        let frame = Frame::new(app, Some(reader.texts), own);
        match &self.by {
            By::Mail(_) => frame,
            By::Session(session) => frame.signed_in(app, session),
        }
    }

    fn machine(&self) -> &Machine {
        &self.reader.machine
    }

    fn path(&self, app: &App) -> String {
        let workflow = self.workflow.as_str();
        let place = match &self.by {
            By::Mail(token) => Place::List { token, workflow },
            By::Session(_) => Place::OwnList(workflow),
        };
        self.in_language(place.path(&app.site))
    }

    /// Where they came from, and where the template is.
    fn around(&self, app: &App) -> (String, String) {
        let workflow = self.workflow.as_str();
        let (back, template) = match &self.by {
            By::Mail(token) => (Place::Desk(token), Place::Template { token, workflow }),
            By::Session(_) => (Place::Inbox, Place::OwnTemplate(workflow)),
        };
        (self.in_language(back.path(&app.site)), self.in_language(template.path(&app.site)))
    }

    fn in_language(&self, mut path: String) -> String {
        if let Some(texts) = self.asked {
            path.push_str("?lang=");
            path.push_str(texts.code());
        }
        path
    }

    fn see_page(&self, app: &App) -> Response {
        (StatusCode::SEE_OTHER, [(header::LOCATION, self.path(app))]).into_response()
    }
}

/// The workflows whose lists a person may bring: those with an import, for which they hold a starter's post or seat today.
pub(super) async fn offered(
    app: &App,
    person: &PersonId,
    asked: Option<&'static Texts>,
) -> Result<Vec<(WorkflowName, String)>, Problem> {
    startable(app, person, asked, |machine| machine.import.is_some()).await
}

/// The workflows of which a person may open dossiers, as far as they are `wanted`: those for which they hold a starter's post or seat
/// today.
///
/// # Errors
/// The world failed.
pub(super) async fn startable(
    app: &App,
    person: &PersonId,
    asked: Option<&'static Texts>,
    wanted: impl Fn(&Machine) -> bool,
) -> Result<Vec<(WorkflowName, String)>, Problem> {
    let mut found = Vec::new();
    for workflow in app.engine.workflows() {
        let Some(machine) = app.engine.current(&workflow).await?.filter(|machine| wanted(machine)) else { continue };
        let reader = visit::reader_with(app, Arc::clone(&machine), app.engine.directory(), person, asked)?;
        if may_start(&reader, person) {
            found.push((workflow, reader.text(&machine.title).to_owned()));
        }
    }
    Ok(found)
}

fn may_bring(reader: &Reader, person: &PersonId) -> bool {
    reader.machine.import.is_some() && may_start(reader, person)
}

/// Whether somebody holds a post or a seat by which they may start such dossiers; of which unit is looked at dossier by dossier.
pub(super) fn may_start(reader: &Reader, person: &PersonId) -> bool {
    let today = reader.calendar.date(reader.now);
    let directory: &Directory = &reader.directory;
    let holds = |source: &RoleSource| match source {
        RoleSource::Post { post, .. } => {
            directory.posts.iter().any(|one| one.person == *person && one.post == *post && one.dated.holds(today))
        }
        RoleSource::Body { body, seat } => directory.bodies.values().filter(|one| one.kind == body.kind).any(|one| {
            let mut seats = one.seats.iter().filter(|one| one.person == *person && one.dated.holds(today));
            seats.any(|one| seat.as_ref().is_none_or(|seat| one.seat == *seat))
        }),
        RoleSource::Field { .. }
        | RoleSource::Decision { .. }
        | RoleSource::Each { .. }
        | RoleSource::Outside { .. }
        | RoleSource::Any { .. } => false,
    };
    reader.machine.roles.values().any(|role| role.starter && holds(&role.source))
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path((token, workflow)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let bringer = Bringer::open(&app, &token, workflow, query.as_deref()).await?;
    page(&app, &bringer, ListPage::default()).await
}

/// `GET` by somebody who is signed in.
pub(super) async fn show_own(
    State(app): State<App>,
    Path(workflow): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    let bringer = Bringer::own(&app, session, workflow, query.as_deref()).await?;
    page(&app, &bringer, ListPage::default()).await
}

/// `POST`.
pub(super) async fn answer(
    State(app): State<App>,
    Path((token, workflow)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let bringer = Bringer::open(&app, &token, workflow, query.as_deref()).await?;
    let form = Form::read(request).await?;
    answered(&app, &bringer, &form).await
}

/// `POST` by somebody who is signed in.
pub(super) async fn answer_own(
    State(app): State<App>,
    Path(workflow): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let Some((session, form)) = Session::sending(&app, request).await? else { return Ok(sign_in(&app)) };
    let bringer = Bringer::own(&app, session, workflow, query.as_deref()).await?;
    answered(&app, &bringer, &form).await
}

async fn answered(app: &App, bringer: &Bringer, form: &Form) -> Result<Response, Problem> {
    match form.get("do") {
        "read" => match Typed::of_file(bringer, form).await? {
            Ok(typed) => looked_over(app, bringer, typed, false).await,
            Err(errors) => page(app, bringer, ListPage { errors, ..ListPage::default() }).await,
        },
        "check" => looked_over(app, bringer, Typed::of_form(form), false).await,
        "take" => looked_over(app, bringer, Typed::of_form(form), true).await,
        "attach" => {
            let (said, errors) = drafts::attach(app, bringer, form).await?;
            page(app, bringer, ListPage { errors, said, ..ListPage::default() }).await
        }
        "submit" => {
            let errors = drafts::submit(app, bringer, form).await?;
            if errors.is_empty() {
                return Ok(bringer.see_page(app));
            }
            page(app, bringer, ListPage { errors, ..ListPage::default() }).await
        }
        _ => Err(Problem::BadForm),
    }
}

/// A list is looked over; without a fault and when that was asked, its rows become dossiers.
async fn looked_over(app: &App, bringer: &Bringer, typed: Typed, take: bool) -> Result<Response, Problem> {
    let typed = Arc::new(typed);
    let looked = typed.look(app, bringer).await?;
    let Some(plan) = looked.plan.as_ref().filter(|_| take && looked.sound()) else {
        let errors = looked.errors(bringer);
        let list = Some(typed.view(bringer, &looked));
        return page(app, bringer, ListPage { errors, list, ..ListPage::default() }).await;
    };
    let (done, refused) = typed::take(app, bringer, plan).await?;
    if refused.is_empty() {
        return Ok(bringer.see_page(app));
    }
    // The office has changed since it was looked over, or one row stands against another: what was typed stays here.
    let said =
        bringer.reader.texts.fill("list.taken", &[("n", &done.to_string()), ("left", &refused.len().to_string())]);
    let looked = looked.with_refused(refused);
    let (errors, list) = (looked.errors(bringer), Some(typed.view(bringer, &looked)));
    page(app, bringer, ListPage { errors, said, list, ..ListPage::default() }).await
}

async fn page(app: &App, bringer: &Bringer, mut it: ListPage) -> Result<Response, Problem> {
    let reader = &bringer.reader;
    let drafts = drafts::open(app, bringer).await?;
    it.who = reader.name(&bringer.person);
    reader.text(&reader.machine.title).clone_into(&mut it.workflow);
    (it.back, it.template) = bringer.around(app);
    it.linked = matches!(bringer.by, By::Mail(_));
    it.endings = crate::papers::endings().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(",");
    it.attachable = drafts.iter().any(|one| !one.kinds.is_empty());
    it.example = drafts::example(&drafts);
    it.offers = drafts::offers(&drafts);
    it.drafts = drafts.into_iter().map(|one| one.shown).collect();
    let status = if it.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page::page(&bringer.frame(app), status, "list.html", &it)
}

/// `GET` of the template.
pub(super) async fn blank(
    State(app): State<App>,
    Path((token, workflow)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    filled_in(&Bringer::open(&app, &token, workflow, query.as_deref()).await?)
}

/// `GET` of the template by somebody who is signed in.
pub(super) async fn blank_own(
    State(app): State<App>,
    Path(workflow): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    filled_in(&Bringer::own(&app, session, workflow, query.as_deref()).await?)
}

/// The template, with the columns of this workflow.
fn filled_in(bringer: &Bringer) -> Result<Response, Problem> {
    const MEDIA: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let texts = bringer.reader.texts;
    let said = Said {
        sheet: texts.get("list.sheet"),
        guide: texts.get("list.guide"),
        column: texts.get("list.column"),
        means: texts.get("list.means"),
    };
    let columns: Vec<Column> = import::columns(bringer.machine()).iter().map(|name| column(bringer, name)).collect();
    let book = template::template(&columns, &said).map_err(|error| {
        tracing::error!(%error, workflow = %bringer.workflow, "a template cannot be written");
        Problem::Fault
    })?;
    let mut response = Response::new(Body::from(book));
    let name = format!("attachment; filename=\"{}.xlsx\"", bringer.workflow);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(|_| Problem::Fault)?);
    Ok(response)
}

/// What a column is, by the fields that take it.
fn column(bringer: &Bringer, name: &str) -> Column {
    let (reader, machine) = (&bringer.reader, bringer.machine());
    let names = machine.import.iter().filter_map(|import| import.columns.get(name)).flatten();
    let fields: Vec<&Field> = names.filter_map(|name| machine.field(name)).collect();
    let labels: Vec<&str> = fields.iter().map(|field| reader.text(&field.label)).collect();
    let label = if labels.is_empty() { reader.get("list.key") } else { labels.join(" / ") };
    let kind = fields.first().map(|field| &field.kind);
    let means = kind.map(|kind| reader.texts.get(&format!("list.kind_{}", word(kind))).to_owned()).unwrap_or_default();
    let words: Vec<(String, String)> = match kind {
        Some(FieldKind::Choice { from }) => {
            machine.keys_of(from).into_iter().map(|key| (key.to_owned(), reader.choice(from, key))).collect()
        }
        Some(FieldKind::OneOf { values }) => {
            values.entries().map(|(word, label)| (word.clone(), reader.text(label).to_owned())).collect()
        }
        _ => Vec::new(),
    };
    let day = kind.is_some_and(|kind| matches!(kind, FieldKind::Date));
    let by_label = import::column_named(&label, machine).is_some_and(|column| column == name);
    let is_read = |(word, title): &(String, String)| {
        let value = kind.map(|kind| import::value_of(kind, title, machine, &reader.directory));
        value.is_some_and(|value| value.is_ok_and(|value| value.as_str() == Some(word)))
    };
    let by_title = words.iter().all(is_read);
    Column { name: name.to_owned(), label, by_label, means, day, words, by_title }
}

/// The word under which the catalogue says what a kind of field takes.
fn word(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text { .. } => "text",
        FieldKind::Number { .. } => "number",
        FieldKind::Decimal { .. } | FieldKind::Money { .. } => "decimal",
        FieldKind::Date => "date",
        FieldKind::Person => "person",
        FieldKind::Unit => "unit",
        FieldKind::Body => "body",
        FieldKind::Choice { .. } | FieldKind::OneOf { .. } => "choice",
        FieldKind::Texts { .. } => "texts",
        FieldKind::Rows { .. } => "rows",
        FieldKind::File => "file",
    }
}
