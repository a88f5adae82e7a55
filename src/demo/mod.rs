//! A whole office in one process, to look at and to play: its own database, its own clock, people whose mails are caught
//! and whose links can be followed.
//!
//! [`hall`] lets it run, [`stage`] sets the shown one up, [`play`] lets its people act through mails, links and pages and nothing else, [`compare`] looks at
//! what came of it. Everything shown comes from the files that are shipped with the workflows.

pub mod board;
pub mod cast;
pub mod compare;
pub mod files;
pub mod hall;
pub mod html;
pub mod http;
pub mod mailroom;
pub mod office;
pub mod page;
pub mod pdf;
pub mod play;
pub mod script;
pub mod sheet;
pub mod stage;

/// Why a demonstration does not go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database fails.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// The disk or the network fails.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A file of rows is no CSV.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// A row could not be imported.
    #[error(transparent)]
    Intake(#[from] crate::engine::intake::IntakeError),
    /// A page could not be fetched.
    #[error(transparent)]
    Http(#[from] http::HttpError),
    /// Somebody does not know how to answer.
    #[error(transparent)]
    Puzzled(#[from] office::Puzzled),
    /// Something shipped or shown is not as it should be.
    #[error("{0}")]
    Fault(String),
}

impl DemoError {
    fn missing(what: &str) -> Self {
        Self::Fault(format!("the shipped files hold no {what}"))
    }
}
