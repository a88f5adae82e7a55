//! Every test that crosses modules, in one binary.

mod tidy;
