//! What a workflow says in its own words as written: the mails, and who is told by which of them.

use super::item::{Item, Map};
use super::model::{Mail, Name, Session, Tell, Template};
use crate::diagnostic::say;
use crate::yaml::Node;

/// The keys of a mail.
const MAIL_KEYS: &[&str] = &["subject", "text", "reminder", "otherwise", "calendar"];

/// The mails.
pub(super) fn mails(item: &Item<'_>) -> Vec<Mail> {
    item.named(say!(several.mails)).into_iter().filter_map(|(name, item)| mail(name, &item)).collect()
}

fn mail(name: Name, item: &Item<'_>) -> Option<Mail> {
    let map = item.map(say!(what.mail), MAIL_KEYS)?;
    Some(Mail {
        text: map.need("text", &name.span).and_then(|item| item.template()),
        subject: template(&map, "subject"),
        reminder: template(&map, "reminder"),
        otherwise: template(&map, "otherwise"),
        calendar: map.get("calendar").and_then(|item| session(&item)),
        name,
    })
}

/// `calendar: {day: FIELD, hour: FIELD, lasts: 2h, place: FIELD}`, or `{deadline: true}`.
fn session(item: &Item<'_>) -> Option<Session> {
    let map = item.map(say!(what.session), &["day", "hour", "lasts", "place", "deadline", "cancels"])?;
    let deadline = map.flag("deadline");
    let day = if deadline { map.get("day") } else { map.need("day", item.span()) };
    Some(Session {
        span: item.span().clone(),
        keys: map.keys(),
        deadline,
        day: day.and_then(|item| item.word()),
        hour: map.word("hour"),
        lasts: map.get("lasts").and_then(|item| item.delay()),
        place: map.word("place"),
        cancels: map.flag("cancels"),
    })
}

/// A text with holes under a key, if it was written.
fn template(map: &Map<'_>, key: &str) -> Option<Template> {
    map.get(key)?.template()
}

/// `tell: ROLE`, `tell: [ROLE, ROLE]`, `tell: {ROLE: MAIL}`.
pub(super) fn tell(map: &Map<'_>) -> Vec<Tell> {
    let Some(item) = map.get("tell") else { return Vec::new() };
    let Node::Map(_) = item.node() else {
        return item.words().into_iter().map(|role| Tell { role, mail: None }).collect();
    };
    let told = item.named(say!(several.roles)).into_iter();
    told.map(|(role, mail)| Tell { role, mail: mail.word() }).collect()
}
