//! Which rows the events of one command mean: a pure function of (before, events, after, machine).

mod last_days;

use std::borrow::Cow;
use std::collections::BTreeMap;

use self::last_days::LastDay;
use super::event::{Change, Event};
use super::{Assistant, Dossier, Message, Prepared, Purpose, Task, TimerKind, Vote};
use crate::calendar::{Calendar, Delay, DelayUnit};
use crate::ids::{ActivationId, Instant, PersonId};
use crate::machine::chart::Chart;
use crate::machine::{LinkPolicy, Machine};

/// How long mail to somebody whose assistant comes first waits for the answer that is prepared.
const ASSISTANT_FIRST: Delay = Delay { count: 2, unit: DelayUnit::WorkingDays };

/// The rows that change with a dossier, besides its own row, its events and its ballots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Tasks that were offered, one per person.
    pub tasks_opened: Vec<TaskRow>,
    /// Tasks that are over.
    pub tasks_closed: Vec<TaskKey>,
    /// What has to be said to whom.
    pub notices: Vec<Notice>,
    /// Messages to other dossiers.
    pub messages: Vec<Message>,
    /// Facts for registers.
    pub register: Vec<RegisterRow>,
    /// The key under which it stood in a file.
    pub import_key: Option<String>,
    /// What is due cannot be done since then, or (the inner none) it can again; none if that has not changed.
    pub stuck: Option<Option<Instant>>,
}

/// A task of one person. Its id, and so its link, follows from dossier, activation, purpose and person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// The entry.
    pub activation: ActivationId,
    /// What for.
    pub purpose: Purpose,
    /// Who.
    pub person: PersonId,
    /// How strongly they must show who they are.
    pub policy: LinkPolicy,
    /// When it was offered.
    pub opened_at: Instant,
    /// By when.
    pub due_at: Option<Instant>,
}

/// Names a task that is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskKey {
    /// The entry.
    pub activation: ActivationId,
    /// What for.
    pub purpose: Purpose,
    /// Who.
    pub person: PersonId,
    /// When it was over.
    pub closed_at: Instant,
    /// The event that ended it.
    pub closed_seq: i64,
}

/// Something that has to be said to a person. The courier gathers what is due for one person into one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The event that it comes from.
    pub seq: i64,
    /// When that happened.
    pub at: Instant,
    /// The entry.
    pub activation: ActivationId,
    /// To whom.
    pub person: PersonId,
    /// What kind.
    pub kind: NoticeKind,
    /// The mail of the workflow that says it, of what is merely told; none: in the usual words.
    pub mail: Option<String>,
    /// The task that it is about, if any; it is not said once that is over.
    pub purpose: Option<Purpose>,
    /// It need not wait for the digest.
    pub urgent: bool,
    /// Not before.
    pub not_before_at: Instant,
}

/// Kinds of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// You are asked.
    Asked,
    /// You were asked, and the day is near.
    Reminder,
    /// Somebody was asked and did nothing.
    Escalation,
    /// For your knowledge.
    Told,
    /// A mail to somebody did not arrive.
    Undelivered,
    /// A last day that was put into your calendar is another one now, or none. It makes no mail: it goes with the next one that is
    /// sent before that day.
    Calendar,
}

impl NoticeKind {
    /// Its name in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Reminder => "reminder",
            Self::Escalation => "escalation",
            Self::Told => "told",
            Self::Undelivered => "undelivered",
            Self::Calendar => "calendar",
        }
    }

    /// What stands in the row of a notice: its kind, and behind a colon the mail of the workflow that says it, or whom a mail
    /// did not reach.
    pub fn said(self, mail: Option<String>) -> Cow<'static, str> {
        mail.map_or(Cow::Borrowed(self.name()), |mail| format!("{}:{mail}", self.name()).into())
    }

    /// The other way.
    pub fn read(said: &str) -> Option<(Self, Option<String>)> {
        let (kind, mail) = said.split_once(':').map_or((said, None), |(kind, mail)| (kind, Some(mail.to_owned())));
        let kinds = [Self::Asked, Self::Reminder, Self::Escalation, Self::Told, Self::Undelivered, Self::Calendar];
        Some((kinds.into_iter().find(|known| known.name() == kind)?, mail))
    }

    /// Whether the reader is asked to do something.
    pub fn asks(self) -> bool {
        match self {
            Self::Asked | Self::Reminder => true,
            Self::Escalation | Self::Told | Self::Undelivered | Self::Calendar => false,
        }
    }
}

/// A fact for a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterRow {
    /// Which register.
    pub register: String,
    /// Whose.
    pub holder: String,
    /// What.
    pub key: String,
    /// The year it counts for.
    pub year: i32,
}

/// The rows that follow from a command's events. Tasks are the difference between the two dossiers (a paused one
/// keeps its tasks: their links say so); notices, messages and facts stand in the events.
pub fn project(
    before: Option<&Dossier>,
    after: &Dossier,
    events: &[Event],
    machine: &Machine,
    calendar: &Calendar,
) -> Rows {
    let chart = machine.chart();
    let had = before.map(|before| tasks(before, chart)).unwrap_or_default();
    let has = tasks(after, chart);
    let mut rows = Rows {
        tasks_opened: has.iter().filter(|(key, row)| is_news(had.get(*key), row)).map(|(_, row)| row.clone()).collect(),
        tasks_closed: had
            .keys()
            .filter(|key| !has.contains_key(*key))
            .map(|(activation, purpose, person)| TaskKey {
                activation: *activation,
                purpose: *purpose,
                person: person.clone(),
                closed_at: after.last_at,
                closed_seq: after.seq,
            })
            .collect(),
        ..Rows::default()
    };
    let mut opened_at = events.iter().map(|event| event.at).max().unwrap_or(after.last_at);
    opened_at = opened_at.max(after.opened_at);
    for task in &mut rows.tasks_opened {
        task.opened_at = opened_at;
    }
    let mut notices = Notices { machine, calendar, before, after, rows: BTreeMap::new() };
    // A task whose deadline moved is written again, but nobody is asked again.
    let key = |task: &TaskRow| (task.activation, task.purpose, task.person.clone());
    // Whoever asked for a link gets it, although nobody waits for them.
    let is_awaited = |row: &TaskRow| {
        let asked = |task| row.purpose == Purpose::Object || after.is_awaited(task);
        after.task(row.activation, row.purpose).is_none_or(asked)
    };
    for task in rows.tasks_opened.iter().filter(|task| !had.contains_key(&key(task)) && is_awaited(task)) {
        let seq = after.seq;
        notices.add(seq, task.activation, &task.person, NoticeKind::Asked, Some(task.purpose), opened_at);
        if is_assisted_first(after, task) {
            notices.put_off(task);
        }
    }
    // Whoever records what comes from outside is told where, and asked for nothing.
    let records = |row: &TaskRow| {
        row.purpose == Purpose::Act && after.task(row.activation, row.purpose).is_some_and(|task| task.records)
    };
    for task in rows.tasks_opened.iter().filter(|task| !had.contains_key(&key(task)) && records(task)) {
        notices.outside(after.seq, task, opened_at);
    }
    // Whoever only leads is asked for nothing, and must know that there is something to lead.
    let asked_too = |row: &TaskRow| {
        let others = rows.tasks_opened.iter().filter(|other| other.activation == row.activation);
        others.filter(|other| other.person == row.person).count() > 1
    };
    let leads = |row: &&TaskRow| {
        let task = after.task(row.activation, row.purpose);
        row.purpose == Purpose::Lead && task.is_some_and(|task| !after.is_awaited(task)) && !asked_too(row)
    };
    for task in rows.tasks_opened.iter().filter(|task| !had.contains_key(&key(task))).filter(leads) {
        notices.leading(after.seq, task, opened_at);
    }
    for last_day in before.iter().flat_map(|before| last_days::changed(before, machine, &had, &has)) {
        notices.last_day(after.seq, last_day, opened_at);
    }
    for event in events {
        notices.read(event);
        for change in &event.changes {
            match change {
                Change::Sent { place, to, body } => rows.messages.push(Message {
                    from: after.id.clone(),
                    from_seq: event.seq,
                    place: *place,
                    to: to.clone(),
                    body: body.clone(),
                }),
                Change::Imported(key) => rows.import_key = Some(key.clone()),
                Change::Registered { register, holder, key, year } => rows.register.push(RegisterRow {
                    register: register.clone(),
                    holder: holder.clone(),
                    key: key.clone(),
                    year: *year,
                }),
                _ => {}
            }
        }
    }
    rows.notices = notices.rows.into_values().collect();
    let since = |dossier: &Dossier| dossier.stuck.as_ref().map(|stuck| stuck.since_at);
    let stuck = since(after);
    rows.stuck = (stuck != before.and_then(since)).then_some(stuck);
    rows
}

type TaskMap = BTreeMap<(ActivationId, Purpose, PersonId), TaskRow>;

/// The open tasks, a row for each person; those of a paused dossier are open too.
fn tasks(dossier: &Dossier, chart: &Chart) -> TaskMap {
    let paused = dossier.paused.iter().flat_map(|paused| &paused.tasks);
    dossier
        .tasks
        .iter()
        .chain(paused)
        .flat_map(|task| {
            let asked = task.asked().map(move |person| (task, task.purpose, person));
            asked.chain(task.preparing().into_iter().map(move |person| (task, Purpose::Prepare, person)))
        })
        .map(|(task, purpose, person)| {
            let row = TaskRow {
                activation: task.activation,
                purpose,
                person: person.clone(),
                policy: task.policy,
                opened_at: dossier.last_at,
                due_at: dossier.due_of(task, chart),
            };
            ((task.activation, purpose, person.clone()), row)
        })
        .collect()
}

/// Whether mail about a task goes to the assistant of whoever is asked before it goes to them.
fn is_assisted_first(dossier: &Dossier, row: &TaskRow) -> bool {
    let task = dossier.task(row.activation, Purpose::Act).filter(|_| row.purpose == Purpose::Act);
    task.is_some_and(|task| task.assistants.iter().any(|one| one.of == row.person && one.first))
}

/// A task that was not there, or not like this.
fn is_news(had: Option<&TaskRow>, has: &TaskRow) -> bool {
    had.is_none_or(|had| had.due_at != has.due_at || had.policy != has.policy)
}

/// Notices of one command: the same thing is said to a person once, however many timers were due.
struct Notices<'a> {
    machine: &'a Machine,
    calendar: &'a Calendar,
    before: Option<&'a Dossier>,
    after: &'a Dossier,
    rows: BTreeMap<(ActivationId, PersonId, NoticeKind, Option<String>), Notice>,
}

impl<'a> Notices<'a> {
    fn read(&mut self, event: &Event) {
        for change in &event.changes {
            match change {
                Change::Fired { activation, what: TimerKind::Remind(_), .. } => {
                    for task in self.late(*activation) {
                        let asked = task.asked().map(|person| (person, task.purpose));
                        let preparing = task.preparing().into_iter().map(|person| (person, Purpose::Prepare));
                        for (person, purpose) in asked.chain(preparing) {
                            let (seq, entry) = (event.seq, task.activation);
                            self.add(seq, entry, person, NoticeKind::Reminder, Some(purpose), event.at);
                        }
                    }
                }
                Change::Fired { activation, what: TimerKind::Escalate, tell } => {
                    // Whoever leads the step can do something about it.
                    let late = self.late(*activation).first().map_or(*activation, |task| task.activation);
                    let lead = self.after.task(late, Purpose::Lead);
                    for person in tell {
                        let leads = lead.is_some_and(|task| task.asks(person)).then_some(Purpose::Lead);
                        self.add(event.seq, late, person, NoticeKind::Escalation, leads, event.at);
                    }
                }
                // Whoever is asked once more is told so, although they had a task of that kind before.
                Change::AskedInWriting { activation, .. } | Change::VotedAgain { activation, .. } => {
                    let open = self.after.tasks.iter().filter(|task| task.activation == *activation);
                    for (purpose, person) in open.flat_map(|task| task.asked().map(move |one| (task.purpose, one))) {
                        self.add(event.seq, *activation, person, NoticeKind::Asked, Some(purpose), event.at);
                    }
                }
                // Whose mail waited for it gets it now; what is put right in it later is found there.
                Change::Prepared(one) if !self.lay_ready(one) => {
                    let task = self.after.task(one.activation, Purpose::Act);
                    let first = |assistant: &&Assistant| assistant.person == one.by && assistant.first;
                    for assistant in task.iter().flat_map(|task| &task.assistants).filter(first) {
                        let (seq, person) = (event.seq, &assistant.of);
                        self.add(seq, one.activation, person, NoticeKind::Asked, Some(Purpose::Act), event.at);
                    }
                }
                Change::Waits { activation, people } => {
                    let object = self.after.task(*activation, Purpose::Object);
                    for person in people {
                        // Who asked for a link to object once more gets it once more; all others keep the posting.
                        let objects = object.is_some_and(|task| task.asks(person));
                        let purpose = if objects { Purpose::Object } else { Purpose::Act };
                        self.add(event.seq, *activation, person, NoticeKind::Asked, Some(purpose), event.at);
                    }
                }
                Change::Told { activation, people, mail } => {
                    for person in people {
                        let notice = self.notice(event.seq, *activation, person, NoticeKind::Told, event.at);
                        self.put(Notice { mail: mail.clone(), ..notice });
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether an answer by the same assistant lay ready before.
    fn lay_ready(&self, prepared: &Prepared) -> bool {
        let before = self.before.and_then(|before| before.prepared_by(prepared.activation, &prepared.by));
        before.is_some()
    }

    /// What a deadline waits for: its own task, or, around others, those of the states inside. Where a paper from outside is
    /// late, whoever would record it can ask for it.
    fn late(&self, activation: ActivationId) -> Vec<&'a Task> {
        let open = self.after.tasks_inside(activation, self.machine.chart());
        open.filter(|task| task.records || self.after.is_awaited(task)).collect()
    }

    /// A step begins that somebody leads while others do it.
    fn leading(&mut self, seq: i64, task: &TaskRow, at: Instant) {
        let notice = self.notice(seq, task.activation, &task.person, NoticeKind::Told, at);
        self.put(Notice { purpose: Some(task.purpose), ..notice });
    }

    /// A paper from outside is waited for from now on: its recorder's task has a link.
    fn outside(&mut self, seq: i64, task: &TaskRow, at: Instant) {
        let notice = self.notice(seq, task.activation, &task.person, NoticeKind::Told, at);
        let state = self.after.entry(task.activation).and_then(|entry| self.machine.state(&entry.state));
        let mail = state.and_then(|state| state.task.as_ref()).and_then(|rule| rule.mail.clone());
        self.put(Notice { mail, purpose: Some(task.purpose), ..notice });
    }

    /// What a calendar says is no longer so. Once that day is over nobody needs to be told.
    fn last_day(&mut self, seq: i64, changed: LastDay<'_>, at: Instant) {
        if changed.until > at {
            let notice = self.notice(seq, changed.activation, changed.person, NoticeKind::Calendar, at);
            self.put(Notice { urgent: false, not_before_at: changed.until, ..notice });
        }
    }

    fn add(
        &mut self,
        seq: i64,
        activation: ActivationId,
        person: &PersonId,
        kind: NoticeKind,
        purpose: Option<Purpose>,
        at: Instant,
    ) {
        let notice = self.notice(seq, activation, person, kind, at);
        self.put(Notice { purpose, ..notice });
    }

    /// What is said to whoever is asked waits for their assistant, as long as there is time for that.
    fn put_off(&mut self, task: &TaskRow) {
        let key = (task.activation, task.person.clone(), NoticeKind::Asked, None);
        if let Some(notice) = self.rows.get_mut(&key) {
            let waited = self.calendar.after(notice.at, ASSISTANT_FIRST);
            let later = self.calendar.mail_slot(waited, notice.urgent);
            if task.due_at.is_none_or(|due| later < due) {
                notice.not_before_at = later;
            }
        }
    }

    fn notice(&self, seq: i64, activation: ActivationId, person: &PersonId, kind: NoticeKind, at: Instant) -> Notice {
        let state = self.after.active.iter().find(|active| active.activation == activation);
        let (chart, states) = (self.machine.chart(), &self.machine.states);
        let place = state.and_then(|active| chart.place(&active.state));
        // What a state says holds inside it.
        let said = place.is_some_and(|at| states[at].urgent || chart.around(at).any(|outer| states[outer].urgent));
        // Ballots of a meeting are given out while people sit in it: not with the next morning's post.
        let meets = self.after.vote(activation).is_some_and(Vote::is_attended);
        let urgent = said || meets;
        let not_before_at = self.calendar.mail_slot(at, urgent);
        let person = person.clone();
        Notice { seq, at, activation, person, kind, mail: None, purpose: None, urgent, not_before_at }
    }

    fn put(&mut self, notice: Notice) {
        // Whoever waits for a link with which to object waits in front of a page.
        let waits = notice.purpose == Some(Purpose::Object);
        let notice = if waits {
            Notice { urgent: true, not_before_at: self.calendar.mail_slot(notice.not_before_at, true), ..notice }
        } else {
            notice
        };
        let key = (notice.activation, notice.person.clone(), notice.kind, notice.mail.clone());
        let purpose = notice.purpose.or_else(|| self.rows.get(&key).and_then(|said| said.purpose));
        self.rows.insert(key, Notice { purpose, ..notice });
    }
}
