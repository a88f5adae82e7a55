//! The board of a demonstration or a practice: shows the mail pages and keeps the office going.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::DemoError;
use super::hall::Hall;
use super::mailroom::{self, Mailroom, Owner};

/// How often the office looks what is due.
const BEAT: Duration = Duration::from_millis(200);
const DAY_MS: u128 = 24 * 60 * 60 * 1000;

/// Shows the pages and keeps the office going until Ctrl-C. With `day`, a day of the office takes that long.
///
/// # Errors
/// The database or the network fails.
pub async fn run(
    mut hall: Hall,
    owners: Vec<Owner>,
    listener: TcpListener,
    day: Option<Duration>,
) -> Result<(), DemoError> {
    let (morning, mut asked) = mpsc::channel(1);
    let (engine, zone) = (hall.engine.clone(), hall.calendar.zone().clone());
    let clock = Arc::new(move || engine.now().timestamp());
    let room = Mailroom { catcher: hall.catcher.clone(), owners: Arc::new(owners), clock, zone, morning };
    let router = mailroom::router(room, listener.local_addr()?);
    let mut served = tokio::spawn(axum::serve(listener, router).into_future());
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            ended = &mut served => return ended.unwrap_or(Ok(())).map_err(DemoError::from),
            Some(()) = asked.recv() => hall.move_to(hall.next_morning(hall.now())).await?,
            _ = beat.tick() => {
                if let Some(day) = day.filter(|day| !day.is_zero()) {
                    let passed = i64::try_from(DAY_MS * BEAT.as_millis() / day.as_millis().max(1)).unwrap_or(i64::MAX);
                    hall.move_to(hall.now().plus_ms(passed)).await?;
                }
            }
        }
        hall.rest().await?;
    }
}
