//! The pages that know nobody: who we are, whether we are well, the style sheet.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::context;

use super::App;
use super::error::Problem;
use super::page::{self, Frame};

/// Who we are, and that everything begins with a mailed link.
pub(super) async fn home(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let frame = Frame::new(&app, page::strangers_language(query.as_deref(), &headers), "vi");
    page::page(&frame, StatusCode::OK, "home.html", &context! {})
}

/// One line per part of the process; 503 when one of them is not well. For probes, not for people.
pub(super) async fn health(State(app): State<App>) -> Response {
    let health = app.health.borrow().clone();
    let status = if health.is_well() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut text = String::from(if health.is_well() { "ok\n" } else { "not well\n" });
    for (part, state) in &health.parts {
        text.push_str(part);
        text.push_str(": ");
        text.push_str(state.as_ref().err().map_or("ok", String::as_str));
        text.push('\n');
    }
    (status, text).into_response()
}

/// The style sheet: the one answer that says nothing about anybody and may be kept.
pub(super) async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, page::STYLE).into_response()
}
