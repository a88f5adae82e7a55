//! Folding events into a dossier: all that is needed stands in them.

use std::collections::BTreeMap;

use super::event::{Change, Event};
use super::{Active, Answer, Deed, Dossier, Paused, Purpose, Recorded, Row, RowStatus, TimerKind, Vote};
use crate::ids::{ActivationId, Instant};

/// The dossier after an event; before its first one there is none.
///
/// # Errors
/// The event does not follow from what came before (a gap, a change to something that is not there): the log is damaged.
pub fn evolve(dossier: Option<Dossier>, event: &Event) -> Result<Dossier, Broken> {
    let before = dossier.as_ref().map_or(0, |dossier| dossier.seq);
    if event.seq != before + 1 {
        return Err(Broken { seq: event.seq, what: format!("it comes after event {before}") });
    }
    let mut dossier = dossier;
    for change in &event.changes {
        apply(&mut dossier, event.at, change).map_err(|what| Broken { seq: event.seq, what })?;
    }
    let mut dossier = dossier.ok_or_else(|| Broken { seq: event.seq, what: "it opens nothing".to_owned() })?;
    if event.at < dossier.last_at {
        return Err(Broken { seq: event.seq, what: "it lies before the event before it".to_owned() });
    }
    close(&mut dossier, event.at, &event.changes);
    Ok(dossier)
}

/// Counts an event whose changes were applied. `decide` uses it too.
pub(super) fn close(dossier: &mut Dossier, at: Instant, changes: &[Change]) {
    dossier.seq += 1;
    dossier.last_at = at;
    if changes.iter().any(Change::content) {
        dossier.content_seq = dossier.seq;
    }
}

/// A log whose events do not follow from each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} does not follow: {what}")]
pub struct Broken {
    /// The event's number.
    pub seq: i64,
    /// What is wrong.
    pub what: String,
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of change, each of a line or two")]
/// Applies one change. `decide` uses it too, so that it sees its own changes as replay will.
pub(super) fn apply(dossier: &mut Option<Dossier>, at: Instant, change: &Change) -> Result<(), String> {
    if let Change::Opened { id, workflow, machine, subject, gather_key } = change {
        if dossier.is_some() {
            return Err("it was opened twice".to_owned());
        }
        *dossier = Some(Dossier {
            id: id.clone(),
            workflow: workflow.clone(),
            machine: machine.clone(),
            seq: 0,
            content_seq: 0,
            opened_at: at,
            last_at: at,
            caption: String::new(),
            subject: subject.clone(),
            activations: 0,
            active: Vec::new(),
            paused: None,
            fields: BTreeMap::new(),
            papers: Vec::new(),
            tasks: Vec::new(),
            timers: Vec::new(),
            vote: None,
            results: Vec::new(),
            rows: Vec::new(),
            gather_key: gather_key.clone(),
            on_list: None,
            held: Vec::new(),
            milestones: Vec::new(),
            grounds: Vec::new(),
            deeds: Vec::new(),
            outcome: None,
        });
        return Ok(());
    }
    let dossier = dossier.as_mut().ok_or("it was never opened")?;
    match change {
        Change::Opened { .. } => unreachable!("handled above"),
        Change::Captioned(caption) => dossier.caption.clone_from(caption),
        Change::Set(fields) => set(dossier, fields),
        Change::Filed(papers) => dossier.papers.extend(papers.iter().cloned()),
        Change::Done(deed) => {
            let same = |old: &Deed| old.person == deed.person && old.state == deed.state && old.role == deed.role;
            dossier.deeds.retain(|old| !same(old));
            dossier.deeds.push(deed.clone());
        }
        Change::Grounds(grounds) => dossier.grounds.extend(grounds.iter().cloned()),
        Change::Left(left) => leave(dossier, left),
        Change::Entered { activation, state, due_at } => {
            dossier.activations = dossier.activations.max(activation.0);
            dossier.active.push(Active { activation: *activation, state: state.clone(), at, due_at: *due_at });
        }
        Change::Offered(task) => dossier.tasks.push(task.clone()),
        Change::Withdrawn { activation, purpose, holder } => withdraw(dossier, *activation, *purpose, holder.as_ref()),
        Change::Answered { activation, person, event } => {
            let task = dossier.tasks.iter_mut().find(|task| {
                task.activation == *activation && task.purpose == Purpose::Act && task.holders.contains(person)
            });
            let task = task.ok_or("a person answered who was not asked")?;
            task.holders.retain(|holder| holder != person);
            task.answers.push(Answer { person: person.clone(), event: event.clone(), at });
        }
        Change::Timed(timers) => {
            for timer in timers {
                dossier.timers.retain(|old| old.activation != timer.activation || old.what != timer.what);
                dossier.timers.push(timer.clone());
            }
        }
        Change::Fired { activation, what, .. } => {
            dossier.timers.retain(|timer| timer.activation != *activation || timer.what != *what);
        }
        Change::Paused { state, frozen } => {
            let paused = freeze(dossier, at, state, frozen)?;
            dossier.paused = Some(paused);
        }
        Change::Resumed { timers, due } => resume(dossier, timers, due)?,
        Change::Abandoned => dossier.paused = None,
        Change::Held(message) => dossier.held.push(message.clone()),
        Change::Unheld => {
            if dossier.held.is_empty() {
                return Err("no message waits".to_owned());
            }
            dossier.held.remove(0);
        }
        Change::VoteOpened { activation, rule, held, body, roll, rows } => {
            dossier.vote = Some(Vote {
                activation: *activation,
                rule: rule.clone(),
                held: held.clone(),
                body: body.clone(),
                roll: roll.clone(),
                rows: rows.clone(),
                recorded: None,
                open: BTreeMap::new(),
            });
        }
        Change::Marked(person) => {
            let seat = voting(dossier)?.roll.iter_mut().find(|seat| &seat.person == person);
            seat.ok_or("nobody of that name is on the roll")?.cast = true;
        }
        Change::Chose { person, choices } => {
            let vote = voting(dossier)?;
            for (row, choice) in choices {
                vote.open.entry(row.clone()).or_default().insert(person.clone(), *choice);
            }
        }
        Change::Recorded { by, rows } => {
            voting(dossier)?.recorded = Some(Recorded { by: by.clone(), rows: rows.clone() });
        }
        Change::Disputed => voting(dossier)?.recorded = None,
        Change::VoteClosed(result) => {
            dossier.vote = None;
            dossier.tasks.retain(|task| task.activation != result.activation || task.purpose == Purpose::Act);
            dossier.timers.retain(|timer| timer.activation != result.activation || timer.what != TimerKind::VoteEnds);
            dossier.results.push(result.clone());
        }
        Change::Joined { row, caption, fields } => {
            dossier.rows.retain(|old| &old.dossier != row);
            let (caption, fields) = (caption.clone(), fields.clone());
            dossier.rows.push(Row { dossier: row.clone(), caption, fields, status: RowStatus::Live });
        }
        Change::Rows(statuses) => {
            for (id, status) in statuses {
                let row = dossier.rows.iter_mut().find(|row| &row.dossier == id);
                row.ok_or("a row is not on the list")?.status = *status;
            }
        }
        Change::Gathers(key) => dossier.gather_key.clone_from(key),
        Change::OnList(list) => dossier.on_list.clone_from(list),
        Change::Reached(milestone) => dossier.milestones.push(milestone.clone()),
        Change::Finished(outcome) => {
            dossier.outcome = Some(outcome.clone());
            dossier.tasks.clear();
            dossier.timers.clear();
            dossier.paused = None;
        }
        // What was done, sent or told stands in the event; nothing of it is needed to go on.
        Change::Did { .. } | Change::Told { .. } | Change::Sent { .. } | Change::Registered { .. } | Change::Erased => {
        }
    }
    Ok(())
}

fn voting(dossier: &mut Dossier) -> Result<&mut Vote, String> {
    dossier.vote.as_mut().ok_or_else(|| "no vote is open".to_owned())
}

fn set(dossier: &mut Dossier, fields: &BTreeMap<crate::ids::FieldName, serde_json::Value>) {
    for (name, value) in fields {
        if value.is_null() {
            dossier.fields.remove(name);
        } else {
            dossier.fields.insert(name.clone(), value.clone());
        }
    }
}

fn leave(dossier: &mut Dossier, left: &[ActivationId]) {
    dossier.active.retain(|active| !left.contains(&active.activation));
    dossier.tasks.retain(|task| !left.contains(&task.activation));
    dossier.timers.retain(|timer| !left.contains(&timer.activation));
    if dossier.vote.as_ref().is_some_and(|vote| left.contains(&vote.activation)) {
        dossier.vote = None;
    }
}

fn withdraw(dossier: &mut Dossier, activation: ActivationId, purpose: Purpose, holder: Option<&crate::ids::PersonId>) {
    for task in &mut dossier.tasks {
        if task.activation == activation && task.purpose == purpose {
            task.holders.retain(|person| holder.is_some_and(|gone| gone != person));
        }
    }
    dossier.tasks.retain(|task| task.people() > 0);
}

fn freeze(
    dossier: &mut Dossier,
    at: Instant,
    state: &crate::ids::StateId,
    frozen: &[ActivationId],
) -> Result<Paused, String> {
    if dossier.paused.is_some() {
        return Err("it is paused already".to_owned());
    }
    let inside = |activation: ActivationId| frozen.contains(&activation);
    let take = |active: &mut Vec<Active>| {
        let (out, kept) = std::mem::take(active).into_iter().partition(|one| inside(one.activation));
        *active = kept;
        out
    };
    let active = take(&mut dossier.active);
    let (tasks, kept) = std::mem::take(&mut dossier.tasks).into_iter().partition(|task| inside(task.activation));
    dossier.tasks = kept;
    let (timers, kept) = std::mem::take(&mut dossier.timers).into_iter().partition(|timer| inside(timer.activation));
    dossier.timers = kept;
    let vote = dossier.vote.take_if(|vote| inside(vote.activation));
    Ok(Paused { state: state.clone(), at, active, tasks, timers, vote })
}

fn resume(dossier: &mut Dossier, timers: &[super::Timer], due: &[(ActivationId, Instant)]) -> Result<(), String> {
    let paused = dossier.paused.take().ok_or("it is not paused")?;
    dossier.active.extend(paused.active);
    dossier.tasks.extend(paused.tasks);
    dossier.timers.extend(timers.iter().cloned());
    dossier.vote = dossier.vote.take().or(paused.vote);
    for (activation, at) in due {
        for active in dossier.active.iter_mut().filter(|active| active.activation == *activation) {
            active.due_at = Some(*at);
        }
        for task in dossier.tasks.iter_mut().filter(|task| task.activation == *activation) {
            task.due_at = Some(*at);
        }
    }
    Ok(())
}
