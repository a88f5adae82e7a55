//! `chancery start` and `act`: what an operator does on behalf of a person, and recorded as that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::refused;
use super::sources::unreadable;
use super::{Context, Trouble};
use crate::dossier::command::{Act, Actor, Ask, Command, Correct, Start};
use crate::dossier::{Dossier, Paper};
use crate::engine::{Attachment, Engine};
use crate::ids::{ActivationId, DossierId, EventName, FieldName, OperationId, PaperId, WorkflowName};
use crate::import;
use crate::machine::Machine;
use crate::service::{Office, intake};

/// What `start` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery start purchase --as AN --field unit=CTY-KT --field item=Paper --field amount=1200000"
)]
pub(super) struct StartArgs {
    /// The workflow.
    workflow: String,
    /// The person on whose behalf it is started, by their code in the directory.
    #[arg(long = "as", value_name = "CODE")]
    person: String,
    #[command(flatten)]
    content: Content,
}

/// What `act` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery act 3f2a sign --as BINH --field number=12/QD --field signed_on=2026-12-10 --paper \
                   decision=scan.pdf\n\nRecorded as \"operator on behalf of a person\". Ballots are never cast this way."
)]
pub(super) struct ActArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    /// The event.
    event: String,
    /// The person on whose behalf, by their code in the directory.
    #[arg(long = "as", value_name = "CODE")]
    person: String,
    /// Why, where a reason is asked for.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    content: Content,
}

/// What `correct` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery correct 3f2a --as BINH --field signed_on=2026-12-11 --reason 'Read from the wrong \
                   page'\n\nOnly fields that the workflow calls `correctable`. What they said before stays in the history."
)]
pub(super) struct CorrectArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    /// The person on whose behalf, by their code in the directory.
    #[arg(long = "as", value_name = "CODE")]
    person: String,
    /// Why, where a reason is asked for.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    content: Content,
}

/// Fields and papers.
#[derive(Debug, Args)]
struct Content {
    /// A value: `name=value`. May be given several times.
    #[arg(long = "field", value_name = "NAME=VALUE")]
    fields: Vec<String>,
    /// A paper: `kind=file`. May be given several times.
    #[arg(long = "paper", value_name = "KIND=FILE")]
    papers: Vec<String>,
}

/// Starts a dossier.
pub(super) async fn start(args: &StartArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let workflow = WorkflowName::new(&args.workflow);
    let machine = engine
        .current(&workflow)
        .await?
        .ok_or_else(|| Trouble::Usage(format!("no workflow `{workflow}` is deployed")))?;
    let (papers, attachments) = args.content.papers(engine)?;
    let ask = Ask::Start(Start {
        machine: machine.hash().clone(),
        fields: args.content.fields(engine, &machine, context.printer.language())?,
        papers,
        gather_key: None,
        first: None,
        import_key: None,
    });
    let dossier = DossierId::new(engine.fresh_id());
    hand_in(engine, dossier, &args.person, ask, attachments, context).await
}

/// Raises an event of a dossier.
pub(super) async fn act(args: &ActArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = find(engine, &args.dossier).await?;
    let machine = engine.machine(&dossier.machine).await?;
    let event = EventName::new(&args.event);
    let (papers, attachments) = args.content.papers(engine)?;
    let ask = Ask::Act(Act {
        activation: activation(&dossier, &machine, &event)?,
        event,
        fields: args.content.fields(engine, &machine, context.printer.language())?,
        papers,
        reason: args.reason.clone(),
        rows: BTreeMap::new(),
        seen: None,
    });
    hand_in(engine, dossier.id, &args.person, ask, attachments, context).await
}

/// Puts right what was submitted.
pub(super) async fn correct(args: &CorrectArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = find(engine, &args.dossier).await?;
    let machine = engine.machine(&dossier.machine).await?;
    let (papers, attachments) = args.content.papers(engine)?;
    let fields = args.content.fields(engine, &machine, context.printer.language())?;
    let ask = Ask::Correct(Correct { fields, papers, reason: args.reason.clone(), seen: None });
    hand_in(engine, dossier.id, &args.person, ask, attachments, context).await
}

async fn hand_in(
    engine: &Engine,
    dossier: DossierId,
    code: &str,
    ask: Ask,
    attachments: Vec<Attachment>,
    context: &Context,
) -> Result<(), Trouble> {
    let directory = engine.directory();
    let person = directory
        .person_by_code(code)
        .ok_or_else(|| Trouble::Usage(format!("the directory knows no person with the code `{code}`")))?;
    let command = Command {
        operation: OperationId::new(format!("cli:{}", engine.fresh_id())),
        dossier,
        actor: Actor::Operator { operator: context.environment.operator.clone(), person: person.id.clone() },
        ask,
    };
    let done = engine.handle(command, attachments).await.map_err(refused::trouble)?;
    while engine.deliver().await? > 0 {}
    let answer = serde_json::json!({ "dossier": done.dossier, "seq": done.seq, "state": done.state });
    context.printer.answer(&answer, |printer| printer.line(format!("{}  {}", done.dossier, done.state)));
    Ok(())
}

/// The dossier of an id, or of the beginning of one.
pub(super) async fn find(engine: &Engine, id: &str) -> Result<Dossier, Trouble> {
    let found = engine.store().begins_with(id).await?;
    match found.as_slice() {
        [one] => engine.dossier(one).await?.ok_or_else(|| Trouble::Usage(format!("there is no dossier `{id}`"))),
        [] => Err(Trouble::Usage(format!("there is no dossier `{id}`"))),
        _ => match engine.dossier(&DossierId::new(id)).await? {
            Some(dossier) => Ok(dossier),
            None => Err(Trouble::Usage(format!("several dossiers begin with `{id}`: write more of it"))),
        },
    }
}

/// The innermost active state that answers an event.
fn activation(dossier: &Dossier, machine: &Machine, event: &EventName) -> Result<ActivationId, Trouble> {
    let answers =
        |state: &crate::machine::State| state.on.iter().any(|transition| transition.event.as_ref() == Some(event));
    let active = dossier.active.iter().rev().find(|active| machine.state(&active.state).is_some_and(answers));
    active.map(|active| active.activation).ok_or_else(|| {
        let known: Vec<&str> = dossier
            .active
            .iter()
            .filter_map(|active| machine.state(&active.state))
            .flat_map(|state| &state.on)
            .filter(|transition| !transition.by.is_empty())
            .filter_map(|transition| transition.event.as_ref().map(EventName::as_str))
            .collect();
        let help = if known.is_empty() { "nobody is asked anything here".to_owned() } else { known.join(", ") };
        Trouble::Refused(format!("there is no event `{event}` here; ballots are cast by members only\n  help: {help}"))
    })
}

impl Content {
    fn fields(
        &self,
        engine: &Engine,
        machine: &Machine,
        language: &str,
    ) -> Result<BTreeMap<FieldName, serde_json::Value>, Trouble> {
        let directory = engine.directory();
        let mut fields = BTreeMap::new();
        for text in &self.fields {
            let (name, value) = pair(text)?;
            let field = machine.field(&FieldName::new(name)).ok_or_else(|| {
                let known: Vec<&str> = machine.fields.iter().map(|field| field.name.as_str()).collect();
                Trouble::Usage(format!("there is no field `{name}`\n  help: there are {}", known.join(", ")))
            })?;
            let value = import::value_of(&field.kind, value, machine, &directory)
                .map_err(|why| Trouble::Usage(format!("`{name}`: {}", why.text(language))))?;
            fields.insert(field.name.clone(), value);
        }
        Ok(fields)
    }

    fn papers(&self, engine: &Engine) -> Result<(Vec<Paper>, Vec<Attachment>), Trouble> {
        let (mut papers, mut attachments) = (Vec::new(), Vec::new());
        for text in &self.papers {
            let (kind, path) = pair(text)?;
            let path = PathBuf::from(path);
            let content = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
            let name = path.file_name().map_or_else(|| kind.to_owned(), |name| name.to_string_lossy().into_owned());
            let id = PaperId::new(engine.fresh_id());
            let (paper, attachment) = intake::paper(engine, id, kind, &name, content, engine.now())
                .map_err(|unfit| Trouble::Input(format!("`{}` is not taken: {unfit}", path.display())))?;
            papers.push(paper);
            attachments.push(attachment);
        }
        Ok((papers, attachments))
    }
}

fn pair(text: &str) -> Result<(&str, &str), Trouble> {
    text.split_once('=').ok_or_else(|| Trouble::Usage(format!("`{text}` is not of the form `name=value`")))
}
