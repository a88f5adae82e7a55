//! What need not be kept any longer goes: nothing of it is found in any table or file, and the log proves that it was there, when, and
//! that nobody changed it.

use std::path::Path;

use chancery::clock::{Chance, Clock};
use chancery::dossier::command::{Actor, Ask, Command, Correct, Expire, Start};
use chancery::dossier::event::{Change, Kind};
use chancery::dossier::refusal::Code;
use chancery::engine::{Engine, Failure, Keys};
use chancery::ids::{Instant, PersonId};
use chancery::links::LinkKeys;
use chancery::machine::Retention;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::Store;
use chancery::verify::{Given, verify};

use crate::cli::place;
use crate::engine::{Running, command, deployed};
use crate::erase::{AN, CANARIES, SEALED, decided, files, found, operator};
use crate::store::databases;
use crate::support::office::{self, CASE, DAY_MS, LIST, START, by};

/// What the office says about the person besides its dossiers: it is kept for other reasons.
const ELSEWHERE: [&str; 4] =
    ["canary-name-9f02", "canary-mail-c3a6@office.example", "canary-code-07de", "canary-answer-63fa"];

fn kept(years: u16) -> Retention {
    Retention { years, basis: None }
}

/// From now on the office says how long it keeps what has ended.
async fn keeps(office: &Running, years: u16) {
    for (name, text) in [("case", CASE), ("list", LIST)] {
        let text = format!("{text}\nretention: {{years: {years}}}\n");
        let source = SourceFile::new(format!("{name}.yaml"), text.clone());
        office.engine.deploy(&office::machine(name, &text), &[source]).await.expect("a version");
    }
}

async fn over(office: &Running) -> Vec<String> {
    let over = office.engine.expirable(99).await.expect("read");
    over.into_iter().map(|one| one.dossier.to_string()).collect()
}

fn code(answer: Result<(), Failure>) -> Code {
    match answer {
        Err(Failure::Refused(refusal)) => refusal.reasons[0].code.clone(),
        other => panic!("it is refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_need_not_be_kept_is_found_before_and_nowhere_after() {
    for database in databases().await {
        let office = deployed(&database).await;
        let list = decided(&office).await;
        let before: Vec<_> = office.engine.history(&"a".into()).await.expect("read");
        assert_eq!(over(&office).await, Vec::<String>::new(), "nothing says for how long: everything is kept");
        keeps(&office, 10).await;
        office.clock.set(START.plus_ms(3_652 * DAY_MS));
        assert_eq!(over(&office).await, Vec::<String>::new(), "ten years are not over");
        office.clock.set(START.plus_ms(3_654 * DAY_MS));
        let all = office.engine.expirable(99).await.expect("read");
        let goes: Vec<&str> = all.iter().map(|one| one.dossier.as_str()).collect();
        assert_eq!(goes, ["a", "b", list.as_str()]);
        assert_eq!((all[0].until.to_string().as_str(), all[0].papers), ("2036-06-01", 1));
        assert_eq!(found(&office, &database).await, CANARIES, "a look changes nothing");

        for one in &all {
            office.engine.expire(one, &operator()).await.expect("its content goes");
        }
        assert!(office.engine.store().scour().await.expect("the files are written anew"), "nobody reads");
        assert_eq!(found(&office, &database).await, ELSEWHERE);
        if let Some(file) = database.url.strip_prefix("sqlite://") {
            let copy = Path::new(file).with_file_name("copy.db");
            chancery::store::backup::backup(Path::new(file), &copy).expect("a new backup");
            assert_eq!(found(&office, &database).await, ELSEWHERE, "nor in a new backup");
        }

        for id in ["a", "b", &list] {
            let replay = office.engine.replay(&id.into()).await.expect("read");
            assert_eq!((replay.faults, replay.erased > 0), (Vec::new(), true), "{id}: it gives what is left");
        }
        let left = office.dossier("a").await;
        assert_eq!((left.caption.as_str(), left.outcome.as_deref()), ("(a)", Some("agreed")));
        assert!(left.fields.is_empty() && left.papers.is_empty() && left.subject.is_none());
        let after = office.engine.history(&"a".into()).await.expect("read");
        let said = after.last().map(|event| (event.kind, event.actor.clone()));
        assert_eq!(said, Some((Kind::Expired, operator())), "who did it stays");
        for (was, is) in before.iter().zip(&after) {
            assert_eq!((was.seq, was.at, was.kind), (is.seq, is.at, is.kind), "and when what happened");
            assert_eq!((was.actor.person(), is.changes.as_slice()), (is.actor.person(), [Change::Erased].as_slice()));
        }
        assert!(!serde_json::to_string(&after).expect("JSON").contains(SEALED));
        let given = Given { keys: Some([(1, [8; 32])].into()), acknowledged: vec!["start-a".to_owned()] };
        let report = verify(&database.url, &given, |_, _| {}).await.expect("it is read");
        assert_eq!((report.faults, report.expired), (Vec::new(), report.events - report.opened));
        assert!(report.expired > 10, "{} events are shut", report.expired);
        assert_eq!(over(&office).await, Vec::<String>::new(), "nothing is left to do");
        let first = office.engine.handle(crate::engine::start(&office.case, "zz"), Vec::new()).await;
        assert!(first.is_ok(), "and work goes on: {first:?}");
        // Whoever hides what was said by calling its key another finds that the key stands for its place.
        database.spoil();
        let moved = "UPDATE seal_key SET person_id = '-@2' WHERE dossier_id = 'zz' AND person_id = '-'";
        office.engine.store().write(move |tx| tx.execute(moved, &[]).map(drop)).await.expect("written");
        let report = verify(&database.url, &given, |_, _| {}).await.expect("it is read");
        let found =
            |fault: &chancery::verify::Fault| fault.dossier.as_deref() == Some("zz") && fault.check == "content";
        assert!(report.faults.iter().any(found), "{:#?}", report.faults);
    }
}

#[tokio::test]
async fn nothing_goes_that_is_to_be_kept_nor_by_anybody_but_an_operator_nor_twice() {
    for database in databases().await {
        let office = deployed(&database).await;
        let ask = |years| Ask::Expire(Expire { kept: kept(years), rule: office.case.clone() });
        let try_ = |operation: &'static str, actor: Actor, years: u16| {
            let (engine, command) = (office.engine.clone(), command(operation, "a", actor, ask(years)));
            async move { engine.handle(command, Vec::new()).await.map(drop) }
        };
        office.ok(crate::engine::start(&office.case, "a")).await;
        assert_eq!(code(try_("open", operator(), 1).await), Code::NotEnded);
        let database_two = office.dossier("a").await;
        office.act("a", "clerk", "withdraw").await;
        let ended = office.dossier("a").await;
        assert!(database_two.outcome.is_none() && ended.outcome.is_some());
        office.clock.set(START.plus_ms(365 * DAY_MS));
        assert_eq!(code(try_("early", operator(), 1).await), Code::StillKept, "the day itself is the last");
        office.clock.set(START.plus_ms(366 * DAY_MS));
        assert_eq!(code(try_("longer", operator(), 2).await), Code::StillKept);
        assert_eq!(code(try_("person", by("head"), 1).await), Code::NotThisWay);
        assert_eq!(code(try_("clock", Actor::Clock, 1).await), Code::NotThisWay);
        assert_eq!(office.dossier("a").await, ended, "a refused command changes nothing");
        try_("now", operator(), 1).await.expect("it is over");
        let left = office.dossier("a").await;
        assert_eq!((left.seq, left.expired_at), (ended.seq + 1, Some(START.plus_ms(366 * DAY_MS))));
        try_("again", operator(), 1).await.expect("it was done");
        assert_eq!(office.dossier("a").await, left, "the second time nothing happens");
        let correct =
            Correct { fields: [("title".into(), "x".into())].into(), papers: Vec::new(), reason: None, seen: None };
        let answer = office.engine.handle(command("more", "a", by("clerk"), Ask::Correct(correct)), Vec::new()).await;
        assert_eq!(code(answer.map(drop)), Code::Expired);
        let first =
            office.engine.handle(crate::engine::start(&office.case, "a"), Vec::new()).await.expect("told again");
        assert!(first.again, "what was told then is told again");
        let erased = office
            .engine
            .erase(&PersonId::from(AN), &operator(), "vì vậy", false)
            .await
            .expect("nothing is sealed any more");
        assert!(erased.is_empty());
    }
}

/// A note that is kept two years, begun and ended in 2020.
const NOTE: &str = "chancery: 1\nworkflow: note\ntitle: Phiếu\ncalendar: vn-civil-service\ncaption: title\n\
    fields: {title: {type: text, max: 100, required: true, label: Tên}}\n\
    roles: {clerk: {label: Cán bộ, post: clerk, of: code CTY-KT, starter: true}}\ninitial: open\nstates:\n  \
    open: {title: Mở, task: {for: clerk, title: Xem}, on: {close: {by: clerk, label: Đóng, target: closed}}}\n  \
    closed: {title: Đóng, final: true, outcome: closed}\nretention: {years: 2, basis: Quy chế lưu trữ}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_first_and_destroys_with_yes() {
    let place = place("retain");
    place.purchase();
    std::fs::write(place.folder.join("note.yaml"), NOTE).expect("written");
    let config = std::fs::read_to_string(place.folder.join("office.toml")).expect("read");
    std::fs::write(place.folder.join("office.toml"), config + "[personal]\nbackup_days = 35\n").expect("written");
    place.good(&["deploy", "note.yaml"]);
    let url = format!("sqlite://{}/office.db", place.folder.display());
    let keys = chancery::config::KeyFiles::in_folder(place.folder.join("keys"));
    let keys = Keys {
        links: LinkKeys::new(keys.links().expect("link keys")),
        master: MasterKeys::new(keys.masters().expect("master keys")).expect("there is one"),
    };
    let store = Store::open(&url).await.expect("it opens");
    let at = Clock::manual(Instant(1_583_020_800_000));
    let engine = Engine::open(store, keys, at, Chance::seeded(3)).await.expect("an engine");
    let machine = engine.current(&"note".into()).await.expect("read").expect("deployed");
    let clerk = engine.directory().person_by_code("MS-DN").expect("known").id.clone();
    for id in ["aaaa1111", "bbbb2222"] {
        let fields = [("title".into(), format!("canary-note-{id}").into())].into();
        let (machine, papers, gather_key, first, import_key) = (machine.hash().clone(), Vec::new(), None, None, None);
        let start = Ask::Start(Start { machine, fields, papers, gather_key, first, import_key });
        let (operation, actor) = (format!("start-{id}").as_str().into(), Actor::Session(clerk.clone()));
        let command = Command { operation, dossier: id.into(), actor, ask: start };
        engine.handle(command, Vec::new()).await.expect("it is begun");
        let dossier = engine.dossier(&id.into()).await.expect("read").expect("there");
        let (operation, actor) = (format!("close-{id}").as_str().into(), Actor::Session(clerk.clone()));
        let command = Command { operation, dossier: id.into(), actor, ask: office::act(&dossier, "close") };
        engine.handle(command, Vec::new()).await.expect("it is closed");
    }
    drop(engine);
    let shown = place.run(&["retain", "--language", "en"]);
    assert_eq!(shown.code, 5, "{}", shown.err);
    let line = "goes: dossier aaaa1111 (note) canary-note-aaaa1111: ended on 2020-03-01, to be kept until 2022-03-01 (2 years; Quy chế lưu trữ)";
    assert!(shown.out.contains(line) && shown.out.contains("backups made by now hold it until 20"), "{}", shown.out);
    place.bad(2, &["retain", "zzzz", "--as", "MS-GD", "--yes"], &[]);
    let done = place.run(&["retain", "aaaa", "--as", "MS-GD", "--yes", "--language", "en"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let has = |text: &str| files(&place.folder).windows(text.len()).any(|part| part == text.as_bytes());
    assert!(done.out.ends_with("destroyed: the content of 1 dossiers\n"), "{}", done.out);
    assert!(!has("canary-note-aaaa1111") && has("canary-note-bbbb2222"), "this one, and no other");
    let story = place.good(&["show", "aaaa1111", "--language", "en"]);
    assert!(story.contains("kept for 2 years: Quy chế lưu trữ"), "{story}");
    place.good(&["audit", "verify"]);
    place.good(&["audit", "replay", "--all"]);
    let left = place.run(&["retain", "--format", "json"]);
    let left: serde_json::Value = serde_json::from_str(&left.out).expect("JSON");
    assert_eq!((left.as_array().map(Vec::len), &left[0]["dossier"]), (Some(1), &"bbbb2222".into()));
}
