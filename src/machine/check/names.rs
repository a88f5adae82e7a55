//! Names: how they may look, that none means two things, and that what is referred to exists.

use std::collections::BTreeMap;

use super::Check;
use crate::definition::model::{Field, Name, State};
use crate::diagnostic::{Diagnostic, Words, did_you_mean, fault, say};
use crate::source::Span;

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Field,
    RowField,
    Table,
    Paper,
    Role,
    Guard,
    Vote,
    Register,
    Number,
    Note,
    Decision,
    Children,
    Mail,
    Comparison,
}

impl Kind {
    /// What it is, in words.
    fn words(self) -> Words {
        match self {
            Self::Field => say!(kind.field),
            Self::RowField => say!(kind.row_field),
            Self::Table => say!(kind.table),
            Self::Paper => say!(kind.paper),
            Self::Role => say!(kind.role),
            Self::Guard => say!(kind.guard),
            Self::Vote => say!(kind.vote),
            Self::Register => say!(kind.register),
            Self::Number => say!(kind.number),
            Self::Note => say!(kind.note),
            Self::Decision => say!(kind.decision),
            Self::Children => say!(kind.children),
            Self::Mail => say!(kind.mail),
            Self::Comparison => say!(kind.comparison),
        }
    }

    /// There is no such thing.
    fn unknown(self, name: &Name) -> Diagnostic {
        match self {
            Self::Field => fault!(UNKNOWN_FIELD.unknown, &name.span, name),
            Self::RowField => fault!(UNKNOWN_FIELD.unknown_in_row, &name.span, name),
            Self::Table => fault!(UNKNOWN_TABLE.unknown, &name.span, name),
            Self::Paper => fault!(UNKNOWN_PAPER.unknown, &name.span, name),
            Self::Role => fault!(UNKNOWN_ROLE.unknown, &name.span, name),
            Self::Guard => fault!(UNKNOWN_GUARD.unknown, &name.span, name),
            Self::Vote => fault!(UNKNOWN_VOTE.unknown, &name.span, name),
            Self::Register => fault!(UNKNOWN_REGISTER.unknown, &name.span, name),
            Self::Number => fault!(UNKNOWN_NUMBER.unknown, &name.span, name),
            Self::Note => fault!(UNKNOWN_NOTE.unknown, &name.span, name),
            Self::Decision => fault!(UNKNOWN_DECISION.unknown, &name.span, name),
            Self::Children => fault!(UNKNOWN_CHILDREN.unknown, &name.span, name),
            Self::Mail => fault!(UNKNOWN_MAIL.unknown, &name.span, name),
            Self::Comparison => fault!(COMPARISON.unknown, &name.span, name),
        }
    }
}

/// Every kind of name that a workflow declares.
const ALL: [Kind; 14] = [
    Kind::Field,
    Kind::RowField,
    Kind::Table,
    Kind::Paper,
    Kind::Role,
    Kind::Guard,
    Kind::Vote,
    Kind::Register,
    Kind::Number,
    Kind::Note,
    Kind::Decision,
    Kind::Children,
    Kind::Mail,
    Kind::Comparison,
];

/// Words that formulas keep for themselves.
const RESERVED: &[&str] = &[
    "in",
    "true",
    "false",
    "null",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "papers",
    "rows",
    "each",
    "now",
    "today",
    "round_no",
];

impl Check<'_> {
    /// The names of this kind, as declared.
    pub(super) fn names(&self, kind: Kind) -> Vec<&Name> {
        let written = self.definition;
        match kind {
            Kind::Field => written.fields.iter().map(|field| &field.name).collect(),
            Kind::RowField => written.row.iter().map(|field| &field.name).collect(),
            Kind::Table => written.tables.iter().map(|table| &table.name).collect(),
            Kind::Paper => written.papers.iter().map(|(name, _)| name).collect(),
            Kind::Role => written.roles.iter().map(|role| &role.name).collect(),
            Kind::Guard => {
                let given = written.decisions.iter().flat_map(|table| &table.guards);
                written.guards.iter().map(|guard| &guard.name).chain(given).collect()
            }
            Kind::Decision => written.decisions.iter().map(|table| &table.name).collect(),
            Kind::Vote => written.votes.iter().map(|vote| &vote.name).collect(),
            Kind::Register => written.registers.iter().map(|book| &book.name).collect(),
            Kind::Number => written.numbers.iter().map(|numbering| &numbering.name).collect(),
            Kind::Note => written.notes.iter().map(|(name, _)| name).collect(),
            Kind::Children => written.children.iter().map(|one| &one.name).collect(),
            Kind::Mail => written.mails.iter().map(|mail| &mail.name).collect(),
            Kind::Comparison => written.comparisons.iter().map(|one| &one.name).collect(),
        }
    }

    /// The name itself, once it is known that there is such a thing.
    pub(super) fn refer(&self, kind: Kind, name: &Name) -> String {
        self.used.borrow_mut().insert((kind, name.value.clone()));
        let known = self.names(kind);
        if !known.iter().any(|declared| declared.value == name.value) {
            self.report(kind.unknown(name).help(help_for(kind, name, &known)));
        }
        name.value.clone()
    }

    /// The same for several names, as the type that the machine wants.
    pub(super) fn refer_all<T: From<String>>(&self, kind: Kind, names: &[Name]) -> Vec<T> {
        names.iter().map(|name| self.refer(kind, name).into()).collect()
    }

    /// The declared field of a name, without a word if there is none.
    pub(super) fn find_field(&self, kind: Kind, name: &str) -> Option<&Field> {
        let fields = if kind == Kind::RowField { &self.definition.row } else { &self.definition.fields };
        fields.iter().find(|field| field.name.value == name)
    }

    /// Every declared name looks like a name, and none in formulas means two things.
    pub(super) fn declared_names(&self) {
        for kind in ALL {
            for name in self.names(kind) {
                self.identifier(name);
            }
        }
        self.column_names();
        self.papers_and_files();
        self.definition.workflow.iter().for_each(|name| self.identifier(name));
        self.state_names(&self.definition.states);
        let mut in_formulas: BTreeMap<&str, (Kind, &Span)> = BTreeMap::new();
        for kind in [Kind::Field, Kind::Table, Kind::Children, Kind::Decision, Kind::RowField] {
            for name in self.names(kind) {
                self.means_one_thing(kind, name, &mut in_formulas);
            }
        }
    }

    fn means_one_thing<'n>(&self, kind: Kind, name: &'n Name, taken: &mut BTreeMap<&'n str, (Kind, &'n Span)>) {
        if RESERVED.contains(&name.as_str()) {
            return self.report(fault!(NAME_CLASH.reserved, &name.span, name));
        }
        match taken.get(name.as_str()) {
            // A row's field hides the list's field of the same name where one row is looked at; that is meant.
            Some((Kind::Field, _)) if kind == Kind::RowField => {}
            Some((other, span)) => {
                let (one, two) = (other.words(), kind.words());
                self.report(fault!(NAME_CLASH.twice, &name.span, name, one, two).beside(*span));
            }
            None => {
                taken.insert(name.as_str(), (kind, &name.span));
            }
        }
    }

    /// The file of a field is a paper whose kind is the field's name, so that no other kind may be called so.
    fn papers_and_files(&self) {
        for (paper, _) in &self.definition.papers {
            let is_file = |field: &&Field| field.kind.as_ref().is_some_and(|kind| kind.value == "file");
            let field = self.definition.fields.iter().filter(is_file).find(|field| field.name.value == paper.value);
            if let Some(field) = field {
                self.report(fault!(NAME_CLASH.file, &paper.span, name = paper).beside(&field.name.span));
            }
        }
    }

    fn state_names(&self, states: &[State]) {
        for state in states {
            self.identifier(&state.name);
            for event in state.on.iter().filter_map(|transition| transition.event.as_ref()) {
                self.identifier(event);
            }
            self.state_names(&state.states);
        }
    }

    pub(super) fn identifier(&self, name: &Name) {
        let mut chars = name.value.chars();
        let first = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_');
        if first && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            return;
        }
        self.report(fault!(BAD_NAME.name, &name.span, name));
    }
}

fn help_for(kind: Kind, name: &Name, known: &[&Name]) -> Words {
    if kind == Kind::Guard && name.value.starts_with("not ") {
        return say!(near.opposite);
    }
    let none = say!(near.none_declared, kind = kind.words());
    did_you_mean(&name.value, known.iter().map(|name| name.as_str()), none)
}
