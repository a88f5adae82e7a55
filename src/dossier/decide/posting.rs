//! A matter is posted: anybody may object within its time, each objection is settled by those who keep the posting, and the
//! dossier goes on once the time is over and nothing is open. The time is never cut short.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Run;
use super::step::Brought;
use super::values::check_reason;
use crate::directory::is_mailbox;
use crate::dossier::command::{Actor, Hear, Knock, Object, Settle};
use crate::dossier::event::{Change, Kind};
use crate::dossier::outsider::outsider_id;
use crate::dossier::posting::{OBJECTORS_MAX, Objected};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Outsider, Paper, Purpose, RowOf, Task, Timer, TimerKind};
use crate::ids::{ActivationId, EventName, Instant, PersonId};
use crate::machine::chart::Place;
use crate::machine::{
    ACCEPTED, FieldKind, LinkPolicy, OBJECTION_DAY, OBJECTION_DECISION, OBJECTION_WHAT, OBJECTION_WHO, OBJECTION_WHY,
    Posting, REJECTED, RESOLVED, UNOPPOSED,
};

/// Characters of a name that somebody from outside gives.
pub(super) const NAME_MAX: usize = 200;

impl Run<'_> {
    /// When a posting that begins now ends; it must end before the day that it was promised for.
    pub(super) fn posted_until(&self, posting: &Posting) -> Result<Instant, Refusal> {
        let ends = self.context.calendar.after(self.at, posting.period);
        match posting.before.as_ref().map(|before| self.due_by(before)).transpose()? {
            Some(latest) if latest < ends => {
                let day = self.context.calendar.date(ends);
                Err(Refusal::about(Code::NoRoom, day.to_string()))
            }
            _ => Ok(ends),
        }
    }

    /// A state in which the matter is posted was entered: its table is empty, and its time begins.
    pub(super) fn post(&mut self, activation: ActivationId, posting: &Posting, ends: Instant) {
        if self.dossier().fields.contains_key(&posting.into) {
            self.emit(Change::Set(BTreeMap::from([(posting.into.clone(), Value::Null)])));
        }
        self.emit(Change::Timed(vec![Timer { activation, what: TimerKind::PostingEnds, due_at: ends }]));
    }

    /// A day moved before which a posting has to end: that it still does.
    pub(super) fn postings_fit(&self) -> Result<(), Refusal> {
        for entry in &self.dossier().active {
            let state = self.state(&entry.state);
            let (Some(posting), Some(ends)) = (&state.posting, entry.due_at) else { continue };
            let latest = posting.before.as_ref().map(|before| self.due_by(before)).transpose()?;
            if latest.is_some_and(|latest| latest < ends) {
                let day = self.context.calendar.date(ends);
                return Err(Refusal::about(Code::NoRoom, day.to_string()));
            }
        }
        Ok(())
    }

    /// The time is over: what was not objected to, or settled, goes on; what is open waits for those who keep the posting.
    pub(super) fn posting_ends(&mut self, activation: ActivationId) -> Result<(), Refusal> {
        self.close_door(activation);
        let open: Vec<bool> = self.dossier().objected(activation).map(|one| one.accepted.is_none()).collect();
        if open.iter().any(|open| *open) {
            self.tell_keepers(activation);
            return Ok(());
        }
        let event = if open.is_empty() { UNOPPOSED } else { RESOLVED };
        self.raise(&EventName::from(event), Some(activation), Brought::default())?;
        self.settle()
    }

    /// Nobody gets in any more who has not objected by now.
    fn close_door(&mut self, activation: ActivationId) {
        if self.dossier().task(activation, Purpose::Object).is_some() {
            self.emit(Change::Withdrawn { activation, purpose: Purpose::Object, holder: None });
        }
    }

    /// Somebody asks for a link by which to object, at the mailbox that they name.
    pub(super) fn knock(&mut self, knock: &Knock) -> Result<(), Refusal> {
        let (activation, _, _) = self.open_posting(knock.activation)?;
        if self.actor != Actor::Public {
            return Err(Refusal::of(Code::NotThisWay));
        }
        let (name, mail) = (knock.name.trim(), knock.mail.trim());
        if name.is_empty() || name.chars().count() > NAME_MAX {
            return Err(Refusal::about(Code::FieldMissing, "name"));
        }
        if !is_mailbox(mail) {
            return Err(Refusal::about(Code::FieldWrong, "mail"));
        }
        let asked =
            self.dossier().task(activation, Purpose::Object).map(|task| task.holders.clone()).unwrap_or_default();
        let known = self.dossier().outsiders.iter().find(|one| one.reads(mail)).map(|one| one.person.clone());
        let objected = |person: &PersonId| self.dossier().objected(activation).any(|one| &one.person == person);
        if known.as_ref().is_some_and(objected) {
            return Err(Refusal::of(Code::Done { by: None, at: None }));
        }
        if let Some(person) = known.as_ref().filter(|person| asked.contains(person)) {
            self.put_right(person, name);
            self.emit(Change::Waits { activation, people: vec![person.clone()] });
            self.finish(Kind::Knocked);
            return Ok(());
        }
        if asked.len() >= OBJECTORS_MAX {
            return Err(Refusal::of(Code::TooMuch));
        }
        // Whom the office named itself keeps the name that it knows.
        let person = match known {
            Some(person) => person,
            None => self.introduce(name, Some(mail), &knock.language),
        };
        let policy = LinkPolicy::Link;
        if asked.is_empty() {
            let task = Task::offered(activation, Purpose::Object, None, vec![person]);
            let due_at = self.dossier().entry(activation).and_then(|entry| entry.due_at);
            self.emit(Change::Offered(Task { policy, records: true, due_at, ..task }));
        } else {
            self.emit(Change::LetIn { activation, person });
        }
        self.finish(Kind::Knocked);
        Ok(())
    }

    /// Somebody who asked for a link says who they are. Whom the office named itself keeps the name that it knows.
    fn put_right(&mut self, person: &PersonId, name: &str) {
        let Some(outsider) = self.dossier().outsider(person).filter(|one| one.name != name).cloned() else { return };
        if !self.is_named(&outsider) {
            self.emit(Change::Party { outsider: Outsider { name: name.to_owned(), ..outsider }, row: None });
        }
    }

    /// Knows somebody from outside from now on.
    fn introduce(&mut self, name: &str, mail: Option<&str>, language: &str) -> PersonId {
        let person = outsider_id(&self.dossier().id, self.dossier().outsiders.len());
        let (mail, language) = (mail.map(str::to_owned), language.to_owned());
        let outsider = Outsider { person: person.clone(), name: name.to_owned(), mail, language, address: None };
        self.emit(Change::Party { outsider, row: None });
        person
    }

    /// Somebody objects, from the link that was mailed to them.
    pub(super) fn object(&mut self, object: &Object) -> Result<(), Refusal> {
        let (activation, _, posting) = self.open_posting(object.activation)?;
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        if self.dossier().objected(activation).any(|one| one.person == person) {
            return Err(Refusal::of(Code::Done { by: Some(person), at: None }));
        }
        let task = self.dossier().task(activation, Purpose::Object);
        if !task.is_some_and(|task| task.holders.contains(&person)) {
            return Err(Refusal::of(Code::NotAsked));
        }
        let name = object.name.trim();
        if name.chars().count() > NAME_MAX {
            return Err(Refusal::about(Code::FieldMissing, "name"));
        }
        if !name.is_empty() {
            self.put_right(&person, name);
        }
        let today = self.today();
        self.take_objection(activation, &posting, &person, &object.text, &object.papers, today, None)?;
        self.emit(Change::Withdrawn { activation, purpose: Purpose::Object, holder: Some(person) });
        self.tell_keepers(activation);
        self.finish(Kind::Objected);
        Ok(())
    }

    /// Those who keep the posting write down what came on paper in time.
    pub(super) fn hear(&mut self, hear: &Hear) -> Result<(), Refusal> {
        let (activation, at, posting) = self.posting_of(hear.activation)?;
        let keeper = self.keeps(activation, at)?;
        let calendar = self.context.calendar;
        let entry = self.dossier().entry(activation);
        let ends = entry.and_then(|entry| entry.due_at).map(|ends| calendar.date(ends));
        let posted = entry.map(|entry| calendar.date(entry.at));
        if ends.is_some_and(|ends| hear.day > ends) || posted.is_some_and(|posted| hear.day < posted) {
            return Err(Refusal::about(Code::OutOfTime, hear.day.to_string()));
        }
        if hear.day > self.today() {
            return Err(Refusal::about(Code::NotSigned, OBJECTION_DAY));
        }
        let name = hear.who.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX {
            return Err(Refusal::about(Code::FieldMissing, OBJECTION_WHO));
        }
        if hear.papers.is_empty()
            && let Some(paper) = &posting.paper
        {
            return Err(Refusal::about(Code::PaperMissing, paper.as_str()));
        }
        let person = self.introduce(name, None, &self.machine.language.clone());
        self.take_objection(activation, &posting, &person, &hear.text, &hear.papers, hear.day, Some(keeper))?;
        self.finish(Kind::Objected);
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "an objection is whose it is, what it says and how it came")]
    fn take_objection(
        &mut self,
        activation: ActivationId,
        posting: &Posting,
        person: &PersonId,
        text: &str,
        papers: &[Paper],
        day: jiff::civil::Date,
        by: Option<PersonId>,
    ) -> Result<(), Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Refusal::about(Code::FieldMissing, OBJECTION_WHAT));
        }
        check_reason(text)?;
        let kinds: Vec<String> = posting.paper.iter().cloned().collect();
        self.check_papers(papers, &kinds, &[])?;
        let rows = self.dossier().fields.get(&posting.into).and_then(Value::as_array).map_or(0, Vec::len);
        let most = match self.machine.field(&posting.into).map(|field| &field.kind) {
            Some(FieldKind::Rows { max, .. }) => *max as usize,
            _ => 0,
        };
        if rows >= most {
            return Err(Refusal::about(Code::TooMuch, posting.into.as_str()));
        }
        let outsider = self.dossier().outsider(person).cloned().ok_or_else(|| Refusal::of(Code::NotAsked))?;
        let cells: Map<String, Value> = [
            (OBJECTION_WHO, outsider.name.clone()),
            (OBJECTION_WHAT, text.to_owned()),
            (OBJECTION_DAY, day.to_string()),
        ]
        .into_iter()
        .map(|(column, said)| (column.to_owned(), said.into()))
        .collect();
        self.file(papers);
        let place = u32::try_from(rows).unwrap_or(u32::MAX);
        let row = Some(RowOf { field: posting.into.clone(), place, cells });
        self.emit(Change::Party { outsider, row });
        let at = self.at;
        let (person, accepted) = (person.clone(), None);
        self.emit(Change::Objected(Objected { activation, place, person, by, at, accepted }));
        Ok(())
    }

    /// Those who keep the posting say of an objection whether it is accepted, and why.
    pub(super) fn settle_objection(&mut self, settle: &Settle) -> Result<(), Refusal> {
        let (activation, at, posting) = self.posting_of(settle.activation)?;
        let keeper = self.keeps(activation, at)?;
        if settle.reason.trim().is_empty() {
            return Err(Refusal::about(Code::ReasonMissing, settle.place.to_string()));
        }
        check_reason(&settle.reason)?;
        let objection = self.dossier().objected(activation).find(|one| one.place == settle.place).cloned();
        let objection = objection.ok_or_else(|| Refusal::about(Code::RowUnknown, settle.place.to_string()))?;
        if objection.accepted.is_some() {
            return Err(Refusal::of(Code::Done { by: None, at: None }));
        }
        let rows = self.dossier().fields.get(&posting.into).and_then(Value::as_array);
        let row = rows.and_then(|rows| rows.get(settle.place as usize)?.as_object().cloned());
        let outsider = self.dossier().outsider(&objection.person).cloned();
        if let (Some(mut cells), Some(outsider)) = (row, outsider) {
            let decision = if settle.accepted { ACCEPTED } else { REJECTED };
            cells.insert(OBJECTION_DECISION.to_owned(), decision.into());
            cells.insert(OBJECTION_WHY.to_owned(), settle.reason.trim().into());
            let row = Some(RowOf { field: posting.into.clone(), place: settle.place, cells });
            self.emit(Change::Party { outsider, row });
        }
        let (place, accepted) = (settle.place, settle.accepted);
        self.emit(Change::Settled { activation, place, accepted, by: keeper.clone() });
        let role = self.machine.states[at].task.as_ref().map(|task| task.role.clone());
        self.did(&keeper, Some(at), role.as_ref(), false, None);
        // What came on paper is answered on paper.
        if self.dossier().outsider(&objection.person).is_some_and(|one| one.mail.is_some()) {
            let (people, mail) = (vec![objection.person.clone()], posting.answer.clone());
            self.emit(Change::Told { activation, people, mail });
        }
        let waits = self.dossier().timers.iter();
        let waits = waits.into_iter().any(|one| one.activation == activation && one.what == TimerKind::PostingEnds);
        if !waits && self.dossier().objected(activation).all(|one| one.accepted.is_some()) {
            self.raise(&EventName::from(RESOLVED), Some(activation), Brought::default())?;
            self.settle()?;
        }
        self.finish(Kind::Settled);
        Ok(())
    }

    /// The posting of an active entry.
    fn posting_of(&self, activation: ActivationId) -> Result<(ActivationId, Place, Posting), Refusal> {
        self.check_entry(activation)?;
        let at = self.entered(activation).expect("the entry was checked");
        let posting = self.machine.states[at].posting.clone().ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        Ok((activation, at, posting))
    }

    /// The same while its time runs: afterwards nothing is taken any more.
    fn open_posting(&self, activation: ActivationId) -> Result<(ActivationId, Place, Posting), Refusal> {
        let posting = self.posting_of(activation)?;
        let runs = |timer: &Timer| {
            timer.activation == activation && timer.what == TimerKind::PostingEnds && self.at < timer.due_at
        };
        if self.dossier().timers.iter().any(runs) { Ok(posting) } else { Err(Refusal::of(Code::OutOfTime)) }
    }

    /// Who acts, if they keep the posting.
    fn keeps(&self, activation: ActivationId, at: Place) -> Result<PersonId, Refusal> {
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        self.check_shown(activation, [])?;
        let task = self.task_of(activation)?;
        let role = task.role.clone().ok_or_else(|| Refusal::of(Code::NotAsked))?;
        let of = self.may_do(task, &person).ok_or_else(|| Refusal::of(Code::NotAsked))?;
        if let Some(reason) = self.barred_for(&person, &of, &role, at) {
            return Err(Refusal { reasons: vec![reason] });
        }
        Ok(person)
    }

    /// Something waits for those who keep the posting.
    fn tell_keepers(&mut self, activation: ActivationId) {
        let people = self.dossier().task(activation, Purpose::Act).map(|task| task.holders.clone()).unwrap_or_default();
        if !people.is_empty() {
            self.emit(Change::Waits { activation, people });
        }
    }
}
