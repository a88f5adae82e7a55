//! `chancery retain`: what need not be kept any longer goes; that it was there, when, and that nobody changed it stays provable.

use std::collections::BTreeSet;

use clap::Args;

use super::{Context, Trouble, act, erase, refused};
use crate::diagnostic::say;
use crate::dossier::command::Actor;
use crate::engine::expire::Expirable;
use crate::service::Office;

/// Dossiers in one call.
const MAX: usize = 1_000;

/// What `retain` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery retain\n  chancery retain --as VP-01 --yes\n  chancery retain 3f2a 77c1 --as VP-01 --yes",
    after_help = "How long dossiers are kept stands in their workflow (`retention`); of one that says nothing, everything is kept. Without --yes \
                  nothing is done:\nwhat would go is shown. Backups made before still hold everything until they are deleted.\n\nExit status 5: shown \
                  and not done: --yes does it"
)]
pub(super) struct RetainArgs {
    /// Only these dossiers, by the beginnings of their ids.
    dossiers: Vec<String>,
    /// On whose behalf, by their code in the directory.
    #[arg(long = "as", value_name = "CODE", required_if_eq("yes", "true"))]
    by: Option<String>,
    /// Do it.
    #[arg(long)]
    yes: bool,
}

/// Shows what would go, or destroys it.
pub(super) async fn run(args: &RetainArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let mut over = engine.expirable(MAX).await?;
    if !args.dossiers.is_empty() {
        let mut wanted = BTreeSet::new();
        for id in &args.dossiers {
            let dossier = act::find(engine, id).await?.id;
            if !over.iter().any(|one| one.dossier == dossier) {
                return Err(Trouble::Refused(say!(retain.still_kept, dossier = dossier.as_str())));
            }
            wanted.insert(dossier);
        }
        over.retain(|one| wanted.contains(&one.dossier));
    }
    show(&over, context);
    let goes: Vec<&Expirable> = over.iter().filter(|one| one.waits_for.is_none()).collect();
    if goes.is_empty() && !erase::is_unfinished(engine).await? {
        return Ok(());
    }
    let (Some(by), true) = (&args.by, args.yes) else { return Err(Trouble::Unconfirmed(say!(retain.unconfirmed))) };
    let actor = Actor::Operator { operator: context.environment.operator.clone(), person: act::person(engine, by)? };
    let mut progress = context.printer.progress(&say!(progress.destroying), goes.len());
    for one in &goes {
        if let Err(failure) = engine.expire(one, &actor).await {
            return Err(refused::trouble(failure, engine, context, one.dossier.as_str()));
        }
        progress.step();
    }
    drop(progress);
    if !erase::scour(engine).await? {
        return Err(Trouble::World(say!(retain.unclear)));
    }
    if !context.printer.is_json() {
        context.printer.say(&say!(retain.done, n = goes.len()));
        erase::left(engine, context);
    }
    Ok(())
}

fn show(over: &[Expirable], context: &Context) {
    context.printer.answer(&over, |printer| {
        if over.is_empty() {
            printer.say(&say!(retain.nothing));
            return;
        }
        for one in over {
            let (dossier, workflow, caption) = (one.dossier.as_str(), one.workflow.as_str(), one.caption.as_str());
            let basis = one.kept.basis.as_ref().map_or("-", |basis| basis.own()).to_owned();
            let (ended, until, years) = (one.ended.to_string(), one.until.to_string(), one.kept.years);
            printer.say(&match &one.waits_for {
                None => say!(retain.goes, dossier, workflow, caption, ended, until, years, basis),
                Some(parent) => say!(retain.waits, dossier, workflow, caption, parent = parent.as_str()),
            });
        }
        let papers: usize = over.iter().filter(|one| one.waits_for.is_none()).map(|one| one.papers).sum();
        if papers > 0 {
            printer.say(&say!(retain.papers, n = papers));
        }
        if over.len() == MAX {
            printer.say(&say!(retain.more, n = MAX));
        }
        printer.say(&say!(retain.stays));
        erase::backups(context);
    });
}
