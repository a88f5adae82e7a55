//! The units in packaging/ are what systemd understands and as closed as we promise, and the sample configuration is read.

use std::path::PathBuf;
use std::process::{Command, Output};

use chancery::config::{Config, Places};

fn packaging() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("packaging")
}

/// Runs systemd-analyze on rendered copies of all units; none where the machine has none (a failure with CI=true).
fn analyze(arguments: &[&str]) -> Option<Vec<(String, Output)>> {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("!!! SKIPPED: no systemd-analyze on this machine");
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs systemd-analyze");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("chancery-units-{}-{}", std::process::id(), arguments[0]));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let mut outputs = Vec::new();
    for entry in std::fs::read_dir(packaging().join("systemd")).expect("the units are there") {
        let path = entry.expect("the units are there").path();
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a unit is text");
        let rendered = folder.join(&name);
        // The binary must be there for the check; what it is does not matter.
        std::fs::write(&rendered, text.replace("/usr/bin/chancery", "/usr/bin/true")).expect("it is written");
        let output = Command::new("systemd-analyze").args(arguments).arg(&rendered).output().expect("it runs");
        outputs.push((name, output));
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!(outputs.len(), 3);
    Some(outputs)
}

fn all_good(arguments: &[&str]) {
    for (name, output) in analyze(arguments).into_iter().flatten() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
    }
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    all_good(&["verify", "--recursive-errors=no"]);
}

#[test]
fn the_units_are_as_closed_as_promised() {
    all_good(&["security", "--offline=true", "--threshold=20"]);
}

#[test]
fn the_sample_configuration_is_read_and_names_every_key() {
    let text = std::fs::read_to_string(packaging().join("chancery.toml")).expect("it is there");
    let places = Places { file: Some("/etc/chancery/chancery.toml".into()), credentials: None };
    Config::parse(&text, places.clone()).expect("the sample is sound");
    // What is commented out is sound as well, section by section.
    let all = text.replace("\n# url_file", "\n#url_file");
    let uncommented: String = all
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split(' ').nth(1) == Some("=") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    Config::parse(&uncommented, places).expect("every key is known");
    for key in ["redirect_to", "password_file", "owner_url_file", "server_role", "ca_file", "contact", "hello", "tls"] {
        assert!(uncommented.lines().any(|line| line.starts_with(key)), "{key}");
    }
}
