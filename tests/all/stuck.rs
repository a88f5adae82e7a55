//! What is due and cannot be done: written down, shown, tried again ever more rarely, and done once the world is put right.

use chancery::dossier::command::{Actor, Ask};
use chancery::dossier::event::Kind;
use chancery::dossier::refusal::{Code, Refusal};
use chancery::dossier::{Dossier, TimerKind};
use chancery::ids::{Instant, PersonId};
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{DAY_MS, Office, START, act, by, machine};

const MINUTE_MS: i64 = 60_000;

/// After two days somebody else is asked, whose post may be vacant.
pub(crate) const HANDED_ON: &str = "
chancery: 1
workflow: handed
title: Chuyển tiếp
calendar: plain
fields: {unit: {type: unit, required: true, label: Đơn vị}}
roles:
  clerk:  {label: Cán bộ, post: clerk, of: unit, starter: true}
  deputy: {label: Phó, post: deputy, of: unit}
initial: fresh
states:
  fresh:
    title: Mới
    task: {for: clerk, title: Làm}
    after: {2d: late}
    on: {do: {by: clerk, label: Xong, target: done}}
  late:
    title: Muộn
    task: {for: deputy, title: Làm thay}
    on: {do: {by: deputy, label: Xong, target: done}}
  done: {title: Xong, final: true, outcome: done}
";

fn opened() -> (Office, Machine, Dossier) {
    let (mut office, handed) = (Office::new(), machine("handed", HANDED_ON));
    let dossier = office.start(&handed, "D", json!({"unit": "U"}), START);
    (office, handed, dossier)
}

fn tick(
    office: &mut Office,
    handed: &Machine,
    dossier: &Dossier,
    now: Instant,
) -> Result<(Dossier, Vec<Kind>), Refusal> {
    let command = office.command("D", Actor::Clock, Ask::Tick);
    let (after, decision) = office.run(handed, Some(dossier), &command, now)?;
    Ok((after, decision.events.iter().map(|event| event.kind).collect()))
}

/// The deputy's post is filled.
pub(crate) fn deputy() -> chancery::directory::Post {
    let (person, post) = (PersonId::from("p-m1"), "deputy".to_owned());
    chancery::directory::Post { person, unit: "U".into(), post, dated: chancery::directory::Dated::default() }
}

#[test]
fn what_is_due_and_cannot_be_done_is_a_condition_of_the_dossier() {
    let (mut office, handed, dossier) = opened();
    let late = START.plus_ms(3 * DAY_MS);
    let (stood, kinds) = tick(&mut office, &handed, &dossier, late).expect("it is written down, not refused");
    assert_eq!(kinds, [Kind::Stuck]);
    assert_eq!((stood.stands(), stood.tasks.len()), ("fresh".to_owned(), 1), "nothing else has changed");
    let stuck = stood.stuck.as_ref().expect("it is stuck");
    assert_eq!((&stuck.what, stuck.since_at, stuck.tries), (&TimerKind::After(0), late, 1));
    assert_eq!(stuck.reasons[0].code, Code::NobodyToAsk);
    assert_eq!(stuck.reasons[0].about.as_deref(), Some("deputy"));
    assert_eq!(stood.next_due_at(), Some(stuck.again_at));
}

#[test]
fn it_is_tried_again_ever_more_rarely_and_at_least_once_a_day() {
    let (mut office, handed, mut dossier) = opened();
    let (mut now, mut waits) = (START.plus_ms(3 * DAY_MS), Vec::new());
    for _ in 0..12 {
        (dossier, _) = tick(&mut office, &handed, &dossier, now).expect("it is written down");
        let again_at = dossier.next_due_at().expect("it is tried again");
        waits.push((again_at.0 - now.0) / MINUTE_MS);
        let early = tick(&mut office, &handed, &dossier, now.plus_ms(MINUTE_MS));
        assert_eq!(early.expect_err("the same again is no news").reasons[0].code, Code::NobodyToAsk);
        now = again_at;
    }
    assert_eq!(waits[..4], [10, 20, 40, 80]);
    assert_eq!(waits[8..], [24 * 60; 4]);
    assert_eq!(dossier.stuck.expect("still").tries, 12);
}

#[test]
fn nobody_acts_past_a_date_whose_consequence_is_stuck_and_all_goes_on_once_the_post_is_filled() {
    let (mut office, handed, dossier) = opened();
    let late = START.plus_ms(3 * DAY_MS);
    let (stood, _) = tick(&mut office, &handed, &dossier, late).expect("it is written down");
    let command = office.command("D", by("clerk"), act(&stood, "do"));
    let refusal = office.run(&handed, Some(&stood), &command, late).expect_err("the date has passed");
    assert_eq!(refusal.reasons[0].code, Code::NobodyToAsk);
    office.directory.posts.push(deputy());
    let (after, kinds) = tick(&mut office, &handed, &stood, late.plus_ms(MINUTE_MS)).expect("the post is filled");
    assert_eq!((kinds, after.stands(), &after.stuck), (vec![Kind::Due], "late".to_owned(), &None));
    assert_eq!(after.next_due_at(), None);
}
