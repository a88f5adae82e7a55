//! Somebody opened a link: who it was sent to, what it asks, and everything that its page shows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::App;
use super::error::Problem;
use super::page::Frame;
use super::pin::Pass;
use super::reader::Reader;
use super::routes::Place;
use super::say::{self, Texts};
use super::session::Session;
use super::view::evidence::{self, Round};
use crate::directory::Directory;
use crate::dossier::command::Actor;
use crate::dossier::context::{Context, Entry};
use crate::dossier::event::Event;
use crate::dossier::sight::Sight;
use crate::dossier::taken::Taken;
use crate::dossier::{Dossier, Purpose};
use crate::ids::{ActivationId, DossierId, OperationId, PersonId};
use crate::links::{Bound, LinkKeys, task_of_row, task_row};
use crate::machine::{LinkPolicy, Machine, Proofs};
use crate::store::pages::TaskPage;
use crate::words::Words;

/// The calendar that is looked at when a workflow's own is not there.
pub(super) const CALENDAR: &str = "vn-civil-service";

/// What stands between the guards of a form that is made for several proofs; none of them has it inside.
const BETWEEN: char = '.';

/// Where a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Below {
    /// Behind a mailed link.
    Link(String),
    /// Of a dossier, for somebody who is signed in.
    Dossier(DossierId),
}

/// One opened task link, or a dossier that somebody looks at who is signed in.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) below: Below,
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
    /// What else they are asked in it, where it is a meeting whose course they see.
    pub(super) meeting: Option<Vec<TaskPage>>,
    /// What they are asked in it, where they look at the dossier and not at one of these.
    pub(super) held: Vec<TaskPage>,
    /// How they have shown who they are.
    pub(super) proof: Proof,
    /// What is asked for besides their link.
    wanted: Proofs,
    /// The facts that the dossier's formulas see.
    facts: Vec<Entry>,
}

impl Visit {
    /// Finds out what a token stands for.
    ///
    /// # Errors
    /// Nothing (unknown, forged, damaged: all alike), or the world failed.
    pub(super) async fn open(
        app: &App,
        token: &str,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        let mut task = self::task(app, token).await?;
        let proof = Proof::of(app, headers, &task).await?;
        let (whole, machine) = dossier(app, &task).await?;
        if task.closed.is_none() && !still_asks(&whole, &task) {
            // Somebody was faster, between these two lines: the row says so by now.
            task = self::task(app, token).await?;
        }
        let wanted = task.policy.into();
        Self::made(app, Below::Link(token.to_owned()), (task, proof, wanted), (whole, machine), query).await
    }

    /// A dossier as somebody sees it who is signed in, beside anything that they are asked in it.
    ///
    /// # Errors
    /// They may not know of it, or the world failed.
    pub(super) async fn own(app: &App, session: Session, id: &DossierId, query: Option<&str>) -> Result<Self, Problem> {
        let whole = app.engine.dossier(id).await?.ok_or(Problem::NotFound)?;
        let machine = app.engine.machine(&whole.machine).await?;
        let reader = reader(app, Arc::clone(&machine), &whole, &session.person, None)?;
        if !reader.may_name(&whole, &session.person) {
            return Err(Problem::NotFound);
        }
        let wanted = whole.demands(&machine);
        let task = TaskPage {
            id: format!("own-{}", session.person),
            dossier: whole.id.clone(),
            activation: whole.active.first().map_or(ActivationId(0), |outermost| outermost.activation),
            purpose: Purpose::Act,
            person: session.person.clone(),
            // Nobody was asked: what is wanted is said apart.
            policy: LinkPolicy::Link,
            key_id: app.links.newest(),
            generation: 0,
            opened_at: whole.opened_at,
            due_at: None,
            closed: None,
        };
        // A number is typed on the page of a link, and nowhere else.
        let proof = Proof { session: Some(session), ..Proof::default() };
        let held = app.engine.store().tasks_in(id, &task.person).await?;
        let made = Self::made(app, Below::Dossier(id.clone()), (task, proof, wanted), (whole, machine), query).await?;
        Ok(Self { held, ..made })
    }

    async fn made(
        app: &App,
        below: Below,
        (task, proof, wanted): (TaskPage, Proof, Proofs),
        (whole, machine): (Dossier, Arc<Machine>),
        query: Option<&str>,
    ) -> Result<Self, Problem> {
        let asked_language = super::page::asked_language(query);
        let asked_part = super::page::asked_part(query);
        let events = app.engine.history(&task.dossier).await?;
        let facts = match task.purpose {
            Purpose::Act | Purpose::Lead | Purpose::Prepare if task.closed.is_none() => {
                app.engine.facts(&machine, &whole).await?
            }
            Purpose::Act
            | Purpose::Lead
            | Purpose::Prepare
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
        let meeting = if reader.follows_meeting(&whole, &task) && sight.is_whole() {
            Some(app.engine.store().tasks_in(&task.dossier, &task.person).await?)
        } else {
            None
        };
        let mut consulted = Vec::new();
        if sight.is_whole() {
            for entry in evidence::entries(&reader, &events) {
                let mails = app.engine.store().asked_by_mail(&task.dossier, entry).await?;
                consulted.extend(evidence::round(&reader, &events, entry, &mails));
            }
        }
        Ok(Self {
            below,
            asked_language,
            asked_part,
            task,
            whole,
            dossier,
            events,
            sight,
            consulted,
            reader,
            meeting,
            held: Vec::new(),
            proof,
            wanted,
            facts,
        })
    }

    /// The same again, as it stands by now.
    ///
    /// # Errors
    /// As at first.
    pub(super) async fn again(self, app: &App, headers: &HeaderMap) -> Result<Self, Problem> {
        let query = self.asked_language.map(|texts| format!("lang={}", texts.code()));
        match (&self.below, self.proof.session) {
            (Below::Link(token), _) => Self::open(app, token, query.as_deref(), headers).await,
            (Below::Dossier(id), Some(session)) => Self::own(app, session, id, query.as_deref()).await,
            (Below::Dossier(_), None) => Err(Problem::NotFound),
        }
    }

    /// The path of its page; papers, drafts, rows and the way lie below it.
    pub(super) fn at(&self, app: &App) -> String {
        match &self.below {
            Below::Link(token) => Place::Task(token).path(&app.site),
            Below::Dossier(id) => Place::Dossier(id.as_str()).path(&app.site),
        }
    }

    /// Asks with everything that `decide` may look at. No vote is counted on a page, so no box is opened for one.
    pub(super) fn with_context<T>(&self, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        let (reader, boxes) = (&self.reader, BTreeMap::new());
        let (directory, calendar) = (&reader.directory, &reader.calendar);
        ask(&Context { directory, calendar, register: &self.facts, boxes: &boxes, taken: Taken::NOTHING })
    }

    /// What stands around its page.
    pub(super) fn frame<'a>(&self, app: &'a App) -> Frame<'a> {
        let mut frame = Frame::new(app, Some(self.reader.texts), "vi");
        if let Some(session) = &self.proof.session {
            frame = frame.signed_in(app, session);
        }
        frame.guard = self.proof.guard(app);
        frame
    }

    /// Whether whoever opened it has shown more than the link.
    pub(super) fn has_shown_more(&self) -> bool {
        self.proof.pass.is_some() || self.proof.session.is_some()
    }

    /// Why the page shows and takes nothing, if more is asked than was shown.
    pub(super) fn lacks(&self) -> Option<Lack> {
        self.proof.lacks(self.wanted)
    }

    /// As whom a form is sent: by what was shown besides the link only if its page was made for that, else by the link alone.
    pub(super) fn actor(&self, app: &App, guard: &str) -> Actor {
        Actor::of_person(self.task.person.clone(), self.proof.sent_with(app, guard))
    }

    /// To the page itself, which says what happened: a reload sends nothing again.
    pub(super) fn see_page(&self, app: &App) -> Response {
        let mut path = self.at(app);
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

/// What whoever opened a link has shown besides it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    /// The person to whom it was sent is signed in.
    pub(super) session: Option<Session>,
    /// Somebody else is signed in here: they act by the link, as the one to whom it was sent.
    pub(super) other: Option<PersonId>,
    /// The number that travels another way was typed. Looked for only where it is asked for.
    pub(super) pass: Option<Pass>,
}

impl Proof {
    /// What a request shows of the person of a task.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn of(app: &App, headers: &HeaderMap, task: &TaskPage) -> Result<Self, Problem> {
        let mut proof = Self::default();
        match Session::of(app, headers).await? {
            Some(session) if session.person == task.person => proof.session = Some(session),
            Some(session) => proof.other = Some(session.person),
            None => {}
        }
        if task.policy == LinkPolicy::LinkPin {
            proof.pass = Pass::of(app, headers, task).await?;
        }
        Ok(proof)
    }

    /// What is wanted and was not shown.
    pub(super) fn lacks(&self, wanted: impl Into<Proofs>) -> Option<Lack> {
        let shown = Proofs { number: self.pass.is_some(), session: self.session.is_some() };
        let lacking = wanted.into().without(shown);
        match (lacking.number, lacking.session) {
            (true, _) => Some(Lack::Pin),
            (false, true) => Some(Lack::Login),
            (false, false) => None,
        }
    }

    /// What every form carries of a page that is made for whoever has shown this; none where it is made for a link alone.
    fn guard(&self, app: &App) -> Option<String> {
        let session = self.session.as_ref().map(|session| session.guard(app));
        let pass = self.pass.as_ref().map(|pass| pass.guard(app));
        let guards: Vec<String> = session.into_iter().chain(pass).collect();
        (!guards.is_empty()).then(|| guards.join(&BETWEEN.to_string()))
    }

    /// What counts of it for a form: as much as the page was made for.
    fn sent_with(&self, app: &App, guard: &str) -> Proofs {
        let made = |is: &dyn Fn(&str) -> bool| guard.split(BETWEEN).any(is);
        Proofs {
            number: self.pass.as_ref().is_some_and(|pass| made(&|guard| pass.made(app, guard))),
            session: self.session.as_ref().is_some_and(|session| made(&|guard| session.made(app, guard))),
        }
    }
}

/// What a link alone is not enough without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// The number.
    Pin,
    /// That its person is signed in.
    Login,
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
    dossier.tasks.iter().chain(frozen).filter(|open| open.activation == task.activation).any(|open| {
        match task.purpose {
            Purpose::Prepare => open.purpose == Purpose::Act && open.preparing().contains(&task.person),
            purpose => open.purpose == purpose && open.asks(&task.person),
        }
    })
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

/// How this person reads a dossier, which may know people whom the directory does not.
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
    reader_with(app, machine, directory, person, asked)
}

/// How this person reads what is of no dossier yet.
///
/// # Errors
/// There is no calendar to reckon by.
pub(super) fn reader_with(
    app: &App,
    machine: Arc<Machine>,
    directory: Arc<Directory>,
    person: &PersonId,
    asked: Option<&'static Texts>,
) -> Result<Reader, Problem> {
    let own = directory.language(person);
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
