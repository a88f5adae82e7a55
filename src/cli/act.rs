//! `chancery start` and `act`: what an operator does on behalf of a person, and recorded as that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::refused;
use super::sources::unreadable;
use super::{Context, Trouble, helped};
use crate::diagnostic::{Words, say};
use crate::dossier::command::{Act, Actor, Ask, Command, Correct, Start};
use crate::dossier::{Dossier, Paper, Purpose, Task};
use crate::engine::{Attachment, Engine, intake};
use crate::ids::{ActivationId, DossierId, EventName, FieldName, OperationId, PaperId, PersonId, WorkflowName};
use crate::import;
use crate::machine::Machine;
use crate::service::Office;

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

/// What `assign` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery assign 3f2a BINH --as AN --reason \"AN is ill\"")]
pub(super) struct AssignArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    /// Who is given the task, by their code in the directory; whoever is named by --as themselves takes it over.
    to: String,
    /// Who gives it: whoever leads the step, or has the task and may hand it over.
    #[arg(long = "as", value_name = "CODE")]
    person: String,
    /// Whose part is given, where several people have one each.
    #[arg(long, value_name = "CODE")]
    from: Option<String>,
    /// The state, where the dossier asks for several things at once.
    #[arg(long)]
    state: Option<String>,
    /// Why; needed once somebody has had it.
    #[arg(long)]
    reason: Option<String>,
}

/// What `add` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery add 3f2a CHI --as AN --reason \"knows the site\"")]
pub(super) struct AddArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    /// Who is asked too, by their code in the directory.
    person: String,
    #[command(flatten)]
    led: Led,
}

/// What `extend` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery extend 3f2a 2026-07-10 --as AN --reason \"the quote is late\"")]
pub(super) struct ExtendArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    /// The new last day.
    until: jiff::civil::Date,
    #[command(flatten)]
    led: Led,
}

/// What `skip` and `redo` are told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery skip 3f2a --as AN --reason \"answered by telephone\"\n  chancery redo 3f2a --as AN \
                   --reason \"the figures were replaced\""
)]
pub(super) struct StepArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    #[command(flatten)]
    led: Led,
}

/// What whoever leads a step says besides.
#[derive(Debug, Args)]
struct Led {
    /// Who leads the step.
    #[arg(long = "as", value_name = "CODE")]
    leader: String,
    /// The state, where the dossier asks for several things at once.
    #[arg(long)]
    state: Option<String>,
    /// Why.
    #[arg(long)]
    reason: String,
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
        .ok_or_else(|| Trouble::Usage(say!(trouble.no_workflow, workflow = workflow.as_str())))?;
    let (papers, attachments) = args.content.papers(engine)?;
    let ask = Ask::Start(Start {
        machine: machine.hash().clone(),
        fields: args.content.fields(engine, &machine)?,
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
        fields: args.content.fields(engine, &machine)?,
        papers,
        reason: args.reason.clone(),
        rows: BTreeMap::new(),
        seen: None,
    });
    hand_in(engine, dossier.id, &args.person, ask, attachments, context).await
}

/// Gives a task to somebody.
pub(super) async fn assign(args: &AssignArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = find(engine, &args.dossier).await?;
    let activation = task(&dossier, args.state.as_deref())?;
    let from = args.from.as_ref().map(|code| person(engine, code)).transpose()?;
    let ask = if args.to == args.person {
        Ask::Claim { activation }
    } else {
        Ask::Assign { activation, from, to: person(engine, &args.to)?, reason: args.reason.clone() }
    };
    hand_in(engine, dossier.id, &args.person, ask, Vec::new(), context).await
}

/// Asks one more person.
pub(super) async fn add(args: &AddArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = find(engine, &args.dossier).await?;
    let activation = task(&dossier, args.led.state.as_deref())?;
    let ask = Ask::Add { activation, person: person(engine, &args.person)?, reason: args.led.reason.clone() };
    hand_in(engine, dossier.id, &args.led.leader, ask, Vec::new(), context).await
}

/// Puts a deadline off.
pub(super) async fn extend(args: &ExtendArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = find(engine, &args.dossier).await?;
    let activation = task(&dossier, args.led.state.as_deref())?;
    let ask = Ask::Extend { activation, until: args.until, reason: args.led.reason.clone() };
    hand_in(engine, dossier.id, &args.led.leader, ask, Vec::new(), context).await
}

/// Goes on without a step.
pub(super) async fn skip(args: &StepArgs, context: &Context) -> Result<(), Trouble> {
    step(args, context, |activation, reason| Ask::Skip { activation, reason }).await
}

/// Has a step done again.
pub(super) async fn redo(args: &StepArgs, context: &Context) -> Result<(), Trouble> {
    step(args, context, |activation, reason| Ask::Redo { activation, reason }).await
}

async fn step(args: &StepArgs, context: &Context, ask: impl Fn(ActivationId, String) -> Ask) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = find(engine, &args.dossier).await?;
    let activation = task(&dossier, args.led.state.as_deref())?;
    let ask = ask(activation, args.led.reason.clone());
    hand_in(engine, dossier.id, &args.led.leader, ask, Vec::new(), context).await
}

/// The entry that asks somebody to act; in this state, if one is named.
fn task(dossier: &Dossier, state: Option<&str>) -> Result<ActivationId, Trouble> {
    let of_state = |task: &&Task| {
        let entry = dossier.entry(task.activation).map(|entry| entry.state.as_str());
        task.purpose == Purpose::Act && state.is_none_or(|state| entry == Some(state))
    };
    let tasks: Vec<&Task> = dossier.tasks.iter().filter(of_state).collect();
    match tasks[..] {
        [task] => Ok(task.activation),
        [] => Err(Trouble::Refused(say!(act.nobody_there))),
        _ => Err(Trouble::Usage(say!(act.which_state, states = dossier.stands()))),
    }
}

pub(super) fn person(engine: &Engine, code: &str) -> Result<PersonId, Trouble> {
    let directory = engine.directory();
    let known = directory.person_by_code(code);
    known.map(|person| person.id.clone()).ok_or_else(|| Trouble::Usage(say!(trouble.no_person, code)))
}

/// Puts right what was submitted.
pub(super) async fn correct(args: &CorrectArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = find(engine, &args.dossier).await?;
    let machine = engine.machine(&dossier.machine).await?;
    let (papers, attachments) = args.content.papers(engine)?;
    let fields = args.content.fields(engine, &machine)?;
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
    let person = person(engine, code)?;
    let command = Command {
        operation: OperationId::new(format!("cli:{}", engine.fresh_id())),
        dossier,
        actor: Actor::Operator { operator: context.environment.operator.clone(), person },
        ask,
    };
    let refused = |failure| refused::trouble(failure, engine, context, code);
    let done = engine.handle(command, attachments).await.map_err(refused)?;
    while engine.deliver().await? > 0 {}
    let answer = serde_json::json!({ "dossier": done.dossier, "seq": done.seq, "state": done.state });
    context.printer.answer(&answer, |printer| printer.line(format!("{}  {}", done.dossier, done.state)));
    Ok(())
}

/// The dossier of an id, or of the beginning of one.
pub(super) async fn find(engine: &Engine, id: &str) -> Result<Dossier, Trouble> {
    let found = engine.store().begins_with(id).await?;
    match found.as_slice() {
        [one] => engine.dossier(one).await?.ok_or_else(|| Trouble::Usage(say!(trouble.no_dossier, id))),
        [] => Err(Trouble::Usage(say!(trouble.no_dossier, id))),
        _ => match engine.dossier(&DossierId::new(id)).await? {
            Some(dossier) => Ok(dossier),
            None => Err(Trouble::Usage(say!(trouble.several_dossiers, id))),
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
        let help = match known[..] {
            _ if event.as_str() == "correct" => say!(act.correct, dossier = dossier.id.as_str()),
            [] => say!(act.nobody),
            _ => Words::plain(known.join(", ")),
        };
        Trouble::Refused(helped(say!(act.no_event, event = event.as_str()), help))
    })
}

impl Content {
    fn fields(&self, engine: &Engine, machine: &Machine) -> Result<BTreeMap<FieldName, serde_json::Value>, Trouble> {
        let directory = engine.directory();
        let mut fields = BTreeMap::new();
        for text in &self.fields {
            let (name, value) = pair(text)?;
            let field = machine.field(&FieldName::new(name)).ok_or_else(|| {
                let known: Vec<&str> = machine.fields.iter().map(|field| field.name.as_str()).collect();
                Trouble::Usage(helped(say!(trouble.no_field, name), say!(trouble.there_are, known = known.join(", "))))
            })?;
            let value = import::value_of(&field.kind, value, machine, &directory)
                .map_err(|why| Trouble::Usage(say!(trouble.at, place = name, why)))?;
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
            let (paper, attachment) =
                intake::paper(engine, id, kind, &name, content, engine.now()).map_err(|unfit| {
                    Trouble::Input(say!(act.not_taken, path = path.display().to_string(), why = unfit.to_string()))
                })?;
            papers.push(paper);
            attachments.push(attachment);
        }
        Ok((papers, attachments))
    }
}

fn pair(text: &str) -> Result<(&str, &str), Trouble> {
    text.split_once('=').ok_or_else(|| Trouble::Usage(say!(trouble.no_pair, text)))
}
