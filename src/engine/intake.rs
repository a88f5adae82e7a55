//! Carrying out what a table of rows means, by an operator's import or a person's list: opening entries of registers first (an
//! import alone has them), then one dossier for each row, in their order.
//!
//! The same row again is the same dossier: its key stands there, UNIQUE within its workflow. So a file may be imported again,
//! after an interruption or with papers that were left out. The dossier's id is a hash of the key under a key outside the
//! database: nobody who only has the log can try out whose it is.

use std::collections::BTreeMap;

use super::{Attachment, Engine, Failure};
use crate::dossier::command::{Actor, Ask, Command, Start};
use crate::dossier::context::Entry;
use crate::dossier::refusal::Refusal;
use crate::dossier::{Dossier, Paper, Purpose};
use crate::ids::{ActivationId, DossierId, FieldName, Instant, OperationId, PaperId};
use crate::import::{Plan, Planned, PlannedPaper};
use crate::papers::{self, Unfit};
use crate::store::StoreError;

/// What became of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// Its dossier was started.
    Started(DossierId),
    /// Its dossier was there before.
    Already(Again),
    /// The engine refused it.
    Refused(Refusal),
}

/// A row whose dossier was there before.
#[derive(Clone, Debug, PartialEq)]
pub struct Again {
    /// The dossier.
    pub dossier: DossierId,
    /// Papers that it got now.
    pub added: usize,
    /// Fields that say now what the row says.
    pub mended: Vec<FieldName>,
    /// Fields that say something else than the row, where nobody is asked to fill them in.
    pub kept: Vec<FieldName>,
    /// Files that are not the papers of their kind that were imported before; those stay.
    pub differ: Vec<String>,
    /// Why what it lacks is not taken any more.
    pub late: Option<Refusal>,
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
    /// A second entry where a register takes only one.
    #[error("the entry `{0}` stands in its register already: {1}")]
    Second(String, String),
    /// A file is not taken as a paper.
    #[error("the paper `{0}` is not taken: {1}")]
    Unfit(String, Unfit),
}

/// Where the bytes of a row's paper come from.
pub type Papers<'a> = &'a (dyn Fn(&Planned, &PlannedPaper) -> std::io::Result<Vec<u8>> + Sync);

/// Values by the names of their fields; null empties one.
type Values = BTreeMap<FieldName, serde_json::Value>;

/// What a row asks of the engine.
struct Asked {
    command: Command,
    attachments: Vec<Attachment>,
}

/// What a row comes to: a command, or nothing to do any more.
enum Row {
    New(Asked),
    More(Again, Asked),
    Done(Again),
}

/// Rows that come in: an import by an operator, or a list that a person brings.
#[derive(Clone, Copy)]
pub struct Intake<'a> {
    /// Where it goes.
    pub engine: &'a Engine,
    /// What the file means.
    pub plan: &'a Plan,
    /// Who brings them.
    pub actor: &'a Actor,
    /// Whether a dossier that was there takes over what its row says otherwise now, as long as somebody is asked to fill it in.
    pub mends: bool,
    /// The papers.
    pub papers: Papers<'a>,
}

impl Intake<'_> {
    /// Writes the opening entries of all rows.
    ///
    /// # Errors
    /// The database fails, or a register takes one of them only once; then none was written.
    pub async fn open_registers(&self) -> Result<(), IntakeError> {
        let entries: Vec<_> = self.plan.rows.iter().flat_map(|row| row.register.clone()).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let source = format!("import:{}", self.plan.file);
        let seconds = self.engine.store().open_register(entries.clone(), &source, self.engine.now()).await?;
        match seconds.first() {
            None => Ok(()),
            Some(second) => {
                let entry = &entries[second.at];
                Err(IntakeError::Second(format!("{}:{}", entry.key, entry.year), second.first.clone()))
            }
        }
    }

    /// Why the dossier of one row could not be started now, if it is not there yet; nothing is written.
    ///
    /// # Errors
    /// The database fails, or a paper cannot be taken.
    pub async fn rehearse(&self, row: &Planned) -> Result<Option<Refusal>, IntakeError> {
        let Row::New(asked) = self.asked(row).await? else { return Ok(None) };
        let entries = row.register.iter().cloned();
        let besides: Vec<Entry> = entries
            .map(|one| Entry { register: one.register, holder: one.holder, key: one.key, year: one.year })
            .collect();
        match self.engine.rehearse(&asked.command, &besides).await {
            Ok(()) => Ok(None),
            Err(Failure::Refused(refusal)) => Ok(Some(refusal)),
            Err(Failure::Store(error)) => Err(error.into()),
        }
    }

    /// Starts the dossier of one row, unless it is there; then it gets the papers that it has not yet.
    ///
    /// # Errors
    /// The database fails, or a paper cannot be taken.
    pub async fn take(&self, row: &Planned) -> Result<Taken, IntakeError> {
        let (again, asked) = match self.asked(row).await? {
            Row::New(asked) => (None, asked),
            Row::More(again, asked) => (Some(again), asked),
            Row::Done(again) => return Ok(Taken::Already(again)),
        };
        match (self.engine.handle(asked.command, asked.attachments).await, again) {
            (Ok(done), None) if !done.again => Ok(Taken::Started(done.dossier)),
            // Another import of the same row came in between.
            (Ok(done), None) => Ok(Taken::Already(Again::of(done.dossier))),
            (Ok(_), Some(again)) => Ok(Taken::Already(again)),
            (Err(Failure::Refused(refusal)), Some(again)) => {
                Ok(Taken::Already(Again { added: 0, mended: Vec::new(), late: Some(refusal), ..again }))
            }
            (Err(Failure::Refused(refusal)), None) => Ok(Taken::Refused(refusal)),
            (Err(Failure::Store(error)), _) => Err(error.into()),
        }
    }

    async fn asked(&self, row: &Planned) -> Result<Row, IntakeError> {
        let known = self.engine.store().imported(&self.plan.workflow, &row.key).await?;
        let known = match known {
            Some(id) => self.engine.dossier(&id).await?,
            None => None,
        };
        let Some(dossier) = known else { return Ok(Row::New(self.start(row)?)) };
        self.more(row, &dossier).await
    }

    fn start(&self, row: &Planned) -> Result<Asked, IntakeError> {
        let id = DossierId::new(derived(self.engine, &["dossier", self.plan.workflow.as_str(), &row.key]));
        let (papers, attachments) = self.attach(row, &row.papers)?;
        let ask = Ask::Start(Start {
            machine: self.plan.machine.clone(),
            fields: row.fields.clone(),
            papers,
            gather_key: None,
            first: None,
            import_key: Some(row.key.clone()),
        });
        Ok(Asked { command: self.command(format!("import:{id}"), id, ask), attachments })
    }

    /// The papers that a dossier has not yet, and what its row says otherwise.
    async fn more(&self, row: &Planned, dossier: &Dossier) -> Result<Row, IntakeError> {
        let mut again = Again::of(dossier.id.clone());
        let mut missing = Vec::new();
        for planned in &row.papers {
            let id = self.paper_id(row, planned);
            match dossier.papers.iter().find(|paper| paper.id == id) {
                None => missing.push(planned.clone()),
                Some(paper) if paper.hash != self.engine.paper_hash(&self.bytes(row, planned)?) => {
                    again.differ.push(format!("{}/{}", row.key, planned.name));
                }
                Some(_) => {}
            }
        }
        let activation = asking(dossier);
        let fields =
            if self.mends { self.differing(row, dossier, activation, &mut again).await? } else { Values::new() };
        if missing.is_empty() && fields.is_empty() {
            return Ok(Row::Done(again));
        }
        let (papers, attachments) = self.attach(row, &missing)?;
        again.added = attachments.len();
        again.mended = fields.keys().cloned().collect();
        let mut operation =
            papers.iter().fold(format!("import:{}", dossier.id), |text, paper| format!("{text}:{}", paper.id));
        if !fields.is_empty() {
            let said = serde_json::to_string(&fields).expect("texts and values always serialise");
            let seq = dossier.seq.to_string();
            operation = format!("{operation}:{}", derived(self.engine, &["fields", dossier.id.as_str(), &seq, &said]));
        }
        let command = self.command(operation, dossier.id.clone(), Ask::Edit { activation, fields, papers });
        Ok(Row::More(again, Asked { command, attachments }))
    }

    /// The values of the row that are not those of the dossier, as far as the form that somebody is asked for takes them. What the
    /// row leaves empty is emptied.
    async fn differing(
        &self,
        row: &Planned,
        dossier: &Dossier,
        activation: ActivationId,
        again: &mut Again,
    ) -> Result<Values, IntakeError> {
        let machine = self.engine.machine(&dossier.machine).await?;
        let state = dossier.active.iter().find(|active| active.activation == activation).map(|active| &active.state);
        let task = state.and_then(|state| machine.state(state)).and_then(|state| state.task.as_ref());
        let named = machine.import.iter().flat_map(|import| import.columns.values()).flatten();
        let mut values = Values::new();
        for name in named {
            let said = row.fields.get(name).cloned().unwrap_or_default();
            if dossier.fields.get(name).cloned().unwrap_or_default() == said {
                continue;
            }
            if task.is_some_and(|task| task.edit.contains(name)) {
                values.insert(name.clone(), said);
            } else if !again.kept.contains(name) {
                again.kept.push(name.clone());
            }
        }
        Ok(values)
    }

    fn command(&self, operation: String, dossier: DossierId, ask: Ask) -> Command {
        Command { operation: OperationId::new(operation), dossier, actor: self.actor.clone(), ask }
    }

    fn attach(&self, row: &Planned, planned: &[PlannedPaper]) -> Result<(Vec<Paper>, Vec<Attachment>), IntakeError> {
        let now = self.engine.now();
        let (mut papers, mut attachments) = (Vec::new(), Vec::new());
        for one in planned {
            let content = self.bytes(row, one)?;
            let id = self.paper_id(row, one);
            let (paper, attachment) = paper(self.engine, id, &one.kind, &one.name, content, now)
                .map_err(|unfit| IntakeError::Unfit(format!("{}/{}", row.key, one.name), unfit))?;
            papers.push(paper);
            attachments.push(attachment);
        }
        Ok((papers, attachments))
    }

    fn bytes(&self, row: &Planned, planned: &PlannedPaper) -> Result<Vec<u8>, IntakeError> {
        let named = |error| IntakeError::Paper(format!("{}/{}", row.key, planned.name), error);
        (self.papers)(row, planned).map_err(named)
    }

    fn paper_id(&self, row: &Planned, planned: &PlannedPaper) -> PaperId {
        PaperId::new(derived(self.engine, &["paper", self.plan.workflow.as_str(), &row.key, &planned.kind]))
    }
}

impl Again {
    fn of(dossier: DossierId) -> Self {
        Self { dossier, added: 0, mended: Vec::new(), kept: Vec::new(), differ: Vec::new(), late: None }
    }
}

/// The entry in which somebody is asked to fill the dossier in; else where it stands.
fn asking(dossier: &Dossier) -> ActivationId {
    let mut entries = dossier.active.iter().rev().map(|active| active.activation);
    let innermost = dossier.leaves().last().map_or(ActivationId(0), |leaf| leaf.activation);
    entries.find(|entry| dossier.task(*entry, Purpose::Act).is_some()).unwrap_or(innermost)
}

/// A paper from its bytes: what the command says of it, and what goes along.
///
/// # Errors
/// Such a file is not taken.
pub fn paper(
    engine: &Engine,
    id: PaperId,
    kind: &str,
    name: &str,
    content: Vec<u8>,
    at: Instant,
) -> Result<(Paper, Attachment), Unfit> {
    let name = papers::name(name);
    let media = papers::media(&name, &content)?.to_owned();
    let paper = Paper {
        id: id.clone(),
        kind: kind.to_owned(),
        name,
        hash: engine.paper_hash(&content),
        size: content.len() as u64,
        by: None,
        at,
    };
    Ok((paper, Attachment { id, media, content }))
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
