//! What every request passes on its way in and every answer on its way out: host, origin, time limit, headers, error pages,
//! access log. Forwarding headers are not looked at: addresses come from the configuration alone.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use super::App;
use super::error::Problem;
use super::page;
use super::routes::Route;
use super::session;

/// The longest that an answer may take; a slow line with a large paper is why it is not shorter.
const TIME_MAX: Duration = Duration::from_mins(2);

/// On every answer. What a page may do is nothing but show itself, its style and its own papers, and send its form home.
const HEADERS: [(HeaderName, &str); 9] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    ),
];

/// The gate.
pub(super) async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = tokio::time::Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let language = page::strangers_language(request.uri().query(), request.headers());
    let renewed = session::renewed(&app, request.headers());
    let answer = match checked(&app, &request, &route) {
        Ok(()) => answer_in_time(request, next).await,
        Err(problem) => Err(problem),
    };
    let mut response = match answer {
        Ok(response) => match response.extensions().get::<Problem>().cloned() {
            Some(problem) => page::problem(&app, &problem, language),
            None => response,
        },
        Err(problem) => page::problem(&app, &problem, language),
    };
    for (name, value) in HEADERS {
        if !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    // Looking at a page keeps whoever is signed in signed in; the cookie says so, and no row is written.
    if let Some(renewed) = renewed.filter(|_| !response.headers().contains_key(header::SET_COOKIE)) {
        response.headers_mut().insert(header::SET_COOKIE, renewed);
    }
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%method, route, status = response.status().as_u16(), ms, "answered");
    response
}

async fn answer_in_time(request: Request, next: Next) -> Result<Response, Problem> {
    tokio::time::timeout(TIME_MAX, next.run(request)).await.map_err(|_| Problem::Slow)
}

fn checked(app: &App, request: &Request, route: &str) -> Result<(), Problem> {
    // A probe on the machine itself does not know the public name, and this page says nothing that depends on it.
    let probe = route.strip_prefix(app.site.prefix()) == Some(Route::Health.pattern());
    if !probe && !names_us(app, request) {
        return Err(Problem::Misdirected);
    }
    if request.method() == Method::POST && !from_here(app, request.headers()) {
        return Err(Problem::Elsewhere);
    }
    Ok(())
}

fn names_us(app: &App, request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let header = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(|host| app.site.is_host(host)),
        (None, _) | (Some(_), Some(_)) => false,
    };
    header && request.uri().authority().is_none_or(|authority| app.site.is_host(authority.as_str()))
}

/// A browser that sends a form says from where, in one of two headers. Pages without a referrer have the origin `null`,
/// so that alone proves nothing; whoever sends neither is no browser and cannot be lured.
fn from_here(app: &App, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    site.is_none_or(|site| site == b"same-origin" || site == b"none")
        && origin.is_none_or(|origin| origin == b"null" || origin == app.site.origin().as_bytes())
}
