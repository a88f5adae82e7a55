//! Comparisons.

use super::Name;
use crate::source::{Span, Spanned};

/// Texts that are compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Its name.
    pub name: Name,
    /// `of`: the table and its column, `people.report`.
    pub of: Option<Name>,
    /// `least`: the share from which something is told.
    pub least: Option<Name>,
    /// `words`: words of a run.
    pub words: Option<Spanned<i64>>,
    /// `into`: the table that is filled in.
    pub into: Option<Name>,
    /// `earlier`: what was said before.
    pub earlier: Option<Before>,
}

/// Texts of earlier dossiers.
#[derive(Clone, Debug)]
pub struct Before {
    /// Where it stands.
    pub span: Span,
    /// `register`: the register in which people are looked up.
    pub register: Option<Name>,
    /// `within`: the field that both dossiers have alike.
    pub within: Option<Name>,
}
