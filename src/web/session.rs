//! Who is signed in. The browser keeps a token over a random id and the moment of its last page; the database keeps a hash of the
//! id. So looking at pages keeps a session alive without writing anything, and whoever has the database can sign in as nobody.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest as _, Sha256};

use super::App;
use super::error::Problem;
use super::form::Form;
use super::routes::Site;
use crate::ids::{Instant, PersonId};
use crate::links::{Bound, LinkKeys};

/// A session ends this long after its last page.
const IDLE_MS: i64 = 60 * 60 * 1000;
/// It ends this long after it began, whatever is done in it.
pub(super) const WHOLE_MS: i64 = 12 * 60 * 60 * 1000;
/// What the browser keeps is renewed no more often than this.
const RENEW_MS: i64 = 60 * 1000;

/// Somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) person: PersonId,
    /// What stands in the database.
    pub(super) hash: String,
}

impl Session {
    /// The session of whoever asks, if they have one that has not ended.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn of(app: &App, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some((id, _)) = kept(app, headers) else { return Ok(None) };
        let hash = hash(&id);
        let person = app.engine.store().signed_in(&hash, app.engine.now()).await?;
        Ok(person.map(|person| Self { person, hash }))
    }

    /// The session of whoever sends a form, and the form, which was made for that session; none if nobody is signed in. There is no
    /// link behind such a page: without the session there is nothing to go back to.
    ///
    /// # Errors
    /// The form was made elsewhere or cannot be read, or the database fails.
    pub(super) async fn sending(app: &App, request: Request) -> Result<Option<(Self, Form)>, Problem> {
        let Some(session) = Self::of(app, request.headers()).await? else { return Ok(None) };
        let form = Form::read(request).await?;
        if session.made(app, form.get("guard")) { Ok(Some((session, form))) } else { Err(Problem::Elsewhere) }
    }

    /// What every form of a page carries that is made for this session: a form that was made elsewhere cannot.
    pub(super) fn guard(&self, app: &App) -> String {
        app.links.token(app.links.newest(), &self.bound()).unwrap_or_default()
    }

    /// Whether a form was made for this session.
    pub(super) fn made(&self, app: &App, guard: &str) -> bool {
        LinkKeys::present(guard).is_some_and(|guard| app.links.verifies(&guard, guard.key, &self.bound()))
    }

    fn bound(&self) -> Bound<'_> {
        Bound { row: &self.hash, person: &self.person, activation: "", purpose: "guard", generation: 0 }
    }
}

/// A fresh id for a session, which only its browser will know.
pub(super) fn fresh(app: &App) -> String {
    format!("{}{}", app.engine.chance().id(), app.engine.chance().id())
}

/// What the database keeps of an id.
pub(super) fn hash(id: &str) -> String {
    super::hex(&Sha256::digest(id))
}

/// The hash of what the browser keeps, whether or not its session has ended; empty if it keeps nothing of ours.
pub(super) fn hash_kept(app: &App, headers: &HeaderMap) -> String {
    kept(app, headers).map(|(id, _)| hash(&id)).unwrap_or_default()
}

/// The header that lets the browser keep an id from now on.
pub(super) fn keep(app: &App, id: &str) -> Option<HeaderValue> {
    let row = format!("{id}.{}", app.engine.now().0);
    let token = app.links.token(app.links.newest(), &bound(&row, &PersonId::new("")))?;
    HeaderValue::try_from(cookie(&app.site, (name(&app.site), path(&app.site)), &token, "")).ok()
}

/// The header that lets the browser forget it.
pub(super) fn forget(app: &App) -> Option<HeaderValue> {
    HeaderValue::try_from(cookie(&app.site, (name(&app.site), path(&app.site)), "", "; Max-Age=0")).ok()
}

/// The header that renews what the browser keeps, where it is some time old.
pub(super) fn renewed(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let (id, seen) = kept(app, headers)?;
    (app.engine.now().0 - seen.0 >= RENEW_MS).then(|| keep(app, &id)).flatten()
}

/// The id that the browser keeps, and when its last page was made; none if that is too long ago.
fn kept(app: &App, headers: &HeaderMap) -> Option<(String, Instant)> {
    if app.only_links {
        return None;
    }
    let name = name(&app.site);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    // Another site of the same domain may have set one of the same name: it was not signed here.
    pairs.filter(|(one, _)| *one == name).find_map(|(_, token)| {
        let presented = LinkKeys::present(token)?;
        let (id, seen) = presented.row.split_once('.')?;
        let seen = Instant(seen.parse().ok()?);
        let age = app.engine.now().0.checked_sub(seen.0)?;
        let good = app.links.verifies(&presented, presented.key, &bound(&presented.row, &PersonId::new("")));
        (good && age < IDLE_MS).then(|| (id.to_owned(), seen))
    })
}

fn bound<'a>(row: &'a str, nobody: &'a PersonId) -> Bound<'a> {
    Bound { row, person: nobody, activation: "", purpose: "session", generation: 0 }
}

/// Lax, not Strict: the pages of mailed links are opened from a mail program, and must see who is signed in. What changes anything is
/// a POST, with which no other site's cookie travels.
pub(super) fn cookie(site: &Site, (name, path): (&str, &str), value: &str, more: &str) -> String {
    let secure = if site.is_loopback() { "" } else { "; Secure" };
    format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{more}")
}

fn path(site: &Site) -> &str {
    if site.prefix().is_empty() { "/" } else { site.prefix() }
}

/// The prefix lets browsers refuse it from anywhere but a page with TLS of this very host.
fn name(site: &Site) -> &'static str {
    match (site.is_loopback(), site.prefix().is_empty()) {
        (true, _) => "chancery",
        (false, true) => "__Host-chancery",
        (false, false) => "__Secure-chancery",
    }
}
