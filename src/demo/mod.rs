//! A whole office in one process, to look at and to play: its own database, its own clock, people whose mails are caught
//! and whose links can be followed.

pub mod cast;
pub mod files;
pub mod html;
pub mod http;
pub mod office;
pub mod page;
pub mod pdf;
pub mod script;
pub mod sheet;
