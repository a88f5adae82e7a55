//! Who is there at a vote, as it was marked on the sheet.

use std::collections::BTreeMap;

use super::{Form, Meant};
use crate::dossier::Attends;
use crate::dossier::command::Ask;
use crate::web::view::refused::Wrong;
use crate::web::visit::Visit;

/// The whole roll: whoever is not marked is there, where the form says so.
pub(super) fn attend(visit: &Visit, form: &Form) -> Meant {
    let reader = &visit.reader;
    let unmarked = (form.get("all") == "present").then_some(Attends::Present);
    let (mut seats, mut wrongs) = (BTreeMap::new(), Vec::new());
    for seat in visit.dossier.vote(visit.task.activation).iter().flat_map(|vote| &vote.roll) {
        let mark = Attends::of_name(form.get(&format!("seat.{}", seat.person)));
        if let Some(attends) = mark.or(unmarked) {
            seats.insert(seat.person.clone(), attends);
        } else {
            let text = format!("{}: {}", reader.name(&seat.person), reader.get("refused.attendance_wrong"));
            wrongs.push(Wrong::at(text, format!("row.{}", seat.person)));
        }
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let too_few = form.get("step") == "too_few";
    let marked: Vec<String> = seats.iter().map(|(person, attends)| format!("{person}={}", attends.name())).collect();
    let operation = visit.operation(&["attend", form.get("seen"), form.get("step"), &marked.join(";")]);
    // Whoever does not say what they saw has seen no record.
    let (activation, seen) = (visit.task.activation, form.get("seen").parse().unwrap_or_default());
    let ask = Box::new(Ask::Attend { activation, seats, too_few, seen });
    Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() }
}
