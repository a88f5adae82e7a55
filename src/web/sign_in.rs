//! Signing in: whoever can read the mails that are sent to an address is whose address it is. What is said does not depend on
//! whether an address is known.

use std::net::IpAddr;

use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::Problem;
use super::form::Form;
use super::page::{self, Frame};
use super::routes::Place;
use super::say::Texts;
use super::session::{self, Session};
use super::view::refused::Wrong;
use super::{App, stranger};
use crate::directory::Directory;
use crate::ids::{MailId, PersonId};
use crate::store::sessions::{Asked, Tried};

/// How long a code is good.
const CODE_MINUTES: i64 = 15;
/// Letters of a mail address (RFC 5321).
const MAILBOX_MAX: usize = 254;

#[derive(Debug, Default, Serialize)]
struct SignIn {
    errors: Vec<Wrong>,
    mailbox: String,
    /// What was asked for; empty as long as nothing was.
    asked: String,
    minutes: i64,
    again: String,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if Session::of(&app, &headers).await?.is_some() {
        return Ok(inbox(&app));
    }
    first(&app, page::strangers_language(query.as_deref(), &headers), "", None)
}

/// `POST`: a code is asked for, or typed.
pub(super) async fn answer(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let asked = page::strangers_language(query.as_deref(), request.headers());
    let (headers, network) =
        (request.headers().clone(), stranger::network(&app, request.headers(), request.extensions()));
    let form = Form::read(request).await?;
    match form.get("do") {
        "code" => sign_in(&app, asked, &headers, &form).await,
        _ => ask(&app, asked, network, form.get("mailbox")).await,
    }
}

/// The first page, which asks for an address.
fn first(app: &App, asked: Option<&'static Texts>, mailbox: &str, wrong: Option<&str>) -> Result<Response, Problem> {
    let frame = Frame::new(app, asked, "vi");
    let errors: Vec<Wrong> =
        wrong.map(|key| Wrong::at(frame.texts.get(key).to_owned(), "mailbox")).into_iter().collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page::page(&frame, status, "sign_in.html", &SignIn { errors, mailbox: mailbox.to_owned(), ..SignIn::default() })
}

/// The second page, which asks for the code.
fn second(app: &App, asked: Option<&'static Texts>, id: &str, wrong: Option<&str>) -> Result<Response, Problem> {
    let frame = Frame::new(app, asked, "vi");
    let errors: Vec<Wrong> = wrong.map(|key| Wrong::at(frame.texts.get(key).to_owned(), "code")).into_iter().collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let again = Place::SignIn.path(&app.site);
    let shown = SignIn { errors, asked: id.to_owned(), minutes: CODE_MINUTES, again, ..SignIn::default() };
    page::page(&frame, status, "sign_in.html", &shown)
}

async fn ask(
    app: &App,
    asked: Option<&'static Texts>,
    network: Option<IpAddr>,
    mailbox: &str,
) -> Result<Response, Problem> {
    if !is_mailbox(mailbox) {
        return first(app, asked, mailbox, Some("sign_in.no_mailbox"));
    }
    let (id, now) = (session::fresh(app), app.engine.now());
    let counted = |what, of: &str| app.links.counted(what, of).ok_or(Problem::Fault);
    let mail = MailId::new(app.engine.fresh_id());
    // The courier has the office's own domain; an id that is nobody else's is enough for a Message-ID.
    let message_id = format!("<{mail}@{}>", app.site.host());
    let asking = Asked {
        id: id.clone(),
        person: whose(&app.engine.directory(), mailbox),
        mailbox: counted("mailbox", &mailbox.to_lowercase())?,
        network: network.map(|network| counted("network", &stranger::prefix(network))).transpose()?,
        key_id: app.links.newest(),
        mail: (mail, message_id),
        now,
        ends_at: now.plus_ms(CODE_MINUTES * 60_000),
    };
    if !app.engine.store().ask_code(asking).await? {
        tracing::warn!("too many codes were asked for; none was sent");
        return Err(Problem::TooMany);
    }
    second(app, asked, &id, None)
}

async fn sign_in(
    app: &App,
    asked: Option<&'static Texts>,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Response, Problem> {
    let (id, now) = (form.get("asked").to_owned(), app.engine.now());
    let typed: String = form.get("code").chars().filter(|c| !c.is_whitespace() && !"-.".contains(*c)).collect();
    let kept = session::fresh(app);
    let tried = Tried {
        id: id.clone(),
        hash: session::hash(&kept),
        before: session::hash_kept(app, headers),
        now,
        ends_at: now.plus_ms(session::WHOLE_MS),
    };
    let links = app.links.clone();
    let of = id.clone();
    let right = move |person: &PersonId, key: i64| links.code(key, &of, person).is_some_and(|code| same(&code, &typed));
    if app.engine.store().try_code(tried, right).await?.is_none() {
        return second(app, asked, &id, Some("sign_in.wrong"));
    }
    let mut response = inbox(app);
    response.headers_mut().insert(header::SET_COOKIE, session::keep(app, &kept).ok_or(Problem::Fault)?);
    Ok(response)
}

fn inbox(app: &App) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, Place::Inbox.path(&app.site))]).into_response()
}

/// Every digit is looked at, wherever the first wrong one stands.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// One address and nothing else.
fn is_mailbox(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or_default();
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !",;<>()\"\\".contains(c);
    text.len() <= MAILBOX_MAX && !user.is_empty() && host.contains('.') && text.chars().all(plain)
}

/// The one person with this address; nobody where several share it, since its code would say of none of them who they are.
fn whose(directory: &Directory, mailbox: &str) -> Option<PersonId> {
    let mailbox = mailbox.to_lowercase();
    let has = |email: &String| email.trim().to_lowercase() == mailbox;
    let mut people = directory.people.values().filter(|person| person.email.as_ref().is_some_and(has));
    people.next().filter(|_| people.next().is_none()).map(|person| person.id.clone())
}

#[cfg(test)]
mod tests {
    use super::{is_mailbox, same};

    #[test]
    fn one_address_is_one_address() {
        for good in ["an@example.vn", "a.b+c@phong.example.vn", "người@vídụ.vn"] {
            assert!(is_mailbox(good), "{good}");
        }
        for bad in
            ["", "an", "@example.vn", "an@example", "an@a.vn,binh@a.vn", "an@a.vn binh@a.vn", "<an@a.vn>", "an@a.vn\nx"]
        {
            assert!(!is_mailbox(bad), "{bad}");
        }
    }

    #[test]
    fn codes_are_the_same_only_whole() {
        assert!(same("12345678", "12345678"));
        assert!(!same("12345678", "1234567") && !same("12345678", "02345678") && !same("12345678", ""));
    }
}
