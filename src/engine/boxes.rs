//! The ballot boxes of the votes in progress: opened for the decision, filled with what it says, sealed again.

use std::collections::BTreeMap;

use super::fold::Fold;
use super::seals::damaged;
use crate::clock::Chance;
use crate::dossier::context::Boxes;
use crate::dossier::decide::Decision;
use crate::dossier::event::Change;
use crate::dossier::{Dossier, Vote};
use crate::ids::{ActivationId, DossierId};
use crate::planted::{Fault, planted};
use crate::seal::{BoxPlace, MasterKeys};
use crate::store::{StoreError, Tx};

impl Fold<'_> {
    /// The boxes of the secret votes in progress, opened.
    pub(super) fn open_boxes(
        &mut self,
        tx: &mut Tx<'_>,
        id: &DossierId,
    ) -> Result<Result<Boxes, StoreError>, StoreError> {
        let Some(working) = self.dossiers.get_mut(id) else { return Ok(Ok(Boxes::new())) };
        let mut boxes = std::mem::take(&mut working.boxes);
        let votes = working.kept.dossier.all_votes().filter(|vote| vote.is_sealed()).map(|vote| vote.activation);
        let votes: Vec<ActivationId> = votes.collect();
        boxes.retain(|(of, _), _| votes.contains(of));
        for activation in votes {
            if boxes.keys().any(|(of, _)| *of == activation) {
                continue;
            }
            for (row, sealed) in tx.boxes(id, activation)? {
                let place = BoxPlace { dossier: id, activation, row: &row };
                match place.open(&sealed, &self.inner.keys.master) {
                    Ok(open) => boxes.insert((activation, row), open),
                    Err(error) => return Ok(Err(damaged(&error))),
                };
            }
        }
        Ok(Ok(boxes))
    }
}

/// Whether a dossier has boxes.
pub(super) fn has(dossier: &Dossier) -> bool {
    dossier.all_votes().any(Vote::is_sealed)
}

/// Whether a decision puts ballots into boxes, or opens a vote, which may need some.
pub(super) fn wants(decision: &Decision) -> bool {
    let opens = |change: &Change| change.begins_ballot().is_some();
    !decision.ballots.is_empty() || decision.events.iter().flat_map(|event| &event.changes).any(opens)
}

/// Boxes after a command.
#[derive(Default)]
pub(super) struct Filled {
    pub(super) open: Boxes,
    pub(super) sealed: BTreeMap<(ActivationId, DossierId), Vec<u8>>,
}

/// Makes empty boxes for votes that were opened, and puts ballots into those of the vote in progress.
pub(super) fn fill(
    after: &Dossier,
    open: Option<&Boxes>,
    decision: &Decision,
    master: &MasterKeys,
    chance: &Chance,
) -> Result<Filled, StoreError> {
    let mut filled = Filled::default();
    for vote in after.all_votes().filter(|vote| vote.is_sealed()) {
        let activation = vote.activation;
        let opened = opened(decision, activation);
        let at_hand = open.into_iter().flatten().filter(|((of, _), _)| *of == activation && !opened);
        filled.open.extend(at_hand.map(|(key, open)| (key.clone(), open.clone())));
        for row in vote.rows.iter().map(|row| &row.row) {
            let key = (activation, row.clone());
            let ballot = decision.ballots.get(&key).filter(|_| !opened);
            if !opened && ballot.is_none() {
                continue;
            }
            let place = BoxPlace { dossier: &after.id, activation, row };
            let content = filled.open.entry(key.clone()).or_default();
            content.choices.extend(ballot.filter(|_| !planted(Fault::BallotLost)));
            content.choices.extend(ballot.filter(|_| planted(Fault::BallotTwice)));
            let sealed =
                place.seal(&content.choices, vote.roll.len(), master, chance).map_err(|error| damaged(&error))?;
            *content = place.open(&sealed, master).map_err(|error| damaged(&error))?;
            filled.sealed.insert(key, sealed);
        }
    }
    Ok(filled)
}

/// Whether the decision itself begins this ballot.
fn opened(decision: &Decision, vote: ActivationId) -> bool {
    let mut changes = decision.events.iter().flat_map(|event| &event.changes);
    changes.any(|change| change.begins_ballot() == Some(vote))
}
