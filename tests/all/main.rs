//! Every test that crosses modules, in one binary.

mod check;
mod store;
mod tidy;
