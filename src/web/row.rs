//! One row of a list, as those see it who are asked about the list: what its dossier says, and its papers. Nothing can be done
//! here; the answer stays on the list's own page.

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::page::{self, Frame};
use super::routes::Place;
use super::view::facts::{self, Fact, Grounds, Sheet};
use super::{paper, task, visit};
use crate::ids::DossierId;
use crate::store::pages::TaskPage;

#[derive(Debug, Serialize)]
struct RowPage {
    workflow: String,
    caption: String,
    grounds: Vec<Grounds>,
    facts: Vec<Fact>,
    more: Vec<Fact>,
    papers: Vec<Sheet>,
    back: String,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path((token, row)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (task, row) = on_list(&app, &token, &row).await?;
    let whole = app.engine.dossier(&row).await?.ok_or(Problem::NotFound)?;
    let machine = app.engine.machine(&whole.machine).await?;
    let asked = page::asked_language(query.as_deref());
    let reader = visit::reader(&app, machine, &task.person, asked)?;
    let dossier = reader.sight(&whole, &task.person).dossier(&whole, &reader.machine);
    // The papers of a row lie below the row's own page.
    let below = format!("{token}/row/{row}");
    let link = |paper: &str| Place::Paper { token: &below, paper }.path(&app.site);
    let (facts, more) = facts::facts(&reader, &dossier, &link);
    let shown = RowPage {
        workflow: reader.text(&reader.machine.title).to_owned(),
        caption: dossier.caption.clone(),
        grounds: facts::grounds(&reader, &dossier),
        facts,
        more,
        papers: facts::papers(&reader, &dossier, &link),
        back: Place::Task(&token).path(&app.site),
    };
    let own = reader.person(&task.person).map_or("vi", |person| person.language.as_str()).to_owned();
    page::page(&Frame::new(&app, Some(reader.texts), &own), StatusCode::OK, "row.html", &shown)
}

/// `GET` of one of its papers.
pub(super) async fn paper(
    State(app): State<App>,
    Path((token, row, id)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (task, row) = on_list(&app, &token, &row).await?;
    paper::seen(&app, &row, &task.person, id).await
}

/// The open task that a token was made for, and the row, if it stands on that task's list.
async fn on_list(app: &App, token: &str, row: &str) -> Result<(TaskPage, DossierId), Problem> {
    let task = visit::task(app, token).await?;
    if task.closed.is_some() || task::too_weak(task.policy).is_some() {
        return Err(Problem::NotFound);
    }
    let list = app.engine.dossier(&task.dossier).await?.ok_or(Problem::NotFound)?;
    let row = DossierId::new(row);
    if list.rows.iter().any(|one| one.dossier == row) { Ok((task, row)) } else { Err(Problem::NotFound) }
}
