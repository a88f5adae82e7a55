//! Votes of bodies: roll and rules are pinned at the opening; choices go into boxes, never into events; all arithmetic is in
//! whole numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::step::Brought;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{
    Body, Choice, PaperTally, Purpose, Recipient, RowResult, RowStatus, Seat, Task, Timer, TimerKind, Vote, VoteResult,
    VoteRow,
};
use crate::ids::{ActivationId, DossierId, EventName, FieldName, PersonId};
use crate::machine::{Ballot, Base, Field, FieldKind, Fraction, Held, ShareOf, State, StateVote, Threshold, VoteRule};

/// What a vote raises that passed.
pub(super) const PASSED: &str = "passed";

impl Run<'_> {
    /// Opens the vote of a state that is being entered.
    pub(super) fn open_vote(
        &mut self,
        activation: ActivationId,
        state: &State,
        vote: &StateVote,
    ) -> Result<(), Refusal> {
        if self.stood(activation, &vote.rule) {
            return Ok(());
        }
        let (name, rule) = (vote.rule.clone(), self.machine.votes[&vote.rule].clone());
        let body = self.body(&rule.body).ok_or_else(|| Refusal::about(Code::NobodyToAsk, rule.body.kind.as_str()))?;
        let seats = self.context.directory.seats(&body, self.today());
        let roll: Vec<Seat> = seats
            .into_iter()
            .filter(|seat| seat.votes())
            .map(|seat| Seat { person: seat.person.clone(), seat: seat.seat.clone(), cast: false })
            .collect();
        if roll.is_empty() {
            return Err(Refusal::about(Code::NobodyToAsk, body.as_str()));
        }
        let rows = self.vote_rows(&rule, &roll)?;
        let eligible = eligible(&roll, &rows);
        let held = vote.held.clone();
        self.emit(Change::VoteOpened { activation, name, rule: rule.clone(), held: held.clone(), body, roll, rows });
        match held {
            Held::Online => {
                let due_at = self.context.calendar.after(self.at, rule.open_for);
                let task = Task::offered(activation, Purpose::Ballot, None, eligible);
                self.emit(Change::Offered(Task { due_at: Some(due_at), policy: state.link, ..task }));
                self.emit(Change::Timed(vec![Timer { activation, what: TimerKind::VoteEnds, due_at }]));
                Ok(())
            }
            Held::Paper { records, .. } => {
                let holders = self.holders(&records);
                self.offer_paper(activation, Purpose::Tally, holders, records.as_str())
            }
        }
    }

    fn offer_paper(
        &mut self,
        activation: ActivationId,
        purpose: Purpose,
        holders: Vec<PersonId>,
        role: &str,
    ) -> Result<(), Refusal> {
        if holders.is_empty() {
            return Err(Refusal::about(Code::NobodyToAsk, role));
        }
        let entry = self.dossier().active.iter().find(|active| active.activation == activation);
        let state = entry.map(|active| active.state.clone()).expect("votes go with their activation");
        let (due_at, policy) = (entry.and_then(|active| active.due_at), self.state(&state).link);
        let task = Task::offered(activation, purpose, Some(role.into()), holders);
        self.emit(Change::Offered(Task { due_at, policy, ..task }));
        Ok(())
    }

    /// What is voted on: the live rows of a list, or the dossier itself.
    fn vote_rows(&self, rule: &VoteRule, roll: &[Seat]) -> Result<Vec<VoteRow>, Refusal> {
        let dossier = self.dossier();
        let one = |row: &DossierId, declared: &[Field], subject: &[FieldName], fields: &BTreeMap<_, _>| {
            let needs = self.share(&rule.passes, declared, fields)?;
            let about: BTreeSet<&str> = subject.iter().filter_map(|name| fields.get(name)?.as_str()).collect();
            let own = roll.iter().map(|seat| &seat.person).filter(|person| about.contains(person.as_str()));
            let own = if rule.own_case.votes { Vec::new() } else { own.cloned().collect() };
            Ok(VoteRow { row: row.clone(), needs, own })
        };
        if self.machine.is_list() {
            let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live);
            live.map(|row| one(&row.dossier, &self.machine.row, &self.machine.row_subject, &row.fields)).collect()
        } else {
            Ok(vec![one(&dossier.id, &self.machine.fields, &self.machine.subject, &dossier.fields)?])
        }
    }

    /// A share, read for a row where it depends on it: `prize.unit_threshold` is that column of the row's choice.
    fn share(
        &self,
        threshold: &Threshold,
        declared: &[Field],
        fields: &BTreeMap<FieldName, serde_json::Value>,
    ) -> Result<Fraction, Refusal> {
        let path = match &threshold.share {
            ShareOf::Fixed(fraction) => return Ok(*fraction),
            ShareOf::Path(path) => path,
        };
        let wrong = || Refusal::about(Code::GuardFailed, format!("`{path}` gives no share"));
        let mut parts = path.split('.');
        let first = FieldName::from(parts.next().ok_or_else(wrong)?);
        let mut value = match (fields.get(&first), declared.iter().find(|field| field.name == first)) {
            (Some(value), Some(Field { kind: FieldKind::Choice { from }, .. })) => {
                let key = value.as_str().ok_or_else(wrong)?;
                self.machine.tables.get(from).and_then(|table| table.get(key)).ok_or_else(wrong)?
            }
            (Some(value), _) => value,
            (None, _) => self.machine.tables.get(first.as_str()).ok_or_else(wrong)?,
        };
        for part in parts {
            value = value.get(part).ok_or_else(wrong)?;
        }
        value.as_str().and_then(Fraction::parse).ok_or_else(wrong)
    }

    /// A member's ballot sheet.
    pub(super) fn cast(
        &mut self,
        activation: ActivationId,
        choices: &BTreeMap<DossierId, Choice>,
    ) -> Result<(), Refusal> {
        let person = self.own_person()?;
        self.check_entry(activation)?;
        let vote = self.vote_of(activation)?;
        if vote.held != Held::Online {
            return Err(Refusal::of(Code::NotThisWay));
        }
        let seat = vote.roll.iter().find(|seat| seat.person == person).ok_or_else(|| Refusal::of(Code::NotAsked))?;
        self.check_shown(activation, [])?;
        self.check_read(activation)?;
        if seat.cast {
            return Err(Refusal::of(Code::Done { by: Some(person), at: None }));
        }
        let votable = vote.rows.iter().filter(|row| !row.own.contains(&person)).map(|row| &row.row);
        if !votable.collect::<BTreeSet<_>>().into_iter().eq(choices.keys()) {
            return Err(Refusal::of(Code::ChoiceWrong));
        }
        let secret = vote.rule.ballot == Ballot::Secret;
        self.emit(Change::Marked { activation, person: person.clone() });
        self.emit(Change::Withdrawn { activation, purpose: Purpose::Ballot, holder: Some(person.clone()) });
        if secret {
            let choices = choices.iter().map(|(row, choice)| ((activation, row.clone()), *choice));
            self.decision.ballots = choices.collect();
        } else {
            self.emit(Change::Chose { activation, person, choices: choices.clone() });
        }
        // Closed by the clock at this very instant, when the last ballot lies sealed in its box.
        let vote = self.vote_of(activation)?;
        let eligible = eligible(&vote.roll, &vote.rows);
        if vote.roll.iter().all(|seat| seat.cast || !eligible.contains(&seat.person)) {
            self.due_at_once(activation, TimerKind::VoteEnds);
        }
        self.finish(Kind::Cast);
        Ok(())
    }

    /// The tallies of a vote held on paper.
    pub(super) fn tally(
        &mut self,
        activation: ActivationId,
        rows: &BTreeMap<DossierId, PaperTally>,
    ) -> Result<(), Refusal> {
        let person = self.asked(activation, Purpose::Tally)?;
        self.check_read(activation)?;
        let vote = self.vote_of(activation)?;
        let Held::Paper { confirms, .. } = vote.held.clone() else { return Err(Refusal::of(Code::NotThisWay)) };
        if !vote.rows.iter().map(|row| &row.row).collect::<BTreeSet<_>>().into_iter().eq(rows.keys()) {
            return Err(Refusal::of(Code::RowUnknown));
        }
        for row in &vote.rows {
            let members = count(vote.roll.len() - row.own.len());
            let tally = rows[&row.row];
            let counted = tally.yes.checked_add(tally.no).and_then(|sum| sum.checked_add(tally.invalid));
            let adds_up = counted == Some(tally.returned);
            if tally.issued > members || tally.returned > tally.issued || !adds_up {
                return Err(Refusal::about(Code::TallyWrong, row.row.as_str()));
            }
        }
        let second: Vec<PersonId> = self.holders(&confirms).into_iter().filter(|other| other != &person).collect();
        if second.is_empty() {
            return Err(Refusal::about(Code::SamePerson, confirms.as_str()));
        }
        self.remember_at(activation, &person, Purpose::Tally, true);
        self.emit(Change::Recorded { activation, by: person, rows: rows.clone() });
        self.emit(Change::Withdrawn { activation, purpose: Purpose::Tally, holder: None });
        self.offer_paper(activation, Purpose::Confirm, second, confirms.as_str())?;
        self.finish(Kind::Tallied);
        Ok(())
    }

    /// The second person's word on the tallies.
    pub(super) fn confirm(&mut self, activation: ActivationId, agrees: bool, seen: i64) -> Result<(), Refusal> {
        let person = self.asked(activation, Purpose::Confirm)?;
        self.check_read(activation)?;
        self.check_seen(Some(seen))?;
        let vote = self.vote_of(activation)?;
        if vote.recorded.as_ref().is_none_or(|recorded| recorded.by == person) {
            return Err(Refusal::of(Code::SamePerson));
        }
        let held = vote.held.clone();
        self.remember_at(activation, &person, Purpose::Confirm, false);
        if agrees {
            self.close_vote(activation)?;
            self.settle()?;
        } else {
            let Held::Paper { records, .. } = held else { return Err(Refusal::of(Code::NotThisWay)) };
            self.emit(Change::Disputed(activation));
            self.emit(Change::Withdrawn { activation, purpose: Purpose::Confirm, holder: None });
            let holders = self.holders(&records);
            self.offer_paper(activation, Purpose::Tally, holders, records.as_str())?;
        }
        self.finish(Kind::Confirmed);
        Ok(())
    }

    /// Remembers who had a hand in a vote on paper.
    fn remember_at(&mut self, activation: ActivationId, person: &PersonId, purpose: Purpose, prepared: bool) {
        let role = self.dossier().task(activation, purpose).and_then(|task| task.role.clone());
        self.did(person, self.entered(activation), role.as_ref(), prepared, None);
    }

    fn vote_of(&self, activation: ActivationId) -> Result<&Vote, Refusal> {
        self.dossier().vote(activation).ok_or_else(|| Refusal::of(Code::Superseded))
    }

    /// The person must have been asked this, and it must still be open.
    fn asked(&self, activation: ActivationId, purpose: Purpose) -> Result<PersonId, Refusal> {
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        self.check_entry(activation)?;
        let task = self.dossier().task(activation, purpose);
        let task = task.ok_or_else(|| Refusal::of(Code::Done { by: None, at: None }))?;
        if !task.holders.contains(&person) {
            return Err(Refusal::of(Code::NotAsked));
        }
        self.check_shown(activation, [])?;
        Ok(person)
    }

    /// Closes a vote: counts, tells every row, and raises what follows.
    pub(super) fn close_vote(&mut self, activation: ActivationId) -> Result<(), Refusal> {
        let vote = self.dossier().vote(activation).cloned().expect("only an open vote is closed");
        let result = self.count_vote(&vote);
        let (quorate, rows) = (result.quorate, result.rows.clone());
        self.emit(Change::VoteClosed(result));
        if !self.machine.is_list() {
            let passed = rows.iter().all(|row| row.passed);
            let event = if !quorate {
                "no_quorum"
            } else if passed {
                PASSED
            } else {
                "rejected"
            };
            return self.raise_own(activation, event);
        }
        if !quorate {
            return self.raise_own(activation, "no_quorum");
        }
        let live: BTreeSet<DossierId> = self
            .dossier()
            .rows
            .iter()
            .filter(|row| row.status == RowStatus::Live)
            .map(|row| row.dossier.clone())
            .collect();
        let mut statuses = Vec::new();
        for row in rows.iter().filter(|row| live.contains(&row.row)) {
            let event = EventName::from(if row.passed { PASSED } else { "rejected" });
            let reason =
                (!row.passed).then(|| format!("{}/{} < {}/{}", row.yes, row.base, row.needs.num, row.needs.den));
            let body = Body::Tell { event, fields: BTreeMap::new(), reason, last: !row.passed };
            self.send(Recipient::Dossier(row.row.clone()), body);
            if !row.passed {
                statuses.push((row.row.clone(), RowStatus::Rejected));
            }
        }
        if !statuses.is_empty() {
            self.emit(Change::Rows(statuses));
        }
        self.raise_own(activation, "closed")
    }

    pub(super) fn raise_own(&mut self, activation: ActivationId, event: &str) -> Result<(), Refusal> {
        self.raise(&EventName::from(event), Some(activation), Brought::default())
    }

    fn count_vote(&self, vote: &Vote) -> VoteResult {
        let members = count(vote.roll.len());
        let rows: Vec<(RowResult, u32)> = vote.rows.iter().map(|row| self.count_row(vote, row)).collect();
        let took_part = match vote.held {
            Held::Online => count(vote.roll.iter().filter(|seat| seat.cast).count()),
            Held::Paper { .. } => rows.iter().map(|(_, took_part)| *took_part).max().unwrap_or_default(),
        };
        let share = match &vote.rule.quorum.share {
            ShareOf::Fixed(fraction) => *fraction,
            ShareOf::Path(_) => {
                self.share(&vote.rule.quorum, &[], &BTreeMap::new()).unwrap_or(Fraction { num: 1, den: 1 })
            }
        };
        let quorate = reached(vote.rule.quorum.more_than, share, took_part, members);
        VoteResult {
            activation: vote.activation,
            name: vote.name.clone(),
            body: vote.body.clone(),
            at: self.at,
            members,
            quorate,
            rows: rows.into_iter().map(|(row, _)| RowResult { passed: row.passed && quorate, ..row }).collect(),
            withdraw: vote.rule.withdraw.clone(),
            fallen: false,
            stands: false,
        }
    }

    /// The result of one row, and how many took part in it.
    fn count_row(&self, vote: &Vote, row: &VoteRow) -> (RowResult, u32) {
        let (yes, no, abstain, invalid, box_hash) = match (&vote.held, vote.rule.ballot) {
            (Held::Paper { .. }, _) => {
                let tally = vote.recorded.as_ref().and_then(|recorded| recorded.rows.get(&row.row));
                let tally = tally.copied().unwrap_or(PaperTally { issued: 0, returned: 0, invalid: 0, yes: 0, no: 0 });
                let abstain = tally.returned - tally.yes - tally.no - tally.invalid;
                (tally.yes, tally.no, abstain, tally.invalid, None)
            }
            (Held::Online, Ballot::Open) => {
                let (yes, no, abstain) = tallied(vote.open.get(&row.row).into_iter().flat_map(BTreeMap::values));
                (yes, no, abstain, 0, None)
            }
            (Held::Online, Ballot::Secret) => {
                let open = self.context.boxes.get(&(vote.activation, row.row.clone()));
                let (yes, no, abstain) = tallied(open.into_iter().flat_map(|open| &open.choices));
                (yes, no, abstain, 0, open.map(|open| open.hash.clone()))
            }
        };
        let took_part = yes + no + abstain + invalid;
        let members = count(vote.roll.len()) - if vote.rule.own_case.in_base { 0 } else { count(row.own.len()) };
        let base = match vote.rule.passes.base {
            Base::Members => members,
            Base::Present => took_part,
            Base::Valid => took_part - invalid,
        };
        let passed = yes > 0 && reached(vote.rule.passes.more_than, row.needs, yes, base);
        let row = row.row.clone();
        let needs = vote.rows.iter().find(|one| one.row == row).map_or(Fraction { num: 1, den: 1 }, |one| one.needs);
        (RowResult { row, yes, no, abstain, invalid, base, needs, passed, box_hash }, took_part)
    }
}

/// Who has anything to vote on.
fn eligible(roll: &[Seat], rows: &[VoteRow]) -> Vec<PersonId> {
    let votes = |person: &PersonId| rows.iter().any(|row| !row.own.contains(person));
    roll.iter().map(|seat| &seat.person).filter(|person| votes(person)).cloned().collect()
}

fn tallied<'c>(choices: impl Iterator<Item = &'c Choice>) -> (u32, u32, u32) {
    choices.fold((0, 0, 0), |(yes, no, abstain), choice| match choice {
        Choice::Yes => (yes + 1, no, abstain),
        Choice::No => (yes, no + 1, abstain),
        Choice::Abstain => (yes, no, abstain + 1),
    })
}

fn reached(more_than: bool, share: Fraction, part: u32, whole: u32) -> bool {
    let (part, whole) = (u64::from(part), u64::from(whole));
    if more_than { share.exceeded_by(part, whole) } else { share.reached_by(part, whole) }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
