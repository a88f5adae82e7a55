//! A paper that the workflow draws up, as the reader of a link may see it: a page to be read and printed.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use super::App;
use super::error::Problem;
use super::inbox::sign_in;
use super::session::Session;
use super::visit::Visit;
use crate::drafts::Desk;
use crate::ids::DossierId;

/// What such a page may do: show itself in its own style.
const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path((token, kind)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    drawn(&Visit::open(&app, &token, query.as_deref(), &headers).await?, &kind)
}

/// `GET` by somebody who is signed in.
pub(super) async fn show_own(
    State(app): State<App>,
    Path((dossier, kind)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    drawn(&Visit::own(&app, session, &DossierId::new(dossier), query.as_deref()).await?, &kind)
}

fn drawn(visit: &Visit, kind: &str) -> Result<Response, Problem> {
    let shown = visit.task.closed.is_none() && visit.lacks().is_none();
    if !shown || !visit.sight.paper(kind) {
        return Err(Problem::NotFound);
    }
    let drawn = desk(visit).draw(kind).map_err(|error| {
        tracing::error!(%error, kind, "a paper cannot be drawn up");
        Problem::Fault
    })?;
    let mut response = Html(drawn.ok_or(Problem::NotFound)?).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(ALONE));
    Ok(response)
}

/// The papers that can be drawn up for this reader now: each kind, and what it is called.
pub(super) fn drafts(visit: &Visit) -> Vec<(String, String)> {
    let all = desk(visit).drafts().into_iter();
    let seen = all.filter(|(kind, _)| visit.sight.paper(kind));
    seen.map(|(kind, label)| (kind.to_owned(), label.to_owned())).collect()
}

fn desk(visit: &Visit) -> Desk<'_> {
    let reader = &visit.reader;
    Desk {
        dossier: &visit.dossier,
        machine: &reader.machine,
        directory: &reader.directory,
        calendar: &reader.calendar,
        language: &reader.language,
        now: reader.now,
    }
}
