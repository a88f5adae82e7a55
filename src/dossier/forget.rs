//! Forgetting people. What is personal in the log can be opened no more once its key is gone; the dossier is then what the rest of
//! the log gives, so that replay proves as much of it as before.

use super::Dossier;
use super::event::{Change, Event};
use super::evolve::{Broken, apply, evolve, folded};
use super::expire::nameless;
use crate::ids::{Instant, PersonId};

/// A fold of a log of which parts may be erased. Up to the first of those every event has to follow; from there on a change that
/// hangs on something erased changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Refold {
    /// The dossier so far.
    pub dossier: Option<Dossier>,
    /// Changes that were erased.
    pub erased: usize,
    /// The last event of a dossier whose time of keeping was over: of those up to it nothing is left but their headers.
    pub gone: i64,
}

impl Refold {
    /// Takes the next event.
    ///
    /// # Errors
    /// It does not follow.
    pub fn take(&mut self, event: &Event) -> Result<(), Broken> {
        self.erased += event.changes.iter().filter(|change| matches!(change, Change::Erased)).count();
        let before = self.dossier.take();
        if before.is_none() && !event.changes.is_empty() && event.changes.iter().all(|one| *one == Change::Erased) {
            if event.seq != self.gone + 1 {
                return Err(Broken { seq: event.seq, what: format!("it comes after event {}", self.gone) });
            }
            self.gone = event.seq;
            return Ok(());
        }
        let before = before.or_else(|| event.left(self.gone));
        let after = if self.erased == 0 { evolve(before, event) } else { folded(before, event, around) };
        self.dossier = Some(after?);
        Ok(())
    }
}

/// Applies a change as far as what it changes is still there.
fn around(dossier: &mut Option<Dossier>, at: Instant, change: &Change) -> Result<(), String> {
    if let (Some(dossier), Change::Party { row: Some(row), .. }) = (dossier.as_mut(), change) {
        // Rows before it may have been another's who was erased: their places stay empty, so that it keeps its own.
        let table = dossier.fields.entry(row.field.clone()).or_insert_with(|| serde_json::Value::Array(Vec::new()));
        if let Some(rows) = table.as_array_mut().filter(|rows| rows.len() < row.place as usize) {
            rows.resize(row.place as usize, serde_json::Value::Object(serde_json::Map::new()));
        }
    }
    let applied = apply(dossier, at, change);
    if dossier.is_some() { Ok(()) } else { applied }
}

impl Dossier {
    /// Who is forgotten together with somebody here: if it is about that person, so is what people from outside said in it.
    pub fn forgotten_with(&self, person: &PersonId) -> Vec<PersonId> {
        let mut people = vec![person.clone()];
        if self.subject.as_ref() == Some(person) {
            people.extend(self.outsiders.iter().map(|one| one.person.clone()));
        }
        people.retain(|one| !self.forgotten.contains(one));
        people
    }

    /// Takes away what is left of people once their parts of the log are erased; what had their name is called by its id.
    pub(super) fn forget(&mut self, people: &[PersonId]) {
        let is_theirs = |subject: &Option<PersonId>| subject.as_ref().is_some_and(|one| people.contains(one));
        if is_theirs(&self.subject) {
            self.caption = nameless(&self.id);
            self.import_key = None;
        }
        for row in self.rows.iter_mut().filter(|row| is_theirs(&row.subject)) {
            row.caption = nameless(&row.dossier);
            row.fields.clear();
        }
        for child in self.children.iter_mut().filter(|child| is_theirs(&child.subject)) {
            child.caption = nameless(&child.dossier);
            child.fields.clear();
        }
        self.outsiders.retain(|one| !people.contains(&one.person));
        self.forgotten.extend(people.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::Refold;
    use crate::dossier::command::Actor;
    use crate::dossier::event::{Change, Event, Kind};
    use crate::dossier::{Outsider, RowOf};
    use crate::ids::{DossierId, Instant, PersonId};

    fn party(place: u32) -> Change {
        let person = PersonId::new(format!("o{place}"));
        let outsider =
            Outsider { person, name: format!("Bà {place}"), mail: None, language: "vi".to_owned(), address: None };
        let mut cells = serde_json::Map::new();
        cells.insert("text".to_owned(), format!("ý kiến {place}").into());
        Change::Party { outsider, row: Some(RowOf { field: "views".into(), place, cells }) }
    }

    fn log(changes: Vec<Change>) -> Vec<Event> {
        let opened = Change::Opened {
            id: DossierId::from("0123456789"),
            workflow: "w".into(),
            machine: "m".into(),
            subject: Some(PersonId::from("p")),
            gather_key: None,
        };
        let first = vec![opened, Change::Captioned("Việc của Sen".to_owned())];
        let at = |(seq, changes): (i64, Vec<Change>)| Event {
            seq,
            at: Instant(seq),
            kind: Kind::Edited,
            actor: Actor::Clock,
            changes,
        };
        (1..).zip([first, changes]).map(at).collect()
    }

    fn folded(log: &[Event]) -> Refold {
        let mut fold = Refold::default();
        for event in log {
            fold.take(event).expect("it follows");
        }
        fold
    }

    #[test]
    fn rows_of_others_keep_their_places_when_one_is_erased() {
        let whole = folded(&log(vec![party(0), party(1), party(2)]));
        let left = folded(&log(vec![Change::Erased, party(1), party(2)]));
        let rows = |fold: &Refold| fold.dossier.clone().expect("it is there").fields[&"views".into()].clone();
        assert_eq!((rows(&left)[1].clone(), left.erased), (rows(&whole)[1].clone(), 1));
        assert_eq!((rows(&left)[0].clone(), rows(&left)[2].clone()), (serde_json::json!({}), rows(&whole)[2].clone()));
    }

    #[test]
    fn what_hangs_on_something_erased_is_passed_over_and_only_then() {
        let settled = vec![Change::Unheld(0)];
        let mut fold = Refold::default();
        let events = log(settled.clone());
        fold.take(&events[0]).expect("the first follows");
        assert!(fold.take(&events[1]).is_err(), "nothing is erased, so what does not follow is a fault");
        let lost = folded(&log([vec![Change::Erased], settled].concat()));
        assert_eq!(lost.dossier.expect("it is there").seq, 2);
    }

    #[test]
    fn what_a_forgotten_person_was_called_is_an_id() {
        let who = PersonId::from("p");
        let mut fold = folded(&log(vec![party(0)]));
        let dossier = fold.dossier.as_mut().expect("it is there");
        assert_eq!(dossier.forgotten_with(&who), [who.clone(), PersonId::from("o0")], "it is about them");
        assert_eq!(dossier.forgotten_with(&PersonId::from("o0")), [PersonId::from("o0")]);
        dossier.forget(&[who.clone(), PersonId::from("o0")]);
        assert_eq!((dossier.caption.as_str(), dossier.outsiders.len()), ("(01234567)", 0));
        assert_eq!(dossier.forgotten_with(&who), []);
    }
}
