//! A paper of the dossier, for as long as the task that it was shown for is open.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::App;
use super::error::Problem;
use super::inbox::sign_in;
use super::session::Session;
use super::visit::{self, Proof, Visit};
use crate::ids::{DossierId, PaperId, PersonId};
use crate::papers;
use crate::store::pages::PaperPage;

/// What a shown paper may do: nothing at all.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path((token, paper)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let task = visit::task(&app, &token).await?;
    if task.closed.is_some() || Proof::of(&app, &headers, &task).await?.lacks(task.policy).is_some() {
        return Err(Problem::NotFound);
    }
    seen(&app, &task.dossier, &task.person, paper).await
}

/// `GET` by somebody who is signed in.
pub(super) async fn show_own(
    State(app): State<App>,
    Path((dossier, paper)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    let visit = Visit::own(&app, session, &DossierId::new(dossier), None).await?;
    if visit.lacks().is_some() {
        return Err(Problem::NotFound);
    }
    seen(&app, &visit.task.dossier, &visit.task.person, paper).await
}

/// A paper of a dossier, if this person may see it.
pub(super) async fn seen(
    app: &App,
    dossier: &DossierId,
    person: &PersonId,
    paper: String,
) -> Result<Response, Problem> {
    let whole = app.engine.dossier(dossier).await?.ok_or(Problem::NotFound)?;
    let machine = app.engine.machine(&whole.machine).await?;
    let sight = visit::reader(app, machine, &whole, person, None)?.sight(&whole, person);
    let id = PaperId::new(paper);
    let known = whole.papers.iter().find(|paper| paper.id == id).is_some_and(|paper| sight.paper(&paper.kind));
    if !known {
        return Err(Problem::NotFound);
    }
    served(app.engine.store().paper_page(dossier, &id).await?.ok_or(Problem::NotFound)?)
}

/// The bytes of a paper, so that a browser shows or saves them and does nothing else with them.
pub(super) fn served(paper: PaperPage) -> Result<Response, Problem> {
    let (media, shown) = papers::served(&paper.media);
    let disposition =
        format!("{}; filename*=UTF-8''{}", if shown { "inline" } else { "attachment" }, escaped(&paper.name));
    let mut response = Response::new(Body::from(paper.content));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    let disposition = HeaderValue::try_from(disposition).map_err(|_| Problem::Fault)?;
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// As RFC 5987 writes names in headers.
fn escaped(name: &str) -> String {
    use std::fmt::Write as _;
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}"); // writing to a String cannot fail
        }
        text
    })
}
