//! Whoever stands in for somebody from today on is asked what is open; the directory says from when and until when.

use std::sync::Arc;

use super::{Report, Scheduler};
use crate::dossier::command::{Actor, Ask, Command};
use crate::engine::Failure;
use crate::ids::{Instant, OperationId};
use crate::store::StoreError;
use crate::store::schedule::StandInTask;

/// How often it is looked; a change of the directory is seen at once.
const EVERY_MS: i64 = 60 * 60 * 1000;
/// Tasks of one absent person that are looked at together.
const TOGETHER: i64 = 500;

impl Scheduler {
    /// A task whose holder is away is asked of who stands in for them, and no longer once they are back.
    pub(super) async fn stand_in(&mut self, now: Instant, report: &mut Report) -> Result<(), StoreError> {
        let directory = self.engine.directory();
        let is_same = self.directory.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &directory));
        if is_same && self.stood_in.is_some_and(|last| now < last.plus_ms(EVERY_MS)) {
            return Ok(());
        }
        for one in directory.stand_ins() {
            // Which day it is follows from the calendar of each dossier: a day more on either side.
            let day = jiff::tz::TimeZone::UTC.to_datetime(now.timestamp()).date();
            let near = |day: Option<jiff::civil::Date>| day.is_none_or(|day| one.dated.holds(day));
            let holds = [day.yesterday().ok(), Some(day), day.tomorrow().ok()].into_iter().any(near);
            let tasks = if holds {
                self.engine.store().without_stand_in(&one.person, &one.by, TOGETHER).await?
            } else if one.dated.until.is_some_and(|until| until < day) {
                self.engine.store().with_stand_in(&one.person, &one.by, TOGETHER).await?
            } else {
                Vec::new()
            };
            for task in tasks {
                self.renew(&task, now, report).await?;
            }
        }
        self.stood_in = Some(now);
        Ok(())
    }

    pub(super) async fn renew(&self, task: &StandInTask, now: Instant, report: &mut Report) -> Result<(), StoreError> {
        let operation = OperationId::new(format!("stand-in:{}:{}:{}", task.dossier, task.seq, now.0));
        let command = Command { operation, dossier: task.dossier.clone(), actor: Actor::Clock, ask: Ask::Tick };
        match self.engine.handle(command, Vec::new()).await {
            Ok(done) if done.seq > task.seq => report.ticked += 1,
            Ok(_) | Err(Failure::Refused(_)) => {}
            Err(Failure::Store(error @ StoreError::Unavailable(_))) => return Err(error),
            Err(Failure::Store(error)) => tracing::error!(dossier.id = %task.dossier, "nobody can stand in: {error}"),
        }
        Ok(())
    }
}
