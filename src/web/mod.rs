//! The pages that people reach from mailed links. They show what is asked and make commands; every one of these ends in
//! [`Engine::handle`], and nothing is decided here. GET changes nothing, not even "seen". No script, no cookie, no session.

mod answer;
mod desk;
mod draft;
pub mod error;
mod form;
mod gate;
mod hands;
mod list;
mod page;
mod paper;
mod plain;
mod public;
mod reader;
pub mod routes;
mod row;
pub mod say;
mod serve;
mod task;
pub mod upload;
mod view;
mod visit;
mod way;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use tokio::sync::watch;

use crate::engine::Engine;
use crate::links::LinkKeys;
use error::Problem;
use routes::{Route, Site};
pub use serve::serve;
pub use view::refused::{Earlier, meant};

/// The largest form that is taken: a few papers of [`papers::BYTES_MAX`](crate::papers::BYTES_MAX) each.
const FORM_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What the pages stand on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// Where commands go and dossiers come from.
    pub engine: Engine,
    /// The keys of mailed links.
    pub links: Arc<LinkKeys>,
    /// Where this installation is reached.
    pub site: Arc<Site>,
    /// Whose pages these are: the name in the head of each.
    pub office: Arc<str>,
    /// How the parts of this process are, as the service last said.
    pub health: watch::Receiver<Health>,
}

/// How the parts of a process are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Each part by name, and what is wrong with it, if anything.
    pub parts: Vec<(&'static str, Result<(), String>)>,
}

impl Health {
    /// Every part is well.
    pub fn is_well(&self) -> bool {
        self.parts.iter().all(|(_, state)| state.is_ok())
    }
}

/// All pages, below the path of the public address.
pub fn router(app: App) -> Router {
    let path = |route: Route| format!("{}{}", app.site.prefix(), route.pattern());
    let mut router = Router::new()
        .route(&path(Route::Home), get(plain::home))
        .route(&path(Route::Health), get(plain::health))
        .route(&path(Route::Style), get(plain::style))
        .route(&path(Route::Task), get(task::show).post(answer::answer))
        .route(&path(Route::Paper), get(paper::show))
        .route(&path(Route::Draft), get(draft::show))
        .route(&path(Route::Row), get(row::show))
        .route(&path(Route::RowPaper), get(row::paper))
        .route(&path(Route::Way), get(way::show))
        .route(&path(Route::Desk), get(desk::show))
        .route(&path(Route::List), get(list::show).post(list::answer))
        .route(&path(Route::Template), get(list::blank))
        .route(&path(Route::Public), get(public::show))
        .route(&path(Route::PublicPaper), get(public::paper));
    if !app.site.prefix().is_empty() {
        router = router.route(app.site.prefix(), get(plain::home));
    }
    router
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::Method)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(middleware::from_fn_with_state(app.clone(), gate::gate))
        .with_state(app)
}

/// Bytes in hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}
