//! What `decide` may look at besides the machine, the dossier and the command: pinned by whoever calls it.

use std::collections::BTreeMap;

use super::command::{Act, Ask, Correct, Start};
use super::taken::Taken;
use super::{Choice, Dossier};
use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::ids::{ActivationId, DossierId};
use crate::machine::{FieldKind, Machine};

/// The world as it stands at `now`.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Units, people, posts, bodies.
    pub directory: &'a Directory,
    /// The workflow's calendar.
    pub calendar: &'a Calendar,
    /// The entries of all registers about the dossier's subject.
    pub register: &'a [Entry],
    /// The opened boxes of the votes in progress.
    pub boxes: &'a Boxes,
    /// What is known of keys that are given once.
    pub taken: &'a Taken,
}

/// Boxes by the vote's entry and the row.
pub type Boxes = BTreeMap<(ActivationId, DossierId), OpenBox>;

/// A fact in a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which register.
    pub register: String,
    /// Whose: a person's id, or `unit:CODE`.
    pub holder: String,
    /// What.
    pub key: String,
    /// The year it counts for.
    pub year: i32,
}

/// A box, opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenBox {
    /// The choices, in no order.
    pub choices: Vec<Choice>,
    /// SHA-256 of the sealed row, in hexadecimal digits.
    pub hash: String,
}

/// Whose facts a dossier's formulas see: the first subject field with a value, as the command leaves it.
pub fn holder_of(machine: &Machine, dossier: Option<&Dossier>, ask: &Ask) -> Option<String> {
    let said = match ask {
        Ask::Start(Start { fields, .. }) | Ask::Act(Act { fields, .. }) | Ask::Edit { fields, .. } => Some(fields),
        Ask::Correct(Correct { fields, .. }) => Some(fields),
        Ask::Prepare(prepare) => Some(&prepare.answer.fields),
        Ask::Claim { .. }
        | Ask::Release { .. }
        | Ask::Assign { .. }
        | Ask::Add { .. }
        | Ask::Extend { .. }
        | Ask::Skip { .. }
        | Ask::Redo { .. }
        | Ask::Record(_)
        | Ask::Knock(_)
        | Ask::Object(_)
        | Ask::Hear(_)
        | Ask::Settle(_)
        | Ask::Withdraw { .. }
        | Ask::Note { .. }
        | Ask::Acknowledge { .. }
        | Ask::Cast { .. }
        | Ask::Attend { .. }
        | Ask::Tally { .. }
        | Ask::Confirm { .. }
        | Ask::Migrate(_)
        | Ask::Forget(_)
        | Ask::Expire(_)
        | Ask::End(_)
        | Ask::Receive(_)
        | Ask::Tick => None,
    };
    machine.subject.iter().find_map(|name| {
        let value = said.and_then(|fields| fields.get(name)).or_else(|| dossier?.fields.get(name))?.as_str()?;
        match machine.field(name)?.kind {
            FieldKind::Unit => Some(format!("unit:{value}")),
            _ => Some(value.to_owned()),
        }
    })
}
