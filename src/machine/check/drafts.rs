//! Papers that a workflow draws up itself: states that exist, tables that have rows, holes that can be filled.

use super::Check;
use super::formulas::Sees;
use super::mails::TEXT_MAX;
use super::names::Kind;
use crate::definition::model::{self, Name, Template};
use crate::diagnostic::{did_you_mean, fault, say};
use crate::ids::{StateId, Text};
use crate::machine::{Block, Column, Draft, DraftTable, RowsOf, Says, Signature};

/// Columns of a table: more of them do not fit beside each other on a sheet.
const COLUMNS_MAX: usize = 12;

impl Check<'_> {
    /// A paper that the workflow draws up.
    pub(super) fn draft(&self, written: &model::Draft) -> Draft {
        self.used.borrow_mut().insert((Kind::Paper, written.name.value.clone()));
        let states = written.states.iter().filter(|_| self.tree.len() > 0);
        let one = |text: &Option<Template>| text.as_ref().map_or_else(Text::default, |text| self.said(text));
        let all = |texts: &[Template]| texts.iter().map(|text| self.said(text)).collect();
        let sign = |sign: &model::Signature| Signature { role: all(&sign.role), name: one(&sign.name) };
        Draft {
            states: states.map(|name| StateId::new(self.target(0, name))).collect(),
            agency: all(&written.agency),
            motto: all(&written.motto),
            number: one(&written.number),
            place: one(&written.place),
            title: one(&written.title),
            about: one(&written.about),
            to: all(&written.to),
            body: written.body.iter().filter_map(|block| self.block(block)).collect(),
            sign: written.sign.iter().map(sign).collect(),
            copies: all(&written.copies),
        }
    }

    fn said(&self, text: &Template) -> Text {
        self.template(text, TEXT_MAX, Sees::Draft)
    }

    fn block(&self, written: &model::Block) -> Option<Block> {
        let when = self.condition(written.when.as_ref(), Sees::Draft);
        let says = if let Some(text) = &written.heading {
            Says::Heading(self.said(text))
        } else if let Some(text) = &written.basis {
            Says::Basis(self.said(text))
        } else if let Some(text) = &written.text {
            Says::Text(self.said(text))
        } else {
            Says::Table(self.draft_table(written.table.as_ref()?)?)
        };
        Some(Block { when, says })
    }

    fn draft_table(&self, written: &model::DraftTable) -> Option<DraftTable> {
        let (of, sees) = self.rows_of(written.of.as_ref()?)?;
        if written.columns.is_empty() || written.columns.len() > COLUMNS_MAX {
            let place = written.columns.last().map_or(&written.of.as_ref()?.span, |(title, _)| &title.own.span);
            self.report(fault!(DRAFT.columns, place, most = COLUMNS_MAX));
        }
        let column = |(title, value): &(Template, Template)| Column {
            title: self.said(title),
            value: self.template(value, TEXT_MAX, sees),
        };
        Some(DraftTable {
            of,
            only: self.condition(written.only.as_ref(), sees),
            columns: written.columns.iter().map(column).collect(),
            none: written.none.as_ref().map_or_else(Text::default, |text| self.said(text)),
        })
    }

    /// What the rows of a table are, and what formulas about one of them see.
    fn rows_of(&self, name: &Name) -> Option<(RowsOf, Sees)> {
        if name.as_str() == "rows" && self.is_list() {
            return Some((RowsOf::List, Sees::Row));
        }
        if self.names(Kind::Vote).iter().any(|vote| vote.value == name.value) {
            return Some((RowsOf::Vote(self.refer(Kind::Vote, name).into()), Sees::Voted));
        }
        let is_rows = |field: &&model::Field| field.kind.as_ref().is_some_and(|kind| kind.value == "rows");
        let mut fields = self.definition.fields.iter().enumerate();
        if let Some((at, field)) = fields.find(|(_, field)| field.name.value == name.value && is_rows(field)) {
            return Some((RowsOf::Field(field.name.as_str().into()), Sees::RowOf(at)));
        }
        let fields = self.definition.fields.iter().filter(is_rows).map(|field| field.name.as_str());
        let votes = self.names(Kind::Vote).into_iter().map(Name::as_str);
        let known: Vec<&str> = fields.chain(votes).chain(self.is_list().then_some("rows")).collect();
        self.report(fault!(DRAFT.rows, &name.span, name).help(did_you_mean(&name.value, known, say!(near.none))));
        None
    }
}
