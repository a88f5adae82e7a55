//! Somebody opened a link: who it was sent to, what it asks, and everything that its page shows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::App;
use super::error::Problem;
use super::page::Frame;
use super::reader::Reader;
use super::routes::Place;
use super::say::{self, Texts};
use super::view::evidence::{self, Round};
use crate::dossier::context::{Context, Entry};
use crate::dossier::event::Event;
use crate::dossier::sight::Sight;
use crate::dossier::taken::Taken;
use crate::dossier::{Dossier, Purpose};
use crate::ids::{OperationId, PersonId};
use crate::links::{Bound, LinkKeys, task_of_row, task_row};
use crate::machine::Machine;
use crate::store::pages::TaskPage;
use crate::words::Words;

/// The calendar that is looked at when a workflow's own is not there.
const CALENDAR: &str = "vn-civil-service";

/// One opened task link.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) token: String,
    pub(super) asked_language: Option<&'static Texts>,
    /// Which part of a ballot sheet is asked for, from 1.
    pub(super) asked_part: Option<usize>,
    pub(super) task: TaskPage,
    /// The dossier as it is, for what is decided about it; pages show `dossier`.
    pub(super) whole: Dossier,
    /// The dossier as this person may see it.
    pub(super) dossier: Dossier,
    /// What happened, as this person may see it.
    pub(super) events: Vec<Event>,
    pub(super) sight: Sight,
    /// Who was consulted, and how they were asked.
    pub(super) consulted: Vec<Round>,
    pub(super) reader: Reader,
    /// The facts that the dossier's formulas see.
    facts: Vec<Entry>,
}

impl Visit {
    /// Finds out what a token stands for.
    ///
    /// # Errors
    /// Nothing (unknown, forged, damaged: all alike), or the world failed.
    pub(super) async fn open(app: &App, token: &str, query: Option<&str>) -> Result<Self, Problem> {
        let mut task = self::task(app, token).await?;
        let asked_language = super::page::asked_language(query);
        let asked_part = super::page::asked_part(query);
        let (whole, machine) = dossier(app, &task).await?;
        if task.closed.is_none() && !still_asks(&whole, &task) {
            // Somebody was faster, between these two lines: the row says so by now.
            task = self::task(app, token).await?;
        }
        let events = app.engine.history(&task.dossier).await?;
        let facts = match task.purpose {
            Purpose::Act | Purpose::Lead if task.closed.is_none() => app.engine.facts(&machine, &whole).await?,
            Purpose::Act
            | Purpose::Lead
            | Purpose::Ballot
            | Purpose::Tally
            | Purpose::Confirm
            | Purpose::Object
            | Purpose::Attendance => Vec::new(),
        };
        let mut reader = reader(app, machine, &whole, &task.person, asked_language)?;
        let sight = reader.sight(&whole, &task.person);
        reader.outside = !sight.is_whole();
        let (dossier, events) = (sight.dossier(&whole, &reader.machine), sight.events(events, &reader.machine));
        let mut consulted = Vec::new();
        if sight.is_whole() {
            for entry in evidence::entries(&reader, &events) {
                let mails = app.engine.store().asked_by_mail(&task.dossier, entry).await?;
                consulted.extend(evidence::round(&reader, &events, entry, &mails));
            }
        }
        Ok(Self {
            token: token.to_owned(),
            asked_language,
            asked_part,
            task,
            whole,
            dossier,
            events,
            sight,
            consulted,
            reader,
            facts,
        })
    }

    /// Asks with everything that `decide` may look at. No vote is counted on a page, so no box is opened for one.
    pub(super) fn with_context<T>(&self, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        let (reader, boxes) = (&self.reader, BTreeMap::new());
        let (directory, calendar) = (&reader.directory, &reader.calendar);
        ask(&Context { directory, calendar, register: &self.facts, boxes: &boxes, taken: Taken::NOTHING })
    }

    /// What stands around its page.
    pub(super) fn frame<'a>(&self, app: &'a App) -> Frame<'a> {
        Frame::new(app, Some(self.reader.texts), "vi")
    }

    /// To the page itself, which says what happened: a reload sends nothing again.
    pub(super) fn see_page(&self, app: &App) -> Response {
        let mut path = Place::Task(&self.token).path(&app.site);
        if let Some(texts) = self.asked_language {
            path.push_str("?lang=");
            path.push_str(texts.code());
        }
        (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
    }

    /// The same for every click on the same page: what makes many clicks one decision. What was chosen in a vote is never
    /// among the parts.
    pub(super) fn operation(&self, parts: &[&str]) -> OperationId {
        let mut hash = Sha256::new();
        let TaskPage { dossier, id, generation, .. } = &self.task;
        for part in [id.as_str(), &generation.to_string()].iter().chain(parts) {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        OperationId::new(format!("w:{dossier}:{}", &super::hex(&hash.finalize())[..32]))
    }
}

/// The task that a token was made for.
///
/// # Errors
/// There is none, or the world failed.
pub(super) async fn task(app: &App, token: &str) -> Result<TaskPage, Problem> {
    let presented = LinkKeys::present(token).ok_or(Problem::NotFound)?;
    let (dossier, id) = task_of_row(&presented.row).ok_or(Problem::NotFound)?;
    let task = app.engine.store().task_page(&dossier, id).await?.ok_or(Problem::NotFound)?;
    let activation = format!("{}:{}", task.dossier, task.activation);
    if app.links.verifies(&presented, task.key_id, &bound(&task, &presented.row, &activation)) {
        Ok(task)
    } else {
        Err(Problem::NotFound)
    }
}

/// Whether a dossier, paused or not, waits for this task.
fn still_asks(dossier: &Dossier, task: &TaskPage) -> bool {
    let frozen = dossier.paused.iter().flat_map(|paused| &paused.tasks);
    dossier
        .tasks
        .iter()
        .chain(frozen)
        .any(|open| open.activation == task.activation && open.purpose == task.purpose && open.asks(&task.person))
}

/// The link of a task, for pages of the same person.
pub(super) fn token_of(app: &App, task: &TaskPage) -> Option<String> {
    let activation = format!("{}:{}", task.dossier, task.activation);
    app.links.token(task.key_id, &bound(task, &task_row(&task.dossier, &task.id), &activation))
}

fn bound<'a>(task: &'a TaskPage, row: &'a str, activation: &'a str) -> Bound<'a> {
    Bound { row, person: &task.person, activation, purpose: task.purpose.name(), generation: task.generation }
}

/// The dossier of a task, with the version that it is pinned to.
///
/// # Errors
/// It is gone, or the world failed.
pub(super) async fn dossier(app: &App, task: &TaskPage) -> Result<(Dossier, Arc<Machine>), Problem> {
    let dossier = app.engine.dossier(&task.dossier).await?.ok_or(Problem::NotFound)?;
    let machine = app.engine.machine(&dossier.machine).await?;
    Ok((dossier, machine))
}

/// How this person reads.
///
/// # Errors
/// There is no calendar to reckon by.
pub(super) fn reader(
    app: &App,
    machine: Arc<Machine>,
    dossier: &Dossier,
    person: &PersonId,
    asked: Option<&'static Texts>,
) -> Result<Reader, Problem> {
    let mut directory = app.engine.directory();
    if let Cow::Owned(known) = dossier.known_in(&directory) {
        directory = Arc::new(known);
    }
    let own = directory.person(person).map_or("vi", |person| person.language.as_str());
    let texts = asked.unwrap_or_else(|| say::texts(own));
    let calendar =
        app.engine.calendar(&machine.calendar).or_else(|| app.engine.calendar(CALENDAR)).ok_or_else(|| {
            tracing::error!(calendar = machine.calendar, "there is no calendar of this name");
            Problem::Fault
        })?;
    Ok(Reader {
        texts,
        words: Words::of(texts.code()),
        language: texts.language(),
        directory,
        machine,
        calendar,
        now: app.engine.now(),
        outside: false,
    })
}
