//! Dossiers with something due get a `Tick`.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Report, Scheduler};
use crate::dossier::command::{Actor, Ask, Command};
use crate::engine::{Done, Engine, Failure};
use crate::ids::{DossierId, Instant, OperationId};
use crate::planted::reach;
use crate::store::StoreError;
use crate::store::schedule::DueDossier;

/// Dossiers that are ticked at once: they share a commit.
const TOGETHER: i64 = 64;
/// Groups in one step; what is put off must not hide what stands behind it.
const GROUPS_MAX: usize = 8;

impl Scheduler {
    pub(super) async fn tick(&mut self, now: Instant, report: &mut Report) -> Result<(), StoreError> {
        let mut last: Option<DueDossier> = None;
        for _ in 0..GROUPS_MAX {
            let due = self.engine.store().due_dossiers(now, last.as_ref(), TOGETHER).await?;
            let Some(end) = due.last().cloned() else { return Ok(()) };
            let full = i64::try_from(due.len()) == Ok(TOGETHER);
            let group = due.into_iter().filter(|due| !self.put_off.waits(due.id.as_str(), now)).collect();
            for (due, answer) in tick_all(&self.engine, group).await {
                self.judge(&due, answer, now, report)?;
            }
            if !full {
                return Ok(());
            }
            last = Some(end);
        }
        Ok(())
    }

    /// Whoever put the directory right does not wait for the next try, nor does a process that begins: the directory may have
    /// been put right while none was running.
    pub(super) async fn retry_stuck(&mut self, now: Instant, report: &mut Report) -> Result<(), StoreError> {
        let directory = self.engine.directory();
        let is_same = self.directory.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &directory));
        if is_same {
            self.directory = Some(directory);
            return Ok(());
        }
        // So may what other dossiers were told and could not take.
        self.engine.retry_messages().await?;
        let mut last = DossierId::new("");
        loop {
            let stuck = self.engine.store().stuck_dossiers(&last, TOGETHER).await?;
            let Some(end) = stuck.last() else { break };
            last = end.id.clone();
            for (due, answer) in tick_all(&self.engine, stuck).await {
                match answer {
                    // Still for the same reason: the next try comes in its time.
                    Err(Failure::Refused(_)) => {}
                    answer => self.judge(&due, answer, now, report)?,
                }
            }
        }
        self.directory = Some(directory);
        Ok(())
    }

    fn judge(
        &mut self,
        due: &DueDossier,
        answer: Result<Done, Failure>,
        now: Instant,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let why = match answer {
            Ok(done) if done.again || done.seq > due.seq => {
                reach("ticked");
                report.ticked += 1;
                return Ok(());
            }
            Ok(_) => "nothing came of it".to_owned(),
            Err(Failure::Store(error @ StoreError::Unavailable(_))) => return Err(error),
            Err(Failure::Store(error)) => error.to_string(),
            Err(Failure::Refused(refusal)) => format!("{:?}", refusal.names()),
        };
        tracing::error!(dossier.id = %due.id, due_at = %due.due_at, "what is due cannot be done and is put off: {why}");
        self.put_off.add(due.id.as_str(), now);
        report.put_off += 1;
        Ok(())
    }
}

/// Ticks them side by side.
async fn tick_all(engine: &Engine, group: Vec<DueDossier>) -> Vec<(DueDossier, Result<Done, Failure>)> {
    let mut running = JoinSet::new();
    for due in group {
        let engine = engine.clone();
        running.spawn(async move {
            let answer = engine.handle(tick_of(&due), Vec::new()).await;
            (due, answer)
        });
    }
    running.join_all().await
}

/// The same due time of the same state of a dossier is always the same operation, whoever sees it.
fn tick_of(due: &DueDossier) -> Command {
    Command {
        operation: OperationId::new(format!("tick:{}:{}:{}", due.id, due.seq, due.due_at.0)),
        dossier: due.id.clone(),
        actor: Actor::Clock,
        ask: Ask::Tick,
    }
}
