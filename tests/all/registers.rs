//! Registers: facts that outlive dossiers, and what formulas make of them.

use chancery::dossier::command::{Ask, Command, Start};
use chancery::dossier::refusal::Code;
use chancery::engine::{Engine, Failure};
use chancery::ids::{Instant, MachineHash};
use chancery::import::register::entries;
use chancery::import::{Evidence, OpeningEntry};
use chancery::source::SourceFile;
use chancery::store::registers::Second;

use crate::engine::fresh_engine;
use crate::store::databases;
use crate::support::office::{self, PLAIN, act, by};

const PRIZE: &str = r#"
chancery: 1
workflow: prize
title: Giải
calendar: plain
subject: [person]
fields:
  person: {type: person, required: true, label: Người}
registers: {prizes: {label: Sổ giải}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: code U, starter: true}
guards:
  twice: {expr: "times('prizes', 'a') >= 2", refuse: Chưa đủ hai lần}
initial: open
states:
  open:
    title: Mở
    task: {for: clerk, title: Xét, edit: [person]}
    on: {grant: {by: clerk, label: Tặng, guard: twice, target: granted}}
  granted: {title: Đã tặng, final: true, outcome: granted}
"#;

fn won(year: i32) -> OpeningEntry {
    let (register, holder, key) = ("prizes".to_owned(), "p-head".to_owned(), "a".to_owned());
    OpeningEntry { register, holder, key, year, once: None, evidence: None }
}

async fn started(engine: &Engine, machine: &MachineHash, id: &str) {
    let fields = serde_json::from_value(serde_json::json!({"person": "p-head"})).expect("fields");
    let ask = Ask::Start(Start {
        machine: machine.clone(),
        fields,
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    });
    let command = Command { operation: format!("start-{id}").into(), dossier: id.into(), actor: by("clerk"), ask };
    engine.handle(command, Vec::new()).await.expect("it is opened");
}

async fn granted(engine: &Engine, id: &str, operation: &str) -> Result<(), Failure> {
    let dossier = engine.dossier(&id.into()).await.expect("it reads").expect("it exists");
    let command =
        Command { operation: operation.into(), dossier: id.into(), actor: by("clerk"), ask: act(&dossier, "grant") };
    engine.handle(command, Vec::new()).await.map(drop)
}

#[tokio::test]
async fn a_fact_that_several_sources_tell_counts_once() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        engine.put_calendar(&office::calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
        engine.put_directory(office::directory()).await.expect("a directory");
        let machine = office::machine("prize", PRIZE);
        engine.deploy(&machine, &[SourceFile::new("prize.yaml", PRIZE)]).await.expect("a version");
        for source in ["import:old.csv", "import:older.csv"] {
            engine.store().open_register(vec![won(2024)], source, Instant(0)).await.expect("it is written");
        }
        started(&engine, machine.hash(), "a").await;
        let refused = granted(&engine, "a", "once").await;
        let Err(Failure::Refused(refusal)) = refused else { panic!("2024 counts once: {refused:?}") };
        assert_eq!(refusal.reasons[0].code, Code::Guard);
        engine.store().open_register(vec![won(2025)], "import:old.csv", Instant(0)).await.expect("it is written");
        granted(&engine, "a", "twice").await.expect("2024 and 2025 are two");
        let rows = engine.store().read("SELECT COUNT(*) FROM register", &[]).await.expect("it reads");
        assert_eq!(rows[0].int(0).expect("a number"), 3, "every source keeps its row");
    }
}

const MEDAL: &str = r#"
chancery: 1
workflow: medal
title: Huy chương
calendar: plain
caption: title
subject: [person]
fields:
  title:  {type: text, max: 100, required: true, label: Tên}
  person: {type: person, required: true, label: Người}
registers:
  medals: {label: Sổ huy chương, unique: [holder, key], refuse: "Đã có trong sổ: {other}."}
roles:
  clerk: {label: Cán bộ, post: clerk, of: code U, starter: true}
guards:
  thrice: {expr: "streak('medals', 'year', 2026, 1) >= 3", refuse: Chưa đủ ba năm liên tục.}
  told:   {expr: "held('medals', 'year', 2020)", refuse: "Năm {years} chưa có."}
initial: open
states:
  open:
    title: Mở
    task: {for: clerk, title: Xét}
    on:
      give:  {by: clerk, label: Tặng, target: given}
      check: {by: clerk, label: Xét ba năm, guard: thrice, target: given}
      look:  {by: clerk, label: Xét một năm, guard: told, target: given}
  given:
    title: Đã tặng
    final: true
    outcome: given
    entry: {register: [{register: medals, key: "'first'", year: 2026}]}
"#;

/// Medals before anybody has one, and two dossiers that would give the same.
async fn medals(engine: &Engine) {
    engine.put_calendar(&office::calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
    engine.put_directory(office::directory()).await.expect("a directory");
    let machine = office::machine("medal", MEDAL);
    engine.deploy(&machine, &[SourceFile::new("medal.yaml", MEDAL)]).await.expect("a version");
    for id in ["a", "b"] {
        let fields = serde_json::json!({"person": "p-head", "title": format!("Hồ sơ {id}")});
        let fields = serde_json::from_value(fields).expect("fields");
        let (machine, papers, gather_key, first, import_key) = (machine.hash().clone(), Vec::new(), None, None, None);
        let ask = Ask::Start(Start { machine, fields, papers, gather_key, first, import_key });
        let command = Command { operation: format!("start-{id}").into(), dossier: id.into(), actor: by("clerk"), ask };
        engine.handle(command, Vec::new()).await.expect("it is opened");
    }
}

async fn does(engine: &Engine, id: &str, event: &str) -> Result<(), Failure> {
    let dossier = engine.dossier(&id.into()).await.expect("it reads").expect("it exists");
    let (operation, ask) = (format!("{id}-{event}").into(), act(&dossier, event));
    let command = Command { operation, dossier: id.into(), actor: by("clerk"), ask };
    engine.handle(command, Vec::new()).await.map(drop)
}

fn said(answer: Result<(), Failure>) -> (Code, String) {
    let Err(Failure::Refused(refusal)) = answer else { panic!("it is refused: {answer:?}") };
    (refusal.reasons[0].code.clone(), refusal.reasons[0].text.own.clone())
}

fn medal(key: &str, year: i32, number: &str) -> OpeningEntry {
    let machine = office::machine("medal", MEDAL);
    let once = machine.registers["medals"].once("p-head", key, year);
    let once = once.map(|once| chancery::dossier::taken::Key::of_register("medals", once));
    let (paper, number, day) = ("Quyết định".to_owned(), number.to_owned(), "2020-05-01".to_owned());
    let (register, holder, key) = ("medals".to_owned(), "p-head".to_owned(), key.to_owned());
    OpeningEntry { register, holder, key, year, once, evidence: Some(Evidence { paper, number, day }) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_that_write_the_same_entry_at_once_one_is_refused_and_told_of_the_other() {
    for database in databases().await {
        let (one, two) = (fresh_engine(&database).await, fresh_engine(&database).await);
        medals(&one).await;
        two.refresh().await.expect("the second process knows it too");
        let (a, b) = tokio::join!(does(&one, "a", "give"), does(&two, "b", "give"));
        let (first, refused) = if a.is_ok() { ("a", b) } else { ("b", a) };
        let (code, text) = said(refused);
        assert_eq!(
            code,
            Code::KeyTaken {
                key: "first".to_owned(), dossier: Some(first.into()), by: Some(format!("Hồ sơ {first}"))
            }
        );
        assert_eq!(text, format!("Đã có trong sổ: Hồ sơ {first}."));
        let rows = one.store().read("SELECT COUNT(*) FROM register", &[]).await.expect("it reads");
        assert_eq!(rows[0].int(0).expect("a number"), 1);
    }
}

#[tokio::test]
async fn an_opening_entry_closes_the_place_and_the_same_file_again_changes_nothing() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        medals(&engine).await;
        let entries = || vec![medal("first", 2020, "5/QĐ"), medal("first", 2020, "5/QĐ")];
        for _ in 0..2 {
            let seconds = engine.store().open_register(entries(), "import:old.csv", Instant(0)).await.expect("written");
            assert_eq!(seconds, []);
        }
        assert_eq!(engine.store().register("medals", 10).await.expect("it reads").len(), 1);
        let other = vec![medal("second", 2019, "4/QĐ"), medal("first", 2021, "6/QĐ")];
        let seconds = engine.store().open_register(other, "import:new.csv", Instant(0)).await.expect("judged");
        assert_eq!(seconds, [Second { at: 1, first: "Quyết định 5/QĐ, 2020-05-01".to_owned() }]);
        let left = engine.store().register("medals", 10).await.expect("it reads");
        assert_eq!(left.len(), 1, "with one fault nothing is written");
        let (code, text) = said(does(&engine, "a", "give").await);
        assert_eq!(
            code,
            Code::KeyTaken {
                key: "first".to_owned(),
                dossier: None,
                by: Some("Quyết định 5/QĐ, 2020-05-01".to_owned())
            }
        );
        assert_eq!(text, "Đã có trong sổ: Quyết định 5/QĐ, 2020-05-01.");
    }
}

#[tokio::test]
async fn a_refusal_names_the_years_that_are_missing() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        medals(&engine).await;
        assert_eq!(said(does(&engine, "a", "check").await).1, "Chưa đủ ba năm liên tục: 2024, 2025, 2026.");
        assert_eq!(said(does(&engine, "a", "look").await).1, "Năm 2020 chưa có.");
    }
}

#[test]
fn a_file_of_entries_is_read_row_by_row_with_every_fault() {
    let machine = office::machine("medal", MEDAL);
    let read = |rows: &str| {
        let text = format!("holder,key,year,paper,number,day\n{rows}");
        let table = chancery::sheet::csv::read("old.csv", text.as_bytes()).expect("a table");
        entries(&table, "medals", &machine.registers["medals"], &office::directory())
    };
    let good = read("head,first,2020,Quyết định,5/QĐ,2020-05-01\nU,first,2020,Quyết định,6/QĐ,2020-05-01\n");
    let good: Vec<OpeningEntry> = good.expect("no fault").into_iter().map(|(_, entry)| entry).collect();
    assert_eq!(good[0], medal("first", 2020, "5/QĐ"));
    assert_eq!(good[1].holder, "unit:U");
    let faults = read("haed,first,2020,Quyết định,5/QĐ,2020-05-01\nhead,,20,=1,5/QĐ,1.5.2020\n").expect_err("faults");
    let told: Vec<(&str, String)> = faults.iter().map(|fault| (fault.code, fault.message("en"))).collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(code, said)| (*code, said.as_str())).collect();
    assert_eq!(
        told,
        [
            ("E0823", "`haed` is nobody and nothing that the directory knows"),
            ("E0824", "`key` is empty"),
            ("E0701", "a formula instead of a value"),
            ("E0824", "`20` is no year"),
            ("E0823", "`1.5.2020` is no date"),
        ]
    );
}
