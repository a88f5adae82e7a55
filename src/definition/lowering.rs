//! What lowering carries along: the diagnostics, the translations, and which paths hold texts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Words, did_you_mean, fault, say};
use crate::source::{Span, Spanned};
use crate::yaml::Node;

/// Texts that are named where a translation leaves out more.
const NAMED_MAX: usize = 4;

/// A translation file, by its language.
pub(super) struct Translation {
    pub(super) language: String,
    pub(super) root: Spanned<Node>,
}

/// One reading of one workflow.
pub(super) struct Lowering {
    translations: Vec<Translation>,
    texts: RefCell<BTreeSet<Vec<String>>>,
    /// Those of them whose translation nobody misses here.
    stay: RefCell<BTreeSet<Vec<String>>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl Lowering {
    pub(super) fn new(translations: Vec<Translation>) -> Self {
        Self { translations, texts: RefCell::default(), stay: RefCell::default(), diagnostics: RefCell::default() }
    }

    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Remembers that a text stands here, so that it may be translated.
    pub(super) fn is_text(&self, path: &[String]) {
        self.texts.borrow_mut().insert(path.to_vec());
    }

    /// Remembers that a text need not be translated, or that this is looked at elsewhere.
    pub(super) fn may_stay(&self, path: &[String]) {
        self.stay.borrow_mut().insert(path.to_vec());
    }

    /// What the translations say at a path, by language.
    pub(super) fn translations(&self, path: &[String]) -> BTreeMap<String, String> {
        self.translated(path).into_iter().map(|(language, said)| (language, said.value)).collect()
    }

    /// The same, each with its place.
    pub(super) fn translated(&self, path: &[String]) -> Vec<(String, Spanned<String>)> {
        self.translations.iter().filter_map(|file| Some((file.language.clone(), at(&file.root, path)?))).collect()
    }

    /// Every fault, those of the translations included.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        for file in &self.translations {
            self.walk(&file.root, &mut Vec::new());
            self.missing(file);
        }
        self.diagnostics.into_inner()
    }

    /// Says which texts a translation leaves out.
    fn missing(&self, file: &Translation) {
        let (texts, stay) = (self.texts.borrow(), self.stay.borrow());
        let left_out: Vec<String> = texts
            .iter()
            .filter(|path| !stay.contains(*path) && at(&file.root, path).is_none())
            .map(|path| path.join("."))
            .collect();
        if left_out.is_empty() {
            return;
        }
        let (n, language) = (left_out.len(), &file.language);
        let mut list = left_out.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
        if n > NAMED_MAX {
            list.push_str(", ...");
        }
        let place = Span::new(&file.root.span.file, 0..0);
        self.report(fault!(UNTRANSLATED.texts, place, n, language, list));
    }

    /// Looks for what a translation says where the workflow has no text.
    fn walk(&self, node: &Spanned<Node>, path: &mut Vec<String>) {
        let entries: Vec<(&str, &crate::source::Span, &Spanned<Node>)> = match &node.value {
            Node::Map(entries) => entries.iter().map(|(key, value)| (key.value.as_str(), &key.span, value)).collect(),
            Node::Null => return,
            _ => {
                return self.report(fault!(TRANSLATION.no_mapping, &node.span, found = node.value.describe()));
            }
        };
        for (key, span, value) in entries {
            path.push(key.to_owned());
            match self.standing(path) {
                Standing::Text if matches!(value.value, Node::Text(_)) => {}
                Standing::Text => {
                    self.report(fault!(TRANSLATION.no_text, &value.span, found = value.value.describe()));
                }
                Standing::Around => self.walk_list(value, path),
                Standing::Nothing => self.report(fault!(TRANSLATION.key, span, key).help(self.beside(path))),
            }
            path.pop();
        }
    }

    /// A list is translated element by element.
    fn walk_list(&self, node: &Spanned<Node>, path: &mut Vec<String>) {
        let Node::List(items) = &node.value else { return self.walk(node, path) };
        for (at, item) in items.iter().enumerate() {
            path.push(at.to_string());
            match self.standing(path) {
                Standing::Nothing => self.report(fault!(TRANSLATION.element, &item.span)),
                Standing::Text if matches!(item.value, Node::Text(_)) => {}
                Standing::Text | Standing::Around => self.walk(item, path),
            }
            path.pop();
        }
    }

    fn standing(&self, path: &[String]) -> Standing {
        let texts = self.texts.borrow();
        match texts.range(path.to_vec()..).next() {
            Some(found) if found == path => Standing::Text,
            Some(found) if found.starts_with(path) => Standing::Around,
            _ => Standing::Nothing,
        }
    }

    /// The way out for a key that translates nothing: the keys that could stand there.
    fn beside(&self, path: &[String]) -> Words {
        let Some((key, around)) = path.split_last() else { return say!(near.away) };
        let texts = self.texts.borrow();
        let known: BTreeSet<&str> = texts
            .iter()
            .filter(|text| text.starts_with(around))
            .filter_map(|text| text.get(around.len()))
            .map(String::as_str)
            .collect();
        did_you_mean(key, known, say!(near.away))
    }
}

/// What the workflow has under a path.
enum Standing {
    Text,
    Around,
    Nothing,
}

/// The text at a path.
fn at(root: &Spanned<Node>, path: &[String]) -> Option<Spanned<String>> {
    let mut node = root;
    for key in path {
        node = node.value.get(key)?;
    }
    if let Node::Text(text) = &node.value { Some(Spanned::new(text.clone(), node.span.clone())) } else { None }
}
