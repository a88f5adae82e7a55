//! When the database fails in the middle of a batch: what was sent is known, what was not begun is not called unknown.

use chancery::ids::Instant;

use crate::courier::{MINUTE, MORNING, Running, accepted, settings};
use crate::support::faulty_smtp::{Fault, FaultySmtp};

/// An office whose council has been invited to vote on a matter of its chair's: four mails wait.
async fn invited() -> Running {
    let office = Running::new().await;
    office.open("d0", "Việc số 0").await;
    office.act("d0", "clerk", "submit").await;
    while office.engine.deliver().await.expect("the row joins") > 0 {}
    let lists = office.engine.store().read("SELECT id FROM dossier WHERE workflow = 'list'", &[]).await.expect("read");
    office.act(lists[0].text(0).expect("an id"), "secretary", "convene").await;
    office
}

/// No result of a mail can be written down, and nothing can be given back.
async fn database_fails(office: &Running, fails: bool) {
    let sql = if fails {
        "CREATE TRIGGER mails_fail BEFORE UPDATE ON mail WHEN NEW.lease IS NULL BEGIN SELECT RAISE(ABORT, 'gone'); END"
    } else {
        "DROP TRIGGER mails_fail"
    };
    office.engine.store().write(move |tx| tx.execute(sql, &[])).await.expect("it is told");
}

async fn counts(office: &Running) -> Vec<(String, i64, i64)> {
    let mut rows: Vec<_> = office.ledger().await.into_iter().map(|row| (row.0, row.1, row.2)).collect();
    rows.sort();
    rows
}

fn rows(kinds: &[(usize, &str, i64, i64)]) -> Vec<(String, i64, i64)> {
    let row = |(count, status, attempts, unknowns): &(usize, &str, i64, i64)| {
        std::iter::repeat_n(((*status).to_owned(), *attempts, *unknowns), *count).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(row).collect()
}

#[tokio::test]
async fn a_result_that_could_not_be_written_down_is_written_down_later_and_no_mail_goes_twice() {
    let (office, server) = (invited().await, FaultySmtp::start(Fault::None).await);
    let courier = office.courier(settings(server.address));
    database_fails(&office, true).await;
    for _ in 0..3 {
        courier.step(MORNING).await.expect_err("the database fails");
        assert_eq!(server.received().len(), 1, "nothing more is sent before the first result is written down");
    }
    assert_eq!(counts(&office).await, rows(&[(3, "claimed", 1, 0), (1, "sending", 1, 0)]));
    database_fails(&office, false).await;
    let mut lane = courier.lane();
    assert_eq!(lane.step(MORNING).await.expect("a step"), accepted(3));
    assert_eq!(counts(&office).await, rows(&[(4, "accepted", 1, 0)]));
    assert_eq!(server.received().len(), 4, "each once");
}

#[tokio::test]
async fn after_a_process_that_died_in_a_batch_only_the_mail_that_it_was_sending_is_unknown() {
    let (office, server) = (invited().await, FaultySmtp::start(Fault::None).await);
    database_fails(&office, true).await;
    office.courier(settings(server.address)).step(MORNING).await.expect_err("the database fails");
    // The process dies here, with all that it remembered.
    database_fails(&office, false).await;
    let next = office.courier(settings(server.address));
    assert!(!next.step(MORNING).await.expect("a step").worked(), "the lease is not over");
    let later = Instant(MORNING.0 + 16 * MINUTE);
    assert_eq!(next.step(later).await.expect("a step"), accepted(4));
    assert_eq!(counts(&office).await, rows(&[(3, "accepted", 1, 0), (1, "accepted", 2, 1)]));
    assert_eq!(server.received().len(), 5, "the one that was being sent goes once more");
}

#[tokio::test]
async fn a_lane_keeps_its_connection_while_there_is_more_to_send() {
    let (office, server) = (invited().await, FaultySmtp::start(Fault::None).await);
    let mut lane = office.courier(settings(server.address)).lane();
    assert_eq!(lane.step(MORNING).await.expect("a step").accepted, 4);
    office.open("d1", "Việc sau").await;
    let later = Instant(MORNING.0 + 24 * 60 * MINUTE);
    assert_eq!(lane.step(later).await.expect("a step").accepted, 1);
    assert_eq!(server.connections(), 1);
    assert!(!lane.step(later).await.expect("a step").worked());
    assert_eq!(server.heard().last().map(String::as_str), Some("QUIT"), "it says goodbye when there is nothing more");
}
