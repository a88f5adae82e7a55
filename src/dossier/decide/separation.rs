//! Separation of duties: what somebody did before may keep them from a step, or may be what the step asks for. On by default:
//! whoever prepared a dossier in one role does not act on it in another.

use super::Run;
use super::stand_in::Behalf;
use crate::dossier::Deed;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Reason, Rule};
use crate::ids::{ActivationId, Citation, FieldName, PersonId, RoleName, Text};
use crate::machine::chart::Place;
use crate::machine::{Earlier, Separation};

impl Run<'_> {
    /// Why this person may not act in this state in this role.
    pub(super) fn barred(&self, person: &PersonId, role: &RoleName, at: Place) -> Option<Reason> {
        let (deeds, rules) = (&self.dossier().deeds, self.separations(at));
        let named = rules.iter().find_map(|rule| self.named(person, rule));
        if named.is_some() || deeds.is_empty() {
            return named;
        }
        let names = |earlier: &Earlier, deed: &Deed| self.names(earlier, deed);
        for rule in &rules {
            let done = |deed: &&Deed| rule.never_same_as.iter().any(|earlier| names(earlier, deed));
            if let Some(deed) = deeds.iter().rev().filter(done).find(|deed| self.is_theirs(deed, person)) {
                return Some(separated(Rule::NeverSameAs, deed, rule.basis.as_ref()));
            }
            for earlier in &rule.same_as {
                let last = deeds.iter().rev().find(|deed| names(earlier, deed));
                if let Some(deed) = last.filter(|deed| !self.is_theirs(deed, person)) {
                    return Some(separated(Rule::SameAs, deed, rule.basis.as_ref()));
                }
            }
        }
        let allowed = |deed: &Deed| {
            let of = |rule: &&Separation| rule.may_be_same_as.iter().chain(&rule.same_as).any(|one| names(one, deed));
            rules.iter().any(of)
        };
        let other = |deed: &&Deed| deed.prepared && self.is_theirs(deed, person) && deed.role.as_ref() != Some(role);
        let deed = deeds.iter().rev().filter(other).find(|deed| !allowed(deed))?;
        Some(separated(Rule::OneRole, deed, None))
    }

    /// Whether a deed is this person's, also where they did it as somebody from outside: by the mailbox that is theirs in the directory.
    fn is_theirs(&self, deed: &Deed, person: &PersonId) -> bool {
        let own = || self.context.directory.people.get(person)?.email.as_deref();
        let outside = || self.dossier().outsider(&deed.person);
        deed.is_of(person) || own().zip(outside()).is_some_and(|(mail, outsider)| outsider.reads(mail))
    }

    /// Why somebody does not act in their own case.
    fn named(&self, person: &PersonId, rule: &Separation) -> Option<Reason> {
        let fields = &self.dossier().fields;
        let own = |field: &&FieldName| fields.get(*field).and_then(|value| value.as_str()) == Some(person.as_str());
        let field = rule.never_named_in.iter().find(own)?;
        let (text, about) = (Text::default(), Some(field.to_string()));
        Some(Reason { code: Code::Named, text, basis: rule.basis.clone(), about })
    }

    /// The holders of a role whom the state does not keep from it because the matter is their own.
    pub(super) fn others(&self, role: &RoleName, activation: ActivationId) -> Vec<PersonId> {
        self.entered(activation).map_or_else(|| self.holders(role), |at| self.others_at(role, at, None))
    }

    /// The same, in a state that may be frozen, and without one person.
    pub(super) fn others_at(&self, role: &RoleName, at: Place, but: Option<&PersonId>) -> Vec<PersonId> {
        let rules = self.separations(at);
        let own = |person: &PersonId| rules.iter().any(|rule| self.named(person, rule).is_some());
        self.holders(role).into_iter().filter(|person| Some(person) != but && !own(person)).collect()
    }

    /// The holders of a role who may act in a state, and why the others may not.
    pub(super) fn free(&self, role: &RoleName, at: Place) -> (Vec<PersonId>, Vec<Reason>) {
        let (mut free, mut reasons) = (Vec::new(), Vec::new());
        for person in self.holders(role) {
            match self.barred(&person, role, at) {
                None => free.push(person),
                Some(reason) => reasons.push(reason),
            }
        }
        (free, reasons)
    }

    /// Remembers that a person did something in a state (none: opened the dossier). What they prepared once they have prepared.
    pub(super) fn did(
        &mut self,
        person: &PersonId,
        place: Option<Place>,
        role: Option<&RoleName>,
        prepared: bool,
        on_behalf: Behalf,
    ) {
        let state = place.map(|place| &self.machine.states[place].id);
        let same = |deed: &&Deed| &deed.person == person && deed.state.as_ref() == state && deed.role.as_ref() == role;
        let before = self.dossier().deeds.iter().find(same).is_some_and(|deed| deed.prepared);
        let (person, state, role) = (person.clone(), state.cloned(), role.cloned());
        let at = self.at;
        self.emit(Change::Done(Deed { person, state, role, on_behalf, prepared: prepared || before, at }));
    }

    /// What a state says about it, and the states around it.
    fn separations(&self, at: Place) -> Vec<&Separation> {
        let around = std::iter::once(at).chain(self.machine.chart().around(at));
        around.filter_map(|at| self.machine.states[at].separation.as_ref()).collect()
    }

    fn names(&self, earlier: &Earlier, deed: &Deed) -> bool {
        let chart = self.machine.chart();
        match (earlier, &deed.state) {
            (Earlier::Opening, None) => true,
            (Earlier::State(named), Some(state)) => {
                let places = chart.place(named).zip(chart.place(state));
                places.is_some_and(|(named, state)| named == state || chart.is_inside(state, named))
            }
            (Earlier::Opening, Some(_)) | (Earlier::State(_), None) => false,
        }
    }
}

fn separated(rule: Rule, deed: &Deed, basis: Option<&Citation>) -> Reason {
    Reason {
        code: Code::Separated { rule, by: deed.person.clone(), at: deed.at },
        text: Text::default(),
        basis: basis.cloned(),
        about: deed.state.as_ref().map(ToString::to_string),
    }
}
