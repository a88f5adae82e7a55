//! From files to a directory. Everything that is wrong is reported in one go, with its place; with an error there is no
//! directory.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::records::{ASSISTANTS, BINDINGS, BODIES, PEOPLE, POSTS, Record, Records, SEATS, SUBSTITUTES, Sheet, UNITS};
use super::{Assistant, Binding, Body, BodySeat, Dated, Directory, Person, Post, Substitute, Unit};
use crate::diagnostic::{Diagnostic, Words, fault, nearest, say};
use crate::ids::{BodyCode, PersonId, UnitCode};
use crate::source::{SourceFile, Span, Spanned};

/// Reads a directory from its files (`units.csv`, `people.csv`, `posts.csv`, `bodies.csv`, `seats.csv`, `bindings.csv`,
/// `substitutes.csv`, `assistants.csv`, or `directory.yaml`), asked for by those names. `ids` gives the id of a person by code: the one they have, or a fresh random
/// one; it is asked once for each person.
pub fn read(
    files: &dyn Fn(&str) -> Option<SourceFile>,
    ids: &dyn Fn(&str) -> PersonId,
) -> (Option<Directory>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let records = Records::read(files, &mut faults);
    let mut building =
        Building { directory: Directory::default(), people: BTreeMap::new(), broken: &records.broken, faults };
    building.units(records.of(&UNITS));
    building.people(records.of(&PEOPLE), ids);
    building.posts(records.of(&POSTS));
    building.bodies(records.of(&BODIES));
    building.seats(records.of(&SEATS));
    building.bindings(records.of(&BINDINGS));
    building.substitutes(records.of(&SUBSTITUTES));
    building.assistants(records.of(&ASSISTANTS));
    let Building { directory, faults, .. } = building;
    let refused = faults.iter().any(Diagnostic::is_error);
    ((!refused).then_some(directory), faults)
}

struct Building<'r> {
    directory: Directory,
    /// Ids by code.
    people: BTreeMap<String, PersonId>,
    /// Sheets that could not be read.
    broken: &'r BTreeSet<&'static str>,
    faults: Vec<Diagnostic>,
}

impl Building<'_> {
    fn units(&mut self, records: &[Record]) {
        self.unique(records, &UNITS);
        for record in records {
            let own = UnitCode::new(record.text("code"));
            let unit = Unit {
                code: own.clone(),
                name: record.text("name").to_owned(),
                kind: record.text("kind").to_owned(),
                parent: record.cell("parent").map(|parent| UnitCode::new(&parent.value)),
                legal_personality: self.truth(record, "legal_personality"),
                tags: several(record.text("tags")).map(str::to_owned).collect(),
                dated: self.dated(record),
                successors: several(record.text("successors")).map(UnitCode::from).collect(),
            };
            self.directory.units.insert(own, unit);
        }
        for record in records {
            self.known_unit(record, "parent");
            if let Some(cell) = record.cell("successors") {
                for code in several(&cell.value) {
                    self.known_unit_code(code, &cell.span);
                }
            }
        }
        self.circles(records);
    }

    /// Each circle is reported once, at the unit that comes first in the file.
    fn circles(&mut self, records: &[Record]) {
        let mut told: BTreeSet<UnitCode> = BTreeSet::new();
        for record in records {
            let start = UnitCode::new(record.text("code"));
            let mut path = vec![start.clone()];
            let mut next = self.parent(&start);
            while let Some(unit) = next.filter(|unit| !path.contains(unit)) {
                next = self.parent(&unit);
                path.push(unit);
            }
            let last = path.last().and_then(|last| self.parent(last));
            if last.as_ref() == Some(&start) && !told.contains(&start) {
                let way: Vec<&str> = path.iter().map(UnitCode::as_str).chain([start.as_str()]).collect();
                let place = record.cell("parent").map_or(&record.span, |cell| &cell.span);
                self.faults.push(fault!(UNIT_CIRCLE.circle, place, way = way.join(" < ")));
                told.extend(path);
            }
        }
    }

    fn parent(&self, unit: &UnitCode) -> Option<UnitCode> {
        self.directory.units.get(unit)?.parent.clone()
    }

    fn people(&mut self, records: &[Record], ids: &dyn Fn(&str) -> PersonId) {
        self.unique(records, &PEOPLE);
        let mut mailboxes: BTreeMap<String, Span> = BTreeMap::new();
        for record in records {
            let code = record.text("code");
            if self.people.contains_key(code) {
                continue;
            }
            if let Some(email) = record.cell("email") {
                self.email(email, &mut mailboxes);
            }
            let id = ids(code);
            let optional = |column| record.cell(column).map(|cell| cell.value.clone());
            let person = Person {
                id: id.clone(),
                code: code.to_owned(),
                name: record.text("name").to_owned(),
                address: optional("address"),
                email: optional("email"),
                language: optional("language").unwrap_or_else(|| "vi".to_owned()),
            };
            self.people.insert(code.to_owned(), id.clone());
            self.directory.people.insert(id, person);
        }
    }

    fn email(&mut self, email: &Spanned<String>, mailboxes: &mut BTreeMap<String, Span>) {
        let text = email.value.as_str();
        if !super::is_mailbox(text) {
            self.faults.push(fault!(MAILBOX.address, &email.span, text));
        } else if let Some(first) = mailboxes.get(&text.to_lowercase()) {
            self.faults.push(fault!(SHARED_MAILBOX.mailbox, &email.span, mailbox = text).beside(first));
        } else {
            mailboxes.insert(text.to_lowercase(), email.span.clone());
        }
    }

    fn posts(&mut self, records: &[Record]) {
        for record in records {
            let (person, unit, dated) = (self.person(record), self.known_unit(record, "unit"), self.dated(record));
            if let (Some(person), Some(unit)) = (person, unit) {
                self.directory.posts.push(Post { person, unit, post: record.text("post").to_owned(), dated });
            }
        }
    }

    fn substitutes(&mut self, records: &[Record]) {
        for record in records {
            let (person, by, dated) = (self.person(record), self.person_in(record, "by"), self.dated(record));
            if let (Some(person), Some(by)) = (person, by) {
                self.directory.substitutes.push(Substitute { person, by, dated, by_link: false });
            }
        }
    }

    fn assistants(&mut self, records: &[Record]) {
        for record in records {
            let (person, by, dated) = (self.person(record), self.person_in(record, "by"), self.dated(record));
            let first = self.truth(record, "first");
            if let (Some(person), Some(by)) = (person, by) {
                self.directory.assistants.push(Assistant { person, by, first, dated });
            }
        }
    }

    fn bodies(&mut self, records: &[Record]) {
        self.unique(records, &BODIES);
        for record in records {
            let code = BodyCode::new(record.text("code"));
            let body = Body {
                code: code.clone(),
                name: record.text("name").to_owned(),
                kind: record.text("kind").to_owned(),
                unit: self.known_unit(record, "unit"),
                seats: Vec::new(),
            };
            self.directory.bodies.insert(code, body);
        }
    }

    fn seats(&mut self, records: &[Record]) {
        let mut taken: Vec<(BodyCode, BodySeat, &Record)> = Vec::new();
        for record in records {
            let (person, unit, dated) = (self.person(record), self.known_unit(record, "unit"), self.dated(record));
            let (Some(body), Some(person)) = (self.body(record), person) else { continue };
            let seat = BodySeat { person, seat: record.text("seat").to_owned(), unit, dated };
            let others = taken.iter().filter(|(other, _, _)| *other == body);
            for (_, other, first) in others.filter(|(_, other, _)| overlap(other.dated, seat.dated)) {
                let fault = if other.seat == "chair" && seat.seat == "chair" {
                    fault!(AT_ONCE.chairs, &record.span, body = body.as_str())
                } else if other.person == seat.person && other.votes() && seat.votes() {
                    fault!(AT_ONCE.seats, &record.span, person = record.text("person"), body = body.as_str())
                } else {
                    continue;
                };
                self.faults.push(fault.beside(&first.span));
            }
            taken.push((body, seat, record));
        }
        for (body, seat, _) in taken {
            if let Some(body) = self.directory.bodies.get_mut(&body) {
                body.seats.push(seat);
            }
        }
    }

    fn bindings(&mut self, records: &[Record]) {
        let mut spans: Vec<&Span> = Vec::new();
        for record in records {
            let (root, unit) = (self.known_unit(record, "root"), self.known_unit(record, "unit"));
            let dated = self.dated(record);
            let (Some(root), Some(unit)) = (root, unit) else { continue };
            if self.parent(&root).is_some()
                && let Some(cell) = record.cell("root")
            {
                self.faults.push(fault!(WRONG_TYPE.no_root, &cell.span, unit = root.as_str()));
            }
            let binding = Binding { root, name: record.text("name").to_owned(), unit, dated };
            let same = |other: &Binding| {
                other.root == binding.root && other.name == binding.name && overlap(other.dated, binding.dated)
            };
            if let Some(first) = self.directory.bindings.iter().position(same) {
                let (name, root) = (&binding.name, binding.root.as_str());
                self.faults.push(fault!(AT_ONCE.names, &record.span, name, root).beside(spans[first]));
            }
            self.directory.bindings.push(binding);
            spans.push(&record.span);
        }
    }

    /// Codes are given once.
    fn unique(&mut self, records: &[Record], sheet: &Sheet) {
        let mut seen: BTreeMap<&str, &Span> = BTreeMap::new();
        for cell in records.iter().filter_map(|record| record.cell("code")) {
            if let Some(first) = seen.get(cell.value.as_str()) {
                let sheet = match sheet.name {
                    "units" => say!(sheet.units),
                    "people" => say!(sheet.people),
                    _ => say!(sheet.bodies),
                };
                self.faults.push(fault!(CODE_TWICE.code, &cell.span, code = cell, sheet).beside(*first));
            } else {
                seen.insert(&cell.value, &cell.span);
            }
        }
    }

    fn known_unit(&mut self, record: &Record, column: &str) -> Option<UnitCode> {
        let cell = record.cell(column)?;
        self.known_unit_code(&cell.value, &cell.span)
    }

    fn known_unit_code(&mut self, code: &str, span: &Span) -> Option<UnitCode> {
        let unit = UnitCode::new(code);
        if self.directory.units.contains_key(&unit) {
            return Some(unit);
        }
        let near = nearest(code, self.directory.units.keys().map(UnitCode::as_str)).map(str::to_owned);
        self.nobody(&UNITS, &say!(sheet.unit), code, span, near);
        None
    }

    fn person(&mut self, record: &Record) -> Option<PersonId> {
        self.person_in(record, "person")
    }

    fn person_in(&mut self, record: &Record, column: &str) -> Option<PersonId> {
        let cell = record.cell(column)?;
        if let Some(id) = self.people.get(&cell.value) {
            return Some(id.clone());
        }
        let near = nearest(&cell.value, self.people.keys().map(String::as_str)).map(str::to_owned);
        self.nobody(&PEOPLE, &say!(sheet.person), &cell.value, &cell.span, near);
        None
    }

    fn body(&mut self, record: &Record) -> Option<BodyCode> {
        let cell = record.cell("body")?;
        let body = BodyCode::new(&cell.value);
        if self.directory.bodies.contains_key(&body) {
            return Some(body);
        }
        let near = nearest(&cell.value, self.directory.bodies.keys().map(BodyCode::as_str)).map(str::to_owned);
        self.nobody(&BODIES, &say!(sheet.body), &cell.value, &cell.span, near);
        None
    }

    fn nobody(&mut self, sheet: &Sheet, what: &Words, code: &str, span: &Span, near: Option<String>) {
        if self.broken.contains(sheet.name) {
            return;
        }
        let mut fault = fault!(NOBODY.nobody, span, what, code);
        if let Some(near) = near {
            fault = fault.help(say!(near.meant, near));
        }
        self.faults.push(fault);
    }

    fn truth(&mut self, record: &Record, column: &str) -> bool {
        let Some(cell) = record.cell(column) else { return false };
        match cell.value.to_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => {
                self.faults.push(fault!(WRONG_TYPE.truth, &cell.span, key = column));
                false
            }
        }
    }

    fn dated(&mut self, record: &Record) -> Dated {
        let dated = Dated { from: self.date(record, "from"), until: self.date(record, "until") };
        if let (Some(from), Some(until), Some(cell)) = (dated.from, dated.until, record.cell("until"))
            && until < from
        {
            let (from, until) = (from.to_string(), until.to_string());
            self.faults.push(fault!(PERIOD.period, &cell.span, from, until));
        }
        dated
    }

    fn date(&mut self, record: &Record, column: &str) -> Option<Date> {
        let cell = record.cell(column)?;
        let date = Date::strptime("%Y-%m-%d", &cell.value).ok();
        if date.is_none() {
            self.faults.push(fault!(DATE.none, &cell.span, date = cell));
        }
        date
    }
}

fn overlap(one: Dated, two: Dated) -> bool {
    let begins = one.from.max(two.from);
    let ends = [one.until, two.until].into_iter().flatten().min();
    match (begins, ends) {
        (Some(begins), Some(ends)) => begins <= ends,
        (None, _) | (_, None) => true,
    }
}

/// The entries of a cell that has several, separated by `;`.
fn several(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty())
}
