//! Every test that crosses modules, in one binary.

mod check;
mod decide;
mod mails;
mod smtp;
mod store;
mod support;
mod tidy;
mod workflows;
