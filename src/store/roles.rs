//! The server's role on PostgreSQL: it may add to the log, the deployed versions and the heads, and never change them. The
//! owner's role is used for `migrate` only.

use super::{Store, StoreError};

/// Takes everything away and gives what the server needs. `{role}` is checked before it gets here.
const GRANT: &str = "
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT ON event, machine, head TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON meta, workflow, calendar, dossier, seal_key, ballot_box, task, outbox, mail,
    message, register, paper, person, directory, slot TO {role};
GRANT SELECT ON migration TO {role};
";

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
        let sql = GRANT.replace("{role}", role);
        self.write(move |tx| {
            if !tx.is_postgres() {
                return Err(StoreError::Database("SQLite has no roles".to_owned()));
            }
            tx.script(&sql)
        })
        .await
    }
}
