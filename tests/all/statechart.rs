//! The statechart: regions, ends, histories, pauses, as SCXML has them and as the office differs.

use chancery::dossier::Dossier;
use chancery::dossier::command::{Act, Actor, Ask};
use chancery::dossier::refusal::{Code, Refusal};
use chancery::ids::{ActivationId, Instant};
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{DAY_MS, Office, START, act, by, machine};

/// Two opinions are asked for at once; the decision waits for both.
pub(crate) const OPINIONS: &str = r"
chancery: 1
workflow: opinions
title: Lấy ý kiến
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
votes:
  council:
    title: Bỏ phiếu
    body: council of unit
    ballot: open
    quorum: at least 1/2 of members
    passes: more than 1/2 of members
    open_for: 3wd
initial: asking
states:
  asking:
    title: Lấy ý kiến
    parallel: true
    on:
      done: deciding
      stop: {by: clerk, label: Dừng hẳn, target: stopped}
      halt: {by: clerk, label: Tạm dừng, pause: true, target: waiting}
    states:
      legal:
        title: Pháp chế
        initial: reading
        states:
          reading:
            title: Đọc
            task: {for: head, title: Cho ý kiến}
            deadline: {within: 5wd, then: silent}
            on:
              agree: {by: head, label: Đồng ý, target: given}
              silent: given
          given: {title: Đã cho ý kiến, final: true}
      council:
        title: Hội đồng
        initial: voting
        states:
          voting:
            title: Bỏ phiếu
            vote: council
            on: {passed: agreed, rejected: agreed, no_quorum: voting}
          agreed: {title: Xong, final: true}
      money:
        title: Tài chính
        initial: counting
        states:
          counting:
            title: Tính
            task: {for: clerk, title: Tính}
            on: {counted: {by: clerk, label: Xong, target: checked}}
          checked:
            title: Kiểm tra
            vote: council
            on: {passed: settled, rejected: counting, no_quorum: counting}
          settled: {title: Xong, final: true}
  waiting:
    title: Đợi
    task: {for: clerk, title: Đợi}
    on: {resume: {by: clerk, label: Tiếp tục, resume: asking}}
  deciding:
    title: Quyết định
    task: {for: head, title: Quyết định}
    on: {sign: {by: head, label: Ký, target: signed}}
  signed:  {title: Đã ký, final: true, outcome: signed}
  stopped: {title: Dừng, final: true, outcome: stopped}
";

/// The entry into the state of this name.
fn entry(dossier: &Dossier, state: &str) -> ActivationId {
    let found = dossier.active.iter().find(|active| active.state.as_str() == state);
    found.unwrap_or_else(|| panic!("`{state}` is not active: {}", dossier.stands())).activation
}

fn at(dossier: &Dossier, state: &str, event: &str) -> Ask {
    let Ask::Act(one) = act(dossier, event) else { unreachable!() };
    Ask::Act(Act { activation: entry(dossier, state), ..one })
}

fn go(office: &mut Office, machine: &Machine, dossier: &Dossier, who: &str, ask: Ask) -> Result<Dossier, Refusal> {
    go_on(office, machine, dossier, who, ask, dossier.last_at)
}

fn go_on(
    office: &mut Office,
    machine: &Machine,
    dossier: &Dossier,
    who: &str,
    ask: Ask,
    now: Instant,
) -> Result<Dossier, Refusal> {
    let command = office.command("D", by(who), ask);
    office.run(machine, Some(dossier), &command, now).map(|(after, _)| after)
}

fn vote(office: &mut Office, machine: &Machine, dossier: &Dossier, state: &str) -> Dossier {
    let activation = entry(dossier, state);
    let mut dossier = dossier.clone();
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        let choices = [(dossier.id.clone(), chancery::dossier::Choice::Yes)].into_iter().collect();
        dossier = go(office, machine, &dossier, member, Ask::Cast { activation, choices }).expect("a ballot");
    }
    dossier
}

fn tick(office: &mut Office, machine: &Machine, dossier: &Dossier, now: Instant) -> Dossier {
    let command = office.command("D", Actor::Clock, Ask::Tick);
    office.run(machine, Some(dossier), &command, now).expect("a tick is never refused").0
}

#[test]
fn all_regions_are_active_together_and_the_state_is_done_when_all_have_ended() {
    let (mut office, opinions) = (Office::new(), machine("opinions", OPINIONS));
    let mut dossier = office.start(&opinions, "D", json!({"unit": "U"}), START);
    assert_eq!(dossier.stands(), "asking.legal.reading + asking.council.voting + asking.money.counting");
    let agree = at(&dossier, "asking.legal.reading", "agree");
    dossier = go(&mut office, &opinions, &dossier, "head", agree).expect("agreed");
    assert_eq!(dossier.stands(), "asking.legal.given + asking.council.voting + asking.money.counting");
    let counted = at(&dossier, "asking.money.counting", "counted");
    dossier = go(&mut office, &opinions, &dossier, "clerk", counted).expect("counted");
    assert_eq!(dossier.votes.len(), 2, "two votes are open at once");
    dossier = vote(&mut office, &opinions, &dossier, "asking.council.voting");
    dossier = tick(&mut office, &opinions, &dossier, START);
    assert_eq!(dossier.stands(), "asking.legal.given + asking.council.agreed + asking.money.checked");
    assert_eq!(dossier.votes.len(), 1, "what one vote came to is nothing to the other");
    dossier = vote(&mut office, &opinions, &dossier, "asking.money.checked");
    dossier = tick(&mut office, &opinions, &dossier, START);
    assert_eq!(dossier.stands(), "deciding");
}

#[test]
fn a_page_of_one_region_does_not_act_in_another() {
    let (mut office, opinions) = (Office::new(), machine("opinions", OPINIONS));
    let dossier = office.start(&opinions, "D", json!({"unit": "U"}), START);
    let elsewhere = at(&dossier, "asking.legal.reading", "counted");
    assert!(go(&mut office, &opinions, &dossier, "clerk", elsewhere).is_err());
    let around = at(&dossier, "asking.money.counting", "stop");
    let stopped = go(&mut office, &opinions, &dossier, "clerk", around).expect("what is around answers every region");
    assert_eq!(stopped.stands(), "stopped");
    assert!(stopped.votes.is_empty() && stopped.tasks.is_empty() && stopped.timers.is_empty());
}

#[test]
fn a_pause_freezes_all_regions_and_resuming_continues_them_all() {
    let (mut office, opinions) = (Office::new(), machine("opinions", OPINIONS));
    let before = office.start(&opinions, "D", json!({"unit": "U"}), START);
    let halt = at(&before, "asking.money.counting", "halt");
    let paused = go(&mut office, &opinions, &before, "clerk", halt).expect("paused");
    assert_eq!(paused.stands(), "waiting");
    assert!(paused.timers.is_empty(), "no clock runs");
    let later = START.plus_ms(2 * DAY_MS);
    let resume = at(&paused, "waiting", "resume");
    let after = go_on(&mut office, &opinions, &paused, "clerk", resume, later).expect("resumed");
    assert_eq!(after.active.iter().map(|one| one.activation).collect::<Vec<_>>(), {
        before.active.iter().map(|one| one.activation).collect::<Vec<_>>()
    });
    assert_eq!(after.votes, before.votes);
    assert_eq!(after.timers.len(), before.timers.len());
    assert!(after.next_due_at() > before.next_due_at());
}

#[test]
fn a_deadline_of_one_region_moves_only_that_region() {
    let (mut office, opinions) = (Office::new(), machine("opinions", OPINIONS));
    let dossier = office.start(&opinions, "D", json!({"unit": "U"}), START);
    let dossier = vote(&mut office, &opinions, &dossier, "asking.council.voting");
    let after = tick(&mut office, &opinions, &dossier, START.plus_ms(20 * DAY_MS));
    assert_eq!(after.stands(), "asking.legal.given + asking.council.agreed + asking.money.counting");
}

/// A history outside of where it is targeted from.
const WAYS_BACK: &str = r"
chancery: 1
workflow: ways_back
title: Quay lại
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
initial: open
states:
  open:
    title: Mở
    initial: part
    on: {leave: {by: clerk, label: Ra ngoài, target: outside}}
    states:
      back: {history: deep, target: part}
      part:
        title: Phần
        initial: first
        states:
          first:
            title: Đầu
            task: {for: clerk, title: Làm}
            on:
              hop: {by: clerk, label: Trở lại, target: back}
              end: {by: clerk, label: Xong, target: over}
  outside:
    title: Ngoài
    task: {for: clerk, title: Trở vào}
    on: {enter: {by: clerk, label: Vào, target: open.back}}
  over: {title: Hết, final: true, outcome: over}
";

#[test]
fn a_history_that_leads_below_an_active_state_does_not_enter_it_twice() {
    let (mut office, ways) = (Office::new(), machine("ways_back", WAYS_BACK));
    let mut dossier = office.start(&ways, "D", json!({"unit": "U"}), START);
    for event in ["leave", "enter", "hop"] {
        dossier = go(&mut office, &ways, &dossier, "clerk", act(&dossier, event)).expect("done");
    }
    let states: Vec<&str> = dossier.active.iter().map(|active| active.state.as_str()).collect();
    assert_eq!(states, ["open", "open.part", "open.part.first"]);
}

/// The same role is asked in two regions at once.
const TWICE: &str = r"
chancery: 1
workflow: twice
title: Hai việc
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
roles:
  clerk:  {label: Cán bộ, post: clerk, of: unit, starter: true}
  member: {label: Ủy viên, body: council of unit, seat: member}
initial: both
states:
  both:
    title: Hai việc
    parallel: true
    on:
      done: over
      stop: {by: clerk, label: Dừng, target: over}
    states:
      first:
        title: Việc một
        initial: one
        states:
          one:
            title: Việc một
            task: {for: member, title: Việc một}
            on: {do: {by: member, needs: 2, label: Xong, target: end}}
          end: {title: Xong, final: true}
      second:
        title: Việc hai
        initial: two
        states:
          two:
            title: Việc hai
            task: {for: member, title: Việc hai}
            on: {do: {by: member, label: Xong, target: end}}
          end: {title: Xong, final: true}
  over: {title: Xong, final: true, outcome: over}
";

#[test]
fn who_has_answered_in_one_region_is_still_asked_by_the_same_role_in_another() {
    let (mut office, twice) = (Office::new(), machine("twice", TWICE));
    let mut dossier = office.start(&twice, "D", json!({"unit": "U"}), START);
    let first = at(&dossier, "both.first.one", "do");
    dossier = go(&mut office, &twice, &dossier, "m2", first.clone()).expect("one of two");
    let again = go(&mut office, &twice, &dossier, "m2", first).expect_err("they have answered there");
    assert!(matches!(again.reasons[0].code, Code::Done { .. }), "{again:?}");
    let second = at(&dossier, "both.second.two", "do");
    dossier = go(&mut office, &twice, &dossier, "m2", second).expect("the other region asks them too");
    assert_eq!(dossier.stands(), "both.first.one + both.second.end");
}
