//! The mail that tells somebody who stands in for them, or for whom they stand in. Whoever is away reads it as soon as it is said, by
//! whomever: that a mail of theirs was passed on must not hand their office over unseen.

use jiff::civil::Date;
use serde::Serialize;

use super::compose::{ComposeError, parts};
use super::letter::{Email, Reader, Sender};
use super::texts::Texts;
use super::view::greeting;
use crate::ids::Instant;
use crate::words::clean;

/// An absence and who is told of it.
#[derive(Clone, Debug)]
pub struct AbsenceLetter {
    /// Its Message-ID, with angle brackets.
    pub message_id: String,
    /// Who reads it.
    pub reader: Reader,
    /// Who stands in for them, or for whom they stand in.
    pub other: String,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// Where whoever is away ends it; none for who stands in.
    pub end: Option<String>,
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
    means: String,
    end: Option<String>,
    end_button: String,
    written: String,
    foot: Vec<String>,
}

/// Writes the mail.
///
/// # Errors
/// A template fails; a test says that ours do not.
pub fn compose_absence(letter: &AbsenceLetter, sender: Sender<'_>) -> Result<Email, ComposeError> {
    let texts = Texts::of(&letter.reader.language);
    let office = clean(sender.name);
    let (name, address, other) = (clean(&letter.reader.name), clean(&letter.reader.email), clean(&letter.other));
    let (from, until) = (texts.words.date_long(letter.from), texts.words.date_long(letter.until));
    let contact = sender.whom_to_ask();
    let own = letter.end.is_some();
    let key = |own_key: &'static str, other_key: &'static str| if own { own_key } else { other_key };
    let holes = [("other", other.as_str()), ("from", from.as_str()), ("until", until.as_str()), ("contact", &contact)];
    let (short_from, short_until) = (texts.words.date_short(letter.from), texts.words.date_short(letter.until));
    let days = [("other", other.as_str()), ("from", short_from.as_str()), ("until", short_until.as_str())];
    let title = texts.say(key("absence.subject", "absence.deputy_subject"), &days);
    let view = View {
        lang: texts.code,
        sender: office,
        title: title.clone(),
        redirected: sender.redirect_to.map(|_| texts.say("foot.redirected", &[("name", &name), ("address", &address)])),
        greeting: greeting(&letter.reader, texts),
        intro: texts.say(key("absence.intro", "absence.deputy_intro"), &holes),
        means: texts.say(key("absence.not_you", "absence.deputy_means"), &holes),
        end: letter.end.clone(),
        end_button: texts.say("absence.end", &[]),
        written: texts.say("link.written", &[]),
        foot: vec![texts.say("absence.contact", &holes), texts.say("foot.automatic", &[])],
    };
    Ok(sender.email(&letter.reader, title, parts("absence", &view)?, (&letter.message_id, letter.now)))
}
