//! How strongly people must show who they are: said by the workflow, carried by the command, compared where it is decided.

use axum::http::StatusCode;
use chancery::dossier::command::{Actor, Ask, Correct};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Choice, Dossier, Purpose};
use chancery::ids::PersonId;
use chancery::machine::{LinkPolicy, Machine, Proofs};
use serde_json::json;

use crate::decide::{convened, sheet};
use crate::support::office::{CASE, DAY_MS, LIST, Office, START, act, machine};
use crate::support::pages::{self, Pages};

/// A way to say who somebody is.
type Way = fn(PersonId) -> Actor;

/// By a link, with a number, signed in, with both, and by an operator.
const WAYS: [Way; 5] = [Actor::Link, Actor::LinkPin, Actor::Session, Actor::SessionPin, |person| Actor::Operator {
    operator: "root".to_owned(),
    person,
}];

fn person(code: &str) -> PersonId {
    PersonId::new(format!("p-{code}"))
}

/// Asks in every way; the reason why not, for each.
fn tried(machine: &Machine, dossier: &Dossier, code: &str, ask: &Ask) -> Vec<Option<Code>> {
    let try_as = |way: Way| {
        let mut office = Office::new();
        let command = office.command(dossier.id.as_str(), way(person(code)), ask.clone());
        let answer = office.run(machine, Some(dossier), &command, START);
        answer.err().map(|refusal| refusal.reasons[0].code.clone())
    };
    WAYS.into_iter().map(try_as).collect()
}

const PIN: Option<Code> = Some(Code::PinMissing);
const LOGIN: Option<Code> = Some(Code::LoginMissing);

#[test]
fn an_act_and_an_edit_want_what_their_state_says() {
    for (word, expected) in [
        ("link", [None, None, None, None, None]),
        ("link+pin", [PIN, None, PIN, None, None]),
        ("login", [LOGIN, LOGIN, None, None, None]),
    ] {
        let text = CASE.replace("        title: Soạn\n", &format!("        title: Soạn\n        link: {word}\n"));
        let case = machine("case", &text);
        let fields = json!({"title": "Việc một", "unit": "U", "kind": "high", "person": "p-m3", "points": 70});
        let dossier = Office::new().start(&case, "D", fields, START);
        assert_eq!(tried(&case, &dossier, "clerk", &act(&dossier, "submit")), expected, "{word}");
        let activation = dossier.tasks[0].activation;
        let edit = Ask::Edit { activation, fields: [("points".into(), json!(80))].into(), papers: Vec::new() };
        assert_eq!(tried(&case, &dossier, "clerk", &edit), expected, "{word}");
        // Whoever is not asked learns nothing more.
        assert!(tried(&case, &dossier, "m1", &edit).iter().all(|code| *code == Some(Code::NotAsked)));
    }
}

#[test]
fn what_stands_around_states_counts_inside_and_for_the_events_answered_there() {
    let around =
        |word: &str| CASE.replace("    title: Đang làm\n", &format!("    title: Đang làm\n    link: {word}\n"));
    let fields = || json!({"title": "Việc một", "unit": "U", "kind": "high", "person": "p-m3", "points": 70});
    let case = machine("case", &around("link+pin"));
    let dossier = Office::new().start(&case, "D", fields(), START);
    assert_eq!(dossier.tasks[0].policy, LinkPolicy::LinkPin);
    assert_eq!(tried(&case, &dossier, "clerk", &act(&dossier, "submit")), [PIN, None, PIN, None, None]);
    // An inner state may ask for less; the events of the outer one still want what it says.
    let refined = around("login").replace("        title: Soạn\n", "        title: Soạn\n        link: link\n");
    let case = machine("case", &refined);
    let dossier = Office::new().start(&case, "D", fields(), START);
    assert_eq!(tried(&case, &dossier, "clerk", &act(&dossier, "submit")), [None, None, None, None, None]);
    assert_eq!(tried(&case, &dossier, "clerk", &act(&dossier, "withdraw")), [LOGIN, LOGIN, None, None, None]);
}

/// Two regions: a number is asked for in one, a sign-in in the other; what is corrected is everybody's.
const REGIONS: &str = r"
chancery: 1
workflow: both
title: Hai nơi
calendar: plain
caption: topic
fields:
  topic: {type: text, max: 100, required: true, label: Việc}
  unit:  {type: unit, required: true, label: Đơn vị}
  sum:   {type: number, label: Số, correctable: {by: clerk, reason: true}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
initial: asking
states:
  asking:
    title: Hỏi
    parallel: true
    on: {done: over}
    states:
      one:
        title: Nơi một
        link: link+pin
        initial: reading
        states:
          reading: {title: Đọc, task: {for: head, title: Đọc}, on: {give: {by: head, label: Gửi, target: given}}}
          given: {title: Đã gửi, final: true}
      two:
        title: Nơi hai
        link: login
        initial: writing
        states:
          writing: {title: Viết, task: {for: head, title: Viết}, on: {hand: {by: head, label: Nộp, target: handed}}}
          handed: {title: Đã nộp, final: true}
  over: {title: Xong, final: true, outcome: done}
";

#[test]
fn no_proof_stands_in_for_another_where_regions_ask_for_different_ones() {
    let both = machine("both", REGIONS);
    let dossier = Office::new().start(&both, "D", json!({"topic": "Việc", "unit": "U", "sum": 1}), START);
    assert_eq!(dossier.demands(&both), Proofs::ALL);
    let fields = [("sum".into(), json!(2))].into();
    let correct = Ask::Correct(Correct { fields, papers: Vec::new(), reason: Some("nhầm".to_owned()), seen: None });
    assert_eq!(tried(&both, &dossier, "clerk", &correct), [PIN, LOGIN, PIN, None, None]);
    assert_eq!(tried(&both, &dossier, "head", &act(&dossier, "give")), [PIN, None, PIN, None, None]);
    let Ask::Act(mut hand) = act(&dossier, "hand") else { unreachable!() };
    hand.activation = dossier.leaves().nth(1).expect("the second region").activation;
    assert_eq!(tried(&both, &dossier, "head", &Ask::Act(hand)), [LOGIN, LOGIN, None, None, None]);
}

#[test]
fn a_ballot_a_tally_and_its_confirmation_want_what_their_state_says() {
    let text = LIST
        .replace("    title: Bỏ phiếu\n    vote", "    title: Bỏ phiếu\n    link: link+pin\n    vote")
        .replace("    title: Kiểm phiếu\n", "    title: Kiểm phiếu\n    link: login\n");
    let list = machine("list", &text);
    let voting = convened(&mut Office::new(), &list, "convene");
    let ballot = sheet(&voting, "p-m1", Choice::Yes);
    let by_operator = Some(Code::NotThisWay);
    assert_eq!(
        tried(&list, &voting, "m1", &ballot),
        [PIN, None, PIN, None, by_operator],
        "an operator votes for nobody"
    );
    let counting = convened(&mut Office::new(), &list, "on_paper");
    let activation = counting.tasks[0].activation;
    let tally = |issued| chancery::dossier::PaperTally { issued, returned: issued, invalid: 0, yes: issued, no: 0 };
    let rows = [("row-1".into(), tally(4)), ("row-2".into(), tally(5))].into();
    let tallied = Ask::Tally { activation, rows };
    assert_eq!(tried(&list, &counting, "secretary", &tallied), [LOGIN, LOGIN, None, None, None]);
    let mut office = Office::new();
    let command = office.command("L", Actor::Session(person("secretary")), tallied);
    let recorded = office.run(&list, Some(&counting), &command, START).expect("recorded").0;
    let confirm = Ask::Confirm { activation, agrees: true, seen: recorded.seq };
    assert_eq!(tried(&list, &recorded, "m1", &confirm), [LOGIN, LOGIN, None, None, None]);
}

#[tokio::test]
async fn a_form_posted_past_its_page_is_refused_and_the_page_shows_nothing_of_the_dossier() {
    for (word, said) in [("link+pin", "mã số"), ("login", "đăng nhập")] {
        let text = pages::CASE
            .replace("        title: Soạn hồ sơ\n", &format!("        title: Soạn hồ sơ\n        link: {word}\n"));
        let pages = Pages::with(&text).await;
        let case = pages.case("c1", "Đề nghị bí mật", "clerk").await;
        let link = pages.link(&case, Purpose::Act, "clerk").await;
        let page = pages.get(&link).await.text();
        assert!(page.contains(said) && !page.contains("bí mật") && !page.contains("<form"), "{page}");
        let before = pages.dump().await;
        for form in [
            [("do", "act"), ("seen", "1"), ("choice", "withdraw"), ("reason.withdraw", "x"), ("step", "send")],
            [("do", "edit"), ("seen", "1"), ("edit.points", "60"), ("edit.note", "x"), ("step", "")],
        ] {
            let sent = pages.post(&link, &form).await;
            assert!(sent.status == StatusCode::OK && sent.text().contains(said), "{}", sent.text());
            assert!(!sent.text().contains("bí mật"));
        }
        assert_eq!(pages.dump().await, before);
    }
}

#[tokio::test]
async fn a_mail_says_no_more_of_a_matter_than_its_page_would_alone_and_among_others() {
    for (word, said) in [("link+pin", "mã số in trên giấy mời"), ("login", "mã đăng nhập được gửi tới hộp thư này")]
    {
        for others in [0, 2] {
            let text = pages::CASE
                .replace("        title: Soạn hồ sơ\n", &format!("        title: Soạn hồ sơ\n        link: {word}\n"));
            let pages = Pages::with(&text).await;
            for number in 0..=others {
                pages.case(&format!("c{number}"), "Đề nghị bí mật", "clerk").await;
            }
            let mails = pages.mails(START.plus_ms(DAY_MS)).await;
            let mail = mails.iter().find(|mail| mail.to == ["clerk@office.example"]).expect("the clerk is asked");
            for part in [&mail.subject, &mail.text, &mail.html] {
                assert!(!part.contains("bí mật"), "{word}: {part}");
            }
            assert!(mail.text.contains(said) && mail.text.contains("Soạn và nộp hồ sơ"), "{}", mail.text);
        }
    }
}
