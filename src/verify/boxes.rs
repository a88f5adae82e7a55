//! Rolls against boxes: as many slips as members have voted, and after closing the totals and the box that were recorded.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::course::{Course, Vote};
use super::seals::Masters;
use super::{Database, Fault, Unreadable, hex, list, number, text};

const BOXES: &str = "SELECT activation, row_id, sealed FROM ballot_box WHERE dossier_id = $1";

pub(super) async fn hold(
    database: &mut Database,
    dossier: &str,
    course: &Course<'_>,
    masters: &Masters,
    faults: &mut Vec<Fault>,
) -> Result<(), Unreadable> {
    let mut boxes: BTreeMap<(u32, String), Vec<u8>> = BTreeMap::new();
    for row in database.rows(BOXES, &[dossier]).await? {
        boxes.insert((row.int(0)?.try_into().unwrap_or_default(), row.text(1)?), row.bytes(2)?);
    }
    let mut fault = |what: String| faults.push(Fault::of(dossier, "box", what));
    for (entry, vote) in course.votes.iter().filter(|(_, vote)| vote.sealed) {
        for (row, about) in &vote.rows {
            let Some(sealed) = boxes.get(&(*entry, row.clone())) else {
                fault(format!("the box of row {row} in vote {entry} is gone"));
                continue;
            };
            match masters.slips(dossier, *entry, row, sealed) {
                None => fault(format!("the box of row {row} in vote {entry} cannot be opened: changed or moved")),
                Some(slips) => {
                    let voted = vote.voted_on(about);
                    let found = slips.iter().filter(|slip| **slip != 0).count();
                    if found != voted {
                        fault(format!("the box of row {row} in vote {entry} holds {found} choices of {voted} members"));
                    }
                    closed(vote, row, sealed, &slips, &mut fault);
                }
            }
        }
    }
    for (entry, row) in boxes.keys() {
        if course.votes.get(entry).is_none_or(|vote| !vote.sealed) {
            fault(format!("there is a box of row {row} for vote {entry}, which has none"));
        }
    }
    Ok(())
}

/// What was recorded when the vote was closed.
fn closed(vote: &Vote, row: &str, sealed: &[u8], slips: &[u8], fault: &mut impl FnMut(String)) {
    let Some(result) = vote.result.as_ref().filter(|_| vote.over) else { return };
    let Some(counted) = list(result, "rows").iter().find(|one| text(one, "row") == row) else {
        fault(format!("row {row} has no result"));
        return;
    };
    let Some(hash) = counted.get("box_hash").and_then(Value::as_str) else { return };
    if hash != hex(&Sha256::digest(sealed)) {
        fault(format!("the box of row {row} is not the one that was counted"));
    }
    for (slip, word) in [(1, "yes"), (2, "no"), (3, "abstain")] {
        let found = slips.iter().copied().filter(|one| *one == slip).count();
        if number(counted, word) != i64::try_from(found).ok() {
            fault(format!("the result of row {row} says another number of `{word}` than its box"));
        }
    }
}
