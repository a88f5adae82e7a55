//! Votes of bodies: roll and rules are pinned at the opening; choices go into boxes, never into events; all arithmetic is in
//! whole numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::seats::Seated;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{
    CHAIR, Choice, PaperTally, Purpose, Round, RowStatus, Seat, Task, Timer, TimerKind, Vote, VoteRow,
};
use crate::ids::{ActivationId, DossierId, FieldName, PersonId};
use crate::machine::{Field, FieldKind, Fraction, Held, ShareOf, State, StateVote, Threshold, VoteRule};
use crate::planted::{Fault, planted};

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
        let (name, rule) = (vote.rule.clone(), Box::new(self.machine.votes[&vote.rule].clone()));
        let (body, seated) =
            self.seated(&rule.body).ok_or_else(|| Refusal::about(Code::NobodyToAsk, rule.body.kind.as_str()))?;
        if seated.iter().filter(|one| one.seat == CHAIR).count() > 1 {
            return Err(Refusal::about(Code::TwoChairs, body.as_str()));
        }
        let reasons = self.failing(&rule.requires)?;
        if !reasons.is_empty() {
            return Err(Refusal { reasons });
        }
        let voters: Vec<Seated> = seated.into_iter().filter(Seated::votes).collect();
        if voters.is_empty() {
            return Err(Refusal::about(Code::NobodyToAsk, body.as_str()));
        }
        let rows = self.vote_rows(&rule, &voters)?;
        let roll = voters
            .into_iter()
            .map(|one| Seat {
                person: one.person,
                seat: one.seat,
                cast: false,
                parts: BTreeSet::new(),
                attends: None,
                until_at: None,
            })
            .collect();
        let (held, attendance) = (vote.held.clone(), vote.attendance.clone());
        self.emit(Change::VoteOpened {
            activation,
            name,
            rule,
            held,
            body,
            roll,
            rows,
            attendance: attendance.clone(),
            papers: self.machine.is_list().then(|| self.frozen()),
        });
        match attendance {
            Some(records) => {
                let holders = self.others(&records, activation);
                self.offer_paper(activation, Purpose::Attendance, holders, records.as_str())
            }
            None => self.ask_for_ballots(activation, state),
        }
    }

    /// Asks everybody who has anything to vote on; of a vote on paper, whoever records it.
    pub(super) fn ask_for_ballots(&mut self, activation: ActivationId, state: &State) -> Result<(), Refusal> {
        let vote = self.vote_of(activation)?.clone();
        match &vote.held {
            Held::Paper { records, .. } if vote.round != Round::Casting => {
                let holders = self.others(records, activation);
                self.offer_paper(activation, Purpose::Tally, holders, records.as_str())
            }
            Held::Online if vote.is_attended() => {
                self.ask_those_there(&vote, state.link);
                Ok(())
            }
            _ => {
                let due_at = self.context.calendar.after(self.at, vote.rule.open_for);
                let task = Task::offered(activation, Purpose::Ballot, None, eligible(&vote.roll, &vote.rows));
                self.emit(Change::Offered(Task { due_at: Some(due_at), policy: state.link, ..task }));
                self.emit(Change::Timed(vec![Timer { activation, what: TimerKind::VoteEnds, due_at }]));
                Ok(())
            }
        }
    }

    pub(super) fn offer_paper(
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
    fn vote_rows(&self, rule: &VoteRule, roll: &[Seated]) -> Result<Vec<VoteRow>, Refusal> {
        let (dossier, collectives) = (self.dossier(), rule.own_case.collectives);
        let one = |row: &DossierId, declared: &[Field], subject: &[FieldName], fields: &BTreeMap<_, _>, papers| {
            let needs = self.share(&rule.passes, declared, fields)?;
            let about: BTreeSet<&str> = subject.iter().filter_map(|name| fields.get(name)?.as_str()).collect();
            let speaks = |one: &Seated| collectives && self.speaks_for(one, &about);
            let own = roll.iter().filter(|one| about.contains(one.person.as_str()) || speaks(one));
            let own = own.map(|one| one.person.clone()).collect();
            let own = if rule.own_case.votes { Vec::new() } else { own };
            let value = rule.parts.as_ref().map(|name| fields.get(name).and_then(|value| value.as_str()));
            let part = value.map(|value| value.unwrap_or_default().to_owned());
            Ok(VoteRow { row: row.clone(), needs, part, papers, own })
        };
        if self.machine.is_list() {
            let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live);
            live.map(|row| {
                one(&row.dossier, &self.machine.row, &self.machine.row_subject, &row.fields, row.papers.clone())
            })
            .collect()
        } else {
            Ok(vec![one(
                &dossier.id,
                &self.machine.fields,
                &self.machine.subject,
                &dossier.fields,
                Some(self.frozen()),
            )?])
        }
    }

    /// A share, read for a row where it depends on it: `prize.unit_threshold` is that column of the row's choice.
    pub(super) fn share(
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
        if !vote.is_by_sheet() {
            return Err(Refusal::of(Code::NotThisWay));
        }
        if self.may_not_go_on(vote, &person) {
            return Err(Refusal::of(Code::NotAsked));
        }
        let seat = vote.roll.iter().find(|seat| seat.person == person).ok_or_else(|| Refusal::of(Code::NotAsked))?;
        let given_out = !vote.is_attended() || seat.until_at.is_some_and(|until| until > self.at);
        self.check_shown(activation, [])?;
        self.check_read(activation)?;
        if !seat.cast && !given_out {
            return Err(Refusal::of(Code::NotAsked));
        }
        if seat.cast && !planted(Fault::VotesTwice) {
            return Err(Refusal::of(Code::Done { by: Some(person), at: None }));
        }
        let parts: BTreeSet<String> = choices.keys().filter_map(|row| vote.part_of(row)).map(str::to_owned).collect();
        if parts.iter().any(|part| seat.parts.contains(part)) {
            return Err(Refusal::of(Code::Done { by: Some(person), at: None }));
        }
        // Whole parts, and of each everything on which the member may vote.
        let votable = vote.rows.iter().filter(|row| !row.own.contains(&person) && parts.contains(row.part()));
        let votable: BTreeSet<&DossierId> = votable.map(|row| &row.row).collect();
        if votable.is_empty() || !votable.into_iter().eq(choices.keys()) {
            return Err(Refusal::of(Code::ChoiceWrong));
        }
        if choices.values().any(|choice| !vote.choices().contains(choice)) {
            return Err(Refusal::of(Code::ChoiceWrong));
        }
        let (secret, split) = (vote.is_sealed(), vote.rule.parts.is_some());
        if split {
            for part in parts {
                self.emit(Change::MarkedPart { activation, person: person.clone(), part });
            }
        } else if !planted(Fault::RollNotMarked) {
            self.emit(Change::Marked { activation, person: person.clone() });
        }
        let whole = |seat: &Seat| seat.person == person && seat.cast;
        if self.vote_of(activation)?.roll.iter().any(whole) {
            self.emit(Change::Withdrawn { activation, purpose: Purpose::Ballot, holder: Some(person.clone()) });
        }
        if secret {
            let choices = choices.iter().map(|(row, choice)| ((activation, row.clone()), *choice));
            self.decision.ballots = choices.collect();
        } else {
            self.emit(Change::Chose { activation, person, choices: choices.clone() });
        }
        // Closed by the clock at this very instant, when the last ballot lies sealed in its box.
        let vote = self.vote_of(activation)?;
        if self.nobody_is_waited_for(vote) || self.is_decided(vote) {
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
        let second: Vec<PersonId> =
            self.others(&confirms, activation).into_iter().filter(|other| other != &person).collect();
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
            let holders = self.others(&records, activation);
            self.offer_paper(activation, Purpose::Tally, holders, records.as_str())?;
        }
        self.finish(Kind::Confirmed);
        Ok(())
    }

    /// Remembers who had a hand in a vote on paper.
    pub(super) fn remember_at(
        &mut self,
        activation: ActivationId,
        person: &PersonId,
        purpose: Purpose,
        prepared: bool,
    ) {
        let role = self.dossier().task(activation, purpose).and_then(|task| task.role.clone());
        self.did(person, self.entered(activation), role.as_ref(), prepared, None);
    }

    pub(super) fn vote_of(&self, activation: ActivationId) -> Result<&Vote, Refusal> {
        self.dossier().vote(activation).ok_or_else(|| Refusal::of(Code::Superseded))
    }

    /// The person must have been asked this, and it must still be open.
    pub(super) fn asked(&self, activation: ActivationId, purpose: Purpose) -> Result<PersonId, Refusal> {
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
}

/// Who has anything to vote on.
pub(super) fn eligible(roll: &[Seat], rows: &[VoteRow]) -> Vec<PersonId> {
    let votes = |person: &PersonId| rows.iter().any(|row| !row.own.contains(person));
    roll.iter().map(|seat| &seat.person).filter(|person| votes(person)).cloned().collect()
}

/// Everybody has voted who may.
pub(super) fn all_have_voted(vote: &Vote) -> bool {
    let eligible = eligible(&vote.roll, &vote.rows);
    vote.roll.iter().all(|seat| seat.cast || !eligible.contains(&seat.person))
}

pub(super) fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
