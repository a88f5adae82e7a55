//! The pages that people reach from mailed links. They show what is asked and make commands; every one of these ends in
//! [`Engine::handle`], and nothing is decided here. GET changes nothing, not even "seen". No script; a cookie only for who signs in.

mod answer;
mod away;
mod call;
mod desk;
mod dossiers;
mod draft;
pub mod error;
mod first;
mod form;
mod gate;
mod hands;
mod inbox;
mod list;
mod mails;
mod opening;
mod page;
mod paper;
mod pin;
mod pins;
mod plain;
mod public;
mod reader;
pub mod routes;
mod row;
pub mod say;
mod serve;
mod session;
mod sign_in;
mod start;
mod stranger;
mod task;
pub mod upload;
mod view;
mod visit;
mod way;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{MethodRouter, get};
use tokio::sync::watch;

use crate::engine::Engine;
use crate::links::LinkKeys;
use error::Problem;
#[doc(hidden)]
pub use form::{Parts, parts};
use routes::{Route, Site};
pub use serve::serve;
pub use view::refused::{Earlier, meant};

/// The largest form that is taken: a few papers of [`papers::BYTES_MAX`](crate::papers::BYTES_MAX) each.
const FORM_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The largest form that is taken from somebody of whom nothing is known.
const STRANGERS_BYTES_MAX: usize = 16 * 1024;

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
    /// Nothing but the pages of mailed links is served here.
    pub only_links: bool,
    /// Who is believed when they say for whom they ask.
    pub proxies: Arc<[IpAddr]>,
    /// Who keeps the office's mail, by their codes in the directory: they see what did not arrive.
    pub keepers: Arc<[String]>,
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
    let served = |route: &Route| !app.only_links || route.is_of_links();
    let mut router = Router::new();
    for route in Route::ALL.into_iter().filter(served) {
        router = router.route(&format!("{}{}", app.site.prefix(), route.pattern()), answered_by(route));
    }
    if !app.site.prefix().is_empty() && served(&Route::Home) {
        router = router.route(app.site.prefix(), answered_by(Route::Home));
    }
    router
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::Method)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(middleware::from_fn_with_state(app.clone(), gate::gate))
        .with_state(app)
}

fn answered_by(route: Route) -> MethodRouter<App> {
    match route {
        Route::Home => get(plain::home),
        Route::Health => get(plain::health),
        Route::Style => get(plain::style),
        Route::Task => get(task::show).post(answer::answer),
        Route::Paper => get(paper::show),
        Route::Draft => get(draft::show),
        Route::Row => get(row::show),
        Route::RowPaper => get(row::paper),
        Route::Way => get(way::show),
        Route::Desk => get(desk::show),
        Route::List => get(list::show).post(list::answer),
        Route::Template => get(list::blank),
        Route::OwnList => get(list::show_own).post(list::answer_own),
        Route::OwnTemplate => get(list::blank_own),
        Route::Start => get(start::show).post(start::answer),
        Route::PublicPaper => get(public::paper),
        // Anybody may send these: they are short, or they are not read.
        Route::Public => get(public::show).post(public::knock).layer(DefaultBodyLimit::max(STRANGERS_BYTES_MAX)),
        Route::Call => get(call::show).post(call::knock).layer(DefaultBodyLimit::max(STRANGERS_BYTES_MAX)),
        Route::Opening => get(opening::show).post(opening::open),
        Route::SignIn => get(sign_in::show).post(sign_in::answer).layer(DefaultBodyLimit::max(STRANGERS_BYTES_MAX)),
        Route::Dossiers => get(dossiers::show),
        Route::Dossier => get(task::show_own).post(answer::answer_own),
        Route::DossierPaper => get(paper::show_own),
        Route::DossierDraft => get(draft::show_own),
        Route::DossierWay => get(way::show_own),
        Route::Away => get(away::show).post(away::answer),
        Route::Mails => get(mails::show).post(mails::answer),
        Route::DeskAway => get(away::show_by_mail).post(away::answer_by_mail),
        Route::Pins => get(pins::show).post(pins::answer),
        Route::Inbox => get(inbox::show).post(inbox::answer),
    }
}

/// Bytes in hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}
