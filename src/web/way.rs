//! The way of a dossier on the chart of its workflow: where it was, where it stands, what may come.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::inbox::sign_in;
use super::page;
use super::session::Session;
use super::visit::Visit;
use crate::chart::{Graph, Ink, Marks, Picture, phrases};
use crate::ids::DossierId;

#[derive(Debug, Serialize)]
struct WayPage {
    workflow: String,
    caption: String,
    chart: String,
    back: String,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    drawn(&app, &Visit::open(&app, &token, query.as_deref(), &headers).await?)
}

/// `GET` by somebody who is signed in.
pub(super) async fn show_own(
    State(app): State<App>,
    Path(dossier): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    drawn(&app, &Visit::own(&app, session, &DossierId::new(dossier), query.as_deref()).await?)
}

fn drawn(app: &App, visit: &Visit) -> Result<Response, Problem> {
    // The chart names every state, with the titles of those inside the office.
    if visit.lacks().is_some() || !visit.sight.is_whole() {
        return Err(Problem::NotFound);
    }
    let reader = &visit.reader;
    let graph = Graph::new(&reader.machine, &reader.language);
    let picture = Picture {
        phrases: phrases(reader.language.as_str()),
        words: reader.words,
        zone: reader.calendar.zone(),
        ink: Ink::PAGE,
        below: &visit.dossier.caption,
    };
    let shown = WayPage {
        workflow: reader.text(&reader.machine.title).to_owned(),
        caption: visit.dossier.caption.clone(),
        chart: picture.svg(&graph, &Marks::of(&visit.dossier, &visit.events)),
        back: visit.at(app),
    };
    page::page(&visit.frame(app), StatusCode::OK, "way.html", &shown)
}
