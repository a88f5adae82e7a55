//! What tests share: a small office (directory, calendar, two workflows) and a way to lead dossiers through it by hand; a
//! mail server that misbehaves.

pub(crate) mod charts;
pub(crate) mod database;
pub(crate) mod faulty_smtp;
pub(crate) mod office;
pub(crate) mod pages;
pub(crate) mod workflows;

pub(crate) use workflows::shipped;
