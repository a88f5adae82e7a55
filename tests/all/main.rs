//! Every test that crosses modules, in one binary.

mod check;
mod cli;
mod config;
mod decide;
mod import;
mod mails;
mod packaging;
mod scheduler;
mod smtp;
mod store;
mod support;
mod tidy;
mod workflows;
