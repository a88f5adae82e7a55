//! A workflow that has been checked: what `decide` runs.
//!
//! Plain data, no positions, no clock, no I/O. Its JSON is what `deploy` stores and what auditors read, so it is documented
//! here and never changes its meaning; new parts get a default. A [`Machine`] is made in two ways only: by [`check`] out of
//! a definition, and by [`Machine::load`] out of what `deploy` stored: a deployed version is never checked again.

mod access;
mod actions;
pub mod chart;
pub mod check;
mod children;
mod comparison;
pub mod decision;
pub mod deeds;
pub mod differ;
mod draft;
pub mod explore;
mod lead;
mod mail;
pub mod mapping;
mod measure;
mod numbering;
mod posting;
mod proof;
mod public_start;
mod register;
mod retention;
mod role;
mod said;
mod separation;
mod shape;
mod state;
mod vote;
mod words;

use std::ops::Deref;

use crate::expr::Programs;
use crate::ids::{MachineHash, StateId};
use chart::Chart;

pub use access::{Access, GROUNDS, HISTORY, OTHERS, PUBLIC, See};
pub use actions::{Actions, RegisterRule, Setting};
pub use children::{
    Awaits, CHILDREN_MAX, COMPLETE, Children, NO_RESULT, PARENT, RESULT_CHANGED, Reach, Related, Sending, Until,
};
pub use comparison::{Before, Comparison, LIKE, LIKE_YEAR, PERCENT, WHO};
pub use decision::{Condition, Decision, DecisionRow, Hit, Sample, Undecided};
pub use draft::{Block, Column, Draft, DraftTable, RowsOf, Says, Signature};
pub use lead::{Lead, LeadAct};
pub use mail::{Mail, Session, Tell};
pub use measure::{Grouping, Measure, Take, named_states};
pub use numbering::Numbering;
pub use posting::{
    ACCEPTED, OBJECTION_DAY, OBJECTION_DECISION, OBJECTION_WHAT, OBJECTION_WHO, OBJECTION_WHY, Posting, REJECTED,
    RESOLVED, UNOPPOSED,
};
pub use proof::{LinkPolicy, Proofs};
pub use public_start::{FILLED_IN, Mailbox, PublicStart, domain};
pub use register::{EntryPart, RegisterBook};
pub use retention::{Retention, YEARS_MAX};
pub use role::{
    BodyOf, Composed, PARTY_ADDRESS, PARTY_LANGUAGE, PARTY_MAIL, PARTY_NAME, Party, Role, RoleSource, UnitOf, composed,
};
pub use separation::{Earlier, Separation};
pub use shape::{Correctable, CronStart, Field, FieldKind, Guard, Import, ImportRegister, Shape, Votes};
pub use state::{
    After, Again, Consult, Deadline, Due, Escalate, Held, Joins, Needs, OnPaper, OverOutage, Raiser, Returns,
    RowEvents, State, StateKind, StateVote, Target, TaskRule, Transition, Wait,
};
pub use vote::{Absent, Abstention, Ballot, Base, Fraction, OwnCase, ShareOf, Threshold, Tie, VoteRule};
pub use words::OwnWords;

/// A checked workflow, its formulas compiled. Read it through its [`Shape`].
#[derive(Debug)]
pub struct Machine {
    shape: Shape,
    hash: MachineHash,
    programs: Programs,
    chart: Chart,
}

impl Deref for Machine {
    type Target = Shape;

    fn deref(&self) -> &Shape {
        &self.shape
    }
}

/// Why a stored machine cannot be loaded: it was damaged, or a newer chancery wrote it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Not the documented JSON.
    #[error("the stored machine `{hash}` cannot be read: {source}")]
    Json {
        /// Which version.
        hash: MachineHash,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A formula that was accepted at deployment does not compile any more.
    #[error("the stored machine `{hash}` has a formula that does not compile: {message}")]
    Formula {
        /// Which version.
        hash: MachineHash,
        /// What the compiler says.
        message: String,
    },
    /// Its states do not form a tree.
    #[error("the states of the stored machine `{hash}` do not fit together: {message}")]
    States {
        /// Which version.
        hash: MachineHash,
        /// What does not fit.
        message: String,
    },
}

impl Machine {
    /// The version's hash; dossiers are pinned to it.
    pub fn hash(&self) -> &MachineHash {
        &self.hash
    }

    /// The compiled formulas.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// The tree of its states.
    pub fn chart(&self) -> &Chart {
        &self.chart
    }

    /// The state of this path.
    pub fn state(&self, id: &StateId) -> Option<&State> {
        self.chart.place(id).map(|at| &self.shape.states[at])
    }

    /// Reads back what `deploy` stored.
    ///
    /// # Errors
    /// The JSON is damaged or newer than this program.
    pub fn load(hash: MachineHash, compiled: &str) -> Result<Self, LoadError> {
        let shape: Shape =
            serde_json::from_str(compiled).map_err(|source| LoadError::Json { hash: hash.clone(), source })?;
        let programs =
            Programs::compile(&shape).map_err(|message| LoadError::Formula { hash: hash.clone(), message })?;
        let chart = Chart::new(&shape).map_err(|message| LoadError::States { hash: hash.clone(), message })?;
        Ok(Self { shape, hash, programs, chart })
    }

    /// The documented JSON that `deploy` stores: fields in a fixed order, so that equal machines give equal bytes.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.shape).expect("a machine has only string keys and finite numbers")
    }
}
