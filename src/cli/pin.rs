//! `chancery pin`: numbers for those who are asked to show more than a link, to be handed over on paper or by word of mouth.

use clap::Args;
use serde::Serialize;

use super::act::{find, person};
use super::{Context, Trouble};
use crate::diagnostic::{Words, say};
use crate::ids::PersonId;
use crate::service::Office;
use crate::store::pins::Pin;

/// What `pin` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery pin 3f2a\n  chancery pin 3f2a --for BINH --anew\n  chancery pin 3f2a --list\n\nA number is shown \
                   once, here, and kept nowhere. It must not travel by mail: that is what it is for."
)]
pub(super) struct PinArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    /// Only for this person, by their code in the directory. May be given several times.
    #[arg(long = "for", value_name = "CODE")]
    people: Vec<String>,
    /// New numbers for those, too, who have one; also the way out after too many wrong tries.
    #[arg(long)]
    anew: bool,
    /// Show who has a number, and give none.
    #[arg(long, conflicts_with = "anew")]
    list: bool,
}

#[derive(Serialize)]
struct Line {
    code: String,
    name: String,
    /// Shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_by: Option<String>,
    locked: bool,
}

/// Gives numbers, or says who has one.
pub(super) async fn run(args: &PinArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let (engine, directory) = (&office.engine, office.engine.directory());
    let dossier = find(engine, &args.dossier).await?.id;
    let named = args.people.iter().map(|code| person(engine, code)).collect::<Result<Vec<_>, _>>()?;
    let wanting = engine.store().wanting_pins(&dossier).await?;
    if let Some(other) = named.iter().find(|one| !wanting.contains(one)) {
        let name = directory.people.get(other).map_or("?", |person| person.name.as_str());
        return Err(Trouble::Refused(say!(digits.not_asked, name)));
    }
    let people: Vec<PersonId> = wanting.into_iter().filter(|one| named.is_empty() || named.contains(one)).collect();
    let mut had = Vec::new();
    for one in people {
        let pin = engine.store().pin(&dossier, &one).await?;
        had.push((one, pin));
    }
    let wanted = |pin: &Option<Pin>| !args.list && (args.anew || pin.as_ref().is_none_or(Pin::is_ended));
    let seen = |pin: &Option<Pin>| pin.as_ref().map_or(0, |pin| pin.generation);
    let fresh: Vec<(PersonId, i64)> =
        had.iter().filter(|(_, pin)| wanted(pin)).map(|(one, pin)| (one.clone(), seen(pin))).collect();
    let by = format!("operator:{}", context.environment.operator);
    let given = if fresh.is_empty() { Vec::new() } else { engine.give_pins(&dossier, fresh, &by).await? };
    let line = |(one, pin): &(PersonId, Option<Pin>)| {
        let known = directory.people.get(one);
        let new = given.iter().find(|given| &given.person == one).map(|given| given.pin.clone());
        let old = pin.as_ref().filter(|_| new.is_none());
        Line {
            code: known.map(|person| person.code.clone()).unwrap_or_default(),
            name: known.map(|person| person.name.clone()).unwrap_or_default(),
            pin: new,
            given_at: old.map(|pin| pin.made_at.to_string()),
            given_by: old.map(|pin| pin.made_by.clone()),
            locked: old.is_some_and(Pin::is_locked),
        }
    };
    let lines: Vec<Line> = had.iter().map(line).collect();
    context.printer.answer(&lines, |printer| {
        if lines.is_empty() {
            printer.say(&say!(digits.nobody));
        }
        for line in &lines {
            let said = match (&line.pin, &line.given_at) {
                (Some(pin), _) => Words::plain(pin),
                (None, Some(at)) if line.locked => say!(digits.locked, at),
                (None, Some(at)) => say!(digits.given, at),
                (None, None) => say!(digits.none),
            };
            let said = said.text(printer.language());
            printer.line(format!("{:<12}  {:<28}  {said}", line.code, line.name));
        }
    });
    Ok(())
}
