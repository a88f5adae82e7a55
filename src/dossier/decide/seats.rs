//! Who sits in a body: one of the directory, or one that a dossier composes itself.

use std::collections::BTreeSet;

use super::Run;
use crate::dossier::{SECRETARY, Vote};
use crate::ids::{BodyCode, PersonId, UnitCode};
use crate::machine::{BodyOf, FieldKind, Held, composed};

/// A seat and who sits on it.
pub(super) struct Seated {
    pub(super) person: PersonId,
    pub(super) seat: String,
    /// The member unit that it speaks for.
    pub(super) unit: Option<UnitCode>,
}

impl Seated {
    /// A secretary takes part without a vote.
    pub(super) fn votes(&self) -> bool {
        self.seat != SECRETARY
    }
}

impl Run<'_> {
    /// Who sits today in the body that a role or a vote means.
    pub(super) fn seated(&self, of: &BodyOf) -> Option<(BodyCode, Vec<Seated>)> {
        if matches!(self.machine.field(&of.of)?.kind, FieldKind::Rows { .. }) {
            return Some((BodyCode::new(of.of.as_str()), self.composed(of)));
        }
        let body = self.body(of)?;
        Some((body.clone(), self.seated_in(&body)))
    }

    fn seated_in(&self, body: &BodyCode) -> Vec<Seated> {
        let seats = self.context.directory.seats(body, self.today()).into_iter();
        seats.map(|one| Seated { person: one.person.clone(), seat: one.seat.clone(), unit: one.unit.clone() }).collect()
    }

    /// The rows of a table of members, each person once.
    fn composed(&self, of: &BodyOf) -> Vec<Seated> {
        let Some(FieldKind::Rows { columns, .. }) = self.machine.field(&of.of).map(|field| &field.kind) else {
            return Vec::new();
        };
        let Some(columns) = composed(columns) else { return Vec::new() };
        let rows = self.dossier().fields.get(&of.of).and_then(|value| value.as_array());
        let mut seated: Vec<Seated> = Vec::new();
        for row in rows.into_iter().flatten() {
            let text = |name: &crate::ids::FieldName| row.get(name.as_str()).and_then(|value| value.as_str());
            let Some(person) = text(columns.person).map(PersonId::from) else { continue };
            let known = self.context.directory.people.contains_key(&person);
            if !known || seated.iter().any(|one| one.person == person) {
                continue;
            }
            let seat = columns.seat.and_then(text).unwrap_or("member").to_owned();
            seated.push(Seated { person, seat, unit: None });
        }
        seated
    }

    /// Whether a member speaks for one of these units, or holds a post in it.
    pub(super) fn speaks_for(&self, one: &Seated, units: &BTreeSet<&str>) -> bool {
        let today = self.today();
        let posts = self.context.directory.posts.iter().filter(|post| post.person == one.person);
        let mut posts = posts.filter(|post| post.dated.holds(today));
        one.unit.as_ref().is_some_and(|unit| units.contains(unit.as_str()))
            || posts.any(|post| units.contains(post.unit.as_str()))
    }

    /// Members who sit in the body no more and have not voted, where that costs them their seat. On paper nobody knows who of
    /// them has voted: whoever sat there when the ballots were handed out stays on the roll. So does everybody of a body that
    /// the dossier composes, as long as the directory knows them: else whoever writes its table could choose the voters while
    /// they vote. And whoever has cast a part of their ballot: what is in the box cannot be told apart.
    pub(super) fn lost_seats(&self, vote: &Vote) -> Vec<PersonId> {
        let untouched = vote.roll.iter().filter(|seat| seat.is_untouched()).map(|seat| &seat.person);
        let gone = self.gone(vote);
        untouched.filter(|person| gone.contains(person)).cloned().collect()
    }

    /// Whether a member who left the body casts no more: not even what is left of a ballot that they have begun.
    pub(super) fn may_not_go_on(&self, vote: &Vote, person: &PersonId) -> bool {
        self.gone(vote).contains(person)
    }

    /// Members on the roll who sit in the body no more, where that costs them their seat.
    fn gone(&self, vote: &Vote) -> Vec<PersonId> {
        if !vote.rule.leaver_loses_seat || matches!(vote.held, Held::Paper { .. }) {
            return Vec::new();
        }
        let is_composed =
            self.machine.field(&vote.rule.body.of).is_some_and(|of| matches!(of.kind, FieldKind::Rows { .. }));
        let seated = self.seated(&vote.rule.body).map(|(_, seated)| seated).unwrap_or_default();
        let sits = |person: &PersonId| {
            let known = is_composed && self.context.directory.people.contains_key(person);
            known || seated.iter().any(|one| &one.person == person && one.votes())
        };
        vote.roll.iter().map(|seat| &seat.person).filter(|person| !sits(person)).cloned().collect()
    }
}
