//! The daily heads: writing today's, and holding all of them against the log.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Row, Store, StoreError};
use crate::ids::{DossierId, Instant};
use crate::planted::{Fault, planted, reach};
use crate::seal::{HASH_BEFORE_FIRST_HEAD, Hash, head, hex};

/// A command takes its time before it is committed: what is this much older than a head may have come after it.
const LATE_MS: i64 = 60 * 60 * 1000;

const NEWEST: &str = "SELECT day, at, content, hash FROM head ORDER BY day DESC LIMIT 1";
const NEXT: &str = "SELECT day, at, content, hash FROM head WHERE day > $1 ORDER BY day LIMIT 1";
const PUT: &str = "INSERT INTO head (day, at, content, hash) VALUES ($1, $2, $3, $4) ON CONFLICT (day) DO NOTHING";
const CHANGED: &str = "SELECT d.id, d.seq, e.hash FROM dossier d JOIN event e ON e.dossier_id = d.id AND e.seq = d.seq \
    WHERE d.last_at >= $1 ORDER BY d.id";
const HASH: &str = "SELECT hash FROM event WHERE dossier_id = $1 AND seq = $2";

/// The last event of a dossier under a head: id, number, hash in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Entry(DossierId, i64, String);

/// A head as it is stored.
#[derive(Clone, Debug)]
struct HeadRow {
    day: String,
    at: i64,
    content: String,
    hash: Vec<u8>,
}

/// A head, as people keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The day (UTC) on which it was taken.
    pub day: String,
    /// Dossiers that had changed since the head before.
    pub dossiers: usize,
    /// In hexadecimal digits.
    pub hash: String,
}

/// The heads, held against each other and against the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Heads {
    /// From the first to the last.
    pub heads: Vec<Head>,
    /// Dossiers that have changed since: they stand under no head yet.
    pub unanchored: usize,
    /// What is wrong, in the order in which it was found; empty if nothing is.
    pub faults: Vec<String>,
}

impl Store {
    /// Takes the head of today (UTC) if there is none and something has changed since the last one. However many processes do
    /// this, a day has one head.
    ///
    /// # Errors
    /// The database fails, or the last head cannot be read.
    pub async fn take_head(&self, now: Instant) -> Result<Option<Head>, StoreError> {
        let (day, newest) = (day(now), self.newest_head().await?);
        if newest.as_ref().is_some_and(|newest| newest.day >= day) {
            return Ok(None);
        }
        let mut changed = self.changed_since(newest.as_ref()).await?;
        if changed.is_empty() {
            return Ok(None);
        }
        if planted(Fault::HeadWrong) {
            for entry in &mut changed {
                entry.2 = hex(&HASH_BEFORE_FIRST_HEAD);
            }
        }
        let content = serde_json::to_string(&changed).expect("texts and numbers are always JSON");
        let hash = head(&previous(newest.as_ref())?, &day, now.0, &content);
        let params = [day.as_str().into(), now.0.into(), content.into(), hash.to_vec().into()];
        if self.write(move |tx| tx.execute(PUT, &params)).await? == 0 {
            return Ok(None);
        }
        reach("head-taken");
        Ok(Some(Head { day, dossiers: changed.len(), hash: hex(&hash) }))
    }

    /// The heads held against each other, without a look at the log.
    ///
    /// # Errors
    /// The database fails. What is wrong with the heads is no error but an answer.
    pub async fn heads(&self) -> Result<Heads, StoreError> {
        self.each_head(false, |_| ()).await
    }

    /// The heads held against each other and against every event that they name. `seen` is told after each head.
    ///
    /// # Errors
    /// The database fails. What is wrong is no error but an answer.
    pub async fn verify_heads(&self, seen: impl FnMut(&Head)) -> Result<Heads, StoreError> {
        self.each_head(true, seen).await
    }

    /// How many heads there are.
    ///
    /// # Errors
    /// The database fails.
    pub async fn count_heads(&self) -> Result<usize, StoreError> {
        let rows = self.read("SELECT COUNT(*) FROM head", &[]).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.int(0))?.try_into().unwrap_or(0))
    }

    async fn each_head(&self, log_too: bool, mut seen: impl FnMut(&Head)) -> Result<Heads, StoreError> {
        let (mut all, mut last) = (Heads::default(), None::<HeadRow>);
        loop {
            let after = last.as_ref().map_or("", |row| row.day.as_str());
            let rows = self.read(NEXT, &[after.into()]).await?;
            let Some(row) = rows.first().map(head_row).transpose()? else { break };
            let entries = row.entries();
            // A hash that is none was said to be wrong where it stands; nothing can be behind it.
            let rightly = previous(last.as_ref())
                .is_ok_and(|previous| head(&previous, &row.day, row.at, &row.content).as_slice() == row.hash);
            if !rightly || entries.is_err() {
                all.faults.push(format!("the head of {} was changed, or one before it taken away", row.day));
            }
            let entries = entries.unwrap_or_default();
            if log_too {
                self.hold_against_log(&row.day, &entries, &mut all.faults).await?;
            }
            let head = Head { day: row.day.clone(), dossiers: entries.len(), hash: hex(&row.hash) };
            seen(&head);
            all.heads.push(head);
            last = Some(row);
        }
        all.unanchored = self.changed_since(last.as_ref()).await?.len();
        Ok(all)
    }

    async fn hold_against_log(&self, day: &str, entries: &[Entry], faults: &mut Vec<String>) -> Result<(), StoreError> {
        for Entry(dossier, seq, hash) in entries {
            let rows = self.read(HASH, &[dossier.as_str().into(), (*seq).into()]).await?;
            match rows.first().map(|row| row.bytes(0)).transpose()? {
                Some(found) if hex(found) == *hash => {}
                Some(_) => faults.push(format!("event {seq} of dossier {dossier} is not the one of {day}")),
                None => faults.push(format!("event {seq} of dossier {dossier}, which was there on {day}, is gone")),
            }
        }
        Ok(())
    }

    async fn newest_head(&self) -> Result<Option<HeadRow>, StoreError> {
        self.read(NEWEST, &[]).await?.first().map(head_row).transpose()
    }

    /// The last events of the dossiers that stand under no head yet.
    async fn changed_since(&self, newest: Option<&HeadRow>) -> Result<Vec<Entry>, StoreError> {
        let since = newest.map_or(i64::MIN, |newest| newest.at.saturating_sub(LATE_MS));
        let under: BTreeSet<Entry> =
            newest.map(HeadRow::entries).transpose()?.unwrap_or_default().into_iter().collect();
        let entry = |row: &Row| Ok(Entry(row.text(0)?.into(), row.int(1)?, hex(row.bytes(2)?)));
        let changed: Vec<Entry> =
            self.read(CHANGED, &[since.into()]).await?.iter().map(entry).collect::<Result<_, StoreError>>()?;
        Ok(changed.into_iter().filter(|entry| !under.contains(entry)).collect())
    }
}

impl HeadRow {
    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        serde_json::from_str(&self.content).map_err(|error| corrupt("content", error.to_string()))
    }
}

fn head_row(row: &Row) -> Result<HeadRow, StoreError> {
    let (day, content) = (row.text(0)?.to_owned(), row.text(2)?.to_owned());
    Ok(HeadRow { day, at: row.int(1)?, content, hash: row.bytes(3)?.to_vec() })
}

/// The hash that the next head is taken over.
fn previous(head: Option<&HeadRow>) -> Result<Hash, StoreError> {
    let Some(head) = head else { return Ok(HASH_BEFORE_FIRST_HEAD) };
    Hash::try_from(head.hash.as_slice()).map_err(|_| corrupt("hash", format!("the head of {} has no hash", head.day)))
}

fn corrupt(column: &'static str, what: String) -> StoreError {
    StoreError::Corrupt { table: "head", column, what }
}

fn day(now: Instant) -> String {
    now.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}
