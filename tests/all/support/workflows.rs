//! The shipped workflows, as machines.

use std::path::Path;

use chancery::machine::Machine;
use chancery::machine::check::check_files;
use chancery::source::SourceFile;

/// `purchase/purchase`: the machine of a shipped file.
pub(crate) fn shipped(name: &str) -> Machine {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows").join(format!("{name}.yaml"));
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let file = path.file_name().expect("a file").to_string_lossy().into_owned();
    let main = SourceFile::new(file, read(&path).expect("a shipped workflow"));
    let beside = path.parent().expect("a folder").to_owned();
    let included = |wanted: &str| Some(SourceFile::new(wanted, read(&beside.join(wanted))?));
    check_files(&main, &included).machine.expect("shipped workflows have no faults")
}
