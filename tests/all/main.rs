//! Every test that crosses modules, in one binary.

mod smtp;
mod store;
mod support;
mod tidy;
