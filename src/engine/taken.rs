//! Keys that are given once, and what was said before: what a decision rests on is looked up in its transaction, and decided again
//! with that.

use super::fold::Fold;
use crate::dossier::command::Actor;
use crate::dossier::context::{Boxes, Context};
use crate::dossier::decide::{self, Decision};
use crate::dossier::event::{Change, Event};
use crate::dossier::refusal::Refusal;
use crate::dossier::taken::{Holder, Key, SaidBefore, SaidSince, Taken, Unknown};
use crate::ids::{DossierId, Instant, PersonId};
use crate::planted::{Fault, planted};
use crate::store::{Batch, StoreError, TakenRow, Tx};

/// Earlier dossiers about a person that are looked at, the last ones first.
const EARLIER_MAX: i64 = 3;

impl Fold<'_> {
    /// Decides until the decision rests on nothing that was not looked up. Most take no key and are decided once.
    pub(super) fn settled(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        decide: impl Fn(&Taken) -> Result<Decision, Refusal>,
    ) -> Result<Result<Decision, Refusal>, StoreError> {
        let mut taken = Taken::default();
        loop {
            let decided = decide(&taken);
            let unknown = decided.as_ref().map(|decision| taken.unknown(decision)).unwrap_or_default();
            if unknown.is_empty() {
                return Ok(decided);
            }
            for unknown in unknown {
                match unknown {
                    Unknown::Last(space) => {
                        let last = self.last_taken(tx, &space)?;
                        taken.learn_last(space, last);
                    }
                    Unknown::Holder(key) => {
                        let holder = self.holder(tx, &key, actor)?;
                        taken.learn_holder(key, holder);
                    }
                    Unknown::Said(asked) => {
                        let said = self.said_before(tx, &asked)?;
                        taken.learn_said(asked, said);
                    }
                }
            }
        }
    }

    /// What the last dossiers that wrote into a register about these people say of them.
    fn said_before(&self, tx: &mut Tx<'_>, asked: &SaidBefore) -> Result<Vec<SaidSince>, StoreError> {
        let mut said = Vec::new();
        for holder in &asked.holders {
            for (id, year) in tx.writers(&asked.register, holder, EARLIER_MAX)? {
                let read = if self.dossiers.contains_key(&id) { None } else { Some(self.read(tx, &id)?) };
                let dossier = read.as_ref().or_else(|| Some(&self.dossiers.get(&id)?.kept)).map(|kept| &kept.dossier);
                let text = dossier.and_then(|dossier| asked.of(dossier));
                said.extend(text.map(|text| SaidSince { holder: holder.clone(), year, text: text.to_owned() }));
            }
        }
        Ok(said)
    }

    /// The last number of a counter, as this batch leaves it.
    fn last_taken(&self, tx: &mut Tx<'_>, space: &str) -> Result<Option<i64>, StoreError> {
        let here = self.batch.taken.iter().filter(|(key, _)| key.space == space).filter_map(|(_, row)| row.seq).max();
        Ok(tx.last_taken(space)?.max(here))
    }

    /// Who has a key, as this batch leaves it, named as whoever asks may know.
    fn holder(&self, tx: &mut Tx<'_>, key: &Key, actor: &Actor) -> Result<Option<Holder>, StoreError> {
        let Some(holder) = self.holds(tx, key)? else { return Ok(None) };
        let name = match (&holder.dossier, actor) {
            // A file from before: no dossier's; and operators see the whole office.
            (None, _) | (_, Actor::Import { .. } | Actor::Migration { .. }) => holder.name,
            (Some(dossier), _) => match actor.person() {
                Some(person) if self.may_name(tx, dossier, person)? => holder.name,
                _ => None,
            },
        };
        Ok(Some(Holder { name, ..holder }))
    }

    /// Whether a person may know what a dossier is called.
    fn may_name(&self, tx: &mut Tx<'_>, id: &DossierId, person: &PersonId) -> Result<bool, StoreError> {
        let read;
        let dossier = if let Some(working) = self.dossiers.get(id) {
            &working.kept.dossier
        } else {
            read = self.read(tx, id)?;
            &read.dossier
        };
        let (version, calendar) = self.version(tx, &dossier.machine)??;
        let context = Context {
            directory: &self.deployment.directory,
            calendar: &calendar,
            register: &[],
            boxes: &Boxes::new(),
            taken: Taken::NOTHING,
        };
        Ok(decide::may_name(&version.machine, dossier, person, self.inner.clock.now(), &context))
    }

    fn holds(&self, tx: &mut Tx<'_>, key: &Key) -> Result<Option<Holder>, StoreError> {
        if let Some(row) = self.batch.taken.get(key) {
            let name = self.dossiers.get(&row.dossier).map(|working| working.kept.dossier.caption.clone());
            return Ok(Some(Holder { dossier: Some(row.dossier.clone()), name }));
        }
        let given_up = |holder: &Holder| {
            let dossier = holder.dossier.clone();
            dossier.is_some_and(|dossier| self.batch.given_up.contains(&(key.clone(), dossier)))
        };
        Ok(tx.holder(key)?.filter(|holder| !given_up(holder)))
    }
}

/// Adds the keys that the events take and give up to what a batch writes.
pub(super) fn add(batch: &mut Batch, dossier: &DossierId, at: Instant, events: &[Event]) {
    for change in events.iter().flat_map(|event| &event.changes) {
        match change {
            Change::Took { key, seq, .. } => {
                let row = TakenRow { seq: *seq, dossier: dossier.clone(), taken_at: at.0 };
                if planted(Fault::NumberForgotten) {
                    let key = Key { key: format!("{} bis", key.key), ..key.clone() };
                    batch.taken.insert(key, TakenRow { seq: None, ..row.clone() });
                }
                if planted(Fault::NumberNotKept) {
                    continue;
                }
                batch.taken.insert(key.clone(), row);
            }
            Change::GaveUp(key) => {
                batch.taken.remove(key);
                batch.given_up.insert((key.clone(), dossier.clone()));
            }
            _ => {}
        }
    }
}
