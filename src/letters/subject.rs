//! The subject line: verb, matter, date; a count when there are several.

use jiff::civil::Date;

use super::letter::{Letter, Matter};
use super::texts::Texts;
use crate::dossier::Purpose;
use crate::dossier::project::NoticeKind;
use crate::words::clean;

impl Letter {
    /// Its subject, in the reader's language.
    pub fn subject(&self) -> String {
        let texts = Texts::of(&self.reader.language);
        match self.matters.as_slice() {
            [matter] => single(self, matter, texts),
            matters => several(self, matters, texts),
        }
    }
}

/// What is asked, in a few words: the workflow's for a task, ours for votes.
pub(super) fn task(matter: &Matter, texts: &Texts) -> String {
    match matter.purpose {
        Some(Purpose::Act) | None if matter.outside.is_some() => {
            texts.say("task.outside", &[("on", &clean(matter.outside.as_deref().unwrap_or_default()))])
        }
        Some(Purpose::Ballot) => texts.say("task.ballot", &[]),
        Some(Purpose::Tally) => texts.say("task.tally", &[]),
        Some(Purpose::Attendance) => texts.say("task.attendance", &[]),
        Some(Purpose::Confirm) => texts.say("task.confirm", &[]),
        Some(Purpose::Object) => texts.say("task.object", &[]),
        Some(Purpose::Prepare) => texts.say("task.prepare", &[("task", &clean(&matter.task))]),
        Some(Purpose::Lead) if matter.asks() => texts.say("task.lead", &[("task", &clean(&matter.task))]),
        Some(Purpose::Act | Purpose::Lead) | None => clean(&matter.task),
    }
}

/// What it is about: the caption, with the number of rows where it is a list.
pub(super) fn about(matter: &Matter, texts: &Texts) -> String {
    let caption = clean(&matter.caption);
    match matter.rows {
        Some(rows) if rows > 0 => texts.count("matter.rows", rows, &[("caption", &caption)]),
        _ => caption,
    }
}

/// The reader's form of address: what the directory says, in the reader's language.
pub(super) fn you(letter: &Letter, texts: &Texts) -> String {
    let address = letter.reader.address.as_deref().map(clean).filter(|address| !address.is_empty());
    match address {
        Some(address) if texts.addresses_as_written() => address,
        _ => texts.say("address.nobody", &[]),
    }
}

/// Whom a mail did not reach.
pub(super) fn unreached(matter: &Matter) -> String {
    matter.asked.iter().map(|name| clean(name)).collect::<Vec<_>>().join(", ")
}

/// The workflow's own words for the subject, if it has any.
pub(super) fn own(matter: &Matter) -> Option<&str> {
    matter.own.as_ref().map(|own| own.subject.as_str()).filter(|subject| !subject.is_empty())
}

fn single(letter: &Letter, matter: &Matter, texts: &Texts) -> String {
    let (task, about, state) = (task(matter, texts), about(matter, texts), clean(&matter.state));
    let key = match matter.kind {
        NoticeKind::Asked => "subject.asked",
        NoticeKind::Reminder => "subject.reminder",
        NoticeKind::Escalation => "subject.escalation",
        NoticeKind::Told if matter.settlement.is_some() => "subject.settled",
        NoticeKind::Told if matter.state.is_empty() => "subject.told_withheld",
        NoticeKind::Told | NoticeKind::Calendar => "subject.told",
        NoticeKind::Undelivered => "subject.undelivered",
    };
    let who = unreached(matter);
    let decision = matter.settlement.as_ref().map(|one| clean(&one.decision)).unwrap_or_default();
    let values = [("task", &task), ("matter", &about), ("state", &state), ("who", &who), ("decision", &decision)];
    let head = match own(matter) {
        Some(own) => texts.say(&format!("subject.{}_own", matter.kind.name()), &[("own", own)]),
        None => texts.say(key, &values.map(|(name, value)| (name, value.as_str()))),
    };
    match matter.due_at {
        Some(due) if matter.asks() && due < letter.now => {
            let left = texts.words.remaining(matter.days_left, true);
            texts.say("subject.by", &[("head", &head), ("by", &left)])
        }
        Some(due) if matter.asks() => {
            let by = texts.words.by_short(due, &letter.zone, today(letter));
            texts.say("subject.by", &[("head", &head), ("by", &by)])
        }
        _ => head,
    }
}

fn several(letter: &Letter, matters: &[Matter], texts: &Texts) -> String {
    let tasks: Vec<&Matter> = matters.iter().filter(|matter| matter.asks()).collect();
    let overdue = matters.iter().filter(|matter| matter.kind == NoticeKind::Escalation).count();
    let you = you(letter, texts);
    let first_due = tasks.iter().filter_map(|matter| matter.due_at).min();
    match (tasks.len(), overdue, first_due) {
        (0, 0, _) => texts.count("subject.notices", matters.len(), &[]),
        (0, overdue, _) => texts.count("subject.overdue", overdue, &[]),
        (tasks, _, None) => texts.count("subject.tasks", tasks, &[("you", &you)]),
        (tasks, _, Some(due)) => {
            let by = texts.words.by_short(due, &letter.zone, today(letter));
            texts.count("subject.tasks_by", tasks, &[("you", &you), ("by", &by)])
        }
    }
}

fn today(letter: &Letter) -> Date {
    letter.now.timestamp().to_zoned(letter.zone.clone()).date()
}
