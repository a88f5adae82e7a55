//! From a claimed mail to a letter: looks up what the notices are about, in the reader's language.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::letter::{Letter, Reader};
use super::reading::Reading;
use crate::dossier::Dossier;
use crate::dossier::project::NoticeKind;
use crate::engine::Engine;
use crate::ids::{DossierId, Instant, Language, PersonId};
use crate::links::{Bound, LinkKeys, task_row};
use crate::machine::Machine;
use crate::store::StoreError;
use crate::store::mails::{ClaimedMail, MailNotice, MailTask};

/// The zone of offices whose calendar nobody knows.
const ZONE: &str = "Asia/Ho_Chi_Minh";

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
}

impl Loader<'_> {
    /// The letter of a mail.
    pub(super) async fn letter(&self, mail: &ClaimedMail) -> Result<Letter, LoadError> {
        let directory = self.engine.directory();
        let person = directory.people.get(&mail.person).ok_or(LoadError::NoPerson)?;
        let email = person.email.clone().filter(|email| !email.trim().is_empty()).ok_or(LoadError::NoAddress)?;
        let reader = Reader {
            name: person.name.clone(),
            address: person.address.clone(),
            email,
            language: person.language.clone(),
        };
        let language = Language::new(&reader.language);
        let mut loaded: BTreeMap<DossierId, Option<Loaded>> = BTreeMap::new();
        let (mut matters, mut zone) = (Vec::new(), None);
        for notice in once_each(&mail.notices) {
            if !loaded.contains_key(&notice.dossier) {
                loaded.insert(notice.dossier.clone(), self.load(&notice.dossier).await?);
            }
            let Some(Some(of)) = loaded.get(&notice.dossier) else { continue };
            let calendar = self.engine.calendar(&of.machine.calendar);
            zone = zone.or_else(|| calendar.as_ref().map(|calendar| calendar.zone().clone()));
            let mut matter = Reading {
                dossier: &of.dossier,
                machine: &of.machine,
                notice,
                directory: &directory,
                language: &language,
            }
            .matter();
            if let (Some(due), Some(calendar)) = (matter.due_at, &calendar) {
                matter.days_left = calendar.working_days_between(self.now, due);
            }
            matter.link = notice.task.as_ref().and_then(|task| self.task_link(task, notice, &mail.person));
            matters.push(matter);
        }
        if matters.is_empty() {
            return Err(LoadError::Nothing);
        }
        matters.sort_by_key(|matter| matter.due_at.unwrap_or(Instant(i64::MAX)));
        Ok(Letter {
            mail: mail.id.clone(),
            message_id: mail.message_id.clone(),
            reader,
            matters,
            desk: self.desk_link(mail).ok_or(LoadError::NoKey)?,
            now: self.now,
            zone: zone.or_else(|| TimeZone::get(ZONE).ok()).unwrap_or(TimeZone::UTC),
        })
    }

    async fn load(&self, id: &DossierId) -> Result<Option<Loaded>, StoreError> {
        let Some(dossier) = self.engine.dossier(id).await? else { return Ok(None) };
        let machine = self.engine.machine(&dossier.machine).await?;
        Ok(Some(Loaded { dossier, machine }))
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

/// What is said twice is said once: a task that is both new and near its day is new; a dossier tells where it stands now.
fn once_each(notices: &[MailNotice]) -> Vec<&MailNotice> {
    let mut kept: Vec<&MailNotice> = Vec::new();
    for notice in notices {
        let same = kept.iter_mut().find(|have| match (&have.task, &notice.task) {
            (Some(one), Some(other)) => one.id == other.id && have.kind.asks() == notice.kind.asks(),
            (None, None) => {
                have.dossier == notice.dossier
                    && have.kind == notice.kind
                    && (have.kind == NoticeKind::Told || have.activation == notice.activation)
            }
            (Some(_), None) | (None, Some(_)) => false,
        });
        match same {
            Some(have) if notice.kind == NoticeKind::Asked || notice.kind == NoticeKind::Told => *have = notice,
            Some(_) => {}
            None => kept.push(notice),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::Purpose;
    use crate::ids::ActivationId;

    fn notice(kind: NoticeKind, dossier: &str, task: Option<&str>) -> MailNotice {
        let task = task.map(|id| MailTask {
            id: id.to_owned(),
            purpose: Purpose::Act,
            key_id: 1,
            generation: 1,
            due_at: None,
        });
        MailNotice { kind, dossier: dossier.into(), activation: ActivationId(1), task }
    }

    #[test]
    fn what_is_said_twice_is_said_once() {
        let all = [
            notice(NoticeKind::Reminder, "d1", Some("t1")),
            notice(NoticeKind::Asked, "d1", Some("t1")),
            notice(NoticeKind::Reminder, "d2", Some("t2")),
            notice(NoticeKind::Reminder, "d2", Some("t2")),
            notice(NoticeKind::Told, "d3", None),
            notice(NoticeKind::Told, "d3", None),
            notice(NoticeKind::Escalation, "d3", None),
        ];
        let kinds: Vec<NoticeKind> = once_each(&all).iter().map(|notice| notice.kind).collect();
        assert_eq!(kinds, [NoticeKind::Asked, NoticeKind::Reminder, NoticeKind::Told, NoticeKind::Escalation]);
    }
}
