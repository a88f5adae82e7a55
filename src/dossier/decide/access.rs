//! What a person may do and see where the dossier stands, by the roles that they hold now.

use super::Run;
use crate::dossier::command::Actor;
use crate::dossier::context::Context;
use crate::dossier::sight::Sight;
use crate::dossier::{Dossier, Purpose, Task};
use crate::ids::{ActivationId, FieldName, Instant, PersonId, RoleName};
use crate::machine::{Access, Machine, OTHERS, PUBLIC, See};

/// What a person may see of a dossier now: what any of their roles sees, in any of the states in which it stands.
pub fn sight(machine: &Machine, dossier: &Dossier, person: &PersonId, now: Instant, context: &Context<'_>) -> Sight {
    let postings = || machine.states.iter().filter(|state| state.posting.is_some());
    if !machine.has_access_rules() && postings().next().is_none() {
        return Sight::whole();
    }
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    let mut roles = run.roles_of(person);
    // Whoever prepares somebody's answer reads what they read.
    roles.extend(run.prepares_in(person));
    let sight = run.seen_by(person, &roles);
    // Whose an objection is, is for those who settle it.
    let mut keepers = postings().filter_map(|state| state.task.as_ref()).map(|task| &task.role);
    if postings().next().is_none() || keepers.any(|role| roles.contains(role)) {
        return sight;
    }
    sight.without_objectors(Some(person.clone()))
}

/// The roles that a person holds in a dossier now, or in which they are asked there.
pub fn roles(
    machine: &Machine,
    dossier: &Dossier,
    person: &PersonId,
    now: Instant,
    context: &Context<'_>,
) -> Vec<RoleName> {
    Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context).roles_of(person)
}

/// Whether a person may know what a dossier is called: who has a role in it, or is asked there, and sees the field that names it.
pub fn may_name(machine: &Machine, dossier: &Dossier, person: &PersonId, now: Instant, context: &Context<'_>) -> bool {
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    let prepares = |task: &Task| run.still_for(task, person).is_some();
    let asked = dossier.tasks.iter().any(|task| run.may_do(task, person).is_some() || prepares(task));
    let known = asked || !run.roles_of(person).is_empty();
    known && sight(machine, dossier, person, now, context).is_named(machine)
}

/// What everybody sees who has the dossier's public address; none if it has none where it stands.
pub fn public_sight(machine: &Machine, dossier: &Dossier) -> Option<Sight> {
    let public = RoleName::from(PUBLIC);
    let seen: Vec<See> = dossier.leaves().filter_map(|leaf| machine.access(&leaf.state, &public)?.see).collect();
    let sight = Sight::of(seen, None);
    (!sight.is_blind()).then(|| sight.without_objectors(None))
}

/// The fields that a person may change in an entry now, and the kinds of paper that they may attach: those of the task that
/// they were asked, and those that their roles have besides.
pub fn editable(
    machine: &Machine,
    dossier: &Dossier,
    person: &PersonId,
    activation: ActivationId,
    now: Instant,
    context: &Context<'_>,
) -> (Vec<FieldName>, Vec<String>) {
    Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context).editable(person, activation)
}

impl Run<'_> {
    /// What a person with these roles sees.
    fn seen_by(&self, person: &PersonId, roles: &[RoleName]) -> Sight {
        let (machine, dossier) = (self.machine, self.dossier());
        if !machine.has_access_rules() {
            return Sight::whole();
        }
        // Somebody from outside whom nobody asks sees what everybody does: also when nothing is known of them any more.
        if roles.is_empty() && !self.context.directory.people.contains_key(person) {
            return public_sight(machine, dossier).unwrap_or_else(Sight::blind);
        }
        let (others, mut seen) = (RoleName::from(OTHERS), Vec::new());
        for leaf in dossier.leaves() {
            let state = &leaf.state;
            let of_others = || machine.access(state, &others).and_then(|access| access.see).unwrap_or(See::All);
            if roles.is_empty() {
                seen.push(of_others());
            }
            for role in roles {
                // A role that is named without a word on what it sees sees everything.
                let named = machine.access(state, role).map(|access| access.see.unwrap_or(See::All));
                seen.push(named.unwrap_or_else(of_others));
            }
        }
        Sight::of(seen, Some(person.clone()))
    }

    /// The roles that a person holds now, or in which they were asked.
    pub(super) fn roles_of(&self, person: &PersonId) -> Vec<RoleName> {
        let asked = |role: &RoleName| {
            let mut tasks = self.dossier().tasks.iter().filter(|task| task.role.as_ref() == Some(role));
            tasks.any(|task| self.may_do(task, person).is_some())
        };
        let link_will_do = self.link_will_do();
        let held = |role: &&RoleName| asked(role) || self.holds(person, role, link_will_do).is_some();
        self.machine.roles.keys().filter(held).cloned().collect()
    }

    /// What a person may change in an entry, and the kinds of paper that they may attach.
    pub(super) fn editable(&self, person: &PersonId, activation: ActivationId) -> (Vec<FieldName>, Vec<String>) {
        let (mut edit, mut attach) = self.of_task(activation, |task| self.may_do(task, person).is_some());
        if self.entered(activation).is_none() || !self.machine.has_access_rules() {
            return (edit, attach);
        }
        for access in self.writers(person).flat_map(|role| self.rights(person, &role)) {
            edit.extend(access.edit.unwrap_or_default());
            attach.extend(access.attach.unwrap_or_default());
        }
        once(&mut edit);
        once(&mut attach);
        (edit, attach)
    }

    /// The roles of a person that may change something here besides a task.
    pub(super) fn writers(&self, person: &PersonId) -> impl Iterator<Item = RoleName> {
        let writes = |access: &Access| access.edit.is_some() || access.attach.is_some();
        self.roles_of(person).into_iter().filter(move |role| self.rights(person, role).iter().any(writes))
    }

    /// What a role is granted where the dossier stands, but where the person did something that keeps them from acting there.
    fn rights(&self, person: &PersonId, role: &RoleName) -> Vec<Access> {
        let free = |state| self.machine.chart().place(state).is_none_or(|at| self.barred(person, role, at).is_none());
        let leaves = self.dossier().leaves().filter(|leaf| free(&leaf.state));
        leaves.filter_map(|leaf| self.machine.access(&leaf.state, role)).collect()
    }

    /// What the open task of an entry lets its holders change and attach, if it is one of these.
    pub(super) fn of_task(
        &self,
        activation: ActivationId,
        is_theirs: impl Fn(&Task) -> bool,
    ) -> (Vec<FieldName>, Vec<String>) {
        let task = self.dossier().task(activation, Purpose::Act).filter(|task| is_theirs(task));
        let state = task.and_then(|_| self.entered(activation)).map(|at| &self.machine.states[at]);
        let rule = state.and_then(|state| state.task.as_ref());
        rule.map(|rule| (rule.edit.clone(), rule.attach.clone())).unwrap_or_default()
    }
}

/// Each only where it stands first.
fn once<T: PartialEq + Clone>(all: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::with_capacity(all.len());
    for one in all.drain(..) {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    *all = kept;
}
