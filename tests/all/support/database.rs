//! A database of a test's own, on either engine; when it goes, `audit verify` looks at it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chancery::store::Store;
use chancery::verify::{Given, Report, Unreadable, verify};

/// A database of this test's own, gone with it: whatever a test did to an engine, in the end `audit verify` finds nothing.
pub(crate) struct Fresh {
    /// How to open it.
    pub url: String,
    kind: Kind,
    /// The test itself wrote what no engine would have.
    spoilt: AtomicBool,
}

impl Fresh {
    fn new(url: String, kind: Kind) -> Self {
        Self { url, kind, spoilt: AtomicBool::new(false) }
    }

    /// Says that the test itself writes what no engine would have written.
    pub(crate) fn spoil(&self) {
        self.spoilt.store(true, Ordering::Relaxed);
    }

    /// What an independent look finds, from outside the test's own runtime, which may be the one that is ending. The keys are
    /// those of `engine.rs`; a database that has others is looked at without.
    fn looked_at(&self) -> Result<Report, Unreadable> {
        let url = self.url.clone();
        let look = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let keys = Some([(1, [8; 32])].into());
            let mut given = Given { keys, acknowledged: Vec::new() };
            runtime.block_on(async {
                let report = verify(&url, &given, |_, _| {}).await?;
                if report.faults.iter().any(|fault| fault.what.contains("by another master key")) {
                    given.keys = None;
                    return verify(&url, &given, |_, _| {}).await;
                }
                Ok(report)
            })
        });
        look.join().expect("looking never panics")
    }
}

enum Kind {
    /// A file in a folder of its own.
    Folder(std::path::PathBuf),
    /// A database of a server.
    Database { server: String, name: String },
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let report = (!std::thread::panicking() && !self.spoilt.load(Ordering::Relaxed)).then(|| self.looked_at());
        match &self.kind {
            Kind::Folder(folder) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            Kind::Database { server, name } => {
                let (server, sql) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                // A test's own runtime may be the one that is ending.
                let dropped = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
                    runtime.block_on(async {
                        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&server).await.ok()?;
                        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.ok()
                    })
                });
                let _ = dropped.join();
            }
        }
        match report {
            Some(Ok(report)) => assert!(report.faults.is_empty(), "{}: {:#?}", self.url, report.faults),
            // A database without the schema has nothing to be looked at.
            Some(Err(error)) => {
                let said = error.to_string();
                let without =
                    ["no such table", "does not exist", "unable to open"].iter().any(|none| said.contains(none));
                assert!(without, "{}: {said}", self.url);
            }
            None => {}
        }
    }
}

static COUNT: AtomicU64 = AtomicU64::new(0);

/// An empty SQLite file.
pub(crate) fn sqlite() -> Fresh {
    let name = format!("chancery-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&directory).expect("a temporary folder");
    Fresh::new(format!("sqlite://{}/chancery.db", directory.display()), Kind::Folder(directory))
}

/// An empty PostgreSQL database, where one is to be had.
pub(crate) async fn postgres() -> Option<Fresh> {
    let server = std::env::var("TEST_POSTGRES_URL").ok()?;
    let name = format!("chancery_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&server).await.expect("the test server");
    for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("a database of our own");
    }
    let (base, _) = server.rsplit_once('/').expect("the URL names a database");
    let url = format!("{base}/{name}");
    Some(Fresh::new(url, Kind::Database { server, name }))
}

/// An empty database on each engine.
pub(crate) async fn databases() -> Vec<Fresh> {
    let mut databases = vec![sqlite()];
    databases.extend(postgres().await);
    databases
}

/// An open store with the schema.
pub(crate) async fn migrated(database: &Fresh) -> Store {
    let store = Store::open(&database.url).await.expect("it opens");
    store.migrate().await.expect("it migrates");
    store
}
