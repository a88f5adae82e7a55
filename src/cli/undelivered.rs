//! `chancery mail list`, `resend`, `readdress`, `deeds`: mails that did not arrive, and what is done about them.

use clap::Args;
use serde::Serialize;

use super::{Context, Trouble, act, helped, show};
use crate::diagnostic::{Words, say};
use crate::engine::Engine;
use crate::ids::{Instant, MailId, PersonId};
use crate::service::Office;
use crate::store::undelivered::MailDeed;
use crate::words::clean;

#[derive(Debug, Args)]
pub(super) struct ReaddressArgs {
    /// Whose mails, by their code in the directory.
    person: String,
    /// Their right address.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// On whose behalf, by their code in the directory.
    #[arg(long = "as", value_name = "CODE")]
    by: String,
    /// Why.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// So many at most.
    #[arg(long, default_value_t = 1000)]
    limit: i64,
}

#[derive(Debug, Args)]
pub(super) struct ResendArgs {
    /// The mail, or the beginning of its id, as `mail list` shows it.
    mail: String,
    /// On whose behalf, by their code in the directory.
    #[arg(long = "as", value_name = "CODE")]
    by: String,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// A mail that did not arrive.
#[derive(Serialize)]
struct Troubled {
    mail: MailId,
    person: PersonId,
    name: String,
    address: Option<String>,
    status: String,
    made_at: Instant,
    settled_at: Option<Instant>,
    answer: Option<String>,
    about: Vec<String>,
}

pub(super) async fn list(args: &ListArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let troubled = troubled(&office.engine, args.limit).await?;
    context.printer.answer(&troubled, |printer| {
        if troubled.is_empty() {
            printer.say(&say!(post.all_arrived));
        }
        let ids: Vec<&str> = troubled.iter().map(|one| one.mail.as_str()).collect();
        let letters = show::telling(&ids);
        for one in &troubled {
            let id: String = one.mail.as_str().chars().take(letters).collect();
            let status = status(&one.status).text(printer.language());
            let none = say!(post.address).text(printer.language());
            let address = one.address.as_deref().unwrap_or(&none);
            let made = say!(post.made, at = one.made_at.to_string()).text(printer.language());
            printer.line(format!("{id}  {status}  {} <{address}>, {made}", one.name));
            if let Some(answer) = &one.answer {
                printer.line(format!("    {answer}"));
            }
            for what in &one.about {
                printer.line(format!("    {}", say!(post.about, what).text(printer.language())));
            }
        }
    });
    Ok(())
}

async fn troubled(engine: &Engine, limit: i64) -> Result<Vec<Troubled>, Trouble> {
    let directory = engine.directory();
    let mut all = Vec::new();
    for mail in engine.store().troubled_mails(engine.now(), limit).await? {
        let about = engine.store().about_mail(&mail.id).await?;
        let person = directory.people.get(&mail.person);
        all.push(Troubled {
            name: person.map_or_else(|| format!("({})", mail.person), |person| person.name.clone()),
            address: person.and_then(|person| person.email.clone()),
            mail: mail.id,
            person: mail.person,
            status: mail.status,
            made_at: mail.made_at,
            settled_at: mail.settled_at,
            answer: mail.answer,
            about: about.into_iter().map(|(_, caption)| caption).collect(),
        });
    }
    Ok(all)
}

/// How many are looked through for one that is named.
const NAMED_MAX: i64 = 10_000;

pub(super) async fn resend(args: &ResendArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let (engine, named) = (&office.engine, &args.mail);
    let mut found = troubled(engine, NAMED_MAX).await?;
    found.retain(|one| one.mail.as_str().starts_with(named.as_str()));
    let [mail] = found.as_slice() else {
        let what = if found.is_empty() { say!(post.no_mail, named) } else { say!(post.several_mails, named) };
        return Err(Trouble::Usage(helped(what, say!(post.list_shows))));
    };
    let deed = deed(engine, "resent", mail.person.clone(), act::person(engine, &args.by)?, &args.reason);
    let deed = MailDeed { mail: Some(mail.mail.clone()), ..deed };
    if !engine.store().resend_mail(&mail.mail, deed).await? {
        return Err(Trouble::Refused(say!(post.on_its_way)));
    }
    context.printer.answer(mail, |printer| {
        printer.say(&say!(post.again, name = mail.name, about = mail.about.join(", ")));
    });
    Ok(())
}

/// Every courier has seen the right address by then.
const SEEN_MS: i64 = 60 * 1000;

pub(super) async fn readdress(args: &ReaddressArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let (person, by) = (act::person(engine, &args.person)?, act::person(engine, &args.by)?);
    if let Some(to) = &args.to {
        put_address(engine, &person, to).await?;
    }
    let deed = deed(engine, "readdressed", person, by, &args.reason);
    let not_before = deed.at.plus_ms(SEEN_MS);
    let again = engine.store().readdress(deed.clone(), not_before).await?;
    context.printer.answer(&deed, |printer| {
        printer.say(&say!(post.dead, person = args.person, n = again));
    });
    Ok(())
}

async fn put_address(engine: &Engine, person: &PersonId, to: &str) -> Result<(), Trouble> {
    let to = to.trim();
    if !crate::courier::settings::is_address(to) {
        return Err(Trouble::Usage(say!(post.no_address, to)));
    }
    if engine.put_address(person, to).await? {
        return Ok(());
    }
    Err(Trouble::Usage(say!(post.gone)))
}

fn deed(engine: &Engine, what: &str, person: PersonId, by: PersonId, reason: &str) -> MailDeed {
    let (id, at, reason) = (engine.chance().id(), engine.now(), clean(reason));
    MailDeed { id, at, what: what.to_owned(), person, mail: None, by, reason }
}

pub(super) async fn deeds(args: &ListArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let directory = office.engine.directory();
    let deeds = office.engine.store().mail_deeds(args.limit).await?;
    let name = |id: &PersonId| directory.people.get(id).map_or_else(|| format!("({id})"), |person| person.name.clone());
    context.printer.answer(&deeds, |printer| {
        for deed in &deeds {
            let (whose, by) = (name(&deed.person), name(&deed.by));
            let what = if deed.what == "resent" { say!(post.resent) } else { say!(post.readdressed) };
            let (what, who) = (what.text(printer.language()), say!(post.deed, whose, by, why = deed.reason));
            printer.line(format!("{}  {what}  {}", deed.at, who.text(printer.language())));
        }
    });
    Ok(())
}

/// How a mail is that did not arrive.
fn status(status: &str) -> Words {
    match status {
        "deferred" => say!(post.deferred),
        "failed" => say!(post.failed),
        _ => say!(post.unknown),
    }
}
