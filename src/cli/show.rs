//! `chancery show` and `list`: where dossiers stand.

use clap::Args;
use serde::Serialize;

use super::{Context, Trouble, act};
use crate::directory::Directory;
use crate::dossier::event::{Change, Event};
use crate::dossier::{Dossier, Recipient};
use crate::engine::Undelivered;
use crate::ids::{Instant, PersonId};
use crate::machine::Machine;
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
struct Shown<'a> {
    dossier: &'a Dossier,
    said: &'a [Said],
    /// What it has told others and nobody has taken.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    undelivered: &'a [Undelivered],
    history: &'a [Event],
}

/// Shows one dossier: where it stands, who is asked, what was said, what happened.
pub(super) async fn show(args: &ShowArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = act::find(engine, &args.dossier).await?;
    let machine = engine.machine(&dossier.machine).await?;
    let directory = engine.directory();
    let said = engine.store().said(&dossier.id).await?;
    let history = engine.history(&dossier.id).await?;
    let undelivered = engine.undelivered(&dossier.id).await?;
    let shown = Shown { dossier: &dossier, said: &said, undelivered: &undelivered, history: &history };
    let calendar = engine.calendar(&machine.calendar);
    let zone = calendar.map_or(jiff::tz::TimeZone::UTC, |calendar| calendar.zone().clone());
    let lines = Lines { machine: &machine, directory: &directory, zone: &zone, lines: Vec::new() };
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
    context.printer.answer(&listed, |printer| {
        let ids: Vec<&str> = listed.iter().map(|one| one.id.as_str()).collect();
        let letters = telling(&ids);
        let rows: Vec<Vec<String>> = listed
            .iter()
            .map(|one| {
                let id: String = one.id.as_str().chars().take(letters).collect();
                let due = one.due_at.map_or_else(String::new, day);
                vec![
                    id,
                    one.workflow.clone(),
                    one.outcome.clone().unwrap_or_else(|| one.state.clone())
                        + if one.stuck_at.is_some() { " (STUCK)" } else { "" },
                    due,
                    one.caption.clone(),
                ]
            })
            .collect();
        printer.table(&["id", "workflow", "stands", "due", "called"], &rows);
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

/// The lines for people.
struct Lines<'a> {
    machine: &'a Machine,
    directory: &'a Directory,
    zone: &'a jiff::tz::TimeZone,
    lines: Vec<String>,
}

impl Lines<'_> {
    fn all(mut self, shown: &Shown<'_>) -> Vec<String> {
        let dossier = shown.dossier;
        self.lines.push(format!("{}  {}  {}", dossier.id, self.machine.title.own, dossier.caption));
        self.standing(dossier);
        for task in &dossier.tasks {
            let mut holders: Vec<String> = task.holders.iter().map(|person| self.name(person)).collect();
            holders.extend(
                task.stand_ins.iter().map(|one| format!("{} for {}", self.name(&one.person), self.name(&one.of))),
            );
            self.lines.push(format!("  asked   {} ({:?})", holders.join(", "), task.purpose));
        }
        for said in shown.said {
            let status = said.status.as_deref().unwrap_or(if said.needless { "needless" } else { "waits" });
            let person = self.name(&PersonId::new(&said.person));
            // What was accepted needs no words; whoever asks why a mail did not arrive wants the server's.
            let troubled = said.status.as_deref().is_some_and(|status| status != "accepted");
            let answer = said.answer.as_ref().filter(|_| troubled);
            let words = answer.map(|words| format!(": {words}")).unwrap_or_default();
            self.lines.push(format!(
                "  mail    {}  {}  {person}: {status}{words}",
                self.minute(said.not_before_at),
                said.kind
            ));
        }
        for one in shown.undelivered {
            let to = match &one.to {
                Recipient::Dossier(id) => id.to_string(),
                Recipient::New { workflow, .. } | Recipient::List { workflow, .. } => format!("a new {workflow}"),
            };
            let how = one.refused.as_ref().map_or_else(|| "is on its way".to_owned(), |why| format!("REFUSED: {why}"));
            self.lines.push(format!("  message to {to} {how}"));
        }
        for event in shown.history {
            self.event(event);
        }
        self.lines
    }

    fn standing(&mut self, dossier: &Dossier) {
        if let Some(outcome) = &dossier.outcome {
            self.lines.push(format!("  ended   {outcome}"));
        }
        for active in &dossier.active {
            let title = self.machine.state(&active.state).map_or("", |state| state.title.own.as_str());
            let due = active.due_at.map_or_else(String::new, |at| format!(", due {}", self.minute(at)));
            self.lines.push(format!("  stands  {} {title}{due}", active.state));
        }
        if let Some(stuck) = &dossier.stuck {
            let (since, again) = (self.minute(stuck.since_at), self.minute(stuck.again_at));
            let what = stuck.what.name();
            self.lines
                .push(format!("  STUCK   {what} cannot be done since {since}; tried {}x, again {again}", stuck.tries));
            self.lines.extend(stuck.reasons.iter().map(|reason| format!("            {reason}")));
        }
        if let Some(parent) = &dossier.parent {
            self.lines.push(format!("  parent  {} {}", parent.workflow, parent.dossier));
        }
        for child in &dossier.children {
            let result = child.result.as_deref().unwrap_or("-");
            self.lines.push(format!("  child   {}  {}  {}: {result}", child.dossier, child.children, child.caption));
        }
        for paused in &dossier.paused {
            self.lines.push(format!("  paused  {}", paused.state));
        }
        for ground in &dossier.grounds {
            self.lines.push(format!("  ground  {}", ground.text.own));
        }
    }

    fn event(&mut self, event: &Event) {
        let who = match event.actor.person() {
            Some(person) => {
                format!("{} {}", event.actor.header().split(':').next().unwrap_or_default(), self.name(person))
            }
            None => event.actor.header(),
        };
        self.lines.push(format!("{:>4}  {}  {:<9}  {who}", event.seq, self.minute(event.at), event.kind.name()));
        for change in &event.changes {
            let what = match change {
                Change::Did { event, reason, .. } => {
                    format!("{event}{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())
                }
                Change::Entered { state, .. } => format!("-> {state}"),
                Change::Migrated { machine, active, .. } => {
                    let hash = machine.as_str();
                    let states: Vec<&str> = active.iter().map(|one| one.state.as_str()).collect();
                    format!("version {} -> {}", &hash[..hash.len().min(12)], states.join(" > "))
                }
                Change::Done(deed) => match &deed.on_behalf {
                    Some(of) => format!("on behalf of {}", self.name(of)),
                    None => continue,
                },
                Change::Given { to, reason, .. } => {
                    let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                    format!("given to {}{why}", self.name(to))
                }
                Change::Added { person, reason, .. } => format!("asked too: {} ({reason})", self.name(person)),
                Change::Extended { due_at, reason, .. } => format!("put off to {}: {reason}", self.minute(*due_at)),
                Change::Moved { due_at, .. } => format!("the deadline moves to {}", self.minute(*due_at)),
                Change::Skipped { event, reason, .. } => format!("skipped, on by `{event}`: {reason}"),
                Change::Redone { reason, .. } => format!("done again: {reason}"),
                Change::Returned { round, .. } => format!("round {round}"),
                Change::GivenBack { .. } => "given back".to_owned(),
                Change::PassedOn { gone, come, .. } => {
                    let names = |all: &[PersonId]| all.iter().map(|one| self.name(one)).collect::<Vec<_>>().join(", ");
                    format!("passed on from {} to {}", names(gone), names(come))
                }
                Change::StandIns { stand_ins, .. } => {
                    let all =
                        stand_ins.iter().map(|one| format!("{} for {}", self.name(&one.person), self.name(&one.of)));
                    format!("asked in their place: {}", all.collect::<Vec<_>>().join(", "))
                }
                Change::Stuck(stuck) => {
                    let why: Vec<String> = stuck.reasons.iter().map(ToString::to_string).collect();
                    format!("{} cannot be done: {}", stuck.what.name(), why.join("; "))
                }
                Change::Reached(milestone) => format!("reached {milestone}"),
                Change::Finished(outcome) => format!("ended: {outcome}"),
                _ => continue,
            };
            self.lines.push(format!("      {what}"));
        }
    }

    /// On the wall clock of the workflow's calendar.
    fn minute(&self, at: Instant) -> String {
        self.zone.to_datetime(at.timestamp()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn name(&self, person: &PersonId) -> String {
        self.directory.people.get(person).map_or_else(|| format!("({person})"), |person| person.name.clone())
    }
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
