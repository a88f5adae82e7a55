//! Which years are missing in a register where a guard asks for several in a row.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::Run;
use crate::dossier::context::Entry;
use crate::ids::Text;
use crate::machine::Guard;
use crate::words;

/// Years that are named, at most.
const YEARS_MAX: usize = 12;

impl Run<'_> {
    /// What a guard says to people, with the years that are missing: where it says `{years}`, else at its end.
    pub(super) fn with_years(&self, guard: &Guard, wanted: bool) -> Text {
        let years: Vec<String> = self.missing_years(guard, wanted).iter().map(i32::to_string).collect();
        let years = years.join(", ");
        guard.refuse.map(|said| match said.trim_end_matches('.') {
            "" => String::new(),
            _ if said.contains("{years}") => words::fill(said, &[("years", &years)]),
            _ if years.is_empty() => said.to_owned(),
            plain => format!("{plain}: {years}."),
        })
    }

    /// The years in which an entry is missing before the guard would be as it is wanted. Found by adding what it asks for, one
    /// entry after the other; none if that does not help.
    fn missing_years(&self, guard: &Guard, wanted: bool) -> BTreeSet<i32> {
        let none = BTreeSet::new();
        if !self.machine.programs().asks_registers(&guard.expr) {
            return none;
        }
        let mut register = self.context.register.to_vec();
        let mut years = BTreeSet::new();
        for _ in 0..=YEARS_MAX {
            let missed = Mutex::default();
            let programs = self.machine.programs();
            let found = self.with_register(&register, Some(&missed), |scope| programs.truth(&guard.expr, scope));
            match (found, missed.into_inner().unwrap_or_else(PoisonError::into_inner).pop()) {
                (Ok(found), _) if found == wanted => return years,
                (Ok(_), Some(missed)) => {
                    let Ok(year) = i32::try_from(missed.year) else { return none };
                    let (holder, key) = (String::new(), missed.key);
                    register.push(Entry { register: missed.register, holder, key, year });
                    years.insert(year);
                }
                (Ok(_), None) | (Err(_), _) => return none,
            }
        }
        none
    }
}
