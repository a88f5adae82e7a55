//! Who does what where: every state, role and action of a workflow, read off its shape.

use serde::Serialize;

use super::{Held, LeadAct, Needs, Shape, State, StateKind, Target, Transition};
use crate::ids::{EventName, FieldName, GuardName, RoleName, StateId, Text, VoteName, WorkflowName};

/// One thing that somebody, or nobody, does in a state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deed {
    /// A state in which a dossier can stand, by its path.
    pub state: StateId,
    /// Whose deed it is; none for what happens by itself.
    pub role: Option<RoleName>,
    /// What it is.
    #[serde(flatten)]
    pub does: Does,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "does")]
pub enum Does {
    /// Is asked by mail.
    IsAsked {
        /// For what.
        title: Text,
    },
    /// Records what comes from outside.
    RecordsFrom {
        /// From whom.
        on: Text,
    },
    /// May change fields.
    Edits {
        /// Which.
        fields: Vec<FieldName>,
    },
    /// May attach papers.
    Attaches {
        /// Their kinds.
        papers: Vec<String>,
    },
    /// Chooses an event, or it happens.
    Leads {
        /// The event, `always`, or `after 3wd`.
        event: String,
        /// What the button says.
        label: Text,
        /// How many of those asked must choose it.
        needs: Needs,
        /// The workflows whose dossiers raise it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        from: Vec<WorkflowName>,
        /// The guards that must hold.
        guard: Vec<GuardName>,
        /// Where it leads.
        target: Target,
    },
    /// Leads the step that others do.
    LeadsStep {
        /// What they may do in it.
        may: Vec<LeadAct>,
    },
    /// A vote is held.
    Vote {
        /// By this rule.
        rule: VoteName,
    },
    /// Records the result of a vote on paper.
    Records,
    /// Records who is there at a vote.
    Attendance,
    /// Confirms what another recorded.
    Confirms,
    /// Dossiers are opened.
    Opens {
        /// Which, by the names of their sets.
        children: Vec<String>,
    },
    /// Dossiers are waited for.
    Awaits {
        /// Which, by the name of their set.
        children: String,
    },
    /// Is told on entry.
    IsTold,
    /// Is told when nothing was done in time.
    IsToldLate,
}

impl Shape {
    /// Every deed in every state in which a dossier can stand, in the order of the file. What states around say holds inside.
    pub fn deeds(&self) -> Vec<Deed> {
        let stands = |state: &&State| matches!(state.kind, StateKind::Atomic | StateKind::Final { .. });
        self.states
            .iter()
            .filter(stands)
            .flat_map(|state| Deeds { shape: self, state, found: Vec::new() }.all())
            .collect()
    }
}

struct Deeds<'s> {
    shape: &'s Shape,
    state: &'s State,
    found: Vec<Deed>,
}

impl Deeds<'_> {
    fn all(mut self) -> Vec<Deed> {
        for around in self.shape.outwards(&self.state.id) {
            self.asked(around);
            self.access(around);
            self.voted(around);
            self.chosen(around);
        }
        self.led();
        for around in self.shape.outwards(&self.state.id) {
            self.by_itself(around);
        }
        // What one role does stands together, in the order in which roles come up; what happens by itself stands last.
        let roles: Vec<Option<RoleName>> = self.found.iter().map(|deed| deed.role.clone()).collect();
        let rank = |deed: &Deed| (deed.role.is_none(), roles.iter().position(|role| *role == deed.role));
        self.found.sort_by_key(rank);
        self.found
    }

    fn add(&mut self, role: Option<&RoleName>, does: Does) {
        self.found.push(Deed { state: self.state.id.clone(), role: role.cloned(), does });
    }

    fn asked(&mut self, around: &State) {
        if let Some(task) = &around.task {
            let does = match &around.wait {
                Some(wait) => Does::RecordsFrom { on: wait.on.clone() },
                None => Does::IsAsked { title: task.title.clone() },
            };
            self.add(Some(&task.role), does);
            self.changes(&task.role, &task.edit, &task.attach);
        }
        for told in &around.entry.tell {
            self.add(Some(&told.role), Does::IsTold);
        }
        let escalate = around.deadline.as_ref().and_then(|deadline| deadline.escalate.as_ref());
        if let Some(escalate) = escalate {
            self.add(Some(&escalate.to), Does::IsToldLate);
        }
    }

    /// Who leads what somebody is asked here: as the nearest state around says.
    fn led(&mut self) {
        let asks = self.shape.outwards(&self.state.id).any(|around| around.task.is_some() || around.vote.is_some());
        let lead = self.shape.outwards(&self.state.id).find_map(|around| around.lead.as_ref()).filter(|_| asks);
        if let Some(lead) = lead {
            self.add(Some(&lead.by), Does::LeadsStep { may: lead.may.clone() });
        }
    }

    fn changes(&mut self, role: &RoleName, fields: &[FieldName], papers: &[String]) {
        if !fields.is_empty() {
            self.add(Some(role), Does::Edits { fields: fields.to_vec() });
        }
        if !papers.is_empty() {
            self.add(Some(role), Does::Attaches { papers: papers.to_vec() });
        }
    }

    fn access(&mut self, around: &State) {
        for (role, access) in &around.access {
            let fields = access.edit.as_deref().unwrap_or_default();
            let papers = access.attach.as_deref().unwrap_or_default();
            self.changes(role, fields, papers);
        }
    }

    fn voted(&mut self, around: &State) {
        let Some(vote) = &around.vote else { return };
        self.add(None, Does::Vote { rule: vote.rule.clone() });
        if let Held::Paper { records, confirms } = &vote.held {
            self.add(Some(records), Does::Records);
            self.add(Some(confirms), Does::Confirms);
        }
        if let Some(records) = &vote.attendance {
            self.add(Some(records), Does::Attendance);
        }
    }

    /// The events of people. Where a state inside answers an event of the same role, those around it are not asked.
    fn chosen(&mut self, around: &State) {
        let known = self.found.len();
        for transition in &around.on {
            for role in &transition.by {
                let event = transition.event.as_ref().map_or("", EventName::as_str);
                let inner = self.found[..known].iter().any(|deed| {
                    deed.role.as_ref() == Some(role)
                        && matches!(&deed.does, Does::Leads { event: inner, .. } if inner == event)
                });
                if !inner {
                    self.add(Some(role), leads(event, transition));
                }
            }
        }
    }

    fn by_itself(&mut self, around: &State) {
        let mut opened: Vec<String> = around.reaches().flat_map(|reach| reach.open).cloned().collect();
        opened.dedup();
        if !opened.is_empty() {
            self.add(None, Does::Opens { children: opened });
        }
        if let Some(awaits) = &around.awaits {
            self.add(None, Does::Awaits { children: awaits.children.clone() });
        }
        for transition in around.on.iter().filter(|transition| transition.by.is_empty()) {
            self.add(None, leads(transition.event.as_ref().map_or("", EventName::as_str), transition));
        }
        for transition in &around.always {
            self.add(None, leads("always", transition));
        }
        for after in &around.after {
            self.add(None, leads(&format!("after {}", after.delay), &after.transition));
        }
    }
}

fn leads(event: &str, transition: &Transition) -> Does {
    Does::Leads {
        event: event.to_owned(),
        label: transition.label.clone(),
        needs: transition.needs,
        from: transition.from.clone(),
        guard: transition.guard.clone(),
        target: transition.target.clone(),
    }
}
