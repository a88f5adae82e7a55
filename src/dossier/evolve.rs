//! Folding events into a dossier: all that is needed stands in them.

use std::collections::BTreeMap;

use super::event::{Change, Corrected, Event};
use super::note::Acknowledgement;
use super::{
    Active, Answer, Attendance, Child, Correction, Deed, Dossier, Paused, Purpose, Recorded, Round, Row, RowOf,
    RowStatus, Stuck, Task, Timer, TimerKind, Vote,
};
use crate::ids::{ActivationId, DossierId, Instant, MachineHash, PersonId, StateId, WorkflowName};
use crate::planted::{Fault, planted};

/// The dossier after an event; before its first one there is none.
///
/// # Errors
/// The event does not follow from what came before (a gap, a change to something that is not there): the log is damaged.
pub fn evolve(dossier: Option<Dossier>, event: &Event) -> Result<Dossier, Broken> {
    folded(dossier, event, apply)
}

/// The same, change by change as `apply` says.
pub(super) fn folded(
    dossier: Option<Dossier>,
    event: &Event,
    apply: impl Fn(&mut Option<Dossier>, Instant, &Change) -> Result<(), String>,
) -> Result<Dossier, Broken> {
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
    // Once its timer is gone (it fired after all, or its state was left), nothing is stuck any more.
    let waits = |stuck: &Stuck| dossier.timers.iter().any(|timer| stuck.is_of(timer));
    dossier.stuck = dossier.stuck.take().filter(waits);
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

impl Dossier {
    /// One that was just opened, of which nothing is known yet.
    pub(super) fn opened(id: DossierId, workflow: WorkflowName, machine: MachineHash, opened_at: Instant) -> Self {
        Self {
            id,
            workflow,
            machine,
            seq: 0,
            content_seq: 0,
            opened_at,
            last_at: opened_at,
            caption: String::new(),
            subject: None,
            import_key: None,
            round: 1,
            activations: 0,
            active: Vec::new(),
            paused: Vec::new(),
            history: BTreeMap::new(),
            next_time: BTreeMap::new(),
            fields: BTreeMap::new(),
            numbers: BTreeMap::new(),
            papers: Vec::new(),
            corrections: Vec::new(),
            notes: Vec::new(),
            acknowledged: Vec::new(),
            prepared: Vec::new(),
            outsiders: Vec::new(),
            objections: Vec::new(),
            tasks: Vec::new(),
            timers: Vec::new(),
            votes: Vec::new(),
            results: Vec::new(),
            rows: Vec::new(),
            gather_key: None,
            on_lists: Vec::new(),
            parent: None,
            children: Vec::new(),
            held: Vec::new(),
            milestones: Vec::new(),
            grounds: Vec::new(),
            deeds: Vec::new(),
            stuck: None,
            outcome: None,
            forgotten: Vec::new(),
            expired_at: None,
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of change, each of a line or two")]
/// Applies one change. `decide` uses it too, so that it sees its own changes as replay will.
pub(super) fn apply(dossier: &mut Option<Dossier>, at: Instant, change: &Change) -> Result<(), String> {
    if let Change::Opened { id, workflow, machine, subject, gather_key } = change {
        if dossier.is_some() {
            return Err("it was opened twice".to_owned());
        }
        *dossier = Some(Dossier {
            subject: subject.clone(),
            gather_key: gather_key.clone(),
            ..Dossier::opened(id.clone(), workflow.clone(), machine.clone(), at)
        });
        return Ok(());
    }
    if let Change::Expired(left) = change {
        let before = dossier.as_ref().map_or(0, |dossier| dossier.seq);
        *dossier = Some(left.dossier(before, at));
        return Ok(());
    }
    let dossier = dossier.as_mut().ok_or("it was never opened")?;
    match change {
        Change::Opened { .. } | Change::Expired(_) => unreachable!("handled above"),
        Change::Migrated { machine, states, active, timers, unasked } => {
            dossier.machine.clone_from(machine);
            migrate(dossier, states, active, unasked);
            dossier.timers.clone_from(timers);
        }
        Change::Imported(key) => dossier.import_key = Some(key.clone()),
        Change::Captioned(caption) => dossier.caption.clone_from(caption),
        Change::Set(fields) => set(dossier, fields),
        Change::Party { outsider, row } => {
            dossier.outsiders.retain(|one| one.person != outsider.person || one == outsider);
            if dossier.outsider(&outsider.person).is_none() {
                dossier.outsiders.push(outsider.clone());
            }
            row.as_ref().map_or(Ok(()), |row| put(dossier, row))?;
        }
        Change::Filed(papers) => dossier.papers.extend(papers.iter().cloned()),
        Change::Done(deed) => {
            let same = |old: &Deed| old.person == deed.person && old.state == deed.state && old.role == deed.role;
            dossier.deeds.retain(|old| !same(old));
            dossier.deeds.push(deed.clone());
        }
        Change::Corrected { by, fields, reason } => {
            for (field, Corrected { before, after }) in fields {
                set(dossier, &BTreeMap::from([(field.clone(), after.clone())]));
                let (by, field, before, reason) = (by.clone(), field.clone(), before.clone(), reason.clone());
                dossier.corrections.push(Correction { at, by, field, before, reason });
            }
        }
        Change::Noted(note) => dossier.notes.push(note.clone()),
        Change::Acknowledged(one) => {
            let same = |old: &Acknowledgement| old.activation == one.activation && old.person == one.person;
            dossier.acknowledged.retain(|old| !same(old));
            dossier.acknowledged.push(one.clone());
        }
        Change::VotesFell => dossier.results.iter_mut().for_each(|result| result.fallen = true),
        Change::ResultWithdrawn { activation, .. } => {
            let result = dossier.results.iter_mut().find(|result| result.activation == *activation);
            result.ok_or("there is no such result")?.fallen = true;
        }
        Change::Grounds(grounds) => dossier.grounds.extend(grounds.iter().cloned()),
        Change::Left(left) => leave(dossier, left),
        Change::Entered { activation, state, due_at } => {
            dossier.activations = dossier.activations.max(activation.0);
            place(&mut dossier.active, Active { activation: *activation, state: state.clone(), at, due_at: *due_at });
        }
        Change::Offered(task) => dossier.tasks.push(task.clone()),
        Change::Withdrawn { activation, purpose, holder } => withdraw(dossier, *activation, *purpose, holder.as_ref()),
        Change::Answered { activation, person, event } => {
            let task = task_of(dossier, *activation)?;
            if !task.holders.contains(person) {
                return Err("a person answered who was not asked".to_owned());
            }
            task.holders.retain(|holder| holder != person || planted(Fault::AnswersTwice));
            task.answers.push(Answer { person: person.clone(), event: event.clone(), at });
        }
        Change::Given { activation, from, to, .. } => give(task_of(dossier, *activation)?, from.as_ref(), to),
        Change::GivenBack { activation } => {
            let task = task_of(dossier, *activation)?;
            task.owner = None;
            task.holders.append(&mut task.others);
        }
        Change::Added { activation, person, .. } => {
            let task = task_of(dossier, *activation)?;
            let alone = task.owner.is_some() || task.waits();
            if alone { &mut task.others } else { &mut task.holders }.push(person.clone());
            task.added.push(person.clone());
        }
        Change::LetIn { activation, person } => {
            let mut tasks = dossier.tasks.iter_mut();
            let task = tasks.find(|task| task.activation == *activation && task.purpose == Purpose::Object);
            task.ok_or("nothing is posted there")?.holders.push(person.clone());
        }
        Change::Objected(objected) => dossier.objections.push(objected.clone()),
        Change::Settled { activation, place, accepted, .. } => {
            let mut all = dossier.objections.iter_mut();
            let one = all.find(|one| one.activation == *activation && one.place == *place);
            one.ok_or("there is no such objection")?.accepted = Some(*accepted);
        }
        Change::Extended { activation, due_at, .. } => put_off(dossier, &[(*activation, *due_at)]),
        Change::Moved { activation, due_at } | Change::PutOff { activation, due_at, .. } => {
            put_off(dossier, &[(*activation, *due_at)]);
            dossier.timers.retain(|timer| timer.activation != *activation || !timer.what.is_of_deadline());
        }
        Change::PassedOn { activation, purpose, holders, others, owner, .. } => {
            let paused = dossier.paused.iter_mut().flat_map(|paused| &mut paused.tasks);
            let mut tasks = dossier.tasks.iter_mut().chain(paused);
            let task = tasks.find(|task| task.activation == *activation && task.purpose == *purpose);
            let task = task.ok_or("nobody is asked there")?;
            task.holders.clone_from(holders);
            task.others.clone_from(others);
            task.owner.clone_from(owner);
        }
        Change::StandIns { activation, purpose, stand_ins } => {
            let mut tasks = dossier.tasks.iter_mut();
            let task = tasks.find(|task| task.activation == *activation && task.purpose == *purpose);
            task.ok_or("nobody is asked there")?.stand_ins.clone_from(stand_ins);
        }
        Change::Assistants { activation, assistants } => {
            task_of(dossier, *activation)?.assistants.clone_from(assistants);
        }
        Change::Prepared(one) => {
            dossier.prepared.retain(|old| old.activation != one.activation || old.by != one.by);
            dossier.prepared.push(one.clone());
        }
        Change::Timed(timers) => {
            for timer in timers.iter().skip(usize::from(planted(Fault::TimerLost))) {
                dossier.timers.retain(|old| old.activation != timer.activation || old.what != timer.what);
                dossier.timers.push(timer.clone());
            }
        }
        Change::Fired { activation, what, .. } => {
            let is_it = |timer: &Timer| timer.activation == *activation && timer.what == *what;
            dossier.timers.retain(|timer| !is_it(timer) || planted(Fault::TimerStays));
        }
        Change::Stuck(stuck) => dossier.stuck = Some(stuck.clone()),
        Change::Remembered { history, states } => {
            dossier.history.insert(history.clone(), states.clone());
        }
        Change::Paused { state, frozen } => freeze(dossier, at, state, frozen)?,
        Change::Resumed { state, timers, due } => resume(dossier, state, timers, due)?,
        Change::Abandoned(state) => {
            let given_up = take(&mut dossier.paused, |paused| &paused.state == state);
            let over = |entry| given_up.iter().flat_map(|paused| &paused.active).any(|one| one.activation == entry);
            dossier.prepared.retain(|one| !over(one.activation));
        }
        Change::Held(message) => dossier.held.push(message.clone()),
        Change::Unheld(place) => {
            let place = *place as usize;
            if place >= dossier.held.len() {
                return Err("no such message waits".to_owned());
            }
            dossier.held.remove(place);
        }
        Change::Returned { round, stand } => {
            dossier.round = *round;
            for result in dossier.results.iter_mut().filter(|result| !result.fallen) {
                result.stands = stand.contains(&result.name);
                result.fallen = !result.stands;
            }
        }
        Change::VoteStands { .. }
        | Change::Skipped { .. }
        | Change::TookDown { .. }
        | Change::Waits { .. }
        | Change::Redone { .. } => {}
        Change::NextTime { state, within } => {
            dossier.next_time.insert(state.clone(), *within);
        }
        Change::VoteOpened { activation, name, rule, held, body, roll, rows, attendance, papers } => {
            dossier.votes.push(Vote {
                activation: *activation,
                name: name.clone(),
                rule: (**rule).clone(),
                held: held.clone(),
                body: body.clone(),
                roll: roll.clone(),
                rows: rows.clone(),
                papers: papers.clone(),
                recorded: None,
                open: BTreeMap::new(),
                attendance: attendance.clone().map(Attendance::kept_by),
                present: None,
                round: Round::First,
                earlier: None,
            });
        }
        Change::VotedAgain { activation, round, roll, rows, earlier } => {
            let vote = voting(dossier, *activation)?;
            (vote.roll, vote.rows) = (roll.clone(), rows.clone());
            (vote.round, vote.earlier) = (*round, Some(earlier.clone()));
            (vote.recorded, vote.present) = (None, None);
            vote.open.clear();
            stop(dossier, *activation, &[Purpose::Act, Purpose::Attendance]);
        }
        Change::Attended { activation, seats, .. } => {
            let seq = dossier.seq + 1;
            let vote = voting(dossier, *activation)?;
            for seat in &mut vote.roll {
                seat.attends = seats.get(&seat.person).copied().or(seat.attends);
            }
            vote.attendance.as_mut().ok_or("nobody records who is there")?.seq = seq;
        }
        Change::GivenOut { activation, times, until } => {
            let vote = voting(dossier, *activation)?;
            vote.attendance.as_mut().ok_or("nobody records who is there")?.given_out = Some(*times);
            for seat in &mut vote.roll {
                seat.until_at = until.get(&seat.person).copied();
            }
        }
        Change::AskedInWriting { activation, present, due_at } => {
            voting(dossier, *activation)?.present = Some(*present);
            let task = dossier.tasks.iter_mut();
            for task in task.filter(|task| task.activation == *activation && task.purpose == Purpose::Ballot) {
                task.due_at = Some(*due_at);
            }
        }
        Change::SeatsLost { activation, people } => {
            voting(dossier, *activation)?.roll.retain(|seat| !people.contains(&seat.person));
        }
        Change::Marked { activation, person } => {
            let seat = voting(dossier, *activation)?.roll.iter_mut().find(|seat| &seat.person == person);
            seat.ok_or("nobody of that name is on the roll")?.cast = true;
        }
        Change::MarkedPart { activation, person, part } => {
            let vote = voting(dossier, *activation)?;
            let theirs: Vec<String> = vote.parts(Some(person)).into_iter().map(str::to_owned).collect();
            let seat = vote.roll.iter_mut().find(|seat| &seat.person == person);
            let seat = seat.ok_or("nobody of that name is on the roll")?;
            seat.parts.insert(part.clone());
            seat.cast = theirs.iter().all(|part| seat.parts.contains(part));
        }
        Change::Chose { activation, person, choices } => {
            let vote = voting(dossier, *activation)?;
            for (row, choice) in choices {
                vote.open.entry(row.clone()).or_default().insert(person.clone(), *choice);
            }
        }
        Change::Recorded { activation, by, rows } => {
            voting(dossier, *activation)?.recorded = Some(Recorded { by: by.clone(), rows: rows.clone() });
        }
        Change::Disputed(activation) => voting(dossier, *activation)?.recorded = None,
        Change::VoteClosed(result) => {
            dossier.votes.retain(|vote| vote.activation != result.activation);
            stop(dossier, result.activation, &[Purpose::Act]);
            dossier.results.push(result.clone());
        }
        Change::Joined { row, subject } => {
            dossier.rows.retain(|old| &old.dossier != row);
            let (caption, fields) = (String::new(), std::collections::BTreeMap::new());
            let (row, subject) = (row.clone(), subject.clone());
            dossier.rows.push(Row { dossier: row, subject, caption, fields, papers: None, status: RowStatus::Live });
        }
        Change::Described { row, caption, fields } => {
            let row = dossier.rows.iter_mut().find(|old| &old.dossier == row).ok_or("a row is not on the list")?;
            row.caption.clone_from(caption);
            row.fields.clone_from(fields);
        }
        Change::RowPapers { row, papers } => {
            let row = dossier.rows.iter_mut().find(|old| &old.dossier == row);
            row.ok_or("a row is not on the list")?.papers = Some(papers.clone());
        }
        Change::Rows(statuses) => {
            for (id, status) in statuses {
                let row = dossier.rows.iter_mut().find(|row| &row.dossier == id);
                row.ok_or("a row is not on the list")?.status = *status;
            }
        }
        Change::Gathers(key) => dossier.gather_key.clone_from(key),
        Change::OnList(list) => {
            dossier.on_lists.retain(|on| on.region != list.region);
            dossier.on_lists.push(list.clone());
        }
        Change::OffList(region) => dossier.on_lists.retain(|on| on.region != *region),
        Change::BornOf(parent) => dossier.parent = Some(parent.clone()),
        Change::ChildOpened { children, key, dossier: id, subject } => {
            dossier.children.push(Child::opened(children, key, id, subject.as_ref(), at));
        }
        Change::ChildCalled { dossier: id, caption } => child(dossier, id)?.caption.clone_from(caption),
        Change::ChildStands { dossier: id, result, ended, seq } => {
            let child = child(dossier, id)?;
            (child.result, child.told_at, child.ended) = (result.clone(), Some(at), *ended);
            child.told_seq = *seq;
        }
        Change::ChildGave { dossier: id, fields } => child(dossier, id)?.fields.clone_from(fields),
        Change::Reached(milestone) => dossier.milestones.push(milestone.clone()),
        Change::Took { key, field: Some(field), .. } => {
            dossier.numbers.insert(field.clone(), key.clone());
        }
        Change::GaveUp(key) => dossier.numbers.retain(|_, had| had != key),
        Change::Finished(outcome) => {
            dossier.outcome = Some(outcome.clone());
            dossier.tasks.clear();
            dossier.timers.clear();
            dossier.paused.clear();
        }
        Change::Forgot { people, .. } => dossier.forget(people),
        // What was done, sent or told stands in the event; nothing of it is needed to go on.
        Change::Did { .. }
        | Change::CutShort { .. }
        | Change::Told { .. }
        | Change::NotBack { .. }
        | Change::Silent { .. }
        | Change::Sent { .. }
        | Change::Registered { .. }
        | Change::Took { field: None, .. }
        | Change::Erased => {}
    }
    Ok(())
}

/// Nobody is asked any more for what a ballot asks (but for these purposes), and its clock stops.
fn stop(dossier: &mut Dossier, vote: ActivationId, but: &[Purpose]) {
    dossier.tasks.retain(|task| task.activation != vote || but.contains(&task.purpose));
    dossier.timers.retain(|timer| timer.activation != vote || timer.what != TimerKind::VoteEnds);
}

fn child<'d>(dossier: &'d mut Dossier, id: &DossierId) -> Result<&'d mut Child, String> {
    let child = dossier.children.iter_mut().find(|child| &child.dossier == id);
    child.ok_or_else(|| "it has no such child".to_owned())
}

fn voting(dossier: &mut Dossier, activation: ActivationId) -> Result<&mut Vote, String> {
    let vote = dossier.votes.iter_mut().find(|vote| vote.activation == activation);
    vote.ok_or_else(|| "no such vote is open".to_owned())
}

/// Puts an entry among those that are active: behind what is around it and behind the regions before its own.
fn place(active: &mut Vec<Active>, entry: Active) {
    let outer = entry.state.outer();
    let beside = |one: &Active| outer.as_ref().is_some_and(|outer| &one.state == outer || one.state.is_inside(outer));
    let at = active.iter().rposition(beside).map_or(active.len(), |at| at + 1);
    active.insert(at, entry);
}

/// Puts a row into a table: in the place of the one that stood there, or behind the last.
fn put(dossier: &mut Dossier, row: &RowOf) -> Result<(), String> {
    let table = dossier.fields.entry(row.field.clone()).or_insert_with(|| serde_json::Value::Array(Vec::new()));
    let rows = table.as_array_mut().ok_or("a row stands in a table")?;
    if row.put(rows) { Ok(()) } else { Err("a row stands behind the last".to_owned()) }
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
    dossier.active.retain(|active| !left.contains(&active.activation) || planted(Fault::StateNotLeft));
    dossier.tasks.retain(|task| !left.contains(&task.activation));
    dossier.timers.retain(|timer| !left.contains(&timer.activation));
    dossier.acknowledged.retain(|one| !left.contains(&one.activation));
    dossier.prepared.retain(|one| !left.contains(&one.activation));
    dossier.votes.retain(|vote| !left.contains(&vote.activation));
}

fn task_of(dossier: &mut Dossier, activation: ActivationId) -> Result<&mut Task, String> {
    let task = dossier.tasks.iter_mut().find(|task| task.activation == activation && task.purpose == Purpose::Act);
    task.ok_or_else(|| "nobody is asked there".to_owned())
}

/// Passes a task on; whoever had it may be given it again.
fn give(task: &mut Task, from: Option<&PersonId>, to: &PersonId) {
    if from.is_none() || from == task.owner.as_ref() {
        task.others.append(&mut task.holders);
        task.owner = Some(to.clone());
    } else {
        task.holders.retain(|holder| Some(holder) != from);
    }
    task.holders.push(to.clone());
    task.others.retain(|other| other != to);
}

fn withdraw(dossier: &mut Dossier, activation: ActivationId, purpose: Purpose, holder: Option<&PersonId>) {
    for task in &mut dossier.tasks {
        if task.activation == activation && task.purpose == purpose {
            task.holders.retain(|person| holder.is_some_and(|gone| gone != person));
        }
    }
    dossier.tasks.retain(|task| task.people() > 0 || !task.others.is_empty());
}

fn freeze(
    dossier: &mut Dossier,
    at: Instant,
    state: &crate::ids::StateId,
    frozen: &[ActivationId],
) -> Result<(), String> {
    if dossier.paused.iter().any(|paused| &paused.state == state) {
        return Err("it is paused already".to_owned());
    }
    let outer = state.outer();
    let around = dossier.active.iter().find(|active| Some(&active.state) == outer.as_ref());
    let around = around.map(|active| active.activation);
    let active = take(&mut dossier.active, |active| frozen.contains(&active.activation));
    let tasks = take(&mut dossier.tasks, |task| frozen.contains(&task.activation));
    let timers = take(&mut dossier.timers, |timer| frozen.contains(&timer.activation));
    let votes = take(&mut dossier.votes, |vote| frozen.contains(&vote.activation));
    dossier.paused.push(Paused { state: state.clone(), around, at, active, tasks, timers, votes });
    Ok(())
}

fn take<T>(from: &mut Vec<T>, which: impl Fn(&T) -> bool) -> Vec<T> {
    let (taken, kept) = std::mem::take(from).into_iter().partition(which);
    *from = kept;
    taken
}

fn resume(
    dossier: &mut Dossier,
    state: &crate::ids::StateId,
    timers: &[super::Timer],
    due: &[(ActivationId, Instant)],
) -> Result<(), String> {
    let at = dossier.paused.iter().position(|paused| &paused.state == state).ok_or("it is not paused")?;
    let paused = dossier.paused.remove(at);
    for active in paused.active {
        place(&mut dossier.active, active);
    }
    dossier.tasks.extend(paused.tasks);
    dossier.timers.extend(timers.iter().cloned());
    dossier.votes.extend(paused.votes);
    // Why it was held stands in the history; it is no reason for anything any more.
    dossier.grounds.retain(|ground| ground.at != paused.at);
    put_off(dossier, due);
    Ok(())
}

/// Goes over to another version: states have other names, and some have begun anew around those that are active.
fn migrate(dossier: &mut Dossier, states: &BTreeMap<StateId, StateId>, active: &[Active], unasked: &[ActivationId]) {
    let rename = |state: &mut StateId| {
        if let Some(now) = states.get(state) {
            state.clone_from(now);
        }
    };
    for paused in &mut dossier.paused {
        rename(&mut paused.state);
        paused.active.iter_mut().for_each(|one| rename(&mut one.state));
    }
    for (mut history, mut remembered) in std::mem::take(&mut dossier.history) {
        rename(&mut history);
        remembered.iter_mut().for_each(&rename);
        dossier.history.insert(history, remembered);
    }
    for (mut state, within) in std::mem::take(&mut dossier.next_time) {
        rename(&mut state);
        dossier.next_time.insert(state, within);
    }
    dossier.deeds.iter_mut().filter_map(|deed| deed.state.as_mut()).for_each(rename);
    dossier.tasks.retain(|task| !unasked.contains(&task.activation) || !of_the_step(task));
    for task in dossier.tasks.iter_mut().filter(|task| of_the_step(task)) {
        let entry = active.iter().find(|one| one.activation == task.activation);
        task.due_at = entry.map_or(task.due_at, |entry| entry.due_at);
    }
    dossier.activations = active.iter().map(|one| one.activation.0).chain([dossier.activations]).max().unwrap_or(0);
    dossier.active = active.to_vec();
}

/// Whether a task is the step's own or its leader's; those of votes go with their vote.
fn of_the_step(task: &Task) -> bool {
    matches!(task.purpose, Purpose::Act | Purpose::Lead)
}

/// Moves the deadlines of entries, and of what is asked there.
fn put_off(dossier: &mut Dossier, due: &[(ActivationId, Instant)]) {
    for (activation, at) in due {
        for active in dossier.active.iter_mut().filter(|active| active.activation == *activation) {
            active.due_at = Some(*at);
        }
        for task in dossier.tasks.iter_mut().filter(|task| task.activation == *activation) {
            task.due_at = Some(*at);
        }
    }
}
