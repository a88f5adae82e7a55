//! The mail that brings a code for signing in. It has no link: nobody who waits for it needs one, and what asks for a code by a link
//! is somebody else. The code stands in no subject, which locked telephones show and mail servers write down.

use serde::Serialize;

use super::compose::{ComposeError, parts};
use super::letter::{Email, Reader, Sender};
use super::texts::Texts;
use super::view::greeting;
use crate::ids::Instant;
use crate::words::clean;

/// A code and who gets it.
#[derive(Clone, Debug)]
pub struct CodeLetter {
    /// Its Message-ID, with angle brackets.
    pub message_id: String,
    /// Who reads it.
    pub reader: Reader,
    /// The digits.
    pub code: String,
    /// For how long it is good, from when it was asked for.
    pub minutes: i64,
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
    code: String,
    until: String,
    foot: Vec<String>,
}

/// Writes the mail.
///
/// # Errors
/// A template fails; a test says that ours do not.
pub fn compose_code(letter: &CodeLetter, sender: Sender<'_>) -> Result<Email, ComposeError> {
    let texts = Texts::of(&letter.reader.language);
    let office = clean(sender.name);
    let (name, address) = (clean(&letter.reader.name), clean(&letter.reader.email));
    let title = texts.say("code.subject", &[("sender", &office)]);
    // Two groups: eight digits in a row are easily misread.
    let (first, second) = letter.code.split_at(letter.code.len() / 2);
    let contact = sender.whom_to_ask();
    let view = View {
        lang: texts.code,
        sender: office.clone(),
        title: title.clone(),
        redirected: sender.redirect_to.map(|_| texts.say("foot.redirected", &[("name", &name), ("address", &address)])),
        greeting: greeting(&letter.reader, texts),
        intro: texts.say("code.intro", &[("sender", &office)]),
        code: format!("{first} {second}"),
        until: texts.say("code.until", &[("n", &letter.minutes.to_string())]),
        foot: vec![
            texts.say("code.secret", &[]),
            texts.say("code.not_you", &[("contact", &contact)]),
            texts.say("foot.automatic", &[]),
        ],
    };
    Ok(sender.email(&letter.reader, title, parts("code", &view)?, (&letter.message_id, letter.now)))
}
