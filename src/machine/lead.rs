//! Who leads a step while others do it.

use serde::{Deserialize, Serialize};

use crate::ids::RoleName;

/// Who leads a state and what is inside it: not asked to do it, but to see that it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// Who.
    pub by: RoleName,
    /// What they may do.
    pub may: Vec<LeadAct>,
}

/// What whoever leads a step may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadAct {
    /// Give the task to one of its role's holders, and later to another.
    Assign,
    /// Ask one more person while it runs.
    Add,
    /// Put the deadline off.
    Extend,
    /// Go on without it.
    Skip,
    /// Have it done anew.
    Redo,
    /// Write down what somebody who is asked said on paper.
    Record,
}
