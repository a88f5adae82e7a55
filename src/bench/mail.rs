//! How fast mails go out: from notices in the outbox to the server's answer in the ledger, each mail claimed, written, signed and
//! settled as ever, over several connections into a sink that takes everything. Beside it, in the same run, a floor: the same
//! bytes through the same conversation, with no database and no mail to write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant as Stopwatch;

use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::sink::Sink;
use super::{BenchError, count, float, office, round};
use crate::clock::Clock;
use crate::courier::settings::SmtpSettings;
use crate::courier::{Courier, Lane};
use crate::directory::Person;
use crate::dossier::command::{Actor, Ask, Command, Start};
use crate::engine::Engine;
use crate::ids::{DossierId, Instant, MachineHash, OperationId, PersonId};
use crate::machine::check::check_files;
use crate::source::SourceFile;
use crate::store::Store;

/// A workflow that asks one person something.
const TASK: &str = include_str!("task.yaml");
/// Connections at once.
const CONNECTIONS: usize = 8;
/// Starts of dossiers that wait together while the office is set up.
const TOGETHER: usize = 128;
/// Mails wait for a working morning; in two weeks there was one.
const LATER_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// Looks that find nothing before a mail counts as missing.
const IDLE_MAX: u32 = 3;

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MailReport {
    /// Mails, each to a person of its own.
    pub mails: usize,
    /// Connections to the server.
    pub connections: usize,
    /// Bytes of a mail.
    pub bytes: u64,
    /// Mails in a second.
    pub mails_per_s: f64,
    /// Mails in a second with nothing but the conversation.
    pub floor_per_s: f64,
    /// The one as a part of the other.
    pub ratio: f64,
}

/// Sends `mails` mails on an empty database. `go` is called when the timed part begins.
///
/// # Errors
/// The database fails or is not empty, or a mail was not accepted once.
#[expect(clippy::disallowed_methods, reason = "this is what is measured")]
pub async fn run(mails: usize, database: &str, go: impl FnOnce()) -> Result<MailReport, BenchError> {
    let store = Store::open(database).await?;
    store.migrate().await?;
    if count::dossiers(&store).await? > 0 {
        return Err(BenchError::NotEmpty(database.to_owned()));
    }
    let clock = if store.is_postgres() { Clock::database() } else { Clock::System };
    let engine = office::open(store, clock).await?.engine;
    ask_everybody(&engine, mails).await?;
    let sink = Sink::start().await.map_err(|error| BenchError::Life(error.to_string()))?;
    let mut settings = SmtpSettings::plain(sink.address, "bench@example.vn", "Văn phòng");
    settings.hello = Some("bench.example.vn".to_owned());
    let (links, chance) = (engine.links().clone(), engine.chance().clone());
    let courier = Courier::new(engine.clone(), links, settings, "https://bench.example.vn", chance)
        .map_err(|error| BenchError::Life(error.to_string()))?;
    go();
    let began = Stopwatch::now();
    let accepted = send_all(&engine, &courier, mails).await?;
    let seconds = began.elapsed().as_secs_f64();
    check(&engine, &sink, mails, accepted).await?;
    let size = sink.size();
    let began = Stopwatch::now();
    floor(&sink, mails, size).await.map_err(|error| BenchError::Life(format!("the floor: {error}")))?;
    let floor_seconds = began.elapsed().as_secs_f64();
    Ok(MailReport {
        mails,
        connections: CONNECTIONS,
        bytes: size,
        mails_per_s: round(float(mails) / seconds),
        floor_per_s: round(float(mails) / floor_seconds),
        ratio: round(floor_seconds / seconds),
    })
}

/// Everybody of a large office is asked something.
async fn ask_everybody(engine: &Engine, people: usize) -> Result<(), BenchError> {
    let mut directory = engine.directory().as_ref().clone();
    let ids: Vec<PersonId> = (0..people).map(|_| PersonId::new(engine.chance().id())).collect();
    for (number, id) in ids.iter().enumerate() {
        let person = Person {
            id: id.clone(),
            code: format!("BENCH-{number}"),
            name: format!("Nguyễn Thị Bài Đo {number}"),
            address: None,
            email: Some(format!("bench-{number}@example.vn")),
            language: if number % 2 == 0 { "vi" } else { "en" }.to_owned(),
        };
        directory.people.insert(id.clone(), person);
    }
    engine.put_directory(directory).await?;
    let file = SourceFile::new("task.yaml", TASK);
    let checked = check_files(&file, &|_| None);
    let machine = checked.machine.ok_or_else(|| BenchError::Workflow("the task of the bench".to_owned()))?;
    engine.deploy(&machine, &checked.sources).await?;
    for some in ids.chunks(TOGETHER) {
        let mut started = Vec::with_capacity(some.len());
        for id in some {
            let (engine, command) = (engine.clone(), ask(engine, machine.hash(), id)?);
            started.push(tokio::spawn(async move { engine.handle(command, Vec::new()).await }));
        }
        for one in started {
            one.await.map_err(|error| BenchError::Life(error.to_string()))??;
        }
    }
    Ok(())
}

fn ask(engine: &Engine, machine: &MachineHash, person: &PersonId) -> Result<Command, BenchError> {
    let id = engine.chance().id();
    let fields = serde_json::json!({"title": "Kiểm tra danh mục thiết bị của đơn vị", "person": person});
    let start = Start {
        machine: machine.clone(),
        fields: serde_json::from_value(fields).map_err(|error| BenchError::Workflow(error.to_string()))?,
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    };
    let operation = OperationId::new(format!("bench:{id}"));
    Ok(Command { operation, dossier: DossierId::new(id), actor: Actor::Clock, ask: Ask::Start(start) })
}

/// Every lane steps until all mails are accepted, or nothing is left to do.
async fn send_all(engine: &Engine, courier: &Courier, mails: usize) -> Result<u64, BenchError> {
    let accepted = Arc::new(AtomicU64::new(0));
    let now = engine.now().plus_ms(LATER_MS);
    let lanes: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(drain(courier.lane(), now, mails as u64, Arc::clone(&accepted))))
        .collect();
    for lane in lanes {
        lane.await.map_err(|error| BenchError::Life(error.to_string()))??;
    }
    Ok(accepted.load(Ordering::Relaxed))
}

async fn drain(mut lane: Lane, now: Instant, wanted: u64, accepted: Arc<AtomicU64>) -> Result<(), BenchError> {
    let mut idle = 0;
    while idle < IDLE_MAX && accepted.load(Ordering::Relaxed) < wanted {
        let report = lane.step(now).await?;
        accepted.fetch_add(report.accepted, Ordering::Relaxed);
        idle = if report.worked() { 0 } else { idle + 1 };
    }
    Ok(())
}

/// A figure for mails that did not go, or went twice, is none.
async fn check(engine: &Engine, sink: &Sink, mails: usize, accepted: u64) -> Result<(), BenchError> {
    let wanted = i64::try_from(mails).unwrap_or(i64::MAX);
    let found = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    for (what, found) in [
        ("accepted mails", found(accepted)),
        ("mails in the sink", found(sink.mails())),
        ("accepted mails in the ledger", count::accepted_mails(engine.store()).await?),
    ] {
        if found != wanted {
            return Err(BenchError::Missing { what, found, wanted });
        }
    }
    Ok(())
}

/// The same conversation with the same number of bytes and nothing around it.
async fn floor(sink: &Sink, mails: usize, size: u64) -> std::io::Result<()> {
    let size = usize::try_from(size).unwrap_or_default().saturating_sub(7);
    let mut mail = b"x".repeat(size);
    for line in mail.chunks_mut(78) {
        if let [.., cr, lf] = line {
            (*cr, *lf) = (b'\r', b'\n');
        }
    }
    mail.extend_from_slice(b"\r\n\r\n.\r\n");
    let mail = Arc::new(mail);
    let lanes: Vec<_> = (0..CONNECTIONS)
        .map(|lane| {
            let share = mails / CONNECTIONS + usize::from(lane < mails % CONNECTIONS);
            tokio::spawn(say(sink.address, Arc::clone(&mail), share))
        })
        .collect();
    for lane in lanes {
        lane.await.map_err(std::io::Error::other)??;
    }
    Ok(())
}

async fn say(address: std::net::SocketAddr, mail: Arc<Vec<u8>>, mails: usize) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answers = Vec::new();
    hear(&mut stream, &mut answers, 1).await?;
    stream.write_all(b"EHLO bench.example.vn\r\n").await?;
    hear(&mut stream, &mut answers, 3).await?;
    for _ in 0..mails {
        stream.write_all(b"MAIL FROM:<bench@example.vn>\r\nRCPT TO:<bench-0@example.vn>\r\nDATA\r\n").await?;
        hear(&mut stream, &mut answers, 3).await?;
        stream.write_all(&mail).await?;
        hear(&mut stream, &mut answers, 1).await?;
    }
    stream.write_all(b"QUIT\r\n").await
}

/// Reads so many lines.
async fn hear(stream: &mut TcpStream, answers: &mut Vec<u8>, lines: usize) -> std::io::Result<()> {
    answers.clear();
    while answers.split(|byte| *byte == b'\n').count() <= lines {
        if stream.read_buf(answers).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
