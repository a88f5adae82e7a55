//! `chancery fmt`: the usual layout of workflow files.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Context, Trouble, helped, sources};
use crate::definition::layout::laid_out;
use crate::diagnostic::say;

/// What `fmt` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery fmt workflows\n  chancery fmt --check workflows/purchase/purchase.yaml",
    after_help = "Sections in one order, blocks indented by two columns, no spaces at the ends of lines, one blank line at most. \
                  What is\na matter of taste stays as its author wrote it: the order within a section, quotes, flow or block, \
                  columns that are\naligned. Comments stay with what they are about. What a file says never changes: one that \
                  cannot be read, or that\nwould say something else, is left alone and named.\n\nExit codes:\n  0  \
                  all files are laid out\n  1  --check found files that are not\n  3  a file cannot be laid out"
)]
pub(super) struct FmtArgs {
    /// Workflow files, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Change nothing; say which files would change.
    #[arg(long)]
    check: bool,
}

#[derive(Default, Serialize)]
struct Answer {
    /// Files whose layout changes.
    changed: Vec<String>,
    /// Files that are left alone because they cannot be laid out.
    left: Vec<String>,
}

/// Lays them out.
pub(super) fn run(args: &FmtArgs, context: &Context) -> Result<(), Trouble> {
    let mut answer = Answer::default();
    for path in sources::find(&args.paths)? {
        let file = sources::read(&path)?;
        match laid_out(&file) {
            None => answer.left.push(path.display().to_string()),
            Some(text) if text == file.text => {}
            Some(text) => {
                if !args.check {
                    std::fs::write(&path, text).map_err(|error| {
                        Trouble::World(say!(
                            trouble.unwritable,
                            path = path.display().to_string(),
                            why = error.to_string()
                        ))
                    })?;
                }
                answer.changed.push(path.display().to_string());
            }
        }
    }
    context.printer.answer(&answer, |printer| answer.changed.iter().for_each(|name| printer.line(name)));
    if !answer.left.is_empty() {
        let names = answer.left.join(", ");
        return Err(Trouble::Input(helped(say!(layout.cannot, names), say!(layout.why))));
    }
    match answer.changed.len() {
        n if args.check && n > 0 => Err(Trouble::Refused(say!(layout.not_yet, n))),
        _ => Ok(()),
    }
}
