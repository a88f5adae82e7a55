//! `chancery show` and `list`: where dossiers stand.

use clap::Args;
use serde::Serialize;

use super::refused::Refusing;
use super::shown::Lines;
use super::{Context, Trouble, act, named};
use crate::diagnostic::say;
use crate::dossier::Dossier;
use crate::dossier::event::Event;
use crate::engine::Undelivered;
use crate::ids::Instant;
use crate::service::Office;
use crate::store::listing::{Filter, Said};

/// What `show` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery show 3f2a\n  chancery show 3f2a --format json")]
pub(super) struct ShowArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
}

/// What `list` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery list --open\n  chancery list --workflow purchase --state done")]
pub(super) struct ListArgs {
    /// Only of this workflow.
    #[arg(long)]
    workflow: Option<String>,
    /// Only in this state (its full path).
    #[arg(long)]
    state: Option<String>,
    /// Only those that have not ended.
    #[arg(long)]
    open: bool,
    /// Only those in which something is due that cannot be done.
    #[arg(long)]
    stuck: bool,
    /// So many at most.
    #[arg(long, default_value_t = 1000)]
    limit: i64,
}

#[derive(Serialize)]
pub(super) struct Shown<'a> {
    pub(super) dossier: &'a Dossier,
    pub(super) said: &'a [Said],
    /// What it has told others and nobody has taken.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) undelivered: &'a [Undelivered],
    pub(super) history: &'a [Event],
}

/// Shows one dossier: where it stands, who is asked, what was said, what happened.
pub(super) async fn show(args: &ShowArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = act::find(engine, &args.dossier).await?;
    let machine = engine.machine(&dossier.machine).await?;
    let directory = engine.directory();
    let directory = dossier.known_in(&directory);
    let said = engine.store().said(&dossier.id).await?;
    let history = engine.history(&dossier.id).await?;
    let undelivered = engine.undelivered(&dossier.id).await?;
    let shown = Shown { dossier: &dossier, said: &said, undelivered: &undelivered, history: &history };
    let calendar = engine.calendar(&machine.calendar);
    let zone = calendar.map_or(jiff::tz::TimeZone::UTC, |calendar| calendar.zone().clone());
    let lines = Lines {
        machine: &machine,
        directory: &directory,
        zone: &zone,
        language: context.printer.language(),
        titles: named::language(context, &machine),
        refusing: Refusing::new(context, &directory, ""),
    };
    context.printer.answer(&shown, |printer| {
        for line in lines.all(&shown) {
            printer.line(line);
        }
    });
    Ok(())
}

/// Letters of an id that are shown at least.
const ID_LETTERS: usize = 8;

/// Lists dossiers.
pub(super) async fn list(args: &ListArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let (workflow, state) = (args.workflow.clone(), args.state.clone());
    let filter = Filter { workflow, state, open: args.open, stuck: args.stuck };
    let listed = office.engine.store().list(&filter, args.limit).await?;
    let language = context.printer.language();
    context.printer.answer(&listed, |printer| {
        let ids: Vec<&str> = listed.iter().map(|one| one.id.as_str()).collect();
        let letters = telling(&ids);
        let rows: Vec<Vec<String>> = listed
            .iter()
            .map(|one| {
                let id: String = one.id.as_str().chars().take(letters).collect();
                let due = one.due_at.map_or_else(String::new, day);
                let stands = one.outcome.clone().unwrap_or_else(|| one.state.clone());
                let stuck = one.stuck_at.map(|_| say!(listing.stuck, stands).text(language));
                vec![id, one.workflow.clone(), stuck.unwrap_or(stands), due, one.caption.clone()]
            })
            .collect();
        let heads =
            [say!(listing.id), say!(listing.workflow), say!(listing.stands), say!(listing.due), say!(listing.called)];
        let heads = heads.map(|head| head.text(language));
        printer.table(&heads.each_ref().map(String::as_str), &rows);
    });
    Ok(())
}

/// How many letters tell these ids apart: they begin with the time, so dossiers of one minute begin alike.
pub(super) fn telling(ids: &[&str]) -> usize {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    let alike = |pair: &[&str]| pair[0].chars().zip(pair[1].chars()).take_while(|(one, other)| one == other).count();
    sorted.windows(2).map(|pair| alike(pair) + 1).max().unwrap_or_default().max(ID_LETTERS)
}

fn day(at: Instant) -> String {
    at.timestamp().strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::telling;

    #[test]
    fn listed_ids_are_cut_where_they_differ_and_never_too_short() {
        assert_eq!(telling(&[]), 8);
        assert_eq!(telling(&["23ocbr6xovrj", "9"]), 8);
        assert_eq!(telling(&["23ocbr6xqbsr", "23ocbr6xovrj", "23ocbr6xov2k"]), 11);
    }
}
