//! Which notices make a mail, and what they mean to its reader. The store has the same rules in SQL, where rows are claimed.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::invitation::Invitation;
use super::letter::Matter;
use super::reading::Reading;
use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::dossier::context::Context;
use crate::dossier::project::NoticeKind;
use crate::dossier::sight::Sight;
use crate::dossier::taken::Taken;
use crate::dossier::{Dossier, Purpose, Task, decide};
use crate::ids::{ActivationId, DossierId, Instant, Language, PersonId};
use crate::machine::{LinkPolicy, Machine};

/// Notices that one mail may gather; what is beyond waits for the next one.
pub const NOTICES_MAX: i64 = 500;
/// Entries of a reader's calendar that one mail puts right beside what it is about; what is beyond waits for the next one.
pub const BESIDES_MAX: i64 = 10;
/// New mails for one person within 24 hours at most.
pub const PERSON_DAY_MAX: i64 = 20;
/// The zone of offices whose calendar nobody knows.
const ZONE: &str = "Asia/Ho_Chi_Minh";

/// One notice of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailNotice {
    /// Why it is said.
    pub kind: NoticeKind,
    /// The mail of the workflow that says it, of what is merely told; of a mail that did not arrive, the person whom it did not
    /// reach.
    pub mail: Option<String>,
    /// Which dossier.
    pub dossier: DossierId,
    /// The event that it comes from.
    pub seq: i64,
    /// When that happened.
    pub at: Instant,
    /// Which entry.
    pub activation: ActivationId,
    /// The reader's own task, where there is one.
    pub task: Option<MailTask>,
}

/// A task that a mail links to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailTask {
    /// Its row.
    pub id: String,
    /// What for.
    pub purpose: Purpose,
    /// The key that signs its link.
    pub key_id: i64,
    /// Raised when it is readdressed.
    pub generation: i64,
    /// By when.
    pub due_at: Option<Instant>,
}

/// A dossier that a mail is about, with the version that it runs on.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The dossier as it stands.
    pub dossier: &'a Dossier,
    /// Its version.
    pub machine: &'a Machine,
    /// Its calendar, where it is known.
    pub calendar: Option<&'a Calendar>,
}

/// What notices are read with.
pub struct Gathering<'a> {
    /// Who is who.
    pub directory: &'a Directory,
    /// The reader.
    pub person: &'a PersonId,
    /// What the reader reads.
    pub language: &'a Language,
    /// When it is written.
    pub now: Instant,
    /// Finds a dossier; none that is gone.
    pub find: &'a dyn Fn(&DossierId) -> Option<About<'a>>,
    /// The link to a task; none where it can no longer be made.
    pub link: &'a dyn Fn(&MailTask, &MailNotice) -> Option<String>,
}

impl Gathering<'_> {
    /// What earlier mails put into the reader's calendar and what is otherwise now, beside what the mail is about.
    pub fn entries(&self, notices: &[MailNotice], matters: &[Matter]) -> Vec<Invitation> {
        let mut entries: Vec<Invitation> = Vec::new();
        for notice in notices.iter().filter(|notice| notice.kind == NoticeKind::Calendar).rev() {
            let Some(entry) = self.entry(notice) else { continue };
            // What the mail says by itself happened no earlier, and one dossier has one entry with one reader.
            let said = matters.iter().filter_map(|matter| matter.invitation.as_ref()).chain(&entries);
            if said.clone().all(|one| one.session != entry.session) {
                entries.push(entry);
            }
        }
        entries.reverse();
        entries
    }

    /// The last day that a dossier has for the reader now, or that it has none.
    fn entry(&self, notice: &MailNotice) -> Option<Invitation> {
        let about = (self.find)(&notice.dossier)?;
        let (dossier, calendar) = (about.dossier, about.calendar?);
        let asks = |task: &&Task| matches!(task.purpose, Purpose::Act | Purpose::Ballot) && task.asks(self.person);
        let last_day = |task: &Task| {
            // Its link stands in the mail that asked for it.
            let due_at = dossier.due_of(task, about.machine.chart());
            let row = MailTask { id: String::new(), purpose: task.purpose, key_id: 0, generation: 0, due_at };
            let (kind, activation) = (NoticeKind::Asked, task.activation);
            let asked = MailNotice { kind, activation, task: Some(row), ..notice.clone() };
            self.read(&asked, about, |reading, matter| reading.last_day(&matter, calendar))
        };
        let gone = || self.read(notice, about, |reading, matter| reading.no_last_day(&matter, calendar));
        dossier.tasks.iter().filter(asks).filter_map(last_day).next_back().or_else(gone)
    }

    /// What the notices of one mail are about, the most pressing first, and the time zone in which its dates are said.
    pub fn matters(&self, notices: &[MailNotice]) -> (Vec<Matter>, TimeZone) {
        let (mut matters, mut zone) = (Vec::new(), None);
        for notice in once_each(notices).into_iter().filter(|notice| notice.kind != NoticeKind::Calendar) {
            let Some(about) = (self.find)(&notice.dossier) else { continue };
            zone = zone.or_else(|| about.calendar.map(|calendar| calendar.zone().clone()));
            let mut matter = self.read(notice, about, |reading, matter| {
                let invitation = about.calendar.and_then(|calendar| reading.invitation(&matter, calendar));
                Matter { invitation, ..matter }
            });
            if let Some(invitation) = &matter.invitation {
                let earlier = |one: &Invitation| one.session == invitation.session;
                for matter in
                    matters.iter_mut().filter(|one: &&mut Matter| one.invitation.as_ref().is_some_and(earlier))
                {
                    matter.invitation = None;
                }
            }
            matter.link = notice.task.as_ref().and_then(|task| (self.link)(task, notice));
            matters.push(matter);
        }
        matters.sort_by_key(|matter| matter.due_at.unwrap_or(Instant(i64::MAX)));
        (matters, zone.or_else(|| TimeZone::get(ZONE).ok()).unwrap_or(TimeZone::UTC))
    }

    /// One notice, read off its dossier as the reader may see that.
    fn read<T>(&self, notice: &MailNotice, about: About<'_>, read: impl FnOnce(&Reading<'_>, Matter) -> T) -> T {
        let About { dossier, machine, calendar } = about;
        let known = dossier.known_in(self.directory);
        let sight = self.sight(dossier, machine, calendar);
        let seen = sight.dossier(dossier, machine);
        let (whole, sight, directory) = (dossier, &sight, known.as_ref());
        let (person, language) = (self.person, self.language);
        let reading = Reading { dossier: &seen, whole, machine, notice, directory, person, language, sight };
        let mut matter = reading.matter();
        if let Some(calendar) = calendar {
            matter.days_left = matter.due_at.map_or(0, |due| calendar.working_days_between(self.now, due));
            matter.gives_numbers = self.gives_numbers(dossier, machine, calendar);
            matter.own = reading.own(&matter, calendar, self.now);
        }
        read(&reading, matter)
    }
}

impl Gathering<'_> {
    /// What the reader may see. Without a calendar nobody knows who holds which role today, so that nothing is shown.
    fn sight(&self, dossier: &Dossier, machine: &Machine, calendar: Option<&Calendar>) -> Sight {
        let Some(calendar) = calendar else { return Sight::blind() };
        self.with_context(calendar, |context| decide::sight(machine, dossier, self.person, self.now, context))
    }

    /// Whether others wait for numbers that the reader may give them.
    fn gives_numbers(&self, dossier: &Dossier, machine: &Machine, calendar: &Calendar) -> bool {
        let others = |person: &PersonId| person != self.person;
        let wanted = |task: &Task| task.policy == LinkPolicy::LinkPin && task.holders.iter().any(others);
        let gives = |context: &Context<'_>| decide::gives_numbers(machine, dossier, self.person, self.now, context);
        dossier.tasks.iter().any(wanted) && self.with_context(calendar, gives)
    }

    fn with_context<T>(&self, calendar: &Calendar, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        let (directory, boxes) = (self.directory, BTreeMap::new());
        ask(&Context { directory, calendar, register: &[], boxes: &boxes, taken: Taken::NOTHING })
    }
}

/// Whether a notice is still to be said: what was asked, while the reader's own task is open; an escalation, while
/// anybody's of that entry is; what is merely told, always.
pub fn is_wanted(
    kind: NoticeKind,
    activation: ActivationId,
    purpose: Option<Purpose>,
    person: &PersonId,
    dossier: &Dossier,
) -> bool {
    let paused = dossier.paused.iter().flat_map(|paused| &paused.tasks);
    let mut open = dossier.tasks.iter().chain(paused).filter(|task| task.activation == activation);
    match (kind, purpose) {
        (NoticeKind::Escalation, _) => open.next().is_some(),
        (_, Some(Purpose::Prepare)) => open.any(|task| task.preparing().contains(person)),
        (_, Some(purpose)) => open.any(|task| task.purpose == purpose && task.asks(person)),
        (_, None) => true,
    }
}

/// What is said twice is said once: a task that is both new and near its day is new; a dossier tells where it stands now.
fn once_each(notices: &[MailNotice]) -> Vec<&MailNotice> {
    let mut kept: Vec<&MailNotice> = Vec::new();
    for notice in notices {
        let same = kept.iter().position(|have| match (&have.task, &notice.task) {
            (Some(one), Some(other)) => one.id == other.id && have.kind.asks() == notice.kind.asks(),
            (None, None) => {
                have.dossier == notice.dossier
                    && have.kind == notice.kind
                    && have.mail == notice.mail
                    && (have.kind == NoticeKind::Told || have.activation == notice.activation)
            }
            (Some(_), None) | (None, Some(_)) => false,
        });
        match same {
            // It stands where it was said last: a session that is off and on again is on.
            Some(at) if notice.kind == NoticeKind::Asked || notice.kind == NoticeKind::Told => {
                kept.remove(at);
                kept.push(notice);
            }
            Some(_) => {}
            None => kept.push(notice),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::Purpose;
    use crate::ids::ActivationId;

    fn notice(kind: NoticeKind, dossier: &str, task: Option<&str>) -> MailNotice {
        let task = task.map(|id| MailTask {
            id: id.to_owned(),
            purpose: Purpose::Act,
            key_id: 1,
            generation: 1,
            due_at: None,
        });
        let (dossier, activation) = (dossier.into(), ActivationId(1));
        MailNotice { kind, mail: None, dossier, seq: 1, at: Instant(0), activation, task }
    }

    #[test]
    fn what_is_said_twice_is_said_once() {
        let all = [
            notice(NoticeKind::Reminder, "d1", Some("t1")),
            notice(NoticeKind::Asked, "d1", Some("t1")),
            notice(NoticeKind::Reminder, "d2", Some("t2")),
            notice(NoticeKind::Reminder, "d2", Some("t2")),
            notice(NoticeKind::Told, "d3", None),
            notice(NoticeKind::Told, "d3", None),
            notice(NoticeKind::Escalation, "d3", None),
        ];
        let kinds: Vec<NoticeKind> = once_each(&all).iter().map(|notice| notice.kind).collect();
        assert_eq!(kinds, [NoticeKind::Asked, NoticeKind::Reminder, NoticeKind::Told, NoticeKind::Escalation]);
    }
}
