//! What one notice means to its reader: read off the dossier and its machine. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::gather::MailNotice;
use super::letter::{Consequence, Matter, Settlement};
use super::texts::Texts;
use crate::directory::Directory;
use crate::dossier::project::NoticeKind;
use crate::dossier::sight::Sight;
use crate::dossier::{Active, Dossier, Purpose, RowStatus, Task, Vote};
use crate::ids::{EventName, FieldName, Instant, Language, PersonId, StateId, Text};
use crate::machine::{
    Consult, Field, FieldKind, Machine, OBJECTION_DAY, OBJECTION_DECISION, OBJECTION_WHAT, OBJECTION_WHY, Proofs,
    State, Target,
};

/// One notice, being turned into a matter.
pub(super) struct Reading<'a> {
    pub(super) dossier: &'a Dossier,
    /// The same with what its reader does not see.
    pub(super) whole: &'a Dossier,
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
        let demands = self.demands(task, state);
        let shown = demands.is_none();
        let workflow = self.say(&machine.title);
        Matter {
            kind: self.notice.kind,
            purpose,
            caption: if shown { dossier.caption.clone() } else { workflow.clone() },
            workflow,
            state: match state {
                _ if !shown => String::new(),
                Some(state) => self.state_title(state),
                None => self.stands(),
            },
            task: self.title(state, vote),
            help: state.and_then(|state| state.task.as_ref()).map(|rule| self.say(&rule.help)).unwrap_or_default(),
            outside: state.and_then(|state| state.wait.as_ref()).map(|wait| self.say(&wait.on)),
            role: task
                .and_then(|task| task.role.as_ref())
                .filter(|_| purpose != Some(Purpose::Prepare))
                .and_then(|role| machine.roles.get(role))
                .map(|role| self.say(&role.label)),
            behalf: self.behalf(task),
            prepares_for: task.filter(|_| purpose == Some(Purpose::Prepare)).map(|task| self.prepares_for(task)),
            prepared: self.prepared(purpose, state).filter(|_| shown),
            body: vote.and_then(|vote| self.directory.bodies.get(&vote.body)).map(|body| body.name.clone()),
            due_at: self.due_at(task, active),
            days_left: 0,
            rows: (machine.is_list() && shown).then(|| self.rows(purpose, vote)),
            consequences: self.consequences(state, purpose),
            asked: match self.notice.kind {
                NoticeKind::Escalation if shown => self.asked(),
                NoticeKind::Undelivered => self.unreached().into_iter().collect(),
                NoticeKind::Asked
                | NoticeKind::Reminder
                | NoticeKind::Escalation
                | NoticeKind::Told
                | NoticeKind::Calendar => Vec::new(),
            },
            demands,
            gives_numbers: false,
            grounds: if shown { self.grounds() } else { Vec::new() },
            numbers: if shown { self.numbers() } else { Vec::new() },
            settlement: self.settlement(),
            link: None,
            own: None,
            invitation: None,
        }
    }

    /// What the page asks for: that of the reader's task; of what they are only told, what is asked wherever the dossier stands.
    fn demands(&self, task: Option<&Task>, state: Option<&State>) -> Proofs {
        match (task, state) {
            (Some(task), _) => task.policy.into(),
            (None, Some(state)) if self.notice.kind != NoticeKind::Told => state.link.into(),
            (None, _) => self.dossier.demands(self.machine),
        }
    }

    /// Why it came to this: what was given as a reason with the very event that is told.
    fn grounds(&self) -> Vec<String> {
        match self.notice.kind {
            NoticeKind::Asked | NoticeKind::Told => {}
            NoticeKind::Reminder | NoticeKind::Escalation | NoticeKind::Undelivered | NoticeKind::Calendar => {
                return Vec::new();
            }
        }
        let grounds = self.dossier.grounds.iter().filter(|ground| ground.at == self.notice.at);
        grounds.map(|ground| self.say(&ground.text)).collect()
    }

    /// The numbers of documents that whoever is told may quote, each with its day.
    fn numbers(&self) -> Vec<(String, String)> {
        if self.notice.kind != NoticeKind::Told {
            return Vec::new();
        }
        let (machine, states) = (self.machine, &self.machine.states);
        let dated = |name: &String| machine.numbers.get(name).and_then(|numbering| numbering.dated.as_ref());
        let taken = states.iter().flat_map(State::transitions).flat_map(|way| &way.number);
        let taken = taken.map(|(field, numbering)| (field, dated(numbering)));
        let waited = states.iter().filter_map(|state| state.wait.as_ref());
        let waited = waited.map(|wait| (&wait.number, Some(&wait.day)));
        let mut days: BTreeMap<&FieldName, Option<&FieldName>> = BTreeMap::new();
        for (field, day) in taken.chain(waited) {
            let known = days.entry(field).or_default();
            *known = known.or(day);
        }
        let value = |name: &FieldName| self.dossier.fields.get(name).and_then(Value::as_str).map(str::trim);
        let said = |field: &Field| {
            let number = value(&field.name).filter(|number| !number.is_empty())?;
            let day = days.get(&field.name).copied().flatten().and_then(value).and_then(|day| day.parse().ok());
            let texts = Texts::of(self.language.as_str());
            let number = day.map_or_else(
                || number.to_owned(),
                |day| texts.say("matter.number", &[("number", number), ("day", &texts.words.date_long(day))]),
            );
            Some((self.say(&field.label), number))
        };
        machine.fields.iter().filter(|field| days.contains_key(&field.name)).filter_map(said).collect()
    }

    /// How the reader's own objection was settled; what is theirs they read whatever else is hidden from them.
    fn settlement(&self) -> Option<Settlement> {
        if self.notice.kind != NoticeKind::Told {
            return None;
        }
        let mut theirs = self.whole.objected(self.notice.activation).filter(|one| &one.person == self.person);
        let objected = theirs.find(|one| one.accepted.is_some())?;
        let mut tables = self.machine.fields.iter().filter(|field| self.machine.takes_objections(&field.name));
        let (columns, row) = tables.find_map(|field| {
            let FieldKind::Rows { columns, .. } = &field.kind else { return None };
            let row = self.whole.fields.get(&field.name)?.as_array()?.get(objected.place as usize)?;
            Some((columns, row))
        })?;
        let cell = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let decision = columns.iter().find(|column| column.name.as_str() == OBJECTION_DECISION);
        let label = decision.and_then(|column| match &column.kind {
            FieldKind::OneOf { values } => values.get(&cell(OBJECTION_DECISION)).map(|label| self.say(label)),
            _ => None,
        });
        let day = cell(OBJECTION_DAY);
        let words = Texts::of(self.language.as_str()).words;
        Some(Settlement {
            what: cell(OBJECTION_WHAT),
            day: day.parse().map_or(day, |day| words.date_long(day)),
            decision: label.unwrap_or_default(),
            why: cell(OBJECTION_WHY),
        })
    }

    /// On whose behalf the reader is asked.
    fn behalf(&self, task: Option<&Task>) -> Option<String> {
        let stand_in = task?.stand_ins.iter().find(|one| &one.person == self.person)?;
        self.directory.person(&stand_in.of).map(|person| person.name.clone())
    }

    /// For whom the reader prepares the answer.
    fn prepares_for(&self, task: &Task) -> String {
        let texts = Texts::of(self.language.as_str());
        let addressed = |id: &PersonId| {
            let person = self.directory.person(id)?;
            let address = person.address.as_deref().filter(|address| !address.is_empty());
            let form = address.and_then(|one| if texts.addresses_as_written() { Some(one) } else { texts.form(one) });
            Some(form.map_or_else(|| person.name.clone(), |form| format!("{form} {}", person.name)))
        };
        let own = task.assistants.iter().filter(|one| &one.person == self.person && task.holders.contains(&one.of));
        own.filter_map(|one| addressed(&one.of)).collect::<Vec<_>>().join(", ")
    }

    /// The answer that lies ready for the reader: by whom, and what it says.
    fn prepared(&self, purpose: Option<Purpose>, state: Option<&State>) -> Option<(String, String)> {
        purpose.filter(|purpose| *purpose == Purpose::Act)?;
        let one = self.whole.prepared_for(self.notice.activation, self.person, self.notice.at)?;
        let ways = self.machine.states.iter().filter(|other| state.is_some_and(|state| state.id == other.id));
        let outer = self.machine.states.iter().filter(|other| state.is_some_and(|state| state.id.is_inside(&other.id)));
        let way = ways.chain(outer).flat_map(|state| &state.on).find(|way| way.event.as_ref() == Some(&one.event))?;
        Some((self.directory.person(&one.by)?.name.clone(), self.say(&way.label)))
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
            NoticeKind::Told | NoticeKind::Undelivered | NoticeKind::Calendar => None,
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
