//! Every test that crosses modules, in one binary.

mod check;
mod decide;
mod engine;
mod smtp;
mod store;
mod support;
mod tidy;
