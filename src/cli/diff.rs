//! `chancery diff`: two versions of a workflow beside each other, and the dossiers between them.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::{Context, Printer, Trouble, named};
use crate::diagnostic::{Words, say};
use crate::ids::StateId;
use crate::machine::differ::{Comparison, Course, How, compare};
use crate::service::Office;

/// What `diff` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery diff old/purchase.yaml new/purchase.yaml\n  \
                   chancery diff purchase workflows/purchase --database sqlite://office.db",
    after_help = "Says what differs, and what that means for a dossier by the state in which it stands: nothing, another rule \
                  now,\nanother rule later, or no place to stand at all; for those it proposes a mapping. With a database \
                  (--database, or\na workflow that is named as deployed) it counts the dossiers that stand there. Dossiers \
                  stay on the version on\nwhich they began: nothing is written.\n\nExit codes:\n  0  no difference\n  1  \
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
    /// How many dossiers stand where, if a database was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    dossiers: Option<BTreeMap<StateId, u64>>,
}

/// Compares them.
pub(super) async fn run(args: &DiffArgs, counts: bool, context: &Context) -> Result<(), Trouble> {
    let old = named::machine(&args.old, context).await?;
    let new = named::machine(&args.new, context).await?;
    let is_file = |name: &str| std::path::Path::new(name).exists();
    let dossiers = if counts || !is_file(&args.old) || !is_file(&args.new) {
        let office = Office::open(&context.config).await?;
        Some(super::diagram::by_state(office.engine.store().standing(&old.workflow).await?))
    } else {
        None
    };
    let answer = Answer { comparison: compare(&old, &new), dossiers };
    context.printer.answer(&answer, |printer| answer.show(printer));
    if answer.comparison.differences.is_empty() {
        return Ok(());
    }
    let n = answer.comparison.differences.len();
    Err(Trouble::Refused(say!(differ.count, n).text(context.printer.language())))
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
        let heads = [say!(differ.state), say!(differ.dossiers), say!(differ.course)].map(|head| head.text(language));
        printer.table(&heads.each_ref().map(String::as_str), &rows);
        self.mapping(printer);
    }

    fn row(&self, state: &StateId, course: &Course, language: &str) -> Vec<String> {
        let count =
            self.dossiers.as_ref().map_or_else(|| "-".to_owned(), |all| all.get(state).unwrap_or(&0).to_string());
        vec![state.to_string(), count, said(course).text(language)]
    }

    /// What a mapping would have to say.
    fn mapping(&self, printer: &Printer) {
        let stranded: Vec<(&StateId, &Option<StateId>)> = self
            .comparison
            .courses
            .iter()
            .filter_map(|(state, course)| match course {
                Course::Stranded { near } => Some((state, near)),
                _ => None,
            })
            .collect();
        if stranded.is_empty() {
            return;
        }
        printer.line("");
        printer.line(say!(differ.mapping).text(printer.language()));
        for (state, near) in stranded {
            printer.line(format!("  {state}: {}", near.as_ref().map_or("?", StateId::as_str)));
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
