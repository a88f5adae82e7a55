//! Registers: facts that outlive dossiers, and what formulas make of them.

use chancery::dossier::command::{Ask, Command, Start};
use chancery::dossier::refusal::Code;
use chancery::engine::{Engine, Failure};
use chancery::ids::{Instant, MachineHash};
use chancery::import::OpeningEntry;
use chancery::source::SourceFile;

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
    OpeningEntry { register: "prizes".to_owned(), holder: "p-head".to_owned(), key: "a".to_owned(), year }
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
