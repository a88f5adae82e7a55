//! The ballot boxes of the vote in progress: opened for the decision, filled with what it says, sealed again.

use std::collections::BTreeMap;

use super::fold::{Boxes, Fold};
use super::seals::damaged;
use crate::clock::Chance;
use crate::dossier::decide::Decision;
use crate::dossier::event::Change;
use crate::dossier::{Choice, Dossier, Vote};
use crate::ids::{ActivationId, DossierId};
use crate::machine::{Ballot, Held};
use crate::seal::{BoxPlace, MasterKeys};
use crate::store::{StoreError, Tx};

impl Fold<'_> {
    /// The boxes of the secret vote in progress, opened.
    pub(super) fn open_boxes(
        &mut self,
        tx: &mut Tx<'_>,
        id: &DossierId,
    ) -> Result<Result<Option<(ActivationId, Boxes)>, StoreError>, StoreError> {
        let Some(working) = self.dossiers.get_mut(id) else { return Ok(Ok(None)) };
        let Some(vote) = sealed_vote(&working.kept.dossier) else { return Ok(Ok(None)) };
        let activation = vote.activation;
        if let Some(boxes) = working.boxes.take_if(|(of, _)| *of == activation) {
            return Ok(Ok(Some(boxes)));
        }
        let mut boxes = Boxes::new();
        for (row, sealed) in tx.boxes(id, activation)? {
            let place = BoxPlace { dossier: id, activation, row: &row };
            match place.open(&sealed, &self.inner.keys.master) {
                Ok(open) => boxes.insert(row, open),
                Err(error) => return Ok(Err(damaged(&error))),
            };
        }
        Ok(Ok(Some((activation, boxes))))
    }
}

/// The vote in progress whose choices lie in boxes.
fn sealed_vote(dossier: &Dossier) -> Option<&Vote> {
    let vote = dossier.vote.as_ref().or_else(|| dossier.paused.as_ref()?.vote.as_ref());
    vote.filter(|vote| is_sealed(vote))
}

/// Whether a dossier has boxes.
pub(super) fn has(dossier: &Dossier) -> bool {
    sealed_vote(dossier).is_some()
}

/// Whether a decision puts ballots into boxes, or opens a vote, which may need some.
pub(super) fn wants(decision: &Decision) -> bool {
    let opens = |change: &Change| matches!(change, Change::VoteOpened { .. });
    !decision.ballots.is_empty() || decision.events.iter().flat_map(|event| &event.changes).any(opens)
}

/// A secret vote on line: its choices lie in boxes.
fn is_sealed(vote: &Vote) -> bool {
    vote.held == Held::Online && vote.rule.ballot == Ballot::Secret
}

/// Boxes after a command.
pub(super) struct Filled {
    pub(super) activation: ActivationId,
    pub(super) open: Boxes,
    pub(super) sealed: BTreeMap<DossierId, Vec<u8>>,
}

/// Makes empty boxes for a vote that was opened, and puts ballots into those of the vote in progress.
pub(super) fn fill(
    after: &Dossier,
    open: Option<&(ActivationId, Boxes)>,
    decision: &Decision,
    master: &MasterKeys,
    chance: &Chance,
) -> Result<Option<Filled>, StoreError> {
    let vote = after.vote.as_ref().or_else(|| after.paused.as_ref()?.vote.as_ref());
    let Some(vote) = vote.filter(|vote| is_sealed(vote)) else { return Ok(None) };
    let opened = decision
        .events
        .iter()
        .flat_map(|event| &event.changes)
        .any(|change| matches!(change, Change::VoteOpened { activation, .. } if *activation == vote.activation));
    let at_hand = open.filter(|(of, _)| *of == vote.activation).map(|(_, boxes)| boxes.clone());
    let mut filled = Filled { activation: vote.activation, open: at_hand.unwrap_or_default(), sealed: BTreeMap::new() };
    let none = BTreeMap::new();
    let ballots: &BTreeMap<DossierId, Choice> = if opened { &none } else { &decision.ballots };
    let rows: Vec<&DossierId> =
        if opened { vote.rows.iter().map(|row| &row.row).collect() } else { ballots.keys().collect() };
    for row in rows {
        let place = BoxPlace { dossier: &after.id, activation: vote.activation, row };
        let content = filled.open.entry(row.clone()).or_default();
        content.choices.extend(ballots.get(row));
        let sealed = place.seal(&content.choices, vote.roll.len(), master, chance).map_err(|error| damaged(&error))?;
        *content = place.open(&sealed, master).map_err(|error| damaged(&error))?;
        filled.sealed.insert(row.clone(), sealed);
    }
    Ok(Some(filled))
}
