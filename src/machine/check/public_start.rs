//! Who may open a dossier from outside: whose mailboxes are taken, as whom they stand in it, and that they can say what it needs.

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Domains};
use crate::diagnostic::fault;
use crate::ids::RoleName;
use crate::machine::{FILLED_IN, FieldKind, LinkPolicy, PARTY_ADDRESS, PublicStart, Shape, domain};

impl Check<'_> {
    /// Where a dossier is opened from outside.
    pub(super) fn public_start(&self, written: &model::PublicStart) -> PublicStart {
        let role = written.role.as_ref().map_or_else(String::new, |role| self.refer(Kind::Role, role));
        let mut domains = Vec::new();
        if let Domains::Named(names) = &written.domains {
            for name in names {
                match domain(&name.value) {
                    Some(domain) => domains.push(domain),
                    None => self.report(fault!(PUBLIC_START.domain, &name.span, name)),
                }
            }
            // Nobody may mean anybody.
            if names.is_empty() && written.role.is_some() {
                self.report(fault!(PUBLIC_START.nobody, &written.span));
            }
        }
        PublicStart { role: role.into(), domains, help: written.help.clone() }
    }

    /// Whoever opens it stands in its table, can say what it needs from the beginning, and has nothing but links.
    pub(super) fn opened_by_strangers(&self, shape: &Shape) {
        let (Some(written), Some(rule)) = (&self.definition.public_start, &shape.public_start) else { return };
        let Some(role) = &written.role else { return };
        if self.is_list() {
            self.report(fault!(PUBLIC_START.list, &written.span));
        }
        let Some(declared) = self.definition.roles.iter().find(|one| one.name.value == role.value) else { return };
        let Some(table) = rule.table(shape).and_then(|table| shape.field(table)) else {
            self.report(fault!(PUBLIC_START.role, &role.span, role).beside(&declared.name.span));
            return;
        };
        if let FieldKind::Rows { columns, .. } = &table.kind {
            let asked = |one: &&crate::machine::Field| {
                one.required && (!FILLED_IN.contains(&one.name.as_str()) || one.name.as_str() == PARTY_ADDRESS)
            };
            for column in columns.iter().filter(asked) {
                let column = column.name.as_str();
                let place = self.where_declared(table.name.as_str()).unwrap_or(&role.span);
                self.report(fault!(PUBLIC_START.column, place, column).beside(&role.span));
            }
        }
        for field in shape.asked_first().filter(|field| field.name != table.name) {
            let names = |field: &crate::machine::Field| field.kind == FieldKind::Person;
            let people = match &field.kind {
                FieldKind::Rows { columns, .. } => columns.iter().any(names),
                _ => names(field),
            };
            if people {
                let name = field.name.as_str();
                let place = self.where_declared(name).unwrap_or(&role.span);
                self.report(fault!(PUBLIC_START.people, place, name).beside(&written.span));
            }
        }
        self.asked_by_link_alone(shape, &rule.role, role);
    }

    /// Whoever has no account shows nothing but the link that was mailed to them.
    fn asked_by_link_alone(&self, shape: &Shape, role: &RoleName, written: &model::Name) {
        for (at, state) in shape.states.iter().enumerate() {
            let asks = state.task.as_ref().is_some_and(|task| &task.role == role);
            if asks && state.link != LinkPolicy::Link {
                let place = self.tree.place(at);
                let span = place.state.keys.get("link").unwrap_or(&place.state.name.span);
                self.report(fault!(PUBLIC_START.proof, span, role = written, state = place.id).beside(&written.span));
            }
        }
    }

    fn where_declared(&self, field: &str) -> Option<&crate::source::Span> {
        self.find_field(Kind::Field, field).map(|field| &field.name.span)
    }
}
