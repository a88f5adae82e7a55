//! `chancery schema`: what editors need to help with workflow files.

use clap::Args;

use super::Context;
use crate::definition::schema::schema;

/// What `schema` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery schema --language vi > workflow.schema.json\n\nThen the first line of a workflow says: \
                   # yaml-language-server: $schema=workflow.schema.json",
    after_help = "A JSON Schema (2020-12) of language level 1. Editors that know it complete keys, underline what cannot be, \
                  and\nsay what a key means where the pointer rests, in the language that is asked for. `check` knows much \
                  more: names,\ntypes of formulas, ways that lead nowhere."
)]
pub(super) struct SchemaArgs {}

/// Writes it.
pub(super) fn run(context: &Context) {
    let schema = schema(context.printer.language());
    context.printer.answer(&schema, |printer| printer.line(format!("{schema:#}")));
}
