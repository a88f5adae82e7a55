//! The bench is itself held to what it says: it counts and replays what it timed, and takes only an empty database.

use chancery::bench::{BenchError, Settings, run};

use crate::store::databases;

#[tokio::test]
async fn a_few_lives_are_led_counted_and_replayed_on_an_empty_database_only() {
    for database in databases().await {
        let settings = Settings { clients: 4, count: 12, database: database.url.clone() };
        let mut began = false;
        let report = run(&settings, || began = true).await.expect("twelve lives");
        assert!(began);
        assert_eq!((report.lifecycles, report.replayed), (12, 12));
        assert!(report.lifecycles_per_s > 0.0 && report.p50_ms <= report.p99_ms);
        assert!(matches!(run(&settings, || ()).await, Err(BenchError::NotEmpty(_))));
    }
}
