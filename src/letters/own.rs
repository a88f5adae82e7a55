//! What a workflow says of a matter in its own words.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::invitation::{Invitation, When, hour};
use super::letter::{Matter, Own};
use super::reading::Reading;
use super::texts::Texts;
use crate::calendar::Calendar;
use crate::dossier::Purpose;
use crate::dossier::project::NoticeKind;
use crate::ids::{FieldName, Instant, Text};
use crate::machine::{Mail, Session};
use crate::templates::{BLANK, Source, Voice};
use crate::words::Words;

/// Characters of a subject before its day.
const SUBJECT_MAX: usize = 200;
/// Characters of a text.
const TEXT_MAX: usize = 4_000;

impl Reading<'_> {
    /// The matter in the workflow's own words, if it has any for it.
    pub(super) fn own(&self, matter: &Matter, calendar: &Calendar, now: Instant) -> Option<Own> {
        // Their words are about the matter, and that is shown where more was shown.
        let name = self.named().filter(|_| !matter.is_withheld())?;
        let mail = self.machine.mails.get(name)?;
        let words = Words::of(self.language.as_str());
        let more = self.more(matter, calendar, words);
        let (machine, directory, language) = (self.machine, self.directory, self.language);
        let date = Words::date_long;
        let voice = Voice { machine, directory, language, words, date, unknown: BLANK, between: "; " };
        let source = Source { voice, dossier: self.dossier, calendar, now, more: &more, row: None };
        let head = Source { voice: Voice { date: Words::date_short, ..voice }, ..source };
        Some(Own {
            name: name.to_owned(),
            subject: head.line(&mail.subject, SUBJECT_MAX),
            text: source.paragraphs(self.text(mail), TEXT_MAX),
            otherwise: source.line(&mail.otherwise, TEXT_MAX),
        })
    }

    /// The session that its mail speaks of, as far as the reader may see it; none as long as it has no day.
    pub(super) fn invitation(&self, matter: &Matter, calendar: &Calendar) -> Option<Invitation> {
        let rule = self.machine.mails.get(self.named()?)?.calendar.as_ref()?;
        if rule.deadline {
            return self.deadline(rule, matter, calendar);
        }
        let field = |name: &FieldName| self.dossier.fields.get(name).and_then(Value::as_str).map(str::trim);
        let said = |name: &Option<FieldName>| name.as_ref().and_then(field).unwrap_or_default();
        let named = rule.day.as_ref()?;
        let day: Date = field(named)?.parse().ok()?;
        let written = said(&rule.hour);
        let from = hour(written).and_then(|hour| day.to_datetime(hour).to_zoned(calendar.zone().clone()).ok());
        let from = from.map(|from| Instant(from.timestamp().as_millisecond()));
        let own = matter.own.as_ref();
        let mut text = own.map(|own| own.text.join("\n")).unwrap_or_default();
        if from.is_none() && !written.is_empty() && !matter.is_withheld() {
            // It cannot be read as an hour, so whoever reads it has to.
            text = format!("{written}\n{text}");
        }
        let subject = own.map(|own| own.subject.as_str()).filter(|subject| !subject.is_empty());
        Some(Invitation {
            session: format!("{}.{named}", self.dossier.id),
            // Of the event that it says: what was set later counts, whichever mail arrives last.
            sequence: self.notice.seq,
            cancels: rule.cancels,
            when: from
                .map_or(When::Day(day), |from| When::From(from, rule.lasts.map(|lasts| calendar.after(from, lasts)))),
            summary: subject.unwrap_or(&matter.caption).to_owned(),
            place: if matter.is_withheld() { String::new() } else { said(&rule.place).to_owned() },
            text,
        })
    }

    /// The last day of what the reader is asked, where the mail by which it is asked puts that into their calendar.
    pub(super) fn last_day(&self, matter: &Matter, calendar: &Calendar) -> Option<Invitation> {
        let rule = self.machine.mails.get(self.named()?)?.calendar.as_ref()?;
        let puts = rule.deadline && !rule.cancels && matter.due_at.is_some();
        self.deadline(rule, matter, calendar).filter(|_| puts)
    }

    /// There is no last day any more: what their calendar says of the dossier is taken out.
    pub(super) fn no_last_day(&self, matter: &Matter, calendar: &Calendar) -> Option<Invitation> {
        let (deadline, cancels) = (true, true);
        let rule = Session { day: None, deadline, hour: None, lasts: None, place: None, cancels };
        let calm = Matter { task: String::new(), ..matter.clone() };
        self.deadline(&rule, &calm, calendar)
    }

    /// The last day of what the reader is asked, for their calendar. A dossier has one such entry for each reader: what is asked
    /// later takes its place, and where it falls away its day does not matter any more.
    fn deadline(&self, rule: &Session, matter: &Matter, calendar: &Calendar) -> Option<Invitation> {
        let due = matter.due_at.filter(|_| matter.asks());
        let at = due.or_else(|| rule.cancels.then_some(self.notice.at))?;
        let day = calendar.date(at);
        let own = matter.own.as_ref();
        let subject = own.map(|own| own.subject.as_str()).filter(|subject| !subject.is_empty());
        let asked = || {
            let task = Some(matter.task.as_str()).filter(|task| !task.is_empty());
            task.map_or_else(|| matter.caption.clone(), |task| format!("{task}: {}", matter.caption))
        };
        Some(Invitation {
            session: format!("{}.deadline", self.dossier.id),
            sequence: self.notice.seq,
            cancels: rule.cancels,
            // A deadline of days ends with its day; one of hours at its hour.
            when: if rule.cancels || at == calendar.end_of(day) { When::Day(day) } else { When::From(at, None) },
            summary: subject.map_or_else(asked, str::to_owned),
            place: String::new(),
            text: own.map(|own| own.text.join("\n")).unwrap_or_default(),
        })
    }

    /// The mail that says it: of what is told, as the event had it; of what is asked, as the state, the vote or the deadline
    /// says.
    fn named(&self) -> Option<&str> {
        let state = self.active().and_then(|active| self.machine.state(&active.state));
        let purpose = self.notice.task.as_ref().map(|task| task.purpose);
        let mail = match (self.notice.kind, purpose) {
            (NoticeKind::Told, _) => self.notice.mail.as_ref(),
            (NoticeKind::Escalation, _) => state?.deadline.as_ref()?.escalate.as_ref()?.mail.as_ref(),
            (NoticeKind::Asked | NoticeKind::Reminder, Some(Purpose::Act)) => state?.task.as_ref()?.mail.as_ref(),
            (NoticeKind::Asked | NoticeKind::Reminder, Some(Purpose::Ballot)) => self.vote()?.rule.mail.as_ref(),
            (NoticeKind::Asked | NoticeKind::Reminder | NoticeKind::Undelivered | NoticeKind::Calendar, _) => None,
        };
        mail.map(String::as_str)
    }

    /// Where it was said before, the words for that; without any, the usual ones introduce it.
    fn text<'m>(&self, mail: &'m Mail) -> &'m Text {
        if self.notice.kind == NoticeKind::Reminder { &mail.reminder } else { &mail.text }
    }

    /// What formulas see besides the dossier.
    fn more(&self, matter: &Matter, calendar: &Calendar, words: &Words) -> BTreeMap<String, Value> {
        let reader = self.directory.person(self.person);
        let name = reader.map_or("", |reader| reader.name.as_str());
        let texts = Texts::of(self.language.as_str());
        let written = reader.and_then(|reader| reader.address.as_deref()).filter(|_| texts.addresses_as_written());
        let address = written.map_or_else(|| texts.say("address.nobody", &[]), str::to_owned);
        let due = matter.due_at.map(|due| words.by_long(due, calendar.zone()));
        BTreeMap::from([
            ("reader".to_owned(), json!({"name": name, "address": address})),
            ("due".to_owned(), json!(due)),
            ("state".to_owned(), json!(matter.state)),
            ("asked".to_owned(), json!(matter.asked)),
            (
                "objection".to_owned(),
                matter.settlement.as_ref().map_or(
                    Value::Null,
                    |one| json!({"what": one.what, "day": one.day, "decision": one.decision, "why": one.why}),
                ),
            ),
        ])
    }
}
