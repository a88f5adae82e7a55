//! Who keeps the office's mail is told whom it did not reach.

use super::{Report, Scheduler};
use crate::ids::{Instant, PersonId};
use crate::store::StoreError;

/// How often it is looked.
const EVERY_MS: i64 = 60 * 1000;
/// What is older than this is not said any more.
const SINCE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// What is said to one person in one step.
const AT_ONCE: i64 = 200;

/// Who is told, by their codes in the directory, and when it was last looked.
#[derive(Debug, Default)]
pub(super) struct Watch {
    codes: Vec<String>,
    looked: Option<Instant>,
}

impl Scheduler {
    /// Tells these people, by their codes in the directory, of mails that did not arrive.
    #[must_use]
    pub fn reporting_to(mut self, codes: &[String]) -> Self {
        self.watch.codes = codes.to_vec();
        self
    }

    pub(super) async fn tell_undelivered(&mut self, now: Instant, report: &mut Report) -> Result<(), StoreError> {
        if self.watch.codes.is_empty() || self.watch.looked.is_some_and(|last| now < last.plus_ms(EVERY_MS)) {
            return Ok(());
        }
        let directory = self.engine.directory();
        let person = |code: &String| directory.person_by_code(code).map(|person| person.id.clone());
        let people: Vec<PersonId> = self.watch.codes.iter().filter_map(person).collect();
        for to in &people {
            for unsaid in self.engine.store().unsaid(now.plus_ms(-SINCE_MS), to, AT_ONCE).await? {
                // With the next digest of the dossier's own office.
                let machine = self.engine.machine(&unsaid.machine).await?;
                let calendar = self.engine.calendar(&machine.calendar);
                let at = calendar.map_or(now, |calendar| calendar.mail_slot(now, false));
                self.engine.store().say_undelivered(&unsaid, to, at).await?;
                report.told += 1;
            }
        }
        self.watch.looked = Some(now);
        Ok(())
    }
}
