//! The bench is itself held to what it says: it counts and replays what it timed, and takes only an empty database.

use chancery::bench::{BenchError, Settings, mail, run, states};

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

#[tokio::test]
async fn every_mail_of_a_bench_is_accepted_once_and_a_floor_stands_beside_it() {
    for database in databases().await {
        let mut began = false;
        let report = mail::run(40, &database.url, || began = true).await.expect("forty mails");
        assert!(began);
        assert_eq!((report.mails, report.connections), (40, 8));
        assert!(report.bytes > 2_000, "they are real mails: {} bytes", report.bytes);
        assert!(report.mails_per_s > 0.0 && report.ratio > 0.0);
        assert!(matches!(mail::run(1, &database.url, || ()).await, Err(BenchError::NotEmpty(_))));
    }
}

#[test]
fn a_large_workflow_of_the_bench_has_as_many_states_and_no_fault() {
    let mut began = false;
    let report = states::run(200, 1, || began = true).expect("it has no fault");
    assert!(began);
    assert!(report.states >= 200, "{report:?}");
    assert!(report.milliseconds > 0.0 && report.milliseconds <= report.slowest);
}
