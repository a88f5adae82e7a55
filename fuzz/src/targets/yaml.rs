//! Workflow files: read, checked, laid out.

use chancery::definition::{layout, plain};
use chancery::diagnostic::Diagnostic;
use chancery::machine::check::{Checked, check_files};
use chancery::source::SourceFile;

fn check(file: &SourceFile) -> Checked {
    check_files(file, &|wanted| {
        let text = match wanted {
            "grades.yaml" => include_str!("../../../tests/all/check/whole/grades.yaml"),
            "list.en.yaml" => include_str!("../../../tests/all/check/whole/list.en.yaml"),
            _ => return None,
        };
        Some(SourceFile::new(wanted, text))
    })
}

fn codes(checked: &Checked) -> Vec<&str> {
    let mut codes: Vec<&str> = checked.diagnostics.iter().map(|fault| fault.code).collect();
    codes.sort_unstable();
    codes
}

pub(super) fn try_bytes(bytes: &[u8]) {
    let file = SourceFile::new("list.yaml", super::text(bytes));
    let checked = check(&file);
    assert_eq!(checked.machine.is_none(), checked.diagnostics.iter().any(Diagnostic::is_error));
    super::can_be_told(&checked.diagnostics, &checked.sources);
    let again = check(&file);
    assert_eq!(format!("{:?}", again.diagnostics), format!("{:?}", checked.diagnostics));
    let hash = |checked: &Checked| checked.machine.as_ref().map(|machine| machine.hash().to_string());
    assert_eq!(hash(&again), hash(&checked), "the same file is the same version");
    let Some(laid_out) = layout::laid_out(&file) else { return };
    let other = SourceFile::new("list.yaml", laid_out.clone());
    assert_eq!(layout::laid_out(&other).as_deref(), Some(laid_out.as_str()), "what is laid out is laid out");
    assert_eq!(plain(&other).0, plain(&file).0, "another layout says the same");
    let other = check(&other);
    assert_eq!((codes(&other), other.machine.is_some()), (codes(&checked), checked.machine.is_some()));
}
