//! From YAML text to a workflow exactly as it was written, every name with its place, every fault collected.
//!
//! Files come in through the caller: nothing here reads a disk. What names mean is the checker's business.

pub mod children;
mod comparisons;
mod decisions;
mod drafts;
mod item;
pub mod layout;
mod lowering;
mod mails;
mod measures;
pub mod model;
mod numbers;
mod outside;
mod parts;
mod retention;
pub mod schema;
mod separation;
mod states;
mod top;
mod transitions;

pub use model::{Definition, Reading};
pub use transitions::TRANSITION_KEYS;

use item::Item;
use lowering::{Lowering, Translation};

use crate::diagnostic::{Diagnostic, fault};
use crate::source::{SourceFile, Span, Spanned};
use crate::yaml::{self, Node};

/// The language of a workflow that names none.
const LANGUAGE: &str = "vi";

/// The languages of ISO 639-1, in which a translation may stand beside a workflow.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz \
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv \
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl \
    nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta \
    te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Reads a workflow. `included` gives a file that stands beside the main one by its name there: tables under the names that
/// the workflow writes, translations as `<stem>.<language>.yaml`.
pub fn read(main: &SourceFile, included: &dyn Fn(&str) -> Option<SourceFile>) -> Reading {
    let mut reading = Reading { definition: None, diagnostics: Vec::new(), sources: vec![main.clone()] };
    let (root, faults) = yaml::parse(main);
    reading.diagnostics.extend(faults);
    let Some(root) = root else { return reading };
    let translations = translations(main, &root.value, included, &mut reading);
    let lowering = Lowering::new(translations);
    reading.definition = top::definition(&Item::root(&lowering, &root), main);
    reading.diagnostics.extend(lowering.finish());
    if let Some(definition) = &mut reading.definition {
        for table in &mut definition.tables {
            let Some(file) = &table.file else { continue };
            let (root, source, faults) = load_table(file, included);
            table.keys = root.iter().flat_map(Node::keys).map(str::to_owned).collect();
            table.value = root.map(|root| root.to_json());
            reading.diagnostics.extend(faults);
            reading.sources.extend(source.filter(|new| reading.sources.iter().all(|old| old.name != new.name)));
        }
        for decision in &mut definition.decisions {
            if let Some(file) = &decision.file {
                let (rows, source, faults) = load_rows(file, included);
                decision.rows.extend(rows);
                reading.diagnostics.extend(faults);
                reading.sources.extend(source.filter(|new| reading.sources.iter().all(|old| old.name != new.name)));
            }
            let outcomes = decision.outcomes().into_iter();
            let guard = |word: &model::Name| {
                Spanned::new(model::guard_of(decision.name.as_str(), word.as_str()), word.span.clone())
            };
            decision.guards = outcomes.map(guard).collect();
        }
    }
    reading
}

/// The names of the files that [`read`] asks for: every table that the workflow names, and every translation there could be
/// (most of those do not exist).
pub fn wanted(main: &SourceFile) -> Vec<String> {
    let Some(root) = yaml::parse(main).0 else { return Vec::new() };
    let mut names = translation_names(main, &root.value).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    if let Some(Node::Map(tables)) = root.value.get("tables").map(|tables| &tables.value) {
        names.extend(tables.iter().filter_map(|(_, file)| match &file.value {
            Node::Text(name) => Some(name.clone()),
            _ => None,
        }));
    }
    if let Some(Node::Map(decisions)) = root.value.get("decisions").map(|decisions| &decisions.value) {
        names.extend(decisions.iter().filter_map(|(_, decision)| match &decision.value.get("file")?.value {
            Node::Text(name) => Some(name.clone()),
            _ => None,
        }));
    }
    names
}

/// A YAML file of anything, as JSON: scripts of plays, for whoever reads them into types of their own.
pub fn plain(file: &SourceFile) -> (Option<serde_json::Value>, Vec<Diagnostic>) {
    let (root, faults) = yaml::parse(file);
    (root.map(|root| root.value.to_json()), faults)
}

/// A YAML file of constants: a mapping.
fn load_table(
    name: &model::Name,
    included: &dyn Fn(&str) -> Option<SourceFile>,
) -> (Option<Node>, Option<SourceFile>, Vec<Diagnostic>) {
    let Some(file) = included(&name.value) else {
        return (None, None, vec![fault!(NO_FILE.table, &name.span, name)]);
    };
    let (root, mut faults) = yaml::parse(&file);
    let value = match root {
        Some(root) if matches!(root.value, Node::Map(_)) => Some(root.value),
        Some(root) => {
            let place = Span::new(&file.name, 0..0);
            faults.push(fault!(WRONG_TYPE.table, place, found = root.value.describe()).beside(&name.span));
            None
        }
        None => None,
    };
    (value, Some(file), faults)
}

/// The rows of a decision table that stand in a file of their own.
fn load_rows(
    name: &model::Name,
    included: &dyn Fn(&str) -> Option<SourceFile>,
) -> (Vec<model::DecisionRow>, Option<SourceFile>, Vec<Diagnostic>) {
    let Some(file) = included(&name.value) else {
        return (Vec::new(), None, vec![fault!(NO_FILE.table, &name.span, name)]);
    };
    let (root, mut faults) = yaml::parse(&file);
    let lowering = Lowering::new(Vec::new());
    let rows = root.map_or_else(Vec::new, |root| decisions::rows(&Item::root(&lowering, &root)));
    faults.extend(lowering.finish());
    (rows, Some(file), faults)
}

fn translations(
    main: &SourceFile,
    root: &Node,
    included: &dyn Fn(&str) -> Option<SourceFile>,
    reading: &mut Reading,
) -> Vec<Translation> {
    let mut found = Vec::new();
    for (language, name) in translation_names(main, root) {
        let Some(file) = included(&name) else { continue };
        let (root, faults) = yaml::parse(&file);
        reading.diagnostics.extend(faults);
        reading.sources.push(file);
        found.extend(root.map(|root| Translation { language, root }));
    }
    found
}

/// The languages other than the workflow's own, with the name of the file that would translate it.
fn translation_names(main: &SourceFile, root: &Node) -> Vec<(String, String)> {
    let own = match root.get("language").map(|node| &node.value) {
        Some(Node::Text(language)) => language.as_str(),
        _ => LANGUAGE,
    };
    let name = main.name.rsplit(['/', '\\']).next().unwrap_or(&main.name);
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name);
    let others = LANGUAGES.split_whitespace().filter(|language| *language != own);
    others.map(|language| (language.to_owned(), format!("{stem}.{language}.yaml"))).collect()
}
