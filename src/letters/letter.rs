//! What a mail is about, loaded and resolved: everything that composing needs, so that composing is pure.

use jiff::tz::TimeZone;

use super::invitation::{CalendarPart, Invitation};
use super::texts::Texts;
use crate::dossier::Purpose;
use crate::dossier::project::NoticeKind;
use crate::ids::{Instant, MailId};
use crate::machine::Proofs;
use crate::words::clean;

/// One mail's content: what has to be said to one person now.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The mail's row.
    pub mail: MailId,
    /// Its Message-ID, with angle brackets.
    pub message_id: String,
    /// Who reads it.
    pub reader: Reader,
    /// What it is about; never empty.
    pub matters: Vec<Matter>,
    /// What earlier mails put into its reader's calendar and what is otherwise now.
    pub entries: Vec<Invitation>,
    /// The page with all of these matters; for a mail about more than one, or about one that asks nothing.
    pub desk: String,
    /// When it is written.
    pub now: Instant,
    /// The reader's time zone.
    pub zone: TimeZone,
}

/// Who writes, as readers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender<'a> {
    /// The office.
    pub name: &'a str,
    /// Its mailbox.
    pub address: &'a str,
    /// Whom to call: a name and a telephone number; empty where nobody is named.
    pub contact: &'a str,
    /// Test machines: every mail goes here, with a line that names the one it was meant for.
    pub redirect_to: Option<&'a str>,
}

impl Sender<'_> {
    /// Whom readers may ask: the one to call, or the mailbox.
    pub(super) fn whom_to_ask(&self) -> String {
        let contact = clean(self.contact);
        if contact.is_empty() { clean(self.address) } else { contact }
    }

    /// To whom a mail goes (name, address) and under which subject: its reader, or the test address.
    pub(super) fn addressed(&self, reader: &Reader, subject: String) -> (String, String, String) {
        match self.redirect_to {
            Some(to) => {
                let texts = Texts::of(&reader.language);
                (String::new(), to.to_owned(), texts.say("subject.redirected", &[("subject", &subject)]))
            }
            None => (reader.name.clone(), reader.email.clone(), subject),
        }
    }

    /// A mail to one reader that brings no calendar entry: its parts (HTML, text), its Message-ID and when it is written.
    pub(super) fn email(
        &self,
        reader: &Reader,
        subject: String,
        (html, text): (String, String),
        (message_id, date): (&str, Instant),
    ) -> Email {
        let (to_name, to_address, subject) = self.addressed(reader, subject);
        let (calendar, entries, message_id) = (Vec::new(), Vec::new(), message_id.to_owned());
        Email { to_name, to_address, subject, text, html, calendar, entries, message_id, date }
    }
}

/// A mail to one person, composed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The recipient's name.
    pub to_name: String,
    /// The recipient's address.
    pub to_address: String,
    /// The subject.
    pub subject: String,
    /// The text part, lines ended by `\n`.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// What its reader may put into their calendar.
    pub calendar: Vec<CalendarPart>,
    /// What it puts right there, beside what it is about.
    pub entries: Vec<CalendarPart>,
    /// The Message-ID, with its angle brackets: the same in every attempt.
    pub message_id: String,
    /// When it was written.
    pub date: Instant,
}

/// Who reads a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Their name.
    pub name: String,
    /// How they are addressed: `ông`, `bà`, `đồng chí`.
    pub address: Option<String>,
    /// Their mailbox.
    pub email: String,
    /// The language they read.
    pub language: String,
    /// They are of no office of ours.
    pub outside: bool,
}

/// One matter of a mail; its texts are in the reader's language already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matter {
    /// Why it is said.
    pub kind: NoticeKind,
    /// What is asked; none where nothing is.
    pub purpose: Option<Purpose>,
    /// The workflow's title.
    pub workflow: String,
    /// What the dossier is called.
    pub caption: String,
    /// The title of the state that it stands in.
    pub state: String,
    /// What is asked, in the workflow's words: a task's title, a vote's title.
    pub task: String,
    /// More words on it.
    pub help: String,
    /// Whom outside it waits for.
    pub outside: Option<String>,
    /// As whom the reader is asked.
    pub role: Option<String>,
    /// On whose behalf, where they stand in for somebody.
    pub behalf: Option<String>,
    /// Those for whom the reader prepares the answer, with how they are addressed.
    pub prepares_for: Option<String>,
    /// The answer that lies ready for the reader: who prepared it, and what it says.
    pub prepared: Option<(String, String)>,
    /// The body that votes.
    pub body: Option<String>,
    /// By when.
    pub due_at: Option<Instant>,
    /// Working days from today until then; below zero when it has passed.
    pub days_left: i64,
    /// How many dossiers stand on the list, where it is one.
    pub rows: Option<usize>,
    /// What happens when it is not done by then.
    pub consequences: Vec<Consequence>,
    /// For an escalation: who was asked and did nothing.
    pub asked: Vec<String>,
    /// What its page asks for besides the link; where it asks for anything, the mail does not say what the matter is about.
    pub demands: Proofs,
    /// The reader may give others the numbers that they are asked for.
    pub gives_numbers: bool,
    /// Why it came to this, in the words that were given.
    pub grounds: Vec<String>,
    /// Numbers of documents that stand in it, by what they are called.
    pub numbers: Vec<(String, String)>,
    /// What became of the reader's own objection.
    pub settlement: Option<Settlement>,
    /// Where the reader can do it.
    pub link: Option<String>,
    /// What the workflow says of it in its own words.
    pub own: Option<Own>,
    /// A session to put into a calendar, or to take out of it.
    pub invitation: Option<Invitation>,
}

/// What a workflow says in its own words, filled in and safe in a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// The mail's name in the workflow.
    pub name: String,
    /// What stands in the subject; empty: the usual words.
    pub subject: String,
    /// What is said, by paragraphs; none: the usual words.
    pub text: Vec<String>,
    /// What happens if nothing is done; empty: what the deadline says.
    pub otherwise: String,
}

/// How somebody's objection was settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// What they objected.
    pub what: String,
    /// When, in full words.
    pub day: String,
    /// How it was decided, in the workflow's word.
    pub decision: String,
    /// Why.
    pub why: String,
}

/// What happens when a matter is not done by its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Somebody is told: the label of a role.
    Escalates(String),
    /// The dossier moves on: the title of a state.
    Moves(String),
    /// Silence is recorded as this.
    Silence(String),
    /// No more ballots are taken.
    Closes,
}

impl Matter {
    /// Whether the reader is asked to do it.
    pub fn asks(&self) -> bool {
        self.kind.asks()
    }

    /// Whether the mail keeps to itself what it is about: who forwards it must not show more than its page would.
    pub fn is_withheld(&self) -> bool {
        !self.demands.is_none()
    }
}
