//! The rows of a list while it lies on the page: from a file or from the form, looked over, and taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::Bringer;
use crate::diagnostic::Diagnostic;
use crate::dossier::command::Actor;
use crate::dossier::refusal::Refusal;
use crate::engine::Engine;
use crate::engine::intake::{Again, Intake, IntakeError, Taken};
use crate::import::{self, Plan, Planned, PlannedPaper};
use crate::sheet::{self, csv};
use crate::source::SourceFile;
use crate::web::App;
use crate::web::error::Problem;
use crate::web::form::{ENTRIES_MAX, ENTRY_CHARS_MAX, Form, URLENCODED_BYTES_MAX, sent_len};
use crate::web::view::refused::{self, Wrong};

/// Cells that a page carries; more of them are brought in several files.
const CELLS_MAX: usize = 15_000;
/// Faults of a file that a page tells.
const FAULTS_MAX: usize = 20;
/// Bytes that the name of a cell takes in a form, and entries besides cells and rows.
const NAME_BYTES_MAX: usize = 20;
const OTHERS_MAX: usize = 20;

/// Lists that are read or looked over at once: each may be large, and whoever sends another waits.
static READING: Semaphore = Semaphore::const_new(2);

/// Columns, and rows with the numbers that people call them by.
pub(super) struct Typed {
    columns: Vec<String>,
    rows: Vec<(u32, Vec<String>)>,
}

/// Why a file is no list for a page.
enum Unfit {
    /// It is no table; in words.
    Faults(Vec<String>),
    /// It has too many cells.
    Cells,
    /// There is more in them than a form brings back.
    Text,
}

/// What was found out about a list.
#[derive(Default)]
pub(super) struct Looked {
    /// What it means; none with a fault in any cell.
    pub(super) plan: Option<Plan>,
    /// What is wrong with the list as a whole.
    whole: Vec<String>,
    /// What is wrong with cells, by row and column.
    cells: BTreeMap<(u32, usize), Vec<String>>,
    /// Why rows are refused, or not taken over as they stand, by their numbers.
    refused: BTreeMap<usize, Vec<String>>,
    /// How many rows are there already.
    there: usize,
}

/// The list as the page shows it.
#[derive(Serialize)]
pub(super) struct View {
    columns: Vec<String>,
    wrong: Vec<Row>,
    good: Vec<Row>,
    sound: bool,
    fresh: usize,
    there: usize,
}

#[derive(Serialize)]
struct Row {
    at: usize,
    number: u32,
    name: String,
    whys: Vec<String>,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    column: String,
    value: String,
    whys: Vec<String>,
}

impl Typed {
    /// From the file that was sent: a workbook or CSV; or why it is none that a page takes, in words.
    ///
    /// # Errors
    /// Reading it failed, which no file should bring about.
    pub(super) async fn of_file(bringer: &Bringer, form: &Form) -> Result<Result<Self, Vec<Wrong>>, Problem> {
        let reader = &bringer.reader;
        let wrong = |text: String| Ok(Err(vec![Wrong::at(text, "file")]));
        let Some(file) = form.file("list") else { return wrong(reader.get("list.no_file")) };
        let (name, content, language) = (file.name.clone(), file.content.clone(), reader.texts.code());
        let turn = READING.acquire().await.map_err(|_| Problem::Unavailable)?;
        // Whoever waits for other pages does not wait for this; a reader that nobody waits for any more keeps its turn to the end.
        let read = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let (source, table) = sheet::read(&name, &content, None);
            match table {
                Ok(table) => Self::of_table(&table),
                Err(faults) => {
                    let said = faults.iter().take(FAULTS_MAX).map(|fault| told(fault, &source, language));
                    Err(Unfit::Faults(said.collect()))
                }
            }
        });
        let read = read.await.map_err(|error| {
            tracing::error!(%error, "a list could not be read");
            Problem::Fault
        })?;
        match read {
            Ok(typed) => Ok(Ok(typed)),
            Err(Unfit::Faults(said)) => Ok(Err(said.into_iter().map(|said| Wrong::at(said, "file")).collect())),
            Err(Unfit::Cells) => wrong(reader.texts.fill("list.too_long", &[("n", &CELLS_MAX.to_string())])),
            Err(Unfit::Text) => wrong(reader.get("list.too_much")),
        }
    }

    /// What a page carries of a table: as much as its form brings back.
    fn of_table(table: &csv::Table) -> Result<Self, Unfit> {
        let (width, height) = (table.columns().len(), table.rows().len());
        if width * height > CELLS_MAX {
            return Err(Unfit::Cells);
        }
        let number = |row: csv::Row<'_>| u32::try_from(row.line()).unwrap_or(u32::MAX);
        let cells = |row: csv::Row<'_>| table.columns().iter().map(|column| row.get(column).to_owned()).collect();
        let typed = Self {
            columns: table.columns().to_vec(),
            rows: table.rows().map(|row| (number(row), cells(row))).collect(),
        };
        let texts = || typed.columns.iter().chain(typed.rows.iter().flat_map(|(_, cells)| cells));
        let entries = (width + 1) * (height + 1) + OTHERS_MAX;
        let bytes = texts().map(|text| sent_len(text)).sum::<usize>() + entries * NAME_BYTES_MAX;
        let is_long = texts().any(|text| text.len() > ENTRY_CHARS_MAX && text.chars().count() > ENTRY_CHARS_MAX);
        let fits = entries <= ENTRIES_MAX && bytes <= URLENCODED_BYTES_MAX && !is_long;
        if fits { Ok(typed) } else { Err(Unfit::Text) }
    }

    /// From the cells that a form carried.
    pub(super) fn of_form(form: &Form) -> Self {
        let width = (0..CELLS_MAX).take_while(|at| form.has(&format!("h.{at}"))).count();
        let columns = (0..width).map(|at| form.get(&format!("h.{at}")).to_owned()).collect();
        let row = |at: usize| {
            let number = form.get(&format!("n.{at}")).parse().unwrap_or_default();
            (number, (0..width).map(|column| form.get(&format!("c.{at}.{column}")).to_owned()).collect())
        };
        let count = form.rows("c").min(CELLS_MAX.checked_div(width).unwrap_or_default());
        Self { columns, rows: (0..count).map(row).collect() }
    }

    /// Finds every fault: in cells, and in rows that would be refused.
    ///
    /// # Errors
    /// The world fails.
    pub(super) async fn look(self: &Arc<Self>, app: &App, bringer: &Bringer) -> Result<Looked, Problem> {
        let (typed, engine, bringer) = (Arc::clone(self), app.engine.clone(), bringer.clone());
        let turn = READING.acquire().await.map_err(|_| Problem::Unavailable)?;
        let runtime = Handle::current();
        // Thousands of rows are decided one after the other: not where pages wait.
        let looked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            runtime.block_on(typed.looked(&engine, &bringer))
        });
        looked.await.map_err(|error| {
            tracing::error!(%error, "a list could not be looked over");
            Problem::Fault
        })?
    }

    async fn looked(&self, engine: &Engine, bringer: &Bringer) -> Result<Looked, Problem> {
        let mut looked = Looked::default();
        let language = bringer.reader.texts.code();
        let table = match csv::of_rows("", &self.columns, &self.rows) {
            Ok(table) => table,
            Err(faults) => {
                looked.whole = faults.iter().map(|fault| fault.message(language)).collect();
                return Ok(looked);
            }
        };
        match import::plan_list(&table, bringer.machine(), &bringer.reader.directory) {
            Ok(plan) => rehearse(engine, bringer, plan, &mut looked).await?,
            Err(faults) => {
                for fault in &faults {
                    looked.place(fault, table.file(), language);
                }
            }
        }
        Ok(looked)
    }

    /// The list with what was found out.
    pub(super) fn view(&self, bringer: &Bringer, looked: &Looked) -> View {
        let machine = bringer.machine();
        let key: Vec<&String> = machine.import.iter().flat_map(|import| &import.key).collect();
        let named = |column: &String| import::column_named(column, machine).unwrap_or_else(|| column.clone());
        let in_key: Vec<bool> = self.columns.iter().map(|column| key.contains(&&named(column))).collect();
        let (mut wrong, mut good) = (Vec::new(), Vec::new());
        for (at, (number, values)) in self.rows.iter().enumerate() {
            let cell = |(place, column): (usize, &String)| Cell {
                column: column.clone(),
                value: values.get(place).cloned().unwrap_or_default(),
                whys: looked.cells.get(&(*number, place)).cloned().unwrap_or_default(),
            };
            let cells: Vec<Cell> = self.columns.iter().enumerate().map(cell).collect();
            let named = cells.iter().zip(&in_key).filter(|(_, is)| **is).map(|(cell, _)| cell.value.as_str());
            let name = named.collect::<Vec<_>>().join("/");
            let whys = looked.refused.get(&(*number as usize)).cloned().unwrap_or_default();
            let sound = whys.is_empty() && cells.iter().all(|cell| cell.whys.is_empty());
            let row = Row { at, number: *number, name, whys, cells };
            if sound { good.push(row) } else { wrong.push(row) }
        }
        let fresh = self.rows.len().saturating_sub(looked.there);
        View { columns: self.columns.clone(), wrong, good, sound: looked.sound(), fresh, there: looked.there }
    }
}

/// Why rows would be refused, and which are there.
async fn rehearse(engine: &Engine, bringer: &Bringer, plan: Plan, looked: &mut Looked) -> Result<(), Problem> {
    let actor = bringer.actor();
    let intake = intake(engine, &plan, &actor);
    for row in &plan.rows {
        if engine.store().imported(&plan.workflow, &row.key).await?.is_some() {
            looked.there += 1;
        } else if let Some(refusal) = intake.rehearse(row).await.map_err(problem)? {
            looked.refused.insert(row.line, why(bringer, &refusal));
        }
    }
    looked.plan = Some(plan);
    Ok(())
}

impl Looked {
    /// Whether the list may be taken as it is.
    pub(super) fn sound(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| !plan.rows.is_empty()) && self.refused.is_empty()
    }

    /// With what only came out when it was taken.
    pub(super) fn with_refused(self, refused: BTreeMap<usize, Vec<String>>) -> Self {
        Self { refused, ..self }
    }

    /// What is wrong with it, above the list; what is wrong with cells stands at them.
    pub(super) fn errors(&self, bringer: &Bringer) -> Vec<Wrong> {
        let mut errors: Vec<Wrong> = self.whole.iter().map(|text| Wrong::at(text.clone(), "file")).collect();
        let rows = self.cells.keys().map(|(row, _)| *row as usize).chain(self.refused.keys().copied());
        let rows: std::collections::BTreeSet<usize> = rows.collect();
        if let Some(first) = rows.first() {
            let said = bringer.reader.texts.fill("list.wrong_rows", &[("n", &rows.len().to_string())]);
            errors.push(Wrong::at(said, format!("row.{first}")));
        }
        if self.plan.as_ref().is_some_and(|plan| plan.rows.is_empty()) {
            errors.push(Wrong::at(bringer.reader.get("list.empty"), "file"));
        }
        errors
    }

    /// A fault goes to its cell; one of the header, or of no cell, to the whole.
    fn place(&mut self, fault: &Diagnostic, file: &SourceFile, language: &str) {
        let place = fault.labels.first().map(|label| file.line_column(label.span.range.start));
        let help = fault.help.find(language).map(|help| format!(" ({help})")).unwrap_or_default();
        let text = format!("{}{help}", fault.message(language));
        match place {
            Some((row, column)) if row > 1 && column > 0 => {
                let row = u32::try_from(row).unwrap_or(u32::MAX);
                self.cells.entry((row, column - 1)).or_default().push(text);
            }
            _ => self.whole.push(text),
        }
    }
}

/// Every row becomes a dossier, or takes over what is said otherwise now: how many did, and why the others did not, by their
/// numbers.
///
/// # Errors
/// The world fails.
pub(super) async fn take(
    app: &App,
    bringer: &Bringer,
    plan: &Plan,
) -> Result<(usize, BTreeMap<usize, Vec<String>>), Problem> {
    let actor = bringer.actor();
    let intake = intake(&app.engine, plan, &actor);
    let mut refused = BTreeMap::new();
    for row in &plan.rows {
        match intake.take(row).await.map_err(problem)? {
            Taken::Started(_) => {}
            Taken::Refused(refusal) | Taken::Already(Again { late: Some(refusal), .. }) => {
                refused.insert(row.line, why(bringer, &refusal));
            }
            Taken::Already(again) if !again.kept.is_empty() => {
                let names: Vec<String> =
                    again.kept.iter().map(|name| bringer.reader.field_path(name.as_str())).collect();
                let said = bringer.reader.texts.fill("list.kept", &[("fields", &names.join(", "))]);
                refused.insert(row.line, vec![said]);
            }
            Taken::Already(_) => {}
        }
    }
    while app.engine.deliver().await? > 0 {}
    Ok((plan.rows.len() - refused.len(), refused))
}

/// Rows of a list bring no papers along.
fn none(_: &Planned, _: &PlannedPaper) -> std::io::Result<Vec<u8>> {
    Err(std::io::Error::other("a list brings no papers"))
}

fn intake<'a>(engine: &'a Engine, plan: &'a Plan, actor: &'a Actor) -> Intake<'a> {
    Intake { engine, plan, actor, mends: true, papers: &none }
}

fn problem(error: IntakeError) -> Problem {
    match error {
        IntakeError::Store(error) => error.into(),
        IntakeError::Paper(..) | IntakeError::Unfit(..) | IntakeError::Second(..) => Problem::Fault,
    }
}

/// Why a row is refused.
fn why(bringer: &Bringer, refusal: &Refusal) -> Vec<String> {
    refused::unopened(&bringer.reader, &bringer.person, refusal)
}

/// A fault of a file in one line, with its cell where it has one.
fn told(fault: &Diagnostic, file: &SourceFile, language: &str) -> String {
    let place = fault.labels.first().and_then(|label| file.cell(label.span.range.start));
    let help = fault.help.find(language).map(|help| format!(" ({help})")).unwrap_or_default();
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{place}{}{help}", fault.message(language))
}
