//! The store's contract, the same on both databases: SQLite always, PostgreSQL where `TEST_POSTGRES_URL` says where.

use chancery::store::{Cell, Param, Store, StoreError};

pub(crate) use crate::support::database::{Fresh, databases, migrated, postgres, sqlite};

const PUT: &str = "INSERT INTO meta (name, value) VALUES ($1, $2)";
const GET: &str = "SELECT value FROM meta WHERE name = $1";

#[tokio::test]
async fn what_was_written_is_read_again_whatever_the_order_of_parameters() {
    for database in databases().await {
        let store = migrated(&database).await;
        store
            .write(|tx| tx.execute("INSERT INTO meta (value, name) VALUES ($2, $1)", &["clock".into(), "demo".into()]))
            .await
            .expect("it is written");
        let rows = store.read(GET, &["clock".into()]).await.expect("it is read");
        assert_eq!(rows[0].text(0).expect("a text"), "demo");
        let nulls = store
            .write(|tx| {
                tx.execute(
                    "INSERT INTO mail (id, person_id, message_id, key_id, generation, status, attempts, unknowns, made_at,
                     next_at, lease) VALUES ('m', 'p', '<m>', 1, 1, 'sending', 0, 0, $1, $2, $3)",
                    &[5.into(), Param::Int(None), Param::Text(None)],
                )?;
                tx.query("SELECT made_at, next_at, lease, COUNT(*) FROM mail GROUP BY made_at, next_at, lease", &[])
            })
            .await
            .expect("NULLs have their type");
        assert_eq!(nulls[0].0, [Cell::Int(5), Cell::Null, Cell::Null, Cell::Int(1)]);
    }
}

#[tokio::test]
async fn a_job_that_fails_or_panics_leaves_nothing_and_the_next_one_works() {
    for database in databases().await {
        let store = migrated(&database).await;
        let failed: Result<(), _> = store
            .write(|tx| {
                tx.execute(PUT, &["a".into(), "1".into()])?;
                Err(StoreError::Database("on purpose".to_owned()))
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Database(_))));
        let panicked: Result<(), _> = store
            .write(|tx| {
                tx.execute(PUT, &["a".into(), "2".into()])?;
                panic!("on purpose")
            })
            .await;
        assert!(panicked.is_err());
        store.write(|tx| tx.execute(PUT, &["a".into(), "3".into()])).await.expect("nothing was left");
        let taken = store.write(|tx| tx.execute(PUT, &["a".into(), "4".into()])).await;
        assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
        let rows = store.read(GET, &["a".into()]).await.expect("it is read");
        assert_eq!(rows[0].text(0).expect("a text"), "3");
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_an_edited_one_noticed() {
    for database in databases().await {
        let store = Store::open(&database.url).await.expect("an empty one opens");
        assert!(matches!(store.is_current().await, Err(StoreError::Older { found: 0, .. })));
        store.migrate().await.expect("it migrates");
        store.migrate().await.expect("once more does nothing");
        store.is_current().await.expect("it is current");
        let insert = "INSERT INTO migration (number, name, checksum) VALUES (999, 'later', 'x')";
        store.write(move |tx| tx.execute(insert, &[])).await.expect("a newer program was here");
        let refused = Store::open(&database.url).await.err();
        assert!(matches!(refused, Some(StoreError::Newer { found: 999, .. })), "{refused:?}");
        assert!(matches!(store.migrate().await, Err(StoreError::Newer { .. })));
        store.write(|tx| tx.execute("DELETE FROM migration WHERE number = 999", &[])).await.expect("it is gone");
        store
            .write(|tx| tx.execute("UPDATE migration SET checksum = 'x' WHERE number = 1", &[]))
            .await
            .expect("edited");
        assert!(matches!(Store::open(&database.url).await, Err(StoreError::Corrupt { table: "migration", .. })));
    }
}

#[tokio::test]
async fn events_versions_and_heads_are_append_only() {
    for database in databases().await {
        database.spoil();
        let store = migrated(&database).await;
        store
            .write(|tx| {
                tx.execute("INSERT INTO machine (hash, workflow, level, source, compiled, deployed_at) VALUES ('h', 'w', 1, '', '', 0)", &[])?;
                tx.execute("INSERT INTO head (day, at, content, hash) VALUES ('2026-01-01', 0, '', $1)", &[vec![1].into()])?;
                tx.execute(
                    "INSERT INTO event (dossier_id, seq, at, kind, kind_version, actor, subjects, machine, operation, asked,
                     sealed, hash) VALUES ('d', 1, 0, 'k', 1, 'a', '', 'h', 'o', 'x', $1, $1)",
                    &[vec![1].into()],
                )
            })
            .await
            .expect("they are added");
        for forbidden in [
            "UPDATE event SET actor = 'b'",
            "DELETE FROM event",
            "UPDATE machine SET source = 'b'",
            "DELETE FROM machine",
            "UPDATE head SET content = 'b'",
            "DELETE FROM head",
        ] {
            let refused = store.write(move |tx| tx.execute(forbidden, &[])).await;
            assert!(matches!(refused, Err(StoreError::Database(_))), "{forbidden}: {refused:?}");
        }
        if store.is_postgres() {
            let refused = store.write(|tx| tx.execute("TRUNCATE event", &[])).await;
            assert!(refused.is_err());
        }
        let same = store
            .write(|tx| {
                tx.execute(
                    "INSERT INTO event (dossier_id, seq, at, kind, kind_version, actor, subjects, machine, operation, asked,
                     sealed, hash) VALUES ('d', 2, 0, 'k', 1, 'a', '', 'h', 'o', 'x', $1, $1)",
                    &[vec![1].into()],
                )
            })
            .await;
        assert!(matches!(same, Err(StoreError::Taken(_))), "one operation, one event: {same:?}");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_connection_whole() {
    for database in databases().await {
        let store = migrated(&database).await;
        for polls in 0..12 {
            let write = store.write(move |tx| tx.execute(PUT, &[format!("gone-{polls}").into(), "x".into()]));
            let params = ["a".into()];
            let read = store.read(GET, &params);
            let (mut write, mut read) = (Box::pin(write), Box::pin(read));
            let once = std::time::Duration::from_micros(20);
            for _ in 0..polls {
                if tokio::time::timeout(once, &mut write).await.is_ok() {
                    break;
                }
            }
            for _ in 0..polls {
                if tokio::time::timeout(once, &mut read).await.is_ok() {
                    break;
                }
            }
            // Both are dropped here, wherever they are.
        }
        for n in 0..100 {
            store.write(move |tx| tx.execute(PUT, &[format!("after-{n}").into(), "x".into()])).await.expect("it works");
            store.read(GET, &["a".into()]).await.expect("it works");
        }
    }
}

#[tokio::test]
async fn three_writers_and_their_readers_on_one_sqlite_file_never_see_busy() {
    let database = sqlite();
    migrated(&database).await;
    let mut tasks = Vec::new();
    for process in 0..3 {
        // A store of its own is what another process has: its own connections and its own writer.
        let store = Store::open(&database.url).await.expect("it opens");
        for client in 0..4 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                for n in 0..25 {
                    let name = format!("{process}-{client}-{n}");
                    store.write(move |tx| tx.execute(PUT, &[name.into(), "x".into()])).await?;
                    store.read(GET, &["a".into()]).await?;
                }
                Ok::<_, StoreError>(())
            }));
        }
    }
    for task in tasks {
        task.await.expect("no panic").expect("no BUSY");
    }
    let store = Store::open(&database.url).await.expect("it opens");
    let rows = store.read("SELECT COUNT(*) FROM meta", &[]).await.expect("it is read");
    assert_eq!(rows[0].int(0).expect("a number"), 300);
}

#[tokio::test]
async fn the_server_role_may_add_to_the_log_and_never_change_it() {
    let Some(database) = postgres().await else { return };
    let owner = migrated(&database).await;
    let role = format!("chancery_server_{}", std::process::id());
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&database.url).await.expect("the owner");
    let create = format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.expect("a role");
    owner.grant_server(&role).await.expect("it is granted");
    assert!(owner.grant_server("x; DROP TABLE event").await.is_err());

    let (scheme, rest) = database.url.split_once("://").expect("a URL");
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let server = Store::open(&format!("{scheme}://{role}@{rest}")).await.expect("the server opens");
    server.is_current().await.expect("it may look");
    server.write(|tx| tx.execute(PUT, &["a".into(), "1".into()])).await.expect("it may write");
    server.read("SELECT COUNT(*) FROM event", &[]).await.expect("it may read");
    for forbidden in [
        "UPDATE event SET actor = 'b'",
        "DELETE FROM event",
        "TRUNCATE event",
        "DELETE FROM migration",
        "DROP TABLE event",
    ] {
        let refused = server.write(move |tx| tx.execute(forbidden, &[])).await;
        assert!(matches!(refused, Err(StoreError::Database(_))), "{forbidden}: {refused:?}");
    }
}
