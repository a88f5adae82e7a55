//! Schedules: the line, and behind a line break the zone.

use chancery::calendar::slots::Schedule;
use chancery::ids::Instant;

pub(super) fn try_bytes(bytes: &[u8]) {
    let text = super::text(bytes);
    let (line, zone) = text.split_once('\n').unwrap_or((&text, "Asia/Ho_Chi_Minh"));
    if let Some(part) = Schedule::foreign(line) {
        assert!(line.contains(part));
        // No workflow with such a line is taken.
        return;
    }
    let Ok(schedule) = Schedule::parse(line, zone) else { return };
    for now in [0, 1_795_430_000_000, 1_792_886_400_000, 4_107_542_400_000_i64].map(Instant) {
        let next = schedule.next(now);
        let last = schedule.last(now);
        assert!(last.is_none_or(|last| last <= now) && next.is_none_or(|next| next > now), "{last:?} {now} {next:?}");
        if let Some(next) = next {
            assert_eq!(schedule.last(next), Some(next), "the next slot is the last one, once it has come");
            assert_eq!(schedule.last(next.plus_ms(-1)).filter(|slot| *slot > now), None, "there is none between");
        }
    }
}
