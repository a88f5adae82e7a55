//! Starts by the clock: the last slot of each crontab line, once.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{Report, Scheduler};
use crate::calendar::slots::Schedule;
use crate::dossier::command::{Actor, Ask, Command, Start};
use crate::engine::{Engine, Failure};
use crate::ids::{DossierId, Instant, MachineHash, OperationId, WorkflowName};
use crate::machine::{CronStart, Machine};
use crate::planted::reach;
use crate::store::StoreError;
use crate::store::schedule::CurrentVersion;

/// What is known of the lines of the versions on which dossiers start now.
#[derive(Debug, Default)]
pub(super) struct Starts {
    versions: BTreeMap<(WorkflowName, MachineHash, Instant), Vec<Line>>,
}

/// A crontab line of a workflow.
#[derive(Clone, Debug)]
struct Line {
    entry: i64,
    schedule: Schedule,
    /// Since when it stands in the workflow: nothing happens for slots before.
    since: Instant,
    start: CronStart,
}

impl Scheduler {
    pub(super) async fn start(&mut self, now: Instant, report: &mut Report) -> Result<(), StoreError> {
        let current = self.engine.store().current_versions().await?;
        self.starts.versions.retain(|version, _| current.contains(version));
        for version in current {
            if !self.starts.versions.contains_key(&version) {
                let lines = match lines_of(&self.engine, &version).await {
                    Ok(lines) => lines,
                    Err(error @ StoreError::Unavailable(_)) => return Err(error),
                    Err(error) => {
                        tracing::error!(workflow = %version.0, "its starts by the clock cannot be read: {error}");
                        Vec::new()
                    }
                };
                self.starts.versions.insert(version.clone(), lines);
            }
            let lines = self.starts.versions.get(&version).cloned().unwrap_or_default();
            for line in lines {
                self.start_line(&version, &line, now, report).await?;
            }
        }
        Ok(())
    }

    /// Only the last slot counts: after an outage there is one start, not one for every slot that went by.
    async fn start_line(
        &mut self,
        (workflow, machine, _): &CurrentVersion,
        line: &Line,
        now: Instant,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let Some(slot) = line.schedule.last(now).filter(|slot| *slot >= line.since) else { return Ok(()) };
        let operation = format!("cron:{workflow}:{}:{}", line.entry, slot.0);
        if self.put_off.waits(&operation, now) {
            return Ok(());
        }
        let store = self.engine.store().clone();
        if store.last_slot(workflow, line.entry).await?.is_some_and(|last| last >= slot) {
            return Ok(());
        }
        // The slot is written down after the start: whoever dies in between has not lost it, because the operation id
        // and the dossier's id follow from the slot.
        match self.engine.handle(start_of(machine, line, &operation), Vec::new()).await {
            Ok(done) => {
                reach("slot-started");
                store.take_slot(workflow, line.entry, slot, now).await?;
                report.started += usize::from(!done.again);
                Ok(())
            }
            Err(Failure::Store(error @ StoreError::Unavailable(_))) => Err(error),
            Err(failure) => {
                let why = match &failure {
                    Failure::Refused(refusal) => format!("{:?}", refusal.names()),
                    Failure::Store(error) => error.to_string(),
                };
                tracing::error!(%workflow, slot_at = %slot, "a start by the clock cannot be done and is put off: {why}");
                self.put_off.add(&operation, now);
                report.put_off += 1;
                Ok(())
            }
        }
    }
}

fn start_of(machine: &MachineHash, line: &Line, operation: &str) -> Command {
    Command {
        operation: OperationId::new(operation),
        dossier: derived_id(operation),
        actor: Actor::Clock,
        ask: Ask::Start(Start {
            machine: machine.clone(),
            fields: line.start.fields.clone(),
            papers: Vec::new(),
            gather_key: None,
            first: None,
            import_key: None,
        }),
    }
}

/// The id of a dossier that nobody chose an id for: it follows from the operation.
fn derived_id(operation: &str) -> DossierId {
    let digest = Sha256::digest(operation.as_bytes());
    let hex = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    DossierId::new(hex)
}

/// The lines of a version, each with the time since when it stands in the workflow: a new version that left a line as it
/// was does not make its missed slot be forgotten, and one that brings a new line does not make up for its past.
async fn lines_of(engine: &Engine, (workflow, hash, since): &CurrentVersion) -> Result<Vec<Line>, StoreError> {
    let machine = engine.machine(hash).await?;
    let mut lines = Vec::new();
    for (entry, start) in machine.cron.iter().enumerate() {
        match Schedule::parse(&start.schedule, &start.zone) {
            Ok(schedule) => lines.push(Line {
                entry: i64::try_from(entry).unwrap_or(i64::MAX),
                schedule,
                since: *since,
                start: start.clone(),
            }),
            Err(why) => tracing::error!(%workflow, entry, "a start by the clock makes no sense: {why}"),
        }
    }
    if lines.is_empty() {
        return Ok(lines);
    }
    let mut standing: Vec<usize> = (0..lines.len()).collect();
    for (older, deployed_at) in engine.store().versions(workflow).await? {
        let machine = engine.machine(&older).await?;
        standing.retain(|place| stands_in(&machine, &lines[*place]));
        for place in &standing {
            lines[*place].since = lines[*place].since.min(deployed_at);
        }
    }
    Ok(lines)
}

fn stands_in(machine: &Machine, line: &Line) -> bool {
    usize::try_from(line.entry)
        .ok()
        .and_then(|entry| machine.cron.get(entry))
        .is_some_and(|start| start.schedule == line.start.schedule && start.zone == line.start.zone)
}
