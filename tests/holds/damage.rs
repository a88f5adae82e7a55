//! A disk that changes a byte or loses the end of a file: what the record says is never silently another. `DAMAGE_FLIPS` says how
//! often, `CHAOS_SEED` where.

use std::path::{Path, PathBuf};

use chancery::clock::Chance;
use chancery::store::backup::check;
use chancery::verify::{Given, verify};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::database::sqlite;
use crate::figures::{say, times};
use crate::life::{Life, MASTER};

/// The record: everything of which a change would be a lie about what happened. (The stored dossier beside it is what the record
/// makes: `audit replay` compares it to the byte.)
const RECORD: [&str; 4] = [
    "SELECT dossier_id || seq || at || kind || actor || subjects || machine || coalesce(operation, '') || hex(sealed) || hex(hash) \
     FROM event ORDER BY dossier_id, seq",
    "SELECT dossier_id || person_id || hex(wrapped) FROM seal_key ORDER BY dossier_id, person_id",
    "SELECT dossier_id || row_id || hex(sealed) FROM ballot_box ORDER BY dossier_id, row_id",
    "SELECT id || dossier_id || name || hex(content) FROM paper ORDER BY id",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_flips_and_a_file_that_is_cut_are_found_or_change_nothing() {
    let (flips, seed) = (times("DAMAGE_FLIPS", 60), times("CHAOS_SEED", 20_260_601));
    let database = sqlite();
    let file = PathBuf::from(database.url.trim_start_matches("sqlite://"));
    let mut life = Life::open(&database.url, 9).await;
    life.run().await;
    drop(life);
    folded(&file).await;
    let (whole, right) = (std::fs::read(&file).expect("the file"), record(&file).await.expect("it reads"));
    let (chance, copy) = (Chance::seeded(seed), file.with_file_name("damaged.db"));
    let size = u32::try_from(whole.len()).expect("a small file");
    let (mut found, mut harmless) = (0, 0);
    for flip in 0..flips {
        let mut bytes = whole.clone();
        let at = chance.below(size) as usize;
        if flip % 10 == 9 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << chance.below(8);
        }
        std::fs::write(&copy, &bytes).expect("written");
        if is_found(&copy).await {
            found += 1;
        } else {
            assert_eq!(record(&copy).await.ok().as_ref(), Some(&right), "byte {at} (seed {seed}) is silently another");
            harmless += 1;
        }
    }
    say(&format!(
        "damage: {flips} bytes flipped or files cut, seed {seed}: {found} found, {harmless} changed nothing of the record, 0 unseen"
    ));
    assert!(found > 0);
}

/// SQLite or the independent look finds something wrong.
async fn is_found(file: &Path) -> bool {
    let given = Given { keys: Some([(1, MASTER)].into()), acknowledged: Vec::new() };
    let url = format!("sqlite://{}", file.display());
    let looked = match check(file) {
        Err(_) => return true,
        Ok(()) => verify(&url, &given, |_, _| {}).await,
    };
    looked.map_or(true, |report| !report.faults.is_empty())
}

async fn record(file: &Path) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await?;
    let mut record = Vec::new();
    for sql in RECORD {
        for row in sqlx::query(sql).fetch_all(&mut connection).await? {
            record.push(row.try_get::<String, _>(0)?);
        }
    }
    Ok(record)
}

/// Everything into the one file.
async fn folded(file: &Path) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.expect("it opens");
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.expect("it is folded");
    connection.close().await.expect("it closes");
}
