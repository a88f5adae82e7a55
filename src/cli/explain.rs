//! `chancery explain`: why a dossier stands where it stands, and which choices are open to it.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::{Context, Trouble, act, helped, named, one_of};
use crate::calendar::Calendar;
use crate::diagnostic::say;
use crate::directory::Directory;
use crate::dossier::Dossier;
use crate::dossier::context;
use crate::dossier::project::NoticeKind;
use crate::dossier::taken::Taken;
use crate::engine::Engine;
use crate::explain::{self, Choices, Explanation, Saying};
use crate::ids::{FieldName, Instant, Language, PersonId, Text, WorkflowName};
use crate::machine::{FieldKind, Machine};
use crate::service::Office;
use crate::store::listing::Said;
use crate::words::Phrases;

/// What `explain` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery explain 3f2a\n  chancery explain 3f2a --language en\n  \
                   chancery explain 3f2a --choices kind --format json",
    after_help = "Says where the dossier stands and since when; who is awaited, by when, and how the mails to them are; what \
                  happens\nnext by itself; what happened last; and each way out: for whom it is open, for whom closed, and by \
                  which rule.\nA dossier on a list is awaited there: the list is explained too.\n\n\
                  With --choices every row of the field's table is tried: what is closed is named with its rule, its legal \
                  basis,\nand what could be changed at this step to open it. Nothing is written by either."
)]
pub(super) struct ExplainArgs {
    /// The dossier, or the beginning of its id.
    dossier: String,
    /// Only this: the choices of a field, open and closed.
    #[arg(long, value_name = "FIELD")]
    choices: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    dossier: &'a Dossier,
    explanation: Explanation,
    mails: Vec<Said>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lists: Vec<Answer<'a>>,
}

/// Explains a dossier.
pub(super) async fn run(args: &ExplainArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let dossier = act::find(engine, &args.dossier).await?;
    let scene = Scene::of(engine, &dossier).await?;
    let language = named::language(context, &scene.machine);
    if let Some(field) = &args.choices {
        return choices(&scene, &dossier, field, &language, context);
    }
    let mut lists = Vec::new();
    let mut explained = vec![(dossier, scene)];
    if let Some(list) = on_list(&explained[0].0)
        && let Some(list) = engine.dossier(&list).await?
    {
        let scene = Scene::of(engine, &list).await?;
        explained.push((list, scene));
    }
    let mut lines = Vec::new();
    for (dossier, scene) in &explained {
        let explanation = scene.explain(engine, dossier).await?;
        let mails = engine.store().said(&dossier.id).await?;
        lines.push(format!("{}  {}", dossier.caption, scene.machine.title.in_language(&language)));
        let saying = scene.saying(&language);
        lines.extend(saying.lines(&explanation, &|person| mails_to(&saying, &mails, person)));
        lists.push(Answer { dossier, explanation, mails, lists: Vec::new() });
    }
    let mut answer = lists.remove(0);
    answer.lists = lists;
    context.printer.answer(&answer, |printer| lines.iter().for_each(|line| printer.line(line)));
    Ok(())
}

/// The list on which an open dossier stands.
fn on_list(dossier: &Dossier) -> Option<crate::ids::DossierId> {
    dossier.on_lists.iter().find_map(|on| on.dossier.clone()).filter(|_| dossier.outcome.is_none())
}

fn choices(
    scene: &Scene,
    dossier: &Dossier,
    field: &str,
    language: &Language,
    context: &Context,
) -> Result<(), Trouble> {
    let field = FieldName::new(field);
    let declared = scene.machine.field(&field).filter(|field| matches!(field.kind, FieldKind::Choice { .. }));
    if declared.is_none() {
        let fields = scene.machine.fields.iter().filter(|field| matches!(field.kind, FieldKind::Choice { .. }));
        let known: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
        let help = if known.is_empty() { say!(trouble.none_here) } else { one_of(&known) };
        return Err(Trouble::Usage(helped(say!(trouble.no_table_field, field = field.as_str()), help)));
    }
    let found: Option<Choices> = scene.choices(dossier, &field);
    let saying = scene.saying(language);
    context.printer.answer(&found, |printer| match &found {
        Some(found) => saying.choices(found).iter().for_each(|line| printer.line(line)),
        None => printer.line(explain::phrases(language.as_str()).get("choices_none")),
    });
    Ok(())
}

/// Everything that an explanation stands on.
struct Scene {
    machine: std::sync::Arc<Machine>,
    directory: std::sync::Arc<Directory>,
    calendar: std::sync::Arc<Calendar>,
    facts: Vec<context::Entry>,
    now: Instant,
    /// What other workflows are called.
    titles: BTreeMap<WorkflowName, Text>,
}

impl Scene {
    async fn of(engine: &Engine, dossier: &Dossier) -> Result<Self, Trouble> {
        let machine = engine.machine(&dossier.machine).await?;
        let calendar = engine
            .calendar(&machine.calendar)
            .ok_or_else(|| Trouble::World(say!(trouble.no_calendar, calendar = machine.calendar)))?;
        let facts = engine.facts(&machine, dossier).await?;
        let mut titles = BTreeMap::new();
        for workflow in engine.workflows() {
            titles.extend(engine.current(&workflow).await?.map(|machine| (workflow, machine.title.clone())));
        }
        let directory = std::sync::Arc::new(dossier.known_in(&engine.directory()).into_owned());
        let now = engine.now().max(dossier.last_at);
        Ok(Self { machine, directory, calendar, facts, now, titles })
    }

    async fn explain(&self, engine: &Engine, dossier: &Dossier) -> Result<Explanation, Trouble> {
        let events = engine.history(&dossier.id).await?;
        let boxes = context::Boxes::new();
        let context = self.context(&boxes);
        Ok(explain::explain(&self.machine, dossier, &events, self.now, &context))
    }

    fn choices(&self, dossier: &Dossier, field: &FieldName) -> Option<Choices> {
        let boxes = context::Boxes::new();
        explain::choices(&self.machine, dossier, field, self.now, &self.context(&boxes))
    }

    fn context<'a>(&'a self, boxes: &'a context::Boxes) -> context::Context<'a> {
        context::Context {
            directory: &self.directory,
            calendar: &self.calendar,
            register: &self.facts,
            boxes,
            taken: Taken::NOTHING,
        }
    }

    fn saying<'a>(&'a self, language: &'a Language) -> Saying<'a> {
        let Self { machine, directory, calendar, now, titles, .. } = self;
        Saying { machine, directory, calendar, language, now: *now, titles }
    }
}

/// How the mails to somebody are, the latest first.
fn mails_to(saying: &Saying<'_>, mails: &[Said], person: &PersonId) -> Vec<String> {
    let to_them = mails.iter().rev().filter(|said| said.person == person.as_str());
    let said = |said: &Said| {
        let (kind, how) = mail_said(saying.language.as_str(), said, &|at| saying.moment(at));
        format!("{kind}: {how}")
    };
    let mut lines: Vec<String> = to_them.map(said).collect();
    lines.dedup();
    lines
}

/// What a mail says and how it is, in words.
pub(super) fn mail_said(language: &str, said: &Said, moment: &dyn Fn(Instant) -> String) -> (String, String) {
    let phrases: &Phrases = explain::phrases(language);
    let at = moment(said.settled_at.unwrap_or(said.not_before_at));
    let key = match said.status.as_deref() {
        _ if said.needless => "mail_dropped",
        None if said.kind == NoticeKind::Calendar.name() => "mail_beside",
        None => "mail_waits",
        Some("accepted") => "mail_accepted",
        Some("sending") => "mail_sending",
        Some("deferred") => "mail_deferred",
        Some("failed") => "mail_failed",
        Some("dropped") => "mail_dropped",
        Some(_) => "mail_unknown",
    };
    let kind = phrases.find(&format!("said_{}", said.kind)).unwrap_or(&said.kind);
    (kind.to_owned(), phrases.say(key, &[("at", &at)]))
}
