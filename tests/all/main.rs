//! Every test that crosses modules, in one binary.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests ask for their database and say what they skip; what topics share is pub in one binary"
)]

mod annual;
mod attendance;
mod bad_files;
mod ballots;
mod bench;
mod catalogue;
mod chart;
mod check;
mod cli;
mod config;
mod corrections;
mod courier;
mod decide;
mod decisions;
mod desk;
mod drafts;
mod duties;
mod engine;
mod explain;
mod fields;
mod frozen;
mod guides;
mod hands;
mod heads;
mod import;
mod install;
mod intake;
mod layout;
mod leading;
mod ledger;
mod mailroom;
mod mails;
mod migration;
mod new;
mod notes;
mod numbers;
mod office_holders;
mod offices;
mod outside;
mod own_mails;
mod packaging;
mod parts;
mod people;
mod processes;
mod reckoning;
mod registers;
mod rolls;
mod rounds;
mod scenario;
mod scheduler;
mod schema;
mod scores;
mod scxml;
mod settling;
mod shown;
mod sight;
mod simulate;
mod smtp;
mod stand_ins;
mod starting;
mod statechart;
mod store;
mod story;
mod stuck;
mod support;
mod tidy;
mod together;
mod told;
mod twin;
mod verify;
mod versions;
mod voting;
mod web;
mod workflows;
