//! The dossiers that somebody who is signed in may see.

use std::collections::BTreeMap;

use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::inbox::sign_in;
use super::page::{self, Frame};
use super::routes::Place;
use super::say;
use super::session::Session;
use super::view::history;
use super::visit;
use crate::engine::plain;
use crate::ids::Instant;
use crate::machine::Proofs;

/// Dossiers on one page.
const SHOWN_MAX: usize = 50;
/// Dossiers that are looked at for one page: most of an office's are not everybody's.
const LOOKED_AT_MAX: i64 = 400;
/// Characters that are searched for.
const SEARCH_MAX: usize = 100;

#[derive(Debug, Serialize)]
struct DossiersPage {
    search: String,
    list: Vec<Line>,
    /// Where older ones are.
    more: String,
    back: String,
}

#[derive(Debug, Serialize)]
struct Line {
    caption: String,
    workflow: String,
    stands: String,
    href: String,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Query(query): Query<BTreeMap<String, String>>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    let asked = page::asked_language(raw.as_deref());
    let search: String = query.get("q").map_or("", String::as_str).trim().chars().take(SEARCH_MAX).collect();
    let wanted = plain(&search);
    let before = Instant(query.get("before").and_then(|at| at.parse().ok()).unwrap_or(i64::MAX));
    let after = query.get("after").map_or("", String::as_str);
    let found = app.engine.store().latest(&wanted, (before, after), LOOKED_AT_MAX).await?;
    let (mut list, mut last) = (Vec::new(), None);
    let mut rest = found.iter();
    for (id, at) in rest.by_ref() {
        last = Some((at.0, id.as_str()));
        let Some(whole) = app.engine.dossier(id).await? else { continue };
        let machine = app.engine.machine(&whole.machine).await?;
        let mut reader = visit::reader(&app, machine, &whole, &session.person, asked)?;
        if !reader.may_name(&whole, &session.person) {
            continue;
        }
        let sight = reader.sight(&whole, &session.person);
        reader.outside = !sight.is_whole();
        let dossier = sight.dossier(&whole, &reader.machine);
        // Where a number is wanted, its page is that of a link, and nothing of it stands here.
        let shown = Proofs { number: false, session: true };
        let closed = !whole.demands(&reader.machine).without(shown).is_none();
        // Found by what is shown of it: what is hidden must not be found out by searching.
        let caption = if closed { reader.get("desk.closed") } else { dossier.caption.clone() };
        if !plain(if closed { "" } else { &caption }).contains(&wanted) {
            continue;
        }
        let state = history::stands(&reader, &dossier);
        list.push(Line {
            caption,
            workflow: reader.text(&reader.machine.title).to_owned(),
            stands: if closed { String::new() } else { reader.texts.fill("dossiers.stands", &[("state", &state)]) },
            href: Place::Dossier(id.as_str()).path(&app.site),
        });
        if list.len() == SHOWN_MAX {
            break;
        }
    }
    let is_more = rest.next().is_some() || found.len() >= usize::try_from(LOOKED_AT_MAX).unwrap_or(usize::MAX);
    // Many dossiers may have changed in one instant: the place is both.
    let place = |(at, id): (i64, &str)| format!("?before={at}&after={}&q={}", escaped(id), escaped(&search));
    let older = last.filter(|_| is_more).map(place);
    let directory = app.engine.directory();
    let texts = asked.unwrap_or_else(|| say::texts(directory.language(&session.person)));
    let page = DossiersPage { search, list, more: older.unwrap_or_default(), back: Place::Inbox.path(&app.site) };
    let frame = Frame::new(&app, Some(texts), "vi").signed_in(&app, &session);
    page::page(&frame, StatusCode::OK, "dossiers.html", &page)
}

/// As addresses write it.
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}"); // writing to a String cannot fail
        }
        out
    })
}
