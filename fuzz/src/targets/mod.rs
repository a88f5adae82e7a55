//! What may be thrown at each thing that reads what others wrote, and what must hold whatever comes. The fuzzer runs these functions, and
//! so does the ordinary test, over the corpora that are kept and over changes to them.

mod calendar;
mod crontab;
mod csv;
mod dsn;
mod form;
mod guard;
mod link;
mod template;
mod yaml;

use chancery::diagnostic::{Diagnostic, Format, LANGUAGES, render_all};
use chancery::source::SourceFile;

/// A name, which is that of a folder in `fuzz/corpus` too, and what tries bytes: it panics where something does not hold.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 9] = [
    ("calendar", calendar::try_bytes),
    ("crontab", crontab::try_bytes),
    ("csv", csv::try_bytes),
    ("dsn", dsn::try_bytes),
    ("form", form::try_bytes),
    ("guard", guard::try_bytes),
    ("link", link::try_bytes),
    ("template", template::try_bytes),
    ("yaml", yaml::try_bytes),
];

/// Bytes as a text; what is none of it is marked, as whoever opens a file would do.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Each place that is told lies in its file, on characters, and all of it can be said to people and programs.
fn can_be_told(faults: &[Diagnostic], sources: &[SourceFile]) {
    for label in faults.iter().flat_map(|fault| &fault.labels) {
        let Some(file) = sources.iter().find(|file| file.name == label.span.file) else {
            panic!("a place in {}, which nobody has read", label.span.file);
        };
        assert!(
            file.text.get(label.span.range.clone()).is_some(),
            "{:?} is no place in {}",
            label.span.range,
            file.name
        );
    }
    for language in LANGUAGES {
        for format in [Format::Human, Format::Short, Format::Json] {
            let told = render_all(faults, sources, format, false, language);
            assert!(faults.is_empty() || !told.is_empty());
        }
    }
}
