//! It holds: faults planted in the engine are found, damage and tampering too; processes and databases that die lose nothing and do
//! nothing twice; calls that fail cost one request, whoever goes away takes nothing along; a simulated office of many years agrees
//! with its log. Needs the feature `planted-faults`; `docs/reliability.md` says what each part promises and how long campaigns are.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests ask for their database, measure, and say what they found"
)]

mod again;
mod chaos;
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "../all/support/charts.rs"]
mod charts;
mod cluster;
mod damage;
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "../all/support/database.rs"]
mod database;
mod failing;
mod faults;
mod figures;
mod http;
mod life;
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "../all/support/office.rs"]
mod office;
mod people;
mod power;
mod proxy;
mod shipped;
mod simulation;
mod site;
mod tampering;
mod trial;
