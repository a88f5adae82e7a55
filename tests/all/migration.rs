//! Open dossiers go over to another version of their workflow: all of one, or nothing of it.

use chancery::dossier::command::{Actor, Ask, Command, Migrate};
use chancery::dossier::decide::migrate::{Version, migrate};
use chancery::dossier::evolve::evolve;
use chancery::dossier::project::{Rows, project};
use chancery::dossier::refusal::{Code, Refusal};
use chancery::dossier::{Choice, Dossier, OnList, TimerKind};
use chancery::ids::{ActivationId, DossierId, Instant, StateId};
use chancery::machine::Machine;
use chancery::machine::mapping::Mapping;
use chancery::source::SourceFile;
use serde_json::json;

use crate::decide::{convened, sheet};
use crate::engine::{command, deployed, start};
use crate::store::databases;
use crate::support::office::{CASE, DAY_MS, LIST, Office, START, act, by, machine};

/// The case, changed.
fn changed(changes: &[(&str, &str)]) -> Machine {
    let mut text = CASE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "`{from}` is not in the case");
        text = text.replace(from, to);
    }
    machine("case", &text)
}

fn mapping(pairs: &[(&str, &str)]) -> Mapping {
    Mapping(pairs.iter().map(|(old, new)| (StateId::new(*old), StateId::new(*new))).collect())
}

fn go(machine: &Machine, states: Mapping) -> Command {
    let ask = Ask::Migrate(Migrate { machine: machine.hash().clone(), states });
    let actor = Actor::Migration { operator: "root".to_owned() };
    Command { operation: "go".into(), dossier: "D".into(), actor, ask }
}

/// What becomes of a dossier: folded from its events alone, with the rows beside it.
fn over(
    office: &Office,
    (old, new): (&Machine, &Machine),
    dossier: &Dossier,
    states: &[(&str, &str)],
    now: Instant,
) -> Result<(Dossier, Rows), Refusal> {
    let context = office.context();
    let version = |machine| Version { machine, context: &context };
    let decision = migrate(version(old), version(new), dossier, &go(new, mapping(states)), now)?;
    let after = decision.events.iter().try_fold(Some(dossier.clone()), |before, event| evolve(before, event).map(Some));
    let after = after.expect("it can be folded").expect("a dossier");
    let rows = project(Some(dossier), &after, &decision.events, new, &office.calendar);
    Ok((after, rows))
}

fn codes(refused: Result<(Dossier, Rows), Refusal>) -> Vec<(Code, String)> {
    let refusal = refused.expect_err("it is refused");
    refusal.reasons.into_iter().map(|reason| (reason.code, reason.about.unwrap_or_default())).collect()
}

fn drafted(office: &mut Office, case: &Machine) -> Dossier {
    let fields = json!({"title": "Một việc", "unit": "U", "kind": "plain", "points": 60, "person": "p-m1"});
    office.start(case, "D", fields, START)
}

fn acted(office: &mut Office, case: &Machine, dossier: &Dossier, who: &str, event: &str, at: Instant) -> Dossier {
    let mut ask = act(dossier, event);
    if let Ask::Act(act) = &mut ask {
        act.reason = Some("Có lý do".to_owned());
    }
    office.answer(case, dossier, by(who), ask, at).expect("it may").0
}

#[test]
fn where_only_names_differ_everything_stays_as_it_was() {
    let (mut office, old) = (Office::new(), changed(&[]));
    let new = changed(&[
        ("drafting", "writing"),
        ("initial: open", "initial: running"),
        ("  open:", "  running:"),
        ("resume: open", "resume: running"),
    ]);
    let before = drafted(&mut office, &old);
    let states = [("open", "running"), ("open.drafting", "running.writing")];
    let (after, rows) = over(&office, (&old, &new), &before, &states, START.plus_ms(DAY_MS)).expect("it goes over");
    assert_eq!((after.stands(), &after.machine), ("running.writing".to_owned(), new.hash()));
    assert_eq!(
        (&after.timers, &after.tasks),
        (&before.timers, &before.tasks),
        "deadline, reminders and whoever is asked"
    );
    assert_eq!(after.active[1].due_at, before.active[1].due_at);
    assert_eq!(after.deeds.len(), before.deeds.len());
    assert!(rows.tasks_opened.is_empty() && rows.tasks_closed.is_empty() && rows.notices.is_empty(), "{rows:?}");
    let after = acted(&mut office, &new, &after, "clerk", "submit", START.plus_ms(DAY_MS));
    assert_eq!(after.stands(), "running.council", "and it goes on by the new version");
}

#[test]
fn without_a_place_to_stand_it_does_not_go() {
    let (mut office, old) = (Office::new(), changed(&[]));
    let new = changed(&[("drafting", "writing")]);
    let before = drafted(&mut office, &old);
    let refused = codes(over(&office, (&old, &new), &before, &[], START));
    assert_eq!(refused, [(Code::Stranded, "open.drafting".to_owned())]);
    let refused = codes(over(&office, (&old, &new), &before, &[("open.drafting", "agreed")], START));
    assert_eq!(refused[0].0, Code::Stranded, "an end is no place to stand");
    let refused = codes(over(&office, (&old, &new), &before, &[("open.drafting", "open")], START));
    assert_eq!(refused[0].0, Code::Stranded, "nor is a state with others inside");
}

#[test]
fn a_deadline_that_runs_is_never_lost() {
    let (mut office, old) = (Office::new(), changed(&[]));
    let line = "        deadline: {within: 10wd, remind: [-5wd, -1wd], escalate: {after: 2wd, to: head}}\n";
    let before = drafted(&mut office, &old);
    let refused = codes(over(&office, (&old, &changed(&[(line, "")])), &before, &[], START));
    assert_eq!(refused, [(Code::ClockLost, "open.drafting".to_owned())]);
    let new = changed(&[("within: 10wd, remind: [-5wd, -1wd]", "within: 3wd, remind: [-2wd]")]);
    let (after, _) = over(&office, (&old, &new), &before, &[], START).expect("it goes over");
    assert_eq!(after.active[1].due_at, before.active[1].due_at, "what was promised stays");
    let reminders = after.timers.iter().filter(|timer| matches!(timer.what, TimerKind::Remind(_)));
    assert_eq!(reminders.count(), 1, "reminders follow the new version");
}

#[test]
fn a_wait_by_the_clock_keeps_its_instant_wherever_it_stands_in_the_new_file() {
    let (mut office, old) = (Office::new(), changed(&[]));
    let before = drafted(&mut office, &old);
    let before = acted(&mut office, &old, &before, "clerk", "submit", START);
    let (told, from) = (|event: &str| event.into(), DossierId::from("L"));
    let mut before = before;
    before.on_lists = vec![OnList {
        list: "list".into(),
        key: "U".to_owned(),
        region: None,
        dossier: Some(from.clone()),
        told: None,
    }];
    let passed = chancery::dossier::Message {
        from: from.clone(),
        from_seq: 1,
        place: 0,
        to: chancery::dossier::Recipient::Dossier("D".into()),
        body: chancery::dossier::Body::Tell { event: told("passed"), fields: [].into(), reason: None, last: true },
    };
    let (before, _) =
        office.answer(&old, &before, Actor::Dossier(from), Ask::Receive(passed), START).expect("it is told");
    assert_eq!(before.stands(), "open.deciding");
    let moved = changed(&[("after: {20wd: lapsed}", "after: {5wd: agreed, 20wd: lapsed}")]);
    let (after, _) = over(&office, (&old, &moved), &before, &[], START.plus_ms(DAY_MS)).expect("it goes over");
    let due = |dossier: &Dossier, n| {
        let timer = dossier.timers.iter().find(|timer| timer.what == TimerKind::After(n));
        timer.map(|timer| timer.due_at)
    };
    assert_eq!(due(&after, 1), due(&before, 0), "the old one goes on under its new number");
    assert!(due(&after, 0).is_some_and(|at| at > START.plus_ms(5 * DAY_MS)), "the new one begins now");
    let gone = changed(&[
        ("        after: {20wd: lapsed}\n", ""),
        ("  lapsed:    {title: Hết hạn, final: true, outcome: lapsed}\n", ""),
    ]);
    let refused = codes(over(&office, (&old, &gone), &before, &[], START));
    assert_eq!(refused, [(Code::ClockLost, "open.deciding".to_owned())]);
}

#[test]
fn children_and_the_parent_are_not_lost() {
    let of = |workflow: &str| {
        format!("children: {{pair: {{label: Việc con, workflow: {workflow}}}}}\ninitial: open\nstates:")
    };
    let opens = |workflow: &str| {
        let opens = ("suspend:  {by: head,", "suspend:  {by: head, open: pair,");
        changed(&[("initial: open\nstates:", of(workflow).as_str()), opens])
    };
    let (mut office, old) = (Office::new(), opens("part"));
    let before = drafted(&mut office, &old);
    let before = acted(&mut office, &old, &before, "head", "suspend", START);
    let before = acted(&mut office, &old, &before, "head", "resume", START);
    assert_eq!(before.children.len(), 1);
    let refused = codes(over(&office, (&old, &changed(&[])), &before, &[], START));
    assert_eq!(refused, [(Code::ListLost, "pair".to_owned())]);
    let refused = codes(over(&office, (&old, &opens("piece")), &before, &[], START));
    assert_eq!(refused, [(Code::ListLost, "pair".to_owned())]);
    let mut ended = before;
    ended.children[0].ended = true;
    assert!(over(&office, (&old, &changed(&[])), &ended, &[], START).is_ok(), "what has ended is not waited for");
}

#[test]
fn what_is_frozen_goes_over_with_it_and_continues() {
    let (mut office, old) = (Office::new(), changed(&[]));
    let new = changed(&[("drafting", "writing")]);
    let before = drafted(&mut office, &old);
    let paused = acted(&mut office, &old, &before, "head", "suspend", START.plus_ms(DAY_MS));
    let refused = codes(over(&office, (&old, &new), &paused, &[], START.plus_ms(DAY_MS)));
    assert_eq!(refused, [(Code::Stranded, "open.drafting".to_owned())], "although nobody stands there");
    let states = [("open.drafting", "open.writing")];
    let (after, _) = over(&office, (&old, &new), &paused, &states, START.plus_ms(DAY_MS)).expect("it goes over");
    assert_eq!(after.stands(), "suspended");
    let after = acted(&mut office, &new, &after, "head", "resume", START.plus_ms(2 * DAY_MS));
    assert_eq!((after.stands(), after.tasks.len()), ("open.writing".to_owned(), 1));
}

#[test]
fn a_place_on_a_list_is_never_lost() {
    let (mut office, old) = (Office::new(), changed(&[]));
    let new = changed(&[(
        "        joins: {list: list, with: {unit: unit.code}, row: {title: title, person: person.id, kind: kind.code}}\n        on: {passed: deciding, rejected: rejected, returned: drafting}",
        "        task: {for: head, title: Xem}\n        on: {passed: {by: head, label: Qua, target: deciding}, rejected: {by: head, label: Không, target: rejected}, returned: {by: head, label: Trả, target: drafting}}",
    )]);
    let before = drafted(&mut office, &old);
    let waits = acted(&mut office, &old, &before, "clerk", "submit", START);
    let refused = codes(over(&office, (&old, &new), &waits, &[], START));
    assert_eq!(refused, [(Code::ListLost, "open.council".to_owned())]);
    assert!(over(&office, (&old, &new), &before, &[], START).is_ok(), "who does not stand there may go");
}

/// Two steps that are left together, and a way back to the one that was active.
const STEPS: &str = r"
chancery: 1
workflow: case
title: Việc
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
initial: work
states:
  work:
    title: Làm
    initial: first
    on: {ask: {by: clerk, label: Hỏi, target: asked}}
    states:
      back: {history: deep, target: first}
      first:
        title: Bước một
        task: {for: clerk, title: Làm}
        on: {next: {by: clerk, label: Tiếp, target: second}}
      second:
        title: Bước hai
        task: {for: clerk, title: Làm tiếp}
        on: {finish: {by: clerk, label: Xong, target: done}}
  asked:
    title: Hỏi
    task: {for: head, title: Trả lời}
    on: {answer: {by: head, label: Trả lời, target: work.back}}
  done: {title: Xong, final: true, outcome: done}
";

#[test]
fn what_a_history_remembers_counts_as_a_place() {
    let (mut office, old) = (Office::new(), machine("case", STEPS));
    let new = machine("case", &STEPS.replace("second", "last"));
    let before = office.start(&old, "D", json!({"unit": "U"}), START);
    let before = acted(&mut office, &old, &before, "clerk", "next", START);
    let asked = acted(&mut office, &old, &before, "clerk", "ask", START);
    let refused = codes(over(&office, (&old, &new), &asked, &[], START));
    assert_eq!(refused, [(Code::Stranded, "work.second".to_owned())]);
    let (after, _) = over(&office, (&old, &new), &asked, &[("work.second", "work.last")], START).expect("it goes over");
    assert_eq!(acted(&mut office, &new, &after, "head", "answer", START).stands(), "work.last");
}

#[test]
fn whom_the_new_version_asks_is_asked_and_the_others_no_longer() {
    let (mut office, old) = (Office::new(), machine("case", STEPS));
    let new = STEPS.replace("task: {for: clerk, title: Làm}", "task: {for: head, title: Làm}");
    let new = machine("case", &new.replace("next: {by: clerk", "next: {by: head"));
    let before = office.start(&old, "D", json!({"unit": "U"}), START);
    let (after, rows) = over(&office, (&old, &new), &before, &[], START).expect("it goes over");
    assert_eq!(after.tasks[0].holders, ["p-head".into()]);
    let opened: Vec<&str> = rows.tasks_opened.iter().map(|task| task.person.as_str()).collect();
    let closed: Vec<&str> = rows.tasks_closed.iter().map(|task| task.person.as_str()).collect();
    assert_eq!((opened, closed), (vec!["p-head"], vec!["p-clerk"]));
}

#[test]
fn a_task_in_somebodys_hands_is_not_asked_anew_behind_their_back() {
    let led = |may: &str| {
        let lead = format!("task: {{for: clerk, title: Làm, claim: true}}\n        lead: {{by: head, may: {may}}}");
        machine("case", &STEPS.replace("task: {for: clerk, title: Làm}", &lead))
    };
    let (old, new) = (led("[add, assign]"), led("[add]"));
    let mut office = Office::new();
    let before = office.start(&old, "D", json!({"unit": "U"}), START);
    let activation = before.leaves().next().expect("it stands").activation;
    over(&office, (&old, &new), &before, &[], START).expect("nobody has it yet");
    let (person, reason) = ("p-m1".into(), "Biết việc".to_owned());
    for (who, ask) in [("clerk", Ask::Claim { activation }), ("head", Ask::Add { activation, person, reason })] {
        let (taken, _) = office.answer(&old, &before, by(who), ask, START).expect("it may");
        let refused = codes(over(&office, (&old, &new), &taken, &[], START));
        assert_eq!(refused, [(Code::TaskLost, "work.first".to_owned())]);
    }
}

#[test]
fn a_state_that_is_new_around_others_begins_and_one_that_is_gone_ends() {
    let text = STEPS.replace("      back: {history: deep, target: first}\n", "");
    let text = text.replace("target: work.back", "target: work");
    let (mut office, flat) = (Office::new(), machine("case", &text));
    let around = text
        .replace("initial: work\n", "initial: all\n")
        .replace("  work:\n", "  all:\n    title: Tất cả\n    initial: work\n    states:\n      work:\n");
    let around: String = indented(&around);
    let around = machine("case", &around);
    let before = office.start(&flat, "D", json!({"unit": "U"}), START);
    let states = [("work", "all.work"), ("asked", "all.asked")];
    let (after, _) = over(&office, (&flat, &around), &before, &states, START).expect("it goes over");
    assert_eq!(after.active.len(), 3);
    assert_eq!(after.active[0].activation, ActivationId(before.activations + 1), "it begins now");
    assert_eq!(
        after.active[2],
        chancery::dossier::Active { state: "all.work.first".into(), ..before.active[1].clone() }
    );
    let back = [("all.work", "work"), ("all.asked", "asked")];
    let (again, _) = over(&office, (&around, &flat), &after, &back, START).expect("and back");
    assert_eq!(again.active, before.active);
}

/// The states of [`STEPS`] inside one more.
fn indented(text: &str) -> String {
    let (head, states) = text.split_once("      work:\n").expect("it has the state");
    let (inner, end) = states.split_once("  done:").expect("it has an end");
    let deeper: Vec<String> = inner.lines().map(|line| format!("    {line}")).collect();
    format!("{head}      work:\n{}\n  done:{end}", deeper.join("\n"))
}

#[test]
fn a_value_that_no_longer_fits_keeps_it_where_it_is() {
    let (mut office, old) = (Office::new(), changed(&[]));
    let new = changed(&[("max: 100, label: Điểm", "max: 50, label: Điểm")]);
    let before = drafted(&mut office, &old);
    assert_eq!(codes(over(&office, (&old, &new), &before, &[], START)), [(Code::FieldWrong, "points".to_owned())]);
}

#[test]
fn only_an_operator_takes_it_over_and_only_elsewhere() {
    let (mut office, old) = (Office::new(), changed(&[]));
    let before = drafted(&mut office, &old);
    assert_eq!(codes(over(&office, (&old, &old), &before, &[], START))[0].0, Code::Unchanged);
    let new = changed(&[("title: Soạn\n", "title: Viết\n")]);
    let by_link = Command { actor: by("clerk"), ..go(&new, Mapping::default()) };
    let context = office.context();
    let version = |machine| Version { machine, context: &context };
    let refused = migrate(version(&old), version(&new), &before, &by_link, START).expect_err("it is no page");
    assert_eq!(refused.reasons[0].code, Code::NotThisWay);
}

#[tokio::test]
async fn a_secret_vote_in_progress_goes_over_with_its_roll_and_its_boxes() {
    for database in databases().await {
        let office = deployed(&database).await;
        for id in ["a", "b"] {
            office.ok(start(&office.case, id)).await;
            office.act(id, "clerk", "submit").await;
        }
        while office.engine.deliver().await.expect("delivered") > 0 {}
        let list = office.dossier("a").await.on_lists.remove(0).dossier.expect("which is known").to_string();
        office.act(&list, "secretary", "convene").await;
        let cast = |member: &str, activation| {
            let choices = ["a", "b"].map(|row| (DossierId::from(row), Choice::Yes)).into();
            command(&format!("cast-{member}"), &list, by(member), Ask::Cast { activation, choices })
        };
        let before = office.dossier(&list).await;
        for member in ["m1", "m2", "m3"] {
            office.ok(cast(member, before.votes[0].activation)).await;
        }

        let text = LIST.replace("voting", "balloting");
        let new = machine("list", &text);
        office.engine.deploy(&new, &[SourceFile::new("list.yaml", text)]).await.expect("deployed");
        let states = mapping(&[("voting", "balloting")]);
        let go = Command { dossier: list.as_str().into(), ..go(&new, states) };
        let done = office.ok(go.clone()).await;
        assert_eq!((done.state.as_str(), done.again), ("balloting", false));
        let again = office.ok(go).await;
        assert!(again.again && again.state == "balloting", "the same operation gets the first answer");

        let after = office.dossier(&list).await;
        assert_eq!(after.votes, before_with_casts(&before, &["p-m1", "p-m2", "p-m3"]).votes);
        for member in ["m4", "m5"] {
            office.ok(cast(member, after.votes[0].activation)).await;
        }
        office.engine.tick(&list.as_str().into()).await.expect("the vote is closed").expect("something was due");
        let closed = office.dossier(&list).await;
        assert!(closed.results[0].rows.iter().all(|row| row.yes == 5 && row.passed));
        assert_eq!(closed.machine, *new.hash());
        assert_eq!(office.replays().await, 3);
    }
}

#[test]
fn in_the_middle_of_a_second_ballot_what_the_first_gave_goes_over_with_it() {
    let rule = "    own_case: {votes: true}\n    tie: again\n";
    let text = LIST
        .replace("    own_case: {votes: false, in_base: true}\n", rule)
        .replace("at least kind.threshold of members", "more than 1/2 of valid")
        .replace("ballot: secret", "ballot: open");
    let (mut office, old) = (Office::new(), machine("list", &text));
    let new = machine("list", &text.replace("voting", "balloting"));
    let dossier = convened(&mut office, &old, "convene");
    let voted = |office: &mut Office, list: &Machine, dossier: Dossier, choices: &[(&str, Choice)]| {
        choices.iter().fold(dossier, |dossier, (who, choice)| {
            let command = office.command("L", by(who), sheet(&dossier, who, *choice));
            office.run(list, Some(&dossier), &command, START).expect("a ballot").0
        })
    };
    let (yes, no, abstain) = (Choice::Yes, Choice::No, Choice::Abstain);
    let all = [("m1", yes), ("m2", yes), ("m3", no), ("m4", no), ("m5", abstain)];
    let dossier = voted(&mut office, &old, dossier, &all);
    let tick = office.command("L", Actor::Clock, Ask::Tick);
    let (dossier, _) = office.run(&old, Some(&dossier), &tick, START).expect("one more ballot");
    let dossier = voted(&mut office, &old, dossier, &[("m1", yes)]);
    let (over, _) = over(&office, (&old, &new), &dossier, &[("voting", "balloting")], START).expect("it goes over");
    assert_eq!((over.stands().as_str(), &over.votes), ("balloting", &dossier.votes));
    let over = voted(&mut office, &new, over, &[("m2", yes), ("m3", yes), ("m4", no), ("m5", no)]);
    let tick = office.command("L", Actor::Clock, Ask::Tick);
    let (closed, _) = office.run(&new, Some(&over), &tick, START).expect("it is closed");
    let result = closed.results.last().expect("a result");
    assert!(result.rows.iter().all(|row| (row.yes, row.no, row.passed) == (3, 2, true)), "{result:?}");
    assert!(result.replaced.iter().all(|row| (row.yes, row.no, row.abstain) == (2, 2, 1)), "{result:?}");
}

fn before_with_casts(dossier: &Dossier, cast: &[&str]) -> Dossier {
    let mut dossier = dossier.clone();
    for seat in &mut dossier.votes[0].roll {
        seat.cast = cast.contains(&seat.person.as_str());
    }
    dossier
}
