//! A dossier as everybody may see it who has its public address. The address cannot be guessed: it is a token over the
//! dossier's id, and leads nowhere while the workflow shows nothing to the public. Nothing can be done here.

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::error::Problem;
use super::page::{self, Frame};
use super::reader::Reader;
use super::routes::Place;
use super::view::facts::{self, Fact, Grounds, Sheet};
use super::view::{children, history};
use super::visit::{self, Visit};
use super::{App, paper};
use crate::dossier::{Dossier, decide};
use crate::ids::{DossierId, PaperId, PersonId};
use crate::links::{Bound, LinkKeys};

#[derive(Debug, Serialize)]
struct PublicPage {
    workflow: String,
    caption: String,
    stands: String,
    ended: bool,
    grounds: Vec<Grounds>,
    facts: Vec<Fact>,
    more: Vec<Fact>,
    papers: Vec<Sheet>,
    children: Vec<children::Set>,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = page::asked_language(query.as_deref());
    let (dossier, mut reader) = open(&app, &token, asked).await?;
    reader.outside = true;
    let link = |paper: &str| Place::PublicPaper { token: &token, paper }.path(&app.site);
    let (facts, more) = facts::facts(&reader, &dossier, &link);
    let shown = PublicPage {
        workflow: reader.text(&reader.machine.title).to_owned(),
        caption: dossier.caption.clone(),
        stands: history::stands(&reader, &dossier),
        ended: dossier.outcome.is_some(),
        grounds: facts::grounds(&reader, &dossier),
        facts,
        more,
        children: children::sets(&reader, &dossier),
        papers: facts::papers(&reader, &dossier, &link).into_iter().map(Sheet::without_names).collect(),
    };
    page::page(&Frame::new(&app, Some(reader.texts), "vi"), StatusCode::OK, "public.html", &shown)
}

/// `GET` of one of its papers.
pub(super) async fn paper(
    State(app): State<App>,
    Path((token, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (dossier, _) = open(&app, &token, None).await?;
    let id = PaperId::new(id);
    if !dossier.papers.iter().any(|paper| paper.id == id) {
        return Err(Problem::NotFound);
    }
    paper::served(app.engine.store().paper_page(&dossier.id, &id).await?.ok_or(Problem::NotFound)?)
}

/// The dossier that a token was made for, as the public sees it.
async fn open(app: &App, token: &str, asked: Option<&'static super::say::Texts>) -> Result<(Dossier, Reader), Problem> {
    let presented = LinkKeys::present(token).ok_or(Problem::NotFound)?;
    let nobody = PersonId::new("");
    if !app.links.verifies(&presented, presented.key, &bound(&presented.row, &nobody)) {
        return Err(Problem::NotFound);
    }
    let whole = app.engine.dossier(&DossierId::new(&presented.row)).await?.ok_or(Problem::NotFound)?;
    let machine = app.engine.machine(&whole.machine).await?;
    let sight = decide::public_sight(&machine, &whole).ok_or(Problem::NotFound)?;
    let reader = visit::reader(app, machine, &nobody, asked)?;
    Ok((sight.dossier(&whole, &reader.machine), reader))
}

/// The public address of a visitor's dossier, for those who see everything; none where the public sees nothing.
pub(super) fn address(app: &App, visit: &Visit) -> Option<String> {
    if !visit.sight.is_whole() {
        return None;
    }
    decide::public_sight(&visit.reader.machine, &visit.whole)?;
    let token = app.links.token(app.links.newest(), &bound(visit.whole.id.as_str(), &PersonId::new("")))?;
    Some(Place::Public(&token).url(&app.site))
}

fn bound<'a>(dossier: &'a str, nobody: &'a PersonId) -> Bound<'a> {
    Bound { row: dossier, person: nobody, activation: "", purpose: "public", generation: 0 }
}
