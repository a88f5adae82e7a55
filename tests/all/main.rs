//! Every test that crosses modules, in one binary.

mod mails;
mod decide;
mod smtp;
mod check;
mod store;
mod support;
mod tidy;
