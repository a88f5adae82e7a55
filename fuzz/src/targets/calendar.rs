//! Calendars of an office.

use chancery::calendar::Calendar;
use chancery::diagnostic::Diagnostic;
use chancery::ids::Instant;
use chancery::source::SourceFile;

const DAY_MS: i64 = 86_400_000;

pub(super) fn try_bytes(bytes: &[u8]) {
    let file = SourceFile::new("calendar.yaml", super::text(bytes));
    let (calendar, faults) = Calendar::read(&file);
    super::can_be_told(&faults, std::slice::from_ref(&file));
    let Some(calendar) = calendar else {
        assert!(faults.iter().any(Diagnostic::is_error), "there is no calendar, and nobody says why");
        return;
    };
    assert!(!faults.iter().any(Diagnostic::is_error));
    // One instant in each of some years, and in those that the file may speak of.
    for year in [-40, 0, 30, 54, 55, 56, 57, 58, 60, 8000_i64] {
        let at = Instant(year * 365 * DAY_MS + 11 * DAY_MS);
        let day = calendar.date(at);
        assert_eq!(calendar.date(calendar.end_of(day)), day, "a day ends on that day");
        let later = calendar.after(at, "3wd".parse().expect("a span"));
        assert!(later >= at, "a period ends after it began");
        let slot = calendar.mail_slot(at, false);
        assert!(slot >= at && calendar.mail_slot(slot, false) == slot, "{at}: {slot}");
        assert!(calendar.working_days_between(at, later) <= 3);
    }
}
