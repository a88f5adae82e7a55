//! `chancery measure`: what a workflow counts over its dossiers.

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::{Context, Format, Printer, Trouble, helped, named, one_of};
use crate::diagnostic::say;
use crate::exact::Exact;
use crate::ids::{FieldName, Language};
use crate::machine::{Machine, Measure, Take};
use crate::measure::{Aside, Measured, Past, Period, Reckoned, Reckoning, World};
use crate::service::Office;
use crate::sheet::csv::is_formula;
use crate::store::StoreError;
use crate::words::Words;

/// What this command can answer with.
pub(super) const FORMATS: &[Format] = &[Format::Human, Format::Json, Format::Csv];
/// Dossiers whose ids are fetched at once.
const PAGE: i64 = 500;
/// Digits after the point in what people read.
const PLACES: u32 = 2;

/// What `measure` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery measure purchase\n  chancery measure purchase --measure on_time --from 2026-01-01 --to 2026-12-31\n  \
                   chancery measure purchase --least 5 --format csv > figures.csv",
    after_help = "Measures are declared under `measures:` in the workflow. Every dossier of the workflow is read with its events, by the words of the\n\
                  version that is deployed; nothing is written. Values are exact in JSON and CSV (`2/3`), and rounded where people read them.\n\
                  What cannot be counted is told apart, with why. A number about two or three people is a number about each of them:\n\
                  say --least before you hand figures on."
)]
pub(super) struct MeasureArgs {
    /// The name of a deployed workflow.
    workflow: String,
    /// Only this measure. May be given several times.
    #[arg(long, value_name = "NAME")]
    measure: Vec<String>,
    /// Only dossiers that count on this day or later.
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only dossiers that count on this day or earlier.
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Tell groups of fewer dossiers than this together.
    #[arg(long, value_name = "N", default_value_t = 1)]
    least: usize,
}

#[derive(Serialize)]
struct Answer {
    title: String,
    headings: Vec<String>,
    #[serde(flatten)]
    measured: Measured,
}

/// Reckons them and shows what came of it.
pub(super) async fn run(args: &MeasureArgs, context: &Context) -> Result<(), Trouble> {
    let period = Period { from: args.from, to: args.to };
    if args.from.zip(args.to).is_some_and(|(from, to)| from > to) {
        return Err(Trouble::Usage(say!(measure.backwards)));
    }
    let office = Office::open(&context.config).await?;
    let machine = named::deployed(&args.workflow, &office).await?;
    let wanted = wanted(&machine, &args.measure)?;
    let measured = reckon(&office, &machine, &wanted, period, args.least, &context.printer).await?;
    let language = named::language(context, &machine);
    let answers: Vec<Answer> = measured.into_iter().map(|one| answer(&machine, one, &language)).collect();
    if context.printer.format() == Format::Csv {
        csv(&answers, &context.printer);
        return Ok(());
    }
    context.printer.answer(&answers, |printer| {
        for (place, answer) in answers.iter().enumerate() {
            if place > 0 {
                printer.line("");
            }
            show(answer, args.least, printer);
        }
    });
    Ok(())
}

fn wanted<'m>(machine: &'m Machine, names: &[String]) -> Result<Vec<(&'m str, &'m Measure)>, Trouble> {
    let all = || machine.measures.iter().map(|(name, measure)| (name.as_str(), measure));
    let workflow = &machine.workflow;
    if machine.measures.is_empty() {
        let what = say!(measure.none, workflow = workflow.as_str());
        return Err(Trouble::Usage(helped(what, say!(measure.declare))));
    }
    if let Some(unknown) = names.iter().find(|name| !machine.measures.contains_key(*name)) {
        let known: Vec<&str> = all().map(|(name, _)| name).collect();
        let what = say!(measure.no_measure, workflow = workflow.as_str(), name = unknown);
        return Err(Trouble::Usage(helped(what, one_of(&known))));
    }
    Ok(all().filter(|(name, _)| names.is_empty() || names.iter().any(|one| one == name)).collect())
}

/// Reads every dossier of the workflow once, one at a time.
async fn reckon(
    office: &Office,
    machine: &Machine,
    wanted: &[(&str, &Measure)],
    period: Period,
    least: usize,
    printer: &Printer,
) -> Result<Vec<Measured>, Trouble> {
    let (engine, store) = (&office.engine, office.engine.store());
    let missing = || StoreError::Corrupt {
        table: "calendar",
        column: "name",
        what: format!("there is no calendar `{}`", machine.calendar),
    };
    let calendar = engine.calendar(&machine.calendar).ok_or_else(missing)?;
    let directory = engine.directory();
    let world = World { machine, directory: &directory, calendar: &calendar, now: engine.now() };
    let mut reckonings: Vec<Reckoning<'_>> =
        wanted.iter().map(|(name, measure)| Reckoning::new(name, measure, world, period)).collect();
    let mut progress = printer.progress(&say!(progress.measuring), store.how_many(&machine.workflow).await?);
    let mut after = None;
    loop {
        let ids = store.of_workflow(&machine.workflow, after.as_ref(), PAGE).await?;
        for id in &ids {
            let Some((dossier, course, register)) = engine.past(machine, id).await? else { continue };
            let past = Past { dossier: &dossier, course: &course, register: &register };
            for reckoning in &mut reckonings {
                reckoning.add(&past);
            }
            progress.step();
        }
        match ids.last() {
            Some(last) => after = Some(last.clone()),
            None => break,
        }
    }
    Ok(reckonings.iter().map(|reckoning| reckoning.result(least)).collect())
}

fn answer(machine: &Machine, measured: Measured, language: &Language) -> Answer {
    let measure = &machine.measures[&measured.measure];
    let heading = |grouping: &crate::machine::Grouping| {
        let field = machine.field(&FieldName::new(&grouping.of)).map(|field| &field.label);
        let label = Some(&grouping.label).filter(|label| !label.is_empty()).or(field);
        label.map_or_else(|| grouping.name.clone(), |label| label.in_language(language).to_owned())
    };
    Answer {
        title: measure.title.in_language(language).to_owned(),
        headings: measure.by.iter().map(heading).collect(),
        measured,
    }
}

fn show(answer: &Answer, least: usize, printer: &Printer) {
    let Answer { title, headings, measured } = answer;
    let language = printer.language();
    let words = Words::of(language);
    printer.line(title);
    let Some(all) = &measured.all else {
        printer.say(&say!(measure.few, least));
        return aside(&measured.aside, printer);
    };
    let line = |mut cells: Vec<String>, reckoned: &Reckoned| {
        cells.resize(headings.len().max(1), String::new());
        cells.extend([words.number(count(reckoned.dossiers)), value(measured.take, reckoned, words)]);
        cells
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for group in &measured.groups {
        let cells = group.words.iter().map(|word| match &word.name {
            Some(name) => name.clone(),
            None if word.code.is_empty() => "-".to_owned(),
            None => word.code.clone(),
        });
        rows.push(line(cells.collect(), &group.reckoned));
    }
    if let Some((n, together)) = &measured.small {
        rows.push(line(vec![say!(measure.small, n).text(language)], together));
    }
    rows.push(line(vec![say!(measure.all).text(language)], all));
    let mut heads: Vec<String> = if headings.is_empty() { vec![String::new()] } else { headings.clone() };
    heads.extend([say!(measure.dossiers).text(language), say!(measure.value).text(language)]);
    printer.table(&heads.iter().map(String::as_str).collect::<Vec<_>>(), &rows);
    aside(&measured.aside, printer);
}

/// What does not count, and why.
fn aside(aside: &Aside, printer: &Printer) {
    let Aside { erased, undated, empty, failed, why } = aside;
    let told = [
        (erased, say!(measure.erased, n = erased)),
        (undated, say!(measure.undated, n = undated)),
        (empty, say!(measure.empty, n = empty)),
        (failed, say!(measure.failed, n = failed, why = why.as_deref().unwrap_or_default())),
    ];
    for (_, words) in told.iter().filter(|(n, _)| **n > 0) {
        printer.say(words);
    }
}

/// `66.67 % (2 / 3)`, `12`, `≈ 4.33`.
fn value(take: Take, reckoned: &Reckoned, words: &Words) -> String {
    let Some(exact) = reckoned.value else { return "-".to_owned() };
    let shown = if take == Take::Share { exact.times(100.into()).unwrap_or(exact) } else { exact };
    let rounded = shown.rounded(PLACES).unwrap_or(shown);
    let about = if rounded == shown { "" } else { "≈ " };
    let said = words.decimal(&rounded.to_string());
    match (take, reckoned.part) {
        (Take::Share, Some(part)) => {
            let whole = reckoned.whole.unwrap_or_else(|| count(reckoned.dossiers).into());
            format!("{about}{said} % ({part} / {whole})")
        }
        _ => format!("{about}{said}"),
    }
}

fn count(dossiers: usize) -> i64 {
    i64::try_from(dossiers).unwrap_or(i64::MAX)
}

/// A line for each group, for those told together (`small`), and for all.
fn csv(answers: &[Answer], printer: &Printer) {
    let most = answers.iter().map(|answer| answer.headings.len()).max().unwrap_or_default();
    let groups = (1..=most).flat_map(|at| [format!("group_{at}"), format!("name_{at}")]);
    let head = ["measure".to_owned(), "of".to_owned()].into_iter().chain(groups);
    let head = head.chain(["dossiers", "part", "whole", "value", "rounded"].map(str::to_owned));
    printer.line(record(head.collect()));
    let exact = |number: Option<Exact>| number.map(|number| number.to_string()).unwrap_or_default();
    for Answer { measured, .. } in answers {
        let line = |of: &str, words: Vec<String>, reckoned: &Reckoned| {
            let mut cells = vec![measured.measure.clone(), of.to_owned()];
            cells.extend(words);
            cells.resize(2 + 2 * most, String::new());
            let rounded = reckoned.value.and_then(|value| value.rounded(PLACES + 2));
            let dossiers = Some(count(reckoned.dossiers).into());
            let numbers = [dossiers, reckoned.part, reckoned.whole, reckoned.value, rounded].map(exact);
            cells.extend(numbers);
            record(cells)
        };
        for group in &measured.groups {
            let words = group.words.iter().flat_map(|word| [word.code.clone(), word.name.clone().unwrap_or_default()]);
            printer.line(line("group", words.map(harmless).collect(), &group.reckoned));
        }
        if let Some((_, together)) = &measured.small {
            printer.line(line("small", Vec::new(), together));
        }
        if let Some(all) = &measured.all {
            printer.line(line("all", Vec::new(), all));
        }
    }
}

/// What somebody typed never becomes a formula of whoever opens the file.
fn harmless(text: String) -> String {
    if is_formula(&text) { format!("'{text}") } else { text }
}

fn record(cells: Vec<String>) -> String {
    let quoted = cells.into_iter().map(|cell| {
        let plain = !cell.contains([',', '"', '\n', '\r']);
        if plain { cell } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
    });
    quoted.collect::<Vec<_>>().join(",")
}
