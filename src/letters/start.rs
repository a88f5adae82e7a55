//! The mail that brings a link by which somebody from outside opens a dossier. Nothing that was typed stands in it: whoever typed the
//! mailbox need not be who reads this.

use serde::Serialize;

use super::compose::{ComposeError, parts};
use super::letter::{Email, Reader, Sender};
use super::texts::Texts;
use super::view::greeting;
use crate::ids::Instant;
use crate::words::clean;

/// A link and who gets it.
#[derive(Clone, Debug)]
pub struct StartLetter {
    /// Its Message-ID, with angle brackets.
    pub message_id: String,
    /// Who reads it: a mailbox, and no name.
    pub reader: Reader,
    /// The workflow's title.
    pub workflow: String,
    /// Where the dossier is opened.
    pub link: String,
    /// For how long the link is good, from when it was asked for.
    pub hours: i64,
    /// When it is written.
    pub now: Instant,
}

#[derive(Debug, Serialize)]
struct View {
    lang: &'static str,
    sender: String,
    title: String,
    redirected: Option<String>,
    greeting: String,
    intro: String,
    nothing_yet: String,
    open: String,
    written: String,
    link: String,
    until: String,
    foot: Vec<String>,
}

/// Writes the mail.
///
/// # Errors
/// A template fails; a test says that ours do not.
pub fn compose_start(letter: &StartLetter, sender: Sender<'_>) -> Result<Email, ComposeError> {
    let texts = Texts::of(&letter.reader.language);
    let (office, workflow) = (clean(sender.name), clean(&letter.workflow));
    let address = clean(&letter.reader.email);
    let title = texts.say("start.subject", &[("workflow", &workflow)]);
    let contact = sender.whom_to_ask();
    let view = View {
        lang: texts.code,
        sender: office.clone(),
        title: title.clone(),
        redirected: sender
            .redirect_to
            .map(|_| texts.say("foot.redirected", &[("name", &address), ("address", &address)])),
        greeting: greeting(&letter.reader, texts),
        intro: texts.say("start.intro", &[("sender", &office), ("workflow", &workflow)]),
        nothing_yet: texts.say("start.nothing_yet", &[]),
        open: texts.say("start.open", &[]),
        written: texts.say("link.written", &[]),
        link: letter.link.clone(),
        until: texts.say("start.until", &[("n", &letter.hours.to_string())]),
        foot: vec![texts.say("start.not_you", &[("contact", &contact)]), texts.say("foot.automatic", &[])],
    };
    Ok(sender.email(&letter.reader, title, parts("start", &view)?, (&letter.message_id, letter.now)))
}
