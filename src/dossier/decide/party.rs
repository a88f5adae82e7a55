//! People from outside, and those who speak for units: who they are in a dossier, and what is kept apart for each of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Run;
use crate::directory::is_mailbox;
use crate::dossier::event::Change;
use crate::dossier::outsider::outsider_id;
use crate::dossier::{Outsider, Purpose, RowOf, Task};
use crate::expr::Each;
use crate::ids::{ActivationId, FieldName, PersonId, RoleName, UnitCode};
use crate::machine::{PARTY_ADDRESS, PARTY_LANGUAGE, PARTY_MAIL, PARTY_NAME, Party, RoleSource};

impl Run<'_> {
    /// A change as it is written down: a table that names people from outside row by row, each sealed for whom it names.
    pub(super) fn apart(&self, change: Change) -> Vec<Change> {
        let Change::Set(mut fields) = change else { return vec![change] };
        let names: Vec<FieldName> = fields.keys().filter(|name| self.machine.names_parties(name)).cloned().collect();
        if names.is_empty() || self.dossier.is_none() {
            return vec![Change::Set(fields)];
        }
        let (mut known, mut rows) = (self.dossier().outsiders.clone(), Vec::new());
        for field in names {
            let Some(Value::Array(table)) = fields.get_mut(&field) else { continue };
            for (place, row) in (0..).zip(std::mem::take(table)) {
                let Value::Object(cells) = row else { continue };
                let outsider = self.party_of(&cells, &mut known);
                let row = Some(RowOf { field: field.clone(), place, cells });
                rows.push(Change::Party { outsider, row });
            }
        }
        std::iter::once(Change::Set(fields)).chain(rows).collect()
    }

    /// Whom a row names: somebody whom the dossier knows by this mailbox, or another.
    fn party_of(&self, cells: &Map<String, Value>, known: &mut Vec<Outsider>) -> Outsider {
        let said = |column: &str| cells.get(column).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let given = |column: &str| Some(said(column)).filter(|said| !said.is_empty());
        let (name, mail, address) = (said(PARTY_NAME), said(PARTY_MAIL), given(PARTY_ADDRESS));
        let language = given(PARTY_LANGUAGE).unwrap_or_else(|| self.machine.language.clone());
        self.known_as(&Party { name, mail, language, address }, known)
    }

    fn known_as(&self, party: &Party, known: &mut Vec<Outsider>) -> Outsider {
        let Party { name, mail, language, address } = party.clone();
        let before = known.iter().position(|one| one.reads(&mail));
        let person = match before {
            Some(at) => known[at].person.clone(),
            None => outsider_id(&self.dossier().id, known.len()),
        };
        let outsider = Outsider { person, name, mail: Some(mail), language, address };
        match before {
            Some(at) => known[at] = outsider.clone(),
            None => known.push(outsider.clone()),
        }
        outsider
    }

    /// Knows from now on whom a role names from outside.
    pub(super) fn admit(&mut self, role: &RoleName) {
        let mut known = self.dossier().outsiders.clone();
        let mut admitted = Vec::new();
        for party in self.machine.parts_of_role(role).into_iter().flat_map(|role| self.parties(role)) {
            let outsider = self.known_as(&party, &mut known);
            if self.dossier().outsider(&outsider.person) != Some(&outsider) {
                admitted.push(Change::Party { outsider, row: None });
            }
        }
        for change in admitted {
            self.emit(change);
        }
    }

    /// Whether the office itself names somebody, by a role.
    pub(super) fn is_named(&self, outsider: &Outsider) -> bool {
        self.machine.roles.keys().any(|role| self.parties(role).iter().any(|party| outsider.reads(&party.mail)))
    }

    /// Whom a role names from outside now.
    fn parties(&self, role: &RoleName) -> Vec<Party> {
        let Some(RoleSource::Outside { table, named }) = self.machine.roles.get(role).map(|role| &role.source) else {
            return Vec::new();
        };
        let rows = table.as_ref().and_then(|table| self.dossier().fields.get(table)?.as_array());
        let of_row = |row: &Value| {
            let said = |column: &str| row.get(column).and_then(Value::as_str).map(|said| said.trim().to_owned());
            let given = |column: &str| said(column).filter(|said| !said.is_empty());
            let language = given(PARTY_LANGUAGE).unwrap_or_else(|| self.machine.language.clone());
            Some(Party { name: said(PARTY_NAME)?, mail: said(PARTY_MAIL)?, language, address: given(PARTY_ADDRESS) })
        };
        rows.into_iter().flatten().filter_map(of_row).chain(named.iter().cloned()).collect()
    }

    /// Those among them whom the dossier knows.
    pub(super) fn outsiders_of(&self, role: &RoleName) -> Vec<PersonId> {
        let known = &self.dossier().outsiders;
        let mut found: Vec<PersonId> = Vec::new();
        for party in self.parties(role) {
            let known = known.iter().find(|one| one.reads(&party.mail));
            found.extend(known.map(|one| one.person.clone()).filter(|one| !found.contains(one)));
        }
        found
    }

    /// Where a row of a table of people from outside cannot be: its mailbox is none.
    pub(super) fn no_mailbox(&self, field: &FieldName, rows: &[Value]) -> Option<String> {
        if !self.machine.names_parties(field) {
            return None;
        }
        let reached =
            |row: &Value| row.get(PARTY_MAIL).and_then(Value::as_str).is_some_and(|mail| is_mailbox(mail.trim()));
        rows.iter().position(|row| !reached(row)).map(|at| format!("{}.{PARTY_MAIL}", at + 1))
    }

    /// The elements of the list of a role.
    fn listed(&self, each: &str) -> Vec<Each> {
        self.with_scope(|scope| self.machine.programs().each(each, scope)).unwrap_or_default()
    }

    /// The people of a list; of units, the holders of a post in each.
    pub(super) fn holders_of_each(&self, each: &str, post: Option<&str>) -> Vec<PersonId> {
        let (directory, today) = (self.context.directory, self.today());
        let mut found: Vec<PersonId> = Vec::new();
        for element in self.listed(each) {
            let people = match post {
                None => element.person().into_iter().collect(),
                Some(post) => {
                    let unit = element.reference().map(UnitCode::new);
                    unit.map(|unit| directory.holders(post, &unit, today)).unwrap_or_default()
                }
            };
            found.extend(people.into_iter().filter(|person| !found.contains(person)).collect::<Vec<_>>());
        }
        found
    }

    /// The units of a role's list for which a person speaks.
    pub(super) fn units_spoken_for(&self, role: &RoleName, person: &PersonId) -> Vec<UnitCode> {
        let (directory, today) = (self.context.directory, self.today());
        let mut units: Vec<UnitCode> = Vec::new();
        for role in self.machine.parts_of_role(role) {
            let Some(RoleSource::Each { each, post: Some(post) }) = self.machine.roles.get(role).map(|one| &one.source)
            else {
                continue;
            };
            let of_list = self.listed(each).iter().filter_map(Each::reference).map(UnitCode::new).collect::<Vec<_>>();
            let theirs = of_list.into_iter().filter(|unit| directory.holders(post, unit, today).contains(person));
            units.extend(theirs.filter(|unit| !units.contains(unit)).collect::<Vec<_>>());
        }
        units
    }

    /// Whoever speaks for a unit for which somebody has answered is asked no more.
    pub(super) fn spoken_for(&mut self, activation: ActivationId, answered: &PersonId) {
        let Some(task) = self.dossier().task(activation, Purpose::Act) else { return };
        let Some(role) = task.role.clone() else { return };
        if self.units_spoken_for(&role, answered).is_empty() {
            return;
        }
        let task = task.clone();
        for holder in
            task.holders.iter().filter(|holder| self.is_spoken_for(&task, holder)).cloned().collect::<Vec<_>>()
        {
            self.emit(Change::Withdrawn { activation, purpose: Purpose::Act, holder: Some(holder) });
        }
    }

    /// Whether others have answered for every unit for which a person speaks.
    pub(super) fn is_spoken_for(&self, task: &Task, person: &PersonId) -> bool {
        let Some(role) = &task.role else { return false };
        let units = self.units_spoken_for(role, person);
        let said: Vec<UnitCode> =
            task.answers.iter().flat_map(|answer| self.units_spoken_for(role, &answer.person)).collect();
        !units.is_empty() && units.iter().all(|unit| said.contains(unit))
    }

    /// One row of each unit for which a person speaks and for which none stands in the table; of everybody else, their one row.
    pub(super) fn rows_for_units(
        &self,
        role: &RoleName,
        person: &PersonId,
        unit: Option<&FieldName>,
        row: &Map<String, Value>,
        so_far: &[Value],
    ) -> Vec<Value> {
        let units = unit.map(|column| (column, self.units_spoken_for(role, person)));
        let Some((column, units)) = units.filter(|(_, units)| !units.is_empty()) else {
            return vec![Value::Object(row.clone())];
        };
        let said = |code: &UnitCode| so_far.iter().any(|row| row[column.as_str()].as_str() == Some(code.as_str()));
        let of_unit = |code: UnitCode| {
            let mut row = row.clone();
            row.insert(column.to_string(), code.as_str().into());
            Value::Object(row)
        };
        units.into_iter().filter(|code| !said(code)).map(of_unit).collect()
    }
}

/// The cells of a row that silence leaves.
pub(super) fn cells_of(silence: &BTreeMap<FieldName, String>) -> Map<String, Value> {
    silence.iter().map(|(column, word)| (column.to_string(), word.as_str().into())).collect()
}
