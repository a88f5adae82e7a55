//! Where the link leads that somebody from outside asked for: to the form with which a dossier is opened, and from then on to how it
//! stands. Looking at it changes nothing; the button opens the dossier, once, whoever else has the link and however often it is pressed.

use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::call::in_language;
use super::error::Problem;
use super::first::{Filled, First};
use super::form::{Form, URLENCODED_BYTES_MAX};
use super::page::{self, Frame};
use super::reader::Reader;
use super::routes::Place;
use super::say::{self, Texts};
use super::view::history;
use super::view::input::Input;
use super::view::refused::{self, Wrong};
use super::{App, FORM_BYTES_MAX, visit};
use crate::dossier::command::{Actor, Ask, Caller, Command, Start};
use crate::dossier::{Dossier, Outsider};
use crate::ids::{DossierId, FieldName, OperationId, PersonId, WorkflowName};
use crate::machine::{Mailbox, PublicStart};
use crate::papers;
use crate::words::clean;

/// How long a link is good.
pub(super) const LINK_HOURS: i64 = 24;
/// Characters of a name.
const NAME_MAX: u32 = 200;

#[derive(Debug, Default, Serialize)]
struct OpeningPage {
    workflow: String,
    help: String,
    /// The mailbox that was shown to be read; empty where there is no form.
    mail: String,
    inputs: Vec<Input>,
    files: bool,
    errors: Vec<Wrong>,
    /// How the dossier stands that this link opened.
    opened: Option<Opened>,
    /// Where another link is asked for; empty where none is to be had.
    again: String,
}

#[derive(Debug, Serialize)]
struct Opened {
    caption: String,
    when: String,
    stands: String,
    ended: bool,
    /// Why, if it ended or came back so.
    grounds: Vec<String>,
    /// What its opener is asked, and where.
    asked: Vec<(String, String)>,
}

/// Forms with files from outside that are read at the same time: whoever has one link does not fill the memory with what they send through it.
const UPLOADS_AT_ONCE: usize = 8;
static UPLOADS: Semaphore = Semaphore::const_new(UPLOADS_AT_ONCE);

/// The request, of which so much is read as a form with so many files has.
fn bounded(mut request: Request, files: usize) -> Request {
    let most = URLENCODED_BYTES_MAX + files.saturating_mul(papers::BYTES_MAX);
    DefaultBodyLimit::max(most.min(FORM_BYTES_MAX)).apply(&mut request);
    request
}

/// What a link leads to.
enum Link {
    /// A form: nothing has happened yet.
    Open(Box<Found>),
    /// The dossier that it opened.
    Used(Box<Dossier>),
    /// Its time is over, or the workflow is opened from outside no longer.
    Over,
}

/// What a form stands on.
struct Found {
    mailbox: Mailbox,
    rule: PublicStart,
    reader: Reader,
}

/// A link that we made.
struct Opening<'a> {
    app: &'a App,
    token: &'a str,
    workflow: WorkflowName,
    id: String,
    asked: Option<&'static Texts>,
    /// What is read where nobody has chosen.
    browser: Option<&'static Texts>,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let opening = Opening::of(&app, &token, query.as_deref(), &headers)?;
    opening.page(opening.find().await?, None, Vec::new()).await
}

/// `POST`: the dossier is opened.
pub(super) async fn open(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let opening = Opening::of(&app, &token, query.as_deref(), request.headers())?;
    let found = match opening.find().await? {
        Link::Open(found) => found,
        other => return opening.page(other, None, Vec::new()).await,
    };
    // Nothing of it is read before it is known that whoever sends it may, and no more of it than the form asks for.
    let files = First::of(&found.reader, found.rule.table(&found.reader.machine)).files();
    let _turn = if files > 0 { Some(UPLOADS.acquire().await.map_err(|_| Problem::Fault)?) } else { None };
    let form = Form::read(bounded(request, files)).await?;
    if form.has("more") {
        return opening.page(Link::Open(found), Some(&form), Vec::new()).await;
    }
    let wrongs = match opening.carry_out(&found, &form).await? {
        Ok(()) => return Ok(opening.see_page()),
        Err(wrongs) => wrongs,
    };
    // Somebody was faster with another text.
    match opening.find().await? {
        Link::Open(found) => opening.page(Link::Open(found), Some(&form), wrongs).await,
        Link::Used(_) | Link::Over => Ok(opening.see_page()),
    }
}

impl<'a> Opening<'a> {
    fn of(app: &'a App, token: &'a str, query: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        let (workflow, id) = app.links.started_by(token).ok_or(Problem::NotFound)?;
        let (asked, browser) = (page::asked_language(query), page::strangers_language(query, headers));
        Ok(Self { app, token, workflow, id, asked, browser })
    }

    async fn find(&self) -> Result<Link, Problem> {
        let engine = &self.app.engine;
        // In this order: a link goes after its dossier has come.
        let link = engine.store().start_link(&self.id, engine.now()).await?;
        if let Some(dossier) = engine.dossier(&self.dossier()).await? {
            return Ok(Link::Used(Box::new(dossier)));
        }
        let (Some(link), Some(machine)) = (link, engine.current(&self.workflow).await?) else {
            return Ok(Link::Over);
        };
        let mailbox = engine.opened_text(&self.id, &link.mailbox).and_then(|mailbox| Mailbox::read(&mailbox));
        let (Some(mailbox), Some(rule)) = (mailbox, machine.public_start.clone()) else { return Ok(Link::Over) };
        if !rule.takes(&mailbox) {
            return Ok(Link::Over);
        }
        let texts = self.asked.unwrap_or_else(|| say::texts(&link.language));
        let reader = visit::reader_with(self.app, machine, engine.directory(), &PersonId::new(""), Some(texts))?;
        Ok(Link::Open(Box::new(Found { mailbox, rule, reader })))
    }

    async fn page(&self, link: Link, sent: Option<&Form>, errors: Vec<Wrong>) -> Result<Response, Problem> {
        match link {
            Link::Open(found) => self.form(&found, sent, errors),
            Link::Used(dossier) => self.stands(&dossier).await,
            Link::Over => self.over().await,
        }
    }

    /// The form with which it is opened.
    fn form(&self, found: &Found, sent: Option<&Form>, errors: Vec<Wrong>) -> Result<Response, Problem> {
        let reader = &found.reader;
        let first = First::of(reader, found.rule.table(&reader.machine));
        let mut name = Input::said(reader, "name", "posting.name", ("text", NAME_MAX), sent);
        name.wrong = errors.iter().any(|error| error.href.as_deref() == Some("name"));
        let shown = OpeningPage {
            workflow: reader.text(&reader.machine.title).to_owned(),
            help: reader.text(&found.rule.help).to_owned(),
            mail: found.mailbox.as_str().to_owned(),
            inputs: std::iter::once(name).chain(first.inputs(sent, &errors)).collect(),
            files: first.files() > 0,
            errors,
            ..OpeningPage::default()
        };
        let status = if shown.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        page::page(&Frame::new(self.app, Some(reader.texts), "vi"), status, "opening.html", &shown)
    }

    /// How the dossier stands, for whoever opened it.
    async fn stands(&self, whole: &Dossier) -> Result<Response, Problem> {
        let (app, person) = (self.app, Outsider::first_of(&whole.id));
        let machine = app.engine.machine(&whole.machine).await?;
        let own = whole.outsider(&person).map(|opener| say::texts(&opener.language));
        let mut reader = visit::reader(app, machine, whole, &person, self.asked.or(own).or(self.browser))?;
        let sight = reader.sight(whole, &person);
        reader.outside = !sight.is_whole();
        let dossier = sight.dossier(whole, &reader.machine);
        let mut asked = Vec::new();
        for task in app.engine.store().tasks_in(&whole.id, &person).await? {
            let Some(token) = visit::token_of(app, &task) else { continue };
            let state = whole.entry(task.activation).and_then(|active| reader.machine.state(&active.state));
            let title = state.and_then(|state| state.task.as_ref()).map(|task| reader.text(&task.title).to_owned());
            asked.push((title.unwrap_or_default(), in_language(Place::Task(&token).path(&app.site), self.asked)));
        }
        let grounds = dossier.grounds.iter().filter(|ground| ground.at == dossier.last_at);
        let opened = Opened {
            caption: dossier.caption.clone(),
            when: reader.moment(whole.opened_at),
            stands: history::stands(&reader, &dossier),
            ended: dossier.outcome.is_some(),
            grounds: grounds.map(|ground| reader.text(&ground.text).to_owned()).collect(),
            asked,
        };
        let shown = OpeningPage {
            workflow: reader.text(&reader.machine.title).to_owned(),
            opened: Some(opened),
            again: self.again().await?,
            ..OpeningPage::default()
        };
        page::page(&Frame::new(app, Some(reader.texts), "vi"), StatusCode::OK, "opening.html", &shown)
    }

    /// A link that is good no longer.
    async fn over(&self) -> Result<Response, Problem> {
        let frame = Frame::new(self.app, self.browser, "vi");
        let machine = self.app.engine.current(&self.workflow).await?;
        let title = machine.map(|machine| machine.title.in_language(&frame.texts.language()).to_owned());
        let shown =
            OpeningPage { workflow: title.unwrap_or_default(), again: self.again().await?, ..OpeningPage::default() };
        page::page(&frame, StatusCode::GONE, "opening.html", &shown)
    }

    /// Where another link is asked for, as long as the workflow is opened from outside.
    async fn again(&self) -> Result<String, Problem> {
        let machine = self.app.engine.current(&self.workflow).await?;
        let open = machine.is_some_and(|machine| machine.public_start.is_some());
        let path = || in_language(Place::Call(self.workflow.as_str()).path(&self.app.site), self.asked);
        Ok(if open { path() } else { String::new() })
    }

    /// Opens the dossier; or what is wrong with the form.
    async fn carry_out(&self, found: &Found, form: &Form) -> Result<Result<(), Vec<Wrong>>, Problem> {
        let (app, reader, id) = (self.app, &found.reader, self.dossier());
        let person = Outsider::first_of(&id);
        let first = First::of(reader, found.rule.table(&reader.machine));
        let read = first.read(app, form, Some(&person), |field: &FieldName| self.derived(&["paper", field.as_str()]));
        let name = clean(form.get("name")).trim().to_owned();
        let unnamed = name.is_empty().then(|| Wrong::at(reader.get("posting.no_name"), "name"));
        let Filled { fields, papers, attachments } = match (read, unnamed) {
            (Ok(filled), None) => filled,
            (read, unnamed) => return Ok(Err(unnamed.into_iter().chain(read.err().into_iter().flatten()).collect())),
        };
        let machine = reader.machine.hash().clone();
        let start = Start { machine, fields, papers, gather_key: None, first: None, import_key: None };
        let (mail, language) = (found.mailbox.as_str().to_owned(), reader.texts.code().to_owned());
        let actor = Actor::Caller(Caller { name, mail, language });
        let operation = OperationId::new(format!("s:{id}"));
        let command = Command { operation, dossier: id, actor, ask: Ask::Start(start) };
        if let Err(failure) = app.engine.handle(command, attachments).await {
            let refusal = Problem::of_failure(failure)?;
            let said = refused::unopened(reader, &person, &refusal).into_iter();
            return Ok(Err(said.map(|text| Wrong { text, basis: None, href: None }).collect()));
        }
        while app.engine.deliver().await? > 0 {}
        app.engine.store().end_start_link(self.id.clone()).await?;
        Ok(Ok(()))
    }

    /// The dossier that this link opens: the same for every click, and no other link's.
    fn dossier(&self) -> DossierId {
        DossierId::new(self.derived(&["dossier"]))
    }

    fn derived(&self, parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in [&["start link", self.workflow.as_str(), self.id.as_str()][..], parts].concat() {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        super::hex(&hash.finalize())[..32].to_owned()
    }

    fn see_page(&self) -> Response {
        let path = in_language(Place::Opening(self.token).path(&self.app.site), self.asked);
        (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
    }
}
