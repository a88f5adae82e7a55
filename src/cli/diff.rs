//! `chancery diff`: two versions of a workflow beside each other, and the dossiers between them.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::{Context, Printer, Trouble, named};
use crate::diagnostic::{Words, say};
use crate::ids::{DossierId, MachineHash, StateId};
use crate::machine::differ::{Comparison, Course, How, compare};
use crate::service::Office;
use crate::service::migration::{Live, live};

/// What `diff` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery diff old/purchase.yaml new/purchase.yaml\n  \
                   chancery diff purchase workflows/purchase --database sqlite://office.db",
    after_help = "Says what differs, and what that means for a dossier by the state in which it stands: nothing, another rule \
                  now,\nanother rule later, or no place to stand at all; for those it proposes a mapping. With a database \
                  (--database, or\na workflow that is named as deployed) it counts the open dossiers of the \
                  older version that stand there, are frozen\nthere or may go back there, and lists those that would have \
                  nowhere to stand. Nothing is written: dossiers stay\non their version until `migrate-dossiers` takes \
                  them over.\n\nExit codes:\n  0  no difference\n  1  \
                  differences were found"
)]
pub(super) struct DiffArgs {
    /// The older version: a workflow file, a folder with one, the name of a deployed workflow, or the beginning of a hash.
    old: String,
    /// The newer version, named in the same ways.
    new: String,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    comparison: Comparison,
    /// The open dossiers of the older version, if a database was asked.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    live: Option<Counted>,
    /// The states for which a mapping is needed, each with the new one that may be meant.
    mapping: BTreeMap<StateId, Option<StateId>>,
}

/// The open dossiers of the older version.
#[derive(Serialize)]
struct Counted {
    /// How many stand in each state.
    dossiers: BTreeMap<StateId, u64>,
    /// In how many a state is frozen.
    frozen: BTreeMap<StateId, u64>,
    /// How many may go back to a state by a history.
    remembered: BTreeMap<StateId, u64>,
    /// Those that would have nowhere to stand.
    stranded: Vec<Lost>,
    /// How many follow still other versions.
    others: BTreeMap<MachineHash, u64>,
}

/// A dossier that would have nowhere to stand.
#[derive(Serialize)]
struct Lost {
    id: DossierId,
    caption: String,
    /// The states that it needs.
    states: Vec<StateId>,
}

/// Stranded dossiers that are told one by one to people.
const TOLD_MAX: usize = 20;

/// Compares them.
pub(super) async fn run(args: &DiffArgs, counts: bool, context: &Context) -> Result<(), Trouble> {
    let old = named::machine(&args.old, context).await?;
    let new = named::machine(&args.new, context).await?;
    let is_file = |name: &str| std::path::Path::new(name).exists();
    let live = if counts || !is_file(&args.old) || !is_file(&args.new) {
        let office = Office::open(&context.config).await?;
        let mut progress = None;
        let mut step =
            |all: usize| progress.get_or_insert_with(|| context.printer.progress(&say!(progress.looking), all)).step();
        Some(counted(live(&office.engine, (&old, &new), &mut step).await?))
    } else {
        None
    };
    let comparison = compare(&old, &new);
    let mapping = mapping(&comparison, live.as_ref());
    let answer = Answer { comparison, live, mapping };
    context.printer.answer(&answer, |printer| answer.show(printer));
    if answer.comparison.differences.is_empty() {
        return Ok(());
    }
    let n = answer.comparison.differences.len();
    Err(Trouble::Refused(say!(differ.count, n)))
}

fn counted(live: Live) -> Counted {
    let lost = |(id, caption, states)| Lost { id, caption, states };
    Counted {
        dossiers: live.standing,
        frozen: live.frozen,
        remembered: live.remembered,
        stranded: live.stranded.into_iter().map(lost).collect(),
        others: live.others,
    }
}

/// What a mapping must say: for the states that are gone, and for those that a dossier needs besides.
fn mapping(comparison: &Comparison, live: Option<&Counted>) -> BTreeMap<StateId, Option<StateId>> {
    let mut needed: BTreeMap<StateId, Option<StateId>> = BTreeMap::new();
    for (state, course) in &comparison.courses {
        if let Course::Stranded { near } = course {
            needed.insert(state.clone(), near.clone());
        }
    }
    for state in live.iter().flat_map(|live| &live.stranded).flat_map(|lost| &lost.states) {
        needed.entry(state.clone()).or_insert(None);
    }
    needed
}

impl Answer {
    fn show(&self, printer: &Printer) {
        let language = printer.language();
        if self.comparison.differences.is_empty() {
            return printer.line(say!(differ.none).text(language));
        }
        for one in &self.comparison.differences {
            let how = match one.how {
                How::New => "+",
                How::Gone => "-",
                How::Changed => "~",
            };
            let keys = if one.keys.is_empty() { String::new() } else { format!(": {}", one.keys.join(", ")) };
            printer.line(format!("{how} {}.{}{keys}", one.section, one.name));
        }
        printer.line("");
        let rows: Vec<Vec<String>> =
            self.comparison.courses.iter().map(|(state, course)| self.row(state, course, language)).collect();
        let heads = [
            say!(differ.state),
            say!(differ.dossiers),
            say!(differ.frozen),
            say!(differ.remembered),
            say!(differ.course),
        ]
        .map(|head| head.text(language));
        printer.table(&heads.each_ref().map(String::as_str), &rows);
        if let Some(live) = &self.live {
            live.show(printer);
        }
        if !self.mapping.is_empty() {
            printer.line("");
            printer.line(say!(differ.mapping).text(language));
            for (state, near) in &self.mapping {
                printer.line(format!("  {state}: {}", near.as_ref().map_or("?", StateId::as_str)));
            }
        }
    }

    fn row(&self, state: &StateId, course: &Course, language: &str) -> Vec<String> {
        let count = |of: fn(&Counted) -> &BTreeMap<StateId, u64>| {
            self.live.as_ref().map_or_else(|| "-".to_owned(), |live| of(live).get(state).unwrap_or(&0).to_string())
        };
        let course = said(course).text(language);
        vec![
            state.to_string(),
            count(|all| &all.dossiers),
            count(|all| &all.frozen),
            count(|all| &all.remembered),
            course,
        ]
    }
}

impl Counted {
    fn show(&self, printer: &Printer) {
        let language = printer.language();
        if !self.stranded.is_empty() {
            printer.line("");
            printer.line(say!(differ.lost).text(language));
        }
        for lost in self.stranded.iter().take(TOLD_MAX) {
            let states: Vec<&str> = lost.states.iter().map(StateId::as_str).collect();
            printer.line(format!("  {}  {}  {}", lost.id, lost.caption, states.join(", ")));
        }
        if self.stranded.len() > TOLD_MAX {
            printer.line(say!(migration.more, n = self.stranded.len() - TOLD_MAX).text(language));
        }
        if !self.others.is_empty() {
            let n: u64 = self.others.values().sum();
            let versions: Vec<&str> =
                self.others.keys().map(|hash| &hash.as_str()[..hash.as_str().len().min(12)]).collect();
            printer.line("");
            printer.line(say!(differ.others, n, versions = versions.join(", ")).text(language));
        }
    }
}

fn said(course: &Course) -> Words {
    match course {
        Course::Same => say!(differ.same),
        Course::Now { keys } => say!(differ.now, keys = keys.join(", ")),
        Course::Later { state } => say!(differ.later, state = state.as_str()),
        Course::Stranded { .. } => say!(differ.stranded),
    }
}
