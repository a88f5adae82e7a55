//! When the pages could not be reached: whoever serves them says every minute that they are there; a gap is an outage.

use super::deployment::RAISE;
use super::meta::HELD;
use super::{Param, Store, StoreError, Tx};
use crate::calendar::Outage;
use crate::ids::Instant;

/// The last moment at which pages were served, in milliseconds.
const ALIVE: &str = "alive_at";
/// Pages that were not heard of for so long have missed two beats.
const MISSED_MS: i64 = 3 * 60 * 1000;
/// A gap that is longer than this is an outage: a restart takes less.
const LEAST_MS: i64 = 10 * 60 * 1000;
/// No deadline that ended longer ago is put off by an outage.
const MATTERS_MS: i64 = 60 * 24 * 60 * 60 * 1000;

const GET: &str = "SELECT value FROM meta WHERE name = $1";
const PUT: &str =
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const NOTE: &str = "INSERT INTO outage (from_at, until_at) VALUES ($1, $2) ON CONFLICT (from_at) DO UPDATE \
    SET until_at = CASE WHEN excluded.until_at > outage.until_at THEN excluded.until_at ELSE outage.until_at END";
const NOT_YET: &str = "DELETE FROM outage WHERE until_at > $1";
const KNOWN_UNTIL: &str = "SELECT until_at FROM outage WHERE from_at = $1";
const SINCE: &str = "SELECT from_at, until_at FROM outage WHERE until_at > $1 ORDER BY from_at";

/// What is known of the pages at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// They were there a short while ago, or were never served.
    None,
    /// They have missed several beats: whether that is an outage is not known yet.
    Perhaps,
    /// They cannot be reached.
    Lasts(Outage),
}

impl Store {
    /// Pages are served at this moment. The outage that ends with it, if there was one: everybody decides by it from now on. A
    /// database that is held serves nobody yet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn beat(&self, now: Instant) -> Result<Option<Outage>, StoreError> {
        self.write(move |tx| {
            if !tx.query(GET, &[HELD.into()])?.is_empty() {
                return Ok(None);
            }
            let last = tx.alive_at()?;
            let outage = last.map(|from| Outage { from, until: now }).filter(Outage::counts);
            if let Some(outage) = outage {
                tx.note_outage(outage)?;
            }
            // A clock that was ahead must not hide what is lost from now on.
            if last.is_none_or(|last| last < now || last.0.saturating_sub(now.0) > LEAST_MS) {
                tx.execute(NOT_YET, &[now.plus_ms(LEAST_MS).0.into()])?;
                tx.execute(PUT, &[ALIVE.into(), now.0.to_string().into()])?;
            }
            Ok(outage)
        })
        .await
    }

    /// The outage that lasts at this moment, if there is one, noted so that deadlines which end meanwhile are put off. Where pages
    /// were never served there is none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn silence(&self, now: Instant) -> Result<Silence, StoreError> {
        let rows = self.read(GET, &[ALIVE.into()]).await?;
        let Some(from) = rows.first().and_then(|row| row.text(0).ok()?.parse().ok()).map(Instant) else {
            return Ok(Silence::None);
        };
        let outage = Outage { from, until: now };
        if !outage.counts() {
            return Ok(if now.0.saturating_sub(from.0) > MISSED_MS { Silence::Perhaps } else { Silence::None });
        }
        self.write(move |tx| {
            // They may have come back in between.
            if tx.alive_at()? != Some(from) {
                return Ok(Silence::None);
            }
            let known = tx.query(KNOWN_UNTIL, &[from.0.into()])?.first().map(|row| row.int(0)).transpose()?;
            if known.is_none_or(|until| until.saturating_add(LEAST_MS) <= now.0) {
                tx.note_outage(outage)?;
            }
            Ok(Silence::Lasts(outage))
        })
        .await
    }
}

impl Tx<'_> {
    fn alive_at(&mut self) -> Result<Option<Instant>, StoreError> {
        let rows = self.query(GET, &[ALIVE.into()])?;
        Ok(rows.first().and_then(|row| row.text(0).ok()?.parse().ok()).map(Instant))
    }

    /// Another number of what is deployed makes every process read it before it decides again.
    fn note_outage(&mut self, outage: Outage) -> Result<(), StoreError> {
        let params: [Param; 2] = [outage.from.0.into(), outage.until.0.into()];
        self.execute(NOTE, &params)?;
        self.execute(RAISE, &[])?;
        Ok(())
    }

    /// The outages that may still matter.
    pub(super) fn outages(&mut self, now: Instant) -> Result<Vec<Outage>, StoreError> {
        let rows = self.query(SINCE, &[now.plus_ms(-MATTERS_MS).0.into()])?;
        rows.iter().map(|row| Ok(Outage { from: Instant(row.int(0)?), until: Instant(row.int(1)?) })).collect()
    }
}

impl Outage {
    fn counts(&self) -> bool {
        self.until.0.saturating_sub(self.from.0) > LEAST_MS
    }
}
