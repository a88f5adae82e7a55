//! Dossiers whose time of keeping is over: which they are, and the way of each to what is left of it.

use jiff::civil::Date;

use super::fold::Fold;
use super::{Engine, Failure};
use crate::dossier::command::{Actor, Ask, Command, Expire};
use crate::dossier::decide::Decision;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{DossierId, MachineHash, OperationId, WorkflowName};
use crate::machine::Retention;
use crate::store::{StoreError, Tx, meta};

/// A dossier that need not be kept any longer.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Expirable {
    /// Which.
    pub dossier: DossierId,
    /// Its workflow.
    pub workflow: WorkflowName,
    /// What it is called.
    pub caption: String,
    /// What came of it.
    pub outcome: String,
    /// The day on which the last happened to it.
    pub ended: Date,
    /// The last day on which it had to be kept.
    pub until: Date,
    /// How long it had to be kept, and why.
    pub kept: Retention,
    /// The version that says so: the one on which new dossiers start today.
    pub rule: MachineHash,
    /// Its papers, which go too.
    pub papers: usize,
    /// The dossier that opened it and has not ended: until then it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<DossierId>,
}

impl Engine {
    /// The dossiers whose time of keeping is over, the earliest end first in each workflow, so many at most. How long that is says
    /// the version on which new dossiers start today; where it says nothing, everything is kept.
    ///
    /// # Errors
    /// The database fails.
    pub async fn expirable(&self, limit: usize) -> Result<Vec<Expirable>, StoreError> {
        let mut found = Vec::new();
        for workflow in self.workflows() {
            let Some(rule) = self.current(&workflow).await? else { continue };
            let (Some(kept), Some(calendar)) = (&rule.retention, self.calendar(&rule.calendar)) else { continue };
            let today = calendar.date(self.now());
            for id in self.store().ended_first(&workflow, limit).await? {
                if found.len() >= limit {
                    return Ok(found);
                }
                let Some(dossier) = self.dossier(&id).await? else { continue };
                let ended = calendar.date(dossier.last_at);
                // They come in the order of their ends: no later one is over.
                let Some(until) = kept.until(ended).filter(|until| *until < today) else { break };
                let waits_for = match &dossier.parent {
                    Some(parent) => self.dossier(&parent.dossier).await?.filter(|parent| parent.outcome.is_none()),
                    None => None,
                };
                found.push(Expirable {
                    dossier: id,
                    workflow: workflow.clone(),
                    caption: dossier.caption,
                    outcome: dossier.outcome.unwrap_or_default(),
                    ended,
                    until,
                    kept: kept.clone(),
                    rule: rule.hash().clone(),
                    papers: dossier.papers.len(),
                    waits_for: waits_for.map(|parent| parent.id),
                });
            }
        }
        Ok(found)
    }

    /// Destroys what a dossier said. `actor` is an operator on somebody's behalf.
    ///
    /// # Errors
    /// It is to be kept still, or has a message on its way: then nothing has changed. Or the database fails.
    pub async fn expire(&self, one: &Expirable, actor: &Actor) -> Result<(), Failure> {
        if let Some(parent) = &one.waits_for {
            return Err(Refusal::about(Code::NotEnded, parent.as_str()).into());
        }
        if self.store().meta(meta::SCOUR_DUE).await?.is_none() {
            self.store().set_meta(meta::SCOUR_DUE, "").await?;
        }
        let ask = Ask::Expire(Expire { kept: one.kept.clone(), rule: one.rule.clone() });
        let (operation, dossier) = (OperationId::new(self.fresh_id()), one.dossier.clone());
        self.handle(Command { operation, dossier, actor: actor.clone(), ask }, Vec::new()).await.map(drop)
    }
}

impl Fold<'_> {
    /// Once it is decided that a dossier's time is over: what only its content needed goes with the commit.
    pub(super) fn expire(&mut self, tx: &mut Tx<'_>, id: &DossierId, decision: &Decision) -> Result<(), StoreError> {
        let mut events = decision.events.iter();
        let Some(event) = events.find(|event| event.changes.iter().any(|one| matches!(one, Change::Expired(_)))) else {
            return Ok(());
        };
        if tx.has_message_waiting(id)? {
            return Err(StoreError::Unavailable(format!("dossier {id} has a message on its way; try again")));
        }
        self.batch.expired.insert(id.clone(), event.seq);
        Ok(())
    }
}
