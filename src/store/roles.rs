//! The server's role on PostgreSQL: it may add to the log, the deployed versions and the heads, and never change them. The
//! owner's role is used for `migrate` only.

use super::{Param, Store, StoreError};

/// What is added to and never changed.
const APPEND_ONLY: [&str; 5] = ["event", "machine", "head", "mail_deed", "erasure"];
/// What the server changes every day.
const DAILY: [&str; 26] = [
    "meta",
    "workflow",
    "calendar",
    "calendar_before",
    "dossier",
    "seal_key",
    "ballot_box",
    "task",
    "outbox",
    "mail",
    "message",
    "register",
    "taken",
    "paper",
    "person",
    "directory",
    "slot",
    "sign_in",
    "session",
    "pin",
    "absence",
    "absence_mail",
    "knock",
    "start_link",
    "outage",
    "chosen_language",
];
const READ_ONLY: &str = "migration";

const RIGHTS: &str = "SELECT t.name, p.name, CAST(CASE WHEN has_table_privilege(t.name, p.name) THEN 1 ELSE 0 END AS BIGINT) \
    FROM unnest($1::text[]) AS t(name), unnest($2::text[]) AS p(name) ORDER BY t.name, p.name";
const ROLE: &str = "SELECT CAST(current_user AS TEXT), CAST(COUNT(*) AS BIGINT) FROM pg_catalog.pg_class \
    WHERE oid = to_regclass('event') AND pg_has_role(current_user, relowner, 'USAGE')";
const GUARDS_POSTGRES: &str =
    "SELECT CAST(tgname AS TEXT) FROM pg_catalog.pg_trigger WHERE tgenabled <> 'D' ORDER BY tgname";
const GUARDS_SQLITE: &str = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name";
/// What stands before the append-only tables, as migration 3 makes it.
const KNOWN_SQLITE: [&str; 2] = ["no_update", "no_delete"];
const KNOWN_POSTGRES: [&str; 2] = ["append_only", "no_truncate"];

/// What the role may do as which this program has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Its name.
    pub role: String,
    /// The log is its own: it can take away what guards it.
    pub owns_log: bool,
    /// What it may do to what is append-only: `UPDATE event`.
    pub too_many: Vec<String>,
    /// What it may not do and the server does: `INSERT outbox`.
    pub missing: Vec<String>,
}

impl Store {
    /// Lets the server's role do what the server does, and no more. Run by the owner after every `migrate`.
    ///
    /// # Errors
    /// The role's name is none that needs no quotes, the role does not exist, or this is SQLite.
    pub async fn grant_server(&self, role: &str) -> Result<(), StoreError> {
        let plain = role.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !plain || role.is_empty() || role.len() > 63 || role.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(StoreError::Database(format!("`{role}` is no plain name of a role: use a-z, 0-9 and _")));
        }
        let sql = format!(
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
             GRANT USAGE ON SCHEMA public TO {role};
             GRANT SELECT, INSERT ON {} TO {role};
             GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {role};
             GRANT SELECT ON {READ_ONLY} TO {role};",
            APPEND_ONLY.join(", "),
            DAILY.join(", "),
        );
        self.write(move |tx| {
            if !tx.is_postgres() {
                return Err(StoreError::Database("SQLite has no roles".to_owned()));
            }
            tx.script(&sql)
        })
        .await
    }

    /// What the role may do that this program has signed in as; none on SQLite, which has no roles.
    ///
    /// # Errors
    /// The database fails.
    pub async fn rights(&self) -> Result<Option<Rights>, StoreError> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let (role, owns_log) = match self.read(ROLE, &[]).await?.first() {
            Some(row) => (row.text(0)?.to_owned(), row.int(1)? > 0),
            None => (String::new(), false),
        };
        let (mut too_many, mut missing) = (Vec::new(), Vec::new());
        for (what, may) in self.privileges(&APPEND_ONLY, &["UPDATE", "DELETE", "TRUNCATE"]).await? {
            if may {
                too_many.push(what);
            }
        }
        let wanted: [(&[&str], &[&str]); 3] = [
            (&APPEND_ONLY, &["SELECT", "INSERT"]),
            (&DAILY, &["SELECT", "INSERT", "UPDATE", "DELETE"]),
            (&[READ_ONLY], &["SELECT"]),
        ];
        for (tables, privileges) in wanted {
            for (what, may) in self.privileges(tables, privileges).await? {
                if !may {
                    missing.push(what);
                }
            }
        }
        Ok(Some(Rights { role, owns_log, too_many, missing }))
    }

    async fn privileges(&self, tables: &[&str], privileges: &[&str]) -> Result<Vec<(String, bool)>, StoreError> {
        let list = |names: &[&str]| Param::Texts(names.iter().map(|name| Some((*name).to_owned())).collect());
        let rows = self.read(RIGHTS, &[list(tables), list(privileges)]).await?;
        rows.iter().map(|row| Ok((format!("{} {}", row.text(1)?, row.text(0)?), row.int(2)? > 0))).collect()
    }

    /// The guards of the append-only tables that were taken away or switched off.
    ///
    /// # Errors
    /// The database fails.
    pub async fn missing_guards(&self) -> Result<Vec<String>, StoreError> {
        let (sql, ends) =
            if self.is_postgres() { (GUARDS_POSTGRES, KNOWN_POSTGRES) } else { (GUARDS_SQLITE, KNOWN_SQLITE) };
        let rows = self.read(sql, &[]).await?;
        let there: Vec<&str> = rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        let known = APPEND_ONLY.iter().flat_map(|table| ends.map(|end| format!("{table}_{end}")));
        Ok(known.filter(|guard| !there.contains(&guard.as_str())).collect())
    }
}
