//! `chancery test`: plays scenarios in offices in memory, shows what did not go as they say, and what they reach.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::worlds::{Ground, Site};
use super::{Context, Printer, Trouble, helped};
use super::{check, sources};
use crate::diagnostic::render::{self, render_all};
use crate::diagnostic::{Words, fault, say};
use crate::ids::WorkflowName;
use crate::scenario::file::{self, Case};
use crate::scenario::{Coverage, Covered, Failure, Line, play};
use crate::source::{SourceFile, Span};

/// How scenario files end.
const END: &str = ".test.yaml";
/// Failing cases that are shown with everything that happened in them.
const SHOWN_MAX: usize = 10;
/// Gaps that are listed for a workflow.
const GAPS_MAX: usize = 20;

/// What `test` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery test workflows\n  chancery test workflows/purchase/purchase.test.yaml --min-coverage 100",
    after_help = "A scenario file (`purchase.test.yaml`) stands beside the workflow that it tests. It says who does what when, \
                  and what must hold:\n\n  \
                  chancery: 1\n  \
                  test: purchase.yaml\n  \
                  starts: 2026-06-01 09:00\n  \
                  cases:\n    \
                  - case: The head of the unit agrees\n      \
                    steps:\n        \
                    - {start: purchase, by: MS-DN, fields: {item: Paper, amount: 1200000, unit: CTY-KT}}\n        \
                    - {by: MS-TP, does: approve, expect: {state: budget_check, tasks: [MS-KT]}}\n\n\
                  The whole language stands in docs/testing.md."
)]
pub(super) struct TestArgs {
    /// Scenario files, or folders: in a folder every file that ends with `.test.yaml` is played.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Fail when less than this percentage of a tested workflow's states, transitions and guards is reached.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// Only cases whose title has these words.
    #[arg(long, value_name = "WORDS")]
    case: Option<String>,
    /// A calendar file, beside those that stand near the workflows. May be given several times.
    #[arg(long, value_name = "FILE")]
    calendar: Vec<PathBuf>,
}

#[derive(Default, Serialize)]
struct Answer {
    cases: usize,
    passed: usize,
    failures: Vec<Failed>,
    coverage: Vec<Covered>,
}

#[derive(Serialize)]
struct Failed {
    case: String,
    file: String,
    line: usize,
    column: usize,
    expectation: String,
    expected: String,
    found: String,
    story: Vec<Line>,
    #[serde(skip)]
    shown: String,
}

/// An office that several scenario files share, and what they reached of it.
struct Shared {
    key: (PathBuf, PathBuf),
    ground: Ground,
    tested: BTreeSet<WorkflowName>,
    coverage: Coverage,
}

/// Plays every scenario.
pub(super) fn run(args: &TestArgs, context: &Context) -> Result<(), Trouble> {
    let printer = &context.printer;
    let (mut offices, mut answer, mut faulty) = (Vec::new(), Answer::default(), 0);
    let workflows = check::faultless(&args.paths, context)?;
    if workflows > 0 {
        printer.hint(&say!(trial.checked, n = workflows));
    }
    for path in find(&args.paths)? {
        faulty += play_file(&path, args, printer, &mut offices, &mut answer)?;
    }
    answer.coverage = covered(offices, printer.language());
    printer.answer(&answer, |printer| report(&answer, printer));
    if faulty > 0 {
        return Err(Trouble::Input(say!(trial.faults, n = faulty)));
    }
    if !answer.failures.is_empty() {
        let failed = say!(trial.failed, failed = answer.failures.len(), n = answer.cases);
        return Err(Trouble::Refused(failed));
    }
    let least = usize::from(args.min_coverage.unwrap_or_default());
    match answer.coverage.iter().find(|covered| covered.percent() < least) {
        Some(low) => {
            let below = say!(trial.below, workflow = low.workflow.as_str(), percent = low.percent(), least);
            Err(Trouble::Refused(below))
        }
        None => Ok(()),
    }
}

pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut found = Vec::new();
    let is_scenario = |path: &Path| path.to_string_lossy().ends_with(END);
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        sources::search(path, sources::DEPTH_MAX, &is_scenario, &mut found)?;
        if found.len() == before {
            let what = say!(trial.none_there, path = path.display().to_string());
            return Err(Trouble::Input(helped(what, say!(trial.called, end = END))));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Plays one file; how many faults stand in it.
fn play_file(
    path: &Path,
    args: &TestArgs,
    printer: &Printer,
    offices: &mut Vec<Shared>,
    answer: &mut Answer,
) -> Result<usize, Trouble> {
    let stand = match Stand::read(path, printer)? {
        Ok(stand) => stand,
        Err(faults) => return Ok(faults),
    };
    let (shared, tested) = Shared::of(offices, &stand.site(&args.calendar), printer)?;
    let read = file::read(&stand.source, &shared.ground.world, &tested, &|name| stand.included(name));
    let faults = sources::show(printer, &read.faults, &read.sources).errors;
    shared.tested.extend(tested);
    let wanted = |case: &&Case| args.case.as_ref().is_none_or(|words| case.title.value.contains(words));
    let cases: Vec<&Case> = read.scenarios.cases.iter().filter(wanted).collect();
    let mut progress = printer.progress(&say!(progress.testing), cases.len());
    for case in cases {
        let (failure, reached) = play(case, &shared.ground.world);
        shared.coverage.add(reached);
        answer.cases += 1;
        match failure {
            None => answer.passed += 1,
            Some(failure) => answer.failures.push(Failed::new(case, failure, &read.sources, printer)),
        }
        progress.step();
    }
    Ok(faults)
}

/// A scenario file, and what it stands on.
pub(super) struct Stand {
    pub(super) source: SourceFile,
    folder: PathBuf,
    files: Vec<PathBuf>,
    directory: PathBuf,
}

impl Stand {
    /// Reads what a scenario file says of its office; how many faults there are, if that cannot be known.
    pub(super) fn read(path: &Path, printer: &Printer) -> Result<Result<Self, usize>, Trouble> {
        let source = sources::read(path)?;
        let (needs, faults) = file::needs(&source);
        let Some(needs) = needs else { return Ok(Err(sources::show(printer, &faults, &[source]).errors)) };
        let folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
        let files: Vec<PathBuf> = needs.workflows.iter().map(|name| folder.join(&name.value)).collect();
        if let Some((name, _)) = needs.workflows.iter().zip(&files).find(|(_, file)| !file.is_file()) {
            let fault = fault!(NO_FILE.beside, &name.span, name);
            return Ok(Err(sources::show(printer, &[fault], &[source]).errors));
        }
        let directory = folder.join(&needs.directory);
        Ok(Ok(Self { source, folder, files, directory }))
    }

    pub(super) fn site<'a>(&'a self, calendars: &'a [PathBuf]) -> Site<'a> {
        Site { folder: &self.folder, files: &self.files, directory: &self.directory, calendars }
    }

    /// A file beside the scenario.
    pub(super) fn included(&self, name: &str) -> Option<Vec<u8>> {
        let inside = !name.contains(['/', '\\']) && name != "..";
        inside.then(|| std::fs::read(self.folder.join(name)).ok()).flatten()
    }
}

impl Shared {
    /// The office on this site, and the workflows that are tested in it.
    fn of<'o>(
        offices: &'o mut Vec<Self>,
        site: &Site<'_>,
        printer: &Printer,
    ) -> Result<(&'o mut Self, Vec<WorkflowName>), Trouble> {
        let key = (site.folder.to_owned(), site.directory.to_owned());
        let ground = site.load(printer)?;
        let tested = ground.named.clone();
        let at = offices.iter().position(|shared| shared.key == key).unwrap_or_else(|| {
            offices.push(Self { key, ground, tested: BTreeSet::new(), coverage: Coverage::default() });
            offices.len() - 1
        });
        Ok((&mut offices[at], tested))
    }
}

/// What was reached of each folder's workflows, whatever directory of people a scenario plays in.
fn covered(offices: Vec<Shared>, language: &str) -> Vec<Covered> {
    let mut folders: Vec<Shared> = Vec::new();
    for shared in offices {
        match folders.iter_mut().find(|one| one.key.0 == shared.key.0) {
            None => folders.push(shared),
            Some(one) => {
                one.tested.extend(shared.tested);
                one.coverage.add(shared.coverage);
            }
        }
    }
    let of = |shared: &Shared| -> Vec<Covered> {
        let machines = shared.tested.iter().filter_map(|workflow| shared.ground.world.machine(workflow));
        machines.map(|machine| shared.coverage.of(machine, language)).collect()
    };
    folders.iter().flat_map(of).collect()
}

impl Failed {
    fn new(case: &Case, failure: Failure, sources: &[SourceFile], printer: &Printer) -> Self {
        let Failure { place, what, expected, found, story } = failure;
        let fault = fault!(NOT_AS_EXPECTED.differs, &place, what, expected, found).beside(&case.title.span);
        let shown = render_all(&[fault], sources, render::Format::Human, printer.color(), printer.language());
        let (line, column) = position(&place, sources);
        let case = case.title.value.clone();
        Self { case, file: place.file, line, column, expectation: what, expected, found, story, shown }
    }
}

fn position(place: &Span, sources: &[SourceFile]) -> (usize, usize) {
    let file = sources.iter().find(|file| file.name == place.file);
    file.map_or((0, 0), |file| file.line_column(place.range.start))
}

fn report(answer: &Answer, printer: &Printer) {
    for failed in answer.failures.iter().take(SHOWN_MAX) {
        printer.line(failed.shown.trim_end());
        printer.say(&say!(trial.happened, case = failed.case));
        for line in &failed.story {
            printer.line(format!("    {}  {:<14}  {}", line.at, line.of, line.what));
        }
        printer.line("");
    }
    for failed in answer.failures.iter().skip(SHOWN_MAX) {
        let Failed { file, line, case, expectation, expected, found, .. } = failed;
        printer.say(&say!(trial.short, file, line, case, expectation, expected, found));
    }
    printer.say(&say!(trial.cases, passed = answer.passed, n = answer.cases));
    for covered in &answer.coverage {
        let Covered { workflow, states, transitions, guards, mails, measures, gaps } = covered;
        let own = say!(trial.mails, n = mails.reached, all = mails.all);
        let counted = say!(trial.measures, n = measures.reached, all = measures.all);
        printer.say(&say!(
            trial.covered,
            workflow = workflow.as_str(),
            states = states.reached,
            all_states = states.all,
            ways = transitions.reached,
            all_ways = transitions.all,
            guards = guards.reached,
            all_guards = guards.all,
            mails = if mails.all > 0 { own } else { Words::plain("") },
            measures = if measures.all > 0 { counted } else { Words::plain("") },
            percent = covered.percent(),
        ));
        for gap in gaps.iter().take(GAPS_MAX) {
            printer.say(&say!(trial.gap, gap));
        }
        if gaps.len() > GAPS_MAX {
            printer.say(&say!(trial.more, n = gaps.len() - GAPS_MAX));
        }
    }
}
