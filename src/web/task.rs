//! The page of one task: what is asked, and the choice. GET shows it and changes nothing.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::draft;
use super::error::Problem;
use super::form::Form;
use super::inbox::sign_in;
use super::page;
use super::pin;
use super::public;
use super::routes::Place;
use super::session::Session;
use super::view::attendance::{self, Turnout};
use super::view::brief;
use super::view::changes::{self, Changes};
use super::view::choice::{self, Choice, Edit, Wanted};
use super::view::choices::{self, Chances};
use super::view::correction::{self, Correction};
use super::view::evidence;
use super::view::facts::{self, Fact, Grounds, Sheet};
use super::view::hands::Hands;
use super::view::history::{self, Entry};
use super::view::input::Input;
use super::view::meeting::{self, Go, Meeting, Ways};
use super::view::notes::{self, Reading, Thread};
use super::view::posting::{self, Posting};
use super::view::prepared::{self, Prepares, Ready};
use super::view::record::{self, Record};
use super::view::refused::{self, Wrong};
use super::view::rows::{self, Group, Table};
use super::view::rules::{self, Rule};
use super::view::{self, Head, ballot, over};
use super::visit::{self, Below, Lack, Visit};
use crate::dossier::command::Aside;
use crate::dossier::decide::{self, assign};
use crate::dossier::refusal::Refusal;
use crate::dossier::{CHAIR, Prepared, Purpose, Round, Row, Task, Vote};
use crate::explain;
use crate::ids::{DossierId, EventName, FieldName, PersonId};
use crate::machine::{LinkPolicy, Transition};
use crate::store::pages::TaskPage;

/// What every page of an open task shows.
#[derive(Debug, Serialize)]
struct Common {
    head: Head,
    errors: Vec<Wrong>,
    grounds: Vec<Grounds>,
    facts: Vec<Fact>,
    more: Vec<Fact>,
    /// The dossiers that it opened.
    children: Vec<view::children::Set>,
    papers: Vec<Sheet>,
    /// Papers that can be drawn up.
    drafts: Vec<Drawn>,
    history: Vec<Entry>,
    /// What changed since the reader last acted.
    changes: Option<Changes>,
    /// What the reader may put right.
    correct: Option<Correction>,
    /// Notes beside it.
    notes: Vec<Thread>,
    /// That the reader has to say that they have read it.
    reading: Option<Reading>,
    /// Who is there and who has voted, for the chair and for whoever leads the step.
    watch: Option<Turnout>,
    /// The course of the meeting, for its chair and for whoever keeps its record.
    meeting: Option<Meeting>,
    /// Who was consulted, and how they were asked.
    consulted: Vec<evidence::Round>,
    /// Where everybody can look, if they can.
    public: Option<String>,
    /// What the reader is asked in it, where this is the dossier's own page.
    held: Vec<Go>,
    /// Where the reader gives others the numbers that they are asked for.
    numbers: Option<String>,
    you: String,
    rules: Vec<Rule>,
    /// Whether its reader sees the chart, which names every state.
    way: bool,
    seen: i64,
    /// The page's own path; rows of a list lie below it, where it is that of a link.
    at: String,
    linked: bool,
}

/// A paper that can be drawn up.
#[derive(Debug, Serialize)]
struct Drawn {
    label: String,
    href: String,
}

impl Drawn {
    fn go(self) -> Go {
        Go { label: self.label, href: self.href, away: true }
    }
}

#[derive(Debug, Serialize)]
struct ActPage {
    #[serde(flatten)]
    common: Common,
    /// What a list comes to, before the list itself.
    brief: Vec<String>,
    table: Option<Table>,
    options: Vec<Choice>,
    files: bool,
    edit: Option<Edit>,
    chances: Vec<Chances>,
    hands: Hands,
    record: Option<Record>,
    posting: Option<Posting>,
    /// What lies ready for the reader.
    prepared: Option<Ready>,
    /// The reader decides nothing, and prepares this for somebody.
    prepares: Option<Prepares>,
    paused: bool,
}

#[derive(Debug, Serialize)]
struct BallotPage {
    #[serde(flatten)]
    common: Common,
    secret: bool,
    round: String,
    turnout: String,
    /// The parts of the sheet; none where it is not split.
    parts: Vec<ballot::Part>,
    /// The one that is shown.
    part: String,
    /// What can be done with it.
    is: PartIs,
    count: usize,
    all: bool,
    groups: Vec<Group>,
    choices: Vec<Offer>,
}

/// What can be done with a part of a ballot.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum PartIs {
    /// To be filled in.
    Open,
    /// In the box.
    Cast,
    /// Every row of it is the reader's own case.
    Own,
}

#[derive(Debug, Serialize)]
struct Offer {
    value: &'static str,
    label: String,
}

#[derive(Debug, Serialize)]
struct ObjectPage {
    #[serde(flatten)]
    common: Common,
    inputs: Vec<Input>,
}

#[derive(Debug, Serialize)]
struct AttendancePage {
    #[serde(flatten)]
    common: Common,
    turnout: Turnout,
    marks: Vec<(&'static str, String)>,
    all: bool,
}

#[derive(Debug, Serialize)]
struct CountPage {
    #[serde(flatten)]
    common: Common,
    rows: Vec<ballot::Counted>,
    recorded: String,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = Visit::open(&app, &token, query.as_deref(), &headers).await?;
    match visit.lacks() {
        Some(lack) => closed_page(&app, &visit, lack).await,
        None => page(&app, &visit, None, Vec::new()),
    }
}

/// `GET` of a dossier, by somebody who is signed in.
pub(super) async fn show_own(
    State(app): State<App>,
    Path(dossier): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    let visit = Visit::own(&app, session, &DossierId::new(dossier), query.as_deref()).await?;
    match visit.lacks() {
        Some(lack) => closed_page(&app, &visit, lack).await,
        None => page(&app, &visit, None, Vec::new()),
    }
}

/// The page as it stands now; with what was just sent and why it was not taken, if something was.
pub(super) fn page(app: &App, visit: &Visit, sent: Option<&Form>, errors: Vec<Wrong>) -> Result<Response, Problem> {
    let (reader, dossier, task) = (&visit.reader, &visit.dossier, &visit.task);
    let frame = visit.frame(app);
    if let Some(closed) = task.closed {
        let mut over = over::over(reader, dossier, task, closed, &visit.events);
        over.correct = correction(visit, sent, &errors);
        // Papers are shown as long as the task is open; threads to those who still write in them.
        over.notes = notes::threads(visit, &|_| String::new(), sent).into_iter().filter(Thread::takes_notes).collect();
        over.seen = visit.dossier.seq;
        over.meeting = meeting_of(app, visit);
        over.errors = errors;
        let status = if over.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        return page::page(&frame, status, "over.html", &over);
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let vote = dossier.vote(task.activation);
    match (task.purpose, vote) {
        (Purpose::Ballot, Some(vote)) => {
            page::page(&frame, status, "ballot.html", &ballot_page(app, visit, vote, sent, errors))
        }
        (Purpose::Attendance, Some(vote)) => {
            page::page(&frame, status, "attendance.html", &attendance_page(app, visit, vote, sent, errors))
        }
        (Purpose::Tally, Some(vote)) => {
            page::page(&frame, status, "tally.html", &count_page(app, visit, vote, sent, errors))
        }
        (Purpose::Confirm, Some(vote)) => {
            page::page(&frame, status, "confirm.html", &confirm_page(app, visit, vote, sent, errors))
        }
        (Purpose::Object, _) => page::page(&frame, status, "object.html", &object_page(app, visit, sent, errors)),
        (Purpose::Act | Purpose::Lead | Purpose::Prepare, _)
        | (Purpose::Ballot | Purpose::Tally | Purpose::Confirm | Purpose::Attendance, None) => {
            page::page(&frame, status, "act.html", &act_page(app, visit, sent, errors))
        }
    }
}

/// The page of somebody who has not shown who they are as strongly as is asked here: nothing of the dossier.
///
/// # Errors
/// The world failed.
pub(super) async fn closed_page(app: &App, visit: &Visit, lack: Lack) -> Result<Response, Problem> {
    if lack == Lack::Pin {
        if let Below::Dossier(_) = visit.below {
            let closed = over::closed(&visit.reader, &visit.task, "closed.pin", "closed.pin_do");
            return page::page(&visit.frame(app), StatusCode::OK, "over.html", &closed);
        }
        return pin::page(app, visit, None).await;
    }
    let other = visit.proof.other.as_ref();
    let why = if other.is_some() { "closed.other" } else { "closed.login" };
    let what = if app.only_links { "closed.do" } else { "closed.do_sign_in" };
    let mut closed = over::closed(&visit.reader, &visit.task, why, what);
    closed.sign_in = !app.only_links;
    if let Some(person) = other {
        closed.lines.push(visit.reader.texts.fill("closed.signed_in", &[("who", &visit.reader.name(person))]));
    }
    page::page(&visit.frame(app), StatusCode::OK, "over.html", &closed)
}

/// What this person may choose now.
pub(super) fn offered(visit: &Visit) -> Vec<Transition> {
    let (reader, task) = (&visit.reader, &visit.task);
    let person = match task.purpose {
        Purpose::Act | Purpose::Lead => Some(&task.person),
        // They are offered what whoever decides is offered.
        Purpose::Prepare => prepared::principal(visit),
        Purpose::Ballot | Purpose::Tally | Purpose::Confirm | Purpose::Attendance | Purpose::Object => None,
    };
    let Some(person) = person.filter(|_| !is_paused(visit)) else { return Vec::new() };
    visit.with_context(|context| {
        decide::offered(&reader.machine, &visit.whole, task.activation, person, reader.now, context)
    })
}

/// The answer that lies ready: for whoever is asked what their assistant prepared, for an assistant their own.
pub(super) fn prepared(visit: &Visit) -> Option<&Prepared> {
    let (whole, task) = (&visit.whole, &visit.task);
    match task.purpose {
        Purpose::Act => whole.prepared_for(task.activation, &task.person, visit.reader.now),
        Purpose::Prepare => whole.prepared_by(task.activation, &task.person),
        _ => None,
    }
}

/// The fields that this person may change now, and the kinds of paper that they may attach.
pub(super) fn editable(visit: &Visit) -> (Vec<FieldName>, Vec<String>) {
    if visit.task.purpose == Purpose::Prepare {
        return (Vec::new(), Vec::new());
    }
    let (reader, task) = (&visit.reader, &visit.task);
    visit.with_context(|context| {
        decide::editable(&reader.machine, &visit.whole, &task.person, task.activation, reader.now, context)
    })
}

fn is_paused(visit: &Visit) -> bool {
    visit.dossier.is_frozen(visit.task.activation)
}

fn common(app: &App, visit: &Visit, sent: Option<&Form>, errors: Vec<Wrong>, rules: Vec<Rule>) -> Common {
    let (reader, dossier) = (&visit.reader, &visit.dossier);
    let at = visit.at(app);
    let link = |paper: &str| format!("{at}/paper/{paper}");
    let (facts, more) = facts::facts(reader, dossier, &link);
    Common {
        head: view::head(reader, dossier, &visit.task, &visit.events),
        changes: changes::since(reader, dossier, &visit.events, &visit.task.person),
        correct: correction(visit, sent, &errors),
        errors,
        grounds: facts::grounds(reader, dossier),
        facts,
        more,
        children: view::children::sets(reader, dossier),
        papers: papers(visit, facts::papers(reader, dossier, &link)),
        drafts: drafts(app, visit),
        history: if visit.sight.history() { history::history(reader, dossier, &visit.events) } else { Vec::new() },
        notes: notes::threads(visit, &link, sent),
        reading: notes::reading(visit).filter(|_| visit.task.purpose != Purpose::Prepare),
        watch: watch(visit),
        meeting: meeting_of(app, visit),
        consulted: visit.consulted.clone(),
        public: public::address(app, visit),
        held: held(app, visit),
        numbers: numbers(app, visit),
        you: view::capital(&reader.you(&visit.task.person)),
        rules,
        way: visit.sight.is_whole(),
        seen: dossier.seq,
        at: visit.at(app),
        linked: matches!(visit.below, Below::Link(_)),
    }
}

/// The course of the meeting that the reader follows, with what they can do in it now.
fn meeting_of(app: &App, visit: &Visit) -> Option<Meeting> {
    let (reader, tasks) = (&visit.reader, visit.meeting.as_ref()?);
    let lang = visit.asked_language.map(|texts| format!("?lang={}", texts.code())).unwrap_or_default();
    let mut ways = Ways::default();
    for task in tasks {
        let Some(token) = visit::token_of(app, task) else { continue };
        let state = view::state_of(&visit.dossier, &visit.events, task.activation);
        let label = view::asked(reader, task.purpose, state.as_ref());
        let href = format!("{}{lang}", Place::Task(&token).path(&app.site));
        ways.tasks.push((task.purpose, Go { label, href, away: task.id != visit.task.id }));
    }
    // Papers are shown as long as the task is open.
    if visit.task.closed.is_none() {
        ways.drafts = drafts(app, visit).into_iter().map(Drawn::go).collect();
    }
    meeting::meeting(reader, &visit.dossier, &ways)
}

/// How the vote stands in which the reader is the chair, or whose step they lead: what the roll says, and no choice.
fn watch(visit: &Visit) -> Option<Turnout> {
    let (person, vote) = (&visit.task.person, visit.dossier.vote(visit.task.activation)?);
    let chairs = vote.roll.iter().any(|seat| &seat.person == person && seat.seat == CHAIR);
    let watches = match visit.task.purpose {
        Purpose::Ballot => chairs,
        Purpose::Lead => true,
        Purpose::Act | Purpose::Tally | Purpose::Confirm | Purpose::Attendance | Purpose::Object | Purpose::Prepare => {
            false
        }
    };
    watches.then(|| attendance::turnout(&visit.reader, &visit.dossier, vote, None))
}

/// The pages of what the reader is asked in the dossier that they look at.
fn held(app: &App, visit: &Visit) -> Vec<Go> {
    let (reader, lang) = (&visit.reader, visit.asked_language.map(|texts| format!("?lang={}", texts.code())));
    let go = |task: &TaskPage| {
        let state = view::state_of(&visit.dossier, &visit.events, task.activation);
        let href = Place::Task(&visit::token_of(app, task)?).path(&app.site) + lang.as_deref().unwrap_or_default();
        Some(Go { label: view::asked(reader, task.purpose, state.as_ref()), href, away: true })
    };
    visit.held.iter().filter_map(go).collect()
}

/// Where numbers are given, for whoever may give them while others are asked for theirs.
fn numbers(app: &App, visit: &Visit) -> Option<String> {
    let (whole, person) = (&visit.whole, &visit.task.person);
    let others = |task: &Task| task.policy == LinkPolicy::LinkPin && task.holders.iter().any(|one| one != person);
    let gives = !app.only_links && whole.tasks.iter().any(others) && visit.reader.gives_numbers(whole, person);
    gives.then(|| Place::Pins(whole.id.as_str()).path(&app.site))
}

/// Whether the reader has no account.
fn is_outsider(visit: &Visit) -> bool {
    visit.whole.outsider(&visit.task.person).is_some()
}

/// Papers as the reader is shown them: somebody from outside is not told who in the office attached them.
fn papers(visit: &Visit, all: Vec<Sheet>) -> Vec<Sheet> {
    if is_outsider(visit) { all.into_iter().map(Sheet::without_names).collect() } else { all }
}

fn drafts(app: &App, visit: &Visit) -> Vec<Drawn> {
    let all = draft::drafts(visit).into_iter();
    let lang = visit.asked_language.map(|texts| format!("?lang={}", texts.code())).unwrap_or_default();
    let drawn = all.map(|(kind, label)| Drawn { label, href: format!("{}/draft/{kind}{lang}", visit.at(app)) });
    drawn.collect()
}

/// The rows about the reader, or about whom they stand in or prepare for.
fn own_rows(visit: &Visit) -> Vec<DossierId> {
    let (dossier, subject) = (&visit.whole, visit.reader.machine.row_subject.as_slice());
    let (person, task) = (&visit.task.person, dossier.task(visit.task.activation, Purpose::Act));
    let now = visit.reader.now;
    let others =
        task.into_iter().flat_map(|task| task.behalf(person, now).into_iter().chain(task.prepares_for(person, now)));
    let deciding: Vec<&PersonId> = others.chain([person]).collect();
    let about = |row: &&Row| deciding.iter().any(|person| row.is_about(person, subject));
    dossier.rows.iter().filter(about).map(|row| row.dossier.clone()).collect()
}

fn act_page(app: &App, visit: &Visit, sent: Option<&Form>, errors: Vec<Wrong>) -> ActPage {
    let (reader, dossier) = (&visit.reader, &visit.dossier);
    let offered = offered(visit);
    let prepares = prepared::prepares(visit, sent);
    let mut wanted = Wanted::all(reader, &offered);
    if prepares.is_some() {
        wanted = wanted.into_iter().map(|one| one.without_files(reader)).collect();
    }
    let acting = sent.filter(|form| ["act", "prepare"].contains(&form.get("do")));
    // What lies ready is what the page opens with; what was just sent comes before it.
    let ready = prepared(visit).filter(|_| acting.is_none());
    let mut table = rows::table(reader, dossier, acting);
    if let (Some(table), Some(ready)) = (&mut table, ready) {
        prepared::mark(table, ready);
    }
    if let Some(table) = &mut table {
        let allowed = |aside: &Aside| wanted.iter().any(|one| one.asides.contains(aside));
        let asides = Aside::ALL.into_iter().filter(allowed);
        table.asides = asides.map(|aside| (aside.name(), rows::aside(reader, aside))).collect();
        let own = if wanted.iter().any(|one| one.own_apart) { own_rows(visit) } else { Vec::new() };
        for line in table.groups.iter_mut().flat_map(|group| &mut group.rows) {
            if own.iter().any(|row| row.as_str() == line.id) {
                line.own = reader.texts.fill("act.own", &[("you", &reader.you(&visit.task.person))]);
            }
            line.wrong = is_about(&errors, &format!("row.{}", line.id));
        }
    }
    let brief = table.as_ref().map_or_else(Vec::new, |table| brief::lines(reader, dossier, table));
    let option = |one: &Wanted| match ready.filter(|ready| ready.event == one.event) {
        Some(ready) => one.prepared(reader, dossier, ready, visit.has_shown_more()),
        None => one.choice(reader, dossier, acting),
    };
    let mut options: Vec<Choice> = wanted.iter().map(option).collect();
    for (option, wanted) in options.iter_mut().zip(&wanted) {
        // How many others are asked is no business of somebody from outside.
        let task = dossier.task(visit.task.activation, Purpose::Act).filter(|_| !is_outsider(visit));
        if let Some(needed) = wanted.needed(reader, task) {
            option.hint.extend((!option.hint.is_empty()).then_some(' '));
            option.hint.push_str(&needed);
        }
    }
    for option in &mut options {
        option.closed = closed(visit, &option.event);
    }
    if let [only] = options.as_mut_slice()
        && acting.is_none()
        && !only.chosen
    {
        // A choice stays a choice for whoever has nothing but the link: a scanner that presses the button decides nothing.
        only.chosen = visit.has_shown_more() || only.inputs.iter().any(Input::is_missing);
    }
    for input in options.iter_mut().flat_map(|option| &mut option.inputs) {
        input.wrong = is_about(&errors, &input.name);
    }
    let editing = sent.filter(|form| form.get("do") == "edit");
    // What a choice takes along is not asked for twice.
    let taken: Vec<&String> = wanted.iter().flat_map(|one| &one.attach).collect();
    let (fields, kinds) = editable(visit);
    let mut edit = choice::edit(reader, (&fields, &kinds), dossier, &taken, editing);
    for input in edit.iter_mut().flat_map(|edit| &mut edit.inputs) {
        input.wrong = is_about(&errors, &input.name);
    }
    if let Some(edit) = &mut edit {
        // What keeps an answer closed is put right there.
        edit.first |= options.iter().any(|option| !option.closed.is_empty());
    }
    let files = wanted.iter().any(|one| one.files(reader));
    let common = common(app, visit, sent, errors, rules::of_options(reader, &offered));
    let paused = is_paused(visit);
    let keeps = visit.task.purpose == Purpose::Act && !paused;
    // Whoever may change the dossier is told what its table would let through.
    let chances = match &edit {
        Some(_) if !paused => {
            visit.with_context(|context| choices::chances(reader, &visit.whole, &visit.sight, context))
        }
        Some(_) | None => Vec::new(),
    };
    let bare = paused || prepares.is_some();
    let may = if bare { assign::Hands::default() } else { hands(visit) };
    let hands = view::hands::hands(reader, &may, &visit.task.person, sent);
    let mut record = record::form(reader, &visit.whole, visit.task.activation, &may, sent);
    for input in record.iter_mut().flat_map(|form| &mut form.inputs) {
        input.wrong = is_about(&common.errors, &input.name);
    }
    let mut posting = posting::kept(reader, &visit.whole, visit.task.activation, sent).filter(|_| keeps);
    for input in posting.iter_mut().flat_map(Posting::inputs_mut) {
        input.wrong = is_about(&common.errors, &input.name);
    }
    let prepared = prepared::ready(visit).filter(|_| prepares.is_none());
    ActPage { common, brief, table, options, files, edit, chances, hands, record, posting, prepared, prepares, paused }
}

/// Who has the task, and what the reader may do about that.
fn hands(visit: &Visit) -> assign::Hands {
    let (reader, task) = (&visit.reader, &visit.task);
    visit.with_context(|context| {
        assign::hands(&reader.machine, &visit.whole, task.activation, &task.person, reader.now, context)
    })
}

/// What stands against an answer as the dossier is now. What the answer itself asks for does not.
fn closed(visit: &Visit, event: &str) -> Vec<Wrong> {
    let (reader, task) = (&visit.reader, &visit.task);
    let (whole, event) = (&visit.whole, EventName::from(event));
    let person = prepared::principal(visit).unwrap_or(&task.person);
    let reasons = visit.with_context(|context| {
        explain::closed(&reader.machine, whole, task.activation, &event, person, reader.now, context)
    });
    refused::wrongs(reader, &visit.dossier, &task.person, &Refusal { reasons }, |_| None)
}

/// What the reader may put right, with what is wrong in what they just sent.
fn correction(visit: &Visit, sent: Option<&Form>, errors: &[Wrong]) -> Option<Correction> {
    if visit.task.purpose == Purpose::Prepare {
        return None;
    }
    let mut forms = correction::forms(visit, sent)?;
    for input in &mut forms.inputs {
        input.wrong = is_about(errors, &input.name);
    }
    Some(forms)
}

fn is_about(errors: &[Wrong], place: &str) -> bool {
    errors.iter().any(|error| error.href.as_deref() == Some(place))
}

fn ballot_page(app: &App, visit: &Visit, vote: &Vote, sent: Option<&Form>, errors: Vec<Wrong>) -> BallotPage {
    let reader = &visit.reader;
    let person = &visit.task.person;
    let cast = vote.roll.iter().filter(|seat| seat.cast).count().to_string();
    let holes = [("cast", cast.as_str()), ("members", &vote.roll.len().to_string())];
    let all_parts = vote.parts(None);
    let asked = sent.map(|form| form.get("part")).or_else(|| all_parts.get(visit.asked_part?.checked_sub(1)?).copied());
    let part = ballot::part_shown(vote, person, asked);
    let lang = visit.asked_language.map(|texts| format!("&lang={}", texts.code())).unwrap_or_default();
    let at = visit.at(app);
    let parts = ballot::parts(reader, &visit.dossier, vote, (person, part), (&at, &lang));
    let seat = vote.roll.iter().find(|seat| &seat.person == person);
    BallotPage {
        is: match seat {
            Some(seat) if vote.rule.parts.is_some() && seat.has_cast(part) => PartIs::Cast,
            _ if ballot::votable(vote, part, person).is_empty() => PartIs::Own,
            _ => PartIs::Open,
        },
        part: part.to_owned(),
        parts,
        secret: vote.is_sealed(),
        round: match vote.round {
            Round::First if vote.present.is_some() => reader.get("ballot.in_writing"),
            Round::First if vote.votes_in_writing(person) => reader.get("ballot.absent"),
            Round::First => String::new(),
            Round::Casting => reader.get("ballot.casting"),
            Round::Again { highest: None } => reader.get("ballot.again"),
            Round::Again { highest: Some(left) } => reader.texts.fill("ballot.second", &[("n", &left.to_string())]),
        },
        turnout: reader.texts.fill("ballot.turnout", &holes),
        count: vote.rows.iter().filter(|row| row.part() == part).count(),
        all: sent.is_some_and(|form| form.get("all") == "yes"),
        groups: ballot::sheet(reader, &visit.dossier, vote, (person, part), sent),
        choices: vote
            .choices()
            .iter()
            .map(|choice| Offer { value: ballot::name_of(*choice), label: ballot::label(reader, *choice) })
            .collect(),
        common: common(app, visit, sent, errors, vec![rules::of_vote(reader, &vote.rule)]),
    }
}

fn object_page(app: &App, visit: &Visit, sent: Option<&Form>, errors: Vec<Wrong>) -> ObjectPage {
    let mut inputs = posting::inputs(&visit.reader, &visit.whole, visit.task.activation, &visit.task.person, sent);
    for input in &mut inputs {
        input.wrong = is_about(&errors, &input.name);
    }
    ObjectPage { inputs, common: common(app, visit, sent, errors, Vec::new()) }
}

fn attendance_page(app: &App, visit: &Visit, vote: &Vote, sent: Option<&Form>, errors: Vec<Wrong>) -> AttendancePage {
    let reader = &visit.reader;
    let mut turnout = attendance::turnout(reader, &visit.dossier, vote, sent);
    let all = sent.is_some_and(|form| form.get("all") == "present");
    for member in turnout.members.iter_mut().filter(|_| sent.is_some()) {
        member.wrong = member.mark.is_empty() && !all;
    }
    AttendancePage {
        turnout,
        marks: attendance::marks(reader),
        all,
        common: common(app, visit, sent, errors, vec![rules::of_vote(reader, &vote.rule)]),
    }
}

fn count_page(app: &App, visit: &Visit, vote: &Vote, sent: Option<&Form>, errors: Vec<Wrong>) -> CountPage {
    let about: Vec<String> = errors
        .iter()
        .filter_map(|error| error.href.as_deref()?.split_once('.').map(|(_, row)| row.to_owned()))
        .collect();
    let mut rows = ballot::counts(&visit.reader, &visit.dossier, vote, sent, None);
    for row in &mut rows {
        row.mark_wrong(&about);
    }
    let rules = vec![rules::of_vote(&visit.reader, &vote.rule)];
    CountPage { common: common(app, visit, sent, errors, rules), rows, recorded: String::new() }
}

fn confirm_page(app: &App, visit: &Visit, vote: &Vote, sent: Option<&Form>, errors: Vec<Wrong>) -> CountPage {
    let reader = &visit.reader;
    let recorded = vote.recorded.as_ref();
    let who = recorded.map(|recorded| reader.name(&recorded.by)).unwrap_or_default();
    let rows = recorded.map(|recorded| ballot::counts(reader, &visit.dossier, vote, None, Some(&recorded.rows)));
    let rules = vec![rules::of_vote(reader, &vote.rule)];
    CountPage {
        common: common(app, visit, sent, errors, rules),
        rows: rows.unwrap_or_default(),
        recorded: reader.texts.fill("confirm.recorded", &[("who", &who)]),
    }
}
