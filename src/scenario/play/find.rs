//! The dossiers that a step names.

use super::{Amiss, Play};
use crate::dossier::{Dossier, Purpose, Vote};
use crate::ids::{DossierId, PersonId};
use crate::scenario::file::model::{PerRow, Which};
use crate::scenario::office::Kept;
use crate::source::{Span, Spanned};

impl Play<'_> {
    /// The dossier that a step is about.
    pub(super) fn find(&self, which: &Which, place: &Span) -> Result<DossierId, Amiss> {
        let found = match which {
            Which::Last => self.last.clone(),
            Which::Named(name) => self.names.get(name).cloned(),
            Which::Of(workflow, key) => {
                let fits = |id: &&DossierId| {
                    let kept = self.office.kept(id);
                    let called = |kept: &Kept<'_>| {
                        kept.key.as_ref() == key.as_ref() || Some(&kept.dossier.caption) == key.as_ref()
                    };
                    key.is_none() || kept.is_some_and(called)
                };
                self.office.of_workflow(workflow).rev().find(fits).cloned()
            }
        };
        let said = match which {
            Which::Last => "a dossier".to_owned(),
            Which::Named(name) => format!("a dossier `{name}`"),
            Which::Of(workflow, Some(key)) => format!("a dossier of `{workflow}` under the key `{key}`"),
            Which::Of(workflow, None) => format!("a dossier of `{workflow}`"),
        };
        found.ok_or_else(|| Amiss {
            place: place.clone(),
            what: "dossier",
            expected: said,
            found: "none was opened".to_owned(),
        })
    }

    pub(super) fn dossier(&self, id: &DossierId) -> &Dossier {
        self.office.dossier(id).expect("it was found in this office")
    }

    /// The row that a step names.
    pub(super) fn row(&self, name: &Spanned<String>) -> Result<DossierId, Amiss> {
        if let Some(named) = self.names.get(&name.value) {
            return Ok(named.clone());
        }
        let of = name.value.split_once(' ').map(|(workflow, key)| {
            let which = Which::Of(workflow.into(), Some(key.trim().to_owned()));
            self.find(&which, &name.span)
        });
        of.unwrap_or_else(|| {
            Err(Amiss {
                place: name.span.clone(),
                what: "row",
                expected: format!("a dossier `{}`", name.value),
                found: "none was opened".to_owned(),
            })
        })
    }

    /// What is said of each of these rows.
    pub(super) fn for_rows<T: Copy>(&self, said: &PerRow<T>, rows: &[DossierId]) -> Result<Vec<(DossierId, T)>, Amiss> {
        match said {
            PerRow::All(one) => Ok(rows.iter().map(|row| (row.clone(), *one)).collect()),
            PerRow::Rows(named) => named.iter().map(|(name, one)| Ok((self.row(name)?, *one))).collect(),
        }
    }

    /// The vote in progress: the one for which this person is asked, where there are several.
    pub(super) fn vote_in(
        &self,
        id: &DossierId,
        asked: Option<(&PersonId, Purpose)>,
        place: &Span,
    ) -> Result<&Vote, Amiss> {
        let dossier = self.dossier(id);
        let theirs = asked.and_then(|(person, purpose)| {
            let mut tasks = dossier.tasks.iter();
            let task = tasks.find(|task| task.purpose == purpose && task.asks(person))?;
            dossier.vote(task.activation)
        });
        theirs.or_else(|| dossier.votes.first()).ok_or_else(|| Amiss {
            place: place.clone(),
            what: "vote",
            expected: format!("a vote in {id}"),
            found: "none is open".to_owned(),
        })
    }
}
