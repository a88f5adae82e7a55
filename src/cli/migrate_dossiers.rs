//! `chancery migrate-dossiers`: open dossiers go over to the deployed version of their workflow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::refused::Refusing;
use super::{Context, Printer, Trouble, helped, sources};
use crate::definition::plain;
use crate::diagnostic::{Words, nearest, say};
use crate::engine::Engine;
use crate::ids::{MachineHash, StateId, WorkflowName};
use crate::machine::mapping::Mapping;
use crate::service::Office;
use crate::service::migration::{Goer, Migration};

/// What `migrate-dossiers` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery deploy workflows/purchase\n  chancery migrate-dossiers purchase --mapping \
                   mapping.yaml\n  chancery migrate-dossiers purchase --mapping mapping.yaml --yes",
    after_help = "Dossiers stay on the version on which they began until this takes them over to the deployed one. The mapping \
                  says for\neach workflow which new state takes the place of an old one; states that are not named keep their \
                  names, and what\nlies inside a state goes with it:\n\n  purchase:\n    buying: acquiring\n\nFirst every open \
                  dossier is looked at and the answer shown. With --yes they then go over, one command each. If even\none \
                  of them may not, none does: its place is missing (where it stands, what is frozen, what a history \
                  remembers),\nor a deadline, a vote, answers of several or a place on a list would be lost. Deadlines \
                  keep their instants, votes\ntheir rolls and boxes; clocks that only the new version has begin then; \
                  nobody is asked twice, and whoever is not\nasked any more is told nothing. What was interrupted goes on \
                  when it is run again.\n\nExit codes:\n  0  all went over, or there were none\n  1  refused\n  5  shown \
                  and not done: --yes does it"
)]
pub(super) struct MigrateDossiersArgs {
    /// The workflows, by name (else those that the mapping names).
    #[arg(required_unless_present = "mapping")]
    workflows: Vec<String>,
    /// A YAML file: for each workflow, old states and the new ones that take their places.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Do it, if no dossier is refused.
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Answer {
    applied: bool,
    workflows: Vec<OfWorkflow>,
}

#[derive(Serialize)]
struct OfWorkflow {
    workflow: WorkflowName,
    version: MachineHash,
    dossiers: Vec<Line>,
}

/// One dossier.
#[derive(Serialize)]
struct Line {
    id: String,
    caption: String,
    from: MachineHash,
    stands: String,
    becomes: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
}

/// Refused dossiers that are told one by one to people.
const TOLD_MAX: usize = 20;

/// Looks at all of them, and takes them over if that is wanted and none is refused.
pub(super) async fn run(args: &MigrateDossiersArgs, context: &Context) -> Result<(), Trouble> {
    let mappings = args.mapping.as_deref().map(|path| read(path, context)).transpose()?.unwrap_or_default();
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let mut names: Vec<WorkflowName> = args.workflows.iter().map(WorkflowName::new).collect();
    if names.is_empty() {
        names.extend(mappings.keys().cloned());
    }
    let mut plans = Vec::new();
    for name in names {
        let mapping = mappings.get(&name).cloned().unwrap_or_default();
        let migration = migration(engine, &name, mapping, context).await?;
        let goers = look(engine, &migration, context).await?;
        plans.push((migration, goers));
    }
    let refused = plans.iter().flat_map(|(_, goers)| goers).filter(|goer| goer.refusal.is_some()).count();
    let all: usize = plans.iter().map(|(_, goers)| goers.len()).sum();
    if args.yes && refused == 0 {
        carry_out(engine, &mut plans, context).await?;
    }
    let late = plans.iter().flat_map(|(_, goers)| goers).filter(|goer| goer.refusal.is_some()).count();
    let directory = engine.directory();
    let refusing = Refusing::new(context, &directory, "");
    let workflows = plans.iter().map(|plan| of_workflow(plan, &refusing)).collect();
    let answer = Answer { applied: args.yes && refused == 0, workflows };
    context.printer.answer(&answer, |printer| answer.show(printer));
    match (refused, late) {
        (0, 0) if args.yes || all == 0 => Ok(()),
        (0, 0) => Err(Trouble::Unconfirmed(helped(say!(migration.can, n = all), say!(migration.yes)))),
        (0, n) => Err(Trouble::Refused(say!(migration.late, n, all))),
        (n, _) => Err(Trouble::Refused(say!(migration.none_may, n, all))),
    }
}

/// The mapping of each workflow in a file.
fn read(path: &Path, context: &Context) -> Result<BTreeMap<WorkflowName, Mapping>, Trouble> {
    let file = sources::read(path)?;
    let (value, faults) = plain(&file);
    if !faults.is_empty() {
        sources::show(&context.printer, &faults, std::slice::from_ref(&file));
    }
    let shape = || {
        let what = say!(migration.no_mapping_file, path = path.display().to_string());
        Trouble::Input(helped(what, say!(migration.write_so)))
    };
    let value = value.filter(|_| faults.is_empty()).ok_or_else(shape)?;
    serde_json::from_value(value).map_err(|_| shape())
}

/// The migration of one workflow; every name in its mapping is one that the versions know.
async fn migration(
    engine: &Engine,
    name: &WorkflowName,
    mapping: Mapping,
    context: &Context,
) -> Result<Migration, Trouble> {
    let to = engine.current(name).await?.ok_or_else(|| {
        let known: Vec<String> = engine.workflows().iter().map(ToString::to_string).collect();
        let what = say!(trouble.no_workflow, workflow = name.as_str());
        Trouble::Usage(helped(what, say!(trouble.deployed_are, known = known.join(", "))))
    })?;
    let new: BTreeSet<&str> = to.states.iter().map(|state| state.id.as_str()).collect();
    if let Some(state) = mapping.0.values().find(|state| !new.contains(state.as_str())) {
        let (workflow, state) = (name.as_str(), state.as_str());
        return Err(unknown(say!(migration.no_state_new, workflow, state), state, &new));
    }
    let migration = Migration { to: to.clone(), mapping, operator: context.environment.operator.clone() };
    let from: BTreeSet<MachineHash> = migration.wanted(engine).await?.into_iter().map(|(_, from)| from).collect();
    let mut older = Vec::new();
    for hash in &from {
        older.push(engine.machine(hash).await?);
    }
    let old: BTreeSet<&str> = older.iter().flat_map(|one| &one.states).map(|state| state.id.as_str()).collect();
    let strange = |state: &&StateId| !older.is_empty() && !old.contains(state.as_str());
    match migration.mapping.0.keys().find(strange) {
        Some(state) => {
            let (workflow, state) = (name.as_str(), state.as_str());
            Err(unknown(say!(migration.no_state_old, workflow, state), state, &old))
        }
        None => Ok(migration),
    }
}

fn unknown(what: Words, state: &str, known: &BTreeSet<&str>) -> Trouble {
    let near = nearest(state, known.iter().copied());
    let help = near.map_or_else(|| say!(migration.proposes), |near| say!(near.meant, near));
    Trouble::Input(helped(what, help))
}

/// What would become of each.
async fn look(engine: &Engine, migration: &Migration, context: &Context) -> Result<Vec<Goer>, Trouble> {
    let wanted = migration.wanted(engine).await?;
    let mut progress = context.printer.progress(&say!(progress.looking), wanted.len());
    let mut goers = Vec::with_capacity(wanted.len());
    for (id, _) in &wanted {
        goers.extend(migration.rehearse(engine, id).await?);
        progress.step();
    }
    Ok(goers)
}

async fn carry_out(engine: &Engine, plans: &mut [(Migration, Vec<Goer>)], context: &Context) -> Result<(), Trouble> {
    let all = plans.iter().map(|(_, goers)| goers.len()).sum();
    let mut progress = context.printer.progress(&say!(progress.going_over), all);
    for (migration, goers) in plans {
        for goer in goers {
            goer.refusal = migration.take(engine, goer).await?;
            progress.step();
        }
    }
    while engine.deliver().await? > 0 {}
    Ok(())
}

fn of_workflow((migration, goers): &(Migration, Vec<Goer>), refusing: &Refusing<'_>) -> OfWorkflow {
    let line = |goer: &Goer| Line {
        id: goer.dossier.to_string(),
        caption: goer.caption.clone(),
        from: goer.from.clone(),
        stands: goer.stands.clone(),
        becomes: goer.becomes.clone(),
        refused: goer.refusal.as_ref().map(|refusal| refusing.reasons(refusal)).unwrap_or_default(),
    };
    let (workflow, version) = (migration.to.workflow.clone(), migration.to.hash().clone());
    OfWorkflow { workflow, version, dossiers: goers.iter().map(line).collect() }
}

impl Answer {
    fn show(&self, printer: &Printer) {
        let language = printer.language();
        for one in &self.workflows {
            one.show(printer);
        }
        if self.applied {
            let went = self.workflows.iter().flat_map(|one| &one.dossiers).filter(|line| line.refused.is_empty());
            printer.line(say!(migration.done, n = went.count()).text(language));
        }
    }
}

impl OfWorkflow {
    fn show(&self, printer: &Printer) {
        let language = printer.language();
        if self.dossiers.is_empty() {
            return printer.line(say!(migration.nothing, workflow = self.workflow.as_str()).text(language));
        }
        let mut counts: BTreeMap<(&str, &str, &str), (u64, u64)> = BTreeMap::new();
        for line in &self.dossiers {
            let count = counts.entry((short(&line.from), &line.stands, &line.becomes)).or_default();
            count.0 += 1;
            count.1 += u64::from(!line.refused.is_empty());
        }
        let rows: Vec<Vec<String>> = counts
            .into_iter()
            .map(|((from, stands, becomes), (all, refused))| {
                let version = format!("{from} -> {}", short(&self.version));
                vec![version, stands.to_owned(), becomes.to_owned(), all.to_string(), refused.to_string()]
            })
            .collect();
        let heads = [
            say!(migration.version),
            say!(migration.stands),
            say!(migration.becomes),
            say!(migration.dossiers),
            say!(migration.refused),
        ]
        .map(|head| head.text(language));
        printer.line(&self.workflow);
        printer.table(&heads.each_ref().map(String::as_str), &rows);
        let refused: Vec<&Line> = self.dossiers.iter().filter(|line| !line.refused.is_empty()).collect();
        for line in refused.iter().take(TOLD_MAX) {
            printer.line(format!("{}  {}  {}", line.id, line.caption, line.refused.join("; ")));
        }
        if refused.len() > TOLD_MAX {
            printer.line(say!(migration.more, n = refused.len() - TOLD_MAX).text(language));
        }
    }
}

/// Enough of a hash to name it.
fn short(hash: &MachineHash) -> &str {
    &hash.as_str()[..hash.as_str().len().min(12)]
}
