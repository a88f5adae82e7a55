//! Bringing a database to this program's schema. A released migration is never edited: its checksum stands in the database.

use sha2::{Digest as _, Sha256};

use super::{Param, StoreError, Tx};

/// One step of the schema: one text where both engines agree, a pair where they do not.
struct Migration {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: [Migration; 14] = [
    Migration {
        number: 1,
        name: "init",
        sqlite: include_str!("../../migrations/0001_init.sql"),
        postgres: include_str!("../../migrations/0001_init.sql"),
    },
    Migration {
        number: 2,
        name: "tasks_and_notices",
        sqlite: include_str!("../../migrations/0002_tasks_and_notices.sqlite.sql"),
        postgres: include_str!("../../migrations/0002_tasks_and_notices.postgres.sql"),
    },
    Migration {
        number: 3,
        name: "append_only",
        sqlite: include_str!("../../migrations/0003_append_only.sqlite.sql"),
        postgres: include_str!("../../migrations/0003_append_only.postgres.sql"),
    },
    Migration {
        number: 4,
        name: "row_types",
        sqlite: include_str!("../../migrations/0004_row_types.sqlite.sql"),
        postgres: include_str!("../../migrations/0004_row_types.postgres.sql"),
    },
    Migration {
        number: 5,
        name: "sessions",
        sqlite: include_str!("../../migrations/0005_sessions.sql"),
        postgres: include_str!("../../migrations/0005_sessions.sql"),
    },
    Migration {
        number: 6,
        name: "mail_deeds",
        sqlite: include_str!("../../migrations/0006_mail_deeds.sqlite.sql"),
        postgres: include_str!("../../migrations/0006_mail_deeds.postgres.sql"),
    },
    Migration {
        number: 7,
        name: "pins",
        sqlite: include_str!("../../migrations/0007_pins.sql"),
        postgres: include_str!("../../migrations/0007_pins.sql"),
    },
    Migration {
        number: 8,
        name: "absences",
        sqlite: include_str!("../../migrations/0008_absences.sql"),
        postgres: include_str!("../../migrations/0008_absences.sql"),
    },
    Migration {
        number: 9,
        name: "calendars",
        sqlite: include_str!("../../migrations/0009_calendars.sql"),
        postgres: include_str!("../../migrations/0009_calendars.sql"),
    },
    Migration {
        number: 10,
        name: "erasures",
        sqlite: include_str!("../../migrations/0010_erasures.sqlite.sql"),
        postgres: include_str!("../../migrations/0010_erasures.postgres.sql"),
    },
    Migration {
        number: 11,
        name: "absence_mails",
        sqlite: include_str!("../../migrations/0011_absence_mails.sql"),
        postgres: include_str!("../../migrations/0011_absence_mails.sql"),
    },
    Migration {
        number: 12,
        name: "knocks",
        sqlite: include_str!("../../migrations/0012_knocks.sql"),
        postgres: include_str!("../../migrations/0012_knocks.sql"),
    },
    Migration {
        number: 13,
        name: "outages",
        sqlite: include_str!("../../migrations/0013_outages.sql"),
        postgres: include_str!("../../migrations/0013_outages.sql"),
    },
    Migration {
        number: 14,
        name: "start_links",
        sqlite: include_str!("../../migrations/0014_start_links.sql"),
        postgres: include_str!("../../migrations/0014_start_links.sql"),
    },
];

const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";
const APPLIED: &str = "SELECT number, checksum FROM migration ORDER BY number";
const RECORD: &str = "INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)";
const EXISTS_SQLITE: &str = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'migration'";
const EXISTS_POSTGRES: &str =
    "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('migration') AND relkind = 'r'";
/// Two that migrate at once take turns; the number is arbitrary and ours.
const LOCK_POSTGRES: &str = "SELECT COUNT(*) FROM (SELECT pg_advisory_xact_lock(724893001)) AS taken";

/// The schema that this program writes.
pub(super) fn known() -> i64 {
    MIGRATIONS[MIGRATIONS.len() - 1].number
}

/// The schema of the database; 0 for an empty one.
///
/// # Errors
/// It is newer than this program, or a released migration was edited.
pub(super) fn found(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let exists = if tx.is_postgres() { EXISTS_POSTGRES } else { EXISTS_SQLITE };
    if tx.query(exists, &[])?.first().map_or(Ok(0), |row| row.int(0))? == 0 {
        return Ok(0);
    }
    let mut found = 0;
    for row in tx.query(APPLIED, &[])? {
        found = row.int(0)?;
        let Some(migration) = MIGRATIONS.iter().find(|migration| migration.number == found) else {
            continue; // newer than this program, or older than anything it knows: judged below
        };
        if row.text(1)? != checksum(text(tx, migration)) {
            return Err(StoreError::Corrupt {
                table: "migration",
                column: "checksum",
                what: format!("migration {found} (`{}`) was another one when it was applied", migration.name),
            });
        }
    }
    if found > known() {
        return Err(StoreError::Newer { found, known: known() });
    }
    Ok(found)
}

/// Applies what is missing.
///
/// # Errors
/// A statement fails (then nothing was applied), or the schema is newer.
pub(super) fn migrate(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if tx.is_postgres() {
        tx.query(LOCK_POSTGRES, &[])?;
    }
    let found = found(tx)?;
    tx.script(CREATE)?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.number > found) {
        let text = text(tx, migration);
        tx.script(text)?;
        let params: [Param; 3] = [migration.number.into(), migration.name.into(), checksum(text).into()];
        tx.execute(RECORD, &params)?;
    }
    Ok(())
}

fn text(tx: &Tx<'_>, migration: &Migration) -> &'static str {
    if tx.is_postgres() { migration.postgres } else { migration.sqlite }
}

fn checksum(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a text never fails
        hex
    })
}
