//! Importing, all the way into the database: nothing or everything, the same row once, papers that come later.

use std::collections::BTreeMap;

use chancery::dossier::command::Actor;
use chancery::dossier::refusal::Code;
use chancery::engine::Engine;
use chancery::engine::intake::{Intake, IntakeError, Taken};
use chancery::import::{PaperNames, Plan, Planned, PlannedPaper, plan};
use chancery::sheet::csv;
use chancery::source::SourceFile;

use crate::engine::fresh_engine;
use crate::import::WORKFLOW;
use crate::store::databases;
use crate::support::office::{self, PLAIN, act, by};

const HEAD: &str = "round,code,title,kind,points,day,rating,prior,documents,note";

/// The workflow, its rows known by round and code.
fn yearly() -> String {
    WORKFLOW.replace("  key: code\n", "  key: [round, code]\n")
}

async fn office(engine: &Engine) {
    engine.put_calendar(&office::calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
    engine.put_directory(office::directory()).await.expect("a directory");
    let text = yearly();
    let machine = office::machine("intake", &text);
    engine.deploy(&machine, &[SourceFile::new("intake.yaml", text)]).await.expect("a version");
}

fn planned(rows: &[&str], papers: Option<&PaperNames>) -> Plan {
    let text = format!("{HEAD}\n{}\n", rows.join("\n"));
    let table = csv::read("rows.csv", text.as_bytes()).expect("a table");
    plan(&table, &office::machine("intake", &yearly()), &office::directory(), papers).unwrap_or_else(|faults| {
        panic!("{faults:?}");
    })
}

fn root() -> Actor {
    Actor::Import { operator: "root".to_owned() }
}

/// The papers that a folder holds.
type Folder = BTreeMap<String, Vec<u8>>;

fn names(folder: &Folder) -> PaperNames {
    let mut names = PaperNames::new();
    for path in folder.keys() {
        let (key, name) = path.rsplit_once('/').expect("a folder and a name");
        names.entry(key.to_owned()).or_default().push(name.to_owned());
    }
    names
}

async fn take_all(engine: &Engine, plan: &Plan, folder: &Folder) -> Vec<Taken> {
    let papers = |row: &Planned, paper: &PlannedPaper| {
        folder.get(&format!("{}/{}", row.key, paper.name)).cloned().ok_or_else(|| std::io::Error::other("gone"))
    };
    let intake = Intake { engine, plan, actor: &root(), mends: false, papers: &papers };
    let mut taken = Vec::new();
    for row in &plan.rows {
        taken.push(intake.take(row).await.expect("the world holds"));
    }
    taken
}

fn started(taken: &[Taken]) -> usize {
    taken.iter().filter(|one| matches!(one, Taken::Started(_))).count()
}

async fn count(engine: &Engine, sql: &'static str) -> i64 {
    engine.store().read(sql, &[]).await.expect("it reads")[0].int(0).expect("a number")
}

#[tokio::test]
async fn the_same_file_again_starts_nothing_and_next_years_file_starts_anew() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        office(&engine).await;
        let plan = planned(&["2026,clerk,,,,,,,,", "2026,head,,,,,,,,"], None);
        // Broken off after the first row, then imported again, then once more.
        let first = Plan { rows: plan.rows[..1].to_vec(), ..plan.clone() };
        assert_eq!(started(&take_all(&engine, &first, &Folder::new()).await), 1);
        assert_eq!(started(&take_all(&engine, &plan, &Folder::new()).await), 1);
        assert_eq!(started(&take_all(&engine, &plan, &Folder::new()).await), 0);
        assert_eq!(count(&engine, "SELECT COUNT(*) FROM dossier").await, 2);
        let next = planned(&["2027,clerk,,,,,,,,"], None);
        assert_eq!(started(&take_all(&engine, &next, &Folder::new()).await), 1);
        let keys = engine.store().read("SELECT import_key FROM dossier ORDER BY import_key", &[]).await.expect("keys");
        let keys: Vec<&str> = keys.iter().map(|row| row.text(0).expect("a key")).collect();
        assert_eq!(keys, ["2026/clerk", "2026/head", "2027/clerk"]);
        let known =
            engine.store().imported(&"intake".into(), "2026/head").await.expect("it reads").expect("it is there");
        let dossier = engine.dossier(&known).await.expect("it reads").expect("it exists");
        assert_eq!(dossier.import_key.as_deref(), Some("2026/head"));
        assert!(engine.replay(&known).await.expect("it reads").faults.is_empty());
    }
}

#[tokio::test]
async fn two_imports_of_one_file_at_once_make_each_dossier_once() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        office(&engine).await;
        let rows: Vec<String> = (0..20).map(|round| format!("{round},clerk,,,,,,,,")).collect();
        let plan = planned(&rows.iter().map(String::as_str).collect::<Vec<_>>(), None);
        let folder = Folder::new();
        let (one, two) = tokio::join!(take_all(&engine, &plan, &folder), take_all(&engine, &plan, &folder));
        assert_eq!(started(&one) + started(&two), 20);
        assert_eq!(count(&engine, "SELECT COUNT(*) FROM dossier").await, 20);
    }
}

#[tokio::test]
async fn a_row_that_would_be_refused_is_known_before_anything_is_written() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        office(&engine).await;
        // Nobody holds the role of a row about a unit.
        let plan = planned(&["2026,clerk,,,,,,a:2024,,", "2026,U,,,,,,a:2024,,"], None);
        let papers = |_: &Planned, _: &PlannedPaper| Ok(Vec::new());
        let intake = Intake { engine: &engine, plan: &plan, actor: &root(), mends: false, papers: &papers };
        assert_eq!(intake.rehearse(&plan.rows[0]).await.expect("it is looked at"), None);
        let refusal = intake.rehearse(&plan.rows[1]).await.expect("it is looked at").expect("it would be refused");
        assert_eq!(refusal.reasons[0].code, Code::NobodyToAsk);
        for table in ["SELECT COUNT(*) FROM dossier", "SELECT COUNT(*) FROM event", "SELECT COUNT(*) FROM register"] {
            assert_eq!(count(&engine, table).await, 0, "{table}");
        }
    }
}

#[tokio::test]
async fn papers_that_were_left_out_come_with_the_next_import_once_and_only_while_they_are_asked_for() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        office(&engine).await;
        let rows = ["2026,clerk,,,,,,,report;minutes,"];
        let without = planned(&rows, None);
        let Taken::Started(id) = take_all(&engine, &without, &Folder::new()).await.remove(0) else { panic!("started") };
        let mut folder = Folder::from([
            ("2026/clerk/report.pdf".to_owned(), b"%PDF-1.7 one".to_vec()),
            ("2026/clerk/minutes.pdf".to_owned(), b"%PDF-1.7 two".to_vec()),
        ]);
        let with = planned(&rows, Some(&names(&folder)));
        let Taken::Already(again) = take_all(&engine, &with, &folder).await.remove(0) else { panic!("there") };
        assert_eq!((again.added, again.late.is_none()), (2, true));
        let Taken::Already(again) = take_all(&engine, &with, &folder).await.remove(0) else { panic!("there") };
        assert_eq!((again.added, again.differ.len()), (0, 0));
        folder.insert("2026/clerk/report.pdf".to_owned(), b"%PDF-1.7 another".to_vec());
        let Taken::Already(again) = take_all(&engine, &with, &folder).await.remove(0) else { panic!("there") };
        assert_eq!((again.added, again.differ), (0, vec!["2026/clerk/report.pdf".to_owned()]));
        let dossier = engine.dossier(&id).await.expect("it reads").expect("it exists");
        let kinds: Vec<&str> = dossier.papers.iter().map(|paper| paper.kind.as_str()).collect();
        assert_eq!(kinds, ["report", "minutes"]);
        assert_eq!(count(&engine, "SELECT COUNT(*) FROM paper").await, 2);
        assert!(engine.replay(&id).await.expect("it reads").faults.is_empty());

        // Where nobody is asked any more, nothing is slipped in.
        let second = planned(&["2027,clerk,,,,,,,report,"], None);
        let Taken::Started(id) = take_all(&engine, &second, &Folder::new()).await.remove(0) else { panic!("started") };
        let dossier = engine.dossier(&id).await.expect("it reads").expect("it exists");
        let done = chancery::dossier::command::Command {
            operation: "done".into(),
            dossier: id.clone(),
            actor: by("clerk"),
            ask: act(&dossier, "do"),
        };
        engine.handle(done, Vec::new()).await.expect("it ends");
        folder.insert("2027/clerk/report.pdf".to_owned(), b"%PDF-1.7".to_vec());
        let late = planned(&["2027,clerk,,,,,,,report,"], Some(&names(&folder)));
        let Taken::Already(again) = take_all(&engine, &late, &folder).await.remove(0) else { panic!("there") };
        assert_eq!(again.late.expect("it is late").reasons[0].code, Code::Ended);
        assert_eq!(count(&engine, "SELECT COUNT(*) FROM paper").await, 2);
    }
}

#[tokio::test]
async fn a_file_that_is_no_paper_stops_the_import_before_it_begins() {
    for database in databases().await {
        let engine = fresh_engine(&database).await;
        office(&engine).await;
        let folder = Folder::from([("2026/clerk/report.pdf".to_owned(), b"<html>".to_vec())]);
        let plan = planned(&["2026,clerk,,,,,,,report,"], Some(&names(&folder)));
        let papers = |_: &Planned, _: &PlannedPaper| Ok(folder["2026/clerk/report.pdf"].clone());
        let intake = Intake { engine: &engine, plan: &plan, actor: &root(), mends: false, papers: &papers };
        let error = intake.rehearse(&plan.rows[0]).await.expect_err("it is no PDF");
        assert!(matches!(&error, IntakeError::Unfit(name, _) if name == "2026/clerk/report.pdf"), "{error}");
        assert_eq!(count(&engine, "SELECT COUNT(*) FROM dossier").await, 0);
    }
}
