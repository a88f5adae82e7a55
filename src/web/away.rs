//! "I am away until ..., my deputy is ...": said by whoever is signed in, or from the page behind any mail. By a mail's link alone only
//! somebody of one's own units can be named, and by one that is not old: a link that was passed on must not hand an office to a
//! stranger. Whoever is away is told at once by a mail of its own.

use std::collections::BTreeSet;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::App;
use super::desk;
use super::error::Problem;
use super::form::Form;
use super::inbox::sign_in;
use super::page::{self, Frame};
use super::routes::Place;
use super::say::{self, Texts};
use super::session::Session;
use super::view::refused::Wrong;
use super::visit::CALENDAR;
use crate::directory::Directory;
use crate::directory::names::sort_key;
use crate::engine::{Away, NotAway};
use crate::ids::PersonId;
use crate::words::Words;

#[derive(Debug, Serialize)]
struct AwayPage {
    who: String,
    errors: Vec<Wrong>,
    /// Absences that have not passed.
    set: Vec<Said>,
    /// Who may stand in.
    people: Vec<Choice>,
    /// Somebody else may be named, by their code.
    any: bool,
    code: String,
    from: String,
    until: String,
    back: String,
    /// How often they have said so.
    seen: usize,
}

#[derive(Debug, Serialize)]
struct Said {
    id: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Choice {
    id: String,
    name: String,
    chosen: bool,
}

/// Who says it, and how they have shown who they are.
struct Asker {
    person: PersonId,
    session: Option<Session>,
    back: String,
    here: String,
}

impl Asker {
    fn header(&self) -> String {
        format!("{}:{}", if self.session.is_some() { "session" } else { "link" }, self.person)
    }
}

/// `GET` by whoever is signed in.
pub(super) async fn show(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    shown(&app, &signed_in(&app, session), query.as_deref(), None, Vec::new()).await
}

/// `POST` by whoever is signed in.
pub(super) async fn answer(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let Some((session, form)) = Session::sending(&app, request).await? else { return Ok(sign_in(&app)) };
    taken(&app, &signed_in(&app, session), query.as_deref(), &form).await
}

/// `GET` from the page behind a mail.
pub(super) async fn show_by_mail(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asker = by_mail(&app, &token).await?;
    shown(&app, &asker, query.as_deref(), None, Vec::new()).await
}

/// `POST` from the page behind a mail.
pub(super) async fn answer_by_mail(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let asker = by_mail(&app, &token).await?;
    let form = Form::read(request).await?;
    taken(&app, &asker, query.as_deref(), &form).await
}

fn signed_in(app: &App, session: Session) -> Asker {
    let (back, here) = (Place::Inbox.path(&app.site), Place::Away.path(&app.site));
    Asker { person: session.person.clone(), session: Some(session), back, here }
}

async fn by_mail(app: &App, token: &str) -> Result<Asker, Problem> {
    let (_, mail) = desk::mail(app, token).await?;
    if !desk::is_recent(app, &mail) {
        return Err(Problem::NotFound);
    }
    let (back, here) = (Place::Desk(token).path(&app.site), Place::DeskAway(token).path(&app.site));
    Ok(Asker { person: mail.person, session: None, back, here })
}

async fn taken(app: &App, asker: &Asker, query: Option<&str>, form: &Form) -> Result<Response, Problem> {
    let today = today(app)?;
    if form.get("do") == "end" {
        app.engine.be_back(form.get("id"), &asker.person, &asker.header(), today).await?;
        return Ok(done(asker));
    }
    let directory = app.engine.directory();
    let texts = texts(app, asker, query);
    let day = |name: &str| form.get(name).parse::<Date>();
    let mut wrongs = Vec::new();
    let by = deputy(&directory, asker, form, today);
    if by.is_none() {
        wrongs.push(Wrong::at(texts.get("away.no_deputy"), "by"));
    }
    if day("from").is_err() {
        wrongs.push(Wrong::at(texts.get("away.no_day"), "from"));
    }
    if day("until").is_err() {
        wrongs.push(Wrong::at(texts.get("away.no_day"), "until"));
    }
    let (Some(by), Ok(from), Ok(until), true) = (by, day("from"), day("until"), wrongs.is_empty()) else {
        return shown(app, asker, query, Some(form), wrongs).await;
    };
    // The same for every click on the same page; once it was ended, it can be said again.
    let (person, seen) = (asker.person.clone(), form.get("seen"));
    let id = super::hex(&Sha256::digest(format!("{person}\n{by}\n{from}\n{until}\n{seen}")))[..32].to_owned();
    let away = Away { id, person, by, from, until, set_by: asker.header(), host: app.site.host().to_owned() };
    let (key, place) = match app.engine.be_away(away, today).await? {
        Ok(()) => return Ok(done(asker)),
        Err(NotAway::Days) => ("away.days", "until"),
        Err(NotAway::Oneself | NotAway::Unknown) => ("away.no_deputy", "by"),
        Err(NotAway::TooMany) => ("away.too_many", "by"),
    };
    shown(app, asker, query, Some(form), vec![Wrong::at(texts.get(key), place)]).await
}

/// To the page itself, which says what holds: a reload sends nothing again.
fn done(asker: &Asker) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, asker.here.clone())]).into_response()
}

/// Who is named: one of those who are offered, or, by whoever is signed in, anybody by their code.
fn deputy(directory: &Directory, asker: &Asker, form: &Form, today: Date) -> Option<PersonId> {
    let code = form.get("code");
    if asker.session.is_some() && !code.is_empty() {
        let named = directory.person_by_code(code).map(|person| person.id.clone());
        return named.filter(|one| one != &asker.person);
    }
    let chosen = PersonId::new(form.get("by"));
    colleagues(directory, &asker.person, today).contains(&chosen).then_some(chosen)
}

/// Those who hold a post in one of a person's own units, or sit in a body with them.
fn colleagues(directory: &Directory, person: &PersonId, today: Date) -> BTreeSet<PersonId> {
    let units: BTreeSet<_> = directory
        .posts
        .iter()
        .filter(|post| &post.person == person && post.dated.holds(today))
        .map(|post| &post.unit)
        .collect();
    let posts = directory.posts.iter().filter(|post| units.contains(&post.unit) && post.dated.holds(today));
    let seats = directory.bodies.keys().map(|body| directory.seats(body, today));
    let seats = seats.filter(|seats| seats.iter().any(|seat| &seat.person == person)).flatten();
    let all = posts.map(|post| &post.person).chain(seats.map(|seat| &seat.person));
    all.filter(|one| *one != person).cloned().collect()
}

async fn shown(
    app: &App,
    asker: &Asker,
    query: Option<&str>,
    sent: Option<&Form>,
    errors: Vec<Wrong>,
) -> Result<Response, Problem> {
    let (directory, today, texts) = (app.engine.directory(), today(app)?, texts(app, asker, query));
    let words = Words::of(texts.code());
    let name = |id: &PersonId| {
        directory.people.get(id).map_or_else(|| texts.get("did.unknown").to_owned(), |person| person.name.clone())
    };
    let set = app.engine.store().absences(Some(&asker.person)).await?;
    let seen = set.len();
    let set: Vec<Said> = set
        .into_iter()
        .filter(|one| one.until >= today && one.ended.is_none())
        .map(|one| {
            let (from, until) = (words.date_long(one.from), words.date_long(one.until));
            let text = texts.fill("away.set", &[("from", &from), ("until", &until), ("who", &name(&one.by))]);
            Said { id: one.id, text }
        })
        .collect();
    let value = |key: &str| sent.map_or_else(String::new, |form| form.get(key).to_owned());
    let mut people: Vec<Choice> = colleagues(&directory, &asker.person, today)
        .iter()
        .map(|one| Choice { id: one.to_string(), name: name(one), chosen: value("by") == one.as_str() })
        .collect();
    people.sort_by_cached_key(|one| sort_key(&one.name));
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = AwayPage {
        who: name(&asker.person),
        errors,
        seen,
        set,
        people,
        any: asker.session.is_some(),
        code: value("code"),
        from: sent.map_or_else(|| today.to_string(), |form| form.get("from").to_owned()),
        until: value("until"),
        back: asker.back.clone(),
    };
    let frame = Frame::new(app, Some(texts), "vi");
    let frame = match &asker.session {
        Some(session) => frame.signed_in(app, session),
        None => frame,
    };
    page::page(&frame, status, "away.html", &page)
}

fn texts(app: &App, asker: &Asker, query: Option<&str>) -> &'static Texts {
    let directory = app.engine.directory();
    page::asked_language(query).unwrap_or_else(|| say::texts(directory.language(&asker.person)))
}

/// Which day it is where the office is.
fn today(app: &App) -> Result<Date, Problem> {
    let now = app.engine.now();
    if let Some(calendar) = app.engine.calendar(CALENDAR) {
        return Ok(calendar.date(now));
    }
    app.engine.days(now).into_iter().next().ok_or(Problem::Fault)
}
