//! Whoever leaves a post leaves what they were asked in it, and what an earlier calendar counted is counted again: when another directory or
//! calendar comes, or a day on which something in the directory begins or is over, every open dossier is looked at once. `decide` knows what
//! passes on and what moves.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Report, Scheduler};
use crate::directory::Directory;
use crate::ids::{DossierId, Instant};
use crate::store::StoreError;

/// Dossiers that are looked at in one step.
const AT_ONCE: i64 = 200;

/// Where the round is. A process begins with one: the directory may have changed while none was running.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The directory and the days (one for each zone) for which it was begun last.
    seen: Option<(Arc<Directory>, BTreeSet<Date>)>,
    /// The dossier that was looked at last; none between rounds.
    at: Option<DossierId>,
}

impl Round {
    /// Begins a round if who holds what may have changed since the last one.
    fn begin(&mut self, directory: Arc<Directory>, days: BTreeSet<Date>) {
        let is_same = self.seen.as_ref().is_some_and(|(before, then)| {
            // In every zone the day may be another one.
            let from = then.first().copied().unwrap_or(Date::MIN);
            let next = directory.next_change(from);
            Arc::ptr_eq(before, &directory) && (*then == days || next.is_none_or(|next| Some(&next) > days.last()))
        });
        if !is_same {
            self.seen = Some((directory, days));
            self.at = Some(DossierId::new(""));
        }
    }
}

impl Scheduler {
    /// Passes on what people were asked in roles that they hold no longer.
    pub(super) async fn pass_on(&mut self, now: Instant, report: &mut Report) -> Result<(), StoreError> {
        self.holders.begin(self.engine.directory(), self.engine.days(now));
        let Some(last) = self.holders.at.clone() else { return Ok(()) };
        let waiting = self.engine.store().waiting_dossiers(&last, AT_ONCE).await?;
        for one in &waiting {
            self.renew(one, now, report).await?;
        }
        self.holders.at = waiting.last().map(|one| one.dossier.clone());
        Ok(())
    }
}
