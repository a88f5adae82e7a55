//! Folding events into a dossier: all that is needed stands in them.

use super::Dossier;
use super::event::Event;

/// The dossier after an event; before its first one there is none.
///
/// # Errors
/// The event does not follow from what came before (a gap, a change to something that is not there): the log is damaged.
pub fn evolve(dossier: Option<Dossier>, event: &Event) -> Result<Dossier, Broken> {
    let _ = (dossier, event);
    todo!()
}

/// A log whose events do not follow from each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} does not follow: {what}")]
pub struct Broken {
    /// The event's number.
    pub seq: i64,
    /// What is wrong.
    pub what: String,
}
