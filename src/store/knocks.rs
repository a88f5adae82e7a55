//! Who asks for a link on a public page: counted, so that one machine neither fills a posting nor has this office write to strangers.

use super::{Param, Row, Store, StoreError};
use crate::ids::Instant;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Links that are asked for from one network within an hour: a family or an office may stand behind one.
const NETWORK_HOUR_MAX: i64 = 20;
/// Links that go to one mailbox within a day.
const MAILBOX_DAY_MAX: i64 = 5;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How long it can be seen that somebody asked.
const KEPT_MS: i64 = 2 * DAY_MS;

const FROM_NETWORK: &str = "SELECT COUNT(*) FROM knock WHERE network = $1 AND asked_at > $2";
const BY_MAILBOX: &str = "SELECT COUNT(*) FROM knock WHERE mailbox = $1 AND asked_at > $2";
const KNOCK: &str = "INSERT INTO knock (id, mailbox, network, asked_at) VALUES ($1, $2, $3, $4)";
const FORGET: &str = "DELETE FROM knock WHERE asked_at < $1";

/// Somebody asks.
#[derive(Clone, Debug)]
pub struct Knocked {
    /// A random id.
    pub id: String,
    /// A keyed hash of the mailbox that was typed.
    pub mailbox: String,
    /// A keyed hash of the network address; none where it is not known.
    pub network: Option<String>,
    /// The time.
    pub now: Instant,
}

/// Whether somebody may ask once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// They may, and it was noted.
    Taken,
    /// This mailbox has been written to often enough within a day; what was asked in vain does not count.
    Mailbox,
    /// Too many asked from this network; nothing was noted.
    Network,
}

impl Store {
    /// Counts somebody who asks for a link.
    ///
    /// # Errors
    /// The database fails.
    pub async fn count_knock(&self, knocked: Knocked) -> Result<Counted, StoreError> {
        self.write(move |tx| {
            let now = knocked.now;
            let count = |rows: Vec<Row>| rows.first().map_or(Ok(0), |row| row.int(0));
            if let Some(network) = &knocked.network {
                let since = now.plus_ms(-HOUR_MS).0;
                if count(tx.query(FROM_NETWORK, &[network.as_str().into(), since.into()])?)? >= NETWORK_HOUR_MAX {
                    return Ok(Counted::Network);
                }
            }
            let since: [Param; 2] = [knocked.mailbox.as_str().into(), now.plus_ms(-DAY_MS).0.into()];
            let enough = count(tx.query(BY_MAILBOX, &since)?)? >= MAILBOX_DAY_MAX;
            // What sends nothing does not count against the mailbox: else whoever knocks in vain shuts its reader out for ever.
            let mailbox = if enough { String::new() } else { knocked.mailbox };
            tx.execute(KNOCK, &[knocked.id.into(), mailbox.into(), knocked.network.into(), now.0.into()])?;
            tx.execute(FORGET, &[now.plus_ms(-KEPT_MS).0.into()])?;
            Ok(if enough { Counted::Mailbox } else { Counted::Taken })
        })
        .await
    }
}
