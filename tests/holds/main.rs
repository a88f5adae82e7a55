//! It holds: faults planted in the engine are found, damage and tampering too, whoever goes away or meets a full disk takes nothing
//! along, and a simulated office of many years agrees with its log. Needs the feature
//! `planted-faults`; `docs/reliability.md` says what each part promises and how long campaigns are run.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests ask for their database, measure, and say what they found"
)]

mod again;
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "../all/support/charts.rs"]
mod charts;
mod damage;
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "../all/support/database.rs"]
mod database;
mod failing;
mod faults;
mod life;
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "../all/support/office.rs"]
mod office;
mod shipped;
mod simulation;
mod tampering;
