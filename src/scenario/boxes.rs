//! The ballot boxes of the votes in progress, in memory: what `engine::boxes` seals lies open here and is gone with the office.

use crate::dossier::context::Boxes;
use crate::dossier::decide::Decision;
use crate::dossier::{Dossier, Vote};
use crate::ids::ActivationId;

/// The boxes after a decision: empty ones for votes that it opened, those of the votes in progress with its ballots.
pub(super) fn filled(before: &Boxes, after: &Dossier, decision: &Decision) -> Boxes {
    let mut boxes = Boxes::new();
    for vote in after.all_votes().filter(|vote| vote.is_sealed()) {
        let opened = is_opened(decision, vote.activation);
        for row in rows(vote) {
            let mut open = before.get(&row).filter(|_| !opened).cloned().unwrap_or_default();
            if let Some(choice) = decision.ballots.get(&row).filter(|_| !opened) {
                open.choices.push(*choice);
                open.hash = format!("a box with {} ballots", open.choices.len());
            }
            boxes.insert(row, open);
        }
    }
    boxes
}

fn rows(vote: &Vote) -> impl Iterator<Item = (ActivationId, crate::ids::DossierId)> {
    vote.rows.iter().map(|row| (vote.activation, row.row.clone()))
}

fn is_opened(decision: &Decision, vote: ActivationId) -> bool {
    let mut changes = decision.events.iter().flat_map(|event| &event.changes);
    changes.any(|change| change.begins_ballot() == Some(vote))
}
