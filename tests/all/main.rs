//! Every test that crosses modules, in one binary.

mod check;
mod decide;
mod smtp;
mod store;
mod support;
mod tidy;
