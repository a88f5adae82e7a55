//! The fuzzer: libFuzzer over one of the targets, which the variable `FUZZ` names. `fuzz/run` builds and calls it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

mod targets;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let asked = std::env::var("FUZZ").unwrap_or_default();
    let target = targets::TARGETS.iter().find(|(name, _)| *name == asked);
    target.unwrap_or_else(|| panic!("FUZZ names no target: `{asked}`")).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
