//! A test of this binary run once more as a process of its own: what is planted in a process stays there.

use std::process::{Command, Stdio};

/// What is written before an answer.
const MARK: &str = "answer: ";

/// Runs an ignored test in a process of its own, with this in its environment; what it answered, and whether it lived.
pub(crate) fn run(test: &str, environment: &[(&str, &str)]) -> (Option<serde_json::Value>, bool) {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads", "1"]);
    command.envs(environment.iter().copied()).stdin(Stdio::null());
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let answer = said.lines().find_map(|line| line.split_once(MARK)).map(|(_, json)| json.to_owned());
    let answer = answer.map(|json| serde_json::from_str(&json).expect("an answer is JSON"));
    assert!(
        answer.is_some() || !output.status.success(),
        "{test} says nothing:\n{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (answer, output.status.success())
}

/// Answers whoever ran this process.
pub(crate) fn answer(value: &serde_json::Value) {
    println!("\n{MARK}{value}");
}
