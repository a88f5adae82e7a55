//! Where somebody from outside asks for a link by which to open a dossier. The address is published; the mailbox is all that is asked
//! for, and what is answered does not depend on whether anybody reads it.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::error::Problem;
use super::form::Form;
use super::opening::LINK_HOURS;
use super::page::{self, Frame};
use super::reader::Reader;
use super::routes::Place;
use super::say::Texts;
use super::view::refused::Wrong;
use super::{App, stranger, visit};
use crate::ids::{MailId, PersonId, WorkflowName};
use crate::machine::{Mailbox, PublicStart};
use crate::store::knocks::Counted;
use crate::store::start_links::LinkAsked;

#[derive(Debug, Serialize)]
struct CallPage {
    workflow: String,
    help: String,
    /// Whose mailboxes are taken, in words; empty where anybody's are.
    domains: String,
    mail: String,
    hours: i64,
    /// A link was asked for.
    sent: bool,
    /// This page, to ask once more.
    again: String,
    errors: Vec<Wrong>,
}

/// A workflow that somebody may open a dossier of.
struct Called {
    reader: Reader,
    rule: PublicStart,
    asked: Option<&'static Texts>,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(workflow): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let called = Called::of(&app, &workflow, query.as_deref(), &headers).await?;
    let sent = query.as_deref().is_some_and(|query| query.split('&').any(|part| part == "sent=1"));
    called.page(&app, &workflow, "", sent, Vec::new())
}

/// `POST`: a link is asked for.
pub(super) async fn knock(
    State(app): State<App>,
    Path(workflow): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let called = Called::of(&app, &workflow, query.as_deref(), request.headers()).await?;
    let network = stranger::network(&app, request.headers(), request.extensions());
    let form = Form::read(request).await?;
    let typed = form.get("mail");
    let wrong = match Mailbox::read(typed) {
        None => Some(called.reader.get("call.no_mail")),
        Some(mailbox) if !called.rule.takes(&mailbox) => {
            let domains = called.rule.domains.join(", ");
            Some(called.reader.texts.fill("call.other_domain", &[("domains", &domains)]))
        }
        Some(mailbox) => {
            // Whoever mistypes is not counted: nothing was sent.
            match stranger::count(&app, mailbox.as_str(), network).await? {
                Counted::Network => {
                    tracing::warn!("too many links to open a dossier were asked for from one network; none was sent");
                    return Err(Problem::TooMany);
                }
                Counted::Mailbox => {}
                Counted::Taken => called.send_link(&app, &workflow, &mailbox).await?,
            }
            None
        }
    };
    if let Some(said) = wrong {
        return called.page(&app, &workflow, typed, false, vec![Wrong::at(said, "mail")]);
    }
    let lang = called.asked.map(|texts| format!("&lang={}", texts.code())).unwrap_or_default();
    let path = format!("{}?sent=1{lang}", Place::Call(&workflow).path(&app.site));
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response())
}

impl Called {
    async fn of(app: &App, workflow: &str, query: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        let machine = app.engine.current(&WorkflowName::new(workflow)).await?.ok_or(Problem::NotFound)?;
        let rule = machine.public_start.clone().ok_or(Problem::NotFound)?;
        let texts = page::strangers_language(query, headers);
        let reader = visit::reader_with(app, machine, app.engine.directory(), &PersonId::new(""), texts)?;
        Ok(Self { reader, rule, asked: page::asked_language(query) })
    }

    fn page(&self, app: &App, workflow: &str, mail: &str, sent: bool, errors: Vec<Wrong>) -> Result<Response, Problem> {
        let reader = &self.reader;
        let shown = CallPage {
            workflow: reader.text(&reader.machine.title).to_owned(),
            help: reader.text(&self.rule.help).to_owned(),
            domains: self.rule.domains.join(", "),
            mail: mail.to_owned(),
            hours: LINK_HOURS,
            sent,
            again: in_language(Place::Call(workflow).path(&app.site), self.asked),
            errors,
        };
        let status = if shown.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        page::page(&Frame::new(app, Some(reader.texts), "vi"), status, "call.html", &shown)
    }

    async fn send_link(&self, app: &App, workflow: &str, mailbox: &Mailbox) -> Result<(), Problem> {
        let (engine, id) = (&app.engine, app.engine.chance().id());
        let (mail, now) = (MailId::new(engine.fresh_id()), engine.now());
        let message_id = format!("<{mail}@{}>", app.site.host());
        let asked = LinkAsked {
            mailbox: engine.sealed_text(&id, mailbox.as_str()),
            id,
            workflow: WorkflowName::new(workflow),
            language: self.reader.texts.code().to_owned(),
            key_id: app.links.newest(),
            mail: (mail, message_id),
            now,
            ends_at: now.plus_ms(LINK_HOURS * 3_600_000),
        };
        if engine.store().ask_start_link(asked).await? {
            return Ok(());
        }
        tracing::warn!("too many links to open a dossier wait for their readers; none was sent");
        Err(Problem::TooMany)
    }
}

/// A path that keeps the language that was chosen.
pub(super) fn in_language(mut path: String, asked: Option<&'static Texts>) -> String {
    if let Some(texts) = asked {
        path.push_str("?lang=");
        path.push_str(texts.code());
    }
    path
}
