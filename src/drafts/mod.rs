//! Papers that a workflow draws up itself, as pages to be read, printed and signed: a letter of submission, a decision with
//! its annexed list, the minutes of a count. A pure function of the dossier as its reader sees it, its version, the directory
//! and the language: a view that is drawn anew, never stored. Every word on it is the workflow's.

mod page;
mod view;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::dossier::{Attends, Dossier, VoteResult};
use crate::ids::{Instant, Language};
use crate::machine::{Draft, Fraction, Machine};
use crate::templates::{BLANK, Source, Voice};
use crate::words::Words;

pub use page::{PaintError, STYLE};

/// A dossier as its reader sees it, from which papers are drawn up.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The dossier.
    pub dossier: &'a Dossier,
    /// Its version.
    pub machine: &'a Machine,
    /// Who is who.
    pub directory: &'a Directory,
    /// Its calendar.
    pub calendar: &'a Calendar,
    /// The language of the paper.
    pub language: &'a Language,
    /// When it is drawn up.
    pub now: Instant,
}

impl<'a> Desk<'a> {
    /// The kinds of paper that can be drawn up where the dossier stands, with what they are called.
    pub fn drafts(&self) -> Vec<(&'a str, &'a str)> {
        let open = self.machine.drafts.iter().filter(|(_, draft)| self.stands(draft));
        let label = |kind: &str| self.machine.papers.get(kind).map(|label| label.in_language(self.language));
        open.map(|(kind, _)| (kind.as_str(), label(kind).unwrap_or(kind))).collect()
    }

    fn stands(&self, draft: &Draft) -> bool {
        let here = |state| self.dossier.leaves().any(|leaf| &leaf.state == state || leaf.state.is_inside(state));
        draft.states.is_empty() || draft.states.iter().any(here)
    }

    /// A paper of this kind as one HTML page that needs nothing beside it; none if it cannot be drawn up here.
    ///
    /// # Errors
    /// The page does not go together with what it shows: a fault of ours.
    pub fn draw(&self, kind: &str) -> Result<Option<String>, PaintError> {
        let draft = self.machine.drafts.get(kind).filter(|draft| self.stands(draft));
        let Some(draft) = draft else { return Ok(None) };
        let words = Words::of(self.language.as_str());
        let voice = Voice {
            machine: self.machine,
            directory: self.directory,
            language: self.language,
            words,
            date: Words::date_plain,
            unknown: BLANK,
            between: "; ",
        };
        let more = BTreeMap::from([
            ("results".to_owned(), self.results()),
            ("corrections".to_owned(), self.corrections(&voice)),
        ]);
        let Self { dossier, calendar, now, .. } = *self;
        let source = Source { voice, dossier, calendar, now, more: &more, row: None };
        page::page(self.language.as_str(), &view::Sheet::new(draft, &source)).map(Some)
    }

    /// The names of those who were there, or were not, as it was recorded.
    fn those(&self, result: &VoteResult, attends: &[Attends]) -> Vec<&'a str> {
        let them = result.attendance.iter().filter(|(_, one)| attends.contains(one));
        them.filter_map(|(person, _)| Some(self.directory.person(person)?.name.as_str())).collect()
    }

    /// What was corrected after it was submitted, as pages say it: the field, what it said, what it says since, when and why.
    fn corrections(&self, voice: &Voice<'_>) -> Value {
        let all = &self.dossier.corrections;
        let said = all.iter().enumerate().filter_map(|(at, one)| {
            let field = self.machine.field(&one.field)?;
            let later = all[at + 1..].iter().find(|later| later.field == one.field).map(|later| &later.before);
            let after = later.or_else(|| self.dossier.fields.get(&one.field)).unwrap_or(&Value::Null);
            Some(json!({
                "field": field.label.in_language(self.language),
                "before": voice.value(field, &one.before, self.dossier),
                "after": voice.value(field, after, self.dossier),
                "day": self.calendar.date(one.at).to_string(),
                "reason": one.reason,
            }))
        });
        Value::Array(said.collect())
    }

    /// Results of a vote without rows that count no longer, the first first.
    fn fallen(&self, vote: &str) -> Vec<Value> {
        let results = self.dossier.results.iter().filter(|result| result.name.as_str() == vote && result.fallen);
        let said = results.filter_map(|result| {
            let [row] = result.rows.as_slice() else { return None };
            let day = self.calendar.date(result.at).to_string();
            Some(json!({"day": day, "yes": row.yes, "no": row.no, "base": row.base, "passed": row.passed}))
        });
        said.collect()
    }

    /// What formulas see of votes, by the vote's name.
    fn results(&self) -> Value {
        let rules = self.machine.votes.iter().filter_map(|(name, rule)| {
            let result = result_of(self.dossier, name.as_str())?;
            let body = self.directory.bodies.get(&result.body).map(|body| body.name.as_str());
            let passed = result.rows.iter().filter(|row| row.passed).count();
            let said = json!({
                "members": result.members,
                "present": self.those(result, &[Attends::Present]),
                "excused": self.those(result, &[Attends::Excused]),
                "absent": self.those(result, &[Attends::Excused, Attends::Absent]),
                "quorate": result.quorate,
                "passed": passed,
                "rejected": result.rows.len() - passed,
                "body": body,
                "day": self.calendar.date(result.at).to_string(),
                "basis": rule.basis,
                "fallen": self.fallen(name.as_str()),
            });
            Some((name.to_string(), said))
        });
        Value::Object(rules.collect())
    }
}

/// The last result of a vote that counts.
fn result_of<'d>(dossier: &'d Dossier, vote: &str) -> Option<&'d VoteResult> {
    dossier.results.iter().rev().find(|result| result.name.as_str() == vote && !result.fallen)
}

/// `2/3`, `80%`.
fn share(share: Fraction) -> String {
    if share.den != 0 && (share.num * 100).is_multiple_of(share.den) && share.den != 2 && share.den != 3 {
        format!("{}%", share.num * 100 / share.den)
    } else {
        format!("{}/{}", share.num, share.den)
    }
}
