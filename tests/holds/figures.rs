//! What was measured is said on every run, also where the test that measured it has passed: a figure that nobody reads is none.

use std::io::Write as _;

/// How often something is tried: as the environment says, else as every day.
pub(crate) fn times(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |times| times.parse().expect("a number of times"))
}

/// Says a figure, or that there is none.
pub(crate) fn say(line: &str) {
    // Past what the harness keeps to itself.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A part that cannot be tried here: loud, and a failure where CI asks.
pub(crate) fn skipped(what: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{what}: a part that is skipped is no part that holds");
    say(&format!("\n!!! SKIPPED: {what}\n"));
}
