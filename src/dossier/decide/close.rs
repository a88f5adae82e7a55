//! The end of a ballot: counting, one more ballot where something is undecided, and telling everybody what came of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::step::Brought;
use super::vote::{PASSED, all_have_voted, count};
use crate::dossier::count::{self, Tally, reached};
use crate::dossier::event::Change;
use crate::dossier::refusal::Refusal;
use crate::dossier::{
    Body, CHAIR, Choice, PaperTally, Recipient, Round, RowResult, RowStatus, Seat, Timer, TimerKind, Vote, VoteResult,
    VoteRow,
};
use crate::ids::{ActivationId, DossierId, EventName, Instant};
use crate::machine::{Base, Fraction, Held, ShareOf, Tie};
use crate::planted::{Fault, planted};

impl Run<'_> {
    /// The time of a ballot is over, or nobody is waited for: the absent are asked in writing, or it is closed.
    pub(super) fn vote_ends(&mut self, activation: ActivationId) -> Result<(), Refusal> {
        let vote = self.without_leavers(activation);
        if vote.is_attended() && self.some_still_vote(&vote) {
            return Ok(());
        }
        let Some(due_at) = self.written_until(&vote) else { return self.close_vote(activation) };
        let present = vote.took_part();
        self.emit(Change::AskedInWriting { activation, present, due_at });
        self.emit(Change::Timed(vec![Timer { activation, what: TimerKind::VoteEnds, due_at }]));
        Ok(())
    }

    /// Until when those who did not take part may still send a ballot: where the others were enough, and once.
    fn written_until(&self, vote: &Vote) -> Option<Instant> {
        let written = vote.rule.absent?.written_ballot?;
        let asked = vote.held != Held::Online
            || vote.attendance.is_some()
            || vote.round == Round::Casting
            || vote.present.is_some();
        if asked || all_have_voted(vote) || self.is_decided(vote) || !self.is_quorate(vote, &[]) {
            return None;
        }
        Some(self.context.calendar.after(self.at, written))
    }

    /// Whether an open vote that may close early is decided: whoever has not voted cannot change anything.
    pub(super) fn is_decided(&self, vote: &Vote) -> bool {
        // Of how many a share is taken grows with each written ballot, if it is taken of those who were there.
        let grows = vote.is_attended() && vote.rule.passes.base == Base::Present;
        let may = vote.rule.early_close && !vote.is_sealed() && vote.is_by_sheet() && vote.rule.highest.is_none();
        let may = may && !grows;
        may && self.is_quorate(vote, &[])
            && vote.rows.iter().all(|row| {
                let left =
                    vote.roll.iter().filter(|seat| !seat.has_cast(row.part()) && !row.own.contains(&seat.person));
                let left = left.count();
                self.tally_of(vote, row).0.is_decided(&vote.rule, row.needs, count(left))
            })
    }

    /// Closes a ballot: counts, and begins one more, or tells every row and raises what follows.
    pub(super) fn close_vote(&mut self, activation: ActivationId) -> Result<(), Refusal> {
        let vote = self.without_leavers(activation);
        let (result, undecided) = self.count_vote(&vote);
        if let Some((round, rows)) = undecided {
            return self.vote_again(&vote, result, round, &rows);
        }
        self.emit(Change::VoteClosed(result.clone()));
        self.tell_result(activation, vote.rule.highest, &result)
    }

    /// An open vote, without those who have left its body and lost their seats by that.
    fn without_leavers(&mut self, activation: ActivationId) -> Vote {
        let people = self.lost_seats(self.dossier().vote(activation).expect("whoever asks looked at an open vote"));
        if !people.is_empty() {
            self.emit(Change::SeatsLost { activation, people });
        }
        self.dossier().vote(activation).cloned().expect("it is still open")
    }

    /// One more ballot about these rows.
    fn vote_again(
        &mut self,
        vote: &Vote,
        result: VoteResult,
        round: Round,
        about: &BTreeSet<DossierId>,
    ) -> Result<(), Refusal> {
        let activation = vote.activation;
        let of_seat = |seat: &&Seat| round != Round::Casting || seat.seat == CHAIR;
        let roll = vote
            .roll
            .iter()
            .filter(of_seat)
            .map(|seat| Seat { cast: false, parts: BTreeSet::new(), until_at: None, ..seat.clone() })
            .collect();
        let rows = vote.rows.iter().filter(|row| about.contains(&row.row)).cloned().collect();
        self.emit(Change::VotedAgain { activation, round, roll, rows, earlier: Box::new(result) });
        let machine = self.machine;
        let at = self.entered(activation).expect("votes go with their activation");
        self.ask_for_ballots(activation, &machine.states[at])
    }

    /// Tells every row, and raises what follows.
    fn tell_result(
        &mut self,
        activation: ActivationId,
        places: Option<u32>,
        result: &VoteResult,
    ) -> Result<(), Refusal> {
        if !result.quorate {
            return self.raise_own(activation, "no_quorum");
        }
        if !self.machine.is_list() {
            let passed = result.rows.iter().all(|row| row.passed);
            return self.raise_own(activation, if passed { PASSED } else { "rejected" });
        }
        let live = self.dossier().rows.iter().filter(|row| row.status == RowStatus::Live);
        let live: BTreeSet<DossierId> = live.map(|row| row.dossier.clone()).collect();
        let mut statuses = Vec::new();
        for row in result.rows.iter().filter(|row| live.contains(&row.row)) {
            let event = EventName::from(if row.passed { PASSED } else { "rejected" });
            let reason = (!row.passed).then(|| why_not(row, places));
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

    /// What a ballot gave, and what is to be voted on once more.
    fn count_vote(&self, vote: &Vote) -> (VoteResult, Option<(Round, BTreeSet<DossierId>)>) {
        if vote.round == Round::Casting {
            return (decided_by_chair(vote), None);
        }
        let counted: Vec<(Tally, RowResult)> = vote.rows.iter().map(|row| self.count_row(vote, row)).collect();
        let took_part: Vec<u32> = counted.iter().map(|(tally, _)| tally.took_part()).collect();
        let quorate = self.is_quorate(vote, &took_part);
        let mut rows: Vec<RowResult> = counted.iter().map(|(_, row)| row.clone()).collect();
        for row in &mut rows {
            row.passed &= quorate;
        }
        let undecided = if quorate { undecided(vote, &counted, &mut rows) } else { None };
        let result = match vote.earlier.as_deref() {
            Some(earlier) => merged(earlier, rows, quorate),
            None => VoteResult {
                activation: vote.activation,
                name: vote.name.clone(),
                body: vote.body.clone(),
                at: self.at,
                members: count(vote.roll.len()),
                attendance: vote.attended(),
                quorate,
                rows,
                replaced: Vec::new(),
                withdraw: vote.rule.withdraw.clone(),
                fallen: false,
                stands: false,
            },
        };
        (VoteResult { at: self.at, ..result }, undecided)
    }

    /// Whether enough took part: those who were there, where that is recorded; else those who voted before the absent were asked
    /// in writing, or the fullest row on paper.
    fn is_quorate(&self, vote: &Vote, on_paper: &[u32]) -> bool {
        let took_part = match vote.held {
            _ if vote.attendance.is_some() => count(vote.present().unwrap_or_default()),
            Held::Online => vote.present.unwrap_or_else(|| vote.took_part()),
            Held::Paper { .. } => on_paper.iter().copied().max().unwrap_or_default(),
        };
        self.is_a_quorum(vote, took_part)
    }

    /// Whether so many members are enough.
    pub(super) fn is_a_quorum(&self, vote: &Vote, took_part: u32) -> bool {
        let quorum = &vote.rule.quorum;
        let share = match &quorum.share {
            ShareOf::Fixed(fraction) => *fraction,
            ShareOf::Path(_) => self.share(quorum, &[], &BTreeMap::new()).unwrap_or(Fraction { num: 1, den: 1 }),
        };
        took_part > 0 && reached(quorum.more_than, share, took_part, count(vote.roll.len()))
    }

    fn count_row(&self, vote: &Vote, row: &VoteRow) -> (Tally, RowResult) {
        let (tally, box_hash) = self.tally_of(vote, row);
        let Tally { yes, no, abstain, invalid, .. } = tally;
        let (base, passed) = (tally.base(&vote.rule), tally.passes(&vote.rule, row.needs));
        let (needs, row, papers) = (row.needs, row.row.clone(), row.papers.clone());
        let (casting, rank) = (None, None);
        (tally, RowResult { row, yes, no, abstain, invalid, base, needs, passed, casting, papers, rank, box_hash })
    }

    /// What was found for a row, and the hash of its box.
    fn tally_of(&self, vote: &Vote, row: &VoteRow) -> (Tally, Option<String>) {
        let own = count(vote.roll.iter().filter(|seat| row.own.contains(&seat.person)).count());
        let all = count(vote.roll.len());
        let members = if vote.rule.own_case.in_base { all } else { all - own };
        let (tally, asked, box_hash) = match &vote.held {
            Held::Paper { .. } => {
                let paper = vote.recorded.as_ref().and_then(|recorded| recorded.rows.get(&row.row));
                let none = PaperTally { issued: 0, returned: 0, invalid: 0, yes: 0, no: 0 };
                let PaperTally { issued, returned, invalid, yes, no } = paper.copied().unwrap_or(none);
                (Tally { yes, no, invalid, abstain: returned - yes - no - invalid, ..Tally::default() }, issued, None)
            }
            Held::Online if vote.is_sealed() => {
                let open = self.context.boxes.get(&(vote.activation, row.row.clone()));
                let choices = open.into_iter().flat_map(|open| &open.choices);
                (Tally::of(choices), all - own, open.map(|open| hash_of(&open.hash)))
            }
            Held::Online => {
                let choices = vote.open.get(&row.row).into_iter().flat_map(BTreeMap::values);
                (Tally::of(choices), all - own, None)
            }
        };
        let (there, in_writing) = those_there(vote, row);
        let asked = if vote.attendance.is_none() { asked } else { asked.min(there + in_writing).max(there) };
        (Tally { members, asked, there, ..tally }, box_hash)
    }
}

fn hash_of(sealed: &str) -> String {
    if planted(Fault::BoxOfAnother) { "00".repeat(32) } else { sealed.to_owned() }
}

/// How many who may vote on a row were there or have voted, as far as that is recorded; and how many others were asked in
/// writing.
fn those_there(vote: &Vote, row: &VoteRow) -> (u32, u32) {
    let Some(record) = &vote.attendance else { return (0, 0) };
    let others = vote.roll.iter().filter(|seat| !row.own.contains(&seat.person));
    let (there, away): (Vec<_>, Vec<_>) = others.partition(|seat| seat.is_present() || seat.has_cast(row.part()));
    let asked = record.given_out.is_some_and(|times| times.written_until_at.is_some());
    (count(there.len()), if asked { count(away.len()) } else { 0 })
}

/// What the votes leave open: rows with as many for as against, and those at the last of the places. What the chair's own vote
/// decides is decided at once.
fn undecided(
    vote: &Vote,
    counted: &[(Tally, RowResult)],
    rows: &mut [RowResult],
) -> Option<(Round, BTreeSet<DossierId>)> {
    let rule = &vote.rule;
    let places = if let Round::Again { highest } = vote.round { highest } else { rule.highest };
    if let Some(places) = places {
        let (open, left) = count::highest(rows, places)?;
        let open = open.into_iter().map(|at| rows[at].row.clone()).collect();
        let again = rule.second_ballot && vote.round.is_first();
        return again.then_some((Round::Again { highest: Some(left) }, open));
    }
    if !vote.round.is_first() {
        return None;
    }
    let chair = vote.roll.iter().find(|seat| seat.seat == CHAIR).map(|seat| &seat.person);
    let mut open = BTreeSet::new();
    let tied = |tally: &Tally, row: &RowResult| tally.is_tied(rule, row.needs);
    for ((tally, _), row) in counted.iter().zip(rows).filter(|((tally, row), _)| tied(tally, row)) {
        debug_assert_eq!(tally.yes, tally.no, "a tie");
        let own = |person| vote.rows.iter().any(|one| one.row == row.row && one.own.contains(person));
        let chosen = chair.and_then(|chair| vote.open.get(&row.row)?.get(chair));
        match (rule.tie, chosen) {
            (Tie::Fails, _) => {}
            (Tie::Again, _) => drop(open.insert(row.row.clone())),
            (Tie::Chair, Some(choice @ (Choice::Yes | Choice::No))) => {
                row.casting = Some(*choice);
                row.passed = *choice == Choice::Yes;
            }
            (Tie::Chair, _) if chair.is_some_and(|chair| !own(chair)) => drop(open.insert(row.row.clone())),
            (Tie::Chair, _) => {}
        }
    }
    let round = if rule.tie == Tie::Chair { Round::Casting } else { Round::Again { highest: None } };
    (!open.is_empty()).then_some((round, open))
}

/// The chair has said, or has not, what becomes of the rows with as many for as against.
fn decided_by_chair(vote: &Vote) -> VoteResult {
    let mut result = vote.earlier.as_deref().cloned().expect("the chair is asked after a ballot");
    for row in result.rows.iter_mut().filter(|row| vote.rows.iter().any(|one| one.row == row.row)) {
        row.casting = vote.open.get(&row.row).and_then(|choices| choices.values().next().copied());
        row.passed = row.casting == Some(Choice::Yes);
    }
    result
}

/// The results of the first ballot with those of the next one in their places. Where too few came to the next one, the body
/// has not decided: no row passes.
fn merged(earlier: &VoteResult, rows: Vec<RowResult>, quorate: bool) -> VoteResult {
    let mut result = VoteResult { quorate, ..earlier.clone() };
    for row in rows {
        if let Some(place) = result.rows.iter_mut().find(|one| one.row == row.row) {
            result.replaced.push(std::mem::replace(place, row));
        }
    }
    for row in &mut result.rows {
        row.passed &= quorate;
    }
    result
}

/// Why a row did not pass, in numbers.
fn why_not(row: &RowResult, places: Option<u32>) -> String {
    let RowResult { yes, base, needs, .. } = row;
    match (row.rank, places) {
        (Some(rank), Some(places)) => format!("{yes}/{base}, {rank} > {places}"),
        _ => format!("{yes}/{base} < {}/{}", needs.num, needs.den),
    }
}
