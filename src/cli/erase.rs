//! `chancery erase`: what is personal about somebody goes, as far as the office may let it go; what the record proves stays provable.

use clap::Args;

use super::{Context, Trouble, act, refused};
use crate::diagnostic::say;
use crate::dossier::command::Actor;
use crate::engine::Engine;
use crate::engine::forget::{Entry, Erasable};
use crate::ids::PersonId;
use crate::service::Office;
use crate::store::meta;
use crate::words::clean;

/// Erasures that are listed.
const LISTED: i64 = 1_000;
/// How often the write-ahead log is tried to be cleared while somebody reads.
const TRIES: u32 = 20;
const BETWEEN_TRIES: std::time::Duration = std::time::Duration::from_millis(250);

/// What `erase` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery erase AN --as VP-01 --reason \"request of 30 November 2026\"\n  \
                   chancery erase AN --as VP-01 --reason \"request of 30 November 2026\" --yes\n  chancery erase --list",
    after_help = "Without --yes nothing is done: what would go is shown, and what would stay. Dossiers that have not ended stand in the \
                  way, unless --open-too ends those that are about this person. The reason\nis kept for ever: name nobody in it. Backups made before still hold everything until they are \
                  deleted.\n\nExit status 5: shown and not done: --yes does it"
)]
pub(super) struct EraseArgs {
    /// Whom, by their code in the directory; whoever has none, by the id that dossiers have for them.
    #[arg(required_unless_present = "list")]
    person: Option<String>,
    /// On whose behalf, by their code in the directory.
    #[arg(long = "as", value_name = "CODE", required_unless_present = "list")]
    by: Option<String>,
    /// Why.
    #[arg(long, required_unless_present = "list")]
    reason: Option<String>,
    /// End open dossiers that are about them, and erase them as well.
    #[arg(long)]
    open_too: bool,
    /// Do it.
    #[arg(long)]
    yes: bool,
    /// Show who was erased, when and why.
    #[arg(long, conflicts_with_all = ["person", "by", "reason", "open_too", "yes"])]
    list: bool,
}

/// Shows what would go, or erases it.
pub(super) async fn run(args: &EraseArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let (Some(named), Some(by), Some(reason)) = (&args.person, &args.by, &args.reason) else {
        return list(engine, context).await;
    };
    let who = person(engine, named).await?;
    let plan = engine.erasable(&who).await?;
    show(&plan, args.open_too, context);
    let open = plan.open().count();
    if open > 0 && !args.open_too {
        return Err(Trouble::Refused(say!(erase.open, n = open)));
    }
    if plan.is_empty() && !is_unfinished(engine).await? {
        return Ok(());
    }
    if !args.yes {
        return Err(Trouble::Unconfirmed(say!(erase.unconfirmed)));
    }
    let actor = Actor::Operator { operator: context.environment.operator.clone(), person: act::person(engine, by)? };
    let done = match engine.erase(&who, &actor, &clean(reason), args.open_too).await {
        Ok(done) => done,
        Err(failure) => return Err(refused::trouble(failure, engine, context, "")),
    };
    if !scour(engine).await? {
        return Err(Trouble::World(say!(erase.unclear)));
    }
    let waits = done.open().count();
    if waits > 0 {
        return Err(Trouble::Refused(say!(erase.left, n = waits)));
    }
    if !context.printer.is_json() {
        context.printer.say(&say!(erase.done));
        left(engine, context);
    }
    Ok(())
}

/// A call that destroyed something did not come to its end: its traces may lie in the files.
pub(super) async fn is_unfinished(engine: &Engine) -> Result<bool, Trouble> {
    Ok(engine.store().meta(meta::SCOUR_DUE).await?.is_some())
}

/// Nothing of it is left in the files; a reader may stand in the way for a moment.
pub(super) async fn scour(engine: &Engine) -> Result<bool, Trouble> {
    for _ in 0..TRIES {
        if engine.store().scour().await? {
            engine.store().drop_meta(meta::SCOUR_DUE).await?;
            return Ok(true);
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    Ok(false)
}

/// Says where it is left.
pub(super) fn left(engine: &Engine, context: &Context) {
    let left = if engine.store().is_postgres() { say!(erase.vacuum) } else { say!(erase.backups) };
    context.printer.hint(&left);
}

/// Says how long backups hold it, and until when, if it goes now.
pub(super) fn backups(context: &Context) {
    let personal = &context.config.personal;
    if let Some(time) = &personal.backup_retention {
        context.printer.say(&say!(erase.retention, time));
    }
    if let Some(days) = personal.backup_days {
        let last = context.now().plus_ms(i64::from(days) * 86_400_000);
        context.printer.say(&say!(erase.until, day = last.to_string()[..10].to_owned()));
    }
}

/// Somebody whom the directory knows by a code, or for whom something is sealed under an id.
pub(super) async fn person(engine: &Engine, named: &str) -> Result<PersonId, Trouble> {
    if let Some(known) = engine.directory().person_by_code(named) {
        return Ok(known.id.clone());
    }
    let id = PersonId::new(named);
    let is_known = engine.directory().people.contains_key(&id) || !engine.store().concerned(&id).await?.is_empty();
    if is_known || engine.store().erasures(LISTED).await?.iter().any(|one| one.person == id) {
        return Ok(id);
    }
    Err(Trouble::Usage(say!(erase.nobody, named)))
}

fn show(plan: &Erasable, open_too: bool, context: &Context) {
    context.printer.answer(plan, |printer| {
        if plan.is_empty() {
            printer.say(&say!(erase.nothing));
        }
        for one in &plan.dossiers {
            let (dossier, workflow, caption) = (one.dossier.as_str(), &one.workflow, &one.caption);
            printer.say(&match (one.ended, one.whole) {
                (false, true) if open_too => say!(erase.ends, dossier, workflow, caption),
                (false, false) if open_too => say!(erase.waits, dossier, workflow, caption),
                (false, _) => say!(erase.is_open, dossier, workflow, caption),
                (true, true) => say!(erase.whole, dossier, workflow, caption),
                (true, false) => say!(erase.part, dossier, workflow, caption),
            });
        }
        if plan.papers > 0 {
            printer.say(&say!(erase.papers, n = plan.papers));
        }
        match plan.entry {
            Entry::None => {}
            Entry::Goes => printer.say(&say!(erase.entry)),
            Entry::Holds => printer.say(&say!(erase.entry_holds)),
            Entry::Asked => printer.say(&say!(erase.entry_asked)),
        }
        for (n, said) in [
            (plan.stays.register, say!(erase.register, n = plan.stays.register)),
            (plan.stays.numbers, say!(erase.numbers, n = plan.stays.numbers)),
            (plan.stays.mail_deeds, say!(erase.mail_deeds, n = plan.stays.mail_deeds)),
            (plan.stays.deeds, say!(erase.deeds, n = plan.stays.deeds)),
        ] {
            if n > 0 {
                printer.say(&said);
            }
        }
        if let Some(kept) = &context.config.personal.kept_because {
            printer.say(&say!(erase.because, why = kept));
        }
        backups(context);
    });
}

async fn list(engine: &Engine, context: &Context) -> Result<(), Trouble> {
    let erased = engine.store().erasures(LISTED).await?;
    let directory = engine.directory();
    context.printer.answer(&erased, |printer| {
        for one in &erased {
            let by = directory.people.get(&one.by).map_or(one.by.as_str(), |by| by.name.as_str());
            printer.line(format!("{}  {}  {}  {by}: {}", one.at, one.person, one.operator, one.reason));
        }
    });
    Ok(())
}
