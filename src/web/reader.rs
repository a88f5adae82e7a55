//! How one reader sees one dossier's things: names for ids, words for values and instants, all in their language.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::say::Texts;
use super::view::meeting;
use crate::calendar::Calendar;
use crate::directory::{Directory, Person};
use crate::dossier::context::Context;
use crate::dossier::sight::Sight;
use crate::dossier::taken::Taken;
use crate::dossier::{Dossier, Purpose, decide};
use crate::ids::{BodyCode, Citation, FieldName, Instant, Language, PersonId, RoleName, StateId, Text, UnitCode};
use crate::machine::{Field, FieldKind, Fraction, Machine};
use crate::store::pages::TaskPage;
use crate::templates::Voice;
use crate::words::Words;

/// The reader's language, and the world as it stands while the page is made.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) texts: &'static Texts,
    pub(super) words: &'static Words,
    pub(super) language: Language,
    pub(super) directory: Arc<Directory>,
    pub(super) machine: Arc<Machine>,
    pub(super) calendar: Arc<Calendar>,
    pub(super) now: Instant,
    /// They do not see everything, and are told of states by their public titles.
    pub(super) outside: bool,
}

impl Reader {
    pub(super) fn get(&self, key: &'static str) -> String {
        self.texts.get(key).to_owned()
    }

    pub(super) fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.in_language(&self.language)
    }

    /// The legal text behind a rule.
    pub(super) fn citation(&self, basis: Option<&Citation>) -> Option<String> {
        basis.map(|basis| basis.in_language(&self.language).to_owned())
    }

    pub(super) fn person(&self, id: &PersonId) -> Option<&Person> {
        self.directory.person(id)
    }

    pub(super) fn name(&self, id: &PersonId) -> String {
        self.person(id).map_or_else(|| self.get("did.unknown"), |person| person.name.clone())
    }

    /// A person's name, with how the directory addresses them in front of it.
    pub(super) fn addressed(&self, id: &PersonId) -> String {
        let address = self.person(id).and_then(|person| person.address.clone());
        let said = address.filter(|address| self.texts.code() == "vi" && !address.is_empty());
        said.map_or_else(|| self.name(id), |address| format!("{address} {}", self.name(id)))
    }

    /// How a sentence calls this reader: as the directory says it, else politely.
    pub(super) fn you(&self, id: &PersonId) -> String {
        let address = self.person(id).and_then(|person| person.address.clone());
        match (self.texts.code(), address) {
            ("vi", Some(address)) => address,
            // Nobody's comrade: somebody whom only the dossier knows.
            _ if self.directory.outside.contains_key(id) => self.get("head.you_outside"),
            _ => self.get("head.you"),
        }
    }

    pub(super) fn unit(&self, code: &str) -> String {
        self.directory.units.get(&UnitCode::from(code)).map_or_else(|| code.to_owned(), |unit| unit.name.clone())
    }

    pub(super) fn body(&self, code: &BodyCode) -> String {
        self.directory.bodies.get(code).map_or_else(|| code.to_string(), |body| body.name.clone())
    }

    pub(super) fn role(&self, role: &RoleName) -> String {
        self.machine.roles.get(role).map(|role| self.text(&role.label).to_owned()).unwrap_or_default()
    }

    pub(super) fn state(&self, id: &StateId) -> String {
        let own = self.machine.state(id).map(|state| &state.title);
        let title = if self.outside { self.machine.public_title(id) } else { own };
        title.map(|title| self.text(title).to_owned()).unwrap_or_default()
    }

    /// What a person may see of a dossier of this reader's workflow.
    pub(super) fn sight(&self, dossier: &Dossier, person: &PersonId) -> Sight {
        self.with_context(|context| decide::sight(&self.machine, dossier, person, self.now, context))
    }

    /// Whether whoever is asked this follows the meeting in which it is asked: as its chair, or because they keep its record.
    pub(super) fn follows_meeting(&self, dossier: &Dossier, task: &TaskPage) -> bool {
        if task.purpose == Purpose::Object || !meeting::is_held(&self.machine) {
            return false;
        }
        let roles = |context: &Context<'_>| decide::roles(&self.machine, dossier, &task.person, self.now, context);
        let keepers = meeting::keepers(&self.machine);
        meeting::chairs(dossier, &task.person) || self.with_context(roles).iter().any(|role| keepers.contains(&role))
    }

    /// Whether a person may know of a dossier of this reader's workflow, and what it is called.
    pub(super) fn may_name(&self, dossier: &Dossier, person: &PersonId) -> bool {
        self.with_context(|context| decide::may_name(&self.machine, dossier, person, self.now, context))
    }

    /// Whether a person may give the numbers that are asked for in a dossier.
    pub(super) fn gives_numbers(&self, dossier: &Dossier, person: &PersonId) -> bool {
        self.with_context(|context| decide::gives_numbers(&self.machine, dossier, person, self.now, context))
    }

    /// Asks with what is known without a register, an open box or a number taken: none of them says who sees what.
    fn with_context<T>(&self, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        ask(&Context {
            directory: &self.directory,
            calendar: &self.calendar,
            register: &[],
            boxes: &BTreeMap::new(),
            taken: Taken::NOTHING,
        })
    }

    pub(super) fn moment(&self, at: Instant) -> String {
        self.words.moment_long(at, self.calendar.zone())
    }

    pub(super) fn paper_kind(&self, kind: &str) -> String {
        if let Some(label) = self.machine.papers.get(kind).filter(|label| !label.is_empty()) {
            return self.text(label).to_owned();
        }
        if let Some(label) = self.machine.notes.get(kind) {
            return self.text(label).to_owned();
        }
        let field = self.machine.field(&FieldName::from(kind));
        field.map_or_else(|| kind.to_owned(), |field| self.text(&field.label).to_owned())
    }

    /// `2/3` as it was written; whole percents as percents.
    pub(super) fn share(share: Fraction) -> String {
        if share.den != 0 && (share.num * 100).is_multiple_of(share.den) && share.den != 2 && share.den != 3 {
            format!("{}%", share.num * 100 / share.den)
        } else {
            format!("{}/{}", share.num, share.den)
        }
    }

    /// What officers call a field, or a place in its table (`lines.2.price`: row and column).
    pub(super) fn field_path(&self, path: &str) -> String {
        let mut parts = path.split('.');
        let name = parts.next().unwrap_or_default();
        let Some(field) = self.machine.field(&FieldName::from(name)) else { return path.to_owned() };
        let mut said = self.text(&field.label).to_owned();
        if let Some(row) = parts.next() {
            said = format!("{said}, {}", self.texts.fill("part.row_n", &[("n", row)]));
        }
        if let (FieldKind::Rows { columns, .. }, Some(column)) = (&field.kind, parts.next())
            && let Some(column) = columns.iter().find(|one| one.name.as_str() == column)
        {
            said = format!("{said}, {}", self.text(&column.label));
        }
        said
    }

    /// A value as people say it; empty where there is none.
    pub(super) fn value(&self, field: &Field, value: &Value, dossier: &Dossier) -> String {
        self.voice("\n").value(field, value, dossier)
    }

    /// How values are said to this reader; `between` stands between lines.
    pub(super) fn voice<'a>(&'a self, between: &'a str) -> Voice<'a> {
        let (machine, directory, language) = (&*self.machine, &*self.directory, &self.language);
        Voice {
            machine,
            directory,
            language,
            words: self.words,
            date: Words::date_long,
            unknown: self.texts.get("did.unknown"),
            between,
        }
    }

    /// What a table calls one of its rows.
    pub(super) fn choice(&self, table: &str, key: &str) -> String {
        self.machine.row_title(table, key, &self.language)
    }
}
