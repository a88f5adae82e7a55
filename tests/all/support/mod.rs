//! What several tests need.

pub mod faulty_smtp;
//! What tests share: a small office (directory, calendar, two workflows) and a way to lead dossiers through it by hand.

pub mod office;
