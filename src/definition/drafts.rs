//! Papers that a workflow draws up itself, as written: `papers: {NAME: {label: .., draft: {..}}}`.

use super::item::{Item, Map};
use super::model::{Block, Draft, DraftTable, Name, Signature, Template};
use crate::diagnostic::{fault, say};
use crate::ids::Text;
use crate::yaml::Node;

/// The keys of a draft.
const DRAFT_KEYS: &[&str] =
    &["in", "agency", "motto", "number", "place", "title", "about", "to", "body", "sign", "copies"];

/// The kinds of paper with what officers call them, and what of them the workflow draws up itself.
pub(super) fn papers(item: &Item<'_>) -> (Vec<(Name, Text)>, Vec<Draft>) {
    let (mut papers, mut drafts) = (Vec::new(), Vec::new());
    for (name, item) in item.named(say!(several.papers)) {
        let Node::Map(_) = item.node() else {
            papers.push((name, item.text()));
            continue;
        };
        let Some(map) = item.map(say!(what.paper), &["label", "draft"]) else { continue };
        let label = map.need("label", &name.span).map_or_else(Text::default, |item| item.text());
        let written = map.get("draft").and_then(|item| draft(name.clone(), &item));
        drafts.extend(written);
        papers.push((name, label));
    }
    (papers, drafts)
}

fn draft(name: Name, item: &Item<'_>) -> Option<Draft> {
    let map = item.map(say!(what.draft), DRAFT_KEYS)?;
    Some(Draft {
        states: map.words("in"),
        agency: lines(&map, "agency"),
        motto: lines(&map, "motto"),
        number: template(&map, "number"),
        place: template(&map, "place"),
        title: map.need("title", item.span()).and_then(|item| item.template()),
        about: template(&map, "about"),
        to: lines(&map, "to"),
        body: map.need("body", item.span()).map_or_else(Vec::new, |item| blocks(&item)),
        sign: map.get("sign").map_or_else(Vec::new, |item| item.items().iter().filter_map(signature).collect()),
        copies: lines(&map, "copies"),
        name,
    })
}

fn template(map: &Map<'_>, key: &str) -> Option<Template> {
    map.get(key)?.template()
}

/// One line, or a list of them.
fn lines(map: &Map<'_>, key: &str) -> Vec<Template> {
    map.get(key).map_or_else(Vec::new, |item| item.items().iter().filter_map(Item::template).collect())
}

fn blocks(item: &Item<'_>) -> Vec<Block> {
    item.items().iter().filter_map(block).collect()
}

/// A paragraph alone, or `{heading: ..}`, `{basis: ..}`, `{text: .., when: ..}`, `{table: {..}}`.
fn block(item: &Item<'_>) -> Option<Block> {
    if let Node::Text(_) = item.node() {
        return Some(Block { text: item.template(), ..Block::default() });
    }
    let map = item.map(say!(what.block), &["heading", "basis", "text", "table", "when"])?;
    let block = Block {
        heading: template(&map, "heading"),
        basis: template(&map, "basis"),
        text: template(&map, "text"),
        table: map.get("table").and_then(|item| table(&item)),
        when: map.get("when").and_then(|item| item.formula()),
    };
    let kinds = ["heading", "basis", "text", "table"].iter().filter(|key| map.get(key).is_some()).count();
    if kinds != 1 {
        item.report(fault!(DRAFT.block, item.span()));
    }
    Some(block)
}

fn table(item: &Item<'_>) -> Option<DraftTable> {
    let map = item.map(say!(what.draft_table), &["of", "only", "columns", "none"])?;
    let columns = map.need("columns", item.span()).map_or_else(Vec::new, |item| item.items());
    Some(DraftTable {
        of: map.need("of", item.span()).and_then(|item| item.word()),
        only: map.get("only").and_then(|item| item.formula()),
        columns: columns.iter().filter_map(column).collect(),
        none: template(&map, "none"),
    })
}

fn column(item: &Item<'_>) -> Option<(Template, Template)> {
    let map = item.map(say!(what.draft_column), &["title", "value"])?;
    let part = |key: &str| map.need(key, item.span()).and_then(|item| item.template());
    let (title, value) = (part("title"), part("value"));
    Some((title?, value?))
}

fn signature(item: &Item<'_>) -> Option<Signature> {
    let map = item.map(say!(what.signature), &["as", "name"])?;
    let role = map.need("as", item.span());
    let role = role.map_or_else(Vec::new, |item| item.items().iter().filter_map(Item::template).collect());
    Some(Signature { role, name: template(&map, "name") })
}
