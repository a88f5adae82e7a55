//! Mails that did not arrive, for who keeps the office's mail: what the servers said, and sending one again.

use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::inbox::sign_in;
use super::page::{self, Frame};
use super::routes::Place;
use super::say::{self, Texts};
use super::session::Session;
use super::view::refused::Wrong;
use super::visit;
use crate::ids::{Instant, MailId, PersonId};
use crate::store::mails::{Code, TroubledMail};
use crate::store::undelivered::MailDeed;
use crate::words::{Words, clean};

/// Mails that one page shows.
const SHOWN_MAX: i64 = 200;
/// Characters of a reason.
const REASON_MAX: usize = 500;

#[derive(Debug, Serialize)]
struct MailsPage {
    errors: Vec<Wrong>,
    /// That one goes again.
    said: String,
    list: Vec<Shown>,
    back: String,
}

#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    who: String,
    address: String,
    about: String,
    became: String,
    /// The server's words.
    answer: String,
    /// It may be sent again.
    again: bool,
    wrong: bool,
}

/// Whether a person keeps the office's mail.
pub(super) fn keeps(app: &App, person: &PersonId) -> bool {
    let directory = app.engine.directory();
    directory.people.get(person).is_some_and(|person| app.keepers.contains(&person.code))
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    let sent = query.as_deref().is_some_and(|query| query.split('&').any(|part| part == "sent=1"));
    shown(&app, &session, page::asked_language(query.as_deref()), sent, None).await
}

/// `POST`: one is sent again, as it was: with the same links.
pub(super) async fn answer(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let Some((session, form)) = Session::sending(&app, request).await? else { return Ok(sign_in(&app)) };
    if !keeps(&app, &session.person) {
        return Err(Problem::NotFound);
    }
    let asked = page::asked_language(query.as_deref());
    let now = app.engine.now();
    let known = app.engine.store().troubled_mails(now, SHOWN_MAX).await?;
    let Some(mail) = known.into_iter().find(|one| one.id.as_str() == form.get("mail")) else {
        return shown(&app, &session, asked, false, Some(("", "mails.gone"))).await;
    };
    let reason: String = clean(form.get("why")).chars().take(REASON_MAX).collect();
    if reason.is_empty() {
        return shown(&app, &session, asked, false, Some((mail.id.as_str(), "mails.no_reason"))).await;
    }
    if !may_go_again(&mail, now) {
        return shown(&app, &session, asked, false, Some((mail.id.as_str(), "mails.code_over"))).await;
    }
    let deed = MailDeed {
        id: app.engine.chance().id(),
        at: now,
        what: "resent".to_owned(),
        person: mail.person.clone(),
        mail: Some(mail.id.clone()),
        by: session.person.clone(),
        reason,
    };
    if !app.engine.store().resend_mail(&mail.id, deed).await? {
        return shown(&app, &session, asked, false, Some(("", "mails.gone"))).await;
    }
    let lang = asked.map(|texts| format!("&lang={}", texts.code())).unwrap_or_default();
    let path = format!("{}?sent=1{lang}", Place::Mails.path(&app.site));
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response())
}

/// A code that is good no longer is asked for anew by whoever wants to sign in.
fn may_go_again(mail: &TroubledMail, now: Instant) -> bool {
    match mail.code {
        Code::None => true,
        Code::Until(until) => until > now,
        Code::Spent => false,
    }
}

async fn shown(
    app: &App,
    session: &Session,
    asked: Option<&'static Texts>,
    sent: bool,
    wrong: Option<(&str, &'static str)>,
) -> Result<Response, Problem> {
    if !keeps(app, &session.person) {
        return Err(Problem::NotFound);
    }
    let directory = app.engine.directory();
    let texts = asked.unwrap_or_else(|| say::texts(directory.language(&session.person)));
    let mut list = Vec::new();
    for mail in app.engine.store().troubled_mails(app.engine.now(), SHOWN_MAX).await? {
        let about = about(app, session, &mail.id, asked).await?;
        let mut one = of_mail(app, texts, &mail, &about);
        one.wrong = wrong.is_some_and(|(id, _)| id == one.id);
        list.push(one);
    }
    let errors = wrong.map(|(id, key)| Wrong {
        text: texts.get(key).to_owned(),
        basis: None,
        href: (!id.is_empty()).then(|| format!("why.{id}")),
    });
    let page = MailsPage {
        errors: errors.into_iter().collect(),
        said: if sent { texts.get("mails.sent").to_owned() } else { String::new() },
        list,
        back: Place::Inbox.path(&app.site),
    };
    let status = if page.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = Frame::new(app, Some(texts), "vi").signed_in(app, session);
    page::page(&frame, status, "mails.html", &page)
}

fn of_mail(app: &App, texts: &'static Texts, mail: &TroubledMail, about: &[String]) -> Shown {
    let directory = app.engine.directory();
    let person = directory.people.get(&mail.person);
    let zone = app.engine.calendar(visit::CALENDAR).map(|calendar| calendar.zone().clone());
    let when = Words::of(texts.code()).moment_long(mail.made_at, &zone.unwrap_or(jiff::tz::TimeZone::UTC));
    let key = match mail.status.as_str() {
        "deferred" => "mails.deferred",
        "unknown" => "mails.unknown",
        _ => "mails.failed",
    };
    let about = match mail.code {
        Code::None => about.join("; "),
        Code::Until(_) | Code::Spent => texts.get("mails.code").to_owned(),
    };
    Shown {
        id: mail.id.to_string(),
        who: person.map_or_else(|| texts.get("mails.outside").to_owned(), |person| person.name.clone()),
        address: person.and_then(|person| person.email.clone()).unwrap_or_default(),
        about,
        became: texts.fill(key, &[("when", &when)]),
        answer: mail.answer.clone().unwrap_or_default(),
        again: may_go_again(mail, app.engine.now()),
        wrong: false,
    }
}

/// What a mail is about, as far as whoever looks may know it.
async fn about(
    app: &App,
    session: &Session,
    mail: &MailId,
    asked: Option<&'static Texts>,
) -> Result<Vec<String>, Problem> {
    let mut named = Vec::new();
    for (id, _) in app.engine.store().about_mail(mail).await? {
        let Some(whole) = app.engine.dossier(&id).await? else { continue };
        let machine = app.engine.machine(&whole.machine).await?;
        let reader = visit::reader(app, machine, &whole, &session.person, asked)?;
        let name = if reader.may_name(&whole, &session.person) && whole.demands(&reader.machine).is_none() {
            reader.sight(&whole, &session.person).dossier(&whole, &reader.machine).caption
        } else {
            reader.text(&reader.machine.title).to_owned()
        };
        if !named.contains(&name) {
            named.push(name);
        }
    }
    Ok(named)
}
