//! Every test that crosses modules, in one binary.

mod check;
mod courier;
mod decide;
mod ledger;
mod mails;
mod smtp;
mod store;
mod support;
mod tidy;
mod workflows;
