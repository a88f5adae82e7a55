//! A person is erased: whatever was planted about them is found before and not after, in every table and every file, and the record
//! proves what it proved.

use std::collections::BTreeMap;
use std::path::Path;

use chancery::directory::Person;
use chancery::dossier::command::{Act, Actor, Ask, Command, Forget, Start};
use chancery::dossier::event::Change;
use chancery::dossier::refusal::Code;
use chancery::dossier::{Paper, PaperTally};
use chancery::engine::forget::Entry;
use chancery::engine::{Attachment, Failure};
use chancery::ids::{ActivationId, PersonId};

use crate::cli::place;
use crate::engine::{Running, command, deployed, start};
use crate::store::{Fresh, databases};
use crate::support::office::{self, START, by};

pub(crate) const AN: &str = "p-an";
/// What is planted about this person, each where nothing else has it.
pub(crate) const CANARIES: [&str; 8] = [
    "canary-title-5d1c",
    "canary-file-81b0.pdf",
    "canary-content-44e7",
    "canary-name-9f02",
    "canary-mail-c3a6@office.example",
    "canary-code-07de",
    "canary-row-2b58",
    "canary-answer-63fa",
];
/// What is planted where only the sealed log has it in the end.
pub(crate) const SEALED: &str = "canary-reason-ee19";
/// What their case is called, there and on the list.
const TITLE: &str = "canary-title-5d1c canary-row-2b58";
/// What is said of somebody else, and stays.
const OTHER: &str = "another-title-7a41";

pub(crate) fn operator() -> Actor {
    Actor::Operator { operator: "root".to_owned(), person: PersonId::from("p-head") }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Every row of every table, as text.
macro_rules! tables {
    ($($table:literal),* $(,)?) => {
        [$(($table, concat!("SELECT CAST(t AS TEXT) FROM ", $table, " t"))),*]
    };
}

/// What is left of canaries in a database: its rows on PostgreSQL, the bytes of all its files on SQLite.
pub(crate) async fn found(office: &Running, database: &Fresh) -> Vec<&'static str> {
    let all = match database.url.strip_prefix("sqlite://") {
        Some(file) => files(Path::new(file).parent().expect("a folder")),
        None => rows(office).await,
    };
    let has = |text: &str| all.windows(text.len()).any(|part| part == text.as_bytes());
    CANARIES.into_iter().filter(|canary| has(canary) || has(&hex(canary.as_bytes()))).collect()
}

pub(crate) fn files(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            all.extend(std::fs::read(path).expect("a file"));
        }
    }
    all
}

async fn rows(office: &Running) -> Vec<u8> {
    let tables = tables![
        "absence",
        "absence_mail",
        "ballot_box",
        "calendar",
        "calendar_before",
        "chosen_language",
        "directory",
        "dossier",
        "erasure",
        "event",
        "head",
        "knock",
        "machine",
        "mail",
        "mail_deed",
        "message",
        "meta",
        "migration",
        "outage",
        "outbox",
        "paper",
        "person",
        "pin",
        "register",
        "seal_key",
        "session",
        "sign_in",
        "slot",
        "start_link",
        "taken",
        "task",
        "workflow",
    ];
    let known = "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'";
    for row in office.engine.store().read(known, &[]).await.expect("tables") {
        let name = row.text(0).expect("a name");
        assert!(tables.iter().any(|(table, _)| *table == name), "`{name}` is not looked at");
    }
    let mut all = Vec::new();
    for (_, sql) in tables {
        for row in office.engine.store().read(sql, &[]).await.expect("rows") {
            all.extend_from_slice(row.text(0).expect("a row").as_bytes());
        }
    }
    all
}

fn opening(office: &Running, id: &str, title: &str, person: &str) -> Command {
    let fields = serde_json::json!({"title": title, "unit": "U", "kind": "plain", "points": 60, "person": person});
    let fields = serde_json::from_value(fields).expect("fields");
    let (machine, papers, gather_key, first, import_key) = (office.case.clone(), Vec::new(), None, None, None);
    command(
        &format!("start-{id}"),
        id,
        by("clerk"),
        Ask::Start(Start { machine, fields, papers, gather_key, first, import_key }),
    )
}

/// The person stands in the directory.
async fn knows_an(office: &Running) {
    let mut directory = office::directory();
    let id = PersonId::from(AN);
    let an = Person {
        id: id.clone(),
        code: "canary-code-07de".to_owned(),
        name: "canary-name-9f02".to_owned(),
        address: None,
        email: Some("canary-mail-c3a6@office.example".to_owned()),
        language: "vi".to_owned(),
    };
    directory.people.insert(id, an);
    office.engine.put_directory(directory).await.expect("a directory");
}

/// A case about this person, another about somebody else, and the list on which both stood, all ended.
pub(crate) async fn decided(office: &Running) -> String {
    knows_an(office).await;
    for (id, title, person) in [("a", TITLE, AN), ("b", OTHER, "p-clerk")] {
        office.ok(opening(office, id, title, person)).await;
    }
    let paper = Paper {
        id: "paper".into(),
        kind: "report".to_owned(),
        name: "canary-file-81b0.pdf".to_owned(),
        hash: String::new(),
        size: 0,
        by: None,
        at: START,
    };
    let (fields, papers) = (BTreeMap::new(), vec![paper]);
    let filed = command("file", "a", by("clerk"), Ask::Edit { activation: ActivationId(2), fields, papers });
    let content = b"%PDF-1.4 canary-content-44e7".to_vec();
    let attachment = Attachment { id: "paper".into(), media: "application/pdf".to_owned(), content };
    office.engine.handle(filed, vec![attachment]).await.expect("it is filed");
    let mut suspended = office::act(&office.dossier("a").await, "suspend");
    if let Ask::Act(Act { reason, .. }) = &mut suspended {
        *reason = Some(SEALED.to_owned());
    }
    office.ok(command("suspend", "a", by("head"), suspended)).await;
    office.act("a", "head", "resume").await;
    for id in ["a", "b"] {
        office.act(id, "clerk", "submit").await;
    }
    while office.engine.deliver().await.expect("delivered") > 0 {}
    let list = office.dossier("a").await.on_lists.remove(0).dossier.expect("which is known").to_string();
    office.act(&list, "secretary", "on_paper").await;
    let activation = office.dossier(&list).await.votes[0].activation;
    let tally = PaperTally { issued: 5, returned: 5, invalid: 0, yes: 5, no: 0 };
    let rows = ["a", "b"].map(|row| (row.into(), tally)).into();
    office.ok(command("tally", &list, by("secretary"), Ask::Tally { activation, rows })).await;
    let seen = office.dossier(&list).await.seq;
    office.ok(command("confirm", &list, by("m1"), Ask::Confirm { activation, agrees: true, seen })).await;
    while office.engine.deliver().await.expect("delivered") > 0 {}
    for id in ["a", "b"] {
        let mut agreed = office::act(&office.dossier(id).await, "agree");
        if let Ask::Act(Act { fields, .. }) = &mut agreed {
            fields.insert("number".into(), format!("1/{id}").into());
        }
        office.ok(command(&format!("agree-{id}"), id, by("head"), agreed)).await;
    }
    while office.engine.deliver().await.expect("delivered") > 0 {}
    let mail = "INSERT INTO mail (id, person_id, message_id, key_id, generation, status, attempts, unknowns, made_at, answer) \
                VALUES ('mail', 'p-an', '<m@office.example>', 1, 1, 'failed', 1, 0, 1, '550 canary-answer-63fa')";
    office.engine.store().write(move |tx| tx.execute(mail, &[]).map(drop)).await.expect("a mail that failed");
    list
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_planted_about_a_person_is_found_before_and_nowhere_after() {
    for database in databases().await {
        let office = deployed(&database).await;
        let list = decided(&office).await;
        let who = PersonId::from(AN);
        let other = office.dossier("b").await.snapshot();
        assert_eq!(found(&office, &database).await, CANARIES, "all of it is there, and where a look finds it");

        let plan = office.engine.erasable(&who).await.expect("a plan");
        let goes: Vec<(&str, bool)> = plan.dossiers.iter().map(|one| (one.dossier.as_str(), one.whole)).collect();
        assert_eq!((goes, plan.papers, plan.entry), (vec![("a", true), (list.as_str(), false)], 1, Entry::Goes));
        assert_eq!(found(&office, &database).await, CANARIES, "a plan changes nothing");

        office.engine.erase(&who, &operator(), "theo yêu cầu", false).await.expect("it is erased");
        assert!(office.engine.store().scour().await.expect("the files are written anew"), "nobody reads");
        assert_eq!(found(&office, &database).await, Vec::<&str>::new());
        if let Some(file) = database.url.strip_prefix("sqlite://") {
            let copy = Path::new(file).with_file_name("copy.db");
            chancery::store::backup::backup(Path::new(file), &copy).expect("a new backup");
            assert_eq!(found(&office, &database).await, Vec::<&str>::new(), "nor in a new backup");
        }

        for id in ["a", "b", &list] {
            let replay = office.engine.replay(&id.into()).await.expect("read");
            assert_eq!((replay.faults, replay.erased > 0), (Vec::new(), id != "b"), "{id}: it proves what it proved");
        }
        assert_eq!(office.dossier("b").await.snapshot(), other, "nobody else loses anything");
        let gone = office.dossier("a").await;
        assert_eq!((gone.caption.as_str(), gone.fields.len(), gone.outcome.as_deref()), ("(a)", 0, Some("agreed")));
        let left = office.dossier(&list).await;
        let captions: Vec<&str> = left.rows.iter().map(|row| row.caption.as_str()).collect();
        assert_eq!(captions, ["(a)", OTHER], "of the list their row alone");
        let history = office.engine.history(&"a".into()).await.expect("read");
        let said = history.last().map(|event| (event.actor.clone(), event.changes.clone()));
        let forgot = Change::Forgot { people: vec![who.clone()], reason: "theo yêu cầu".to_owned() };
        assert_eq!(said, Some((operator(), vec![forgot])), "who did it, and why, stays");

        let said = serde_json::to_string(&history).expect("JSON");
        assert!(!said.contains(SEALED) && !said.contains("canary"), "{said}");

        let again = office.engine.erase(&who, &operator(), "theo yêu cầu", false).await.expect("nothing is left to do");
        assert!(again.is_empty());
        assert_eq!(office.dossier("a").await.seq, gone.seq, "the second time nothing happens");
        assert_eq!(office.engine.store().erasures(9).await.expect("read").len(), 1);
        let known: Vec<PersonId> = office.engine.directory().people.keys().cloned().collect();
        assert!(!known.contains(&who), "the directory knows them no more");
    }
}

#[tokio::test]
async fn nobody_is_erased_while_a_dossier_is_open_nor_by_anybody_but_an_operator() {
    for database in databases().await {
        let office = deployed(&database).await;
        office.ok(start(&office.case, "a")).await;
        let who = PersonId::from("p-clerk");
        let before = office.dossier("a").await;
        let code = |answer: Result<(), Failure>| match answer {
            Err(Failure::Refused(refusal)) => refusal.reasons[0].code.clone(),
            other => panic!("it is refused: {other:?}"),
        };
        let whole = office.engine.erase(&who, &operator(), "vì vậy", false).await.map(drop);
        assert_eq!(code(whole), Code::NotEnded);
        for (actor, reason, wanted) in [
            (operator(), "vì vậy", Code::NotEnded),
            (operator(), " ", Code::ReasonMissing),
            (by("clerk"), "vì vậy", Code::NotThisWay),
            (Actor::Clock, "vì vậy", Code::NotThisWay),
        ] {
            let ask = Ask::Forget(Forget { person: who.clone(), reason: reason.to_owned() });
            let answer =
                office.engine.handle(command(&format!("{wanted:?}{reason}"), "a", actor, ask), Vec::new()).await;
            assert_eq!(code(answer.map(drop)), wanted);
        }
        assert_eq!(office.dossier("a").await, before, "a refused command changes nothing");
        assert_eq!(office.engine.erasable(&who).await.expect("a plan").entry, Entry::Holds, "they hold a post");
    }
}

/// Half way: their case stands on a list that has not voted yet, beside another's.
async fn half_way(office: &Running) -> String {
    knows_an(office).await;
    for (id, title, person) in [("a", TITLE, AN), ("b", OTHER, "p-clerk")] {
        office.ok(opening(office, id, title, person)).await;
        office.act(id, "clerk", "submit").await;
    }
    while office.engine.deliver().await.expect("delivered") > 0 {}
    office.dossier("a").await.on_lists.remove(0).dossier.expect("which is known").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_about_somebody_ends_when_an_officer_says_so_and_what_others_say_goes_when_that_has_ended() {
    for database in databases().await {
        let office = deployed(&database).await;
        let (list, who) = (half_way(&office).await, PersonId::from(AN));
        let plan = office.engine.erasable(&who).await.expect("a plan");
        assert_eq!(plan.open().map(|one| one.whole).collect::<Vec<_>>(), [true, false], "their case, and the list");
        let left = office.engine.erase(&who, &operator(), "theo yêu cầu", true).await.expect("as far as it may go");
        assert_eq!(left.open().map(|one| one.dossier.to_string()).collect::<Vec<_>>(), [list.as_str()]);
        assert!(office.engine.directory().people.contains_key(&who), "they are found by their code once more");
        let due = office.engine.store().meta(chancery::store::meta::SCOUR_DUE).await.expect("read");
        assert_eq!(due.as_deref(), Some(""), "whoever comes next knows that the files are not clean");
        let gone = office.dossier("a").await;
        assert_eq!((gone.caption.as_str(), gone.outcome.as_deref()), ("(a)", Some("erased")));
        assert!(gone.active.is_empty() && gone.tasks.is_empty() && gone.timers.is_empty());
        let said = office.engine.history(&"a".into()).await.expect("read");
        let cut = said.iter().find(|event| event.kind == chancery::dossier::event::Kind::Ended).expect("it was ended");
        let because = Change::CutShort { reason: "theo yêu cầu".to_owned() };
        assert_eq!((cut.actor.clone(), &cut.changes[0]), (operator(), &because), "who ended it, and why, stays");
        assert_eq!(office.engine.replay(&"a".into()).await.expect("read").faults, Vec::<String>::new());
        let stands: Vec<_> = office.dossier(&list).await.rows.iter().map(|row| row.status).collect();
        assert_eq!(stands, [chancery::dossier::RowStatus::Left, chancery::dossier::RowStatus::Live]);

        office.act(&list, "secretary", "on_paper").await;
        let activation = office.dossier(&list).await.votes[0].activation;
        let tally = PaperTally { issued: 5, returned: 5, invalid: 0, yes: 5, no: 0 };
        office
            .ok(command("tally", &list, by("secretary"), Ask::Tally { activation, rows: [("b".into(), tally)].into() }))
            .await;
        let seen = office.dossier(&list).await.seq;
        office.ok(command("confirm", &list, by("m1"), Ask::Confirm { activation, agrees: true, seen })).await;
        let done = office.engine.erase(&who, &operator(), "theo yêu cầu", true).await.expect("the rest goes");
        assert_eq!(done.open().count(), 0);
        assert!(!office.engine.directory().people.contains_key(&who), "now their name goes as well");
        assert!(office.engine.store().scour().await.expect("the files are written anew"), "nobody reads");
        assert_eq!(found(&office, &database).await, Vec::<&str>::new());
        for id in ["a", "b", &list] {
            assert_eq!(office.engine.replay(&id.into()).await.expect("read").faults, Vec::<String>::new(), "{id}");
        }
    }
}

#[tokio::test]
async fn another_process_goes_on_with_what_is_left_and_nothing_comes_back() {
    for database in databases().await {
        let (one, two) = (deployed(&database).await, deployed(&database).await);
        decided(&one).await;
        two.engine.refresh().await.expect("it knows what is deployed");
        let who = PersonId::from(AN);
        one.engine.erase(&who, &operator(), "theo yêu cầu", false).await.expect("it is erased");
        assert_eq!(two.dossier("a").await.caption, "(a)");
        let keys = two.engine.store().concerned(&who).await.expect("read");
        assert_eq!(keys, [], "no key is left");
        let correct = chancery::dossier::command::Correct {
            fields: [("title".into(), "canary-title-5d1c".into())].into(),
            papers: Vec::new(),
            reason: None,
            seen: None,
        };
        let answer = two.engine.handle(command("again", "a", by("clerk"), Ask::Correct(correct)), Vec::new()).await;
        let Err(Failure::Refused(refusal)) = answer else { panic!("it is refused: {answer:?}") };
        assert_eq!(refusal.reasons[0].code, Code::Forgotten);
        let first = two.engine.handle(opening(&two, "a", TITLE, AN), Vec::new()).await.expect("the first answer again");
        assert_eq!((first.again, first.seq), (true, 1));
        assert_eq!(two.engine.store().concerned(&who).await.expect("read"), [], "and none was made");
    }
}

#[tokio::test]
async fn a_person_is_told_what_is_kept_about_them_and_nothing_of_others() {
    for database in databases().await {
        let office = deployed(&database).await;
        let list = decided(&office).await;
        let subject = office.engine.subject(&PersonId::from(AN)).await.expect("read");
        let text = serde_json::to_string(&subject).expect("JSON");
        for canary in CANARIES.iter().filter(|canary| !canary.contains("content")) {
            assert!(text.contains(canary), "{canary}");
        }
        assert!(text.contains(SEALED), "{text}");
        assert!(!text.contains(OTHER) && !text.contains("clerk@office.example"), "{text}");
        let where_: Vec<(&str, bool)> = subject.dossiers.iter().map(|one| (one.dossier.as_str(), one.whole)).collect();
        assert_eq!(where_, [("a", true), (list.as_str(), false)]);
        let papers = office.engine.store().papers_with_bytes(&"a".into()).await.expect("read");
        assert_eq!(papers[0].content, b"%PDF-1.4 canary-content-44e7");
        office.engine.erase(&PersonId::from(AN), &operator(), "theo yêu cầu", false).await.expect("it is erased");
        let left = office.engine.subject(&PersonId::from(AN)).await.expect("read");
        assert_eq!(left.dossiers, []);
        assert_eq!(left.rows.keys().copied().collect::<Vec<_>>(), ["mails"], "that a mail was sent, without its words");
    }
}

#[tokio::test]
async fn an_operator_sees_first_and_erases_with_yes() {
    let place = place("erase");
    place.purchase();
    let store =
        chancery::store::Store::open(&format!("sqlite://{}/office.db", place.folder.display())).await.expect("open");
    let sql =
        "INSERT INTO person (id, code, name, language, changed_at) VALUES ('x1', 'AN', 'canary-name-9f02', 'vi', 0)";
    store.write(move |tx| tx.execute(sql, &[]).map(drop)).await.expect("written");
    drop(store);
    let asked = ["erase", "AN", "--as", "MS-DN", "--reason", "request", "--language", "en"];
    let shown = place.run(&asked);
    assert_eq!((shown.code, shown.out.as_str()), (5, "goes: their entry in the directory\n"), "{}", shown.err);
    let told = place.good(&["subject", "AN", "--to", "an", "--language", "en"]);
    assert_eq!(told, "`an`: 0 dossiers, 0 papers\n");
    let text = std::fs::read_to_string(place.folder.join("an/subject.txt")).expect("for people");
    assert!(text.contains("Entry in the directory") && text.contains("canary-name-9f02"), "{text}");
    let json = std::fs::read_to_string(place.folder.join("an/subject.json")).expect("for programs");
    assert!(json.contains("canary-name-9f02"), "{json}");
    std::fs::remove_dir_all(place.folder.join("an")).expect("handed over and deleted");
    let done = place.run(&[&asked[..], &["--yes"]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.ends_with("erased\n") && !(done.out + &done.err).contains("canary"), "no name in what is said");
    assert!(!files(&place.folder).windows(16).any(|part| part == b"canary-name-9f02"));
    let list = place.json(&["erase", "--list"]);
    assert_eq!(
        (&list[0]["person"], &list[0]["operator"], &list[0]["reason"]),
        (&"x1".into(), &"tester".into(), &"request".into())
    );
    assert_eq!(place.run(&[&asked[..], &["--yes"]].concat()).code, 2, "nobody has the code any more");
    assert_eq!(
        place.good(&["erase", "x1", "--as", "MS-DN", "--reason", "request", "--language", "en"]),
        "nothing is left to erase\n"
    );
}
