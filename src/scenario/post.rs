//! Mails of an office in memory: what has to be said waits until its hour and is gathered by the courier's own rules.

use std::collections::BTreeSet;

use super::world::World;
use crate::calendar::Calendar;
use crate::dossier::project::{Notice, NoticeKind};
use crate::dossier::{Dossier, Outsider, Task};
use crate::ids::{ActivationId, DossierId, Instant, Language, MailId, PersonId};
use crate::letters::{
    About, BESIDES_MAX, Email, Gathering, Letter, MailNotice, MailTask, NOTICES_MAX, PERSON_DAY_MAX, Reader, Sender,
    compose, is_wanted,
};
use crate::machine::Machine;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Where links would lead.
const PAGES: &str = "https://office.example";
/// Who would write.
const SENDER: Sender<'_> = Sender { name: "Office", address: "office@office.example", contact: "", redirect_to: None };

/// What waits, and what was sent.
#[derive(Debug, Default)]
pub(super) struct Post {
    waiting: Vec<Waiting>,
    sent: Vec<Mail>,
    /// In which entries people were asked by a mail.
    asked: BTreeSet<(PersonId, DossierId, ActivationId)>,
}

#[derive(Debug)]
struct Waiting {
    dossier: DossierId,
    place: usize,
    notice: Notice,
}

/// A mail that would have been sent.
#[derive(Clone, Debug)]
pub struct Mail {
    /// When.
    pub at: Instant,
    /// To whom.
    pub to: PersonId,
    /// What kinds of notices it gathers, each once.
    pub kinds: Vec<NoticeKind>,
    /// The dossiers that it is about.
    pub dossiers: Vec<DossierId>,
    /// What it says.
    pub letter: Letter,
}

impl Mail {
    /// The mails of workflows whose words stand in it.
    pub fn own(&self) -> impl Iterator<Item = &str> {
        self.letter.matters.iter().filter_map(|matter| matter.own.as_ref()).map(|own| own.name.as_str())
    }

    /// The whole mail, as its reader gets it.
    pub fn email(&self) -> Email {
        compose(&self.letter, SENDER).expect("a test writes every kind of mail")
    }
}

/// What became of a person's notices.
#[derive(Debug)]
pub(super) enum Gathered {
    /// The mail of this number.
    Mail(usize),
    /// Nothing: the directory knows no address.
    NoAddress(PersonId),
}

/// The calendar that a workflow follows now.
pub(super) type Follows<'f> = dyn Fn(&Machine) -> &'f Calendar + 'f;

/// Finds a dossier with its version.
pub(super) type Find<'f, 'w> = dyn Fn(&DossierId) -> Option<(&'f Dossier, &'w Machine)> + 'f;

impl Post {
    /// Takes what has to be said because of one command.
    pub(super) fn add(&mut self, dossier: &DossierId, notices: Vec<Notice>) {
        let waiting = notices.into_iter().enumerate();
        self.waiting.extend(waiting.map(|(place, notice)| Waiting { dossier: dossier.clone(), place, notice }));
    }

    /// What was sent, in order.
    pub(super) fn sent(&self) -> &[Mail] {
        &self.sent
    }

    /// The next moment at which something is to be said.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.notice.not_before_at).filter(|at| *at > now).min()
    }

    /// One mail for each person for whom something is due. What nobody needs any more is put away.
    pub(super) fn gather(
        &mut self,
        now: Instant,
        world: &World,
        calendar: &Follows<'_>,
        find: &Find<'_, '_>,
    ) -> Vec<Gathered> {
        let mut people: Vec<(Instant, PersonId)> = Vec::new();
        for Waiting { notice, .. } in self.waiting.iter().filter(|waiting| waiting.notice.not_before_at <= now) {
            match people.iter_mut().find(|(_, person)| *person == notice.person) {
                Some((first, _)) => *first = notice.not_before_at.min(*first),
                None => people.push((notice.not_before_at, notice.person.clone())),
            }
        }
        people.sort();
        let gathered =
            people.into_iter().filter_map(|(_, person)| self.gather_for(&person, now, (world, calendar), find));
        gathered.collect()
    }

    fn gather_for(
        &mut self,
        person: &PersonId,
        now: Instant,
        (world, calendar): (&World, &Follows<'_>),
        find: &Find<'_, '_>,
    ) -> Option<Gathered> {
        let recent = self.sent.iter().rev().take_while(|mail| mail.at > now.plus_ms(-DAY_MS));
        if recent.filter(|mail| &mail.to == person).count() >= usize::try_from(PERSON_DAY_MAX).unwrap_or(usize::MAX) {
            return None;
        }
        let is_due = |waiting: &Waiting| &waiting.notice.person == person && waiting.notice.not_before_at <= now;
        let (mut due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(is_due);
        self.waiting = rest;
        due.retain(|Waiting { dossier, notice, .. }| {
            let wanted = |dossier| is_wanted(notice.kind, notice.activation, notice.purpose, person, dossier);
            find(dossier).is_some_and(|(dossier, _)| wanted(dossier))
        });
        due.retain(|one| one.notice.kind != NoticeKind::Calendar);
        due.sort_by_key(|one| (one.notice.not_before_at, one.notice.seq, one.dossier.clone(), one.place));
        let most = usize::try_from(NOTICES_MAX).unwrap_or(usize::MAX).min(due.len());
        self.waiting.extend(due.drain(most..));
        if !due.is_empty() {
            due.extend(self.besides(person));
        }
        let (notices, kinds, dossiers) = said(&due, find);
        let outside = due.iter().find_map(|one| find(&one.dossier)?.0.outsider(person));
        let reader = reader(person, outside, world)?;
        if reader.email.is_empty() {
            return Some(Gathered::NoAddress(person.clone()));
        }
        let letter = self.letter(person, reader, &notices, now, (world, calendar), find)?;
        let asks = due.iter().filter(|one| one.notice.kind.asks());
        self.asked.extend(asks.map(|one| (person.clone(), one.dossier.clone(), one.notice.activation)));
        self.sent.push(Mail { at: now, to: person.clone(), kinds, dossiers, letter });
        Some(Gathered::Mail(self.sent.len() - 1))
    }

    /// What makes no mail of its own, and goes with this one.
    fn besides(&mut self, person: &PersonId) -> Vec<Waiting> {
        let goes = |one: &Waiting| {
            let entry = (person.clone(), one.dossier.clone(), one.notice.activation);
            one.notice.kind == NoticeKind::Calendar && &one.notice.person == person && self.asked.contains(&entry)
        };
        let (mut gone, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(goes);
        self.waiting = rest;
        gone.sort_by_key(|one| (one.notice.seq, one.dossier.clone(), one.place));
        let most = usize::try_from(BESIDES_MAX).unwrap_or(usize::MAX).min(gone.len());
        self.waiting.extend(gone.drain(most..));
        gone
    }

    fn letter(
        &self,
        person: &PersonId,
        reader: Reader,
        notices: &[MailNotice],
        now: Instant,
        (world, calendar): (&World, &Follows<'_>),
        find: &Find<'_, '_>,
    ) -> Option<Letter> {
        let language = Language::new(&reader.language);
        let about = |(dossier, machine)| About { dossier, machine, calendar: Some(calendar(machine)) };
        let gathering = Gathering {
            person,
            directory: world.directory(),
            language: &language,
            now,
            find: &|id| find(id).map(about),
            link: &|task, _| Some(format!("{PAGES}/l/{}", task.id)),
        };
        let (matters, zone) = gathering.matters(notices);
        let entries = gathering.entries(notices, &matters);
        let (number, desk) = (self.sent.len() + 1, format!("{PAGES}/d/{}", self.sent.len() + 1));
        let (mail, message_id) = (MailId::new(number.to_string()), format!("<{number}@office.example>"));
        (!matters.is_empty()).then_some(Letter { mail, message_id, reader, matters, entries, desk, now, zone })
    }
}

/// The notices as a mail has them, and their kinds and dossiers, each once.
fn said(due: &[Waiting], find: &Find<'_, '_>) -> (Vec<MailNotice>, Vec<NoticeKind>, Vec<DossierId>) {
    let (mut notices, mut kinds, mut dossiers) = (Vec::new(), Vec::new(), Vec::new());
    for Waiting { dossier, notice, .. } in due {
        // What only goes with a mail is not what it is about.
        let beside = notice.kind == NoticeKind::Calendar;
        if !beside && !kinds.contains(&notice.kind) {
            kinds.push(notice.kind);
        }
        if !beside && !dossiers.contains(dossier) {
            dossiers.push(dossier.clone());
        }
        let due_at =
            find(dossier).and_then(|(dossier, machine)| dossier.due_of(task_of(dossier, notice)?, machine.chart()));
        let task = notice.purpose.map(|purpose| MailTask {
            id: format!("{dossier}-{}-{}", notice.activation, purpose.name()),
            purpose,
            key_id: 1,
            generation: 1,
            due_at,
        });
        let Notice { seq, at, activation, kind, mail, .. } = notice.clone();
        notices.push(MailNotice { kind, mail, dossier: dossier.clone(), seq, at, activation, task });
    }
    (notices, kinds, dossiers)
}

fn task_of<'d>(dossier: &'d Dossier, notice: &Notice) -> Option<&'d Task> {
    let frozen = dossier.paused.iter().flat_map(|paused| &paused.tasks);
    let tasks = dossier.tasks.iter().chain(frozen);
    let mut of_it = tasks.filter(|task| task.activation == notice.activation && Some(task.purpose) == notice.purpose);
    // Several may be asked for the same apart, each with a time of their own.
    of_it.clone().find(|task| task.asks(&notice.person)).or_else(|| of_it.next())
}

/// Who reads a mail; their address is empty where the directory has none.
fn reader(person: &PersonId, outside: Option<&Outsider>, world: &World) -> Option<Reader> {
    let outside = outside.map(Outsider::known);
    let own = world.directory().people.get(person);
    let person = own.or(outside.as_ref())?;
    Some(Reader {
        outside: own.is_none(),
        name: person.name.clone(),
        address: person.address.clone(),
        email: person.email.as_deref().map(str::trim).unwrap_or_default().to_owned(),
        language: person.language.clone(),
    })
}
