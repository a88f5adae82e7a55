//! `chancery diagram`: the statechart of a workflow as a picture, with what stands where.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use jiff::tz::TimeZone;

use super::{Context, Format, Trouble, act, named};
use crate::chart::{Graph, Ink, Marks, Picture, dot, mermaid, phrases};
use crate::diagnostic::say;
use crate::ids::{Language, StateId};
use crate::machine::Machine;
use crate::service::Office;
use crate::words::{Phrases, Words};

/// What `diagram` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery diagram workflows/purchase > purchase.svg\n  \
                   chancery diagram purchase --database sqlite://office.db > now.svg\n  \
                   chancery diagram --dossier 3f2a > way.svg\n  \
                   chancery diagram workflows/purchase --format mermaid --language en",
    after_help = "The main way runs straight from left to right; by-ways lie above it, returns below, ends at the right edge. \
                  A way\nthat several transitions share is one line. Black on white, without colours: it can be printed.\n\n\
                  With a database (--database, or a workflow that is named as deployed) each state shows how many dossiers \
                  stand\nthere; with --dossier where that one stands (filled), was (dark) and may yet come to (light)."
)]
pub(super) struct DiagramArgs {
    /// A workflow file, a folder with one, the name of a deployed workflow, or the beginning of a version's hash.
    #[arg(required_unless_present = "dossier", conflicts_with = "dossier")]
    workflow: Option<String>,
    /// The way of one dossier: its id, or the beginning of it.
    #[arg(long, value_name = "ID")]
    dossier: Option<String>,
}

/// Formats that `diagram` answers in.
pub(super) const FORMATS: &[Format] = &[Format::Svg, Format::Mermaid, Format::Dot];

/// Draws it.
pub(super) async fn run(args: &DiagramArgs, counts: bool, context: &Context) -> Result<(), Trouble> {
    let drawn = match (&args.dossier, &args.workflow) {
        (Some(id), _) => of_dossier(id, context).await?,
        (None, Some(workflow)) => of_workflow(workflow, counts, context).await?,
        (None, None) => return Err(Trouble::Usage(say!(trouble.what_to_draw))),
    };
    let language = named::language(context, &drawn.machine);
    let phrases = phrases(language.as_str());
    let graph = Graph::new(&drawn.machine, &language);
    let text = match context.printer.format() {
        Format::Mermaid => mermaid(&graph, phrases, &drawn.marks),
        Format::Dot => dot(&graph, phrases, &drawn.marks),
        _ => drawn.picture(&graph, phrases, &language),
    };
    context.printer.line(text.trim_end());
    Ok(())
}

/// What is drawn.
struct Drawn {
    machine: Arc<Machine>,
    marks: Marks,
    below: String,
    zone: TimeZone,
}

impl Drawn {
    fn picture(&self, graph: &Graph, phrases: &Phrases, language: &Language) -> String {
        let words = Words::of(language.as_str());
        let picture = Picture { phrases, words, zone: &self.zone, ink: Ink::PAPER, below: &self.below };
        picture.svg(graph, &self.marks)
    }
}

async fn of_workflow(workflow: &str, counts: bool, context: &Context) -> Result<Drawn, Trouble> {
    let machine = named::machine(workflow, context).await?;
    let marks = if counts || !std::path::Path::new(workflow).exists() {
        let office = Office::open(&context.config).await?;
        let standing = office.engine.store().standing(&machine.workflow).await?;
        Marks::counted(by_state(standing))
    } else {
        Marks::default()
    };
    Ok(Drawn { machine, marks, below: String::new(), zone: TimeZone::UTC })
}

/// A dossier in several regions stands in a state of each.
pub(super) fn by_state(standing: BTreeMap<String, u64>) -> BTreeMap<StateId, u64> {
    let mut counts = BTreeMap::new();
    for (states, count) in standing {
        for state in states.split(" + ") {
            *counts.entry(StateId::new(state)).or_insert(0) += count;
        }
    }
    counts
}

async fn of_dossier(id: &str, context: &Context) -> Result<Drawn, Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = act::find(engine, id).await?;
    let machine = engine.machine(&dossier.machine).await?;
    let events = engine.history(&dossier.id).await?;
    let zone = engine.calendar(&machine.calendar).map_or(TimeZone::UTC, |calendar| calendar.zone().clone());
    Ok(Drawn { machine, marks: Marks::of(&dossier, &events), below: dossier.caption, zone })
}
