//! Registers: entries from before they were kept here, and what stands in them.

use std::collections::BTreeMap;

use super::{Param, Row, Store, StoreError, Tx};
use crate::dossier::context::Entry;
use crate::dossier::taken::Key;
use crate::ids::{DossierId, Instant};
use crate::import::OpeningEntry;
use crate::measure::Written;

const OPENING: &str = "INSERT INTO register (register, holder, key, year, source, dossier_id, written_at, paper, number, day) \
    VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, $8, $9) ON CONFLICT (register, holder, key, year, source) DO NOTHING";
const SAME: &str = "SELECT COUNT(*) FROM register WHERE register = $1 AND holder = $2 AND key = $3 AND year = $4";
const WRITTEN: &str = "SELECT register, key, year, dossier_id, written_at FROM register WHERE holder = $1 \
    ORDER BY register, key, year, source";
const WRITERS: &str = "SELECT DISTINCT dossier_id, year FROM register WHERE register = $1 AND holder = $2 AND dossier_id IS NOT NULL \
    ORDER BY year DESC, dossier_id LIMIT $3";
const STANDING: &str = "SELECT holder, key, year, source, paper, number, day FROM register WHERE register = $1 \
    ORDER BY holder, key, year, source LIMIT $2";

/// An entry that stands in a register.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// Whose: a person's id, or `unit:CODE`.
    pub holder: String,
    /// What.
    pub key: String,
    /// The year it counts for.
    pub year: i64,
    /// Where it comes from: `dossier:ID`, `import:FILE`.
    pub source: String,
    /// The paper that proves it, its number and its day, where it was brought from outside.
    pub evidence: Option<(String, String, String)>,
}

/// An opening entry that cannot stand beside another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Second {
    /// Its place among the entries.
    pub at: usize,
    /// Where the first one comes from.
    pub first: String,
}

impl Store {
    /// Writes facts from before a register was kept here, with their source; those that stand there already stay. If one of
    /// them would be a second entry where there can be only one, none is written, and every such one is returned.
    ///
    /// # Errors
    /// The database fails; then none was written.
    pub async fn open_register(
        &self,
        entries: Vec<OpeningEntry>,
        source: &str,
        now: Instant,
    ) -> Result<Vec<Second>, StoreError> {
        let source = source.to_owned();
        self.write(move |tx| {
            let mut new: BTreeMap<&Key, usize> = BTreeMap::new();
            let mut seconds = Vec::new();
            for (at, entry) in entries.iter().enumerate() {
                let Some(once) = &entry.once else { continue };
                if tx.stands(entry)? {
                    continue;
                }
                let first = match new.get(once) {
                    Some(first) if entries[*first].same_fact(entry) => None,
                    Some(first) => Some(entries[*first].said(&source)),
                    None => tx.holder(once)?.and_then(|holder| holder.name),
                };
                if let Some(first) = first {
                    seconds.push(Second { at, first });
                } else {
                    new.entry(once).or_insert(at);
                }
            }
            if !seconds.is_empty() {
                return Ok(seconds);
            }
            for (key, at) in new {
                tx.take_before(key, &entries[at].said(&source), now)?;
            }
            for entry in &entries {
                tx.open_entry(entry, &source, now)?;
            }
            Ok(Vec::new())
        })
        .await
    }

    /// The entries about a holder in all registers, with where each comes from.
    ///
    /// # Errors
    /// The database fails.
    pub async fn written_about(&self, holder: &str) -> Result<Vec<Written>, StoreError> {
        let rows = self.read(WRITTEN, &[holder.into()]).await?;
        rows.iter()
            .map(|row| {
                let (register, key) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                let year = i32::try_from(row.int(2)?).unwrap_or_default();
                Ok(Written {
                    entry: Entry { register, holder: holder.to_owned(), key, year },
                    dossier: row.maybe_text(3)?.map(DossierId::from),
                    order: row.int(4)?,
                })
            })
            .collect()
    }

    /// The entries of a register, in the order of their holders; so many at most.
    ///
    /// # Errors
    /// The database fails.
    pub async fn register(&self, register: &str, limit: i64) -> Result<Vec<Standing>, StoreError> {
        let rows = self.read(STANDING, &[register.into(), limit.into()]).await?;
        rows.iter()
            .map(|row| {
                let text = |at: usize| Ok::<_, StoreError>(row.maybe_text(at)?.unwrap_or_default().to_owned());
                let evidence = row.maybe_text(4)?.map(str::to_owned);
                let evidence = evidence.map(|paper| Ok::<_, StoreError>((paper, text(5)?, text(6)?))).transpose()?;
                let (holder, key, source) = (row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.text(3)?.to_owned());
                Ok(Standing { holder, key, year: row.int(2)?, source, evidence })
            })
            .collect()
    }
}

impl Tx<'_> {
    /// The dossiers that wrote into a register about a holder, with the year of the entry: the last years first, so many at most.
    pub(crate) fn writers(
        &mut self,
        register: &str,
        holder: &str,
        limit: i64,
    ) -> Result<Vec<(DossierId, i32)>, StoreError> {
        let rows = self.query(WRITERS, &[register.into(), holder.into(), limit.into()])?;
        let writer = |row: &Row| Ok((row.text(0)?.into(), i32::try_from(row.int(1)?).unwrap_or_default()));
        rows.iter().map(writer).collect()
    }

    /// Whether the same fact stands in the register, from whatever source.
    fn stands(&mut self, entry: &OpeningEntry) -> Result<bool, StoreError> {
        let params: [Param; 4] = [
            entry.register.as_str().into(),
            entry.holder.as_str().into(),
            entry.key.as_str().into(),
            i64::from(entry.year).into(),
        ];
        Ok(self.query(SAME, &params)?.first().map_or(Ok(0), |row| row.int(0))? > 0)
    }

    fn open_entry(&mut self, entry: &OpeningEntry, source: &str, now: Instant) -> Result<(), StoreError> {
        let evidence = entry.evidence.as_ref();
        let params: [Param; 9] = [
            entry.register.as_str().into(),
            entry.holder.as_str().into(),
            entry.key.as_str().into(),
            i64::from(entry.year).into(),
            source.into(),
            now.0.into(),
            evidence.map(|one| one.paper.clone()).into(),
            evidence.map(|one| one.number.clone()).into(),
            evidence.map(|one| one.day.clone()).into(),
        ];
        self.execute(OPENING, &params).map(drop)
    }
}
