//! A meeting in the order of the day: what stands on the agenda, who is there, who has voted, the end of the vote, the result of
//! each row, the minutes. Each step says how it stands, and where it is done if its reader can do it now; what anybody chose is on
//! none of them, and totals only once the vote is over.

use serde::Serialize;

use super::super::reader::Reader;
use super::attendance::{self, Turnout};
use super::{history, rows, rules};
use crate::dossier::{Attends, CHAIR, Dossier, Purpose, Row, RowStatus, Vote, VoteResult};
use crate::ids::{PersonId, RoleName};
use crate::machine::{Held, Machine, State, StateVote, Target, VoteRule};

/// The steps of a meeting.
#[derive(Debug, Serialize)]
pub(crate) struct Meeting {
    steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Serialize)]
struct Step {
    title: String,
    stands: Stands,
    said: Vec<String>,
    /// Who is there, where it is recorded.
    turnout: Option<Turnout>,
    /// How each row was decided.
    results: Vec<Decided>,
    /// Where its reader does it, or reads it.
    go: Vec<Go>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stands {
    Done,
    Now,
    Later,
}

/// The result of a row.
#[derive(Debug, Serialize)]
struct Decided {
    caption: String,
    result: String,
    votes: String,
}

/// A page on which something is done or read.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Go {
    pub(crate) label: String,
    pub(crate) href: String,
    /// It is another page than this.
    pub(crate) away: bool,
}

/// What the reader is asked in this meeting, and what they may print.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    pub(crate) tasks: Vec<(Purpose, Go)>,
    pub(crate) drafts: Vec<Go>,
}

/// Whether people meet in this workflow: who is there is recorded, or it is voted on paper.
pub(crate) fn is_held(machine: &Machine) -> bool {
    machine.states.iter().any(|state| state.vote.as_ref().is_some_and(meets))
}

fn meets(vote: &StateVote) -> bool {
    vote.attendance.is_some() || matches!(vote.held, Held::Paper { .. })
}

/// The roles that keep a meeting: who records who is there, who records what was counted, and who confirms it.
pub(crate) fn keepers(machine: &Machine) -> Vec<&RoleName> {
    let votes = machine.states.iter().filter_map(|state| state.vote.as_ref()).filter(|vote| meets(vote));
    votes
        .flat_map(|vote| {
            let counts = match &vote.held {
                Held::Paper { records, confirms } => vec![records, confirms],
                Held::Online => Vec::new(),
            };
            vote.attendance.iter().chain(counts)
        })
        .collect()
}

/// Whether a person is the chair of a vote that is open.
pub(crate) fn chairs(dossier: &Dossier, person: &PersonId) -> bool {
    let chair = |vote: &Vote| vote.roll.iter().any(|seat| &seat.person == person && seat.seat == CHAIR);
    dossier.votes.iter().any(chair)
}

/// Where a meeting is.
enum Stage<'d> {
    /// The agenda is made; the last meeting may have come to nothing.
    Before(&'d VoteRule, Option<&'d VoteResult>),
    /// The vote is open.
    Open(&'d Vote),
    /// It is over.
    Over(&'d VoteResult),
}

fn stage<'d>(machine: &'d Machine, dossier: &'d Dossier) -> Option<Stage<'d>> {
    let held =
        || machine.states.iter().filter_map(|state| Some((state, state.vote.as_ref().filter(|vote| meets(vote))?)));
    let open = dossier.votes.iter().find(|vote| vote.attendance.is_some() || vote.held != Held::Online);
    if let Some(vote) = open {
        return Some(Stage::Open(vote));
    }
    let last = dossier.results.iter().rev().find(|result| held().any(|(_, vote)| vote.rule == result.name));
    // The agenda is made where a way leads to the vote.
    let ways = dossier.leaves().filter_map(|leaf| machine.state(&leaf.state)).flat_map(State::transitions);
    let to = ways.filter_map(|way| match &way.target {
        Target::State(to) => held().find(|(state, _)| &state.id == to).map(|(_, vote)| &vote.rule),
        Target::Stay | Target::Resume(_) => None,
    });
    let rule = to.into_iter().find_map(|rule| machine.votes.get(rule));
    match (rule, last) {
        (Some(rule), last) => Some(Stage::Before(rule, last.filter(|result| !result.quorate))),
        (None, Some(result)) => Some(Stage::Over(result)),
        (None, None) => None,
    }
}

/// The meeting of a dossier; none where nobody meets, now or lately.
pub(crate) fn meeting(reader: &Reader, dossier: &Dossier, ways: &Ways) -> Option<Meeting> {
    let stage = stage(&reader.machine, dossier)?;
    let steps = vec![
        agenda(reader, dossier, &stage, ways),
        present(reader, dossier, &stage, ways),
        ballots(reader, &stage, ways),
        close(reader, &stage, ways),
        result(reader, dossier, &stage),
        minutes(reader, &stage, ways),
    ];
    Some(Meeting { steps })
}

impl Step {
    fn new(reader: &Reader, title: &'static str, stands: Stands) -> Self {
        let (said, results, go) = (Vec::new(), Vec::new(), Vec::new());
        Self { title: reader.get(title), stands, said, turnout: None, results, go }
    }
}

impl Ways {
    fn to(&self, purposes: &[Purpose]) -> Vec<Go> {
        let tasks = self.tasks.iter().filter(|(purpose, _)| purposes.contains(purpose));
        tasks.map(|(_, go)| go.clone()).collect()
    }
}

fn agenda(reader: &Reader, dossier: &Dossier, stage: &Stage<'_>, ways: &Ways) -> Step {
    let texts = reader.texts;
    let mut step = Step::new(reader, "meeting.agenda", Stands::Done);
    match stage {
        Stage::Before(_, failed) => {
            step.stands = Stands::Now;
            if let Some(result) = failed {
                step.said.push(texts.fill("meeting.again", &[("when", &reader.moment(result.at))]));
            }
            if reader.machine.row_caption.is_some() {
                let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live).count();
                step.said.push(texts.fill("meeting.agenda_n", &[("n", &live.to_string())]));
            }
            step.said.extend(set_aside(reader, &dossier.rows));
            step.go = ways.to(&[Purpose::Act]);
        }
        Stage::Open(vote) => step.said.push(texts.fill("meeting.agenda_voted", &[("n", &vote.rows.len().to_string())])),
        Stage::Over(result) => {
            step.said.push(texts.fill("meeting.agenda_voted", &[("n", &result.rows.len().to_string())]));
        }
    }
    step
}

/// What was on the agenda and was taken off it.
fn set_aside(reader: &Reader, rows: &[Row]) -> Vec<String> {
    let kinds = [
        (RowStatus::Postponed, "meeting.postponed"),
        (RowStatus::Apart, "meeting.apart"),
        (RowStatus::Returned, "meeting.returned"),
        (RowStatus::Struck, "meeting.struck"),
    ];
    let said = kinds.into_iter().filter_map(|(status, key)| {
        let names: Vec<&str> = rows.iter().filter(|row| row.status == status).map(|row| row.caption.as_str()).collect();
        (!names.is_empty()).then(|| reader.texts.fill(key, &[("names", &names.join("; "))]))
    });
    said.collect()
}

fn present(reader: &Reader, dossier: &Dossier, stage: &Stage<'_>, ways: &Ways) -> Step {
    let mut step = Step::new(reader, "meeting.present", Stands::Later);
    match stage {
        Stage::Before(rule, _) => {
            step.said.push(reader.get("meeting.present_later"));
            step.said.extend(rules::quorum(reader, rule));
        }
        Stage::Open(vote) if vote.attendance.is_some() => {
            step.stands = if vote.gathers() { Stands::Now } else { Stands::Done };
            step.go = ways.to(&[Purpose::Attendance]);
            // Where it is recorded, the form says it.
            let elsewhere = step.go.iter().all(|go| go.away);
            step.turnout = elsewhere.then(|| attendance::turnout(reader, dossier, vote, None));
        }
        Stage::Open(vote) => {
            step.stands = Stands::Done;
            let members = vote.roll.len().to_string();
            step.said.push(reader.texts.fill("meeting.present_paper", &[("members", &members)]));
        }
        Stage::Over(result) => {
            step.stands = Stands::Done;
            step.said.extend(who_was_there(reader, result));
        }
    }
    step
}

fn who_was_there(reader: &Reader, result: &VoteResult) -> Vec<String> {
    if result.attendance.is_empty() {
        return vec![reader.texts.fill("meeting.present_paper", &[("members", &result.members.to_string())])];
    }
    let kinds = [
        (Attends::Present, "meeting.were_present"),
        (Attends::Excused, "meeting.were_excused"),
        (Attends::Absent, "meeting.were_absent"),
    ];
    let said = kinds.into_iter().filter_map(|(attends, key)| {
        let of_kind = result.attendance.iter().filter(|(_, one)| *one == attends);
        let names: Vec<String> = of_kind.map(|(person, _)| reader.name(person)).collect();
        let holes = [("n", names.len().to_string()), ("names", names.join(", "))];
        let holes: Vec<(&str, &str)> = holes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        (!names.is_empty()).then(|| reader.texts.fill(key, &holes))
    });
    said.collect()
}

fn ballots(reader: &Reader, stage: &Stage<'_>, ways: &Ways) -> Step {
    let mut step = Step::new(reader, "meeting.ballots", Stands::Later);
    match stage {
        Stage::Before(..) => step.said.push(reader.get("meeting.ballots_later")),
        Stage::Open(vote) if vote.gathers() => step.said.push(reader.get("meeting.ballots_wait")),
        Stage::Open(vote) if vote.held != Held::Online => {
            step.stands = Stands::Done;
            step.said.push(reader.get("meeting.ballots_paper"));
        }
        Stage::Open(vote) => {
            step.stands = Stands::Now;
            for (cast, key) in [(true, "meeting.voted"), (false, "meeting.not_voted")] {
                // Whoever was not given a ballot is not waited for.
                let seats = vote.roll.iter().filter(|seat| seat.cast == cast && (cast || seat.until_at.is_some()));
                let names: Vec<String> = seats.map(|seat| reader.name(&seat.person)).collect();
                if !names.is_empty() {
                    step.said.push(reader.texts.fill(key, &[("names", &names.join(", "))]));
                }
            }
            step.go = ways.to(&[Purpose::Ballot]);
        }
        Stage::Over(_) => step.stands = Stands::Done,
    }
    step
}

fn close(reader: &Reader, stage: &Stage<'_>, ways: &Ways) -> Step {
    let mut step = Step::new(reader, "meeting.close", Stands::Later);
    match stage {
        Stage::Before(..) => step.said.push(reader.get("meeting.close_later")),
        Stage::Open(vote) if vote.held == Held::Online => step.said.push(reader.get("meeting.close_itself")),
        Stage::Open(vote) if vote.gathers() => step.said.push(reader.get("meeting.close_paper")),
        Stage::Open(vote) => {
            step.stands = Stands::Now;
            match &vote.recorded {
                Some(recorded) => {
                    let who = reader.name(&recorded.by);
                    step.said.push(reader.texts.fill("meeting.close_recorded", &[("who", &who)]));
                }
                None => step.said.push(reader.get("meeting.close_paper")),
            }
            step.go = ways.to(&[Purpose::Tally, Purpose::Confirm]);
        }
        Stage::Over(result) => {
            step.stands = Stands::Done;
            step.said.push(reader.texts.fill("meeting.closed", &[("when", &reader.moment(result.at))]));
        }
    }
    step
}

fn result(reader: &Reader, dossier: &Dossier, stage: &Stage<'_>) -> Step {
    let mut step = Step::new(reader, "meeting.result", Stands::Later);
    let Stage::Over(result) = stage else {
        step.said.push(reader.get("meeting.result_later"));
        return step;
    };
    step.stands = Stands::Done;
    step.said.push(super::capital(&history::closed(reader, result)));
    if result.fallen {
        step.said.push(reader.get("meeting.result_fallen"));
    }
    let rule = reader.machine.votes.get(&result.name);
    for row in result.rows.iter().filter(|_| result.quorate) {
        let needs = rule.map(|rule| rules::said(reader, row.needs, &rule.passes)).unwrap_or_default();
        let holes = [("yes", &*row.yes.to_string()), ("base", &row.base.to_string()), ("needs", &needs)];
        step.results.push(Decided {
            caption: rows::caption(dossier, &row.row),
            result: reader.get(if row.passed { "did.result_passed" } else { "did.result_failed" }),
            votes: reader.texts.fill("meeting.votes", &holes),
        });
    }
    step
}

fn minutes(reader: &Reader, stage: &Stage<'_>, ways: &Ways) -> Step {
    let mut step = Step::new(reader, "meeting.minutes", Stands::Later);
    match stage {
        Stage::Before(..) | Stage::Open(_) => step.said.push(reader.get("meeting.minutes_later")),
        Stage::Over(_) => {
            step.go.clone_from(&ways.drafts);
            step.go.extend(ways.to(&[Purpose::Act]));
            step.stands = if step.go.is_empty() { Stands::Later } else { Stands::Now };
            if ways.drafts.is_empty() {
                step.said.push(reader.get("meeting.minutes_none"));
            }
        }
    }
    step
}
