//! Who sees what: roles, fields and papers that exist; the public sees only what is named; nobody is asked to fill in what
//! they may not see.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{did_you_mean, fault, say};
use crate::ids::RoleName;
use crate::machine::{Access, GROUNDS, HISTORY, OTHERS, PUBLIC, See, Shape};

/// Words that stand for roles where access is said.
const WORDS: &[&str] = &[OTHERS, PUBLIC];

impl Check<'_> {
    /// The rules of a state, or of the whole workflow.
    pub(super) fn access(&self, written: &[model::Access]) -> BTreeMap<RoleName, Access> {
        written.iter().map(|access| (RoleName::new(self.viewer(&access.who)), self.access_of(access))).collect()
    }

    fn viewer(&self, who: &Name) -> String {
        if WORDS.contains(&who.as_str()) { who.value.clone() } else { self.refer(Kind::Role, who) }
    }

    fn access_of(&self, written: &model::Access) -> Access {
        if WORDS.contains(&written.who.as_str()) {
            self.only_sees(written);
        }
        Access {
            see: written.see.as_ref().map(|names| self.see(&written.who, names)),
            edit: written.edit.as_ref().map(|names| self.refer_all(Kind::Field, names)),
            attach: written.attach.as_ref().map(|names| self.refer_all(Kind::Paper, names)),
            comment: written.comment.as_ref().map(|names| self.refer_all(Kind::Note, names)),
        }
    }

    /// Whoever is nobody in particular can be shown something, and can do nothing.
    fn only_sees(&self, written: &model::Access) {
        for (key, span) in written.keys.iter().filter(|(key, _)| key.as_str() != "see") {
            self.report(fault!(KEYS_TOGETHER.only_sees, span, key = key, who = &written.who));
        }
    }

    fn see(&self, who: &Name, names: &[Name]) -> See {
        if let [one] = names
            && one.value == "all"
        {
            if who.value == PUBLIC {
                self.report(fault!(KEYS_TOGETHER.public_sees_all, &one.span));
            }
            return See::All;
        }
        if let [one] = names
            && one.value == "none"
        {
            return See::These(BTreeSet::new());
        }
        See::These(names.iter().map(|name| self.thing(name)).collect())
    }

    /// A field, a field of rows, a kind of paper, a thread of notes, the history or the grounds.
    fn thing(&self, name: &Name) -> String {
        let kinds = [Kind::Field, Kind::RowField, Kind::Paper, Kind::Note, Kind::Children];
        let known = || kinds.into_iter().flat_map(|kind| self.names(kind)).map(Name::as_str).chain([HISTORY, GROUNDS]);
        if !known().any(|known| known == name.value) {
            let fault = fault!(UNKNOWN_FIELD.nothing_to_see, &name.span, name);
            self.report(fault.help(did_you_mean(&name.value, known(), say!(near.see))));
        }
        name.value.clone()
    }

    /// Where people say that they have read the dossier, somebody is asked; and a thread of notes has a name of its own.
    pub(super) fn acknowledged_and_noted(&self) {
        for place in self.tree.places() {
            let state = place.state;
            if let Some(span) = state.keys.get("acknowledge").filter(|_| state.task.is_none() && state.vote.is_none()) {
                self.report(fault!(KEYS_TOGETHER.nobody_reads, span, state = place.id));
            }
        }
        for note in self.names(Kind::Note) {
            let kinds = [Kind::Field, Kind::RowField, Kind::Paper];
            let same = kinds.into_iter().flat_map(|kind| self.names(kind)).find(|name| name.value == note.value);
            let word = [HISTORY, GROUNDS].contains(&note.as_str());
            if let Some(same) = same {
                self.report(fault!(NAME_CLASH.thread, &note.span, name = note).beside(&same.span));
            } else if word {
                self.report(fault!(NAME_CLASH.thread_word, &note.span, name = note));
            }
        }
    }

    /// The words that stand for roles are no names of roles.
    pub(super) fn role_words(&self) {
        for role in self.names(Kind::Role) {
            if WORDS.contains(&role.as_str()) {
                self.report(fault!(NAME_CLASH.role_word, &role.span, name = role));
            }
        }
    }

    /// Whoever fills something in, changes or attaches it sees it.
    pub(super) fn seen_by_who_writes(&self, shape: &Shape) {
        if !shape.has_access_rules() {
            return;
        }
        for (at, place) in self.tree.places().iter().enumerate() {
            let state = place.state;
            let leaves: Vec<usize> =
                self.tree.inside(at).filter(|at| self.tree.place(*at).state.states.is_empty()).collect();
            // What one brings who is consulted is not for the others who are.
            if let Some(task) = state.task.as_ref().filter(|_| state.consult.is_none()) {
                let role = task.role.as_ref().into_iter();
                role.for_each(|role| self.sees(shape, &leaves, role, task.edit.iter().chain(&task.attach)));
            }
            for way in &state.on {
                for role in &way.by {
                    self.sees(shape, &leaves, role, way.fill.iter().chain(&way.attach));
                }
            }
            for access in &state.access {
                self.writes(shape, &leaves, access);
            }
        }
        let leaves: Vec<usize> =
            (0..self.tree.len()).filter(|at| self.tree.place(*at).state.states.is_empty()).collect();
        for access in &self.definition.access {
            self.writes(shape, &leaves, access);
        }
        for field in &self.definition.fields {
            let by = field.correctable.iter().flat_map(|rule| &rule.by);
            by.for_each(|role| self.sees(shape, &leaves, role, [&field.name].into_iter()));
        }
    }

    fn writes(&self, shape: &Shape, leaves: &[usize], access: &model::Access) {
        if WORDS.contains(&access.who.as_str()) {
            return;
        }
        let named = [&access.edit, &access.attach, &access.comment].into_iter().flatten().flatten();
        self.sees(shape, leaves, &access.who, named);
    }

    fn sees<'n>(&self, shape: &Shape, leaves: &[usize], role: &Name, named: impl Iterator<Item = &'n Name>) {
        let name = RoleName::new(&role.value);
        for thing in named {
            let Some(state) = self.hidden(shape, leaves, &name, &thing.value) else { continue };
            self.report(fault!(UNSEEN.writes, &thing.span, role, thing, state));
        }
    }

    /// The first of these states in which a role does not see a thing.
    pub(super) fn hidden(&self, shape: &Shape, leaves: &[usize], role: &RoleName, thing: &str) -> Option<&str> {
        let others = RoleName::from(OTHERS);
        let place = leaves.iter().map(|at| self.tree.place(*at)).find(|place| {
            let state = crate::ids::StateId::new(&place.id);
            let named = shape.access(&state, role).map(|access| access.see.unwrap_or(See::All));
            let see = named.or_else(|| shape.access(&state, &others)?.see);
            matches!(see, Some(See::These(these)) if !these.contains(thing))
        });
        place.map(|place| place.id.as_str())
    }
}
