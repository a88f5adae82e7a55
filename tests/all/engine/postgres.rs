//! What can be shown on PostgreSQL only: nodes that write between each other's reading and writing, and the two roles.

use std::sync::Arc;

use super::{deployed, open, refused, start};
use crate::store::postgres;
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
