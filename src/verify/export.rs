//! The log as a file that a stranger checks offline, in another language if they like: headers, sealed bytes and hashes, never
//! what they mean. The format is that of `docs/audit.md`; `docs/verify.py` reads it.

use std::io::Write;

use serde_json::json;

use super::{Database, Unreadable, dossiers, events, hex};

/// The log could not be written out.
#[derive(Debug, thiserror::Error)]
pub enum NotExported {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It cannot be written.
    #[error("the export cannot be written: {0}")]
    Unwritable(#[from] std::io::Error),
}

const HEADS: &str = "SELECT day, at, content, hash FROM head ORDER BY day";

/// Writes every event and every daily head, one JSON object a line, as they are at one moment; how many events. `progress` is
/// told how many dossiers of how many are done.
///
/// # Errors
/// The database cannot be read, or `out` cannot be written.
pub async fn export(
    url: &str,
    out: &mut impl Write,
    mut progress: impl FnMut(usize, usize),
) -> Result<usize, NotExported> {
    let mut database = Database::open(url).await?;
    writeln!(out, "{}", json!({"chancery_log": 1}))?;
    let (all, mut written) = (dossiers(&mut database).await?, 0);
    for (done, dossier) in all.iter().enumerate() {
        for event in events::of(&mut database, dossier).await? {
            let line = json!({"event": {
                "dossier": dossier, "seq": event.seq, "at": event.at, "kind": event.kind,
                "kind_version": event.kind_version, "actor": event.actor, "subjects": event.subjects,
                "machine": event.machine, "operation": event.operation, "asked": event.asked,
                "sealed": hex(&event.sealed), "hash": hex(&event.hash),
            }});
            writeln!(out, "{line}")?;
            written += 1;
        }
        progress(done + 1, all.len());
    }
    for row in database.rows(HEADS, &[]).await? {
        let (day, at, content, hash) = (row.text(0)?, row.int(1)?, row.text(2)?, hex(&row.bytes(3)?));
        writeln!(out, "{}", json!({"head": {"day": day, "at": at, "content": content, "hash": hash}}))?;
    }
    out.flush()?;
    Ok(written)
}
