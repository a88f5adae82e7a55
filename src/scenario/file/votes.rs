//! How members vote and what is counted on paper: by name, by number, for all rows or for each.

use super::model::{Ballots, Counts, PerRow, Tally};
use super::reader::Reader;
use super::steps::Names;
use crate::diagnostic::fault;
use crate::dossier::Choice;
use crate::ids::PersonId;
use crate::source::{Span, Spanned};
use crate::yaml::fields::{Fields, Node};

const CHOICES: &[(&str, Choice)] = &[("yes", Choice::Yes), ("no", Choice::No), ("abstain", Choice::Abstain)];
const COUNTS: &[&str] = &["yes", "no", "abstain"];
const TALLY: &[&str] = &["issued", "returned", "invalid", "yes", "no"];

impl<'w> Reader<'w> {
    pub(super) fn votes(
        &mut self,
        value: &Spanned<Node>,
        fields: &Fields<'_>,
        place: &Span,
        names: &Names<'w>,
    ) -> Option<Ballots> {
        let Some(by) = fields.get("by") else {
            let by_name = matches!(&value.value, Node::Map(_)) && Self::names_people(value);
            if by_name {
                return Some(Ballots::People(self.sides(value)));
            }
            if matches!(&value.value, Node::Text(_)) {
                self.report(fault!(MISSING_KEY.who_votes, place));
                return None;
            }
            let counts = self.per_row(value, COUNTS, names, &|reader, node| reader.counts(node));
            return Some(Ballots::Counts(counts));
        };
        let people = self.people(by);
        let choice = |reader: &mut Self, node: &Spanned<Node>| {
            let text = reader.text(node)?;
            reader.word(&text, CHOICES)
        };
        let choices = if matches!(&value.value, Node::Text(_)) {
            PerRow::All(choice(self, value)?)
        } else {
            let mut rows = Vec::new();
            for (name, node) in self.named(value) {
                self.known_row(name, names);
                rows.extend(choice(self, node).map(|choice| (name.clone(), choice)));
            }
            PerRow::Rows(rows)
        };
        let sheet = |choices: &PerRow<Choice>| match choices {
            PerRow::All(choice) => PerRow::All(*choice),
            PerRow::Rows(rows) => PerRow::Rows(rows.clone()),
        };
        Some(Ballots::People(people.into_iter().map(|person| (person, sheet(&choices))).collect()))
    }

    /// `{yes: [A, B], no: [C]}`, not numbers.
    fn names_people(value: &Spanned<Node>) -> bool {
        let Node::Map(entries) = &value.value else { return false };
        let number = |node: &Node| matches!(node, Node::Text(text) if text.parse::<usize>().is_ok());
        let side = |key: &str| COUNTS.contains(&key);
        entries.iter().all(|(key, node)| side(&key.value) && !number(&node.value)) && !entries.is_empty()
    }

    fn sides(&mut self, value: &Spanned<Node>) -> Vec<(PersonId, PerRow<Choice>)> {
        let mut ballots = Vec::new();
        for (side, people) in self.named(value) {
            let Some(choice) = self.word(side, CHOICES) else { continue };
            ballots.extend(self.people(people).into_iter().map(|person| (person, PerRow::All(choice))));
        }
        ballots
    }

    /// The same for all rows, or for each row by its name.
    pub(super) fn per_row<T: Default>(
        &mut self,
        value: &Spanned<Node>,
        words: &[&str],
        names: &Names<'w>,
        read: &dyn Fn(&mut Self, &Spanned<Node>) -> T,
    ) -> PerRow<T> {
        let Node::Map(entries) = &value.value else {
            self.report(fault!(WRONG_TYPE.want_mapping, &value.span));
            return PerRow::All(T::default());
        };
        if entries.iter().any(|(key, _)| words.contains(&key.value.as_str())) {
            return PerRow::All(read(self, value));
        }
        let mut rows = Vec::new();
        for (name, node) in self.named(value) {
            self.known_row(name, names);
            rows.push((name.clone(), read(self, node)));
        }
        PerRow::Rows(rows)
    }

    fn counts(&mut self, node: &Spanned<Node>) -> Counts {
        let fields = self.fields(node, COUNTS);
        let mut count = |key: &str| fields.get(key).and_then(|node| self.count(node)).unwrap_or_default() as usize;
        Counts { yes: count("yes"), no: count("no"), abstain: count("abstain") }
    }

    pub(super) fn tallies(&mut self, value: &Spanned<Node>, names: &Names<'w>) -> PerRow<Tally> {
        self.per_row(value, TALLY, names, &|reader, node| reader.tally(node))
    }

    fn tally(&mut self, node: &Spanned<Node>) -> Tally {
        let fields = self.fields(node, TALLY);
        let mut count = |key: &str| fields.get(key).and_then(|node| self.count(node));
        Tally {
            issued: count("issued"),
            returned: count("returned"),
            invalid: count("invalid").unwrap_or_default(),
            yes: count("yes").unwrap_or_default(),
            no: count("no").unwrap_or_default(),
        }
    }
}
