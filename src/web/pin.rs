//! The number that a link alone is not enough without. It is typed once; what the browser then keeps for this one link says that it was,
//! for a while, and until a new number is given.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::form::Form;
use super::page;
use super::session::cookie;
use super::view::refused::Wrong;
use super::visit::Visit;
use crate::ids::Instant;
use crate::links::{Bound, LinkKeys, task_row};
use crate::store::pages::TaskPage;
use crate::store::pins::{Pin, TRIES_MAX};

/// How long a number that was typed is good, before it is asked for again.
const GOOD_MS: i64 = 2 * 60 * 60 * 1000;

/// Somebody has typed the number of this task's person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// What the browser keeps.
    token: String,
}

#[derive(Debug, Serialize)]
struct PinPage {
    workflow: String,
    who: String,
    errors: Vec<Wrong>,
    /// What stands in the way of any number: none given, too many wrong ones.
    closed: String,
}

impl Pass {
    /// What the browser keeps of a number that was typed, if it is still good.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn of(app: &App, headers: &HeaderMap, task: &TaskPage) -> Result<Option<Self>, Problem> {
        let name = name(app);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut kept = pairs.filter(|(one, _)| *one == name).filter_map(|(_, token)| {
            let presented = LinkKeys::present(token)?;
            let (_, at) = presented.row.rsplit_once('.')?;
            let at = Instant(at.parse().ok()?);
            let age = app.engine.now().0.checked_sub(at.0)?;
            let ours = row(task, at) == presented.row && (0..GOOD_MS).contains(&age);
            ours.then(|| (presented, token.to_owned()))
        });
        let Some((presented, token)) = kept.next() else { return Ok(None) };
        let now = app.engine.store().pin(&task.dossier, &task.person).await?;
        let Some(pin) = now.filter(|pin| !pin.is_ended()) else { return Ok(None) };
        let made = app.links.verifies(&presented, presented.key, &bound(task, &presented.row, &of_number(task, &pin)));
        Ok(made.then_some(Self { token }))
    }

    /// What every form carries of a page that is made for it.
    pub(super) fn guard(&self, app: &App) -> String {
        app.links.counted("guard", &self.token).unwrap_or_default()
    }

    /// Whether a form was made for it.
    pub(super) fn made(&self, app: &App, guard: &str) -> bool {
        !guard.is_empty() && self.guard(app) == guard
    }
}

/// The page that asks for the number.
///
/// # Errors
/// The world failed.
pub(super) async fn page(app: &App, visit: &Visit, wrong: Option<String>) -> Result<Response, Problem> {
    let (reader, task) = (&visit.reader, &visit.task);
    let pin = app.engine.store().pin(&task.dossier, &task.person).await?;
    let closed = match pin {
        None => reader.get("pin.none"),
        Some(pin) if pin.is_ended() => reader.get("pin.ended"),
        Some(pin) if pin.is_locked() => reader.get("pin.locked"),
        Some(_) => String::new(),
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shown = PinPage {
        workflow: reader.text(&reader.machine.title).to_owned(),
        who: reader.name(&task.person),
        errors: wrong.filter(|_| closed.is_empty()).map(|said| Wrong::at(said, "pin")).into_iter().collect(),
        closed,
    };
    page::page(&visit.frame(app), status, "pin.html", &shown)
}

/// A number was typed.
///
/// # Errors
/// The world failed.
pub(super) async fn answer(app: &App, visit: &Visit, form: &Form) -> Result<Response, Problem> {
    let (task, reader) = (&visit.task, &visit.reader);
    let typed: String = form.get("pin").chars().filter(|c| !c.is_whitespace() && !"-.".contains(*c)).collect();
    let store = app.engine.store();
    let pin = store.pin(&task.dossier, &task.person).await?.filter(|pin| !pin.is_locked());
    let Some(pin) = pin.filter(|_| !typed.is_empty()) else {
        return page(app, visit, Some(reader.get("pin.empty"))).await;
    };
    // The try counts before it is looked at: whoever sends many at once has no more of them.
    if !store.try_pin(&task.dossier, &task.person, pin.generation).await? {
        return page(app, visit, Some(reader.get("pin.empty"))).await;
    }
    let (links, dossier, person, hash) =
        (app.links.clone(), task.dossier.clone(), task.person.clone(), pin.hash.clone());
    let right = tokio::task::spawn_blocking(move || links.pin_is(&hash, &typed, &dossier, &person)).await;
    if !right.map_err(|_| Problem::Fault)? {
        let left = (TRIES_MAX - pin.tries - 1).max(0).to_string();
        tracing::info!(dossier = %task.dossier, "a wrong number was typed for a link");
        return page(app, visit, Some(reader.texts.fill("pin.wrong", &[("n", &left)]))).await;
    }
    store.pin_was_right(&task.dossier, &task.person, pin.generation).await?;
    let kept = row(task, app.engine.now());
    let token =
        app.links.token(app.links.newest(), &bound(task, &kept, &of_number(task, &pin))).ok_or(Problem::Fault)?;
    let path = visit.at(app);
    let line = cookie(&app.site, (name(app), &path), &token, "");
    let mut response = visit.see_page(app);
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::try_from(line).map_err(|_| Problem::Fault)?);
    Ok(response)
}

fn row(task: &TaskPage, at: Instant) -> String {
    format!("{}.{}", task_row(&task.dossier, &task.id), at.0)
}

/// The entry, and which number was typed: by its salt, which is random and no other number's. How manieth it is would not do: after
/// the restore of a copy the next number is that again.
fn of_number(task: &TaskPage, pin: &Pin) -> String {
    format!("{}:{}:{}:{}", task.dossier, task.activation, pin.generation, pin.hash.salt)
}

fn bound<'a>(task: &'a TaskPage, row: &'a str, of_number: &'a str) -> Bound<'a> {
    Bound { row, person: &task.person, activation: of_number, purpose: "pin", generation: task.generation }
}

/// Its path is that of one link, so `__Host-` cannot be asked for.
fn name(app: &App) -> &'static str {
    if app.site.is_loopback() { "chancery-pin" } else { "__Secure-chancery-pin" }
}
