//! `chancery away`: who is away until when, and who stands in for them.

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::act::person;
use super::{Context, Trouble};
use crate::diagnostic::{Words, say};
use crate::engine::{Away, NotAway};
use crate::ids::PersonId;
use crate::service::Office;
use crate::store::absences::Absence;

/// What `away` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery away AN --deputy BINH --from 2026-12-01 --until 2026-12-11\n  chancery away AN\n  chancery away AN \
                   --end 5k2f"
)]
pub(super) struct AwayArgs {
    /// Who is away, by their code in the directory; without anything else, what is set for them is shown.
    person: Option<String>,
    /// Who stands in, by their code.
    #[arg(long, value_name = "CODE", requires = "person", requires = "until")]
    deputy: Option<String>,
    /// The first day; today where nothing is said.
    #[arg(long, value_name = "DAY", requires = "deputy")]
    from: Option<Date>,
    /// The last day.
    #[arg(long, value_name = "DAY", requires = "deputy")]
    until: Option<Date>,
    /// End one that is set early, by the beginning of its id.
    #[arg(long, value_name = "ID", requires = "person", conflicts_with = "deputy")]
    end: Option<String>,
}

#[derive(Serialize)]
struct Line {
    id: String,
    person: String,
    deputy: String,
    from: String,
    until: String,
    set_at: String,
    set_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

/// Sets, ends, shows.
pub(super) async fn run(args: &AwayArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let who = args.person.as_ref().map(|code| person(engine, code)).transpose()?;
    let by = format!("operator:{}", context.environment.operator);
    let days = engine.days(engine.now());
    let today = *days.first().ok_or_else(|| Trouble::Usage(say!(absent.no_day)))?;
    if let (Some(who), Some(deputy), Some(until)) = (&who, &args.deputy, args.until) {
        let away = Away {
            id: engine.fresh_id(),
            person: who.clone(),
            by: person(engine, deputy)?,
            from: args.from.unwrap_or(today),
            until,
            set_by: by.clone(),
            host: context.config.web.site()?.host().to_owned(),
        };
        engine.be_away(away, today).await?.map_err(|why| Trouble::Refused(said(why)))?;
    }
    if let (Some(who), Some(end)) = (&who, &args.end) {
        let all = engine.store().absences(Some(who)).await?;
        let mut open = all.iter().filter(|one| one.ended.is_none() && one.id.starts_with(end.as_str()));
        let (Some(one), None) = (open.next(), open.next()) else {
            return Err(Trouble::Usage(say!(absent.no_such, id = end)));
        };
        if !engine.be_back(&one.id, who, &by, today).await? {
            return Err(Trouble::Refused(say!(absent.passed)));
        }
    }
    let directory = engine.directory();
    let name = |id: &PersonId| directory.people.get(id).map_or_else(|| "?".to_owned(), |person| person.code.clone());
    let line = |one: Absence| Line {
        person: name(&one.person),
        deputy: name(&one.by),
        from: one.from.to_string(),
        until: one.until.to_string(),
        set_at: one.set_at.to_string(),
        set_by: one.set_by,
        ended_at: one.ended.map(|(at, _)| at.to_string()),
        id: one.id,
    };
    let lines: Vec<Line> = engine.store().absences(who.as_ref()).await?.into_iter().map(line).collect();
    context.printer.answer(&lines, |printer| {
        if lines.is_empty() {
            printer.say(&say!(absent.none));
        }
        for Line { id, person, deputy, from, until, ended_at, .. } in &lines {
            let ended = ended_at.as_ref().map_or_else(String::new, |_| say!(absent.ended).text(printer.language()));
            let line = format!("{id}  {person:<12}  {deputy:<12}  {from}  {until}  {ended}");
            printer.line(line.trim_end());
        }
    });
    Ok(())
}

/// Why it is not taken.
fn said(why: NotAway) -> Words {
    match why {
        NotAway::Oneself => say!(absent.oneself),
        NotAway::Days => say!(absent.days),
        NotAway::Unknown => say!(absent.unknown),
        NotAway::TooMany => say!(absent.too_many),
    }
}
