//! Fields, and the tables that choices come from.

use super::{Keys, Name};
use crate::exact::Exact;
use crate::ids::Text;
use crate::source::{Span, Spanned};

/// A table: constants from a file of their own.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name in formulas.
    pub name: Name,
    /// The file, as the workflow names it.
    pub file: Option<Name>,
    /// What it holds; none if it could not be read.
    pub value: Option<serde_json::Value>,
    /// Its keys, in the order of the file.
    pub keys: Vec<String>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub label: Text,
    /// The word of its type.
    pub kind: Option<Name>,
    /// A dossier needs it.
    pub required: bool,
    /// `max`.
    pub max: Option<Spanned<Exact>>,
    /// `min`.
    pub min: Option<Spanned<Exact>>,
    /// `places`: digits after the point.
    pub places: Option<Spanned<i64>>,
    /// `currency`.
    pub currency: Option<Name>,
    /// `columns`, of a table of rows.
    pub columns: Vec<Field>,
    /// `sums`: the columns that are added up.
    pub sums: Vec<Name>,
    /// How it is corrected.
    pub correctable: Option<Correctable>,
    /// `from`: a table.
    pub from: Option<Name>,
    /// `values`, with what officers call them.
    pub values: Vec<(Name, Text)>,
    /// The keys written.
    pub keys: Keys,
}

/// How a field is corrected.
#[derive(Clone, Debug)]
pub struct Correctable {
    /// Its place.
    pub span: Span,
    /// Who may.
    pub by: Vec<Name>,
    /// A reason is asked for.
    pub reason: bool,
    /// `stand` or `fall`.
    pub votes: Option<Name>,
    /// How strongly whoever corrects must show who they are.
    pub link: Option<Name>,
}
