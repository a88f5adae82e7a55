//! Separation of duties as far as names tell: that rules name steps that people do before, that nobody approves what they
//! prepared themselves, and that somebody is left for every step.

use super::Check;
use super::names::Kind;
use super::roads::Roads;
use crate::definition::model::{self, Name};
use crate::diagnostic::fault;
use crate::ids::{FieldName, RoleName, StateId};
use crate::machine::{Earlier, Role, RoleSource, Separation, Shape, State, StateKind, Target};

/// The step of opening a dossier.
const OPENING: &str = "opening";

impl Check<'_> {
    /// What the state at `from` says about people who did an earlier step.
    pub(super) fn separation(&self, from: usize, written: &model::Separation) -> Separation {
        for name in &written.never_same_as {
            let other = written.same_as.iter().chain(&written.may_be_same_as).find(|other| other.value == name.value);
            if let Some(other) = other {
                self.report(fault!(KEYS_TOGETHER.never_and_may, &other.span, name).beside(&name.span));
            }
        }
        let names_in =
            |fields: &[Name]| fields.iter().map(|field| self.field_of_type(Kind::Field, field, &["person"])).collect();
        let earlier = |names: &[Name]| names.iter().map(|name| self.earlier(from, name)).collect();
        Separation {
            never_same_as: earlier(&written.never_same_as),
            same_as: earlier(&written.same_as),
            may_be_same_as: earlier(&written.may_be_same_as),
            never_named_in: names_in(&written.never_named_in),
            basis: written.basis.clone(),
        }
    }

    /// A step in which somebody did something.
    fn earlier(&self, from: usize, name: &Name) -> Earlier {
        if name.value == OPENING {
            return Earlier::Opening;
        }
        let id = self.target(from, name);
        let done_by_people = |at: usize| {
            let state = self.tree.place(at).state;
            let edits = state.task.as_ref().is_some_and(|task| !task.edit.is_empty() || !task.attach.is_empty());
            let counts = state
                .vote
                .as_ref()
                .is_some_and(|vote| vote.attendance.is_some() || matches!(vote.held, model::Held::Paper { .. }));
            edits || counts || state.on.iter().any(|way| !way.by.is_empty() && !way.recall)
        };
        if let Some(at) = self.tree.find(&id)
            && !self.tree.inside(at).any(done_by_people)
        {
            self.report(fault!(SEPARATION.nobody, &name.span, state = id));
        }
        Earlier::State(StateId::new(id))
    }

    /// Nobody approves alone what they prepared, and every step has somebody left who may do it.
    pub(super) fn duties(&self, shape: &Shape) {
        let roads = Roads::new(shape, &self.tree);
        for (at, place) in self.tree.places().iter().enumerate() {
            let state = &shape.states[at];
            if !matches!(state.kind, StateKind::Atomic) {
                continue;
            }
            if let Some(task) = place.state.task.as_ref().and_then(|task| task.role.as_ref()) {
                self.nobody_left(shape, &roads, at, task);
            }
            self.self_approval(shape, &roads, at);
        }
    }

    /// A state that only judges, and whose judge prepared what is judged, with nobody in between.
    fn self_approval(&self, shape: &Shape, roads: &Roads<'_>, at: usize) {
        let state = &shape.states[at];
        let Some(judge) = judge(state) else { return };
        let prepares = |before: usize| {
            let task = shape.states[before].task.as_ref().filter(|task| !task.edit.is_empty());
            before != at && task.is_some_and(|task| &task.role == judge)
        };
        let Some(way) = roads.alone(at, judge, prepares) else { return };
        let prepared = way[0];
        if self.is_said(shape, at, prepared) {
            return;
        }
        let (here, there) = (self.tree.place(at), self.tree.place(prepared));
        let span = here
            .state
            .task
            .as_ref()
            .and_then(|task| task.role.as_ref())
            .map_or(&here.state.name.span, |role| &role.span);
        let names: Vec<&str> = way.iter().map(|at| self.tree.place(*at).id.as_str()).collect();
        let (role, way) = (judge.as_str(), names.join(" -> "));
        let fault = fault!(SELF_APPROVAL.role, span, role, state = here.id, prepared = there.id, way);
        self.report(fault.beside(&there.state.name.span));
    }

    /// Whether the state, or one around it, says whether the same person may do both.
    fn is_said(&self, shape: &Shape, at: usize, prepared: usize) -> bool {
        let around: Vec<usize> = self.tree.outwards(prepared).collect();
        self.tree.outwards(at).filter_map(|at| shape.states[at].separation.as_ref()).any(|rule| {
            let all = rule.never_same_as.iter().chain(&rule.same_as).chain(&rule.may_be_same_as);
            all.into_iter().any(|earlier| match earlier {
                Earlier::Opening => false,
                Earlier::State(id) => self.tree.find(id.as_str()).is_some_and(|at| around.contains(&at)),
            })
        })
    }

    /// A step for one person whom the rules keep from it.
    fn nobody_left(&self, shape: &Shape, roads: &Roads<'_>, at: usize, task: &Name) {
        let role = |name: &str| shape.roles.get(&name.into());
        let Some(asked) = role(&task.value).and_then(one_person) else { return };
        for before in 0..self.tree.len() {
            if before == at || !roads.leads(before, at) {
                continue;
            }
            let earlier = &shape.states[before];
            let same = |role: &RoleName| shape.roles.get(role).and_then(one_person) == Some(asked);
            let actors: Vec<&RoleName> = earlier.on.iter().filter(|way| !way.recall).flat_map(|way| &way.by).collect();
            let never =
                self.says_never(shape, at, before) && !actors.is_empty() && actors.iter().all(|role| same(role));
            let prepared = earlier.task.as_ref().filter(|task| !task.edit.is_empty() || !task.attach.is_empty());
            let other = prepared.is_some_and(|earlier| earlier.role.as_str() != task.value && same(&earlier.role));
            if never || (other && !self.is_said(shape, at, before)) {
                let (here, there) = (self.tree.place(at), self.tree.place(before));
                let fault = fault!(NOBODY_LEFT.one_person, &task.span, state = here.id, before = there.id);
                self.report(fault.beside(&there.state.name.span));
                return;
            }
        }
    }

    fn says_never(&self, shape: &Shape, at: usize, before: usize) -> bool {
        let around: Vec<usize> = self.tree.outwards(before).collect();
        let rules = self.tree.outwards(at).filter_map(|at| shape.states[at].separation.as_ref());
        rules.flat_map(|rule| &rule.never_same_as).any(|earlier| match earlier {
            Earlier::Opening => false,
            Earlier::State(id) => self.tree.find(id.as_str()).is_some_and(|at| around.contains(&at)),
        })
    }
}

/// The role that judges in a state: it is asked there, has no form, and nobody else of the state has a say.
fn judge(state: &State) -> Option<&RoleName> {
    let task = state.task.as_ref().filter(|task| task.edit.is_empty())?;
    let theirs =
        state.on.iter().any(|transition| transition.by.contains(&task.role) && transition.target != Target::Stay);
    theirs.then_some(&task.role)
}

/// The field that names the one person who holds a role.
fn one_person(role: &Role) -> Option<&FieldName> {
    match &role.source {
        RoleSource::Field { field } => Some(field),
        RoleSource::Post { .. }
        | RoleSource::Body { .. }
        | RoleSource::Each { .. }
        | RoleSource::Outside { .. }
        | RoleSource::Any { .. }
        | RoleSource::Decision { .. } => None,
    }
}
