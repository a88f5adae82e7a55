//! `audit verify` on the shipped office once its people have played: nothing is wrong, and whatever is changed behind the
//! engine's back is found by the check whose business it is. (Every other test's database is looked at too: see
//! [`crate::support::database::Fresh`].)

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use chancery::config::KeyFiles;
use chancery::store::Store;
use chancery::verify::{Given, Report, verify};

/// What somebody with the database in their hands could do, and which check finds it. `LAST` is a dossier that ended, `OPEN`
/// one in which somebody is asked, `LIST` one that has boxes.
const TAMPERED: &[(&str, &[&str])] = &[
    ("order", &["DELETE FROM event WHERE dossier_id = 'LAST' AND seq = 2"]),
    ("order", &["DELETE FROM event WHERE dossier_id = 'LAST' AND seq = 1"]),
    (
        "row",
        &[
            "DELETE FROM event WHERE dossier_id = 'LAST' AND seq = (SELECT MAX(seq) FROM event WHERE dossier_id = 'LAST')",
        ],
    ),
    ("row", &["DELETE FROM event WHERE dossier_id = 'LAST'"]),
    ("chain", &["UPDATE event SET at = at + 1 WHERE dossier_id = 'LAST' AND seq = 2"]),
    ("chain", &["UPDATE event SET actor = 'clock' WHERE dossier_id = 'LAST' AND seq = 2"]),
    ("chain", &["UPDATE event SET kind = 'acted' WHERE dossier_id = 'LAST' AND seq = 1"]),
    ("chain", &["UPDATE event SET operation = NULL WHERE dossier_id = 'LAST' AND seq = 1"]),
    ("chain", &["UPDATE event SET subjects = '' WHERE dossier_id = 'LAST' AND seq = 1"]),
    ("chain", &["UPDATE event SET hash = zeroblob(32) WHERE dossier_id = 'LAST' AND seq = 2"]),
    (
        "chain",
        &[
            "UPDATE event SET sealed = substr(sealed, 1, length(sealed) - 1) || x'00' WHERE dossier_id = 'LAST' AND seq = 2",
        ],
    ),
    (
        "chain",
        &[
            "UPDATE event SET seq = -1 WHERE dossier_id = 'LAST' AND seq = 2",
            "UPDATE event SET seq = 2 WHERE dossier_id = 'LAST' AND seq = 3",
            "UPDATE event SET seq = 3 WHERE dossier_id = 'LAST' AND seq = -1",
        ],
    ),
    (
        "chain",
        &[
            "INSERT INTO event SELECT dossier_id, seq + 1, at, kind, kind_version, actor, subjects, machine, NULL, NULL, sealed, \
        hash FROM event WHERE dossier_id = 'LAST' AND seq = (SELECT MAX(seq) FROM event WHERE dossier_id = 'LAST')",
        ],
    ),
    ("order", &["DELETE FROM machine WHERE workflow = 'annual_case'"]),
    ("head", &["UPDATE head SET content = replace(content, ',1,', ',2,')"]),
    ("head", &["DELETE FROM head WHERE day = (SELECT MIN(day) FROM head)"]),
    (
        "content",
        &[
            "UPDATE seal_key SET wrapped = (SELECT wrapped FROM seal_key WHERE dossier_id = 'OPEN' AND person_id = '-') \
        WHERE dossier_id = 'LAST' AND person_id = '-'",
        ],
    ),
    ("content", &["DELETE FROM seal_key WHERE dossier_id = 'LAST' AND person_id = '-'"]),
    ("content", &["UPDATE dossier SET snapshot = replace(snapshot, '\"code\":\"', '\"code\":\"x') WHERE id = 'LAST'"]),
    ("row", &["UPDATE dossier SET seq = seq + 1 WHERE id = 'OPEN'"]),
    ("row", &["DELETE FROM dossier WHERE id = 'LAST'"]),
    ("row", &["UPDATE dossier SET outcome = 'withdrawn' WHERE id = 'LAST'"]),
    ("row", &["UPDATE dossier SET closed_at = NULL WHERE id = 'LAST'"]),
    ("row", &["UPDATE dossier SET next_due_at = 5 WHERE id = 'OPEN'"]),
    (
        "course",
        &[
            "UPDATE dossier SET snapshot = replace(snapshot, '\"state\":\"rejected_by_unit\"', '\"state\":\"refused\"') WHERE id = 'LAST'",
        ],
    ),
    (
        "course",
        &[
            "UPDATE dossier SET outcome = 'x', snapshot = replace(snapshot, '\"outcome\":\"reject_vote\"', '\"outcome\":\"x\"') \
        WHERE id = 'LAST'",
        ],
    ),
    (
        "timer",
        &["UPDATE dossier SET next_due_at = 5, snapshot = json_set(snapshot, '$.timers', \
            json('[{\"activation\":1,\"what\":\"deadline\",\"due_at\":5}]')) WHERE id = 'OPEN'"],
    ),
    ("task", &["DELETE FROM task WHERE dossier_id = 'OPEN' AND closed_at IS NULL"]),
    ("task", &["UPDATE task SET closed_at = 1, closed_seq = 1 WHERE dossier_id = 'OPEN' AND closed_at IS NULL"]),
    ("task", &["UPDATE task SET closed_at = NULL, closed_seq = NULL WHERE dossier_id = 'LAST'"]),
    ("task", &["UPDATE task SET person_id = (SELECT MIN(id) FROM person) WHERE dossier_id = 'OPEN'"]),
    ("notice", &["DELETE FROM outbox WHERE dossier_id = 'OPEN'"]),
    ("notice", &["DELETE FROM outbox WHERE dossier_id = 'LAST' AND kind LIKE 'told%'"]),
    ("notice", &["UPDATE outbox SET seq = seq + 99 WHERE dossier_id = 'OPEN'"]),
    ("message", &["DELETE FROM message WHERE from_id = 'LAST'"]),
    (
        "message",
        &[
            "INSERT INTO message (from_id, from_seq, place, content, sent_at, consumed_at) VALUES ('LAST', 1, 7, '', 1, 1)",
        ],
    ),
    (
        "message",
        &["UPDATE message SET content = '{\"to\":{\"dossier\":\"OPEN\"},\"body\":\"leave\"}' WHERE from_id = 'LAST'"],
    ),
    ("register", &["DELETE FROM register WHERE dossier_id = 'LAST'"]),
    ("register", &["UPDATE register SET year = year - 1 WHERE dossier_id = 'LAST'"]),
    (
        "register",
        &["INSERT INTO register (register, holder, key, year, source, dossier_id, written_at) \
        SELECT register, holder, 'another', year, source, dossier_id, written_at FROM register WHERE dossier_id = 'LAST'"],
    ),
    ("number", &["DELETE FROM taken WHERE dossier_id IS NOT NULL"]),
    ("number", &["UPDATE taken SET key = key || '1' WHERE dossier_id IS NOT NULL"]),
    ("paper", &["DELETE FROM paper WHERE dossier_id IN (SELECT MIN(dossier_id) FROM paper)"]),
    ("paper", &["UPDATE paper SET name = name || 'x' WHERE id IN (SELECT MIN(id) FROM paper)"]),
    ("paper", &["UPDATE paper SET content = x'00' WHERE id IN (SELECT MIN(id) FROM paper)"]),
    ("box", &["DELETE FROM ballot_box WHERE dossier_id = 'LIST'"]),
    (
        "box",
        &["UPDATE ballot_box SET sealed = (SELECT sealed FROM ballot_box WHERE dossier_id <> 'LIST' LIMIT 1) \
        WHERE dossier_id = 'LIST'"],
    ),
    ("box", &["INSERT INTO ballot_box (dossier_id, activation, row_id, sealed) VALUES ('LAST', 1, 'r', x'00')"]),
];

/// Finds nothing wrong in the database, and each way of tampering with it, on a copy of its own.
pub(crate) async fn tampering_is_found(database: &Path, keys: &Path) {
    let masters = KeyFiles::in_folder(keys).masters().expect("the office's keys");
    let given = Given { keys: Some(masters), acknowledged: Vec::new() };
    let sound = look(database, &given).await;
    assert_eq!(sound.faults, []);
    assert!(sound.opened > 700 && sound.opened == sound.events && sound.heads > 30, "{sound:?}");

    let copy = database.with_file_name("tampered.db");
    let ids = ids(database).await;
    let mut unseen = Vec::new();
    for (check, statements) in TAMPERED {
        std::fs::copy(database, &copy).expect("a copy");
        tamper(&copy, statements.iter().map(|sql| filled(sql, &ids)).collect()).await;
        let found = look(&copy, &given).await.faults;
        if !found.iter().any(|fault| fault.check == *check) {
            unseen.push(format!("`{check}` does not find {statements:?}: {found:?}"));
        }
        // What needs no key is found without one.
        if ["order", "chain", "head", "row", "task"].contains(check) {
            let blind = look(&copy, &Given::default()).await.faults;
            if !blind.iter().any(|fault| fault.check == *check) {
                unseen.push(format!("`{check}` without keys does not find {statements:?}: {blind:?}"));
            }
        }
    }
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
    let acknowledged = vec!["never".to_owned()];
    let missing = look(database, &Given { keys: None, acknowledged }).await.faults;
    assert_eq!(missing.iter().map(|fault| fault.check).collect::<Vec<_>>(), ["operation"]);
    let _ = std::fs::remove_file(copy);
    a_stranger_checks_it(database);
}

/// The exported log, checked by the script in docs, which knows nothing of ours: sound as it is, and wrong with a line changed,
/// exchanged, taken away or put in.
fn a_stranger_checks_it(database: &Path) {
    let (log, url) = (database.with_file_name("log.jsonl"), format!("sqlite://{}", database.display()));
    let run = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let export = |log: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        command.args(["--database", &url, "audit", "export"]).arg(log).env_remove("CHANCERY_CONFIG");
        run(&mut command)
    };
    assert!(export(&log), "it is written");
    assert!(!export(&log), "and never over another file");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.py");
    let holds = |text: &str| {
        let file = database.with_file_name("copy.jsonl");
        std::fs::write(&file, text).expect("written");
        run(Command::new("python3").arg(script).arg(&file))
    };
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "no python3: docs/verify.py is not tried");
        eprintln!("!!! no python3: docs/verify.py is not tried");
        return;
    }
    let sound = std::fs::read_to_string(&log).expect("it was written");
    assert!(holds(&sound), "nothing is wrong");
    let lines: Vec<&str> = sound.lines().collect();
    let of = |lines: &[&str]| lines.join("\n") + "\n";
    for place in (1..lines.len() - 1).step_by(97) {
        let (mut gone, mut swapped, mut doubled) = (lines.clone(), lines.clone(), lines.clone());
        gone.remove(place);
        swapped.swap(place, place + 1);
        doubled.insert(place, lines[place]);
        let edited = lines[place].replacen("\"hash\":\"", "\"hash\":\"00", 1);
        let mut changed = lines.clone();
        changed[place] = &edited;
        for (what, spoilt) in [("gone", gone), ("swapped", swapped), ("doubled", doubled), ("changed", changed)] {
            // Two dossiers may change places: the order of files says nothing.
            let innocent = what == "swapped"
                && lines[place].split("\"dossier\"").nth(1).map(|rest| &rest[..40])
                    != lines[place + 1].split("\"dossier\"").nth(1).map(|rest| &rest[..40]);
            assert!(innocent || !holds(&of(&spoilt)), "line {place} {what} is not found");
        }
    }
}

async fn look(database: &Path, given: &Given) -> Report {
    verify(&format!("sqlite://{}", database.display()), given, |_, _| {}).await.expect("it can be read")
}

/// Dossiers of the play, by what they are for here.
async fn ids(database: &Path) -> BTreeMap<&'static str, String> {
    const WANTED: [(&str, &str); 3] = [
        (
            "LAST",
            "SELECT d.id FROM dossier d WHERE d.outcome = 'reject_vote' AND d.workflow = 'annual_case' AND EXISTS (SELECT 1 FROM \
             register r WHERE r.dossier_id = d.id) AND EXISTS (SELECT 1 FROM message m WHERE m.from_id = d.id) AND EXISTS \
             (SELECT 1 FROM outbox o WHERE o.dossier_id = d.id AND o.kind LIKE 'told%') AND EXISTS (SELECT 1 FROM event e \
             WHERE e.dossier_id = d.id AND e.seq = 1 AND e.subjects <> '') AND d.import_key IS NOT NULL ORDER BY d.import_key LIMIT 1",
        ),
        (
            "OPEN",
            "SELECT d.id FROM dossier d WHERE EXISTS (SELECT 1 FROM task t WHERE \
             t.dossier_id = d.id AND t.closed_at IS NULL) AND d.import_key IS NOT NULL ORDER BY d.import_key LIMIT 1",
        ),
        ("LIST", "SELECT dossier_id FROM ballot_box ORDER BY dossier_id LIMIT 1"),
    ];
    let store = Store::open(&format!("sqlite://{}", database.display())).await.expect("it opens");
    let mut ids = BTreeMap::new();
    for (name, sql) in WANTED {
        let rows = store.read(sql, &[]).await.expect("it is read");
        let row = rows.first().unwrap_or_else(|| panic!("the play leaves no dossier for {name}"));
        ids.insert(name, row.text(0).expect("an id").to_owned());
    }
    ids
}

fn filled(sql: &str, ids: &BTreeMap<&'static str, String>) -> String {
    ids.iter().fold(sql.to_owned(), |sql, (name, id)| sql.replace(&format!("'{name}'"), &format!("'{id}'")))
}

/// Changes a database as only somebody could who has it in their hands: without its triggers.
async fn tamper(database: &Path, statements: Vec<String>) {
    let triggers = ["event", "machine", "head"]
        .iter()
        .flat_map(|table| ["update", "delete"].map(|what| format!("DROP TRIGGER IF EXISTS {table}_no_{what}")));
    let free = std::iter::once("PRAGMA foreign_keys = 0".to_owned());
    let all: Vec<String> = free.chain(triggers).chain(statements).collect();
    let url = format!("sqlite://{}", database.display());
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.expect("it opens");
    for sql in all {
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(&mut connection).await;
        let changed = done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected();
        assert!(changed > 0 || sql.starts_with("DROP") || sql.starts_with("PRAGMA"), "it changes nothing: {sql}");
    }
    <sqlx::SqliteConnection as sqlx::Connection>::close(connection).await.expect("it closes");
}
