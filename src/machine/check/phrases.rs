//! Phrases in the office's words: `council of unit`, `binding standing_body of unit`, `at least 2/3 of members`.

use super::Check;
use super::names::Kind;
use crate::definition::model::Name;
use crate::diagnostic::fault;
use crate::ids::FieldName;
use crate::machine::{Base, BodyOf, Fraction, ShareOf, Threshold, UnitOf};
use crate::source::Spanned;

impl Check<'_> {
    /// `council of unit`.
    pub(super) fn body_of(&self, phrase: &Name) -> BodyOf {
        let words: Vec<&str> = phrase.value.split_whitespace().collect();
        let [kind, "of", field] = words[..] else {
            self.report(fault!(PHRASE.body, &phrase.span, text = phrase));
            return BodyOf { kind: String::new(), of: FieldName::new("") };
        };
        let of = self.field_of_type(Kind::Field, &part(phrase, field), &["unit", "body", "rows"]);
        self.table_of_members(&part(phrase, field));
        BodyOf { kind: kind.to_owned(), of }
    }

    /// A table that is a body has one column that says who its members are.
    fn table_of_members(&self, name: &Name) {
        let field = self.find_field(Kind::Field, &name.value);
        let Some(field) = field.filter(|field| field.kind.as_ref().is_some_and(|kind| kind.value == "rows")) else {
            return;
        };
        let people =
            field.columns.iter().filter(|column| column.kind.as_ref().is_some_and(|kind| kind.value == "person"));
        if people.count() != 1 {
            self.report(fault!(FIELD_TYPE.no_members, &name.span, field = name).beside(&field.name.span));
        }
    }

    /// `unit`, `root of unit`, `binding standing_body of unit`, `code TTG`.
    pub(super) fn unit_of(&self, phrase: &Name) -> UnitOf {
        let words: Vec<&str> = phrase.value.split_whitespace().collect();
        let field = |name: &str| self.field_of_type(Kind::Field, &part(phrase, name), &["unit"]);
        match words[..] {
            ["code", code] => UnitOf::Code { code: code.to_owned() },
            ["root", "of", name] => UnitOf::Root { field: field(name) },
            ["binding", name, "of", of] => UnitOf::Binding { name: name.to_owned(), field: field(of) },
            [name] => UnitOf::Field { field: field(name) },
            _ => {
                self.report(fault!(PHRASE.unit, &phrase.span, text = phrase));
                UnitOf::Code { code: String::new() }
            }
        }
    }

    /// `at least 2/3 of members`.
    pub(super) fn threshold(&self, phrase: &Name) -> Threshold {
        let nothing =
            Threshold { more_than: false, share: ShareOf::Fixed(Fraction { num: 1, den: 1 }), base: Base::Members };
        let words: Vec<&str> = phrase.value.split_whitespace().collect();
        let (more_than, rest) = match words[..] {
            ["at", "least", ref rest @ ..] => (false, rest),
            ["more", "than", ref rest @ ..] => (true, rest),
            _ => {
                self.report(fault!(SHARE.no_share, &phrase.span, text = phrase));
                return nothing;
            }
        };
        let [share @ .., "of", base] = rest else {
            self.report(fault!(SHARE.of_what, &phrase.span, text = phrase));
            return nothing;
        };
        let base = match *base {
            "members" => Base::Members,
            "present" => Base::Present,
            "valid" => Base::Valid,
            other => {
                let word = part(phrase, other);
                self.report(fault!(SHARE.base, &word.span, text = word));
                Base::Members
            }
        };
        Threshold { more_than, share: self.share(phrase, &share.join(" "), more_than), base }
    }

    fn share(&self, phrase: &Name, share: &str, more_than: bool) -> ShareOf {
        if let Some(fraction) = Fraction::parse(share) {
            let whole = fraction.num > fraction.den || (more_than && fraction.num == fraction.den);
            if whole {
                self.report(fault!(SHARE.too_much, part(phrase, share).span, text = share));
            }
            return ShareOf::Fixed(fraction);
        }
        let is_name = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let starts = share.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !starts || !share.split('.').all(is_name) {
            self.report(fault!(SHARE.neither, part(phrase, share).span, text = share));
            return ShareOf::Path(String::new());
        }
        self.share_path(&part(phrase, share));
        ShareOf::Path(share.to_owned())
    }

    /// A path begins with a field (of a row, in a list); where that is a choice, its table must have the rest, as shares.
    fn share_path(&self, path: &Name) {
        let (root, rest) = path.value.split_once('.').unwrap_or((&path.value, ""));
        let kind = if self.is_list() { Kind::RowField } else { Kind::Field };
        let root = part(path, root);
        self.refer(kind, &root);
        let Some(field) = self.find_field(kind, &root.value) else { return };
        let Some(from) = &field.from else { return };
        let table = self.definition.tables.iter().find(|table| table.name.value == from.value);
        let Some(serde_json::Value::Object(rows)) = table.and_then(|table| table.value.as_ref()) else { return };
        let pointer = format!("/{}", rest.replace('.', "/"));
        let mut values = rows.iter().filter_map(|(key, row)| Some((key, row.pointer(&pointer)?))).peekable();
        if values.peek().is_none() {
            self.report(fault!(SHARE.nowhere, &path.span, table = from, path = rest));
        }
        for (key, value) in values {
            if value.as_str().and_then(Fraction::parse).is_none() && !value.is_null() {
                let value = value.to_string();
                self.report(fault!(SHARE.in_table, &path.span, key, table = from, path = rest, value));
            }
        }
    }
}

/// A word of a phrase, with its own place if the phrase stands in the file as it is.
pub(super) fn part(phrase: &Name, word: &str) -> Name {
    let plain = phrase.span.range.len() == phrase.value.len();
    let quoted = phrase.span.range.len() == phrase.value.len() + 2;
    let span = match phrase.value.rfind(word) {
        Some(at) if plain => phrase.span.part(at, word.len()),
        Some(at) if quoted => phrase.span.part(at + 1, word.len()),
        _ => phrase.span.clone(),
    };
    Spanned::new(word.to_owned(), span)
}
