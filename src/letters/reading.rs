//! What one notice means to its reader: read off the dossier and its machine. Pure.

use super::gather::MailNotice;
use super::letter::{Consequence, Matter};
use crate::directory::Directory;
use crate::dossier::project::NoticeKind;
use crate::dossier::sight::Sight;
use crate::dossier::{Active, Dossier, Purpose, RowStatus, Task, Vote};
use crate::ids::{EventName, Instant, Language, PersonId, StateId, Text};
use crate::machine::{Consult, Field, FieldKind, Machine, State, Target};

/// One notice, being turned into a matter.
pub(super) struct Reading<'a> {
    pub(super) dossier: &'a Dossier,
    pub(super) machine: &'a Machine,
    pub(super) notice: &'a MailNotice,
    pub(super) directory: &'a Directory,
    pub(super) person: &'a PersonId,
    pub(super) language: &'a Language,
    pub(super) sight: &'a Sight,
}

impl Reading<'_> {
    /// The matter, without its link and without the days that are left.
    pub(super) fn matter(&self) -> Matter {
        let (dossier, machine) = (self.dossier, self.machine);
        let purpose = self.notice.task.as_ref().map(|task| task.purpose);
        let task = self.task(purpose);
        let active = self.active();
        let state = active.and_then(|active| machine.state(&active.state));
        let vote = self.vote();
        Matter {
            kind: self.notice.kind,
            purpose,
            workflow: self.say(&machine.title),
            caption: dossier.caption.clone(),
            state: state.map_or_else(|| self.stands(), |state| self.state_title(state)),
            task: self.title(state, vote),
            help: state.and_then(|state| state.task.as_ref()).map(|rule| self.say(&rule.help)).unwrap_or_default(),
            outside: state.and_then(|state| state.wait.as_ref()).map(|wait| self.say(&wait.on)),
            role: task
                .and_then(|task| task.role.as_ref())
                .and_then(|role| machine.roles.get(role))
                .map(|role| self.say(&role.label)),
            behalf: self.behalf(task),
            body: vote.and_then(|vote| self.directory.bodies.get(&vote.body)).map(|body| body.name.clone()),
            due_at: self.due_at(task, active),
            days_left: 0,
            rows: machine.is_list().then(|| self.rows(purpose, vote)),
            consequences: self.consequences(state, purpose),
            asked: match self.notice.kind {
                NoticeKind::Escalation => self.asked(),
                NoticeKind::Undelivered => self.unreached().into_iter().collect(),
                NoticeKind::Asked | NoticeKind::Reminder | NoticeKind::Told => Vec::new(),
            },
            link: None,
            own: None,
            invitation: None,
        }
    }

    /// On whose behalf the reader is asked.
    fn behalf(&self, task: Option<&Task>) -> Option<String> {
        let stand_in = task?.stand_ins.iter().find(|one| &one.person == self.person)?;
        self.directory.person(&stand_in.of).map(|person| person.name.clone())
    }

    /// Whoever does not see everything is told the public title.
    fn state_title(&self, state: &State) -> String {
        let public = (!self.sight.is_whole()).then(|| self.machine.public_title(&state.id)).flatten();
        self.say(public.unwrap_or(&state.title))
    }

    fn say(&self, text: &Text) -> String {
        text.in_language(self.language).to_owned()
    }

    /// The entry that the notice is about; for what is merely told, and for one that is over, where the dossier stands, if that
    /// is one state.
    pub(super) fn active(&self) -> Option<&Active> {
        let entry = self.dossier.entry(self.notice.activation).filter(|_| self.notice.kind != NoticeKind::Told);
        entry.or_else(|| {
            let mut leaves = self.dossier.leaves();
            leaves.next().filter(|_| leaves.next().is_none())
        })
    }

    /// Where the dossier stands, every region of it.
    fn stands(&self) -> String {
        let leaves = self.dossier.leaves().filter_map(|leaf| self.machine.state(&leaf.state));
        leaves.map(|state| self.say(&state.title)).collect::<Vec<_>>().join(" + ")
    }

    fn task(&self, purpose: Option<Purpose>) -> Option<&Task> {
        self.dossier.task(self.notice.activation, purpose?)
    }

    pub(super) fn vote(&self) -> Option<&Vote> {
        self.dossier.vote(self.notice.activation)
    }

    fn title(&self, state: Option<&State>, vote: Option<&Vote>) -> String {
        let of_task = state.and_then(|state| state.task.as_ref()).map(|rule| &rule.title);
        let of_vote = vote.map(|vote| &vote.rule.title);
        let of_state = state.map(|state| &state.title);
        of_vote.or(of_task).or(of_state).map_or_else(|| self.stands(), |text| self.say(text))
    }

    fn due_at(&self, task: Option<&Task>, active: Option<&Active>) -> Option<Instant> {
        match self.notice.kind {
            NoticeKind::Told | NoticeKind::Undelivered => None,
            NoticeKind::Asked | NoticeKind::Reminder | NoticeKind::Escalation => {
                let in_row = self.notice.task.as_ref().and_then(|task| task.due_at);
                in_row.or_else(|| task.and_then(|task| task.due_at)).or_else(|| active.and_then(|active| active.due_at))
            }
        }
    }

    fn rows(&self, purpose: Option<Purpose>, vote: Option<&Vote>) -> usize {
        match (purpose, vote) {
            (Some(Purpose::Ballot | Purpose::Tally | Purpose::Confirm | Purpose::Attendance), Some(vote)) => {
                vote.rows.len()
            }
            _ => self.dossier.rows.iter().filter(|row| row.status == RowStatus::Live).count(),
        }
    }

    /// Who was asked in this entry and did nothing.
    fn asked(&self) -> Vec<String> {
        let tasks = self.dossier.tasks.iter().filter(|task| task.activation == self.notice.activation);
        let tasks = tasks.filter(|task| self.dossier.is_awaited(task));
        let mut people: Vec<&PersonId> = tasks.flat_map(|task| &task.holders).collect();
        people.sort();
        people.dedup();
        people.iter().filter_map(|id| self.directory.person(id)).map(|person| person.name.clone()).collect()
    }

    /// Whom a mail did not reach.
    fn unreached(&self) -> Option<String> {
        let person = PersonId::new(self.notice.mail.as_deref()?);
        self.directory.people.get(&person).map(|person| person.name.clone())
    }

    fn consequences(&self, state: Option<&State>, purpose: Option<Purpose>) -> Vec<Consequence> {
        if purpose == Some(Purpose::Ballot) {
            return vec![Consequence::Closes];
        }
        let Some(state) = state else { return Vec::new() };
        let Some(deadline) = &state.deadline else { return Vec::new() };
        let silence = state.consult.as_ref().map(|consult| self.silence(consult)).unwrap_or_default();
        let escalates = deadline.escalate.as_ref().and_then(|escalate| self.machine.roles.get(&escalate.to));
        let mut all: Vec<Consequence> =
            escalates.into_iter().map(|role| Consequence::Escalates(self.say(&role.label))).collect();
        let moves = deadline.then.as_ref().and_then(|event| self.leads_to(&state.id, event));
        all.extend(silence.into_iter().map(Consequence::Silence));
        all.extend(moves.map(|target| Consequence::Moves(self.state_title(target))));
        all
    }

    /// What stands for silence, as officers call it.
    fn silence(&self, consult: &Consult) -> Vec<String> {
        let Some(FieldKind::Rows { columns, .. }) = self.machine.field(&consult.into).map(|field| &field.kind) else {
            return Vec::new();
        };
        let label = |column: &Field| {
            let FieldKind::OneOf { values } = &column.kind else { return None };
            values.get(consult.silence.get(&column.name)?).map(|label| self.say(label))
        };
        columns.iter().filter_map(label).collect()
    }

    /// Where an event leads from a state, if there is one way only.
    fn leads_to(&self, state: &StateId, event: &EventName) -> Option<&State> {
        let machine = self.machine;
        let mut at = machine.state(state);
        while let Some(state) = at {
            let mut ways = state.on.iter().filter(|way| way.event.as_ref() == Some(event));
            match (ways.next(), ways.next()) {
                (Some(way), None) => {
                    return match &way.target {
                        Target::State(target) => machine.state(target),
                        Target::Stay | Target::Resume(_) => None,
                    };
                }
                (Some(_), Some(_)) => return None,
                (None, _) => at = state.parent.as_ref().and_then(|parent| machine.state(parent)),
            }
        }
        None
    }
}
