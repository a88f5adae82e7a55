//! Erasing a person: dossier by dossier by the way of every command, then what hangs on the person alone. What is done is done if it
//! ends in the middle; the same call again goes on.

use std::collections::BTreeMap;

use super::fold::Fold;
use super::{Engine, Failure, seals};
use crate::dossier::command::{Actor, Ask, Command, End, Forget};
use crate::dossier::decide::Decision;
use crate::dossier::event::{Change, Event};
use crate::dossier::forget::Refold;
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Body, Message, Recipient};
use crate::ids::{DossierId, OperationId, PersonId};
use crate::store::erasures::{Concerned, Erased, Staying};
use crate::store::{ForgottenRows, StoreError, Tx, meta};

/// What becomes of a person's entry in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// There is none.
    None,
    /// It goes.
    Goes,
    /// It stays: they hold a post or a seat, stand in for somebody or are stood in for, now or later.
    Holds,
    /// It stays: they are asked for something.
    Asked,
}

/// What would go if a person were erased, and what would stay.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Erasable {
    /// Whom.
    pub person: PersonId,
    /// Where there is something sealed for them.
    pub dossiers: Vec<Concerned>,
    /// Papers that go.
    pub papers: i64,
    /// Their entry in the directory.
    pub entry: Entry,
    /// What stays.
    pub stays: Staying,
}

impl Erasable {
    /// The dossiers that have not ended: as long as there is one, nobody is erased.
    pub fn open(&self) -> impl Iterator<Item = &Concerned> {
        self.dossiers.iter().filter(|one| !one.ended)
    }

    /// There is nothing left to erase.
    pub fn is_empty(&self) -> bool {
        self.dossiers.is_empty() && self.entry != Entry::Goes
    }
}

impl Engine {
    /// What would go if this person were erased.
    ///
    /// # Errors
    /// The database fails.
    pub async fn erasable(&self, person: &PersonId) -> Result<Erasable, StoreError> {
        let store = self.store();
        Ok(Erasable {
            person: person.clone(),
            dossiers: store.concerned(person).await?,
            papers: store.papers_about(person).await?,
            entry: self.entry(person).await?,
            stays: store.staying(person).await?,
        })
    }

    async fn entry(&self, person: &PersonId) -> Result<Entry, StoreError> {
        let directory = self.directory();
        if !directory.people.contains_key(person) {
            return Ok(Entry::None);
        }
        let today = self.days(self.now()).into_iter().next();
        let goes_on = |until: Option<jiff::civil::Date>| until.zip(today).is_none_or(|(until, today)| until >= today);
        let substitutes = directory.substitutes.iter().chain(&directory.own.absences);
        let mut assistants = directory.assistants.iter().filter(|one| &one.person == person || &one.by == person);
        let holds = assistants.any(|one| goes_on(one.dated.until))
            || directory.posts.iter().any(|post| &post.person == person && goes_on(post.dated.until))
            || directory
                .bodies
                .values()
                .flat_map(|body| &body.seats)
                .any(|seat| &seat.person == person && goes_on(seat.dated.until))
            || substitutes
                .into_iter()
                .any(|one| (&one.person == person || &one.by == person) && goes_on(one.dated.until));
        Ok(match self.store().asked_of(person).await? {
            _ if holds => Entry::Holds,
            0 => Entry::Goes,
            _ => Entry::Asked,
        })
    }

    /// Erases a person. `actor` is an operator on somebody's behalf. With `open_too` open dossiers that are about the person end first;
    /// what open dossiers of others say of them stays until those have ended, and the same call takes it away then.
    ///
    /// # Errors
    /// A dossier about them has not ended, or something about them is on its way: then nothing of it has changed, but that what is open
    /// about them may have ended. Or the database fails. The same call goes on from there.
    pub async fn erase(
        &self,
        person: &PersonId,
        actor: &Actor,
        reason: &str,
        open_too: bool,
    ) -> Result<Erasable, Failure> {
        let mut plan = self.erasable(person).await?;
        if open_too {
            for one in plan.open().filter(|one| one.whole) {
                // What is due may end it, and lets it go then.
                self.tick(&one.dossier).await?;
                if self.dossier(&one.dossier).await?.is_none_or(|dossier| dossier.outcome.is_some()) {
                    continue;
                }
                let ask = Ask::End(End { reason: reason.to_owned() });
                let (operation, dossier) = (OperationId::new(self.fresh_id()), one.dossier.clone());
                self.handle(Command { operation, dossier, actor: actor.clone(), ask }, Vec::new()).await?;
            }
            // Lists and parents hear of it before what they were told is taken away.
            while self.deliver().await? > 0 {}
            plan = self.erasable(person).await?;
        } else if let Some(open) = plan.open().next() {
            return Err(Refusal::about(Code::NotEnded, open.dossier.as_str()).into());
        }
        let Actor::Operator { operator, person: by } = actor else { return Err(Refusal::of(Code::NotThisWay).into()) };
        if reason.trim().is_empty() {
            return Err(Refusal::of(Code::ReasonMissing).into());
        }
        // What a call began that did not come to its end is brought to it.
        let begun = self.store().meta(meta::SCOUR_DUE).await?.is_some_and(|of| of == person.as_str());
        if plan.is_empty() && !begun {
            return Ok(plan);
        }
        self.store().set_meta(meta::SCOUR_DUE, person.as_str()).await?;
        for one in plan.dossiers.iter().filter(|one| one.ended) {
            let ask = Ask::Forget(Forget { person: person.clone(), reason: reason.to_owned() });
            let (operation, dossier) = (OperationId::new(self.fresh_id()), one.dossier.clone());
            self.handle(Command { operation, dossier, actor: actor.clone(), ask }, Vec::new()).await?;
        }
        let erased = Erased {
            id: self.chance().id(),
            at: self.now(),
            person: person.clone(),
            dossiers: i64::try_from(plan.dossiers.iter().filter(|one| one.ended).count()).unwrap_or(i64::MAX),
            by: by.clone(),
            operator: operator.clone(),
            reason: reason.to_owned(),
        };
        // As long as open dossiers of others speak of them, they must be found by their code once more.
        let entry_goes = plan.entry == Entry::Goes && plan.open().next().is_none();
        self.store().erase_person(erased, entry_goes).await?;
        self.store().set_meta(meta::SCOUR_DUE, "").await?;
        self.refresh().await?;
        Ok(plan)
    }
}

impl Fold<'_> {
    /// Once it is decided that people are forgotten: the dossier becomes what its log gives without their keys, and what only they
    /// needed goes with the commit.
    pub(super) fn forget(&mut self, tx: &mut Tx<'_>, id: &DossierId, decision: &Decision) -> Result<(), StoreError> {
        let mut changes = decision.events.iter().flat_map(|event| &event.changes);
        let people =
            changes.find_map(|change| if let Change::Forgot { people, .. } = change { Some(people) } else { None });
        let (Some(people), Some(working)) = (people, self.dossiers.get_mut(id)) else { return Ok(()) };
        let keys = working.kept.keys.clone();
        let mut left = keys.clone();
        left.people.retain(|person, _| !people.contains(person));
        let (mut fold, mut rows) = (Refold::default(), ForgottenRows::default());
        for logged in tx.events_of(id)? {
            let (whole, rest) = (seals::open(id, &logged, &keys)?, seals::open(id, &logged, &left)?);
            fold.take(&rest).map_err(|broken| StoreError::Corrupt {
                table: "event",
                column: "sealed",
                what: format!("dossier {id}: {broken}"),
            })?;
            rows.messages.extend(emptied(id, &whole, &rest));
        }
        // Something else of this batch, or of another process, stands behind the log that was read: once more, then.
        let Some(dossier) = fold.dossier.filter(|dossier| dossier.seq == working.kept.dossier.seq) else {
            return Err(StoreError::Outrun);
        };
        for (seq, place) in rows.messages.keys() {
            if tx.message_waits(id, *seq, *place)? {
                return Err(StoreError::Unavailable(format!("dossier {id} has a message on its way; try again")));
            }
        }
        rows.whole = dossier.subject.as_ref().is_some_and(|subject| people.contains(subject));
        rows.people = people.iter().cloned().collect();
        working.kept.dossier = dossier;
        working.kept.keys = left;
        self.batch.forgotten.insert(id.clone(), rows);
        Ok(())
    }
}

/// What is left of the messages of an event that told something of the forgotten: that they were sent.
fn emptied(id: &DossierId, whole: &Event, rest: &Event) -> BTreeMap<(i64, u32), String> {
    let gone = whole.changes.iter().zip(&rest.changes).filter(|(_, rest)| matches!(rest, Change::Erased));
    let empty = |(change, _): (&Change, &Change)| {
        let Change::Sent { place, to, .. } = change else { return None };
        let to = match to {
            Recipient::Dossier(to) | Recipient::New { dossier: to, .. } => Recipient::Dossier(to.clone()),
            Recipient::List { workflow, key, .. } => {
                Recipient::List { workflow: workflow.clone(), key: key.clone(), fields: BTreeMap::new() }
            }
        };
        let (from, from_seq, place) = (id.clone(), whole.seq, *place);
        let message = Message { from, from_seq, place, to, body: Body::Leave };
        Some(((from_seq, place), serde_json::to_string(&message).unwrap_or_default()))
    };
    gone.filter_map(empty).collect()
}
