//! A workflow of a thousand states, written for the purpose, and how long its check takes.

use std::fmt::Write as _;
use std::time::Instant;

use serde::Serialize;

use super::BenchError;
use crate::machine::check::check_files;
use crate::source::SourceFile;

/// States inside each stage.
const INSIDE: usize = 9;
/// Roles, and formulas.
const NAMES: usize = 8;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// States of the workflow.
    pub states: usize,
    /// Bytes of its file.
    pub bytes: usize,
    /// Milliseconds of the fastest of all checks: reading, checking, compiling.
    pub milliseconds: f64,
    /// Milliseconds of the slowest.
    pub slowest: f64,
    /// How often it was checked.
    pub times: u32,
}

/// Checks such a workflow so many times. It has at least ten states.
///
/// # Errors
/// The workflow has faults: it was written wrong here.
#[expect(clippy::disallowed_methods, reason = "this is what is measured")]
pub fn run(states: usize, times: u32, go: impl FnOnce()) -> Result<CheckReport, BenchError> {
    let file = SourceFile::new("states.yaml", workflow(states));
    go();
    let (mut fastest, mut slowest, mut found) = (f64::MAX, 0.0_f64, 0);
    for _ in 0..times.max(1) {
        let began = Instant::now();
        let checked = check_files(&file, &|_| None);
        let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
        (fastest, slowest) = (fastest.min(milliseconds), slowest.max(milliseconds));
        let faults = || checked.diagnostics.iter().map(|fault| fault.message("en")).collect::<Vec<_>>().join("; ");
        found = checked.machine.as_ref().ok_or_else(|| BenchError::Workflow(faults()))?.states.len();
    }
    Ok(CheckReport { states: found, bytes: file.text.len(), milliseconds: fastest, slowest, times: times.max(1) })
}

/// Stages one after the other, each with a few steps inside, ways on, back and out.
fn workflow(states: usize) -> String {
    let stages = (states / (INSIDE + 1)).max(1);
    let mut text =
        "chancery: 1\nworkflow: bench_states\ntitle: Bài đo\ncalendar: vn-civil-service\nfields:\n  unit: {type: \
                    unit, label: Đơn vị}\n"
            .to_owned();
    let mut roles = "roles:\n".to_owned();
    let mut guards = "guards:\n".to_owned();
    for n in 0..NAMES {
        let starter = if n == 0 { ", starter: true" } else { "" };
        // What is written to a string is always written.
        let _ = writeln!(text, "  n{n}: {{type: number, label: Số {n}}}");
        let _ = writeln!(roles, "  r{n}: {{label: Vai {n}, post: post_{n}, of: unit{starter}}}");
        let _ = writeln!(guards, "  g{n}: {{expr: \"n{n} > {n}\", refuse: Chưa đủ}}");
    }
    text = text + &roles + &guards + "initial: s0\nstates:\n";
    for stage in 0..stages {
        let _ = writeln!(
            text,
            "  s{stage}:\n    initial: t0\n    on: {{drop: {{by: r{}, label: Bỏ, target: dropped}}}}",
            stage % NAMES
        );
        text.push_str("    states:\n");
        for step in 0..INSIDE {
            step_of(&mut text, stage, step, stages);
        }
    }
    text + "  dropped: {final: true, outcome: dropped}\n  over: {final: true, outcome: over}\n"
}

fn step_of(text: &mut String, stage: usize, step: usize, stages: usize) {
    let (role, guard) = ((stage + step) % NAMES, (stage + step * 3) % NAMES);
    let next = match (step + 1 < INSIDE, stage + 1 < stages) {
        (true, _) => format!("t{}", step + 1),
        (false, true) => format!("s{}", stage + 1),
        (false, false) => "over".to_owned(),
    };
    let _ = write!(
        text,
        "      t{step}:\n        task: {{for: r{role}, title: Việc}}\n        on:\n          go: {{by: \
         r{role}, label: Tiếp, guard: g{guard}, target: {next}}}\n"
    );
    if step % 3 == 1 {
        let _ = writeln!(text, "          back: {{by: r{role}, label: Lui, target: t{}}}", step - 1);
    }
}
