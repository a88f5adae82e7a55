//! What would be if: guards asked of a dossier whose values and papers are changed on trial. Nothing follows from it.

use std::collections::BTreeMap;

use super::Run;
use crate::dossier::command::Actor;
use crate::dossier::context::Context;
use crate::dossier::{Dossier, Paper};
use crate::ids::{FieldName, GuardName, Instant, PersonId, RoleName};
use crate::machine::Machine;

/// A dossier on trial.
pub struct Trial<'a> {
    run: Run<'a>,
    /// As it really is.
    real: &'a Dossier,
}

impl std::fmt::Debug for Trial<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").field("dossier", &self.run.dossier).finish_non_exhaustive()
    }
}

impl<'a> Trial<'a> {
    /// A dossier as it is.
    pub fn new(machine: &'a Machine, dossier: &'a Dossier, now: Instant, context: &'a Context<'a>) -> Self {
        let now = now.max(dossier.last_at);
        let run = Run::new(machine, Some(dossier), Actor::Clock, now, context);
        Self { run, real: dossier }
    }

    /// With these values in place of its own, and these kinds of paper besides its own.
    pub fn with(&mut self, fields: &BTreeMap<FieldName, serde_json::Value>, papers: &[&str]) -> &Dossier {
        let at = self.run.at;
        let real = self.real;
        let dossier = self.run.dossier.get_or_insert_with(|| real.clone());
        dossier.fields.clone_from(&real.fields);
        dossier.fields.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        dossier.papers.clone_from(&real.papers);
        dossier.papers.extend(papers.iter().map(|kind| Paper {
            id: (*kind).into(),
            kind: (*kind).to_owned(),
            name: (*kind).to_owned(),
            hash: String::new(),
            size: 0,
            by: None,
            at,
        }));
        dossier
    }

    /// Whether a guard holds for it; none if that cannot be worked out.
    pub fn holds(&self, guard: &GuardName) -> Option<bool> {
        let expr = &self.run.machine.guards.get(guard)?.expr;
        self.run.with_scope(|scope| self.run.machine.programs().truth(expr, scope)).ok()
    }

    /// The people who hold a role of it.
    pub fn holders(&self, role: &RoleName) -> Vec<PersonId> {
        self.run.holders(role)
    }
}
