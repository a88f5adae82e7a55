//! Texts with holes, on a paper that is drawn up: the first line is what somebody typed into a field, the rest is the workflow's text.

use std::sync::LazyLock;

use chancery::calendar::Calendar;
use chancery::diagnostic::Diagnostic;
use chancery::directory::Directory;
use chancery::dossier::Dossier;
use chancery::drafts::Desk;
use chancery::expr::{HoleFault, Piece, pieces};
use chancery::ids::{Instant, Language};
use chancery::machine::Machine;
use chancery::machine::check::check_files;
use chancery::source::SourceFile;
use jiff::tz::TimeZone;
use serde_json::json;

static CALENDAR: LazyLock<Calendar> =
    LazyLock::new(|| Calendar::weekends("plain", TimeZone::get("Asia/Ho_Chi_Minh").expect("it exists")));

/// A workflow whose paper says this; none if the text has a fault.
fn machine(words: &str) -> (Option<Machine>, Vec<Diagnostic>, Vec<SourceFile>) {
    let words = json!(words);
    let text = format!(
        "chancery: 1\nworkflow: w\ntitle: W\ncalendar: plain\nfields:\n  \
         note: {{type: text, max: 500, label: Note}}\n  amount: {{type: number, min: 0, max: 100, label: Amount}}\n  \
         day: {{type: date, label: Day}}\n  unit: {{type: unit, label: Unit}}\n\
         papers:\n  p:\n    label: P\n    draft:\n      title: T\n      body:\n        - {words}\n        - basis: {words}\n\
         roles:\n  clerk: {{label: C, post: clerk, of: unit, starter: true}}\n\
         initial: a\nstates:\n  a:\n    title: A\n    task: {{for: clerk, title: A, edit: [note, amount, day, unit]}}\n    \
         on: {{go: {{label: Go, by: clerk, target: b}}}}\n  b: {{title: B, final: true, outcome: b}}\n"
    );
    let checked = check_files(&SourceFile::new("w.yaml", text), &|_| None);
    (checked.machine, checked.diagnostics, checked.sources)
}

fn drawn(machine: &Machine, note: &str) -> String {
    let dossier: Dossier = serde_json::from_value(json!({
        "id": "D", "workflow": "w", "machine": machine.hash(), "seq": 1, "opened_at": 0, "last_at": 0, "caption": note,
        "activations": 1, "active": [{"activation": 1, "state": "a", "at": 0}],
        "fields": {"note": note, "amount": 7, "day": "2026-02-28"},
    }))
    .expect("a dossier");
    let (directory, language, now) = (Directory::default(), Language::new("vi"), Instant(1_795_430_000_000));
    let desk =
        Desk { dossier: &dossier, machine, directory: &directory, calendar: &CALENDAR, language: &language, now };
    desk.draw("p").expect("it can be written").expect("it is drawn up anywhere")
}

/// The same text without a letter that means something in HTML.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '<' | '>' | '&' | '"' | '\'' | '/') { 'x' } else { c }).collect()
}

/// How often each letter occurs of which tags are made.
fn marks(html: &str) -> [usize; 3] {
    ['<', '>', '"'].map(|mark| html.matches(mark).count())
}

pub(super) fn try_bytes(bytes: &[u8]) {
    let text = super::text(bytes);
    let (note, words) = text.split_once('\n').unwrap_or(("Hội", &text));
    let found = match pieces(words) {
        Ok(found) => found,
        Err(HoleFault::Open(range) | HoleFault::Closed(range) | HoleFault::Empty(range)) => {
            assert!(words.get(range).is_some());
            assert!(machine(words).0.is_none(), "a hole that is none is taken");
            return;
        }
    };
    let said: usize = found.iter().map(|(Piece::Words(part) | Piece::Hole(part))| part.len()).sum();
    assert!(said <= words.len());
    let (own, faults, sources) = machine(words);
    super::can_be_told(&faults, &sources);
    let Some(own) = own else { return };
    let html = drawn(&own, note);
    assert_eq!(drawn(&own, note), html, "the same is drawn the same");
    // Whatever was written or typed, the page has the same tags as with letters that mean nothing.
    let plain: String = found
        .iter()
        .map(|piece| match piece {
            Piece::Words(words) => harmless(words),
            Piece::Hole(formula) => format!("{{{{{formula}}}}}"),
        })
        .collect();
    if let Some(other) = machine(&plain).0 {
        assert_eq!(marks(&html), marks(&drawn(&other, &harmless(note))), "a letter became markup:\n{html}");
    }
}
