//! `chancery schema`: what editors need to help with the files of an office.

use clap::{Args, ValueEnum};

use super::Context;
use crate::definition::schema::{Of, schema};

/// What `schema` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery schema --language vi > workflow.schema.json\n\nThen the first line of a workflow says: \
                   # yaml-language-server: $schema=workflow.schema.json",
    after_help = "A JSON Schema (2020-12) of language level 1. Editors that know it complete keys, underline what cannot be, \
                  and\nsay what a key means where the pointer rests, in the language that is asked for. `check` knows much \
                  more: names,\ntypes of formulas, ways that lead nowhere."
)]
pub(super) struct SchemaArgs {
    /// Which sort of file.
    #[arg(long, value_enum, default_value_t = Sort::Workflow, value_name = "SORT")]
    of: Sort,
}

/// A sort of file, as it is named on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Workflow,
    Calendar,
    Directory,
    Scenario,
}

impl Sort {
    fn of(self) -> Of {
        match self {
            Self::Workflow => Of::Workflow,
            Self::Calendar => Of::Calendar,
            Self::Directory => Of::Directory,
            Self::Scenario => Of::Scenario,
        }
    }
}

/// Writes it.
pub(super) fn run(args: &SchemaArgs, context: &Context) {
    let schema = schema(args.of.of(), context.printer.language());
    context.printer.answer(&schema, |printer| printer.line(format!("{schema:#}")));
}
