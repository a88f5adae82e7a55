//! Measures: what a workflow counts over its dossiers is what somebody counts by hand, and small groups stay untold.

use std::collections::BTreeMap;

use chancery::dossier::Dossier;
use chancery::dossier::command::{Ask, Command, Start};
use chancery::engine::Engine;
use chancery::exact::Exact;
use chancery::ids::Instant;
use chancery::import::OpeningEntry;
use chancery::machine::Machine;
use chancery::measure::{Course, Measured, Past, Period, Reckoning, World};
use chancery::source::SourceFile;
use proptest::prelude::*;
use serde_json::json;

use crate::cli::place;
use crate::engine::fresh_engine;
use crate::store::{Fresh, databases};
use crate::support::office::{self, Office, PLAIN, START, act, by};

const GIFT: &str = r"
chancery: 1
workflow: gift
title: Quà tặng
calendar: plain
subject: [person]
fields:
  person: {type: person, label: Người}
  kind: {type: one_of, values: {a: Loại A, b: Loại B, c: Loại C, d: Loại D}, label: Loại}
  worth: {type: decimal, places: 2, label: Giá trị}
registers: {gifts: {label: Sổ quà}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: code U, starter: true}
initial: open
states:
  open:
    title: Mở
    task: {for: clerk, title: Xét, edit: [person, kind, worth]}
    deadline: {within: 2wd, remind: [0wd]}
    on:
      give: {by: clerk, label: Tặng, target: given}
      drop: {by: clerk, label: Thôi, target: dropped}
  given: {title: Đã tặng, final: true, outcome: given, entry: {register: [{register: gifts, key: kind, year: 2026}]}}
  dropped: {title: Thôi, final: true, outcome: dropped}
measures:
  given: {title: Đã tặng, when: outcome == 'given', by: {kind: kind}}
  dear: {title: Tỷ lệ quà đắt, take: share, of: worth > 10}
  first: {title: Tỷ lệ lần đầu, when: outcome == 'given', take: share, of: entries('gifts') == 0}
  in_time: {title: Tỷ lệ đúng hạn, when: left.open != null, take: share, of: left.open <= due.open}
  mean_worth: {title: Giá trị trung bình, take: mean, of: worth, by: {kind: kind}}
  middle: {title: Giá trị trung vị, take: median, of: worth}
  least: {title: Nhỏ nhất, take: min, of: worth}
  most: {title: Lớn nhất, take: max, of: worth}
  filled: {title: Phần đã dùng, take: share, of: worth, out_of: size(kind) * 20}
  worth: {title: Tổng giá trị, take: sum, of: worth, by: {kind: kind}}
";

/// A measure over these dossiers, of which nothing is known but how they stand.
fn measured(machine: &Machine, dossiers: &[Dossier], name: &str, period: Period, least: usize) -> Measured {
    let office = Office::new();
    let world = World { machine, directory: &office.directory, calendar: &office.calendar, now: START };
    let mut reckoning = Reckoning::new(name, &machine.measures[name], world, period);
    for dossier in dossiers {
        reckoning.add(&Past { dossier, course: &Course::default(), register: &[] });
    }
    reckoning.result(least)
}

/// Dossiers of these kinds and worths, in hundredths.
fn dossiers(machine: &Machine, all: &[(&str, i64)]) -> Vec<Dossier> {
    let first = Office::new().start(machine, "D", json!({}), START);
    let each = |(kind, worth): &(&str, i64)| {
        let mut dossier = first.clone();
        dossier.fields.insert("kind".into(), json!(kind));
        dossier.fields.insert("worth".into(), json!(format!("{}.{:02}", worth / 100, worth % 100)));
        dossier
    };
    all.iter().map(each).collect()
}

fn exact(num: i64, den: i64) -> Option<Exact> {
    Exact::ratio(num.into(), den.into())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_reckoned_is_exact_and_no_small_group_can_be_found_out(
        all in prop::collection::vec((prop::sample::select(vec!["a", "b", "c", "d"]), 0_i64..5_000), 0..14),
        least in 1_usize..6,
    ) {
        let machine = office::machine("gift", GIFT);
        let dossiers = dossiers(&machine, &all);
        let whole = measured(&machine, &dossiers, "worth", Period::default(), 1);
        let mut by_kind: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (kind, worth) in &all {
            by_kind.entry(kind).or_default().push(*worth);
        }
        let found: Vec<_> = whole.groups.iter().map(|one| (one.words[0].code.as_str(), one.reckoned.value)).collect();
        let wanted: Vec<_> = by_kind.iter().map(|(kind, all)| (*kind, exact(all.iter().sum(), 100))).collect();
        prop_assert_eq!(found, wanted);
        let mean = measured(&machine, &dossiers, "mean_worth", Period::default(), 1).all.and_then(|all| all.value);
        let count = i64::try_from(all.len()).expect("a few");
        prop_assert_eq!(mean, exact(all.iter().map(|(_, worth)| worth).sum(), 100 * count));

        let told = measured(&machine, &dossiers, "worth", Period::default(), least);
        if !all.is_empty() && all.len() < least {
            prop_assert!(told.all.is_none() && told.groups.is_empty() && told.small.is_none());
            return Ok(());
        }
        let small = told.small.as_ref().map_or(0, |(_, small)| small.dossiers);
        prop_assert!(told.groups.iter().all(|group| group.reckoned.dossiers >= least));
        prop_assert!(small == 0 || small >= least, "{} are told together", small);
        let shown: usize = told.groups.iter().map(|group| group.reckoned.dossiers).sum();
        prop_assert_eq!(shown + small, all.len());
    }
}

#[test]
fn each_way_of_taking_gives_what_it_says_and_what_is_empty_stands_aside() {
    let machine = office::machine("gift", GIFT);
    let mut all = dossiers(&machine, &[("a", 500), ("a", 1_100), ("b", 2_000), ("b", 1_000)]);
    let value = |all: &[Dossier], name: &str| {
        let measured = measured(&machine, all, name, Period::default(), 1);
        (measured.all.and_then(|all| all.value), measured.aside.empty, measured.aside.failed)
    };
    for (name, wanted) in [
        ("dear", exact(1, 2)),
        ("mean_worth", exact(23, 2)),
        ("filled", exact(23, 40)),
        ("middle", exact(21, 2)),
        ("least", exact(5, 1)),
        ("most", exact(20, 1)),
        ("worth", exact(46, 1)),
        ("given", exact(0, 1)),
    ] {
        assert_eq!(value(&all, name), (wanted, 0, 0), "{name}");
    }
    all[3].fields.remove(&"worth".into());
    assert_eq!(value(&all, "worth"), (exact(36, 1), 1, 0), "an empty field is not counted as nothing");
    assert_eq!(value(&all, "filled"), (exact(3, 5), 1, 0), "what has no part adds nothing to the whole");
    assert_eq!(value(&all, "dear"), (exact(2, 3), 0, 1), "nothing is not more than ten, and not less");
}

#[test]
fn a_dossier_counts_on_its_day() {
    let machine = office::machine("gift", GIFT);
    let mut all = dossiers(&machine, &[("a", 500), ("a", 1_100)]);
    all[1].opened_at = Instant(START.0 + office::DAY_MS);
    let day = |text: &str| Some(text.parse().expect("a day"));
    for (from, to, wanted) in [
        (None, None, 2),
        (day("2026-06-01"), day("2026-06-01"), 1),
        (day("2026-06-02"), None, 1),
        (None, day("2026-05-31"), 0),
        (day("2026-06-01"), day("2026-06-02"), 2),
    ] {
        let measured = measured(&machine, &all, "worth", Period { from, to }, 1);
        assert_eq!(measured.all.map(|all| all.dossiers), Some(wanted), "{from:?} to {to:?}");
    }
}

async fn gave(engine: &Engine, machine: &Machine, id: &str, person: &str) {
    let fields = json!({"person": person, "kind": "a", "worth": "1"});
    let ask = Ask::Start(Start {
        machine: machine.hash().clone(),
        fields: serde_json::from_value(fields).expect("fields"),
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    });
    let command =
        |operation: String, ask| Command { operation: operation.into(), dossier: id.into(), actor: by("clerk"), ask };
    engine.handle(command(format!("start-{id}"), ask), Vec::new()).await.expect("it is opened");
    let dossier = engine.dossier(&id.into()).await.expect("it reads").expect("it exists");
    engine.handle(command(format!("give-{id}"), act(&dossier, "give")), Vec::new()).await.expect("it is given");
}

async fn over_all(engine: &Engine, machine: &Machine, name: &str) -> Measured {
    let office = Office::new();
    let world = World { machine, directory: &office.directory, calendar: &office.calendar, now: START };
    let mut reckoning = Reckoning::new(name, &machine.measures[name], world, Period::default());
    let ids = engine.store().of_workflow(&machine.workflow, None, 100).await.expect("they are read");
    assert_eq!(engine.store().how_many(&machine.workflow).await.expect("they are counted"), ids.len());
    for id in ids {
        let (dossier, course, register) = engine.past(machine, &id).await.expect("it reads").expect("it exists");
        reckoning.add(&Past { dossier: &dossier, course: &course, register: &register });
    }
    reckoning.result(1)
}

/// An office in which gifts are given.
async fn giving(database: &Fresh) -> (Engine, Machine) {
    let engine = fresh_engine(database).await;
    engine.put_calendar(&office::calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
    engine.put_directory(office::directory()).await.expect("a directory");
    let machine = office::machine("gift", GIFT);
    engine.deploy(&machine, &[SourceFile::new("gift.yaml", GIFT)]).await.expect("a version");
    (engine, machine)
}

#[tokio::test]
async fn who_is_in_a_register_for_the_first_time_is_told_from_what_stood_there_before() {
    for database in databases().await {
        let (engine, machine) = giving(&database).await;
        let old = OpeningEntry {
            register: "gifts".to_owned(),
            holder: "p-m1".to_owned(),
            key: "a".to_owned(),
            year: 2024,
            once: None,
            evidence: None,
        };
        gave(&engine, &machine, "one", "p-head").await;
        gave(&engine, &machine, "three", "p-m1").await;
        gave(&engine, &machine, "two", "p-head").await;
        let first = over_all(&engine, &machine, "first").await.all.expect("it is told");
        assert_eq!((first.part, first.dossiers), (exact(2, 1), 3), "whoever got two got one of them first");
        engine.store().open_register(vec![old], "import:old.csv", START).await.expect("it is written");
        let first = over_all(&engine, &machine, "first").await.all.expect("it is told");
        assert_eq!(
            (first.part, first.value),
            (exact(1, 1), exact(1, 3)),
            "2024 was before, whenever it was brought in"
        );
        let in_time = over_all(&engine, &machine, "in_time").await.all.expect("it is told");
        assert_eq!((in_time.part, in_time.dossiers), (exact(3, 1), 3));
    }
}

#[tokio::test]
async fn a_dossier_that_cannot_be_read_any_more_stands_aside() {
    for database in databases().await {
        let (engine, machine) = giving(&database).await;
        gave(&engine, &machine, "one", "p-head").await;
        gave(&engine, &machine, "two", "p-m1").await;
        database.spoil();
        let gone = "DELETE FROM seal_key WHERE person_id = 'p-m1'";
        engine.store().write(move |tx| tx.execute(gone, &[])).await.expect("their key is gone");
        let given = over_all(&engine, &machine, "given").await;
        assert_eq!((given.all.map(|all| all.dossiers), given.aside.erased), (Some(1), 1));
    }
}

#[test]
fn an_operator_reads_figures_as_a_table_as_json_and_as_csv() {
    let place = place("measures");
    place.purchase();
    place.start();
    place.good(&["act", &place.start(), "approve", "--as", "MS-TP"]);
    let on_time = ["measure", "purchase", "--measure", "on_time"];
    let table = place.good(&[&["--language", "en"], on_time.as_slice()].concat());
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "Share of requests that the head of unit answered in time");
    assert!(lines[1].starts_with("Unit") && lines[1].contains("dossiers"), "{table}");
    assert!(lines[2].ends_with("1         100 % (1 / 1)"), "{table}");
    let json = place.json(&on_time);
    assert_eq!((&json[0]["measure"], &json[0]["groups"][0]["words"][0]["code"]), (&json!("on_time"), &json!("CTY-KT")));
    assert_eq!((&json[0]["all"]["value"], &json[0]["all"]["part"]), (&json!("1"), &json!("1")));
    let csv = place.good(&[on_time.as_slice(), &["--format", "csv"]].concat());
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "measure,of,group_1,name_1,dossiers,part,whole,value,rounded");
    assert!(lines[1].starts_with("on_time,group,CTY-KT,") && lines[1].ends_with(",1,1,,1,1"), "{csv}");
    assert_eq!(lines[2], "on_time,all,,,1,1,,1,1");
    let few = place.good(&[&["--language", "en"], on_time.as_slice(), &["--least", "5"]].concat());
    assert!(few.contains("fewer than 5 dossiers: not told") && !few.contains("100"), "{few}");
    let past = [on_time.as_slice(), &["--to", "2020-12-31"]].concat();
    assert_eq!(place.json(&past)[0]["all"]["dossiers"], json!(0));
    place.bad(2, &["measure", "purchase", "--measure", "on_tme"], &["on_time", "days_to_buy"]);
    place.bad(2, &["measure", "nothing"], &["purchase"]);
    place.bad(2, &["measure", "purchase", "--from", "2026-02-01", "--to", "2026-01-01"], &["ends before it begins"]);
}
