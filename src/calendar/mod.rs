//! Working time: named calendars with holidays and swapped days as data, and the counting of days as the law counts them.

mod count;
mod days;
mod delay;
mod read;
pub mod slots;
#[cfg(test)]
mod tests;

pub use days::{Calendar, Outage};
pub use delay::{Delay, DelayError, DelayUnit};
