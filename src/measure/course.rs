//! When a dossier first stood where, read from its events.

use std::collections::BTreeMap;

use crate::calendar::Calendar;
use crate::dossier::event::{Change, Event};
use crate::ids::{ActivationId, Instant, StateId};

/// The first entries of a dossier into its states, by what the states are called now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    first: BTreeMap<StateId, Stay>,
    /// Parts of it can no longer be read: somebody whom they were about was erased.
    pub erased: bool,
}

/// One entry into a state.
#[derive(Clone, Debug, PartialEq)]
struct Stay {
    activation: ActivationId,
    entered_at: Instant,
    left_at: Option<Instant>,
    due_at: Option<Instant>,
}

/// What of a first entry is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Entered,
    Left,
    Due,
}

impl Course {
    /// Of these events, in order.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut course = Self::default();
        for event in events {
            for change in &event.changes {
                course.follow(change, event.at);
            }
        }
        course
    }

    fn follow(&mut self, change: &Change, at: Instant) {
        match change {
            Change::Entered { activation, state, due_at } => {
                let stay = Stay { activation: *activation, entered_at: at, left_at: None, due_at: *due_at };
                self.first.entry(state.clone()).or_insert(stay);
            }
            Change::Left(activations) => {
                for stay in self.first.values_mut().filter(|stay| activations.contains(&stay.activation)) {
                    stay.left_at = stay.left_at.or(Some(at));
                }
            }
            Change::Extended { activation, due_at, .. }
            | Change::Moved { activation, due_at }
            | Change::PutOff { activation, due_at, .. } => {
                self.put_off(*activation, Some(*due_at));
            }
            Change::Resumed { due, .. } => {
                for (activation, due_at) in due {
                    self.put_off(*activation, Some(*due_at));
                }
            }
            Change::Migrated { states, active, .. } => {
                let first = std::mem::take(&mut self.first);
                for (state, stay) in first {
                    let now = active.iter().find(|now| now.activation == stay.activation).map(|now| &now.state);
                    let called = now.or_else(|| states.get(&state)).unwrap_or(&state).clone();
                    let first = self.first.entry(called).or_insert_with(|| stay.clone());
                    if stay.entered_at < first.entered_at {
                        *first = stay;
                    }
                }
                for now in active {
                    self.put_off(now.activation, now.due_at);
                }
            }
            Change::Erased => self.erased = true,
            _ => {}
        }
    }

    fn put_off(&mut self, activation: ActivationId, due_at: Option<Instant>) {
        for stay in self.first.values_mut().filter(|stay| stay.activation == activation) {
            stay.due_at = due_at;
        }
    }

    /// The day of a moment in each of these states; null where there is none.
    pub(super) fn days(
        &self,
        moment: Moment,
        named: &BTreeMap<String, StateId>,
        calendar: &Calendar,
    ) -> serde_json::Value {
        let day = |id: &StateId| {
            let stay = self.first.get(id)?;
            let at = match moment {
                Moment::Entered => Some(stay.entered_at),
                Moment::Left => stay.left_at,
                Moment::Due => stay.due_at,
            };
            Some(calendar.date(at?).to_string())
        };
        named.iter().map(|(name, id)| (name.clone(), day(id).map_or(serde_json::Value::Null, Into::into))).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dossier::Active;
    use crate::dossier::command::Actor;
    use crate::dossier::event::Kind;
    use crate::source::SourceFile;

    const PLAIN: &str = "chancery: 1\ncalendar: plain\ntitle: Plain\nzone: Asia/Ho_Chi_Minh\nyears: {}\n";

    /// The n-th day from 2026-06-01, at noon in Hanoi.
    fn day(n: i64) -> Instant {
        Instant(1_780_290_000_000 + n * 86_400_000)
    }

    fn entered(entry: u32, state: &str, due: Option<i64>) -> Change {
        Change::Entered { activation: ActivationId(entry), state: state.into(), due_at: due.map(day) }
    }

    /// What each state's first entry says, after these changes, each on a day.
    fn told(changes: Vec<(i64, Change)>, states: &[&str]) -> [serde_json::Value; 3] {
        let event = |(seq, (at, change)): (i64, (i64, Change))| Event {
            seq,
            at: day(at),
            kind: Kind::Acted,
            actor: Actor::Clock,
            changes: vec![change],
        };
        let events: Vec<Event> = (1..).zip(changes).map(event).collect();
        let course = Course::of(&events);
        let calendar = Calendar::read(&SourceFile::new("plain.yaml", PLAIN)).0.expect("a calendar");
        let named = states.iter().map(|state| ((*state).to_owned(), StateId::from(*state))).collect();
        [Moment::Entered, Moment::Left, Moment::Due].map(|moment| course.days(moment, &named, &calendar))
    }

    #[test]
    fn the_first_entry_counts_and_its_deadline_as_it_was_put_off() {
        let changes = vec![
            (0, entered(1, "a", Some(2))),
            (1, Change::Extended { activation: ActivationId(1), due_at: day(4), reason: "ill".to_owned() }),
            (3, Change::Left(vec![ActivationId(1)])),
            (3, entered(2, "b", None)),
            (5, Change::Left(vec![ActivationId(2)])),
            (5, entered(3, "a", Some(9))),
            (6, Change::Left(vec![ActivationId(3)])),
        ];
        let [entered, left, due] = told(changes, &["a", "b", "c"]);
        assert_eq!(entered, json!({"a": "2026-06-01", "b": "2026-06-04", "c": null}));
        assert_eq!(left, json!({"a": "2026-06-04", "b": "2026-06-06", "c": null}));
        assert_eq!(due, json!({"a": "2026-06-05", "b": null, "c": null}));
    }

    #[test]
    fn a_pause_is_no_leaving_and_moves_the_deadline() {
        let changes = vec![
            (0, entered(1, "a", Some(2))),
            (1, Change::Paused { state: "a".into(), frozen: vec![ActivationId(1)] }),
            (5, Change::Resumed { state: "a".into(), timers: Vec::new(), due: vec![(ActivationId(1), day(6))] }),
        ];
        let [_, left, due] = told(changes, &["a"]);
        assert_eq!((left, due), (json!({"a": null}), json!({"a": "2026-06-07"})));
    }

    #[test]
    fn what_a_state_is_called_since_the_dossier_went_over_is_what_it_is_called() {
        let active = Active { activation: ActivationId(2), state: "d".into(), at: day(1), due_at: Some(day(8)) };
        let changes = vec![
            (0, entered(1, "a", None)),
            (1, Change::Left(vec![ActivationId(1)])),
            (1, entered(2, "b", Some(5))),
            (
                2,
                Change::Migrated {
                    machine: "m".into(),
                    states: [("a".into(), "c".into())].into(),
                    active: vec![active],
                    timers: Vec::new(),
                    unasked: Vec::new(),
                },
            ),
        ];
        let [entered, left, due] = told(changes, &["a", "b", "c", "d"]);
        assert_eq!(entered, json!({"a": null, "b": null, "c": "2026-06-01", "d": "2026-06-02"}));
        assert_eq!(left, json!({"a": null, "b": null, "c": "2026-06-02", "d": null}));
        assert_eq!(due, json!({"a": null, "b": null, "c": null, "d": "2026-06-09"}));
    }
}
