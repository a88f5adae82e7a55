//! The ballot boxes of the vote in progress, in memory: what `engine::boxes` seals, lies open here and is gone with the office.

use std::collections::BTreeMap;

use crate::dossier::context::OpenBox;
use crate::dossier::decide::Decision;
use crate::dossier::event::Change;
use crate::dossier::{Dossier, Vote};
use crate::ids::DossierId;
use crate::machine::{Ballot, Held};

/// Boxes by row.
pub(super) type Boxes = BTreeMap<DossierId, OpenBox>;

/// The boxes after a decision: empty ones for a vote that it opened, those of the vote in progress with its ballots.
pub(super) fn filled(before: &Boxes, after: &Dossier, decision: &Decision) -> Boxes {
    let vote = after.vote.as_ref().or_else(|| after.paused.as_ref()?.vote.as_ref());
    let Some(vote) = vote.filter(|vote| vote.held == Held::Online && vote.rule.ballot == Ballot::Secret) else {
        return Boxes::new();
    };
    if opened(decision, vote) {
        return vote.rows.iter().map(|row| (row.row.clone(), OpenBox::default())).collect();
    }
    let mut boxes = before.clone();
    for (row, choice) in &decision.ballots {
        let open = boxes.entry(row.clone()).or_default();
        open.choices.push(*choice);
        open.hash = format!("a box with {} ballots", open.choices.len());
    }
    boxes
}

fn opened(decision: &Decision, vote: &Vote) -> bool {
    let mut changes = decision.events.iter().flat_map(|event| &event.changes);
    changes.any(|change| matches!(change, Change::VoteOpened { activation, .. } if *activation == vote.activation))
}
