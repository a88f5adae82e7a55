//! Taking open dossiers over to the deployed version of their workflow: looked at first, then one command for each. What was
//! interrupted goes on when it is run again: whoever went over already follows the new version and is not looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dossier::Dossier;
use crate::dossier::command::{Actor, Ask, Command, Migrate};
use crate::dossier::decide::migrate::stranded;
use crate::dossier::refusal::Refusal;
use crate::engine::{Engine, Failure};
use crate::ids::{DossierId, MachineHash, OperationId, StateId};
use crate::machine::Machine;
use crate::machine::mapping::Mapping;
use crate::store::StoreError;

/// A migration of one workflow.
#[derive(Clone, Debug)]
pub struct Migration {
    /// The version to which its dossiers go.
    pub to: Arc<Machine>,
    /// Where their states are there.
    pub mapping: Mapping,
    /// The operator's name on the machine.
    pub operator: String,
}

/// A dossier that would go over.
#[derive(Clone, Debug)]
pub struct Goer {
    /// Which.
    pub dossier: DossierId,
    /// What it is called.
    pub caption: String,
    /// The version that it follows.
    pub from: MachineHash,
    /// Where it stands.
    pub stands: String,
    /// Where it will stand.
    pub becomes: String,
    /// The command that takes it over.
    pub command: Command,
    /// Why that would be refused.
    pub refusal: Option<Refusal>,
}

impl Migration {
    /// The open dossiers of the workflow that follow another version.
    ///
    /// # Errors
    /// The database fails.
    pub async fn wanted(&self, engine: &Engine) -> Result<Vec<(DossierId, MachineHash)>, StoreError> {
        let mut open = engine.store().open_dossiers(&self.to.workflow).await?;
        open.retain(|(_, machine)| machine != self.to.hash());
        Ok(open)
    }

    /// What would become of one of them; none if it has ended meanwhile.
    ///
    /// # Errors
    /// The database fails.
    pub async fn rehearse(&self, engine: &Engine, id: &DossierId) -> Result<Option<Goer>, StoreError> {
        let Some(dossier) = engine.dossier(id).await?.filter(|dossier| dossier.outcome.is_none()) else {
            return Ok(None);
        };
        let (machine, states) = (self.to.hash().clone(), self.mapping.clone());
        // The same step of the same dossier is the same operation, whoever takes it.
        let operation = OperationId::new(format!("migrate:{id}:{}:{machine}", dossier.seq));
        let actor = Actor::Migration { operator: self.operator.clone() };
        let ask = Ask::Migrate(Migrate { machine, states });
        let command = Command { operation, dossier: id.clone(), actor, ask };
        let refusal = match engine.rehearse(&command, &[]).await {
            Ok(()) => None,
            Err(Failure::Refused(refusal)) => Some(refusal),
            Err(Failure::Store(error)) => return Err(error),
        };
        let becomes: Vec<String> = dossier.leaves().map(|leaf| self.mapping.of(&leaf.state).to_string()).collect();
        Ok(Some(Goer {
            dossier: dossier.id.clone(),
            stands: dossier.stands(),
            becomes: becomes.join(" + "),
            caption: dossier.caption,
            from: dossier.machine,
            command,
            refusal,
        }))
    }

    /// Takes one over; the refusal if it may not go after all, because something happened since it was looked at.
    ///
    /// # Errors
    /// The database fails; the same call again goes on.
    pub async fn take(&self, engine: &Engine, goer: &Goer) -> Result<Option<Refusal>, StoreError> {
        match engine.handle(goer.command.clone(), Vec::new()).await {
            Ok(_) => Ok(None),
            Err(Failure::Refused(refusal)) => Ok(Some(refusal)),
            Err(Failure::Store(error)) => Err(error),
        }
    }
}

/// The open dossiers between two versions.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// How many stand in each state.
    pub standing: BTreeMap<StateId, u64>,
    /// In how many a state is frozen.
    pub frozen: BTreeMap<StateId, u64>,
    /// How many may go back to a state by a history.
    pub remembered: BTreeMap<StateId, u64>,
    /// Those for which the newer version has no place, with the states that it would need.
    pub stranded: Vec<(DossierId, String, Vec<StateId>)>,
    /// How many follow still other versions.
    pub others: BTreeMap<MachineHash, u64>,
}

/// The open dossiers of the older version, and what the newer one would mean for them. `step` is told of each.
///
/// # Errors
/// The database fails.
pub async fn live(
    engine: &Engine,
    (old, new): (&Machine, &Machine),
    step: &mut dyn FnMut(usize),
) -> Result<Live, StoreError> {
    let open = engine.store().open_dossiers(&old.workflow).await?;
    let mut live = Live::default();
    for (id, machine) in &open {
        step(open.len());
        if machine != old.hash() {
            *live.others.entry(machine.clone()).or_insert(0) += 1;
        } else if let Some(dossier) = engine.dossier(id).await? {
            live.count(old, new, &dossier);
        }
    }
    Ok(live)
}

impl Live {
    fn count(&mut self, old: &Machine, new: &Machine, dossier: &Dossier) {
        let mut add = |counts: fn(&mut Self) -> &mut BTreeMap<StateId, u64>, state: &StateId| {
            *counts(self).entry(state.clone()).or_insert(0) += 1;
        };
        for leaf in dossier.leaves() {
            add(|live| &mut live.standing, &leaf.state);
        }
        for one in dossier.paused.iter().flat_map(|paused| &paused.active) {
            add(|live| &mut live.frozen, &one.state);
        }
        for state in dossier.history.values().flatten() {
            add(|live| &mut live.remembered, state);
        }
        let lost = stranded(old, new, &Mapping::default(), dossier);
        if !lost.is_empty() {
            self.stranded.push((dossier.id.clone(), dossier.caption.clone(), lost));
        }
    }
}
