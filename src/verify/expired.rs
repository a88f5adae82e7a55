//! A dossier whose content was destroyed, its time of keeping being over: an event says so, everything before it is shut, and nothing
//! of it is left beside the log.

use serde_json::Value;

use super::events::Event;
use super::rows::Stored;
use super::seals::Keys;
use super::{Database, Fault, Unreadable, number, text};

/// What may not be left: papers, boxes, messages with something in them.
const LEFT: [(&str, &str); 3] = [
    ("papers are", "SELECT COUNT(*) FROM paper WHERE dossier_id = $1"),
    ("boxes are", "SELECT COUNT(*) FROM ballot_box WHERE dossier_id = $1"),
    ("messages are", "SELECT COUNT(*) FROM message WHERE from_id = $1 AND content <> ''"),
];

pub(super) async fn hold(
    database: &mut Database,
    dossier: &str,
    events: &[Event],
    stored: Option<&Stored>,
    keys: &Keys,
) -> Result<Vec<Fault>, Unreadable> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(Fault::of(dossier, "content", what));
    let mut left = None;
    for event in events.iter().filter(|event| event.seq >= keys.since) {
        match keys.open(dossier, event) {
            Ok(content) if event.seq == keys.since && event.kind == "expired" => {
                left = content.changes.iter().find_map(|change| change.get("expired").cloned());
            }
            Ok(content) if content.changes.is_empty() => {}
            Ok(_) => fault(format!("event {} changed something after its content was destroyed", event.seq)),
            Err(what) => fault(what),
        }
    }
    let Some(left) = left else {
        fault("its first key is gone, and no event says that its time of keeping was over".to_owned());
        return Ok(faults);
    };
    // Of the end, the day on which the last happened before.
    let before = events.iter().rev().find(|event| event.seq < keys.since);
    if before.is_some_and(|before| number(&left, "ended_at") != Some(before.at)) {
        fault("it did not end when the event says that destroyed its content".to_owned());
    }
    if let Some(stored) = stored {
        let kept = |key: &str| stored.snapshot.get(key) == left.get(key);
        let empty = |key: &str| stored.snapshot.get(key).is_none_or(is_empty);
        let bare = ["fields", "papers", "rows", "children", "subject", "tasks", "active"].into_iter().all(empty);
        if !["id", "workflow", "machine", "opened_at", "outcome"].into_iter().all(kept) || !bare {
            fault("its stored dossier is not what is left of it".to_owned());
        }
        if text(&stored.snapshot, "outcome").is_empty() {
            fault("its content was destroyed, and it had not ended".to_owned());
        }
    }
    if keys.has_people() {
        fault("its content was destroyed, and there is a key for a person".to_owned());
    }
    for (what, sql) in LEFT {
        let rows = database.rows(sql, &[dossier]).await?;
        if rows.first().map_or(Ok(0), |row| row.int(0))? > 0 {
            fault(format!("its content was destroyed, and {what} left"));
        }
    }
    Ok(faults)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
        _ => false,
    }
}
