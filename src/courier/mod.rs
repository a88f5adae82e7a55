//! Outbox to mailbox: gathers what has to be said to a person into one mail, sends it, and keeps an honest ledger.

pub mod compose;
pub mod email;
pub mod letter;
mod samples;
pub mod settings;
pub mod smtp;
mod subject;
mod texts;
mod view;
mod wire;

pub use samples::samples;
