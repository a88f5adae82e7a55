//! Every test that crosses modules, in one binary.

mod bench;
mod check;
mod cli;
mod config;
mod decide;
mod import;
mod courier;
mod decide;
mod offices;
mod engine;
mod ledger;
mod mails;
mod packaging;
mod scheduler;
mod smtp;
mod store;
mod support;
mod tidy;
mod web;
mod workflows;
