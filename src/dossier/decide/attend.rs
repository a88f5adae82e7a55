//! Who is there at a vote: recorded by one person, put right until the vote is closed. Ballots are given out once enough are
//! there; whoever is not there is asked for a written ballot, with a time of its own.

use std::collections::BTreeMap;

use super::Run;
use super::timers::moved;
use super::vote::{all_have_voted, count, eligible};
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Attends, GivenOut, Purpose, Seat, Task, Timer, TimerKind, Vote};
use crate::ids::{ActivationId, Instant, PersonId};
use crate::machine::{Held, LinkPolicy};

impl Run<'_> {
    /// Who is there, of everybody on the roll.
    pub(super) fn attend(
        &mut self,
        activation: ActivationId,
        seats: &BTreeMap<PersonId, Attends>,
        too_few: bool,
        seen: i64,
    ) -> Result<(), Refusal> {
        let person = self.asked(activation, Purpose::Attendance)?;
        self.check_read(activation)?;
        let vote = self.vote_of(activation)?;
        let record = vote.attendance.as_ref().ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        if seen < record.seq {
            return Err(Refusal::of(Code::Changed));
        }
        let on_roll = |person: &PersonId| vote.roll.iter().any(|seat| &seat.person == person);
        if seats.len() != vote.roll.len() || !seats.keys().all(on_roll) {
            return Err(Refusal::of(Code::AttendanceWrong));
        }
        let begun = record.given_out.is_some();
        let cast = vote.recorded.is_some() || vote.roll.iter().any(|seat| seat.cast || !seat.parts.is_empty());
        let were_enough = self.is_a_quorum(vote, count(vote.present().unwrap_or_default()));
        self.remember_at(activation, &person, Purpose::Attendance, false);
        self.emit(Change::Attended { activation, by: person, seats: seats.clone() });
        let vote = self.vote_of(activation)?.clone();
        let enough = self.is_a_quorum(&vote, count(vote.present().unwrap_or_default()));
        if too_few {
            if begun || enough {
                return Err(Refusal::of(Code::EnoughThere));
            }
            self.close_vote(activation)?;
            self.settle()?;
        } else if cast && were_enough && !enough {
            // Else whoever keeps the record could end a vote that goes the wrong way.
            return Err(Refusal::of(Code::BallotsIn));
        } else if enough || begun {
            self.give_out(&vote)?;
        }
        self.finish(Kind::Attended);
        Ok(())
    }

    /// Gives ballots out: the first time with their times, later to whom the record now says.
    fn give_out(&mut self, vote: &Vote) -> Result<(), Refusal> {
        let at = self.entered(vote.activation).expect("votes go with their activation");
        let state = &self.machine.states[at];
        match &vote.held {
            Held::Online => self.ask_those_there(vote, state.link),
            Held::Paper { .. } if vote.gathers() => {
                let (activation, until) = (vote.activation, BTreeMap::new());
                let times = GivenOut { until_at: None, written_until_at: None };
                self.emit(Change::GivenOut { activation, times, until });
                self.ask_for_ballots(vote.activation, state)?;
            }
            Held::Paper { .. } => {}
        }
        Ok(())
    }

    /// Asks those who are there for their ballots, and those who are not, for written ones. A ballot that has begun anew has
    /// times of its own. Whoever may vote no longer because their time is over is not asked again by a later record.
    pub(super) fn ask_those_there(&mut self, vote: &Vote, policy: LinkPolicy) {
        let running = vote.attendance.as_ref().and_then(|record| record.given_out);
        let times = running.filter(|_| self.still_voting(vote).next().is_some()).unwrap_or_else(|| self.times(vote));
        let voters = eligible(&vote.roll, &vote.rows);
        let open = vote.roll.iter().filter(|seat| !seat.cast && voters.contains(&seat.person));
        let until = open.filter_map(|seat| Some((seat.person.clone(), self.until(seat, times)?))).collect();
        self.hand_out(vote.activation, policy, times, until);
    }

    /// Asks these people, each until when, and nobody else.
    fn hand_out(
        &mut self,
        activation: ActivationId,
        policy: LinkPolicy,
        times: GivenOut,
        until: BTreeMap<PersonId, Instant>,
    ) {
        let mut asked: BTreeMap<Instant, Vec<PersonId>> = BTreeMap::new();
        for (person, due_at) in &until {
            asked.entry(*due_at).or_default().push(person.clone());
        }
        self.emit(Change::GivenOut { activation, times, until });
        self.emit(Change::Withdrawn { activation, purpose: Purpose::Ballot, holder: None });
        for (due_at, people) in asked {
            let task = Task::offered(activation, Purpose::Ballot, None, people);
            self.emit(Change::Offered(Task { due_at: Some(due_at), policy, ..task }));
        }
        self.await_ballots(activation);
    }

    /// Ballots were out when the dossier was paused: their times move like those of other clocks, by so many working days.
    pub(super) fn put_off_ballots(&mut self, activation: ActivationId, days: i64) {
        let Some(vote) = self.dossier().vote(activation).filter(|vote| vote.is_attended()) else { return };
        let Some(GivenOut { until_at, written_until_at }) = vote.attendance.as_ref().and_then(|one| one.given_out)
        else {
            return;
        };
        let later = |at: Instant| moved(self.context.calendar, at, days);
        let times = GivenOut { until_at: until_at.map(later), written_until_at: written_until_at.map(later) };
        let open = vote.roll.iter().filter(|seat| !seat.cast);
        let until = open.filter_map(|seat| Some((seat.person.clone(), later(seat.until_at?))));
        // Whose time was over before the pause is not given another.
        let until = until.filter(|(_, until_at)| *until_at > self.at).collect();
        if vote.held == Held::Online {
            let state = self.entered(activation).expect("votes go with their activation");
            self.hand_out(activation, self.machine.states[state].link, times, until);
        }
    }

    /// Until when ballots are taken that are given out now.
    fn times(&self, vote: &Vote) -> GivenOut {
        let after = |delay| self.context.calendar.after(self.at, delay);
        let written = vote.rule.absent.and_then(|absent| absent.written_ballot);
        GivenOut { until_at: Some(after(vote.rule.open_for)), written_until_at: written.map(after) }
    }

    /// Until when a member may vote; none who may not, or no longer. Whoever comes when the time of those who are there is over
    /// keeps the time of their written ballot.
    fn until(&self, seat: &Seat, times: GivenOut) -> Option<Instant> {
        let ahead = |at: &Instant| *at > self.at;
        match seat.attends? {
            Attends::Present => times.until_at.filter(ahead).or(seat.until_at.filter(ahead)),
            Attends::Excused | Attends::Absent => times.written_until_at.filter(ahead),
        }
    }

    /// The clock runs to the next moment at which somebody's time is over; at once if nobody has any.
    fn await_ballots(&mut self, activation: ActivationId) {
        let vote = self.dossier().vote(activation).expect("it is open");
        match self.still_voting(vote).map(|(_, until_at)| until_at).min() {
            Some(due_at) => self.emit(Change::Timed(vec![Timer { activation, what: TimerKind::VoteEnds, due_at }])),
            None => self.due_at_once(activation, TimerKind::VoteEnds),
        }
    }

    /// The time of some is over. Whether others still vote: the clock then runs on for them.
    pub(super) fn some_still_vote(&mut self, vote: &Vote) -> bool {
        let activation = vote.activation;
        let late = vote.roll.iter().filter(|seat| seat.until_at.is_some_and(|until| until <= self.at) && !seat.cast);
        for person in late.map(|seat| seat.person.clone()).collect::<Vec<_>>() {
            self.emit(Change::Withdrawn { activation, purpose: Purpose::Ballot, holder: Some(person) });
        }
        if self.nobody_is_waited_for(vote) || self.is_decided(vote) {
            return false;
        }
        self.await_ballots(activation);
        true
    }

    /// Who may still vote, and until when.
    fn still_voting<'v>(&'v self, vote: &'v Vote) -> impl Iterator<Item = (&'v PersonId, Instant)> {
        let open = vote.roll.iter().filter(|seat| !seat.cast);
        open.filter_map(|seat| Some((&seat.person, seat.until_at.filter(|until| *until > self.at)?)))
    }

    /// Nobody who may vote has not voted: of those whose time is not over, where it is recorded who is there.
    pub(super) fn nobody_is_waited_for(&self, vote: &Vote) -> bool {
        if vote.is_attended() { self.still_voting(vote).next().is_none() } else { all_have_voted(vote) }
    }
}
