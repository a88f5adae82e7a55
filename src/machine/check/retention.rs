//! How long dossiers are kept.

use super::Check;
use crate::definition::model;
use crate::diagnostic::fault;
use crate::machine::{Retention, YEARS_MAX};

impl Check<'_> {
    pub(super) fn retention(&self, written: &model::Retention) -> Option<Retention> {
        let years = written.years.as_ref()?;
        let fits = u16::try_from(years.value).ok().filter(|_| (1..=YEARS_MAX).contains(&years.value));
        if fits.is_none() {
            self.report(fault!(LIMIT.years, &years.span, most = YEARS_MAX));
        }
        Some(Retention { years: fits?, basis: written.basis.clone() })
    }
}
