//! Starts by the clock: the last slot of each crontab line, once. Slots before the office was opened do not count.

use crate::calendar::slots::Schedule;
use crate::dossier::command::Start;
use crate::ids::{Instant, WorkflowName};
use crate::machine::{CronStart, Machine};

use super::world::World;

/// Every crontab line of every workflow.
#[derive(Debug)]
pub(super) struct Starts<'w> {
    lines: Vec<Line<'w>>,
}

#[derive(Debug)]
struct Line<'w> {
    machine: &'w Machine,
    start: &'w CronStart,
    schedule: Schedule,
    next: Option<Instant>,
}

impl<'w> Starts<'w> {
    pub(super) fn new(world: &'w World, now: Instant) -> Self {
        let lines = world.machines().flat_map(|machine| machine.cron.iter().map(move |start| (machine, start)));
        let lines = lines.filter_map(|(machine, start)| {
            // The checker has read it.
            let schedule = Schedule::parse(&start.schedule, &start.zone).ok()?;
            let next = schedule.next(now);
            Some(Line { machine, start, schedule, next })
        });
        Self { lines: lines.collect() }
    }

    /// What has to be started now, and of which workflow; each slot is given once.
    pub(super) fn due(&mut self, now: Instant) -> Option<(&'w WorkflowName, Start)> {
        let line = self.lines.iter_mut().find(|line| line.next.is_some_and(|next| next <= now))?;
        line.next = line.schedule.next(now);
        let start = Start {
            machine: line.machine.hash().clone(),
            fields: line.start.fields.clone(),
            papers: Vec::new(),
            gather_key: None,
            first: None,
            import_key: None,
        };
        Some((&line.machine.workflow, start))
    }

    /// When the next one is.
    pub(super) fn next(&self) -> Option<Instant> {
        self.lines.iter().filter_map(|line| line.next).min()
    }
}
