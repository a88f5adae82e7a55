//! `chancery paper`: a paper that a workflow draws up itself, from a dossier as it stands.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::sources::unwritable;
use super::{Context, Trouble, act, helped, named, one_of};
use crate::diagnostic::say;
use crate::drafts::Desk;
use crate::service::Office;

/// What `paper` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery paper 3f2a\n  chancery paper 3f2a minutes --out minutes.html\n  \
                   chancery paper 3f2a minutes --language en --out minutes.html",
    after_help = "Without a kind, lists the papers that can be drawn up where the dossier stands. The page needs nothing beside \
                  it and prints on A4;\nit is drawn anew each time and shows everything, as to somebody who sees the whole \
                  dossier. Nothing is written into the dossier."
)]
pub(super) struct PaperArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    /// The kind of paper, by its name in the workflow.
    kind: Option<String>,
    /// Writes the page into this file, in place of printing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Offered<'a> {
    kind: &'a str,
    label: &'a str,
}

#[derive(Serialize)]
struct Drawn<'a> {
    kind: &'a str,
    html: &'a str,
}

/// Draws up a paper.
pub(super) async fn run(args: &PaperArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = act::find(engine, &args.dossier).await?;
    let machine = engine.machine(&dossier.machine).await?;
    let calendar = engine
        .calendar(&machine.calendar)
        .ok_or_else(|| Trouble::World(say!(trouble.no_calendar, calendar = machine.calendar)))?;
    let language = named::language(context, &machine);
    let directory = engine.directory();
    let desk = Desk {
        dossier: &dossier,
        machine: &machine,
        directory: &dossier.known_in(&directory),
        calendar: &calendar,
        language: &language,
        now: engine.now().max(dossier.last_at),
    };
    let offered = desk.drafts();
    let Some(kind) = &args.kind else {
        let all: Vec<Offered<'_>> = offered.iter().map(|(kind, label)| Offered { kind, label }).collect();
        context.printer.answer(&all, |printer| match offered.as_slice() {
            [] => printer.say(&say!(drawn.nothing)),
            offered => offered.iter().for_each(|(kind, label)| printer.line(format!("{kind}  {label}"))),
        });
        return Ok(());
    };
    let drawn = desk.draw(kind).map_err(|error| Trouble::World(error.to_string().into()))?;
    let Some(html) = drawn else {
        let known: Vec<&str> = offered.iter().map(|(kind, _)| *kind).collect();
        let help = if known.is_empty() { say!(drawn.none) } else { one_of(&known) };
        return Err(Trouble::Usage(helped(say!(drawn.not_this, kind), help)));
    };
    if let Some(file) = &args.out {
        std::fs::write(file, &html).map_err(|error| Trouble::World(unwritable(file, &error)))?;
    }
    context.printer.answer(&Drawn { kind, html: &html }, |printer| match &args.out {
        Some(file) => printer.say(&say!(drawn.there, kind, path = file.display().to_string())),
        None => printer.line(html.trim_end()),
    });
    Ok(())
}
