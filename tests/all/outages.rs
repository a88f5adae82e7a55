//! The pages cannot be reached shortly before a deadline: one that says so is put off, and nothing else is.

use chancery::calendar::Outage;
use chancery::dossier::command::{Actor, Ask};
use chancery::dossier::event::Change;
use chancery::dossier::{Dossier, TimerKind};
use chancery::ids::Instant;
use chancery::machine::Machine;
use chancery::store::outages::Silence;
use serde_json::json;

use crate::store::{databases, migrated};
use crate::support::office::{DAY_MS, Office, START, act, by, machine};

const HOUR_MS: i64 = 60 * 60 * 1000;

const LETTER: &str = "
chancery: 1
workflow: letter
title: Văn bản
calendar: plain
fields: {unit: {type: unit, required: true, label: Đơn vị}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn}
    deadline: {within: 3wd, OUTAGE remind: [-1wd, 0wd], escalate: {after: 1wd, to: head}, then: late}
    on:
      late: {target: overdue}
      submit: {by: clerk, label: Nộp, target: sent}
  overdue: {title: Quá hạn, final: true, outcome: overdue}
  sent: {title: Đã nộp, final: true, outcome: sent}
";

/// A letter of Monday 1 June, 08:00 in the office; it ends with Thursday 4 June.
fn begun(outage: &str) -> (Office, Machine, Dossier) {
    let (mut office, letter) = (Office::new(), machine("letter", &LETTER.replace("OUTAGE", outage)));
    let dossier = office.start(&letter, "D", json!({"unit": "U"}), START);
    (office, letter, dossier)
}

/// Hours since the beginning of Monday in the office.
fn hour(hours: i64) -> Instant {
    let monday = jiff::civil::date(2026, 6, 1).in_tz("Asia/Ho_Chi_Minh").expect("a zone").timestamp().as_millisecond();
    Instant(monday).plus_ms(hours * HOUR_MS)
}

fn silent(office: &mut Office, times: &[(i64, i64)]) {
    let outages = times.iter().map(|(from, until)| Outage { from: hour(*from), until: hour(*until) }).collect();
    office.calendar = office.calendar.clone().with_outages(outages);
}

fn due(office: &Office, dossier: &Dossier) -> String {
    let due_at = dossier.leaves().next().and_then(|leaf| leaf.due_at).expect("it has a deadline");
    office.calendar.date(due_at).strftime("%m-%d").to_string()
}

fn ticked(office: &mut Office, letter: &Machine, dossier: &Dossier, now: Instant) -> Dossier {
    let command = office.command("D", Actor::Clock, Ask::Tick);
    office.run(letter, Some(dossier), &command, now).expect("a tick").0
}

#[test]
fn a_deadline_that_says_so_is_put_off_when_its_last_day_was_lost_and_no_other() {
    // Thursday is the hours 72 to 96, Friday 96 to 120, Monday 168 to 192.
    for (outages, now, extended, why) in [
        (vec![(90, 97)], 97, "06-08", "its end fell into it, which lasted into Friday: the next working day is Monday"),
        (vec![(90, 95)], 95, "06-05", "five hours of its last day"),
        (vec![(80, 81)], 82, "06-05", "one hour of it"),
        (vec![(60, 71)], 82, "06-04", "the night before does not count"),
        (vec![], 82, "06-04", "nothing was lost"),
        (vec![(90, 145)], 145, "06-08", "it lasted into the weekend"),
        (vec![(72, 72), (95, 95)], 95, "06-04", "moments are no hour"),
    ] {
        for (rule, expected) in [("outage: extend,", extended), ("outage: strict,", "06-04"), ("", "06-04")] {
            let (mut office, letter, dossier) = begun(rule);
            silent(&mut office, &outages);
            let after = ticked(&mut office, &letter, &dossier, hour(now));
            let over = now >= 96 && expected == "06-04";
            assert_eq!(after.outcome.is_some(), over, "{why}, {rule}");
            if !over {
                assert_eq!(due(&office, &after), expected, "{why}, {rule}");
                let ends = after.timers.iter().find(|timer| timer.what == TimerKind::Deadline).expect("it ends");
                assert_eq!(Some(ends.due_at), after.leaves().next().and_then(|leaf| leaf.due_at), "{why}, {rule}");
            }
        }
    }
}

#[test]
fn whoever_comes_first_after_an_outage_still_has_the_day() {
    let (mut office, letter, dossier) = begun("outage: extend,");
    silent(&mut office, &[(90, 97)]);
    let submit = office.command("D", by("clerk"), act(&dossier, "submit"));
    let (after, decision) = office.run(&letter, Some(&dossier), &submit, hour(97)).expect("it is not too late");
    assert_eq!(after.outcome.as_deref(), Some("sent"));
    let told = decision.events.iter().flat_map(|event| &event.changes).find_map(|change| match change {
        Change::PutOff { due_at, outage, .. } => Some((*due_at, *outage)),
        _ => None,
    });
    let (due_at, outage) = told.expect("the log says why");
    assert_eq!(office.calendar.date(due_at), jiff::civil::date(2026, 6, 8));
    assert_eq!(outage, Outage { from: hour(90), until: hour(97) });
}

#[test]
fn it_is_put_off_once_and_an_outage_that_goes_on_puts_it_off_again() {
    let (mut office, letter, dossier) = begun("outage: extend,");
    silent(&mut office, &[(90, 97)]);
    let once = ticked(&mut office, &letter, &dossier, hour(97));
    let twice = ticked(&mut office, &letter, &once, hour(98));
    assert_eq!(once, twice, "nothing is left to do");
    // It was noted while it lasted; it goes on to Monday noon.
    silent(&mut office, &[(90, 180)]);
    let on = ticked(&mut office, &letter, &twice, hour(180));
    assert_eq!(due(&office, &on), "06-09");
    let late = ticked(&mut office, &letter, &on, hour(180).plus_ms(2 * DAY_MS));
    assert_eq!(late.outcome.as_deref(), Some("overdue"), "and then it ends");
}

#[test]
fn what_is_over_stays_over() {
    let (mut office, letter, dossier) = begun("outage: extend,");
    let late = ticked(&mut office, &letter, &dossier, hour(97));
    assert_eq!(late.outcome.as_deref(), Some("overdue"));
    silent(&mut office, &[(90, 98)]);
    assert_eq!(ticked(&mut office, &letter, &late, hour(98)), late);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_between_two_beats_is_an_outage_that_everybody_decides_by_on_both_databases() {
    for fresh in &databases().await {
        let store = migrated(fresh).await;
        let at = |minutes: i64| START.plus_ms(minutes * 60 * 1000);
        assert_eq!(store.silence(at(0)).await.expect("a look"), Silence::None, "pages were never served here");
        assert_eq!(store.beat(at(0)).await.expect("a beat"), None, "the first beat ends nothing");
        assert_eq!(store.beat(at(10)).await.expect("a beat"), None, "a restart is no outage");
        assert_eq!(store.silence(at(13)).await.expect("a look"), Silence::None, "a beat may be late");
        assert_eq!(store.silence(at(20)).await.expect("a look"), Silence::Perhaps, "not yet");
        let lasts = store.silence(at(21)).await.expect("a look");
        assert_eq!(lasts, Silence::Lasts(Outage { from: at(10), until: at(21) }), "it lasts");
        let ended = store.beat(at(45)).await.expect("a beat");
        assert_eq!(ended, Some(Outage { from: at(10), until: at(45) }), "it has ended");
        assert_eq!(store.silence(at(46)).await.expect("a look"), Silence::None, "they are there again");
        assert_eq!(store.beat(at(40)).await.expect("a beat"), None, "another machine's clock is behind");
        let known = store.read("SELECT from_at, until_at FROM outage", &[]).await.expect("they are read");
        let known: Vec<_> = known.iter().map(|row| (row.int(0).ok(), row.int(1).ok())).collect();
        assert_eq!(known, [(Some(at(10).0), Some(at(45).0))], "one outage, as long as it was");
        store.set_meta(chancery::store::meta::HELD, "a copy").await.expect("it is held");
        assert_eq!(store.beat(at(120)).await.expect("a beat"), None, "a copy serves nobody");
    }
}
