//! The mail pages of a demonstration: everybody's mailbox, every mail as its reader sees it, and a button that moves the clock.
//!
//! A mail is written by strangers' words, so its HTML part stands in a frame without scripts, forms, pictures from elsewhere or
//! any power over the page around it. Pages answer only to the name under which they were offered, so that no other site's name
//! can be turned to them.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use crate::catcher::{Catcher, Caught};

const STYLE: &str = "body{font:17px/1.5 system-ui,sans-serif;max-width:60rem;margin:1.5rem auto;padding:0 1rem}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ccc}\
    pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #ccc;padding:1rem;font:inherit}\
    iframe{width:100%;height:46rem;border:1px solid #ccc;background:#fff}\
    button{font:inherit;padding:.6rem 1rem}summary{cursor:pointer;padding:.6rem 0}.quiet{color:#595959}\
    h1,p,td,th{overflow-wrap:anywhere}\
    @media(max-width:34rem){table,tbody,tr,td{display:block}tr{padding:.5rem 0;border-bottom:1px solid #ccc}\
    td{padding:.1rem 0;border:0}tr:has(th){display:none}h1{font-size:1.4rem}}";
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";
/// Links may open pages of their own; nothing else may happen.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; \
    img-src data:; frame-ancestors 'self'";
/// How long the office may take to move its clock before the page is shown again.
const PATIENCE: Duration = Duration::from_millis(400);

/// Whose mailbox it is.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Their code in the directory.
    pub code: String,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// What the pages show.
#[derive(Clone)]
pub struct Mailroom {
    /// The mails.
    pub catcher: Catcher,
    /// Whose they may be.
    pub owners: Arc<Vec<Owner>>,
    /// The time on the office's clock.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Where the office is.
    pub zone: TimeZone,
    /// Asks the office to move its clock to the next working morning.
    pub morning: mpsc::Sender<()>,
}

impl std::fmt::Debug for Mailroom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailroom").field("catcher", &self.catcher).finish_non_exhaustive()
    }
}

/// The pages, for the address on which they are offered.
pub fn router(room: Mailroom, address: SocketAddr) -> Router {
    let names: Arc<[String]> = Arc::from([address.to_string(), format!("localhost:{}", address.port())]);
    Router::new()
        .route("/", get(boxes))
        .route("/mails", get(every_mail))
        .route("/box/{person}", get(mailbox))
        .route("/mail/{number}", get(mail))
        .route("/mail/{number}/html", get(html_part))
        .route("/style.css", get(style))
        .route("/morning", post(next_morning))
        .layer(from_fn_with_state(names, guard))
        .with_state(room)
}

/// Another site whose name was turned to this address is told nothing, and may press no button.
async fn guard(State(names): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let host = said(&request, HOST).unwrap_or_default();
    if !names.contains(&host) {
        let words = format!("this page is {}, not {host}\n", names[0]);
        return (StatusCode::MISDIRECTED_REQUEST, words).into_response();
    }
    let from = said(&request, HeaderName::from_static("sec-fetch-site"));
    if request.method() == axum::http::Method::POST && !matches!(from.as_deref(), None | Some("same-origin" | "none")) {
        return (StatusCode::FORBIDDEN, "only this page's own button moves the clock\n").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    put(headers, CACHE_CONTROL, "no-store");
    put(headers, REFERRER_POLICY, "no-referrer");
    put(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        put(headers, CONTENT_SECURITY_POLICY, PAGE_POLICY);
    }
    response
}

fn said(request: &Request, name: HeaderName) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

async fn boxes(State(room): State<Mailroom>) -> Html<String> {
    let mails = room.catcher.mails_since(0);
    let mut people: Vec<(&Owner, usize, u64)> = room
        .owners
        .iter()
        .map(|owner| {
            let mine = mails.iter().filter(|mail| is_to(mail, &owner.email));
            (owner, mine.clone().count(), mine.map(|mail| mail.number).max().unwrap_or_default())
        })
        .filter(|(_, count, _)| *count > 0)
        .collect();
    people.sort_by_key(|(_, _, last)| std::cmp::Reverse(*last));
    let mut rows = String::new();
    for (owner, count, _) in people {
        let (code, name, email) = (escape(&owner.code), escape(&owner.name), escape(&owner.email));
        // Writing to a text never fails, here and below.
        let _ = write!(
            rows,
            "<tr><td><a href=\"/box/{code}\">{name}</a></td><td class=\"quiet\">{code}</td><td>{email}</td>\
             <td>{count}</td></tr>"
        );
    }
    let all = mails.len();
    room.page(
        "Hộp thư · Mailboxes",
        &format!(
            "<form method=\"post\" action=\"/morning\"><button>Sang sáng ngày làm việc kế tiếp · To the next working \
             morning</button></form><p><a href=\"/mails\">Mọi thư · All mails ({all})</a></p>\
             <table><tr><th>Người · Person</th><th></th><th>Địa chỉ · Address</th><th>Thư · Mails</th></tr>{rows}</table>"
        ),
    )
}

async fn every_mail(State(room): State<Mailroom>) -> Html<String> {
    let mut rows = String::new();
    for mail in room.catcher.mails_since(0).iter().rev() {
        let (number, subject) = (mail.number, escape(&mail.subject));
        let (to, date) = (escape(&mail.to_header), escape(&room.sent(mail)));
        let _ = write!(
            rows,
            "<tr><td>{to}</td><td><a href=\"/mail/{number}\">{subject}</a></td><td class=\"quiet\">{date}</td></tr>"
        );
    }
    let head = "<tr><th>Người nhận · To</th><th>Chủ đề · Subject</th><th>Ngày · Date</th></tr>";
    room.page("Mọi thư · All mails", &format!("<p><a href=\"/\">←</a></p><table>{head}{rows}</table>"))
}

async fn mailbox(State(room): State<Mailroom>, Path(person): Path<String>) -> Response {
    let Some(owner) = room.owners.iter().find(|owner| owner.code == person) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut rows = String::new();
    for mail in room.catcher.mails_since(0).iter().rev().filter(|mail| is_to(mail, &owner.email)) {
        let (number, subject, date) = (mail.number, escape(&mail.subject), escape(&room.sent(mail)));
        let _ =
            write!(rows, "<tr><td><a href=\"/mail/{number}\">{subject}</a></td><td class=\"quiet\">{date}</td></tr>");
    }
    let content = format!("<p><a href=\"/\">←</a> {}</p><table>{rows}</table>", escape(&owner.email));
    room.page(&owner.name, &content).into_response()
}

async fn mail(State(room): State<Mailroom>, Path(number): Path<u64>) -> Response {
    let Some(mail) = room.catcher.mail(number) else { return StatusCode::NOT_FOUND.into_response() };
    let owner = room.owners.iter().find(|owner| is_to(&mail, &owner.email));
    let back = owner.map_or_else(|| "/mails".to_owned(), |owner| format!("/box/{}", owner.code));
    let head = format!(
        "<p><a href=\"{}\">←</a> {} · {}</p>",
        escape(&back),
        escape(&mail.to_header),
        escape(&room.sent(&mail))
    );
    let text = linked(&mail);
    let content = if mail.html.is_empty() {
        format!("{head}<pre>{text}</pre>")
    } else {
        format!(
            "{head}<iframe src=\"/mail/{number}/html\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" \
             title=\"Thư · Mail\"></iframe><details><summary>Bản chữ · Text part</summary><pre>{text}</pre></details>"
        )
    };
    room.page(&mail.subject, &content).into_response()
}

/// The text part, with its links.
fn linked(mail: &Caught) -> String {
    let mut text = escape(&mail.text);
    // The longest first: one may be the beginning of another.
    let mut links: Vec<String> = mail.links.iter().map(|link| escape(link)).collect();
    links.sort_by_key(|link| std::cmp::Reverse(link.len()));
    for (number, link) in links.iter().enumerate() {
        text = text.replace(link, &format!("\u{0}{number}\u{0}"));
    }
    for (number, link) in links.iter().enumerate() {
        text = text.replace(&format!("\u{0}{number}\u{0}"), &format!("<a href=\"{link}\">{link}</a>"));
    }
    text
}

/// The HTML part as it came, for the frame: it can do nothing but be read, and its links open pages of their own.
async fn html_part(State(room): State<Mailroom>, Path(number): Path<u64>) -> Response {
    let Some(mail) = room.catcher.mail(number) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = Html(format!("<base target=\"_blank\">{}", mail.html)).into_response();
    put(response.headers_mut(), CONTENT_SECURITY_POLICY, MAIL_POLICY);
    response
}

async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

async fn next_morning(State(room): State<Mailroom>) -> Redirect {
    // One wish is enough; further ones while it waits are the same wish.
    let _ = room.morning.try_send(());
    tokio::time::sleep(PATIENCE).await;
    Redirect::to("/")
}

impl Mailroom {
    /// A moment as the office's clock shows it.
    fn said(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// When a mail was sent; as its header has it, where that is no date.
    fn sent(&self, mail: &Caught) -> String {
        rfc2822::DateTimeParser::new()
            .parse_timestamp(&mail.date)
            .map_or_else(|_| mail.date.clone(), |at| self.said(at))
    }

    fn page(&self, title: &str, content: &str) -> Html<String> {
        let (title, now) = (escape(title), self.said((self.clock)()));
        Html(format!(
            "<!doctype html><html lang=\"vi\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title}</title><link rel=\"stylesheet\" href=\"/style.css\">\
             <p class=\"quiet\">chancery demo · {now}</p><h1>{title}</h1>{content}</html>"
        ))
    }
}

fn is_to(mail: &Caught, email: &str) -> bool {
    mail.to.iter().any(|to| to.eq_ignore_ascii_case(email))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
