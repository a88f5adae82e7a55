//! What somebody does with a dossier besides answering it: pass a task on, lead a step, write a note, put something right.

use super::model::{Besides, Values, What, Which};
use super::reader::Reader;
use crate::diagnostic::{did_you_mean, fault, say};
use crate::ids::{EventName, VoteName};
use crate::machine::Machine;
use crate::source::{Span, Spanned};
use crate::yaml::fields::{Fields, Node};

/// Their keys in a step.
pub(super) const VERBS: &[&str] = &[
    "claims",
    "gives",
    "leads",
    "adds",
    "extends",
    "notes",
    "corrects",
    "withdraws",
    "reads",
    "hears",
    "objects",
    "settles",
];

impl Reader<'_> {
    pub(super) fn besides(
        &mut self,
        verb: &str,
        fields: &Fields<'_>,
        place: &Span,
        (dossier, machine): (Which, &Machine),
    ) -> Option<What> {
        let value = fields.get(verb)?;
        let what = match verb {
            "claims" if self.truth(value)?.value => Besides::Claim,
            "claims" => Besides::Release,
            "gives" => {
                let from = match fields.get("from") {
                    Some(node) => Some(self.text(node).and_then(|code| self.person(&code))?),
                    None => None,
                };
                Besides::Give { to: self.text(value).and_then(|code| self.person(&code))?, from }
            }
            "leads" => {
                let text = self.text(value)?;
                self.word(&text, &[("skip", true), ("redo", false)])
                    .map(|skip| if skip { Besides::Skip } else { Besides::Redo })?
            }
            "adds" => Besides::Add(self.text(value).and_then(|code| self.person(&code))?),
            "extends" => Besides::Extend(self.text(value).and_then(|text| self.date(&text))?),
            "notes" => self.note(value, fields, machine)?,
            "corrects" => {
                let papers = fields.get("papers").map_or_else(Vec::new, |node| self.papers(node, machine));
                Besides::Correct { fields: self.values(value, machine), papers }
            }
            "objects" => self.objection(value, fields, machine)?,
            "settles" => {
                let text = self.text(value)?;
                let accepted = self.word(&text, &[("accepted", true), ("rejected", false)])?;
                let number = fields.get("objection").and_then(|node| self.count(node));
                Besides::Settle { accepted, number }
            }
            "hears" => {
                let event = fields.get("event").and_then(|node| self.text(node));
                let known = |event: &Spanned<String>| {
                    let mut ways = machine.states.iter().flat_map(|state| &state.on);
                    ways.any(|way| way.event.as_ref().is_some_and(|one| one.as_str() == event.value))
                };
                let Some(event) = event.filter(known) else {
                    self.report(fault!(SCENARIO_EVENT.heard, &value.span, workflow = machine.workflow.as_str()));
                    return None;
                };
                Besides::Hear {
                    of: self.text(value).and_then(|code| self.person(&code))?,
                    event: EventName::new(&event.value),
                    fields: fields.get("fields").map_or_else(Values::new, |node| self.values(node, machine)),
                    papers: fields.get("papers").map_or_else(Vec::new, |node| self.papers(node, machine)),
                }
            }
            "withdraws" => Besides::Withdraw(self.result(value, machine)?),
            "reads" => {
                let read = self.truth(value)?;
                if !read.value {
                    self.report(fault!(WRONG_TYPE.only_true, &read.span));
                    return None;
                }
                Besides::Read
            }
            _ => return None,
        };
        let by = self.one(fields, place)?;
        let reason = fields.get("reason").and_then(|node| self.text(node)).map(|reason| reason.value);
        Some(What::Besides { by, dossier, what, reason })
    }

    /// What somebody from outside says, or `{who: .., what: .., day: ..}` of what came on paper.
    fn objection(&mut self, value: &Spanned<Node>, fields: &Fields<'_>, machine: &Machine) -> Option<Besides> {
        let papers = fields.get("papers").map_or_else(Vec::new, |node| self.papers(node, machine));
        if matches!(value.value, Node::Text(_)) {
            return Some(Besides::Object { text: self.text(value)?.value, papers });
        }
        let said = self.fields(value, &["who", "what", "day"]);
        let mut text = |key: &str| said.get(key).and_then(|node| self.text(node)).map(|said| said.value);
        let (who, text) = (text("who").unwrap_or_default(), text("what").unwrap_or_default());
        let day = said.get("day").and_then(|node| self.text(node)).and_then(|text| self.date(&text))?;
        Some(Besides::ObjectOnPaper { who, text, day, papers })
    }

    /// `{THREAD: what is written}`, one thread.
    fn note(&mut self, value: &Spanned<Node>, fields: &Fields<'_>, machine: &Machine) -> Option<Besides> {
        let [(thread, text)] = self.named(value) else {
            if matches!(value.value, Node::Map(_)) {
                self.report(fault!(WRONG_TYPE.one_thread, &value.span));
            }
            return None;
        };
        if !machine.notes.contains_key(thread.as_str()) {
            let help = did_you_mean(&thread.value, machine.notes.keys().map(String::as_str), say!(near.none));
            let workflow = machine.workflow.as_str();
            self.report(fault!(SCENARIO_NAME.thread, &thread.span, workflow, name = thread).help(help));
            return None;
        }
        // What is written in a thread are papers of its kind.
        let papers = fields.get("papers").map_or_else(Vec::new, |node| self.texts(node));
        let papers = papers.into_iter().map(|name| name.value).collect();
        Some(Besides::Note { thread: thread.value.clone(), text: self.text(text)?.value, papers })
    }

    /// A vote of the workflow.
    fn result(&mut self, value: &Spanned<Node>, machine: &Machine) -> Option<VoteName> {
        let name = self.text(value)?;
        let vote = VoteName::new(name.as_str());
        if !machine.votes.contains_key(&vote) {
            let help = did_you_mean(&name.value, machine.votes.keys().map(VoteName::as_str), say!(near.none));
            let workflow = machine.workflow.as_str();
            self.report(fault!(SCENARIO_NAME.vote, &name.span, workflow, name).help(help));
            return None;
        }
        Some(vote)
    }
}
