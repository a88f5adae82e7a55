//! A dossier as everybody may see it who has its public address. The address cannot be guessed: it is a token over the
//! dossier's id, and leads nowhere while the workflow shows nothing to the public. Nothing can be done here, but that, while
//! the matter is posted, a link can be asked for by which to object to it.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::Problem;
use super::form::Form;
use super::page::{self, Frame};
use super::reader::Reader;
use super::routes::Place;
use super::view::facts::{self, Fact, Grounds, Sheet};
use super::view::input::Input;
use super::view::refused::{self, Wrong};
use super::view::{children, history, posting};
use super::visit::{self, Visit};
use super::{App, paper, stranger};
use crate::directory::is_mailbox;
use crate::dossier::command::{Actor, Ask, Command, Knock};
use crate::dossier::refusal::Code;
use crate::dossier::{Dossier, decide};
use crate::ids::{DossierId, Instant, OperationId, PaperId, PersonId};
use crate::links::{Bound, LinkKeys};
use crate::store::knocks::Counted;

#[derive(Debug, Serialize)]
struct PublicPage {
    workflow: String,
    caption: String,
    stands: String,
    ended: bool,
    grounds: Vec<Grounds>,
    facts: Vec<Fact>,
    more: Vec<Fact>,
    papers: Vec<Sheet>,
    /// Where it is posted: from when to when.
    time: String,
    /// The form with which a link is asked for; none where nothing is taken.
    ask: Vec<Input>,
    /// It was sent.
    sent: bool,
    errors: Vec<Wrong>,
    children: Vec<children::Set>,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = page::strangers_language(query.as_deref(), &headers);
    let sent = query.as_deref().is_some_and(|query| query.split('&').any(|part| part == "sent=1"));
    match open(&app, &token, asked).await? {
        Opened::Shown(opened) => shown(&app, &token, *opened, None, sent, Vec::new()),
        Opened::Over(over) => over_page(&app, &over),
    }
}

/// A matter that was posted at this address and is shown no more: until when, and nothing else about it.
fn over_page(app: &App, over: &Over) -> Result<Response, Problem> {
    let frame = Frame::new(app, Some(over.reader.texts), "vi");
    let until = over.reader.words.by_long(over.until, over.reader.calendar.zone());
    let shown = GonePage { workflow: over.reader.text(&over.reader.machine.title).to_owned(), until };
    page::page(&frame, StatusCode::GONE, "gone.html", &shown)
}

/// The page; with what was just sent and why it was not taken, if something was.
fn shown(
    app: &App,
    token: &str,
    (dossier, whole, mut reader): (Dossier, Dossier, Reader),
    form: Option<&Form>,
    sent: bool,
    errors: Vec<Wrong>,
) -> Result<Response, Problem> {
    reader.outside = true;
    let link = |paper: &str| Place::PublicPaper { token, paper }.path(&app.site);
    let (facts, more) = facts::facts(&reader, &dossier, &link);
    let posted = posting::posted(&reader, &whole);
    let runs = posted.is_some_and(|(active, _)| posting::runs(&whole, active.activation, &reader));
    let mut ask = if runs { posting::knocking(&reader, form) } else { Vec::new() };
    for input in &mut ask {
        input.wrong = errors.iter().any(|error| error.href.as_deref() == Some(&input.name));
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shown = PublicPage {
        workflow: reader.text(&reader.machine.title).to_owned(),
        caption: dossier.caption.clone(),
        stands: history::stands(&reader, &dossier),
        ended: dossier.outcome.is_some(),
        grounds: facts::grounds(&reader, &dossier),
        facts,
        more,
        children: children::sets(&reader, &dossier),
        papers: facts::papers(&reader, &dossier, &link).into_iter().map(Sheet::without_names).collect(),
        time: posted.map(|(active, _)| posting::time(&reader, active)).unwrap_or_default(),
        ask,
        sent,
        errors,
    };
    page::page(&Frame::new(app, Some(reader.texts), "vi"), status, "public.html", &shown)
}

/// `POST`: a link is asked for, by which to object. Whether there was one before is nobody's business: the page says the same.
pub(super) async fn knock(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let asked = page::strangers_language(query.as_deref(), request.headers());
    let (dossier, whole, reader) = match open(&app, &token, asked).await? {
        Opened::Shown(opened) => *opened,
        Opened::Over(over) => return over_page(&app, &over),
    };
    let Some((active, _)) = posting::posted(&reader, &whole) else { return Err(Problem::Method) };
    let network = stranger::network(&app, request.headers(), request.extensions());
    let form = Form::read(request).await?;
    let (name, mail) = (form.get("name").trim().to_owned(), form.get("mail").trim().to_owned());
    let mut wrongs = Vec::new();
    if name.is_empty() {
        wrongs.push(Wrong::at(reader.get("posting.no_name"), "name"));
    }
    if !is_mailbox(&mail) {
        wrongs.push(Wrong::at(reader.get("posting.no_mail"), "mail"));
    }
    if wrongs.is_empty() {
        match stranger::count(&app, &mail, network).await? {
            Counted::Network => {
                tracing::warn!("too many links to object were asked for from one network; none was sent");
                return Err(Problem::TooMany);
            }
            Counted::Mailbox => {}
            Counted::Taken => {
                let language = reader.texts.code().to_owned();
                let knock = Knock { activation: active.activation, name, mail, language };
                wrongs = send_link(&app, &reader, &dossier, knock).await?;
            }
        }
    }
    if !wrongs.is_empty() {
        return shown(&app, &token, (dossier, whole, reader), Some(&form), false, wrongs);
    }
    let asked = page::asked_language(query.as_deref());
    let lang = asked.map(|texts| format!("&lang={}", texts.code())).unwrap_or_default();
    let path = format!("{}?sent=1{lang}", Place::Public(&token).path(&app.site));
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response())
}

/// Has a link sent; what is to be said if none can be.
async fn send_link(app: &App, reader: &Reader, dossier: &Dossier, knock: Knock) -> Result<Vec<Wrong>, Problem> {
    // Chance, and nothing that follows from who they are: it stands open in the log.
    let operation = OperationId::new(format!("k:{}", app.engine.chance().id()));
    let command = Command { operation, dossier: dossier.id.clone(), actor: Actor::Public, ask: Ask::Knock(knock) };
    let Err(failure) = app.engine.handle(command, Vec::new()).await else { return Ok(Vec::new()) };
    let refusal = Problem::of_failure(failure)?;
    let codes = refusal.codes();
    if codes.iter().any(|code| matches!(code, Code::Done { .. })) {
        return Ok(Vec::new());
    }
    if codes.contains(&&Code::TooMuch) {
        return Ok(vec![Wrong::at(reader.get("posting.full"), "mail")]);
    }
    Ok(refused::wrongs(reader, dossier, &PersonId::new(""), &refusal, |_| None))
}

/// `GET` of one of its papers.
pub(super) async fn paper(
    State(app): State<App>,
    Path((token, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let Opened::Shown(opened) = open(&app, &token, None).await? else { return Err(Problem::NotFound) };
    let (dossier, _, _) = *opened;
    let id = PaperId::new(id);
    if !dossier.papers.iter().any(|paper| paper.id == id) {
        return Err(Problem::NotFound);
    }
    paper::served(app.engine.store().paper_page(&dossier.id, &id).await?.ok_or(Problem::NotFound)?)
}

/// What stands behind a public address.
enum Opened {
    /// The dossier as the public sees it, and as it is.
    Shown(Box<(Dossier, Dossier, Reader)>),
    /// It was posted, and that is over.
    Over(Box<Over>),
}

/// A posting that is over.
struct Over {
    until: Instant,
    reader: Reader,
}

#[derive(Debug, Serialize)]
struct GonePage {
    workflow: String,
    until: String,
}

/// The dossier that a token was made for.
async fn open(app: &App, token: &str, asked: Option<&'static super::say::Texts>) -> Result<Opened, Problem> {
    let presented = LinkKeys::present(token).ok_or(Problem::NotFound)?;
    let nobody = PersonId::new("");
    if !app.links.verifies(&presented, presented.key, &bound(&presented.row, &nobody)) {
        return Err(Problem::NotFound);
    }
    let whole = app.engine.dossier(&DossierId::new(&presented.row)).await?.ok_or(Problem::NotFound)?;
    let machine = app.engine.machine(&whole.machine).await?;
    let sight = decide::public_sight(&machine, &whole);
    let reader = visit::reader(app, machine, &whole, &nobody, asked)?;
    if let Some(sight) = sight {
        return Ok(Opened::Shown(Box::new((sight.dossier(&whole, &reader.machine), whole, reader))));
    }
    let events = app.engine.history(&whole.id).await?;
    let until = posting::over_since(&reader, &events).ok_or(Problem::NotFound)?;
    Ok(Opened::Over(Box::new(Over { until, reader })))
}

/// The public address of a visitor's dossier, for those who see everything; none where the public sees nothing.
pub(super) fn address(app: &App, visit: &Visit) -> Option<String> {
    if !visit.sight.is_whole() {
        return None;
    }
    decide::public_sight(&visit.reader.machine, &visit.whole)?;
    let token = app.links.token(app.links.newest(), &bound(visit.whole.id.as_str(), &PersonId::new("")))?;
    Some(Place::Public(&token).url(&app.site))
}

fn bound<'a>(dossier: &'a str, nobody: &'a PersonId) -> Bound<'a> {
    Bound { row: dossier, person: nobody, activation: "", purpose: "public", generation: 0 }
}
