//! Dossiers that open others, on both databases: opened once, told in order, and nothing that was told is lost.

use chancery::dossier::Dossier;
use chancery::dossier::command::{Ask, Start};
use chancery::source::SourceFile;

use super::{Running, command, deploy, open};
use crate::store::{Fresh, databases};
use crate::support::office::{self, by};

/// Asks every member of the council; two answers are enough.
const ROUND: &str = r#"
chancery: 1
workflow: round
title: Lấy ý kiến
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
  council: {type: body, required: true, label: Hội đồng}
roles: {clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}}
children:
  answers:
    label: Ý kiến
    workflow: answer
    each: members(council)
    with: {unit: unit, who: each, most: 10}
    takes: {points: {type: decimal, places: 1, label: Điểm}}
guards: {enough: {expr: "sum(answers.filter(a, a.points != null).map(a, a.points)) >= 12.5"}}
initial: asking
states:
  asking:
    title: Lấy ý kiến
    entry: {open: answers}
    awaits: {children: answers, until: 2}
    task: {for: clerk, title: Theo dõi}
    on:
      complete: [{guard: enough, target: agreed}, {target: refused}]
      stop: {by: clerk, label: Dừng, send: {to: answers, event: stop}, target: refused}
  agreed: {title: Đồng ý, final: true, outcome: agreed}
  refused: {title: Không, final: true, outcome: refused}
"#;

/// One member's answer. While it is being read nothing stops it.
const ANSWER: &str = r"
chancery: 1
workflow: answer
title: Ý kiến
calendar: plain
subject: [who]
parent: round
gives: [points]
fields:
  unit: {type: unit, required: true, label: Đơn vị}
  who: {type: person, required: true, label: Người được hỏi}
  most: {type: decimal, places: 1, label: Nhiều nhất}
  points: {type: decimal, places: 1, min: 0, label: Điểm}
roles: {member: {label: Ủy viên, field: who}}
initial: reading
states:
  reading:
    title: Đọc
    task: {for: member, title: Đọc}
    on: {read: {by: member, label: Đã đọc, target: writing}}
  writing:
    title: Viết
    task: {for: member, title: Viết}
    on:
      give: {by: member, label: Gửi, fill: [points], target: given}
      stop: {from: round, target: stopped}
  given: {title: Đã gửi, final: true, outcome: given}
  stopped: {title: Dừng, final: true, outcome: stopped}
";

async fn deploy_one(office: &Running, name: &str, text: &str) {
    let source = SourceFile::new(format!("{name}.yaml"), text);
    office.engine.deploy(&office::machine(name, text), &[source]).await.expect("a workflow");
}

async fn begun(database: &Fresh) -> Running {
    begun_with(database, ROUND).await
}

async fn begun_with(database: &Fresh, round: &str) -> Running {
    let office = open(database, 1).await;
    deploy(&office.engine).await;
    deploy_one(&office, "round", round).await;
    let fields = serde_json::from_value(serde_json::json!({"unit": "U", "council": "C"})).expect("fields");
    let machine = office::machine("round", round).hash().clone();
    let start = Start { machine, fields, papers: Vec::new(), gather_key: None, first: None, import_key: None };
    office.ok(command("start-r", "r", by("clerk"), Ask::Start(start))).await;
    office
}

/// Until everything that dossiers tell each other has arrived.
async fn arrive(office: &Running) {
    while office.engine.deliver().await.expect("delivered") > 0 {}
}

/// The child that was opened for this member.
fn of(round: &Dossier, member: &str) -> String {
    let key = format!("p-{member}");
    round.children.iter().find(|child| child.key == key).expect("a child for each member").dossier.to_string()
}

async fn give(office: &Running, id: &str, who: &str, points: &str) {
    office.act(id, who, "read").await;
    let mut ask = office::act(&office.dossier(id).await, "give");
    if let Ask::Act(act) = &mut ask {
        act.fields.insert("points".into(), points.into());
    }
    office.ok(command(&format!("give-{id}"), id, by(who), ask)).await;
}

#[tokio::test]
async fn each_member_gets_a_child_once_and_the_parent_goes_on_when_enough_are_back() {
    for database in databases().await {
        let one = begun(&database).await;
        deploy_one(&one, "answer", ANSWER).await;
        let two = open(&database, 2).await;
        for _ in 0..4 {
            let (first, second) = tokio::join!(one.engine.deliver(), two.engine.deliver());
            first.expect("delivered");
            second.expect("delivered");
        }
        assert_eq!(one.count("SELECT COUNT(*) FROM dossier WHERE workflow = 'answer'").await, 6);
        let round = one.dossier("r").await;
        let (first, second) = (of(&round, "m1"), of(&round, "m2"));
        let child = one.dossier(&first).await;
        assert_eq!(child.parent.as_ref().map(|parent| parent.dossier.as_str()), Some("r"));
        assert_eq!((child.fields[&"most".into()].as_str(), child.stands().as_str()), (Some("10"), "reading"));
        give(&one, &first, "m1", "7.5").await;
        arrive(&one).await;
        assert_eq!(one.dossier("r").await.stands(), "asking");
        give(&one, &second, "m2", "5").await;
        arrive(&one).await;
        let round = one.dossier("r").await;
        assert_eq!(round.outcome.as_deref(), Some("agreed"));
        assert_eq!(round.children.iter().filter(|child| child.ended).count(), 2);
        // Late is late, and known.
        give(&one, &of(&round, "m3"), "m3", "9").await;
        arrive(&one).await;
        assert_eq!(one.dossier("r").await.children_of("answers").filter(|child| child.is_back()).count(), 3);
        assert_eq!(one.count("SELECT COUNT(*) FROM message WHERE consumed_at IS NULL").await, 0);
        one.replays().await;
    }
}

#[tokio::test]
async fn what_nothing_answers_waits_until_something_does() {
    for database in databases().await {
        let office = begun(&database).await;
        deploy_one(&office, "answer", ANSWER).await;
        arrive(&office).await;
        let round = office.dossier("r").await;
        let (writing, reading) = (of(&round, "m1"), of(&round, "m2"));
        office.act(&writing, "m1", "read").await;
        office.act("r", "clerk", "stop").await;
        arrive(&office).await;
        assert_eq!(office.dossier(&writing).await.outcome.as_deref(), Some("stopped"));
        let waits = office.dossier(&reading).await;
        assert_eq!((waits.stands().as_str(), waits.held.len()), ("reading", 1));
        office.act(&reading, "m2", "read").await;
        let stopped = office.dossier(&reading).await;
        assert_eq!((stopped.outcome.as_deref(), stopped.held.len()), (Some("stopped"), 0));
        arrive(&office).await;
        assert_eq!(office.count("SELECT COUNT(*) FROM message WHERE refused IS NOT NULL").await, 0);
        office.replays().await;
    }
}

#[tokio::test]
async fn children_that_cannot_be_opened_are_shown_at_their_parent_and_opened_later() {
    for database in databases().await {
        let office = begun(&database).await;
        arrive(&office).await;
        let told = office.engine.undelivered(&"r".into()).await.expect("it is read");
        assert_eq!(told.iter().filter(|one| one.refused.is_some()).count(), 6);
        // Another workflow of that name, which says nothing of a parent, is not opened by one.
        deploy_one(
            &office,
            "answer",
            &ANSWER.replace("parent: round\n", "").replace("from: round, ", "by: member, label: Dừng, "),
        )
        .await;
        office.engine.retry_messages().await.expect("retried");
        arrive(&office).await;
        assert_eq!(office.count("SELECT COUNT(*) FROM dossier WHERE workflow = 'answer'").await, 0);
        deploy_one(&office, "answer", ANSWER).await;
        assert_eq!(office.engine.retry_messages().await.expect("retried"), 6);
        arrive(&office).await;
        assert_eq!(office.count("SELECT COUNT(*) FROM dossier WHERE workflow = 'answer'").await, 6);
        assert!(office.engine.undelivered(&"r".into()).await.expect("it is read").is_empty());
        office.replays().await;
    }
}

#[tokio::test]
async fn nobody_but_the_parent_speaks_as_the_parent() {
    for database in databases().await {
        let office = begun(&database).await;
        deploy_one(&office, "answer", ANSWER).await;
        arrive(&office).await;
        let child = of(&office.dossier("r").await, "m1");
        office.act(&child, "m1", "read").await;
        let body = chancery::dossier::Body::Raise { event: "stop".into(), fields: [].into() };
        let to = chancery::dossier::Recipient::Dossier(child.as_str().into());
        let message = chancery::dossier::Message { from: "stranger".into(), from_seq: 1, place: 0, to, body };
        let forged = chancery::dossier::command::Command::receiving(&message, child.as_str().into());
        assert!(office.engine.handle(forged, Vec::new()).await.is_err());
        assert_eq!(office.dossier(&child).await.stands(), "writing");
    }
}

#[tokio::test]
async fn what_waits_and_does_not_fit_keeps_nobody_from_acting() {
    for database in databases().await {
        let round = ROUND.replace("event: stop}", "event: stop, with: {points: '12.5'}}");
        let office = begun_with(&database, &round).await;
        let answer = ANSWER.replace("min: 0,", "min: 0, max: 10,");
        deploy_one(&office, "answer", &answer.replace("{from: round,", "{from: round, take: [points],")).await;
        arrive(&office).await;
        let child = of(&office.dossier("r").await, "m1");
        office.act("r", "clerk", "stop").await;
        arrive(&office).await;
        assert_eq!(office.dossier(&child).await.held.len(), 1);
        office.act(&child, "m1", "read").await;
        let read = office.dossier(&child).await;
        assert_eq!((read.stands().as_str(), read.held.len()), ("writing", 1));
        office.replays().await;
    }
}

#[tokio::test]
async fn an_older_word_of_a_child_that_comes_late_changes_nothing() {
    for database in databases().await {
        let office = begun(&database).await;
        deploy_one(&office, "answer", ANSWER).await;
        arrive(&office).await;
        let child = of(&office.dossier("r").await, "m1");
        for (seq, result, ended) in [(9, Some("given"), true), (8, None, false)] {
            let result = result.map(str::to_owned);
            let body = chancery::dossier::Body::Stands { result, ended, fields: [].into() };
            let (from, to) = (child.as_str().into(), chancery::dossier::Recipient::Dossier("r".into()));
            let message = chancery::dossier::Message { from, from_seq: seq, place: 0, to, body };
            office.ok(chancery::dossier::command::Command::receiving(&message, "r".into())).await;
        }
        let round = office.dossier("r").await;
        let told = round.child(&child.as_str().into()).expect("it was opened");
        assert_eq!((told.result.as_deref(), told.ended), (Some("given"), true));
        office.replays().await;
    }
}
