//! The daily heads against each other and against the log.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::events::put;
use super::{Database, Fault, Report, Unreadable, hex};

const HEADS: &str = "SELECT day, at, content, hash FROM head ORDER BY day";
const EVENT: &str = "SELECT hash FROM event WHERE dossier_id = $1 AND seq = CAST($2 AS BIGINT)";
const LAST: &str = "SELECT e.dossier_id, e.seq FROM event e JOIN (SELECT dossier_id, MAX(seq) AS seq FROM event \
    GROUP BY dossier_id) l ON l.dossier_id = e.dossier_id AND l.seq = e.seq";

pub(super) async fn hold(database: &mut Database, report: &mut Report) -> Result<(), Unreadable> {
    let mut previous = vec![0; 32];
    let mut under: BTreeMap<String, i64> = BTreeMap::new();
    let mut fault = |what: String| report.faults.push(Fault::all("head", what));
    for row in database.rows(HEADS, &[]).await? {
        let (day, at, content, hash) = (row.text(0)?, row.int(1)?, row.text(2)?, row.bytes(3)?);
        let mut bytes = Vec::new();
        put(&mut bytes, b"chancery head 1");
        bytes.extend(&previous);
        put(&mut bytes, day.as_bytes());
        bytes.extend(at.to_be_bytes());
        put(&mut bytes, content.as_bytes());
        if Sha256::digest(&bytes).as_slice() != hash {
            fault(format!("the head of {day} was changed, or one before it taken away"));
        }
        let entries: Vec<(String, i64, String)> =
            serde_json::from_str::<Value>(&content).and_then(serde_json::from_value).unwrap_or_default();
        for (dossier, seq, wanted) in entries {
            let found = database.rows(EVENT, &[&dossier, &seq.to_string()]).await?;
            match found.first().map(|row| row.bytes(0)).transpose()? {
                Some(found) if hex(&found) == wanted => {}
                Some(_) => fault(format!("event {seq} of dossier {dossier} is not the one of {day}")),
                None => fault(format!("event {seq} of dossier {dossier}, which was there on {day}, is gone")),
            }
            let last = under.entry(dossier).or_default();
            *last = seq.max(*last);
        }
        previous = hash;
        report.heads += 1;
    }
    for row in database.rows(LAST, &[]).await? {
        if under.get(&row.text(0)?).is_none_or(|seq| row.int(1).is_ok_and(|last| last > *seq)) {
            report.unanchored += 1;
        }
    }
    Ok(())
}
