//! Every test that crosses modules, in one binary.

mod check;
mod decide;
mod ledger;
mod mails;
mod smtp;
mod store;
mod support;
mod tidy;
