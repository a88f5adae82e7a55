//! Who sees what: roles, fields and papers that exist; the public sees only what is named; nobody is asked to fill in what
//! they may not see.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Diagnostic, code, did_you_mean};
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
        }
    }

    /// Whoever is nobody in particular can be shown something, and can do nothing.
    fn only_sees(&self, written: &model::Access) {
        for (key, span) in written.keys.iter().filter(|(key, _)| key.as_str() != "see") {
            let message = format!("`{key}` for `{}`", written.who.value);
            let fault = Diagnostic::error(code::KEYS_TOGETHER, message, span.clone(), "who would it be?");
            self.report(fault.help("only a role can do something; others and the public only see"));
        }
    }

    fn see(&self, who: &Name, names: &[Name]) -> See {
        if let [one] = names
            && one.value == "all"
        {
            if who.value == PUBLIC {
                let message = "the public would see everything";
                let fault = Diagnostic::error(code::KEYS_TOGETHER, message, one.span.clone(), "everything, to anybody");
                self.report(fault.help("name what the public sees: `see: [title, unit]`"));
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

    /// A field, a field of rows, a kind of paper, the history or the grounds.
    fn thing(&self, name: &Name) -> String {
        let kinds = [Kind::Field, Kind::RowField, Kind::Paper];
        let known = || kinds.into_iter().flat_map(|kind| self.names(kind)).map(Name::as_str).chain([HISTORY, GROUNDS]);
        if !known().any(|known| known == name.value) {
            let message = format!("no field and no kind of paper `{}`", name.value);
            let fault = Diagnostic::error(code::UNKNOWN_FIELD, message, name.span.clone(), "nothing to see");
            self.report(fault.help(did_you_mean(
                &name.value,
                known(),
                "name a field, a kind of paper, `history` or `grounds`",
            )));
        }
        name.value.clone()
    }

    /// The words that stand for roles are no names of roles.
    pub(super) fn role_words(&self) {
        for role in self.names(Kind::Role) {
            if WORDS.contains(&role.as_str()) {
                let message = format!("`{}` has a meaning of its own where it is said who sees what", role.value);
                let fault = Diagnostic::error(code::NAME_CLASH, message, role.span.clone(), "cannot be a role");
                self.report(fault.help("choose another name; what officers read is the label"));
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
            if let Some(task) = &state.task {
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
        let named = access.edit.iter().flatten().chain(access.attach.iter().flatten());
        self.sees(shape, leaves, &access.who, named);
    }

    fn sees<'n>(&self, shape: &Shape, leaves: &[usize], role: &Name, named: impl Iterator<Item = &'n Name>) {
        let (name, others) = (RoleName::new(&role.value), RoleName::from(OTHERS));
        let hides = |thing: &str| {
            leaves.iter().map(|at| self.tree.place(*at)).find(|place| {
                let state = crate::ids::StateId::new(&place.id);
                let named = shape.access(&state, &name).map(|access| access.see.unwrap_or(See::All));
                let see = named.or_else(|| shape.access(&state, &others)?.see);
                matches!(see, Some(See::These(these)) if !these.contains(thing))
            })
        };
        for thing in named {
            let Some(place) = hides(&thing.value) else { continue };
            let message =
                format!("`{}` is asked for `{}` and does not see it in `{}`", role.value, thing.value, place.id);
            let fault = Diagnostic::error(code::UNSEEN, message, thing.span.clone(), "hidden from whoever writes it");
            self.report(fault.help(format!("add `{}` to what `{}` sees there", thing.value, role.value)));
        }
    }
}
