//! All that waits for a person who is signed in, across dossiers.

use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::App;
use super::desk::{self, Matter};
use super::error::Problem;
use super::list;
use super::mails;
use super::page::{self, Frame};
use super::pins;
use super::routes::Place;
use super::say::{self, Texts};
use super::session::{self, Session};
use super::visit::Proof;

/// Matters that one page shows; whoever has more does the most pressing first.
const SHOWN_MAX: usize = 200;

/// What can be gone to: what each is called, and where.
type Places = Vec<(String, String)>;

#[derive(Debug, Serialize)]
struct Inbox {
    who: String,
    count: usize,
    /// Whole lists, each answered on one sheet.
    sheets: Vec<Matter>,
    /// The others.
    single: Vec<Matter>,
    more: bool,
    /// Dossiers for which they may give numbers.
    numbers: Vec<(String, String)>,
    /// What they may open dossiers of: what it is called, and where.
    starts: Places,
    /// Lists that they may bring.
    lists: Places,
    away: String,
    dossiers: String,
    /// Mails that did not arrive; empty for who does not keep the office's mail.
    mails: String,
    language: &'static str,
    languages: Vec<&'static str>,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    let asked = page::asked_language(query.as_deref());
    let limit = i64::try_from(SHOWN_MAX + 1).unwrap_or(i64::MAX);
    let mut tasks = app.engine.store().tasks_of(&session.person, limit).await?;
    let more = tasks.len() > SHOWN_MAX;
    tasks.truncate(SHOWN_MAX);
    let proof = Proof { session: Some(session.clone()), ..Proof::default() };
    let (mut sheets, mut single) = (Vec::new(), Vec::new());
    for task in &tasks {
        let Some(matter) = desk::matter(&app, task, &proof, asked).await? else { continue };
        if matter.is_sheet() { sheets.push(matter) } else { single.push(matter) }
    }
    let numbers = pins::places(&app, &session, asked).await?;
    let (starts, lists) = beginnings(&app, &session, asked).await?;
    let directory = app.engine.directory();
    let person = directory.people.get(&session.person);
    let own = directory.language(&session.person);
    let frame = Frame::new(&app, asked, own).signed_in(&app, &session);
    let who = person.map_or_else(|| frame.texts.get("did.unknown").to_owned(), |person| person.name.clone());
    let inbox = Inbox {
        who,
        count: sheets.len() + single.len(),
        sheets,
        single,
        more,
        numbers,
        starts,
        lists,
        away: Place::Away.path(&app.site),
        dossiers: Place::Dossiers.path(&app.site),
        mails: if mails::keeps(&app, &session.person) { Place::Mails.path(&app.site) } else { String::new() },
        language: say::texts(own).code(),
        languages: say::all().iter().map(Texts::code).collect(),
    };
    page::page(&frame, StatusCode::OK, "inbox.html", &inbox)
}

/// Where somebody may begin something: a dossier, or a whole list of them.
async fn beginnings(app: &App, session: &Session, asked: Option<&'static Texts>) -> Result<(Places, Places), Problem> {
    let lang = asked.map(|texts| format!("?lang={}", texts.code())).unwrap_or_default();
    let at = |place: Place<'_>| format!("{}{lang}", place.path(&app.site));
    let starts = list::startable(app, &session.person, asked, |_| true).await?;
    let starts = starts.into_iter().map(|(name, title)| (title, at(Place::Start(name.as_str()))));
    let lists = list::offered(app, &session.person, asked).await?;
    let lists = lists.into_iter().map(|(name, title)| (title, at(Place::OwnList(name.as_str()))));
    Ok((starts.collect(), lists.collect()))
}

/// `POST`: signing out, here or everywhere; the language of pages and mails.
pub(super) async fn answer(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let Some((session, form)) = Session::sending(&app, request).await? else { return Ok(sign_in(&app)) };
    match form.get("do") {
        "language" => {
            let known = say::all().iter().find(|texts| texts.code() == form.get("language")).ok_or(Problem::BadForm)?;
            app.engine.choose_language(&session.person, known.code()).await?;
            return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, Place::Inbox.path(&app.site))]).into_response());
        }
        "out" => app.engine.store().sign_out(session.hash).await?,
        "everywhere" => drop(app.engine.store().sign_out_everywhere(&session.person).await?),
        _ => return Err(Problem::BadForm),
    }
    let mut response = sign_in(&app);
    response.headers_mut().insert(header::SET_COOKIE, session::forget(&app).ok_or(Problem::Fault)?);
    Ok(response)
}

pub(super) fn sign_in(app: &App) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, Place::SignIn.path(&app.site))]).into_response()
}
