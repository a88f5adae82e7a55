//! What several tests need.

pub mod faulty_smtp;
pub mod office;
