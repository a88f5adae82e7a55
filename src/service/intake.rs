//! Carrying out what an import means: opening entries of registers first, then one dossier for each row, in their order.
//!
//! A row's key makes the dossier's id, by a hash whose key lies outside the database: the same row again is the same dossier,
//! and nobody who only has the database can try out whose it is.

use crate::dossier::Paper;
use crate::dossier::command::{Actor, Ask, Command, Start};
use crate::dossier::refusal::{Code, Refusal};
use crate::engine::{Attachment, Engine, Failure};
use crate::ids::{DossierId, Instant, OperationId, PaperId};
use crate::import::{Plan, Planned, PlannedPaper};
use crate::store::StoreError;

/// What became of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// Its dossier was started.
    Started(DossierId),
    /// Its dossier was there before.
    Already(DossierId),
    /// The engine refused it.
    Refused(Refusal),
}

/// Why a row was not carried out; rows before it were.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A paper cannot be read.
    #[error("the paper `{0}` cannot be read: {1}")]
    Paper(String, std::io::Error),
}

/// Where the bytes of a row's paper come from.
pub type Papers<'a> = &'a (dyn Fn(&Planned, &PlannedPaper) -> std::io::Result<Vec<u8>> + Sync);

/// Writes the opening entries of all rows.
///
/// # Errors
/// The database fails; then none was written.
pub async fn open_registers(engine: &Engine, plan: &Plan) -> Result<(), StoreError> {
    let entries: Vec<_> = plan.rows.iter().flat_map(|row| row.register.clone()).collect();
    if entries.is_empty() {
        return Ok(());
    }
    engine.store().open_register(entries, &format!("import:{}", plan.file), engine.now()).await
}

/// The dossier of a row.
pub fn dossier_of(engine: &Engine, plan: &Plan, key: &str) -> DossierId {
    DossierId::new(derived(engine, &["dossier", plan.workflow.as_str(), key]))
}

/// Starts the dossier of one row, unless it is there.
///
/// # Errors
/// The database fails, or a paper cannot be read.
pub async fn take(
    engine: &Engine,
    plan: &Plan,
    row: &Planned,
    operator: &str,
    papers: Papers<'_>,
) -> Result<Taken, IntakeError> {
    let id = dossier_of(engine, plan, &row.key);
    if engine.dossier(&id).await?.is_some() {
        return Ok(Taken::Already(id));
    }
    let (papers, attachments) = attach(engine, plan, row, papers)?;
    let command = Command {
        operation: OperationId::new(format!("import:{id}")),
        dossier: id.clone(),
        actor: Actor::Import { operator: operator.to_owned() },
        ask: Ask::Start(Start {
            machine: plan.machine.clone(),
            fields: row.fields.clone(),
            papers,
            gather_key: None,
            first: None,
        }),
    };
    match engine.handle(command, attachments).await {
        Ok(done) if done.again => Ok(Taken::Already(id)),
        Ok(_) => Ok(Taken::Started(id)),
        Err(Failure::Refused(refusal)) if somebody_was_faster(&refusal) => Ok(Taken::Already(id)),
        Err(Failure::Refused(refusal)) => Ok(Taken::Refused(refusal)),
        Err(Failure::Store(error)) => Err(error.into()),
    }
}

/// Another import of the same row came in between.
fn somebody_was_faster(refusal: &Refusal) -> bool {
    refusal.reasons.iter().any(|reason| matches!(reason.code, Code::Exists | Code::OperationReused))
}

fn attach(
    engine: &Engine,
    plan: &Plan,
    row: &Planned,
    bytes: Papers<'_>,
) -> Result<(Vec<Paper>, Vec<Attachment>), IntakeError> {
    let now = engine.now();
    let (mut papers, mut attachments) = (Vec::new(), Vec::new());
    for planned in &row.papers {
        let content =
            bytes(row, planned).map_err(|error| IntakeError::Paper(format!("{}/{}", row.key, planned.name), error))?;
        let id = PaperId::new(derived(engine, &["paper", plan.workflow.as_str(), &row.key, &planned.kind]));
        let (paper, attachment) = paper(engine, id, &planned.kind, &planned.name, content, now);
        papers.push(paper);
        attachments.push(attachment);
    }
    Ok((papers, attachments))
}

/// A paper from its bytes: what the command says of it, and what goes along.
pub fn paper(
    engine: &Engine,
    id: PaperId,
    kind: &str,
    name: &str,
    content: Vec<u8>,
    at: Instant,
) -> (Paper, Attachment) {
    let paper = Paper {
        id: id.clone(),
        kind: kind.to_owned(),
        name: crate::words::clean(name),
        hash: engine.paper_hash(&content),
        size: content.len() as u64,
        by: None,
        at,
    };
    (paper, Attachment { id, media: media(&content).to_owned(), content })
}

/// The media type, from the bytes alone; what is not known is only ever downloaded.
fn media(content: &[u8]) -> &'static str {
    match content {
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        _ => "application/octet-stream",
    }
}

fn derived(engine: &Engine, parts: &[&str]) -> String {
    let mut text = "import".to_owned();
    for part in parts {
        text.push('\0');
        text.push_str(part);
    }
    let mut hash = engine.paper_hash(text.as_bytes());
    hash.truncate(32);
    hash
}
