//! A calendar changes while a dossier waits: what was counted by it is counted again, and nothing else moves.

use chancery::calendar::Calendar;
use chancery::dossier::command::{Actor, Ask};
use chancery::dossier::{Dossier, TimerKind};
use chancery::ids::Instant;
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{DAY_MS, Office, PLAIN, START, act, by, calendar, machine};

/// Wednesday 3 June rests, as nobody knew on Monday.
pub(crate) const WEDNESDAY_RESTS: &str = "
chancery: 1
calendar: plain
title: Tuần có ngày nghỉ
zone: Asia/Ho_Chi_Minh
years: {2026: {announced: true, holidays: {2026-06-03: Ngày nghỉ}}}
";

const LETTER: &str = "
chancery: 1
workflow: letter
title: Văn bản
calendar: plain
fields: {unit: {type: unit, required: true, label: Đơn vị}, meets: {type: date, label: Ngày họp}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn}
    lead: {by: head, may: [extend]}
    deadline: {DUE, remind: [-1wd], then: late}
    after: {4wd: forgotten}
    on:
      stop: {by: head, label: Dừng, pause: true, target: stopped}
      late: {target: overdue}
      submit: {by: clerk, label: Nộp, target: sent}
  stopped:
    title: Tạm dừng
    task: {for: head, title: Xem}
    on: {go_on: {by: head, label: Tiếp, resume: drafting}}
  overdue: {title: Quá hạn, final: true, outcome: overdue}
  forgotten: {title: Bỏ quên, final: true, outcome: forgotten}
  sent: {title: Đã nộp, final: true, outcome: sent}
";

fn day(of: &Calendar, at: Instant) -> String {
    of.date(at).strftime("%m-%d").to_string()
}

/// A letter that was begun on Monday by the plain calendar.
fn begun(due: &str) -> (Office, Machine, Dossier) {
    let (mut office, letter) = (Office::new(), machine("letter", &LETTER.replace("DUE", due)));
    let dossier = office.start(&letter, "D", json!({"unit": "U", "meets": "2026-06-08"}), START);
    (office, letter, dossier)
}

/// From now on another calendar is in force.
fn announced(office: &mut Office, text: &str) {
    let before = std::mem::replace(&mut office.calendar, calendar(text));
    let mut all = before.before().to_vec();
    all.insert(0, before);
    office.calendar = office.calendar.clone().in_place_of(all);
}

fn ticked(office: &mut Office, letter: &Machine, dossier: &Dossier, days: i64) -> Option<Dossier> {
    let command = office.command("D", Actor::Clock, Ask::Tick);
    let (after, decision) = office.run(letter, Some(dossier), &command, START.plus_ms(days * DAY_MS)).expect("a tick");
    (!decision.events.is_empty()).then_some(after)
}

fn due(office: &Office, dossier: &Dossier) -> String {
    let leaf = dossier.leaves().next().expect("it stands somewhere");
    day(&office.calendar, leaf.due_at.expect("it has a deadline"))
}

fn timer(office: &Office, dossier: &Dossier, what: &TimerKind) -> String {
    let timer = dossier.timers.iter().find(|timer| &timer.what == what).expect("it waits");
    day(&office.calendar, timer.due_at)
}

#[test]
fn what_is_counted_in_working_days_follows_a_day_of_rest_that_is_announced_late() {
    // DUE, by the plain calendar, with Wednesday 3 June a day of rest, and with the plain one again.
    for (due_by, before, with, again) in [
        ("within: 3wd", "06-04", "06-05", "06-04"),
        ("within: 3d", "06-04", "06-04", "06-04"),
        ("ends: 5wd before meets", "06-01", "06-01", "06-01"),
        ("ends: 1wd after meets", "06-09", "06-09", "06-09"),
        ("by: meets", "06-08", "06-08", "06-08"),
    ] {
        let (mut office, letter, dossier) = begun(due_by);
        assert_eq!(due(&office, &dossier), before, "{due_by}");
        announced(&mut office, WEDNESDAY_RESTS);
        let after = ticked(&mut office, &letter, &dossier, 0).expect("the waiting time moves at least");
        assert_eq!(due(&office, &after), with, "{due_by}");
        assert_eq!(timer(&office, &after, &TimerKind::Deadline), with, "{due_by}: the clock that ends it");
        assert_eq!(
            after.tasks[0].due_at,
            after.leaves().next().and_then(|leaf| leaf.due_at),
            "{due_by}: what pages say"
        );
        assert_eq!(timer(&office, &after, &TimerKind::After(0)), "06-08", "four working days from Monday");
        assert_eq!(ticked(&mut office, &letter, &after, 0), None, "{due_by}: once is enough");
        announced(&mut office, PLAIN);
        let back = ticked(&mut office, &letter, &after, 0).expect("it moves back");
        assert_eq!(
            (due(&office, &back), timer(&office, &back, &TimerKind::After(0))),
            (again.to_owned(), "06-05".to_owned())
        );
    }
}

#[test]
fn a_reminder_moves_with_its_deadline() {
    let (mut office, letter, dossier) = begun("within: 3wd");
    assert_eq!(timer(&office, &dossier, &TimerKind::Remind(0)), "06-03");
    announced(&mut office, WEDNESDAY_RESTS);
    let after = ticked(&mut office, &letter, &dossier, 0).expect("it moves");
    assert_eq!(timer(&office, &after, &TimerKind::Remind(0)), "06-04");
}

#[test]
fn nothing_moves_into_the_past() {
    // Until now Tuesday and Wednesday rested, so that three working days from Monday end on Monday.
    let two = WEDNESDAY_RESTS.replace("{2026-06-03: Ngày nghỉ}", "{2026-06-02: Nghỉ, 2026-06-03: Nghỉ}");
    let (mut office, letter) = (Office::new(), machine("letter", &LETTER.replace("DUE", "within: 3wd")));
    office.calendar = calendar(&two);
    let dossier = office.start(&letter, "D", json!({"unit": "U"}), START);
    assert_eq!(due(&office, &dossier), "06-08");
    announced(&mut office, PLAIN);
    // It is Friday when the office hears that those were working days: Thursday is over.
    let after = ticked(&mut office, &letter, &dossier, 4).expect("it moves");
    assert_eq!(due(&office, &after), "06-05", "the end of this day and no day before");
    assert!(after.outcome.is_none());
}

#[test]
fn what_a_person_put_off_stands_still_or_is_past_stays() {
    let (mut office, letter, dossier) = begun("within: 3wd");
    let activation = dossier.leaves().next().expect("it stands").activation;
    let until = jiff::civil::date(2026, 6, 12);
    let extend = Ask::Extend { activation, until, reason: "Chờ số liệu".to_owned() };
    let (put_off, _) = office.answer(&letter, &dossier, by("head"), extend, START).expect("it is put off");
    let (paused, _) =
        office.answer(&letter, &dossier, by("head"), act(&dossier, "stop"), START).expect("it stands still");
    announced(&mut office, WEDNESDAY_RESTS);
    let after = ticked(&mut office, &letter, &put_off, 0).expect("the waiting time moves");
    assert_eq!(
        (due(&office, &after), timer(&office, &after, &TimerKind::After(0))),
        ("06-12".to_owned(), "06-08".to_owned())
    );
    assert_eq!(ticked(&mut office, &letter, &paused, 0), None, "what is frozen stays frozen");
}

#[test]
fn whoever_acts_first_sees_the_new_calendar_before_anything_is_due_by_the_old_one() {
    // By the old calendar it was over on Thursday night, and nobody has looked since; by the new one it is on Friday night.
    for (days, events, outcome) in [(3, 2, "sent"), (4, 2, "sent"), (5, 3, "overdue")] {
        let (mut office, letter, dossier) = begun("within: 3wd");
        announced(&mut office, WEDNESDAY_RESTS);
        let command = office.command("D", Actor::Clock, Ask::Tick);
        let submit = office.command("D", by("clerk"), act(&dossier, "submit"));
        let command = if outcome == "sent" { submit } else { command };
        let now = START.plus_ms(days * DAY_MS);
        let (after, decision) = office.run(&letter, Some(&dossier), &command, now).expect("it is decided");
        assert_eq!(after.outcome.as_ref().map(ToString::to_string).as_deref(), Some(outcome), "after {days} days");
        let changes: Vec<usize> = decision.events.iter().map(|event| event.changes.len()).collect();
        assert_eq!(decision.events.len(), events, "{changes:?}");
    }
}

#[test]
fn what_is_past_by_both_stays_as_it_was() {
    // Nothing happens at the end of this one: it only says by when.
    let text = LETTER.replace("DUE", "within: 3wd").replace(", then: late", "");
    let letter = machine(
        "letter",
        &text.replace("late: {", "late: {by: head, label: Quá hạn, ").replace("4wd: forgotten", "30d: forgotten"),
    );
    let mut office = Office::new();
    let dossier = office.start(&letter, "D", json!({"unit": "U"}), START);
    let dossier = ticked(&mut office, &letter, &dossier, 3).expect("a reminder");
    announced(&mut office, WEDNESDAY_RESTS);
    assert_eq!(ticked(&mut office, &letter, &dossier, 10), None, "late stays late");
    let after = ticked(&mut office, &letter, &dossier, 4).expect("late by one calendar and not by the other");
    assert_eq!(due(&office, &after), "06-05");
}
