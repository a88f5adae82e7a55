//! The secretary's page of numbers: who needs one, who has one, and slips with new ones, shown once to be printed and handed over.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::inbox::sign_in;
use super::page::{self, Frame};
use super::reader::Reader;
use super::routes::Place;
use super::say::Texts;
use super::session::Session;
use super::view::refused::Wrong;
use super::visit;
use crate::dossier::Dossier;
use crate::ids::{DossierId, PersonId};
use crate::store::StoreError;
use crate::store::pins::Pin;

#[derive(Debug, Serialize)]
struct PinsPage {
    workflow: String,
    matter: String,
    errors: Vec<Wrong>,
    members: Vec<Member>,
    /// Those who are given a number now; shown this once.
    slips: Vec<Slip>,
    back: String,
}

#[derive(Debug, Serialize)]
struct Member {
    id: String,
    name: String,
    said: String,
    /// They need one: they have none, or it is locked.
    wants: bool,
    /// The generation of the number that they have, 0 for none: a form that saw an older one gives nothing.
    had: i64,
}

#[derive(Debug, Serialize)]
struct Slip {
    name: String,
    pin: String,
}

/// A dossier for which numbers may be given.
struct Opened {
    reader: Reader,
    dossier: Dossier,
    people: Vec<PersonId>,
}

/// `GET`.
pub(super) async fn show(
    State(app): State<App>,
    Path(dossier): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = Session::of(&app, &headers).await? else { return Ok(sign_in(&app)) };
    let asked = page::asked_language(query.as_deref());
    let opened = open(&app, &session, &DossierId::new(dossier), asked).await?;
    shown(&app, &session, &opened, Vec::new(), None).await
}

/// `POST`: numbers for those who are ticked.
pub(super) async fn answer(
    State(app): State<App>,
    Path(dossier): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let Some((session, form)) = Session::sending(&app, request).await? else { return Ok(sign_in(&app)) };
    let asked = page::asked_language(query.as_deref());
    let opened = open(&app, &session, &DossierId::new(dossier), asked).await?;
    let ticked = |person: &&PersonId| form.get(&format!("give.{person}")) == "yes";
    let seen = |person: &PersonId| form.get(&format!("had.{person}")).parse().unwrap_or_default();
    let people: Vec<(PersonId, i64)> =
        opened.people.iter().filter(ticked).map(|person| (person.clone(), seen(person))).collect();
    if people.is_empty() {
        return shown(&app, &session, &opened, Vec::new(), Some("pins.nobody")).await;
    }
    let given = match app.engine.give_pins(&opened.dossier.id, people, session.person.as_str()).await {
        // The same form once more, or another secretary: the slips that were just handed out stay good.
        Err(StoreError::Outrun) => {
            return shown(&app, &session, &opened, Vec::new(), Some("pins.meanwhile")).await;
        }
        given => given?,
    };
    // Two groups of three, as the page that takes them lets them be typed.
    let slip = |one: crate::engine::GivenPin| {
        let (first, second) = one.pin.split_at(one.pin.len() / 2);
        Slip { name: opened.reader.name(&one.person), pin: format!("{first} {second}") }
    };
    let slips = given.into_iter().map(slip).collect();
    shown(&app, &session, &opened, slips, None).await
}

/// The dossiers for which this person may give numbers: what each is called, and where.
///
/// # Errors
/// The world failed.
pub(super) async fn places(
    app: &App,
    session: &Session,
    asked: Option<&'static Texts>,
) -> Result<Vec<(String, String)>, Problem> {
    let mut places = Vec::new();
    for id in app.engine.store().dossiers_with_pins().await? {
        if let Ok(opened) = open(app, session, &id, asked).await {
            places.push((opened.dossier.caption.clone(), Place::Pins(id.as_str()).path(&app.site)));
        }
    }
    Ok(places)
}

/// A dossier, if this person may give numbers for it. Nobody gives themselves one.
async fn open(app: &App, session: &Session, id: &DossierId, asked: Option<&'static Texts>) -> Result<Opened, Problem> {
    let whole = app.engine.dossier(id).await?.ok_or(Problem::NotFound)?;
    let machine = app.engine.machine(&whole.machine).await?;
    let mut reader = visit::reader(app, machine, &whole, &session.person, asked)?;
    if !reader.gives_numbers(&whole, &session.person) {
        return Err(Problem::NotFound);
    }
    let sight = reader.sight(&whole, &session.person);
    reader.outside = !sight.is_whole();
    let dossier = sight.dossier(&whole, &reader.machine);
    let mut people = app.engine.store().wanting_pins(id).await?;
    people.retain(|person| person != &session.person);
    Ok(Opened { reader, dossier, people })
}

async fn shown(
    app: &App,
    session: &Session,
    opened: &Opened,
    slips: Vec<Slip>,
    wrong: Option<&'static str>,
) -> Result<Response, Problem> {
    let (reader, dossier) = (&opened.reader, &opened.dossier);
    let mut members = Vec::new();
    for person in &opened.people {
        let pin = app.engine.store().pin(&dossier.id, person).await?;
        members.push(Member {
            id: person.to_string(),
            name: reader.name(person),
            said: said(reader, pin.as_ref()),
            wants: pin.as_ref().is_none_or(Pin::is_locked),
            had: pin.as_ref().map_or(0, |pin| pin.generation),
        });
    }
    let errors: Vec<Wrong> = wrong.map(|key| Wrong::at(reader.get(key), "members")).into_iter().collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = PinsPage {
        workflow: reader.text(&reader.machine.title).to_owned(),
        matter: dossier.caption.clone(),
        errors,
        members,
        slips,
        back: Place::Inbox.path(&app.site),
    };
    let frame = Frame::new(app, Some(reader.texts), "vi").signed_in(app, session);
    page::page(&frame, status, "pins.html", &page)
}

fn said(reader: &Reader, pin: Option<&Pin>) -> String {
    let Some(pin) = pin else { return reader.get("pins.none") };
    let by = PersonId::new(pin.made_by.as_str());
    let by = reader.person(&by).map_or_else(|| reader.get("pins.operator"), |person| person.name.clone());
    let key = match (pin.is_ended(), pin.is_locked()) {
        (true, _) => "pins.ended",
        (false, true) => "pins.locked",
        (false, false) => "pins.given",
    };
    reader.texts.fill(key, &[("when", &reader.moment(pin.made_at)), ("who", &by)])
}
