//! Ballots and tallies of a case: by name, by number, for all rows or for each.

use std::collections::BTreeMap;

use super::{Amiss, Play};
use crate::dossier::command::Ask;
use crate::dossier::refusal::Refusal;
use crate::dossier::{Choice, PaperTally, Purpose, Vote};
use crate::ids::{DossierId, PersonId};
use crate::scenario::file::model::{Ballots, Tally, Which};
use crate::source::Span;

/// What a member puts into the boxes.
type Sheet = BTreeMap<DossierId, Choice>;

impl Play<'_> {
    pub(super) fn vote(
        &mut self,
        dossier: &Which,
        ballots: &Ballots,
        place: &Span,
    ) -> Result<Result<(), Refusal>, Amiss> {
        let id = self.find(dossier, place)?;
        let voter = match ballots {
            Ballots::People(people) => people.first().map(|(person, _)| (person, Purpose::Ballot)),
            Ballots::Counts(_) => None,
        };
        let vote = self.vote_in(&id, voter, place)?.clone();
        for (person, choices) in self.sheets(&vote, ballots, place)? {
            let ask = Ask::Cast { activation: vote.activation, choices };
            if let Err(refusal) = self.hand_in(id.clone(), &person, ask) {
                return Ok(Err(refusal));
            }
        }
        Ok(Ok(()))
    }

    /// What each member puts into the boxes.
    fn sheets(&self, vote: &Vote, ballots: &Ballots, place: &Span) -> Result<Vec<(PersonId, Sheet)>, Amiss> {
        let rows: Vec<DossierId> = vote.rows.iter().map(|row| row.row.clone()).collect();
        let own = |row: &DossierId, person: &PersonId| {
            vote.rows.iter().any(|one| &one.row == row && one.own.contains(person))
        };
        match ballots {
            Ballots::People(people) => {
                let mut sheets = Vec::new();
                for (person, choices) in people {
                    let choices = self.for_rows(choices, &rows)?.into_iter();
                    sheets.push((person.clone(), choices.filter(|(row, _)| !own(row, person)).collect()));
                }
                Ok(sheets)
            }
            Ballots::Counts(counts) => {
                let waiting: Vec<&PersonId> =
                    vote.roll.iter().filter(|seat| !seat.cast).map(|seat| &seat.person).collect();
                let mut sheets: Vec<(PersonId, Sheet)> =
                    waiting.iter().map(|person| ((*person).clone(), Sheet::new())).collect();
                for (row, counts) in self.for_rows(counts, &rows)? {
                    let wanted =
                        [(Choice::Yes, counts.yes), (Choice::No, counts.no), (Choice::Abstain, counts.abstain)];
                    let mut choices = wanted.iter().flat_map(|(choice, count)| std::iter::repeat_n(*choice, *count));
                    for (_, sheet) in sheets.iter_mut().filter(|(person, _)| !own(&row, person)) {
                        if let Some(choice) = choices.next() {
                            sheet.insert(row.clone(), choice);
                        }
                    }
                    let left = choices.count();
                    if left > 0 {
                        let (expected, all) = (counts.yes + counts.no + counts.abstain, waiting.len());
                        return Err(Amiss {
                            place: place.clone(),
                            what: "votes",
                            expected: format!("{expected} ballots on {row}"),
                            found: format!("{} of the {all} who have not voted may vote on it", expected - left),
                        });
                    }
                }
                sheets.retain(|(_, sheet)| !sheet.is_empty());
                Ok(sheets)
            }
        }
    }
}

pub(super) fn counted(tally: Tally) -> PaperTally {
    let counted = tally.yes + tally.no + tally.invalid;
    let returned = tally.returned.unwrap_or(counted);
    let issued = tally.issued.unwrap_or(returned);
    PaperTally { issued, returned, invalid: tally.invalid, yes: tally.yes, no: tally.no }
}
