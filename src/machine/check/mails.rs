//! What a workflow says in its own words: holes that are closed and hold formulas, mails that exist, and nobody is told what
//! they may not see.

use std::collections::BTreeSet;

use super::Check;
use super::formulas::Sees;
use super::names::Kind;
use crate::definition::model::{self, Name, Template};
use crate::diagnostic::fault;
use crate::expr::{self, HoleFault, Piece};
use crate::ids::{RoleName, Text};
use crate::machine::{Mail, OTHERS, PUBLIC, Session, Shape, Tell};
use crate::source::Span;

/// Characters of a mail's subject.
const SUBJECT_MAX: usize = 160;
/// Characters of every other text with holes.
pub(super) const TEXT_MAX: usize = 2_000;

impl Check<'_> {
    /// A mail in the workflow's own words.
    pub(super) fn mail(&self, written: &model::Mail) -> Mail {
        let text = |template: &Option<Template>, most| {
            template.as_ref().map_or_else(Text::default, |template| self.template(template, most, Sees::Mail))
        };
        Mail {
            subject: text(&written.subject, SUBJECT_MAX),
            text: text(&written.text, TEXT_MAX),
            reminder: text(&written.reminder, TEXT_MAX),
            otherwise: text(&written.otherwise, TEXT_MAX),
            calendar: written.calendar.as_ref().and_then(|session| self.session(session)),
        }
    }

    /// The session that a mail invites to: fields that hold a day, an hour and a place.
    fn session(&self, written: &model::Session) -> Option<Session> {
        let field = |name: &Option<Name>| name.as_ref().map(|name| self.field_of_type(Kind::Field, name, &["text"]));
        if written.deadline {
            for key in ["day", "hour", "lasts", "place"] {
                if let Some(span) = written.keys.get(key) {
                    self.report(fault!(KEYS_TOGETHER.deadline_or_session, span, key));
                }
            }
        } else {
            written.day.as_ref()?;
        }
        Some(Session {
            day: written.day.as_ref().map(|day| self.field_of_type(Kind::Field, day, &["date"])),
            deadline: written.deadline,
            hour: field(&written.hour),
            lasts: written.lasts.is_some().then(|| self.positive(written.lasts.as_ref())),
            place: field(&written.place),
            cancels: written.cancels,
        })
    }

    /// A mail that puts a deadline into calendars is one by which something is asked that has one.
    pub(super) fn deadlines_in_calendars(&self) {
        let puts = |mail: &&model::Mail| mail.calendar.as_ref().is_some_and(|one| one.deadline && !one.cancels);
        for mail in self.definition.mails.iter().filter(puts) {
            let is_it = |name: &Option<Name>| name.as_ref().is_some_and(|name| name.value == mail.name.value);
            let asks = |at: &usize| self.tree.place(*at).state.task.as_ref().is_some_and(|task| is_it(&task.mail));
            let dated = |outer: usize| {
                let deadline = self.tree.place(outer).state.deadline.is_some();
                deadline && self.tree.inside(outer).any(|inner| asks(&inner))
            };
            let votes = self.definition.votes.iter().any(|vote| is_it(&vote.mail));
            if !votes && !(0..self.tree.len()).any(dated) {
                let span = mail.calendar.as_ref().map_or(&mail.name.span, |one| &one.span);
                self.report(fault!(KEYS_TOGETHER.deadline_of_nothing, span, mail = mail.name));
            }
        }
    }

    /// The mail that is meant by a name, if one is named.
    pub(super) fn mail_named(&self, name: Option<&Name>) -> Option<String> {
        name.map(|name| self.refer(Kind::Mail, name))
    }

    /// Who is told.
    pub(super) fn tell(&self, written: &[model::Tell]) -> Vec<Tell> {
        let one = |tell: &model::Tell| Tell {
            role: RoleName::new(self.refer(Kind::Role, &tell.role)),
            mail: self.mail_named(tell.mail.as_ref()),
        };
        written.iter().map(one).collect()
    }

    /// A text with holes in every language; its formulas see what `sees` says.
    pub(super) fn template(&self, template: &Template, most: usize, sees: Sees) -> Text {
        for text in template.all() {
            if text.value.chars().count() > most {
                self.report(fault!(HOLE.long, &text.span, most));
            }
            self.holes(text, sees);
        }
        let other = template.other.iter().map(|(language, text)| (language.clone(), text.value.clone()));
        Text { own: template.own.value.clone(), other: other.collect() }
    }

    /// Notes the formula of every hole, at its own place.
    fn holes(&self, text: &Name, sees: Sees) {
        if let Err(fault) = expr::pieces(&text.value) {
            let (HoleFault::Open(range) | HoleFault::Closed(range) | HoleFault::Empty(range)) = &fault;
            let braces = &text.value[range.clone()];
            let place = self.place_of(text, braces, text.value[..range.start].matches(braces).count());
            return self.report(match fault {
                HoleFault::Open(_) => fault!(HOLE.open, place),
                HoleFault::Closed(_) => fault!(HOLE.closed, place),
                HoleFault::Empty(_) => fault!(HOLE.empty, place),
            });
        }
        for (nth, formula) in expr::holes(&text.value).enumerate() {
            self.note_hole(Name::new(formula.to_owned(), self.place_of_hole(text, formula, nth)), sees);
        }
    }

    /// Where the formula of the nth hole stands in the file; the whole text where it is not written there as it reads.
    fn place_of_hole(&self, text: &Name, formula: &str, nth: usize) -> Span {
        let open = self.place_of(text, "{{", nth);
        let file = self.sources.iter().find(|file| file.name == open.file);
        let rest = file.and_then(|file| file.text.get(open.range.end..text.span.range.end)).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start().len();
        if open == text.span || !rest.trim_start().starts_with(formula) {
            return text.span.clone();
        }
        let start = open.range.end + blanks;
        Span::new(&open.file, start..start + formula.len())
    }

    /// Where a part of a text stands the nth time (from 0); the whole text where it is not written there as it reads.
    fn place_of(&self, text: &Name, part: &str, nth: usize) -> Span {
        let file = self.sources.iter().find(|file| file.name == text.span.file);
        let written = file.map(|file| file.slice(&text.span.range)).unwrap_or_default();
        let start = written.match_indices(part).nth(nth).map(|(at, _)| at);
        start.map_or_else(|| text.span.clone(), |start| text.span.part(start, part.len()))
    }

    /// Whoever reads a workflow in a language reads all of it in that language.
    pub(super) fn untranslated(&self) {
        let languages = self.definition.title.other.keys();
        for (language, template) in
            languages.flat_map(|language| self.templates().into_iter().map(move |one| (language, one)))
        {
            if has_words(&template.own.value) && template.other.iter().all(|(there, _)| there != language) {
                self.report(fault!(UNTRANSLATED.template, &template.own.span, language));
            }
        }
    }

    /// Every text with holes.
    fn templates(&self) -> Vec<&Template> {
        let drafts = || self.definition.drafts.iter();
        let mails = self.definition.mails.iter().flat_map(model::Mail::texts);
        mails.chain(drafts().flat_map(model::Draft::texts)).chain(drafts().flat_map(model::Draft::cells)).collect()
    }

    /// A mail says nothing to a role that the role may not see where the dossier then stands.
    pub(super) fn seen_by_who_is_told(&self, shape: &Shape) {
        if !shape.has_access_rules() {
            return;
        }
        for (at, place) in self.tree.places().iter().enumerate() {
            let state = place.state;
            let here = [at];
            if let Some(task) = &state.task {
                self.told(shape, &here, task.role.as_ref(), task.mail.as_ref());
            }
            // Whoever objects sees what everybody does.
            if let Some(answer) = state.posting.as_ref().and_then(|posting| posting.answer.as_ref()) {
                let everybody = Name::new(PUBLIC.to_owned(), answer.span.clone());
                self.told(shape, &here, Some(&everybody), Some(answer));
            }
            let rule = state.vote.as_ref().and_then(|vote| vote.rule.as_ref());
            let vote = rule.and_then(|rule| self.definition.votes.iter().find(|vote| vote.name.value == rule.value));
            if let (Some(rule), Some(mail)) = (rule, vote.and_then(|vote| vote.mail.as_ref())) {
                let members = Name::new(OTHERS.to_owned(), rule.span.clone());
                self.told(shape, &here, Some(&members), Some(mail));
            }
            if let Some(escalate) = state.deadline.as_ref().and_then(|deadline| deadline.escalate.as_ref()) {
                self.told(shape, &here, escalate.to.as_ref(), escalate.mail.as_ref());
            }
            for tell in state.entry.tell.iter().chain(&state.exit.tell) {
                self.told(shape, &here, Some(&tell.role), tell.mail.as_ref());
            }
            let after = state.after.iter().map(|(_, way)| way);
            for way in state.on.iter().chain(&state.always).chain(after) {
                let to = way.target.as_ref().and_then(|target| self.tree.resolve(at, &target.value)).unwrap_or(at);
                for tell in &way.tell {
                    self.told(shape, &[to], Some(&tell.role), tell.mail.as_ref());
                }
            }
        }
    }

    fn told(&self, shape: &Shape, at: &[usize], role: Option<&Name>, mail: Option<&Name>) {
        let (Some(role), Some(mail)) = (role, mail) else { return };
        let Some(written) = self.definition.mails.iter().find(|one| one.name.value == mail.value) else { return };
        let things: BTreeSet<&str> = written
            .texts()
            .flat_map(Template::all)
            .flat_map(|text| expr::holes(&text.value))
            .flat_map(|formula| self.things_in(formula))
            .collect();
        let leaves = at.iter().flat_map(|at| self.tree.inside(*at));
        let leaves: Vec<usize> = leaves.filter(|at| self.tree.place(*at).state.states.is_empty()).collect();
        for thing in things {
            let Some(state) = self.hidden(shape, &leaves, &RoleName::new(&role.value), thing) else { continue };
            self.report(fault!(UNSEEN.told, &mail.span, mail, role, thing, state).beside(&written.name.span));
        }
    }

    /// The fields that a formula names; of rows, the fields of theirs that stand behind a point.
    fn things_in<'f>(&self, formula: &'f str) -> Vec<&'f str> {
        let of_rows = expr::words(formula).any(|(word, part)| word == "rows" && !part);
        let named = expr::words(formula).filter(|(word, part)| {
            let kind = if *part { Kind::RowField } else { Kind::Field };
            (!part || of_rows) && self.find_field(kind, word).is_some()
        });
        named.map(|(word, _)| word).collect()
    }
}

/// Whether anything in a text stands there as it is written, so that another language says it otherwise.
fn has_words(text: &str) -> bool {
    let pieces = expr::pieces(text).unwrap_or_default();
    pieces.iter().any(|piece| match piece {
        Piece::Words(words) => words.chars().any(char::is_alphabetic),
        Piece::Hole(formula) => formula.contains(['\'', '"']),
    })
}
