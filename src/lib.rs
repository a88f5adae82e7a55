//! chancery: a document-workflow engine driven by configurable state machines.
//!
//! ```text
//! workflow.yaml --parse--> Definition --check--> Machine                     (pure, no clock, no I/O)
//!                                                  |
//! Command --load--> Dossier --decide--> Decision { events, ballots, messages }     (pure)
//!                     |                             |
//!                     +------ evolve(event) --------+--> Dossier'                  (pure)
//!                                                  |
//!                one transaction: events + snapshot + tasks + outbox + links
//!                                                  |  commit, then acknowledge
//!       scheduler: due timer / cron slot ----------+---------- courier: outbox -> SMTP
//!            |                                                        |
//!            +-- Command                            mail -> link -> page -> POST -> Command
//! ```
//!
//! Read the modules in this order and you have read the life of a dossier.

pub mod calendar;
pub mod chart;
pub mod definition;
pub mod diagnostic;
pub mod directory;
pub mod dossier;
pub mod drafts;
pub mod exact;
pub mod explain;
pub mod expr;
pub mod ids;
pub mod import;
pub mod letters;
pub mod links;
pub mod machine;
pub mod measure;
pub mod papers;
pub mod planted;
pub mod scenario;
pub mod sheet;
pub mod source;
pub mod templates;
pub mod words;
mod yaml;
// Above this line nothing asks for the time, waits, or touches the world.
pub mod bench;
pub mod bounces;
pub mod catcher;
pub mod cli;
pub mod clock;
pub mod config;
pub mod courier;
pub mod demo;
pub mod engine;
pub mod postbox;
pub mod scheduler;
pub mod seal;
pub mod service;
pub mod store;
pub mod verify;
pub mod web;
