//! Fields, roles, guards and votes as written.

use super::item::{Item, Map};
use super::model::{Absent, Access, Correctable, Field, Guard, Name, Outside, Party, Role, Vote};
use crate::diagnostic::{Words, say};
use crate::ids::Text;
use crate::source::Span;
use crate::yaml::Node;

/// The keys of a field.
const FIELD_KEYS: &[&str] = &[
    "type",
    "label",
    "required",
    "max",
    "min",
    "places",
    "currency",
    "from",
    "values",
    "columns",
    "sums",
    "correctable",
];

/// The keys of a vote.
const VOTE_KEYS: &[&str] = &[
    "title",
    "body",
    "parts",
    "requires",
    "ballot",
    "quorum",
    "passes",
    "open_for",
    "abstention",
    "tie",
    "absent",
    "own_case",
    "leaver",
    "early_close",
    "highest",
    "second_ballot",
    "basis",
    "withdraw",
    "mail",
];

/// Names with what officers call them.
pub(super) fn labels(item: &Item<'_>, what: Words) -> Vec<(Name, Text)> {
    item.named(what).into_iter().map(|(name, label)| (name, label.text())).collect()
}

fn needed_text(map: &Map<'_>, key: &str, place: &Span) -> Text {
    map.need(key, place).map_or_else(Text::default, |item| item.text())
}

/// The fields of a form or of a row.
pub(super) fn fields(item: &Item<'_>) -> Vec<Field> {
    item.named(say!(several.fields)).into_iter().filter_map(|(name, item)| field(name, &item)).collect()
}

fn field(name: Name, item: &Item<'_>) -> Option<Field> {
    let map = item.map(say!(what.field), FIELD_KEYS)?;
    Some(Field {
        label: needed_text(&map, "label", &name.span),
        kind: map.need("type", &name.span).and_then(|item| item.word()),
        required: map.flag("required"),
        max: map.get("max").and_then(|item| item.number()),
        min: map.get("min").and_then(|item| item.number()),
        places: map.get("places").and_then(|item| item.integer()),
        currency: map.word("currency"),
        columns: map.get("columns").map_or_else(Vec::new, |item| fields(&item)),
        sums: map.words("sums"),
        correctable: map.get("correctable").and_then(|item| correctable(&item)),
        from: map.word("from"),
        values: map.get("values").map_or_else(Vec::new, |item| labels(&item, say!(several.values))),
        keys: map.keys(),
        name,
    })
}

fn correctable(item: &Item<'_>) -> Option<Correctable> {
    let map = item.map(say!(what.correctable), &["by", "reason", "votes", "link"])?;
    Some(Correctable {
        span: item.span().clone(),
        by: map.words("by"),
        reason: map.flag("reason"),
        votes: map.word("votes"),
        link: map.word("link"),
    })
}

/// The roles.
pub(super) fn roles(item: &Item<'_>) -> Vec<Role> {
    item.named(say!(several.roles)).into_iter().filter_map(|(name, item)| role(name, &item)).collect()
}

fn role(name: Name, item: &Item<'_>) -> Option<Role> {
    let map = item.map(
        say!(what.role),
        &["label", "starter", "post", "of", "body", "seat", "field", "decision", "each", "outside", "any"],
    )?;
    Some(Role {
        label: needed_text(&map, "label", &name.span),
        starter: map.flag("starter"),
        post: map.word("post"),
        of: map.word("of"),
        body: map.word("body"),
        seat: map.word("seat"),
        field: map.word("field"),
        decision: map.word("decision"),
        each: map.get("each").and_then(|item| item.formula()),
        outside: map.get("outside").map(|item| outside(&item)),
        any: map.words("any"),
        keys: map.keys(),
        name,
    })
}

/// People from outside: a table of the dossier that names them, or their names.
fn outside(item: &Item<'_>) -> Outside {
    match item.node() {
        Node::List(_) | Node::Map(_) => Outside::Named(item.items().iter().filter_map(party).collect()),
        _ => item.word().map_or_else(|| Outside::Named(Vec::new()), Outside::Table),
    }
}

fn party(item: &Item<'_>) -> Option<Party> {
    let map = item.map(say!(what.party), &["name", "mail", "language", "address"])?;
    let word = |key: &str| map.need(key, item.span()).and_then(|item| item.word());
    let (language, address) = (map.word("language"), map.word("address"));
    Some(Party { name: word("name")?, mail: word("mail")?, language, address })
}

/// The guards.
pub(super) fn guards(item: &Item<'_>) -> Vec<Guard> {
    item.named(say!(several.guards)).into_iter().filter_map(|(name, item)| guard(name, &item)).collect()
}

fn guard(name: Name, item: &Item<'_>) -> Option<Guard> {
    let map = item.map(say!(what.guard), &["label", "expr", "refuse", "basis"])?;
    Some(Guard {
        label: map.text("label"),
        expr: map.need("expr", &name.span).and_then(|item| item.formula()),
        refuse: map.text("refuse"),
        basis: map.citation("basis"),
        name,
    })
}

/// Who sees what.
pub(super) fn access(item: &Item<'_>) -> Vec<Access> {
    let one = |(who, item): (Name, Item<'_>)| {
        let map = item.map(say!(what.access), &["see", "edit", "attach", "comment"])?;
        let words = |key: &str| map.get(key).map(|item| item.words());
        Some(Access {
            see: words("see"),
            edit: words("edit"),
            attach: words("attach"),
            comment: words("comment"),
            keys: map.keys(),
            who,
        })
    };
    item.named(say!(several.roles)).into_iter().filter_map(one).collect()
}

/// The votes.
pub(super) fn votes(item: &Item<'_>) -> Vec<Vote> {
    item.named(say!(several.votes)).into_iter().filter_map(|(name, item)| vote(name, &item)).collect()
}

fn vote(name: Name, item: &Item<'_>) -> Option<Vote> {
    let map = item.map(say!(what.vote), VOTE_KEYS)?;
    let needed = |key: &str| map.need(key, &name.span).and_then(|item| item.word());
    let own_case =
        map.get("own_case").and_then(|item| item.map(say!(what.own_case), &["votes", "in_base", "collectives"]));
    let own = |key: &str, or: bool| own_case.as_ref().and_then(|map| map.get(key)?.boolean()).unwrap_or(or);
    Some(Vote {
        title: needed_text(&map, "title", &name.span),
        body: needed("body"),
        parts: map.word("parts"),
        ballot: needed("ballot"),
        quorum: needed("quorum"),
        passes: needed("passes"),
        open_for: map.need("open_for", &name.span).and_then(|item| item.delay()),
        own_votes: own("votes", false),
        own_in_base: own("in_base", true),
        own_collectives: own("collectives", false),
        requires: map.words("requires"),
        abstention: map.word("abstention"),
        tie: map.word("tie"),
        absent: map.get("absent").and_then(|item| absent(&item)),
        leaver: map.word("leaver"),
        early_close: map.flag("early_close"),
        highest: map.get("highest").and_then(|item| item.integer()),
        second_ballot: map.flag("second_ballot"),
        keys: map.keys(),
        withdraw: map.words("withdraw"),
        basis: map.word("basis").map(|word| word.value),
        mail: map.word("mail"),
        name,
    })
}

fn absent(item: &Item<'_>) -> Option<Absent> {
    let map = item.map(say!(what.absent), &["written_ballot", "no_reply"])?;
    Some(Absent {
        written_ballot: map.get("written_ballot").and_then(|item| item.delay()),
        no_reply: map.need("no_reply", item.span()).and_then(|item| item.word()),
    })
}
