//! One mail as bytes: headers that are ours, two parts, nothing that a name or a subject could break.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

use super::settings::SmtpSettings;
use crate::ids::Instant;
use crate::letters::Email;
use crate::words::clean;

/// Characters of a subject or a name at most; what is longer ends with an ellipsis.
const LINE_MAX: usize = 250;

/// A mail as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// Sender and recipient.
    pub(super) envelope: Envelope,
    /// Headers and parts, lines ended by CRLF.
    pub bytes: Vec<u8>,
}

/// Why a mail cannot be made; trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// The directory knows no address.
    #[error("the directory has no mail address for this person")]
    NoAddress,
    /// The address is none.
    #[error("`{0}` is not a mail address")]
    Address(String),
    /// The mail library refuses it, or panicked.
    #[error("the mail could not be put together: {0}")]
    Message(String),
}

impl Encoded {
    /// The same, with another return path: to it goes what mail servers report.
    ///
    /// # Errors
    /// It is no mail address.
    pub fn returning_to(self, address: &str) -> Result<Self, Unsendable> {
        let from = address.parse().map_err(|_| Unsendable::Address(clean(address)))?;
        let envelope = Envelope::new(Some(from), self.envelope.to().to_vec());
        Ok(Self { envelope: envelope.map_err(|error| Unsendable::Message(error.to_string()))?, ..self })
    }
}

impl Email {
    /// The bytes of it. Whatever stands in names and subject, its headers are those set here and no others.
    ///
    /// # Errors
    /// An address is none, or the mail library refuses what it is given.
    pub fn encode(&self, settings: &SmtpSettings) -> Result<Encoded, Unsendable> {
        // The library has panicked on control characters in names; they are cleaned away, and if another input ever makes
        // it panic, one mail fails and not the courier.
        catch_unwind(AssertUnwindSafe(|| self.message(settings)))
            .unwrap_or_else(|_| Err(Unsendable::Message("the mail library panicked".to_owned())))
    }

    fn message(&self, settings: &SmtpSettings) -> Result<Encoded, Unsendable> {
        let from = mailbox(&settings.from_name, &settings.from_address)?;
        let to = mailbox(&self.to_name, &self.to_address)?;
        let message = Message::builder()
            .message_id(Some(clean(&self.message_id)))
            .date(date(self.date))
            .from(from)
            .to(to)
            .subject(shortened(&self.subject))
            // RFC 3834: nobody's machine shall answer; the second is Exchange's word for it.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .multipart(self.whole()?)
            .map_err(|error| Unsendable::Message(error.to_string()))?;
        Ok(Encoded { envelope: message.envelope().clone(), bytes: message.formatted() })
    }

    /// Text and HTML, and what its reader may put into their calendar: beside them, where mail programs look for it, and as a file
    /// for those that do not.
    fn whole(&self) -> Result<MultiPart, Unsendable> {
        let id = self.boundary();
        let mut texts = self.parts();
        // A mail with a file that only puts a calendar right is still a mail: no program takes it for an invitation.
        if let [one] = self.calendar.as_slice() {
            let kind = media(&format!("text/calendar; charset=utf-8; method={}", one.method))?;
            texts = texts.singlepart(SinglePart::builder().header(kind).body(one.text.clone()));
        }
        if self.calendar.is_empty() && self.entries.is_empty() {
            return Ok(texts);
        }
        let mut whole = MultiPart::mixed().boundary(format!("=m{id}")).multipart(texts);
        let invitations = self.calendar.iter().map(|one| ("invitation", one));
        let entries = self.entries.iter().map(|one| ("calendar", one));
        for (place, (name, one)) in invitations.chain(entries).enumerate() {
            let file = Attachment::new(format!("{name}-{}.ics", place + 1));
            whole = whole.singlepart(file.body(one.text.clone(), media("application/ics; charset=utf-8")?));
        }
        Ok(whole)
    }

    fn boundary(&self) -> String {
        self.message_id.chars().filter(char::is_ascii_alphanumeric).take(48).collect()
    }

    /// Text and HTML. The boundary follows from the Message-ID, so that equal mails are equal bytes; `=_` stands in no part,
    /// since both encodings escape it.
    fn parts(&self) -> MultiPart {
        MultiPart::alternative()
            .boundary(format!("=_{}", self.boundary()))
            .singlepart(SinglePart::plain(body(&self.text)))
            .singlepart(SinglePart::html(body(&self.html)))
    }
}

/// Lines ended by CRLF and nothing else that ends or breaks a line.
fn body(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let plain: String = lines.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
    plain.replace('\n', "\r\n")
}

fn media(kind: &str) -> Result<ContentType, Unsendable> {
    ContentType::parse(kind).map_err(|error| Unsendable::Message(error.to_string()))
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox, Unsendable> {
    let parsed = address.trim().parse().map_err(|_| Unsendable::Address(clean(address)))?;
    let name = shortened(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), parsed))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn date(at: Instant) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}

/// Clean, and not beyond what a mail program shows.
fn shortened(text: &str) -> String {
    let text = clean(text);
    match text.char_indices().nth(LINE_MAX) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}
