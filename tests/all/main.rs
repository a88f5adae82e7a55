//! Every test that crosses modules, in one binary.

mod mails;
mod smtp;
mod store;
mod support;
mod tidy;
