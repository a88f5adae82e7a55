//! The top level of a workflow file, and its smaller sections.

use super::item::{Item, Map};
use super::model::{CronStart, Definition, Domains, Import, PublicStart, Table};
use super::{LANGUAGE, children, comparisons, decisions, drafts, mails, measures, numbers, parts, retention, states};
use crate::diagnostic::{fault, say};
use crate::ids::Text;
use crate::source::{SourceFile, Span};
use crate::yaml::Node;

/// The sections of a workflow, in the order in which readers look for them (and `fmt` puts them).
pub(super) const KEYS: &[&str] = &[
    "chancery",
    "workflow",
    "title",
    "language",
    "calendar",
    "caption",
    "subject",
    "parent",
    "gives",
    "key",
    "row",
    "row_caption",
    "row_subject",
    "tables",
    "papers",
    "fields",
    "import",
    "children",
    "numbers",
    "registers",
    "comparisons",
    "roles",
    "guards",
    "decisions",
    "votes",
    "mails",
    "notes",
    "access",
    "initial",
    "states",
    "public_start",
    "cron",
    "retention",
    "measures",
];

/// Mailboxes of every domain.
const ANY: &str = "any";

/// The language level that this program reads.
const LEVEL: i64 = 1;

/// The whole file; none if it is no mapping.
pub(super) fn definition(root: &Item<'_>, file: &SourceFile) -> Option<Definition> {
    let map = root.map(say!(what.workflow), KEYS)?;
    let span = Span::new(&file.name, file.one_line(&(0..file.text.len())));
    let start = map.keys().remove("workflow").unwrap_or(span);
    let (papers, drafts) = map.get("papers").map_or_else(Default::default, |item| drafts::papers(&item));
    Some(Definition {
        level: level(&map, &start),
        workflow: map.need("workflow", &start).and_then(|item| item.word()),
        title: map.need("title", &start).map_or_else(Text::default, |item| item.text()),
        language: map.word("language").map_or_else(|| LANGUAGE.to_owned(), |word| word.value),
        calendar: map.need("calendar", &start).and_then(|item| item.word()),
        caption: map.word("caption"),
        subject: map.words("subject"),
        key: map.words("key"),
        row: map.get("row").map_or_else(Vec::new, |item| parts::fields(&item)),
        row_caption: map.word("row_caption"),
        row_subject: map.words("row_subject"),
        tables: map.get("tables").map_or_else(Vec::new, |item| tables(&item)),
        papers,
        drafts,
        fields: map.get("fields").map_or_else(Vec::new, |item| parts::fields(&item)),
        roles: map.get("roles").map_or_else(Vec::new, |item| parts::roles(&item)),
        guards: map.get("guards").map_or_else(Vec::new, |item| parts::guards(&item)),
        decisions: map.get("decisions").map_or_else(Vec::new, |item| decisions::decisions(&item)),
        votes: map.get("votes").map_or_else(Vec::new, |item| parts::votes(&item)),
        registers: map.get("registers").map_or_else(Vec::new, |item| numbers::registers(&item)),
        comparisons: map.get("comparisons").map_or_else(Vec::new, |item| comparisons::comparisons(&item)),
        parent: map.words("parent"),
        gives: map.words("gives"),
        children: map.get("children").map_or_else(Vec::new, |item| children::children(&item)),
        numbers: map.get("numbers").map_or_else(Vec::new, |item| numbers::numberings(&item)),
        mails: map.get("mails").map_or_else(Vec::new, |item| mails::mails(&item)),
        notes: map.get("notes").map_or_else(Vec::new, |item| parts::labels(&item, say!(several.notes))),
        access: map.get("access").map_or_else(Vec::new, |item| parts::access(&item)),
        initial: map.need("initial", &start).and_then(|item| item.word()),
        states: map.need("states", &start).map_or_else(Vec::new, |item| states::states(&item)),
        public_start: map.get("public_start").and_then(|item| public_start(&item)),
        cron: map.get("cron").map_or_else(Vec::new, |item| item.items().iter().filter_map(cron).collect()),
        import: map.get("import").and_then(|item| import(&item)),
        retention: map.get("retention").and_then(|item| retention::retention(&item)),
        measures: map.get("measures").map_or_else(Vec::new, |item| measures::measures(&item)),
        keys: map.keys(),
        span: start,
    })
}

fn level(map: &Map<'_>, start: &Span) -> Option<u32> {
    let item = map.need("chancery", start)?;
    let level = item.integer()?;
    if level.value == LEVEL {
        return u32::try_from(level.value).ok();
    }
    item.report(fault!(LEVEL.unknown, &level.span, level = level.value, known = LEVEL));
    None
}

fn tables(item: &Item<'_>) -> Vec<Table> {
    let named = item.named(say!(several.tables));
    named.into_iter().map(|(name, file)| Table { name, file: file.word(), value: None, keys: Vec::new() }).collect()
}

/// `public_start: {as: ROLE, domains: [a.example], help: ..}`, or `domains: any`.
fn public_start(item: &Item<'_>) -> Option<PublicStart> {
    let map = item.map(say!(what.public_start), &["as", "domains", "help"])?;
    Some(PublicStart {
        span: item.span().clone(),
        role: map.need("as", item.span()).and_then(|item| item.word()),
        domains: map.need("domains", item.span()).map_or_else(|| Domains::Named(Vec::new()), |item| domains(&item)),
        help: map.text("help"),
    })
}

fn domains(item: &Item<'_>) -> Domains {
    match item.node() {
        Node::Text(word) if word == ANY => Domains::Any,
        _ => Domains::Named(item.words()),
    }
}

fn cron(item: &Item<'_>) -> Option<CronStart> {
    let map = item.map(say!(what.cron), &["schedule", "zone", "fields"])?;
    let fields = map.get("fields").map_or_else(Vec::new, |fields| fields.named(say!(several.fields)));
    Some(CronStart {
        schedule: map.need("schedule", item.span()).and_then(|item| item.word()),
        zone: map.need("zone", item.span()).and_then(|item| item.word()),
        fields: fields.into_iter().map(|(name, value)| (name, value.node().to_json())).collect(),
    })
}

fn import(item: &Item<'_>) -> Option<Import> {
    let map = item.map(say!(what.import), &["key", "columns", "only", "register", "papers", "ignore"])?;
    let columns =
        map.need("columns", item.span()).map_or_else(Vec::new, |columns| columns.named(say!(several.columns)));
    let only = map.get("only").map_or_else(Vec::new, |only| only.named(say!(several.columns)));
    let register = map.get("register");
    let register_map = register.as_ref().and_then(|item| item.map(say!(what.import_register), &["column", "register"]));
    let of_register = |key: &str| {
        let (item, map) = (register.as_ref()?, register_map.as_ref()?);
        map.need(key, item.span())?.word()
    };
    Some(Import {
        key: map.need("key", item.span()).map_or_else(Vec::new, |item| item.words()),
        columns: columns.into_iter().map(|(column, field)| (column, field.words())).collect(),
        only: only.into_iter().map(|(column, words)| (column, words.words())).collect(),
        register_column: of_register("column"),
        register: of_register("register"),
        papers: map.word("papers"),
        ignore: map.words("ignore"),
    })
}
