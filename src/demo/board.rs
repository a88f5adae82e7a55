//! The page of a demonstration: everybody's mailbox, every mail with its links, and a button that moves the clock.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::DemoError;
use super::cast::Cast;
use super::stage::Stage;
use crate::calendar::Calendar;
use crate::catcher::{Catcher, Caught};
use crate::engine::Engine;

/// How often the office looks what is due.
const BEAT: Duration = Duration::from_millis(200);
const DAY_MS: u128 = 24 * 60 * 60 * 1000;

const STYLE: &str = "body{font:17px/1.5 system-ui,sans-serif;max-width:60rem;margin:1.5rem auto;padding:0 1rem}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ccc}\
    pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #ccc;padding:1rem;font:inherit}\
    button{font:inherit;padding:.6rem 1rem}.new{font-weight:700}.quiet{color:#595959}";

/// What the page shows.
#[derive(Clone, Debug)]
struct Board {
    catcher: Catcher,
    cast: Arc<Cast>,
    engine: Engine,
    calendar: Arc<Calendar>,
    /// Asks the office to move its clock to the next working morning.
    morning: mpsc::Sender<()>,
}

/// Shows the page and keeps the office going until Ctrl-C. With `day`, a day of the office takes that long.
///
/// # Errors
/// The database or the network fails.
pub async fn run(mut stage: Stage, listener: TcpListener, day: Option<Duration>) -> Result<(), DemoError> {
    let (morning, mut asked) = mpsc::channel(1);
    let board = Board {
        catcher: stage.catcher.clone(),
        cast: Arc::new(stage.office.cast.clone()),
        engine: stage.engine.clone(),
        calendar: stage.calendar.clone(),
        morning,
    };
    let router = Router::new()
        .route("/", get(boxes))
        .route("/box/{person}", get(mailbox))
        .route("/mail/{number}", get(mail))
        .route("/morning", post(next_morning))
        .with_state(board);
    let mut served = tokio::spawn(axum::serve(listener, router).into_future());
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            ended = &mut served => return ended.unwrap_or(Ok(())).map_err(DemoError::from),
            Some(()) = asked.recv() => stage.move_to(stage.next_morning(stage.now())).await?,
            _ = beat.tick() => {
                if let Some(day) = day.filter(|day| !day.is_zero()) {
                    let passed = i64::try_from(DAY_MS * BEAT.as_millis() / day.as_millis().max(1)).unwrap_or(i64::MAX);
                    stage.move_to(stage.now().plus_ms(passed)).await?;
                }
            }
        }
        stage.rest().await?;
    }
}

async fn boxes(State(board): State<Board>) -> Html<String> {
    let mails = board.catcher.mails_since(0);
    let mut people: Vec<(&str, &str, &str, usize, u64)> = board
        .cast
        .everybody()
        .map(|(code, name, email)| {
            let mine = mails.iter().filter(|mail| is_to(mail, email));
            (code, name, email, mine.clone().count(), mine.map(|mail| mail.number).max().unwrap_or_default())
        })
        .filter(|person| person.3 > 0)
        .collect();
    people.sort_by_key(|person| std::cmp::Reverse(person.4));
    let mut rows = String::new();
    for (code, name, email, count, _) in people {
        let (code, name, email) = (escape(code), escape(name), escape(email));
        let _ = write!(
            rows,
            "<tr><td><a href=\"/box/{code}\">{name}</a></td><td class=\"quiet\">{code}</td><td>{email}</td><td>{count}</td></tr>"
        ); // writing to a String cannot fail
    }
    page(
        &board,
        "Hộp thư · Mailboxes",
        &format!(
            "<form method=\"post\" action=\"/morning\"><button>Sang sáng ngày làm việc kế tiếp · To the next working morning</button></form>\
            <table><tr><th>Người · Person</th><th></th><th>Địa chỉ · Address</th><th>Thư · Mails</th></tr>{rows}</table>"
        ),
    )
}

async fn mailbox(State(board): State<Board>, Path(person): Path<String>) -> Response {
    let Some((_, name, email)) = board.cast.everybody().find(|(code, _, _)| *code == person) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut rows = String::new();
    for mail in board.catcher.mails_since(0).iter().rev().filter(|mail| is_to(mail, email)) {
        let (number, subject, date) = (mail.number, escape(&mail.subject), escape(&mail.date));
        let _ =
            write!(rows, "<tr><td><a href=\"/mail/{number}\">{subject}</a></td><td class=\"quiet\">{date}</td></tr>"); // as above
    }
    page(&board, &escape(name), &format!("<p><a href=\"/\">←</a> {}</p><table>{rows}</table>", escape(email)))
        .into_response()
}

async fn mail(State(board): State<Board>, Path(number): Path<u64>) -> Response {
    let Some(mail) = board.catcher.mail(number) else { return StatusCode::NOT_FOUND.into_response() };
    let mut text = escape(&mail.text);
    for link in &mail.links {
        let link = escape(link);
        text = text.replace(&link, &format!("<a href=\"{link}\">{link}</a>"));
    }
    let owner = mail.to.first().and_then(|address| board.cast.owner(address)).unwrap_or_default();
    let back =
        format!("<p><a href=\"/box/{}\">←</a> {} · {}</p>", escape(owner), escape(&mail.to_header), escape(&mail.date));
    page(&board, &escape(&mail.subject), &format!("{back}<pre>{text}</pre>")).into_response()
}

async fn next_morning(State(board): State<Board>) -> Redirect {
    // One wish is enough; further ones while it waits are the same wish.
    let _ = board.morning.try_send(());
    tokio::time::sleep(BEAT * 2).await;
    Redirect::to("/")
}

fn page(board: &Board, title: &str, content: &str) -> Html<String> {
    let now = board.engine.now().timestamp().to_zoned(board.calendar.zone().clone());
    let now = now.strftime("%Y-%m-%d %H:%M");
    Html(format!(
        "<!doctype html><html lang=\"vi\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
        <title>{title}</title><style>{STYLE}</style><p class=\"quiet\">chancery demo · {now}</p><h1>{title}</h1>{content}</html>"
    ))
}

fn is_to(mail: &Caught, email: &str) -> bool {
    mail.to.iter().any(|to| to.eq_ignore_ascii_case(email))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
