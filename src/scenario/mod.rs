//! Trying workflows out: an office in memory on a virtual clock, the scenarios that are played in it, and what they reach.
//!
//! Nothing here has an effect: there is no database, no mail server and no clock behind it, only the same `decide`, `evolve`
//! and `project` as in a real office, and the courier's own rules of what is said to whom when.

mod boxes;
pub mod coverage;
pub mod file;
pub mod history;
mod keys;
pub mod office;
pub mod play;
pub mod post;
pub mod simulate;
mod starts;
pub mod world;

pub use coverage::{Coverage, Covered, Share};
pub use history::Line;
pub use office::Office;
pub use play::{Failure, play};
pub use post::Mail;
pub use world::{World, person_id};
