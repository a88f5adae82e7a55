//! One row of a list, as those see it who are asked about the list: what its dossier says, and its papers. Nothing can be done
//! here; the answer stays on the list's own page.

use std::collections::BTreeSet;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::page::{self, Frame};
use super::reader::Reader;
use super::routes::Place;
use super::view::facts::{self, Fact, Grounds, Sheet};
use super::visit::Proof;
use super::{paper, visit};
use crate::dossier::event::{Change, Event};
use crate::dossier::{Dossier, Frozen};
use crate::ids::{DossierId, PaperId};
use crate::store::pages::TaskPage;

#[derive(Debug, Serialize)]
struct RowPage {
    workflow: String,
    caption: String,
    grounds: Vec<Grounds>,
    facts: Vec<Fact>,
    more: Vec<Fact>,
    papers: Vec<Sheet>,
    /// On which papers it is voted.
    frozen: String,
    back: String,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path((token, row)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (task, row, list) = on_list(&app, &token, &row, &headers).await?;
    let whole = app.engine.dossier(&row).await?.ok_or(Problem::NotFound)?;
    let machine = app.engine.machine(&whole.machine).await?;
    let asked = page::asked_language(query.as_deref());
    let reader = visit::reader(&app, machine, &whole, &task.person, asked)?;
    let dossier = reader.sight(&whole, &task.person).dossier(&whole, &reader.machine);
    // The papers of a row lie below the row's own page.
    let below = format!("{token}/row/{row}");
    let link = |paper: &str| Place::Paper { token: &below, paper }.path(&app.site);
    let (facts, more) = facts::facts(&reader, &dossier, &link);
    let pinned = list.vote(task.activation).and_then(|vote| vote.rows.iter().find(|one| one.row == row));
    let pinned = pinned.and_then(|one| one.papers.as_ref());
    let later = match pinned {
        Some(pinned) => filed_after(&app.engine.history(&row).await?, pinned.seq),
        None => BTreeSet::new(),
    };
    let papers = dossier.papers.iter().map(|paper| {
        let sheet = facts::sheet_of(&reader, paper, &link);
        if later.contains(&paper.id) { sheet.noted(&reader.get("row.later")) } else { sheet }
    });
    let shown = RowPage {
        workflow: reader.text(&reader.machine.title).to_owned(),
        caption: dossier.caption.clone(),
        grounds: facts::grounds(&reader, &dossier),
        facts,
        more,
        papers: papers.collect(),
        frozen: pinned.map(|pinned| said(&reader, pinned)).unwrap_or_default(),
        back: Place::Task(&token).path(&app.site),
    };
    let own = reader.directory.language(&task.person).to_owned();
    page::page(&Frame::new(&app, Some(reader.texts), &own), StatusCode::OK, "row.html", &shown)
}

/// `GET` of one of its papers.
pub(super) async fn paper(
    State(app): State<App>,
    Path((token, row, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (task, row, _) = on_list(&app, &token, &row, &headers).await?;
    paper::seen(&app, &row, &task.person, id).await
}

/// The papers that came after one of the dossier's events.
fn filed_after(events: &[Event], seq: i64) -> BTreeSet<PaperId> {
    let later = events.iter().filter(|event| event.seq > seq).flat_map(|event| &event.changes);
    let filed = later.filter_map(|change| match change {
        Change::Filed(papers) => Some(papers),
        _ => None,
    });
    filed.flatten().map(|paper| paper.id.clone()).collect()
}

/// On how many papers it is voted, and by what they can be told from others.
fn said(reader: &Reader, pinned: &Frozen) -> String {
    reader.texts.fill("row.frozen", &[("n", &pinned.count.to_string()), ("hash", pinned.short())])
}

/// The open task that a token was made for, the row, if it stands on that task's list, and the list.
async fn on_list(
    app: &App,
    token: &str,
    row: &str,
    headers: &HeaderMap,
) -> Result<(TaskPage, DossierId, Dossier), Problem> {
    let task = visit::task(app, token).await?;
    if task.closed.is_some() || Proof::of(app, headers, &task).await?.lacks(task.policy).is_some() {
        return Err(Problem::NotFound);
    }
    let list = app.engine.dossier(&task.dossier).await?.ok_or(Problem::NotFound)?;
    let row = DossierId::new(row);
    if list.rows.iter().any(|one| one.dossier == row) { Ok((task, row, list)) } else { Err(Problem::NotFound) }
}
