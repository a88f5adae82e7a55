//! The small forms beside the choice: a task is taken over, given back, given to somebody; one more person is asked; the
//! deadline is put off; the step is skipped, or done anew.

use super::answer::Meant;
use super::form::Form;
use super::view::refused::Wrong;
use super::visit::Visit;
use crate::dossier::command::Ask;
use crate::ids::PersonId;

/// What such a form asks for.
pub(super) fn meant(visit: &Visit, form: &Form) -> Meant {
    let (activation, what) = (visit.task.activation, form.get("do"));
    let reason = form.get("why").to_owned();
    let ask = match what {
        "claim" => Ok(Ask::Claim { activation }),
        "release" => Ok(Ask::Release { activation }),
        "skip" => Ok(Ask::Skip { activation, reason }),
        "redo" => Ok(Ask::Redo { activation, reason }),
        "add" => named(visit, form.get("to")).ok_or("refused.nobody_named").map(|person| Ask::Add {
            activation,
            person,
            reason,
        }),
        "extend" => form.get("to").parse().map_err(|_| "refused.not_later").map(|until| Ask::Extend {
            activation,
            until,
            reason,
        }),
        _ => {
            let person = |name: &str| Some(form.get(name)).filter(|id| !id.is_empty()).map(PersonId::from);
            let (from, reason) = (person("from"), Some(reason).filter(|why| !why.is_empty()));
            person("to").ok_or("refused.nobody_named").map(|to| Ask::Assign { activation, from, to, reason })
        }
    };
    let said = match ask {
        Ok(ask) => {
            let operation = visit.operation(&[what, form.get("from"), form.get("to"), form.get("seen")]);
            let (ask, event) = (Box::new(ask), what.to_owned());
            return Meant::Command { operation, ask, attachments: Vec::new(), event };
        }
        Err(key) => visit.reader.get(key),
    };
    Meant::Wrong(vec![Wrong::at(said, format!("to.{what}"))])
}

/// The one person of this code or this name.
fn named(visit: &Visit, said: &str) -> Option<PersonId> {
    let directory = &visit.reader.directory;
    if let Some(person) = directory.person_by_code(said) {
        return Some(person.id.clone());
    }
    let mut called = directory.people.values().filter(|person| person.name == said);
    called.next().filter(|_| called.next().is_none()).map(|person| person.id.clone())
}
