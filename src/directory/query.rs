//! Who is who on a given day.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Body, BodySeat, Directory, Person, Substitute, Unit};
use crate::ids::{BodyCode, PersonId, UnitCode};

impl Directory {
    /// Somebody by their id, from outside too.
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id).or_else(|| self.outside.get(id))
    }

    /// Holders of a post in a unit on a day; where the unit has none, of the nearest unit above it that has.
    pub fn holders(&self, post: &str, unit: &UnitCode, on: Date) -> Vec<PersonId> {
        for above in self.upward(unit, on) {
            let mut holders: Vec<PersonId> = Vec::new();
            for held in self.posts.iter().filter(|held| held.unit == above.code && held.post == post) {
                if held.dated.holds(on) && !holders.contains(&held.person) {
                    holders.push(held.person.clone());
                }
            }
            if !holders.is_empty() {
                return holders;
            }
        }
        Vec::new()
    }

    /// The unit that stands for this one on a day: itself, or what it was merged or split into (the first successor that
    /// stands on that day). None if it is unknown, or gone without a successor.
    pub fn unit_on(&self, unit: &UnitCode, on: Date) -> Option<&Unit> {
        self.standing(unit, on, &mut BTreeSet::new())
    }

    fn standing<'d>(&'d self, unit: &UnitCode, on: Date, seen: &mut BTreeSet<&'d UnitCode>) -> Option<&'d Unit> {
        let unit = self.units.get(unit)?;
        if !seen.insert(&unit.code) {
            return None;
        }
        if unit.dated.holds(on) {
            return Some(unit);
        }
        let over = unit.dated.until.is_some_and(|until| until < on);
        if !over {
            return None;
        }
        unit.successors.iter().find_map(|successor| self.standing(successor, on, seen))
    }

    /// The root above a unit (itself, if it is one).
    pub fn root(&self, unit: &UnitCode, on: Date) -> Option<&Unit> {
        self.upward(unit, on).last()
    }

    /// The units of a kind that stand on a day inside this one (itself, if it is of that kind), by their codes.
    pub fn units_below(&self, kind: &str, unit: &UnitCode, on: Date) -> Vec<&Unit> {
        let Some(top) = self.unit_on(unit, on) else { return Vec::new() };
        let inside = |one: &&Unit| one.kind == kind && one.dated.holds(on);
        let below = |one: &&Unit| self.upward(&one.code, on).any(|above| above.code == top.code);
        self.units.values().filter(inside).filter(below).collect()
    }

    /// The unit bound to a name for the root of this unit.
    pub fn bound(&self, name: &str, unit: &UnitCode, on: Date) -> Option<&Unit> {
        let root = &self.root(unit, on)?.code;
        let binding = self
            .bindings
            .iter()
            .find(|binding| binding.root == *root && binding.name == name && binding.dated.holds(on))?;
        self.unit_on(&binding.unit, on)
    }

    /// The body of this kind that was set up for a unit, or for the nearest one above it.
    pub fn body_of(&self, kind: &str, unit: &UnitCode, on: Date) -> Option<&Body> {
        self.upward(unit, on).find_map(|above| {
            self.bodies.values().find(|body| body.kind == kind && body.unit.as_ref() == Some(&above.code))
        })
    }

    /// The peer group of this kind (`cluster`, `bloc`) in which a unit, or the nearest one above it, has a seat on a day.
    pub fn group_of(&self, kind: &str, unit: &UnitCode, on: Date) -> Option<&Body> {
        self.upward(unit, on).find_map(|above| {
            self.bodies.values().find(|body| {
                body.kind == kind
                    && body.seats.iter().any(|seat| seat.unit.as_ref() == Some(&above.code) && seat.dated.holds(on))
            })
        })
    }

    /// The first day after this one on which something in it begins, or is over since the day before.
    pub fn next_change(&self, after: Date) -> Option<Date> {
        let units = self.units.values().map(|one| one.dated);
        let seats = self.bodies.values().flat_map(|body| &body.seats).map(|one| one.dated);
        let posts = self.posts.iter().map(|one| one.dated);
        let assistants = self.assistants.iter().map(|one| one.dated);
        let all = units.chain(seats).chain(posts).chain(self.bindings.iter().map(|one| one.dated)).chain(assistants);
        let days = all.flat_map(|dated| [dated.from, dated.until.and_then(|last| last.tomorrow().ok())]).flatten();
        days.filter(|day| *day > after).min()
    }

    /// Whether a person holds a post in this unit or in one below it on a day.
    pub fn belongs(&self, person: &PersonId, unit: &UnitCode, on: Date) -> bool {
        let held = self.posts.iter().filter(|post| &post.person == person && post.dated.holds(on));
        let mut units = held.flat_map(|post| self.upward(&post.unit, on));
        self.unit_on(unit, on).is_some_and(|unit| units.any(|above| above.code == unit.code))
    }

    /// The seats of a body that hold on a day, in the order of the directory.
    pub fn seats(&self, body: &BodyCode, on: Date) -> Vec<&BodySeat> {
        let seats = self.bodies.get(body).map_or(&[][..], |body| &body.seats);
        seats.iter().filter(|seat| seat.dated.holds(on)).collect()
    }

    /// Who stands in for whom: as the directory says it, and as people have said it of themselves.
    pub fn stand_ins(&self) -> impl Iterator<Item = &Substitute> {
        self.substitutes.iter().chain(&self.own.absences)
    }

    /// The language that a person reads; Vietnamese for somebody who is not known.
    pub fn language(&self, person: &PersonId) -> &str {
        let written = || self.person(person).map_or("vi", |person| person.language.as_str());
        self.own.languages.get(person).map_or_else(written, String::as_str)
    }

    /// A person by the code that files use.
    pub fn person_by_code(&self, code: &str) -> Option<&Person> {
        self.people.values().find(|person| person.code == code)
    }

    /// The unit that stands for this one, the one above it, and so on up to the root. Ends even if the tree has a circle.
    fn upward(&self, unit: &UnitCode, on: Date) -> impl Iterator<Item = &Unit> {
        let mut seen = BTreeSet::new();
        let mut next = self.unit_on(unit, on);
        std::iter::from_fn(move || {
            let unit = next.take()?;
            if !seen.insert(&unit.code) {
                return None;
            }
            next = unit.parent.as_ref().and_then(|parent| self.unit_on(parent, on));
            Some(unit)
        })
    }
}
