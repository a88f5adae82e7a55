//! What came of lists and still waits with its bringer: papers for many at once, by the names of their files, and all of it sent
//! on as one.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Bringer;
use crate::directory::names::search_key;
use crate::dossier::command::{Act, Ask, Command};
use crate::dossier::context::Context;
use crate::dossier::refusal::Refusal;
use crate::dossier::taken::Taken;
use crate::dossier::{Dossier, decide};
use crate::engine::intake::paper;
use crate::ids::{EventName, OperationId, PaperId};
use crate::machine::{FieldKind, Proofs};
use crate::store::pages::TaskPage;
use crate::web::App;
use crate::web::error::Problem;
use crate::web::form::Form;
use crate::web::hex;
use crate::web::reader::Reader;
use crate::web::routes::Place;
use crate::web::upload::{self, File};
use crate::web::view::choice::Wanted;
use crate::web::view::refused::{self, Wrong};
use crate::web::visit;

/// One draft as the page shows it.
#[derive(Serialize)]
pub(super) struct Draft {
    key: String,
    about: String,
    stands: String,
    papers: String,
    href: Option<String>,
}

/// A draft with what can be done with it.
pub(super) struct Open {
    pub(super) shown: Draft,
    /// Kinds of paper that its bringer may attach, with what they are called.
    pub(super) kinds: Vec<(String, String)>,
    task: TaskPage,
    dossier: Dossier,
    reader: Reader,
    /// The answers that can be given to many at once: event and label.
    ways: Vec<(EventName, String)>,
}

/// An answer that can be given to all of them at once.
#[derive(Serialize)]
pub(super) struct Offer {
    event: String,
    label: String,
    count: usize,
}

/// Everything that waits with the bringer, in the order of the keys.
///
/// # Errors
/// The world fails.
pub(super) async fn open(app: &App, bringer: &Bringer) -> Result<Vec<Open>, Problem> {
    let mut found = Vec::new();
    for task in app.engine.store().tasks_of_rows(&bringer.person, &bringer.workflow).await? {
        // What wants more than was shown for this page is neither shown nor answered here.
        if !Proofs::from(task.policy).without(bringer.shown()).is_none() {
            continue;
        }
        let (dossier, machine) = visit::dossier(app, &task).await?;
        let facts = app.engine.facts(&machine, &dossier).await?;
        let reader = visit::reader(app, machine, &dossier, &task.person, bringer.asked)?;
        let boxes = BTreeMap::new();
        let context = Context {
            directory: &reader.directory,
            calendar: &reader.calendar,
            register: &facts,
            boxes: &boxes,
            taken: Taken::NOTHING,
        };
        let machine = &reader.machine;
        let offered = decide::offered(machine, &dossier, task.activation, &task.person, reader.now, &context);
        let (edit, attach) = decide::editable(machine, &dossier, &task.person, task.activation, reader.now, &context);
        let files = edit.iter().filter(|name| machine.field(name).is_some_and(|field| field.kind == FieldKind::File));
        let kinds: Vec<String> = attach.into_iter().chain(files.map(ToString::to_string)).collect();
        let kinds = kinds.into_iter().map(|kind| (kind.clone(), reader.paper_kind(&kind))).collect();
        let wanted = Wanted::all(&reader, &offered);
        let alone = |one: &&Wanted| !one.reason && one.adds.is_empty() && !one.marks();
        let ways = wanted.iter().filter(alone).map(|one| (one.event.clone(), one.label.clone())).collect();
        let shown = shown(app, &reader, &task, &dossier);
        found.push(Open { shown, kinds, task, dossier, reader, ways });
    }
    Ok(found)
}

fn shown(app: &App, reader: &Reader, task: &TaskPage, dossier: &Dossier) -> Draft {
    let mut papers: Vec<String> = dossier.papers.iter().map(|paper| reader.paper_kind(&paper.kind)).collect();
    papers.sort();
    papers.dedup();
    Draft {
        key: dossier.import_key.clone().unwrap_or_default(),
        about: dossier.caption.clone(),
        stands: dossier.leaves().map(|leaf| reader.state(&leaf.state)).collect::<Vec<_>>().join(", "),
        papers: papers.join(", "),
        href: visit::token_of(app, task).map(|token| Place::Task(&token).path(&app.site)),
    }
}

/// Names of files as they could be sent for the first draft that lacks a paper.
pub(super) fn example(drafts: &[Open]) -> Option<[String; 2]> {
    let draft = drafts.iter().find(|one| !one.kinds.is_empty())?;
    let key = draft.shown.key.rsplit('/').next()?;
    let (kind, label) = draft.kinds.first()?;
    Some([format!("{key}-{kind}.pdf"), format!("{key}-{}.pdf", slug(label))])
}

/// What can be answered for all of them.
pub(super) fn offers(drafts: &[Open]) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for (event, label) in drafts.iter().flat_map(|one| &one.ways) {
        match offers.iter_mut().find(|offer| offer.event == event.as_str()) {
            Some(offer) => offer.count += 1,
            None => offers.push(Offer { event: event.to_string(), label: label.clone(), count: 1 }),
        }
    }
    offers.retain(|offer| offer.count == drafts.len());
    offers
}

/// Every file goes to the draft whose key its name begins with, as the paper that the rest of its name says
/// (`CN001-report.pdf`, `CN001/report.pdf`); what was attached, and what could not be.
///
/// # Errors
/// The world fails.
pub(super) async fn attach(app: &App, bringer: &Bringer, form: &Form) -> Result<(String, Vec<Wrong>), Problem> {
    let texts = bringer.reader.texts;
    let drafts = open(app, bringer).await?;
    let (mut errors, mut attached, mut there) = (Vec::new(), 0, 0);
    let mut bundles: BTreeMap<usize, Vec<(&File, &str)>> = BTreeMap::new();
    for file in form.files("papers") {
        match matched(&drafts, file) {
            Ok((at, kind)) => bundles.entry(at).or_default().push((file, kind)),
            Err(key) => errors.push(Wrong::at(texts.fill(key, &[("name", &file.sent)]), "papers")),
        }
    }
    if bundles.is_empty() && errors.is_empty() {
        errors.push(Wrong::at(texts.get("list.no_papers").to_owned(), "papers"));
    }
    for (at, files) in bundles {
        let draft = &drafts[at];
        let (mut papers, mut attachments) = (Vec::new(), Vec::new());
        for (file, kind) in files {
            let id = paper_id(draft, kind, file);
            if draft.dossier.papers.iter().any(|one| one.id == id)
                || papers.iter().any(|one: &crate::dossier::Paper| one.id == id)
            {
                there += 1;
                continue;
            }
            match paper(&app.engine, id, kind, &file.name, file.content.to_vec(), draft.task.opened_at) {
                Ok((mut paper, attachment)) => {
                    paper.by = Some(bringer.person.clone());
                    papers.push(paper);
                    attachments.push(attachment);
                }
                Err(unfit) => {
                    errors.push(Wrong::at(texts.fill(upload::said(unfit), &[("name", &file.sent)]), "papers"));
                }
            }
        }
        if papers.is_empty() {
            continue;
        }
        let count = papers.len();
        let ids: Vec<String> = papers.iter().map(|one| one.id.to_string()).collect();
        let ask = Ask::Edit { activation: draft.task.activation, fields: BTreeMap::new(), papers };
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        match app.engine.handle(command(bringer, draft, &[&["attach"][..], &ids[..]].concat(), ask), attachments).await
        {
            Ok(_) => attached += count,
            Err(failure) => errors.extend(refused(draft, &Problem::of_failure(failure)?)),
        }
    }
    let said = match (attached, there) {
        (0, 0) => String::new(),
        _ => texts.fill("list.attached", &[("n", &attached.to_string()), ("there", &there.to_string())]),
    };
    Ok((said, errors))
}

/// Everything is sent on with one answer, and nothing of it if anything would be refused.
///
/// # Errors
/// The world fails.
pub(super) async fn submit(app: &App, bringer: &Bringer, form: &Form) -> Result<Vec<Wrong>, Problem> {
    let reader = &bringer.reader;
    let drafts = open(app, bringer).await?;
    let event = offers(&drafts).into_iter().map(|offer| offer.event).find(|event| event == form.get("choice"));
    let Some(event) = event else { return Ok(vec![Wrong::at(reader.get("refused.no_choice"), "choice")]) };
    if form.get("sure") != "yes" {
        return Ok(vec![Wrong::at(reader.get("refused.sure"), "sure")]);
    }
    let commands: Vec<(Command, &Open)> = drafts.iter().map(|draft| (send(bringer, draft, &event), draft)).collect();
    let mut errors = Vec::new();
    for (command, draft) in &commands {
        if let Err(failure) = app.engine.rehearse(command, &[]).await {
            errors.extend(refused(draft, &Problem::of_failure(failure)?));
        }
    }
    if !errors.is_empty() {
        return Ok(errors);
    }
    for (command, draft) in commands {
        if let Err(failure) = app.engine.handle(command, Vec::new()).await {
            errors.extend(refused(draft, &Problem::of_failure(failure)?));
        }
    }
    while app.engine.deliver().await? > 0 {}
    Ok(errors)
}

fn send(bringer: &Bringer, draft: &Open, event: &str) -> Command {
    let seq = draft.dossier.seq;
    let act = Act {
        activation: draft.task.activation,
        event: event.into(),
        fields: BTreeMap::new(),
        papers: Vec::new(),
        reason: None,
        rows: BTreeMap::new(),
        seen: Some(seq),
    };
    command(bringer, draft, &["send", event, &seq.to_string()], Ask::Act(act))
}

fn command(bringer: &Bringer, draft: &Open, parts: &[&str], ask: Ask) -> Command {
    let mut hash = Sha256::new();
    for part in ["list", &draft.task.id].iter().chain(parts) {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let dossier = draft.dossier.id.clone();
    let operation = OperationId::new(format!("w:{dossier}:{}", &hex(&hash.finalize())[..32]));
    Command { operation, dossier, actor: bringer.actor(), ask }
}

fn refused(draft: &Open, refusal: &Refusal) -> Vec<Wrong> {
    let wrongs = refused::wrongs(&draft.reader, &draft.dossier, &draft.task.person, refusal, |_| None);
    let key = &draft.shown.key;
    wrongs.into_iter().map(|wrong| Wrong { text: format!("{key}: {}", wrong.text), ..wrong }).collect()
}

/// The same bytes for the same draft are the same paper.
fn paper_id(draft: &Open, kind: &str, file: &File) -> PaperId {
    let mut hash = Sha256::new();
    for part in [draft.dossier.id.as_str().as_bytes(), kind.as_bytes(), &file.content] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    PaperId::new(&hex(&hash.finalize())[..32])
}

/// The draft and the kind of paper that a file's name says; else the key of the text that says what is wrong.
fn matched<'d>(drafts: &'d [Open], file: &File) -> Result<(usize, &'d str), &'static str> {
    let name = file.sent.rsplit_once('.').map_or(file.sent.as_str(), |(stem, _)| stem);
    let name = slug(name);
    let mut best: Option<(usize, usize, &str)> = None;
    for (at, draft) in drafts.iter().enumerate() {
        let whole = slug(&draft.shown.key);
        let last = slug(draft.shown.key.rsplit('/').next().unwrap_or_default());
        for key in [whole, last].iter().filter(|key| !key.is_empty()) {
            let Some(rest) = after(&name, key) else { continue };
            if best.is_none_or(|(_, length, _)| key.len() > length) {
                best = Some((at, key.len(), rest));
            }
        }
    }
    let Some((at, _, rest)) = best else { return Err("list.paper_nobody") };
    let kinds = &drafts[at].kinds;
    let named = kinds.iter().find(|(kind, label)| rest == slug(kind) || rest == slug(label));
    match (named, kinds.as_slice()) {
        (Some((kind, _)), _) => Ok((at, kind.as_str())),
        (None, [(only, _)]) if rest.is_empty() => Ok((at, only.as_str())),
        (None, []) => Err("list.paper_closed"),
        (None, _) => Err("list.paper_kind"),
    }
}

/// What stands behind a key, if a name begins with it as a word or several.
fn after<'n>(name: &'n str, key: &str) -> Option<&'n str> {
    let rest = name.strip_prefix(key)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('-') }
}

/// Small letters without marks and digits; everything else becomes one hyphen.
fn slug(text: &str) -> String {
    let plain = search_key(text);
    let words = plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}
