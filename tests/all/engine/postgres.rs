//! What can be shown on PostgreSQL only: nodes that write between each other's reading and writing, and the two roles.

use std::sync::Arc;

use chancery::store::Store;

use super::{deploy, deployed, edit, on, open, refused, start};
use crate::store::{Fresh, postgres};
use crate::support::office;

/// A connection beside the program's own.
async fn beside(url: &str) -> sqlx::PgConnection {
    <sqlx::PgConnection as sqlx::Connection>::connect(url).await.expect("a connection")
}

async fn say(connection: &mut sqlx::PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(connection).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_node_deploys_between_reading_and_writing_is_seen() {
    let Some(database) = postgres().await else { return };
    let one = Arc::new(deployed(&database).await);
    let two = open(&database, 2).await;
    let mut beside = beside(&database.url).await;
    // Everybody may read the log, and nobody may add to it: the command is decided and cannot be written.
    say(&mut beside, "BEGIN; LOCK TABLE event IN SHARE MODE").await.expect("the lock");
    let asked = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.engine.handle(start(&one.case, "late"), Vec::new()).await }
    });
    let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'event'::regclass";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut beside).await.expect("the locks") == 0 {
        tokio::task::yield_now().await;
    }
    let mut directory = office::directory();
    directory.posts.retain(|post| post.person.as_str() != "p-clerk");
    two.engine.put_directory(directory).await.expect("a directory");
    say(&mut beside, "COMMIT").await.expect("the lock is given back");
    let answer = asked.await.expect("an answer");
    assert!(refused(&answer).is_some(), "who lost the post meanwhile opens nothing: {answer:?}");
}

/// Two roles as `packaging/postgres-roles.sql` makes them, under names of this test's own; gone with it.
struct Roles {
    admin: sqlx::PgConnection,
    owner: String,
    server: String,
}

impl Roles {
    async fn make(database: &Fresh) -> Self {
        let name = database.url.rsplit('/').next().expect("a database").to_owned();
        let (owner, server) = (format!("{name}_o"), format!("{name}_s"));
        let mut admin = beside(&database.url).await;
        let script = include_str!("../../../packaging/postgres-roles.sql");
        let statements = script.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
        let statements = statements.replace("chancery_owner", "{owner}").replace("chancery", "{server}");
        let statements = statements.replace("{owner}", &owner).replace("{server}", &server);
        say(&mut admin, &statements).await.expect("the shipped script");
        for role in [&owner, &server] {
            say(&mut admin, &format!("ALTER ROLE {role} PASSWORD 'test'")).await.expect("a password");
        }
        Self { admin, owner, server }
    }

    /// The database as one of them sees it.
    fn url(database: &Fresh, role: &str) -> String {
        let (scheme, rest) = database.url.split_once("://").expect("a URL");
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{role}:test@{host}")
    }

    async fn drop(mut self) {
        for role in [&self.server, &self.owner] {
            say(&mut self.admin, &format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")).await.expect("dropped");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_role_adds_to_the_log_and_changes_nothing_in_it() {
    let Some(database) = postgres().await else { return };
    let mut roles = Roles::make(&database).await;
    let owner = Store::open(&Roles::url(&database, &roles.owner)).await.expect("the owner opens it");
    owner.migrate().await.expect("the owner migrates");
    let shut = Store::open(&Roles::url(&database, &roles.server)).await.expect_err("nothing was granted yet");
    assert!(shut.to_string().contains("permission denied"), "{shut}");
    owner.grant_server(&roles.server).await.expect("granted");
    let store = Store::open(&Roles::url(&database, &roles.server)).await.expect("the server opens it");

    let office = on(store.clone(), 1).await;
    deploy(&office.engine).await;
    office.ok(start(&office.case, "a")).await;
    office.ok(edit("e-a", "a", 77)).await;
    store.take_head(office.engine.now()).await.expect("taken").expect("the first");
    assert_eq!(office.replays().await, 1);

    let mut as_server = beside(&Roles::url(&database, &roles.server)).await;
    for sql in [
        "UPDATE event SET at = at + 1",
        "DELETE FROM event",
        "TRUNCATE event",
        "UPDATE machine SET level = 2",
        "DELETE FROM head",
        "UPDATE head SET at = 0",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TRIGGER event_append_only ON event",
        "DROP TABLE event",
        "CREATE TABLE beside (a INT)",
        "DELETE FROM migration",
    ] {
        let refused = say(&mut as_server, sql).await.expect_err(sql);
        let code = refused.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {refused}");
    }
    say(&mut roles.admin, &format!("REVOKE INSERT ON outbox FROM {}", roles.server)).await.expect("revoked");
    assert_eq!(store.rights().await.expect("asked").expect("roles").missing, ["INSERT outbox"]);
    owner.grant_server(&roles.server).await.expect("granted again");
    let mut as_owner = beside(&Roles::url(&database, &roles.owner)).await;
    let refused = say(&mut as_owner, "DELETE FROM event").await.expect_err("the trigger stands before the owner too");
    assert!(refused.to_string().contains("append-only"), "{refused}");

    let rights = store.rights().await.expect("asked").expect("PostgreSQL has roles");
    assert_eq!((rights.role.as_str(), rights.owns_log), (roles.server.as_str(), false));
    assert_eq!((rights.too_many, rights.missing), (Vec::new(), Vec::<String>::new()));
    assert!(owner.rights().await.expect("asked").expect("roles").owns_log);
    assert_eq!(store.missing_guards().await.expect("asked"), Vec::<String>::new());
    say(&mut as_owner, "ALTER TABLE event DISABLE TRIGGER event_append_only").await.expect("the owner may");
    assert_eq!(store.missing_guards().await.expect("asked"), ["event_append_only"]);
    drop((as_server, as_owner));
    roles.drop().await;
}
