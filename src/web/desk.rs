//! All matters of one mail: each with what is asked, by when, and the link to its own page.

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::list;
use super::page::{self, Frame};
use super::routes::Place;
use super::say::{self, Texts};
use super::view::{self, Due, history, over, posting, prepared};
use super::visit::{self, Proof};
use crate::directory::Person;
use crate::dossier::RowStatus;
use crate::ids::{DossierId, MailId, PersonId};
use crate::links::{Bound, LinkKeys};
use crate::store::pages::{MailPage, TaskPage};

/// How long after it was written a mail is good for more than what it asks.
const OPEN_FOR_MS: i64 = 30 * 24 * 60 * 60 * 1000;

#[derive(Debug, Default, Serialize)]
struct Desk {
    who: String,
    open: Vec<Matter>,
    done: Vec<Matter>,
    told: Vec<News>,
    /// Where they can say that they will be away; empty where the mail is too old for it.
    away: String,
    /// Lists that its reader may bring.
    lists: Vec<Brought>,
}

/// A list that may be brought: for what, and where.
#[derive(Debug, Serialize)]
struct Brought {
    workflow: String,
    href: String,
}

/// A dossier of which the mail only informs.
#[derive(Debug, Default, Serialize)]
struct News {
    workflow: String,
    about: String,
    stands: String,
    waits: String,
    grounds: Vec<String>,
    /// How the reader's own objection was settled.
    settled: Vec<String>,
    /// Its page, for whoever signs in.
    href: String,
}

/// One matter: what is asked, by when, and where.
#[derive(Debug, Serialize)]
pub(super) struct Matter {
    asked: String,
    about: String,
    due: Option<Due>,
    said: String,
    href: String,
    /// How many dossiers are answered together, where it is a list.
    rows: Option<usize>,
}

impl Matter {
    /// Whether several dossiers are answered on one sheet.
    pub(super) fn is_sheet(&self) -> bool {
        self.rows.is_some()
    }
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (id, mail) = mail(&app, &token).await?;
    let asked = page::asked_language(query.as_deref());
    let mut desk = Desk::default();
    for task in app.engine.store().tasks_of_mail(&id).await? {
        let Some(matter) = matter(&app, &task, &Proof::default(), asked).await? else { continue };
        if task.closed.is_some() { desk.done.push(matter) } else { desk.open.push(matter) }
    }
    for dossier in app.engine.store().news_of_mail(&id).await? {
        desk.told.extend(news(&app, &dossier, &mail.person, asked).await?);
    }
    if is_recent(&app, &mail) {
        desk.away = Place::DeskAway(&token).path(&app.site);
        for (workflow, title) in list::offered(&app, &mail.person, asked).await? {
            let mut href = Place::List { token: &token, workflow: workflow.as_str() }.path(&app.site);
            if let Some(texts) = asked {
                href.push_str("?lang=");
                href.push_str(texts.code());
            }
            desk.lists.push(Brought { workflow: title, href });
        }
    }
    let directory = app.engine.directory();
    let outside = outsider(&app, &id, &mail.person).await?;
    let person = directory.people.get(&mail.person).or(outside.as_ref());
    let own = outside.as_ref().map_or_else(|| directory.language(&mail.person), |person| person.language.as_str());
    let texts = asked.unwrap_or_else(|| say::texts(own));
    desk.who = person.map_or_else(|| texts.get("did.unknown").to_owned(), |person| person.name.clone());
    page::page(&Frame::new(&app, Some(texts), own), StatusCode::OK, "desk.html", &desk)
}

/// Somebody whom the directory does not know, as the dossier knows them of which the mail speaks.
async fn outsider(app: &App, mail: &MailId, person: &PersonId) -> Result<Option<Person>, Problem> {
    if app.engine.directory().people.contains_key(person) {
        return Ok(None);
    }
    let tasks = app.engine.store().tasks_of_mail(mail).await?.into_iter().map(|task| task.dossier);
    for dossier in tasks.chain(app.engine.store().news_of_mail(mail).await?) {
        let known = app.engine.dossier(&dossier).await?;
        if let Some(one) = known.as_ref().and_then(|dossier| dossier.outsider(person)) {
            return Ok(Some(one.known()));
        }
    }
    Ok(None)
}

/// The mail that a token was made for.
pub(super) async fn mail(app: &App, token: &str) -> Result<(MailId, MailPage), Problem> {
    let presented = LinkKeys::present(token).ok_or(Problem::NotFound)?;
    let id = MailId::new(presented.row.as_str());
    let mail = app.engine.store().mail_page(&id).await?.ok_or(Problem::NotFound)?;
    let bound =
        Bound { row: id.as_str(), person: &mail.person, activation: "", purpose: "desk", generation: mail.generation };
    if app.links.verifies(&presented, mail.key_id, &bound) { Ok((id, mail)) } else { Err(Problem::NotFound) }
}

/// Whether a mail is good for more than what it asks, for bringing a list and for naming who stands in: it is young, and its reader is of
/// the office. Whoever is from outside is shown nobody's name.
pub(super) fn is_recent(app: &App, mail: &MailPage) -> bool {
    app.engine.now().0 - mail.made_at.0 <= OPEN_FOR_MS && app.engine.directory().people.contains_key(&mail.person)
}

/// What a task is to its person; none where its link can no longer be made. Where the step wants more than was shown, it is what is
/// asked, by when, and where to show more.
pub(super) async fn matter(
    app: &App,
    task: &TaskPage,
    proof: &Proof,
    asked: Option<&'static Texts>,
) -> Result<Option<Matter>, Problem> {
    let Some(token) = visit::token_of(app, task) else { return Ok(None) };
    let (whole, machine) = visit::dossier(app, task).await?;
    let mut reader = visit::reader(app, machine, &whole, &task.person, asked)?;
    let sight = reader.sight(&whole, &task.person);
    reader.outside = !sight.is_whole();
    let dossier = sight.dossier(&whole, &reader.machine);
    let closed = proof.lacks(task.policy).is_some();
    // Only a matter that is over needs its history here.
    let events = if task.closed.is_some() && !closed { app.engine.history(&task.dossier).await? } else { Vec::new() };
    let events = sight.events(events, &reader.machine);
    let state = view::state_of(&dossier, &events, task.activation);
    let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live).count();
    let mut href = Place::Task(&token).path(&app.site);
    if let Some(texts) = asked {
        href.push_str("?lang=");
        href.push_str(texts.code());
    }
    Ok(Some(Matter {
        asked: view::asked(&reader, task.purpose, state.as_ref()),
        about: if closed { reader.get("desk.closed") } else { dossier.caption.clone() },
        due: task.due_at.filter(|_| task.closed.is_none()).map(|due| view::due(&reader, due)),
        said: match task.closed {
            _ if closed => String::new(),
            Some(closed) => over::line(&reader, task, closed, &events),
            None => prepared::stands(&reader, &whole, task),
        },
        href,
        rows: (live > 0 && !closed).then_some(live),
    }))
}

/// Where a dossier stands that its reader is only told about: its name, its state, who is awaited, and why if it ended badly.
async fn news(
    app: &App,
    id: &DossierId,
    person: &PersonId,
    asked: Option<&'static Texts>,
) -> Result<Option<News>, Problem> {
    let Some(whole) = app.engine.dossier(id).await? else { return Ok(None) };
    let machine = app.engine.machine(&whole.machine).await?;
    let mut reader = visit::reader(app, machine, &whole, person, asked)?;
    let sight = reader.sight(&whole, person);
    reader.outside = !sight.is_whole();
    let dossier = sight.dossier(&whole, &reader.machine);
    if !whole.demands(&reader.machine).is_none() {
        let workflow = reader.text(&reader.machine.title).to_owned();
        return Ok(Some(News { workflow, about: reader.get("desk.closed"), ..News::default() }));
    }
    let state = history::stands(&reader, &dossier);
    // Who is awaited is no business of those who do not see what happened.
    let tasks = dossier.tasks.iter().filter(|task| sight.history() && dossier.is_awaited(task));
    let mut awaited: Vec<String> = tasks.flat_map(|task| &task.holders).map(|holder| reader.name(holder)).collect();
    awaited.sort();
    awaited.dedup();
    let outside = dossier.outside(&reader.machine).filter(|_| sight.history());
    awaited.extend(outside.map(|(_, wait)| reader.text(&wait.on).to_owned()));
    // The latest reason stands as long as nothing else has happened since.
    let grounds = dossier.grounds.iter().filter(|ground| ground.at == dossier.last_at);
    let signs_in = !app.only_links && app.engine.directory().people.contains_key(person);
    let may_open = signs_in && reader.may_name(&whole, person);
    Ok(Some(News {
        settled: posting::settled(&reader, &whole, person),
        href: if may_open { Place::Dossier(id.as_str()).path(&app.site) } else { String::new() },
        workflow: reader.text(&reader.machine.title).to_owned(),
        about: dossier.caption.clone(),
        stands: reader.get("desk.facts").replace("{state}", &state),
        waits: if awaited.is_empty() {
            String::new()
        } else {
            reader.get("desk.waits").replace("{who}", &awaited.join(", "))
        },
        grounds: grounds
            .map(|ground| reader.texts.fill("desk.reason", &[("reason", reader.text(&ground.text))]))
            .collect(),
    }))
}
