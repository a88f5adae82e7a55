//! People beside the office: those of a list, of several roles together, and those from outside, who have no account. These are
//! reached by mail, see only what is named, and are asked for nothing but their opinion.

use super::Check;
use super::names::Kind;
use super::tree::Place;
use crate::definition::model::{self, Name};
use crate::diagnostic::{fault, say};
use crate::directory::is_mailbox;
use crate::expr::{self, Names};
use crate::ids::RoleName;
use crate::machine::{
    Access, OTHERS, PARTY_ADDRESS, PARTY_LANGUAGE, PARTY_MAIL, PARTY_NAME, Party, RoleSource, See, Shape,
};

impl Check<'_> {
    /// Several roles together: each is found by itself.
    pub(super) fn any_of(&self, names: &[Name]) -> RoleSource {
        for name in names {
            let role = self.definition.roles.iter().find(|role| role.name.value == name.value);
            let again = role.and_then(|role| role.keys.get("any").or_else(|| role.keys.get("decision")));
            if let Some(span) = again {
                self.report(fault!(KEYS_TOGETHER.any_again, &name.span, role = name).beside(span));
            }
        }
        RoleSource::Any { roles: self.refer_all(Kind::Role, names) }
    }

    /// People from outside: how they are called and where they are reached.
    pub(super) fn outside(&self, written: &model::Outside) -> RoleSource {
        match written {
            model::Outside::Table(name) => {
                let table = self.refer(Kind::Field, name);
                if let Some(field) = self.find_field(Kind::Field, &table) {
                    self.names_people(name, field);
                }
                RoleSource::Outside { table: Some(table.into()), named: Vec::new() }
            }
            model::Outside::Named(parties) => {
                RoleSource::Outside { table: None, named: parties.iter().map(|party| self.party(party)).collect() }
            }
        }
    }

    fn party(&self, written: &model::Party) -> Party {
        if !is_mailbox(written.mail.as_str()) {
            self.report(fault!(PARTIES.mailbox, &written.mail.span, mail = written.mail));
        }
        let language = written.language.as_ref().map_or(&self.definition.language, |language| &language.value);
        Party {
            name: written.name.value.clone(),
            mail: written.mail.value.clone(),
            language: language.clone(),
            address: written.address.as_ref().map(|address| address.value.clone()),
        }
    }

    /// A table in which people from outside are named: their name and their mailbox stand in every row.
    fn names_people(&self, name: &Name, field: &model::Field) {
        let is = |one: &model::Field, words: &[&str]| {
            one.kind.as_ref().is_some_and(|kind| words.contains(&kind.value.as_str()))
        };
        let column = |wanted: &str| field.columns.iter().find(|column| column.name.value == wanted);
        let said = |wanted: &str| column(wanted).is_some_and(|one| one.required && is(one, &["text"]));
        let language = column(PARTY_LANGUAGE).is_none_or(|one| is(one, &["text", "one_of"]));
        let address = column(PARTY_ADDRESS).is_none_or(|one| is(one, &["text"]));
        if !is(field, &["rows"]) || !said(PARTY_NAME) || !said(PARTY_MAIL) || !language || !address {
            self.report(fault!(PARTIES.table, &name.span, name).beside(&field.name.span));
        }
        if let Some(rule) = &field.correctable {
            self.report(fault!(PARTIES.correctable, &rule.span, name).beside(&name.span));
        }
    }

    /// Formulas that give people or units, once everything that they may name is known.
    pub(super) fn formulas_of_roles(&self, names: &Names) {
        for role in &self.definition.roles {
            let Some(each) = &role.each else { continue };
            if !self.formula_in(each, names) {
                continue;
            }
            let has = |part: &str| {
                let element = expr::element_of(&each.value, names);
                matches!(element, Some(expr::Kind::Map(parts)) if parts.contains_key(part))
            };
            let fits = if role.post.is_some() { has("legal_personality") } else { has("id") };
            if fits {
                continue;
            }
            let fault = if role.post.is_some() {
                fault!(FIELD_TYPE.no_units, &each.span)
            } else {
                fault!(FIELD_TYPE.no_people, &each.span)
            };
            self.report(fault);
        }
    }

    /// Who is from outside is asked by `consult` and by nothing else, and sees only what is named. Whoever opened the dossier themselves
    /// has tasks in it as well.
    pub(super) fn outsiders_stay_outside(&self, shape: &Shape) {
        let outside = |name: &Name| shape.is_outside(&RoleName::new(&name.value));
        let opener = self.definition.public_start.as_ref().and_then(|start| start.role.as_ref());
        let opens = |name: &&Name| opener.is_some_and(|opener| opener.value == name.value);
        for role in self.definition.roles.iter().filter(|role| outside(&role.name)) {
            if let Some(span) = role.keys.get("starter").filter(|_| role.starter) {
                self.report(fault!(OUTSIDE.starter, span, role = role.name));
            }
            self.sees_what_is_named(shape, role);
        }
        let elsewhere = |name: &Name| {
            if outside(name) {
                self.report(fault!(OUTSIDE.elsewhere, &name.span, role = name));
            }
        };
        for place in self.tree.places() {
            tasks_at(place).into_iter().filter(|name| !opens(name)).for_each(elsewhere);
            kept_at(place).into_iter().for_each(elsewhere);
        }
        let correct = self.definition.fields.iter().filter_map(|field| field.correctable.as_ref());
        correct.flat_map(|rule| &rule.by).for_each(elsewhere);
        self.definition.votes.iter().flat_map(|vote| &vote.withdraw).for_each(elsewhere);
    }

    /// What is not said to be shown is hidden from people from outside.
    fn sees_what_is_named(&self, shape: &Shape, role: &model::Role) {
        let (name, others) = (RoleName::new(&role.name.value), RoleName::from(OTHERS));
        let all = |access: Option<Access>| access.is_none_or(|access| access.see.is_none_or(|see| see == See::All));
        let open = shape.states.iter().find(|state| {
            let named = shape.access(&state.id, &name);
            if named.is_some() { all(named) } else { all(shape.access(&state.id, &others)) }
        });
        if let Some(state) = open {
            let state = state.id.as_str();
            self.report(fault!(OUTSIDE.sees_all, &role.name.span, role = role.name, state));
        }
    }

    /// How an opinion that came on paper is recorded: its number and its day in columns of the table, its file as a paper.
    pub(super) fn on_paper(
        &self,
        place: &Place<'_>,
        table: Option<&model::Field>,
        written: &model::OnPaper,
    ) -> crate::machine::OnPaper {
        let records = place.state.lead.as_ref().is_some_and(|lead| lead.may.iter().any(|may| may.value == "record"));
        if !records {
            self.report(fault!(MISSING_KEY.nobody_records, &written.span, state = place.id));
        }
        let column = |name: Option<&Name>, kind: &str| {
            let (Some(name), Some(table)) = (name, table) else { return "".into() };
            let found = table.columns.iter().find(|column| column.name.value == name.value);
            match found.and_then(|column| column.kind.as_ref()) {
                None => {
                    let known: Vec<&str> = table.columns.iter().map(|one| one.name.as_str()).collect();
                    self.unknown_word(name, &say!(word.input), &known);
                }
                Some(found) if found.value != kind => {
                    self.report(fault!(FIELD_TYPE.other, &name.span, wanted = kind, found).beside(&found.span));
                }
                Some(_) => {}
            }
            name.as_str().into()
        };
        crate::machine::OnPaper {
            number: column(written.number.as_ref(), "text"),
            day: column(written.day.as_ref(), "date"),
            paper: written.paper.as_ref().map_or_else(String::new, |kind| self.refer(Kind::Paper, kind)),
        }
    }

    /// The column that says for which unit somebody answers, where the heads of units are asked.
    pub(super) fn column_of_unit(&self, asks: &Name, table: &model::Field) -> Option<crate::ids::FieldName> {
        let named = |name: &str| self.definition.roles.iter().find(|role| role.name.value == name);
        let role = named(&asks.value)?;
        let members = role.any.iter().filter_map(|name| named(&name.value));
        let speaks = |role: &model::Role| role.each.is_some() && role.post.is_some();
        if !std::iter::once(role).chain(members).any(speaks) {
            return None;
        }
        let unit = |column: &&model::Field| column.kind.as_ref().is_some_and(|kind| kind.value == "unit");
        let mut units = table.columns.iter().filter(unit);
        units.next().filter(|_| units.next().is_none()).map(|column| column.name.as_str().into())
    }
}

/// The roles that a state asks for something by a task, but for the opinions that it wants.
fn tasks_at<'p>(place: &'p Place<'_>) -> Vec<&'p Name> {
    let state = place.state;
    let consulted = state.consult.as_ref().and_then(|consult| consult.asks.as_ref());
    let task = state.task.as_ref().filter(|_| consulted.is_none()).and_then(|task| task.role.as_ref());
    let theirs = |by: &&Name| consulted.is_none_or(|consulted| consulted.value != by.value);
    state.on.iter().flat_map(|way| &way.by).filter(theirs).chain(task).collect()
}

/// The roles that lead a state and keep its records.
fn kept_at<'p>(place: &'p Place<'_>) -> Vec<&'p Name> {
    let state = place.state;
    let lead = state.lead.as_ref().and_then(|lead| lead.by.as_ref());
    let vote = state.vote.as_ref();
    let record = match vote.map(|vote| &vote.held) {
        Some(model::Held::Paper { records, confirms }) => [records.as_ref(), confirms.as_ref()],
        _ => [None, None],
    };
    let attendance = vote.and_then(|vote| vote.attendance.as_ref()).and_then(|one| one.records.as_ref());
    let kept = state.wait.as_ref().and_then(|wait| wait.records.as_ref());
    let kept = kept.or_else(|| state.posting.as_ref().and_then(|posting| posting.keeps.as_ref()));
    lead.into_iter().chain(record.into_iter().flatten()).chain(attendance).chain(kept).collect()
}
