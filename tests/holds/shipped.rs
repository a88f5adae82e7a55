//! The look at a program that is to be shipped (`tests/shipped`, run by `.ci/run`) would see that one can be told to go wrong.

use std::path::Path;
use std::process::Command;

#[test]
fn a_program_that_can_be_told_to_go_wrong_is_not_shipped() {
    let look = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shipped");
    let looked = Command::new(look).arg(env!("CARGO_BIN_EXE_chancery")).output().expect("it starts");
    let said = String::from_utf8_lossy(&looked.stderr).into_owned();
    assert!(!looked.status.success() && said.contains("goes wrong when told to"), "{said}");
}
