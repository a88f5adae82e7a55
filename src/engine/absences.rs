//! People say that they are away and who stands in for them, or which language they read. It holds from the next command on, in every
//! process; what is open is taken up by the scheduler.

use jiff::civil::Date;

use super::Engine;
use crate::ids::{MailId, PersonId};
use crate::store::StoreError;
use crate::store::absences::{Absence, AbsenceTold};

/// Nobody is away for longer without saying it again.
const DAYS_MAX: i64 = 366;

/// Somebody will be away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// The same for every click on the same page.
    pub id: String,
    /// Who.
    pub person: PersonId,
    /// Who stands in.
    pub by: PersonId,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// Who says so: `session:ID`, `link:ID`, `operator:NAME`.
    pub set_by: String,
    /// The host of our pages, for the Message-IDs of the mails that tell of it.
    pub host: String,
}

/// Why an absence was not noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAway {
    /// Nobody stands in for themselves.
    #[error("nobody stands in for themselves")]
    Oneself,
    /// The last day is before the first, has passed, or is too far away.
    #[error("the last day must not be before the first or before today, nor more than a year after it")]
    Days,
    /// The directory does not know one of the two.
    #[error("the directory does not know them")]
    Unknown,
    /// There are too many that have not passed, or were said today.
    #[error("there are ten absences of this person already that have not passed, or twenty were said within a day")]
    TooMany,
}

impl Engine {
    /// Notes that somebody will be away, and has them told of it at once, and who stands in for them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn be_away(&self, away: Away, today: Date) -> Result<Result<(), NotAway>, StoreError> {
        if away.person == away.by {
            return Ok(Err(NotAway::Oneself));
        }
        let people = &self.directory().people;
        if !people.contains_key(&away.person) || !people.contains_key(&away.by) {
            return Ok(Err(NotAway::Unknown));
        }
        let days = away.until.since(away.from).map_or(i64::MAX, |span| i64::from(span.get_days()));
        if away.until < away.from || away.until < today || days > DAYS_MAX {
            return Ok(Err(NotAway::Days));
        }
        let absence = Absence {
            id: away.id,
            person: away.person,
            by: away.by,
            from: away.from,
            until: away.until,
            set_at: self.now(),
            set_by: away.set_by,
            ended: None,
        };
        let told = [&absence.person, &absence.by].map(|reader| {
            let mail = self.fresh_id();
            let message_id = format!("<{mail}@{}>", away.host);
            AbsenceTold { reader: reader.clone(), mail: MailId::new(mail), message_id, key_id: self.links().newest() }
        });
        if !self.store().set_absence(absence, told, today).await? {
            return Ok(Err(NotAway::TooMany));
        }
        self.refresh().await?;
        self.inner.changed.notify_waiters();
        Ok(Ok(()))
    }

    /// Ends an absence early; false if it is none of this person's that has not passed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn be_back(&self, id: &str, person: &PersonId, by: &str, today: Date) -> Result<bool, StoreError> {
        let ended = self.store().end_absence(id, person, by, today, self.now()).await?;
        if ended {
            self.refresh().await?;
        }
        Ok(ended)
    }

    /// Remembers which language a person reads, in pages and mails.
    ///
    /// # Errors
    /// The database fails.
    pub async fn choose_language(&self, person: &PersonId, language: &str) -> Result<(), StoreError> {
        self.store().choose_language(person, language, self.now()).await?;
        self.refresh().await
    }
}
