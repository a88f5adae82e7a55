//! Who stands in for somebody who is away. The directory says it by dates; a task that is open says it for itself, so that
//! whoever stands in gets a link of their own. What they do is recorded as done on behalf of the other. Nobody votes for
//! anybody: a roll is not a task that passes on.

use super::Run;
use crate::directory::Substitute;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Reason, Rule};
use crate::dossier::{Purpose, StandIn, Task};
use crate::ids::{Instant, PersonId, RoleName};
use crate::machine::LinkPolicy;
use crate::machine::chart::Place;

/// That somebody may do something, and on whose behalf if it is another's.
pub(super) type Behalf = Option<PersonId>;

/// Whether it counts that somebody was named: by a mail's link alone, only where a link alone is enough for the one they stand in for.
fn counts(one: &Substitute, link_will_do: bool) -> bool {
    link_will_do || !one.by_link
}

impl Run<'_> {
    /// Whether a person may do a task: as their own, or on behalf of one of its holders.
    pub(super) fn may_do(&self, task: &Task, person: &PersonId) -> Option<Behalf> {
        if task.holders.contains(person) {
            return Some(None);
        }
        let of = task.behalf(person, self.at)?;
        // Who was asked before it was so, or under another rule, is looked at again.
        let today = self.today();
        let named = |one: &&Substitute| &one.by == person && &one.person == of && one.dated.holds(today);
        let mut said = self.context.directory.stand_ins().filter(named).peekable();
        let counts = said.peek().is_none() || said.any(|one| counts(one, task.policy == LinkPolicy::Link));
        counts.then(|| Some(of.clone()))
    }

    /// Whether a person holds a role today: themselves, or on behalf of somebody who does. Who was named by the link of a mail stands
    /// in for them only where a link is enough (`link_will_do`).
    pub(super) fn holds(&self, person: &PersonId, role: &RoleName, link_will_do: bool) -> Option<Behalf> {
        let holders = self.holders(role);
        if holders.contains(person) {
            return Some(None);
        }
        let today = self.today();
        let mut absent =
            self.context.directory.stand_ins().filter(|one| &one.by == person && counts(one, link_will_do));
        absent.find(|one| one.dated.holds(today) && holders.contains(&one.person)).map(|one| Some(one.person.clone()))
    }

    /// Why a person may not act in a state in this role. Whoever stands in for somebody may be kept from it by what either of
    /// them did; where only one person goes on with what they began, that is the other.
    pub(super) fn barred_for(&self, person: &PersonId, of: &Behalf, role: &RoleName, at: Place) -> Option<Reason> {
        let Some(of) = of else { return self.barred(person, role, at) };
        let own = |reason: &Reason| !matches!(reason.code, Code::Separated { rule: Rule::SameAs, .. });
        self.barred(of, role, at).or_else(|| self.barred(person, role, at).filter(own))
    }

    /// Those who stand in today for holders of a task.
    pub(super) fn stand_ins(&self, role: &RoleName, at: Place, holders: &[PersonId]) -> Vec<StandIn> {
        let (directory, today) = (self.context.directory, self.today());
        let link_will_do = self.machine.states[at].link == LinkPolicy::Link;
        let mut found: Vec<StandIn> = Vec::new();
        for one in directory.stand_ins().filter(|one| one.dated.holds(today) && counts(one, link_will_do)) {
            let known = holders.contains(&one.by) || found.iter().any(|other| other.person == one.by);
            let of = Some(one.person.clone());
            if holders.contains(&one.person) && !known && self.barred_for(&one.by, &of, role, at).is_none() {
                let until_at = one.dated.until.map(|until| self.context.calendar.end_of(until));
                found.push(StandIn { person: one.by.clone(), of: one.person.clone(), until_at });
            }
        }
        found
    }

    /// Whoever stands in for somebody from now on is asked what is open, and no longer asked is who no longer does.
    pub(super) fn renew_stand_ins(&mut self, now: Instant) {
        if self.dossier().outcome.is_some() {
            return;
        }
        self.at = now.max(self.dossier().last_at);
        let mut changed = Vec::new();
        for task in self.dossier().tasks.iter().filter(|task| matches!(task.purpose, Purpose::Act | Purpose::Lead)) {
            let (Some(role), Some(at)) = (&task.role, self.entered(task.activation)) else { continue };
            let stand_ins = self.stand_ins(role, at, &task.holders);
            if stand_ins != task.stand_ins {
                let (activation, purpose) = (task.activation, task.purpose);
                changed.push(Change::StandIns { activation, purpose, stand_ins });
            }
        }
        if !changed.is_empty() {
            self.actor = Actor::Clock;
            for change in changed {
                self.emit(change);
            }
            self.finish(Kind::Assigned);
        }
    }
}
