//! Texts that repeat others: whoever looks at a table of reports next sees who says the same as whom, here or in earlier years,
//! and learns nothing of dossiers that are not theirs to see.

use chancery::dossier::Dossier;
use chancery::dossier::command::{Act, Ask, Command, Start};
use chancery::engine::Engine;
use chancery::machine::Machine;
use chancery::source::SourceFile;
use serde_json::{Value, json};

use crate::engine::fresh_engine;
use crate::store::databases;
use crate::support::office::{self, PLAIN, act, by};

const REPORT: &str = r"
chancery: 1
workflow: report
title: Báo cáo
calendar: plain
subject: [person]
fields:
  place: {type: text, max: 20, required: true, label: Nơi}
  person: {type: person, required: true, label: Ai}
  report: {type: text, max: 500, label: Báo cáo}
registers: {reports: {label: Sổ}}
roles: {clerk: {label: Cán bộ, post: clerk, of: code U, starter: true}}
initial: open
states:
  open:
    title: Mở
    task: {for: clerk, title: Gửi}
    on: {send: {by: clerk, label: Gửi, target: sent}}
  sent: {title: Đã gửi, final: true, outcome: sent, entry: {register: [{register: reports, key: place, year: 2025}]}}
";

const LIST: &str = r"
chancery: 1
workflow: nominations
title: Danh sách
calendar: plain
fields:
  place: {type: text, max: 20, required: true, label: Nơi}
  people:
    type: rows
    label: Người
    columns:
      person: {type: person, required: true, label: Ai}
      report: {type: text, max: 500, label: Báo cáo}
  alike:
    type: rows
    max: 3
    label: Giống nhau
    columns:
      who: {type: person, label: Ai}
      like: {type: person, label: Giống ai}
      year: {type: text, max: 4, label: Năm}
      percent: {type: number, label: Phần trăm}
registers: {reports: {label: Sổ}}
comparisons: {reports: {of: people.report, least: 50%, words: 2, into: alike, earlier: {register: reports, within: place}}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: code U, starter: true}
  head: {label: Thủ trưởng, post: head, of: code U}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn, edit: [people]}
    on: {submit: {by: clerk, label: Nộp, target: looking}}
  looking:
    title: Xem
    entry: {compare: reports}
    task: {for: head, title: Xem}
    on:
      send_back: {by: head, label: Trả lại, target: drafting}
      close: {by: head, label: Chốt, target: closed}
  closed: {title: Xong, final: true, outcome: closed}
";

async fn start(engine: &Engine, machine: &Machine, id: &str, fields: Value) -> Dossier {
    let ask = Ask::Start(Start {
        machine: machine.hash().clone(),
        fields: serde_json::from_value(fields).expect("fields"),
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    });
    step(engine, id, "clerk", ask).await
}

async fn step(engine: &Engine, id: &str, person: &str, ask: Ask) -> Dossier {
    let seq = engine.dossier(&id.into()).await.expect("it reads").map_or(0, |dossier| dossier.seq);
    let operation = format!("{id}-{seq}").into();
    let command = Command { operation, dossier: id.into(), actor: by(person), ask };
    engine.handle(command, Vec::new()).await.expect("it is done");
    engine.dossier(&id.into()).await.expect("it reads").expect("it exists")
}

/// Hands the list in with these reports, and gives what whoever looks at it next finds.
async fn found(engine: &Engine, list: &Dossier, reports: &[(&str, &str)]) -> Value {
    let rows: Vec<Value> =
        reports.iter().map(|(person, report)| json!({"person": format!("p-{person}"), "report": report})).collect();
    let Ask::Act(submit) = act(list, "submit") else { unreachable!("it is an act") };
    let fields = [("people".into(), Value::Array(rows))].into();
    let id = list.id.as_str();
    step(engine, id, "clerk", Ask::Act(Act { fields, ..submit }))
        .await
        .fields
        .remove(&"alike".into())
        .unwrap_or(Value::Null)
}

#[tokio::test]
async fn who_repeats_another_or_what_was_said_before_is_told_to_whoever_looks_next() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        engine.put_calendar(&office::calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
        engine.put_directory(office::directory()).await.expect("a directory");
        let (report, list) = (office::machine("report", REPORT), office::machine("nominations", LIST));
        engine.deploy(&report, &[SourceFile::new("report.yaml", REPORT)]).await.expect("a version");
        engine.deploy(&list, &[SourceFile::new("nominations.yaml", LIST)]).await.expect("a version");

        let earlier = [
            ("a-head", "p-head", "here", "Năm 2025 đã giải quyết 120 hồ sơ"),
            ("a-m3", "p-m3", "elsewhere", "Tổ chức tám lớp tập huấn"),
        ];
        for (id, person, place, text) in earlier {
            let dossier = start(&engine, &report, id, json!({"place": place, "person": person, "report": text})).await;
            step(&engine, id, "clerk", act(&dossier, "send")).await;
        }
        let dossier = start(&engine, &list, "b", json!({"place": "here"})).await;
        let reports = [
            ("head", "Năm 2026 đã giải quyết 134 hồ sơ"),
            ("m1", "một hai ba bốn năm"),
            ("m2", "một hai ba bốn sáu"),
            ("m3", "Tổ chức tám lớp tập huấn"),
            ("m4", ""),
        ];
        let said = json!([
            {"who": "p-head", "like": "p-head", "year": "2025", "percent": 100},
            {"who": "p-m1", "like": "p-m2", "percent": 60},
        ]);
        assert_eq!(
            found(&engine, &dossier, &reports).await,
            said,
            "what was written elsewhere is nobody's business here"
        );

        // Written anew, it is looked at anew.
        let dossier = engine.dossier(&"b".into()).await.expect("it reads").expect("it exists");
        let dossier = step(&engine, "b", "head", act(&dossier, "send_back")).await;
        assert_eq!(
            found(&engine, &dossier, &[("head", "Chủ trì hai đề án"), ("m1", "một hai ba bốn năm")]).await,
            Value::Null
        );

        // As many as the table takes, those that are most alike.
        let dossier = engine.dossier(&"b".into()).await.expect("it reads").expect("it exists");
        let dossier = step(&engine, "b", "head", act(&dossier, "send_back")).await;
        let same = ["head", "m1", "m2", "m3"].map(|person| (person, "một hai ba bốn"));
        let all = found(&engine, &dossier, &same).await;
        assert_eq!(all.as_array().map(Vec::len), Some(3), "{all}");
    }
}
