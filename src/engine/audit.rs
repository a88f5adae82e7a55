//! Replay: does the chain hold, can every event be opened, and does the fold give the stored dossier to the byte?

use super::{Engine, seals};
use crate::dossier::forget::Refold;
use crate::ids::DossierId;
use crate::seal::{HASH_BEFORE_FIRST, chain};
use crate::store::StoreError;

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Events that were read.
    pub events: usize,
    /// Changes that belong to people who were erased; the snapshot is what the rest gives.
    pub erased: usize,
    /// What is wrong, in the order in which it was found; empty if nothing is.
    pub faults: Vec<String>,
}

impl Engine {
    /// Replays a dossier from its log.
    ///
    /// # Errors
    /// The database fails. What is wrong with the log is no error but an answer.
    pub async fn replay(&self, id: &DossierId) -> Result<Replay, StoreError> {
        let mut replay = Replay::default();
        // The row first: a command that comes meanwhile makes the log longer, never the row newer than the log.
        let stored = self.inner.store.stored_dossier(id).await?;
        let logged = self.inner.store.events(id, 0).await?;
        let Some(stored) = stored else {
            replay.faults.push(match logged.len() {
                0 => "there is no such dossier".to_owned(),
                events => format!("its row is gone; {events} events are left"),
            });
            return Ok(replay);
        };
        let last = logged.last().map_or(0, |event| event.seq);
        if last > stored.seq {
            // A row that is read now is no older than the log.
            let now = self.inner.store.stored_dossier(id).await?.map_or(0, |now| now.seq);
            if last > now {
                replay.faults.push(format!("event {last} stands behind the dossier's own last number, {now}"));
            }
        }
        let keys = match self.inner.unwrap_keys(id, &self.inner.store.seal_keys(id).await?) {
            Ok(keys) => keys,
            Err(error) => {
                replay.faults.push(error.to_string());
                return Ok(replay);
            }
        };
        let (mut previous, mut fold) = (HASH_BEFORE_FIRST, Refold::default());
        for event in logged.iter().take_while(|event| event.seq <= stored.seq) {
            replay.events += 1;
            previous = chain(&previous, &seals::header(id, event), &event.sealed);
            if previous.as_slice() != event.hash {
                replay.faults.push(format!("event {}: the chain is broken", event.seq));
                return Ok(replay);
            }
            let opened = match seals::open(id, event, &keys) {
                Ok(opened) => opened,
                Err(error) => {
                    replay.faults.push(error.to_string());
                    return Ok(replay);
                }
            };
            if let Err(broken) = fold.take(&opened) {
                replay.faults.push(broken.to_string());
                return Ok(replay);
            }
        }
        replay.erased = fold.erased;
        let forgotten = fold.dossier.as_ref().map(|dossier| dossier.forgotten.clone()).unwrap_or_default();
        let expired = fold.dossier.as_ref().is_some_and(|dossier| dossier.expired_at.is_some());
        if replay.erased > 0 && forgotten.is_empty() && !expired {
            replay.faults.push("keys are gone, and no event says that somebody was erased".to_owned());
        }
        for person in forgotten.iter().filter(|person| keys.people.contains_key(person)) {
            replay.faults.push(format!("`{person}` was erased, and has a key"));
        }
        if keys.since > 1 && !expired {
            replay.faults.push("its first key is gone, and no event says that its time of keeping was over".to_owned());
        }
        let folded = fold.dossier.map(|dossier| dossier.snapshot()).unwrap_or_default();
        if folded != stored.snapshot {
            replay.faults.push("the stored snapshot is not what the log gives".to_owned());
        }
        Ok(replay)
    }

    /// Dossiers in the order of their ids, for replaying all of them piece by piece.
    ///
    /// # Errors
    /// The database fails.
    pub async fn dossiers_after(&self, after: Option<&DossierId>, limit: i64) -> Result<Vec<DossierId>, StoreError> {
        self.inner.store.dossiers_after(after.map_or("", DossierId::as_str), limit).await
    }
}
