//! Values that nobody gave: the first that a field takes.

use std::collections::BTreeSet;

use crate::directory::Directory;
use crate::dossier::Paper;
use crate::dossier::command::{Actor, Ask, Caller, Start};
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{DossierId, FieldName, Instant, PersonId, UnitCode};
use crate::machine::{Field, FieldKind, Machine, RoleSource};
use crate::scenario::file::model::Values;
use crate::scenario::office::Office;
use crate::scenario::world::{World, mail_of, outsider};

/// Pairs of a person and a unit that are tried.
const TRIED_MAX: usize = 500;

/// With what a dossier is opened.
#[derive(Clone, Debug)]
pub struct Opening<'m> {
    /// Of which workflow.
    pub machine: &'m Machine,
    /// By whom; the first who may, where nobody is named.
    pub by: Option<PersonId>,
    /// Values that are given; the others are invented.
    pub fields: Values,
    /// Kinds of paper that come along.
    pub papers: Vec<String>,
}

/// Opens a dossier by the first opening that is taken.
pub(super) fn open(office: &mut Office<'_>, opening: &Opening<'_>) -> Result<DossierId, Refusal> {
    let mut refusal = Refusal::of(Code::NotAsked);
    for (actor, start) in openings(office.world(), opening, office.now()) {
        let id = office.new_id(&opening.machine.workflow);
        let command = office.command(id.clone(), actor, Ask::Start(start));
        match office.handle(&command) {
            Ok(()) => return Ok(id),
            Err(why) => refusal = why,
        }
    }
    Err(refusal)
}

/// What may be tried to open a dossier: by the people who may start one, each with the unit in which they hold their post.
pub(super) fn openings<'w>(
    world: &'w World,
    opening: &'w Opening<'_>,
    now: Instant,
) -> impl Iterator<Item = (Actor, Start)> + 'w {
    candidates(world, opening).into_iter().take(TRIED_MAX).map(move |(person, unit)| {
        let caller = person.as_ref().and_then(mail_of).map(|mail| Caller {
            name: mail.to_owned(),
            mail: mail.to_owned(),
            language: opening.machine.language.clone(),
        });
        let mut fields = first_values(world, opening, unit.as_ref(), now);
        let actor = match (caller, person) {
            (Some(caller), _) => {
                // Whoever is outside says what they are asked for, and nothing else.
                let first = |name: &FieldName| opening.machine.asked_first().any(|field| &field.name == name);
                fields.retain(|name, _| first(name) && !opening.machine.names_parties(name));
                Actor::Caller(caller)
            }
            (None, Some(person)) => Actor::Session(person),
            (None, None) => Actor::Import { operator: "simulation".to_owned() },
        };
        let name = DossierId::new(opening.machine.workflow.as_str());
        let papers = opening.papers.iter().enumerate().map(|(number, kind)| paper(&name, number, kind)).collect();
        let start = Start {
            machine: opening.machine.hash().clone(),
            fields,
            papers,
            gather_key: None,
            first: None,
            import_key: None,
        };
        (actor, start)
    })
}

/// Who might open a dossier, and for which unit. Without anybody it is an import, for each unit.
fn candidates(world: &World, opening: &Opening<'_>) -> Vec<(Option<PersonId>, Option<UnitCode>)> {
    let directory = world.directory();
    let mut found: Vec<(Option<PersonId>, Option<UnitCode>)> = Vec::new();
    if let Some(person) = &opening.by {
        let posts = directory.posts.iter().filter(|post| &post.person == person);
        found.extend(posts.map(|post| (Some(person.clone()), Some(post.unit.clone()))));
        found.extend(directory.units.keys().map(|unit| (Some(person.clone()), Some(unit.clone()))));
        found.push((Some(person.clone()), None));
        return found;
    }
    let starters = opening.machine.roles.values().filter(|role| role.starter);
    for role in starters {
        match &role.source {
            RoleSource::Post { post, .. } => {
                let held = directory.posts.iter().filter(|held| &held.post == post);
                found.extend(held.map(|held| (Some(held.person.clone()), Some(held.unit.clone()))));
            }
            RoleSource::Body { seat, .. } => {
                for body in directory.bodies.values() {
                    let seats = body.seats.iter().filter(|one| seat.as_ref().is_none_or(|seat| seat == &one.seat));
                    found.extend(seats.map(|one| (Some(one.person.clone()), body.unit.clone().or(one.unit.clone()))));
                }
            }
            RoleSource::Field { .. }
            | RoleSource::Decision { .. }
            | RoleSource::Each { .. }
            | RoleSource::Outside { .. }
            | RoleSource::Any { .. } => {
                found.extend(directory.people.keys().map(|id| (Some(id.clone()), None)));
            }
        }
    }
    if let (true, Some(rule)) = (found.is_empty(), &opening.machine.public_start) {
        let domain = rule.domains.first().map_or("outside.example", String::as_str);
        found.push((Some(outsider(&format!("somebody@{domain}"))), None));
    }
    if found.is_empty() {
        found.extend(directory.units.keys().map(|unit| (None, Some(unit.clone()))));
        found.push((None, None));
    }
    found
}

/// What is given, and an invented value for every other field that something may depend on.
fn first_values(world: &World, opening: &Opening<'_>, unit: Option<&UnitCode>, now: Instant) -> Values {
    let mut values = opening.fields.clone();
    let machine = opening.machine;
    let filled: BTreeSet<_> = machine.states.iter().flat_map(|state| &state.on).flat_map(|way| &way.fill).collect();
    for field in machine.fields.iter().filter(|field| !opening.fields.contains_key(&field.name)) {
        // What somebody fills in on the way is left to them, unless something else asks for it from the beginning.
        let needed = field.required && !filled.contains(&field.name);
        let looked_up =
            matches!(field.kind, FieldKind::Person | FieldKind::Unit | FieldKind::Body | FieldKind::Choice { .. });
        if !needed && !looked_up {
            continue;
        }
        let of_unit = unit.filter(|_| field.kind == FieldKind::Unit).map(|unit| unit.as_str().into());
        if let Some(value) = of_unit.or_else(|| value(field, world, machine, now)) {
            values.insert(field.name.clone(), value);
        }
    }
    values
}

/// The first value that a field takes; none for a file.
pub(super) fn value(field: &Field, world: &World, machine: &Machine, now: Instant) -> Option<serde_json::Value> {
    let directory: &Directory = world.directory();
    let text = |text: &str| Some(serde_json::Value::from(text));
    match &field.kind {
        FieldKind::Text { max } => {
            let label: String = field.label.own.chars().take(*max as usize).collect();
            text(if label.trim().is_empty() { "x" } else { &label })
        }
        FieldKind::Number { min, max } => Some(min.or(max.map(|max| max.min(1))).unwrap_or(1).into()),
        FieldKind::Decimal { min, .. } | FieldKind::Money { min, .. } => {
            text(&min.as_ref().map_or_else(|| "1".to_owned(), ToString::to_string))
        }
        FieldKind::Date => text(&world.calendar(machine).date(now).to_string()),
        FieldKind::Person => directory.people.keys().next().map(|person| person.as_str().into()),
        FieldKind::Unit => directory.units.keys().next().map(|unit| unit.as_str().into()),
        FieldKind::Body => directory.bodies.keys().next().map(|body| body.as_str().into()),
        FieldKind::Choice { from } => machine.keys_of(from).first().map(|key| (*key).into()),
        FieldKind::OneOf { values } => values.keys().next().map(|word| word.as_str().into()),
        FieldKind::Texts { .. } => Some(serde_json::Value::Array(Vec::new())),
        FieldKind::Rows { columns, .. } => {
            let cell = |column: &Field| Some((column.name.to_string(), value(column, world, machine, now)?));
            let row: serde_json::Map<_, _> = columns.iter().filter_map(cell).collect();
            Some(serde_json::Value::Array(vec![serde_json::Value::Object(row)]))
        }
        FieldKind::File => None,
    }
}

/// A paper that nobody has to read.
pub(in crate::scenario) fn paper(dossier: &DossierId, number: usize, kind: &str) -> Paper {
    Paper {
        id: format!("{dossier}-paper-{}", number + 1).into(),
        kind: kind.to_owned(),
        name: format!("{kind}.pdf"),
        hash: String::new(),
        size: 0,
        by: None,
        at: Instant(0),
    }
}
