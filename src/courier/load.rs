//! From a claimed mail to a letter: looks up what the notices are about, in the reader's language.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calendar::Calendar;
use crate::directory::Person;
use crate::dossier::{Dossier, Outsider, Purpose};
use crate::engine::Engine;
use crate::ids::{DossierId, Instant, Language, PersonId};
use crate::letters::{About, AbsenceLetter, CodeLetter, Gathering, Letter, MailNotice, MailTask, Reader, StartLetter};
use crate::links::{Bound, LinkKeys, task_row};
use crate::machine::Machine;
use crate::store::StoreError;
use crate::store::absences::Absence;
use crate::store::mails::{ClaimedMail, MailCode};
use crate::store::start_links::MailStart;

/// Why a mail cannot be written. None of these passes by waiting, but for the first.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory does not know the person any more.
    #[error("the directory does not know this person")]
    NoPerson,
    /// It knows them without an address.
    #[error("the directory has no mail address for this person")]
    NoAddress,
    /// Its link can no longer be made.
    #[error("the key that signs the links of this mail was revoked")]
    NoKey,
    /// The dossiers are gone.
    #[error("the dossiers that this mail is about are gone")]
    Nothing,
}

/// What letters are made with.
pub(super) struct Loader<'a> {
    pub(super) engine: &'a Engine,
    pub(super) keys: &'a LinkKeys,
    pub(super) public_url: &'a str,
    pub(super) now: Instant,
}

/// A dossier with the version that it runs on.
struct Loaded {
    dossier: Dossier,
    machine: Arc<Machine>,
    calendar: Option<Arc<Calendar>>,
}

impl Loaded {
    fn about(&self) -> About<'_> {
        About { dossier: &self.dossier, machine: &self.machine, calendar: self.calendar.as_deref() }
    }
}

impl Loader<'_> {
    /// The letter of a mail.
    pub(super) async fn letter(&self, mail: &ClaimedMail) -> Result<Letter, LoadError> {
        let directory = self.engine.directory();
        let mut loaded: BTreeMap<&DossierId, Loaded> = BTreeMap::new();
        for notice in &mail.notices {
            if !loaded.contains_key(&notice.dossier)
                && let Some(found) = self.load(&notice.dossier).await?
            {
                loaded.insert(&notice.dossier, found);
            }
        }
        // Somebody from outside is known to the dossier that names them, and to nobody else.
        let outside = loaded.values().find_map(|one| one.dossier.outsider(&mail.person)).map(Outsider::known);
        let mut reader = self.reader(&mail.person, outside)?;
        // Whoever typed a name on a public page need not be who reads this: what a stranger types is mailed to nobody.
        if mail.notices.iter().all(|one| one.task.as_ref().is_some_and(|task| task.purpose == Purpose::Object)) {
            reader.name.clear();
        }
        let language = Language::new(&reader.language);
        let gathering = Gathering {
            person: &mail.person,
            directory: &directory,
            language: &language,
            now: self.now,
            find: &|dossier| loaded.get(dossier).map(Loaded::about),
            link: &|task, notice| self.task_link(task, notice, &mail.person),
        };
        let (matters, zone) = gathering.matters(&mail.notices);
        if matters.is_empty() {
            return Err(LoadError::Nothing);
        }
        let entries = gathering.entries(&mail.notices, &matters);
        Ok(Letter {
            mail: mail.id.clone(),
            message_id: mail.message_id.clone(),
            reader,
            matters,
            entries,
            desk: self.desk_link(mail).ok_or(LoadError::NoKey)?,
            now: self.now,
            zone,
        })
    }

    /// The letter that brings a code.
    pub(super) fn code(&self, mail: &ClaimedMail, code: &MailCode) -> Result<CodeLetter, LoadError> {
        Ok(CodeLetter {
            message_id: mail.message_id.clone(),
            reader: self.reader(&mail.person, None)?,
            code: self.keys.code(code.key_id, &code.id, &mail.person).ok_or(LoadError::NoKey)?,
            minutes: code.ends_at.0.saturating_sub(mail.made_at.0) / 60_000,
            now: self.now,
        })
    }

    /// The letter that tells of an absence: to whoever is away, where they end it; or to who stands in.
    pub(super) fn absence(&self, mail: &ClaimedMail, absence: &Absence) -> Result<AbsenceLetter, LoadError> {
        let directory = self.engine.directory();
        let name = |id: &PersonId| directory.people.get(id).map(|person| person.name.clone());
        let own = mail.person == absence.person;
        let other = if own { &absence.by } else { &absence.person };
        Ok(AbsenceLetter {
            message_id: mail.message_id.clone(),
            reader: self.reader(&mail.person, None)?,
            other: name(other).ok_or(LoadError::NoPerson)?,
            from: absence.from,
            until: absence.until,
            end: if own { Some(format!("{}/away", self.desk_link(mail).ok_or(LoadError::NoKey)?)) } else { None },
            now: self.now,
        })
    }

    /// The letter that brings a link by which a dossier is opened from outside.
    pub(super) async fn start(&self, mail: &ClaimedMail, start: &MailStart) -> Result<StartLetter, LoadError> {
        let machine = self.engine.current(&start.workflow).await?.ok_or(LoadError::Nothing)?;
        let email = self.engine.opened_text(&start.id, &start.mailbox).ok_or(LoadError::NoAddress)?;
        let token = self.keys.start_token(start.key_id, &start.workflow, &start.id).ok_or(LoadError::NoKey)?;
        let language = Language::new(&start.language);
        Ok(StartLetter {
            message_id: mail.message_id.clone(),
            workflow: machine.title.in_language(&language).to_owned(),
            reader: Reader {
                name: String::new(),
                address: None,
                email,
                language: start.language.clone(),
                outside: true,
            },
            link: format!("{}/s/{token}", self.public_url),
            hours: start.ends_at.0.saturating_sub(mail.made_at.0) / 3_600_000,
            now: self.now,
        })
    }

    /// Who reads a mail: as the directory knows them, else as somebody from outside.
    fn reader(&self, id: &PersonId, outside: Option<Person>) -> Result<Reader, LoadError> {
        let directory = self.engine.directory();
        let own = directory.people.get(id).map(|person| (person.clone(), directory.language(id).to_owned(), false));
        let outside = outside.map(|person| (person.clone(), person.language, true));
        let (person, language, outside) = own.or(outside).ok_or(LoadError::NoPerson)?;
        let email = person.email.filter(|email| !email.trim().is_empty()).ok_or(LoadError::NoAddress)?;
        Ok(Reader { name: person.name, address: person.address, email, language, outside })
    }

    async fn load(&self, id: &DossierId) -> Result<Option<Loaded>, StoreError> {
        let Some(dossier) = self.engine.dossier(id).await? else { return Ok(None) };
        let machine = self.engine.machine(&dossier.machine).await?;
        let calendar = self.engine.calendar(&machine.calendar);
        Ok(Some(Loaded { dossier, machine, calendar }))
    }

    /// None where the key was revoked: the desk, which a newer key signs, then leads to the task.
    fn task_link(&self, task: &MailTask, notice: &MailNotice, person: &PersonId) -> Option<String> {
        let activation = format!("{}:{}", notice.dossier, notice.activation);
        let bound = Bound {
            row: &task_row(&notice.dossier, &task.id),
            person,
            activation: &activation,
            purpose: task.purpose.name(),
            generation: task.generation,
        };
        let token = self.keys.token(task.key_id, &bound)?;
        Some(format!("{}/l/{token}", self.public_url))
    }

    fn desk_link(&self, mail: &ClaimedMail) -> Option<String> {
        let bound = Bound {
            row: mail.id.as_str(),
            person: &mail.person,
            activation: "",
            purpose: "desk",
            generation: mail.generation,
        };
        let token = self.keys.token(mail.key_id, &bound)?;
        Some(format!("{}/d/{token}", self.public_url))
    }
}
