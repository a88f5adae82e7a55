//! Dossiers that open others: the children, what is told between related dossiers, and waiting for children.

use std::collections::BTreeMap;

use super::Check;
use super::names::Kind;
use crate::definition::children::{self as written, Until as WrittenUntil};
use crate::definition::model::{Name, Transition as Written};
use crate::diagnostic::{fault, say};
use crate::expr::{self, Names, OF_CHILD};
use crate::ids::{EventName, WorkflowName};
use crate::machine::{
    Awaits, CHILDREN_MAX, COMPLETE, Children, FieldKind, PARENT, RESULT_CHANGED, Related, Sending, Shape, Until,
};

/// What a formula of children calls the element for which one is opened.
const EACH: &str = "each";

impl Check<'_> {
    /// The children of a workflow, by name.
    pub(super) fn children(&self) -> BTreeMap<String, Children> {
        self.definition.children.iter().map(|one| (one.name.value.clone(), self.children_of(one))).collect()
    }

    fn children_of(&self, written: &written::Children) -> Children {
        for field in written.takes.iter().filter(|field| OF_CHILD.contains(&field.name.as_str())) {
            self.report(fault!(NAME_CLASH.of_child, &field.name.span, name = field.name));
        }
        let text = |name: &Option<Name>| name.as_ref().map(|name| name.value.clone());
        let with = |(name, value): &(Name, Option<Name>)| (name.as_str().into(), text(value).unwrap_or_default());
        Children {
            label: written.label.clone(),
            workflow: WorkflowName::new(written.workflow.as_ref().map_or("", Name::as_str)),
            each: text(&written.each),
            max: self.most_children(written),
            caption: text(&written.caption),
            with: written.with.iter().map(with).collect(),
            takes: written.takes.iter().map(|field| self.field(field)).collect(),
            results: written.results.iter().map(|(word, label)| (word.value.clone(), label.clone())).collect(),
        }
    }

    /// How many children there are at most.
    fn most_children(&self, written: &written::Children) -> Option<u32> {
        let max = written.max.as_ref()?;
        if written.each.is_none() {
            self.report(fault!(KEYS_TOGETHER.belongs, &max.span, key = "max", owner = "each"));
        }
        let most = u32::try_from(max.value).ok().filter(|most| (1..=CHILDREN_MAX).contains(most));
        if most.is_none() {
            self.report(fault!(LIMIT.max, &max.span, ceiling = CHILDREN_MAX));
        }
        most
    }

    /// The formulas of children, once everything that they may name is known.
    pub(super) fn formulas_of_children(&self, names: &Names) {
        for one in &self.definition.children {
            let mut names = names.clone();
            if let Some(each) = &one.each {
                let Some(element) = self.element(each, &names) else { continue };
                names = names.with(EACH, element);
            }
            for formula in one.caption.iter().chain(one.with.iter().filter_map(|(_, formula)| formula.as_ref())) {
                self.formula_in(formula, &names);
            }
            self.named(one, &names);
        }
    }

    /// Of what kind the elements are for which children are opened.
    fn element(&self, each: &Name, names: &Names) -> Option<expr::Kind> {
        if !self.formula_in(each, names) {
            return None;
        }
        let element = expr::element_of(&each.value, names);
        if let (None, Some(other)) = (&element, expr::kind_of(&each.value, names)) {
            self.report(fault!(FIELD_TYPE.each, &each.span, found = other.words()));
        }
        element
    }

    /// Children for rows have names of their own; units and people have theirs.
    fn named(&self, one: &written::Children, names: &Names) {
        let has_name = |kind: &expr::Kind| match kind {
            expr::Kind::Map(parts) => parts.contains_key("name") && parts.contains_key("code"),
            _ => false,
        };
        let named = one.each.is_none() || names.kind(EACH).is_some_and(has_name);
        if one.caption.is_none() && !named {
            self.report(fault!(MISSING_KEY.caption_of_children, &one.name.span, name = one.name));
        }
    }

    /// A state that waits for children.
    pub(super) fn awaits(&self, written: &written::Awaits) -> Awaits {
        let children = written.children.as_ref().map_or_else(String::new, |name| self.refer(Kind::Children, name));
        let until = match written.until.as_ref().map(|until| until.value) {
            None | Some(WrittenUntil::All) => Until::All,
            Some(WrittenUntil::Any) => Until::Any,
            Some(WrittenUntil::Count(count)) => Until::Count(u32::try_from(count).unwrap_or_default()),
        };
        Awaits { children, until }
    }

    /// Children that are opened, by their names.
    pub(super) fn opened(&self, names: &[Name]) -> Vec<String> {
        self.refer_all(Kind::Children, names)
    }

    /// What related dossiers are told.
    pub(super) fn sendings(&self, written: &[written::Send]) -> Vec<Sending> {
        written.iter().map(|send| self.sending(send)).collect()
    }

    fn sending(&self, written: &written::Send) -> Sending {
        let to = match &written.to {
            Some(name) if name.value == PARENT => {
                self.has_parent(name);
                Related::Parent
            }
            Some(name) => Related::Children(self.refer(Kind::Children, name)),
            None => Related::Parent,
        };
        let with = written.with.iter().map(|(field, formula)| (field.as_str().into(), self.formula(formula.as_ref())));
        let event = EventName::new(written.event.as_ref().map_or("", Name::as_str));
        Sending { to, event, with: with.collect() }
    }

    /// The result that a parent is told.
    pub(super) fn result(&self, written: &Name) -> String {
        self.has_parent(written);
        written.value.clone()
    }

    fn has_parent(&self, place: &Name) {
        if self.definition.parent.is_empty() {
            self.report(fault!(UNRELATED.no_parent, &place.span));
        }
    }

    /// Whose dossiers may raise an event: only related ones can.
    pub(super) fn from(&self, written: &Written) -> Vec<WorkflowName> {
        let Some(span) = written.keys.get("from") else { return Vec::new() };
        if written.event.is_none() {
            self.report(fault!(KEYS_TOGETHER.from_nobody, span));
        } else if let Some(by) = written.keys.get("by") {
            self.report(fault!(KEYS_TOGETHER.from_and_by, span).beside(by));
        }
        let children = self.definition.children.iter().filter_map(|one| one.workflow.as_ref());
        let known: Vec<&str> = self.definition.parent.iter().chain(children).map(Name::as_str).collect();
        for name in written.from.iter().filter(|name| !known.contains(&name.as_str())) {
            let fault = fault!(UNRELATED.from, &name.span, name);
            self.report(match crate::diagnostic::nearest(&name.value, known.iter().copied()) {
                Some(near) => fault.help(say!(near.meant, near)),
                None => fault,
            });
        }
        written.from.iter().map(|name| WorkflowName::new(&name.value)).collect()
    }

    /// What waits for children is told that they are back, and some are opened.
    pub(super) fn waiting_for_children(&self, shape: &Shape) {
        let opened = |name: &str| {
            shape.states.iter().any(|state| state.reaches().any(|reach| reach.open.iter().any(|one| one == name)))
        };
        for (at, place) in self.tree.places().iter().enumerate() {
            let Some(awaits) = &place.state.awaits else { continue };
            let Some(name) = &awaits.children else { continue };
            let Some(rule) = shape.children.get(&name.value) else { continue };
            if !opened(&name.value) {
                self.report(fault!(NEVER_DONE.not_opened, &name.span, name));
            }
            self.enough(awaits, rule, shape);
            if !rule.is_one() && !self.is_handled(at, COMPLETE) {
                self.report(fault!(UNHANDLED.complete, &name.span, event = COMPLETE, state = place.id, name));
            }
        }
    }

    /// So many can come back.
    fn enough(&self, awaits: &written::Awaits, rule: &Children, shape: &Shape) {
        let Some(until) = &awaits.until else { return };
        let WrittenUntil::Count(count) = until.value else { return };
        let table = |name: &str| match shape.fields.iter().find(|field| field.name.as_str() == name)?.kind {
            FieldKind::Rows { max, .. } => Some(i64::from(max)),
            _ => None,
        };
        let most = rule.each.as_ref().map_or(Some(1), |each| rule.max.map(i64::from).or_else(|| table(each.trim())));
        if count < 1 || most.is_some_and(|most| count > most) {
            let most = most.unwrap_or(i64::from(CHILDREN_MAX));
            self.report(fault!(NEVER_DONE.too_many, &until.span, count, most));
        }
    }

    /// An event that comes from related dossiers, or from waiting for them.
    pub(super) fn is_of_related(&self, at: usize, transition: &Written) -> bool {
        let Some(event) = &transition.event else { return false };
        let awaits = |inner: usize| self.tree.place(inner).state.awaits.as_ref()?.children.as_ref();
        let one = |name: &Name| {
            let mut children = self.definition.children.iter();
            children.find(|one| one.name.value == name.value).is_some_and(|one| one.each.is_none())
        };
        let told = |inner: usize| awaits(inner).is_some_and(|name| one(name) || event.value == COMPLETE);
        !transition.from.is_empty()
            || (event.value == RESULT_CHANGED && !self.definition.children.is_empty())
            || self.tree.inside(at).any(told)
    }
}
