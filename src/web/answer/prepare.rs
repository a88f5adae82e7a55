//! An answer that an assistant prepares: it lies ready on the page of whoever is asked, and nothing else happens.

use super::Meant;
use super::act;
use crate::dossier::command::{Ask, Prepare};
use crate::web::error::Problem;
use crate::web::form::Form;
use crate::web::task;
use crate::web::view::choice::Wanted;
use crate::web::view::refused::Wrong;
use crate::web::visit::Visit;

/// The input in which the assistant writes to whoever is asked.
pub(in crate::web) const NOTE: &str = "prepared.note";

pub(super) fn prepare(visit: &Visit, form: &Form) -> Result<Meant, Problem> {
    let reader = &visit.reader;
    if form.get("do") != "prepare" {
        // Whatever else the page of somebody who decides would send.
        return Ok(Meant::Wrong(vec![Wrong { text: reader.get("refused.only_prepares"), basis: None, href: None }]));
    }
    let wanted = Wanted::all(reader, &task::offered(visit));
    let wanted: Vec<Wanted> = wanted.into_iter().map(|one| one.without_files(reader)).collect();
    let Some(wanted) = wanted.iter().find(|one| one.event.as_str() == form.get("choice")) else {
        return Ok(Meant::Wrong(vec![Wrong::at(reader.get("refused.no_choice"), "choice")]));
    };
    let mut wrongs = Vec::new();
    let answer = act::said(visit, form, wanted, &mut wrongs).answer(visit, form, wanted);
    if !wrongs.is_empty() {
        return Ok(Meant::Wrong(wrongs));
    }
    let note = Some(form.get(NOTE).trim().to_owned()).filter(|note| !note.is_empty());
    let prepare = Prepare { answer, note };
    // Another answer, or the same with other words, is another click.
    let said = serde_json::to_string(&prepare).map_err(|_| Problem::Fault)?;
    let operation = visit.operation(&["prepare", &visit.dossier.seq.to_string(), &said]);
    let event = wanted.event.to_string();
    Ok(Meant::Command { operation, ask: Box::new(Ask::Prepare(prepare)), attachments: Vec::new(), event })
}
