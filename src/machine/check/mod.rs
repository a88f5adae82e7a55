//! From a definition as written to a machine that can be trusted.
