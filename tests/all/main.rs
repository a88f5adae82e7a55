//! Every test that crosses modules, in one binary.

mod store;
mod tidy;
