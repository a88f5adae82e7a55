//! Papers against the events that filed them: each is there, with the bytes that were filed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::seals::{Content, Masters};
use super::{Database, Fault, Unreadable, list, number, text};

const PAPERS: &str = "SELECT id, kind, name, size, hash, content FROM paper WHERE dossier_id = $1";

pub(super) async fn hold(
    database: &mut Database,
    dossier: &str,
    contents: &[Content],
    masters: &Masters,
    faults: &mut Vec<Fault>,
) -> Result<(), Unreadable> {
    let changes = contents.iter().flat_map(|content| &content.changes);
    // A paper whose bytes were never handed in has no hash.
    let named = changes.flat_map(|change| list(change, "filed")).filter(|paper| !text(paper, "hash").is_empty());
    let mut filed: BTreeMap<&str, &Value> = named.map(|paper| (text(paper, "id"), paper)).collect();
    let mut fault = |what: String| faults.push(Fault::of(dossier, "paper", what));
    for row in database.rows(PAPERS, &[dossier]).await? {
        let (id, content) = (row.text(0)?, row.bytes(5)?);
        let Some(paper) = filed.remove(id.as_str()) else {
            fault(format!("paper {id} was filed by no event"));
            continue;
        };
        let agrees = row.text(1)? == text(paper, "kind")
            && row.text(2)? == text(paper, "name")
            && row.text(4)? == text(paper, "hash")
            && Some(row.int(3)?) == number(paper, "size");
        if !agrees {
            fault(format!("paper {id} is not called, or not as long, as the event says that filed it"));
        }
        if masters.paper(&content) != text(paper, "hash") {
            fault(format!("paper {id} holds other bytes than were filed"));
        }
    }
    for id in filed.keys() {
        fault(format!("paper {id} is gone"));
    }
    Ok(())
}
