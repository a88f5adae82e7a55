//! Names in the place of codes: what people call a column, a choice, a unit, a person or a body stands for its code where only one
//! is called so. Codes come first: a name that is somebody's code means that one.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::directory::Directory;
use crate::directory::names::spelling_key;
use crate::ids::Text;
use crate::machine::{Import, Machine};

/// What names stand for.
#[derive(Debug)]
pub(super) struct Labels<'a> {
    pub(super) machine: &'a Machine,
    pub(super) directory: &'a Directory,
    people: OnceCell<Index>,
    units: OnceCell<Index>,
    bodies: OnceCell<Index>,
    tables: RefCell<HashMap<String, Rc<Index>>>,
}

/// Codes by how their names are spelled.
#[derive(Debug, Default)]
struct Index(HashMap<String, Vec<String>>);

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// Nothing.
    Nothing,
    /// This code.
    One(String),
    /// Any of these codes.
    Several(Vec<String>),
}

impl Index {
    fn of<'n>(names: impl Iterator<Item = (&'n str, &'n str)>) -> Self {
        let mut index = Self::default();
        for (name, code) in names {
            let codes = index.0.entry(spelling_key(name)).or_default();
            if !codes.iter().any(|known| known == code) {
                codes.push(code.to_owned());
            }
        }
        index
    }

    fn meant(&self, text: &str) -> Meant {
        match self.0.get(&spelling_key(text)).map(Vec::as_slice) {
            None | Some([]) => Meant::Nothing,
            Some([one]) => Meant::One(one.clone()),
            Some(several) => Meant::Several(several.to_vec()),
        }
    }
}

impl<'a> Labels<'a> {
    pub(super) fn new(machine: &'a Machine, directory: &'a Directory) -> Self {
        let (people, units, bodies) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { machine, directory, people, units, bodies, tables: RefCell::default() }
    }

    /// The code of a person.
    pub(super) fn person(&self, text: &str) -> Meant {
        let people = self.directory.people.values().map(|one| (one.name.as_str(), one.code.as_str()));
        self.people.get_or_init(|| Index::of(people)).meant(text)
    }

    /// The code of a unit.
    pub(super) fn unit(&self, text: &str) -> Meant {
        let units = self.directory.units.values().map(|one| (one.name.as_str(), one.code.as_str()));
        self.units.get_or_init(|| Index::of(units)).meant(text)
    }

    /// The code of a body.
    pub(super) fn body(&self, text: &str) -> Meant {
        let bodies = self.directory.bodies.values().map(|one| (one.name.as_str(), one.code.as_str()));
        self.bodies.get_or_init(|| Index::of(bodies)).meant(text)
    }

    /// The key of a row of a table.
    pub(super) fn key(&self, table: &str, text: &str) -> Meant {
        let index = self.tables.borrow().get(table).cloned();
        let index = index.unwrap_or_else(|| {
            let keys = self.machine.keys_of(table).into_iter();
            let titles =
                keys.flat_map(|key| self.machine.row_titles(table, key).into_iter().map(move |one| (one, key)));
            let index = Rc::new(Index::of(titles));
            self.tables.borrow_mut().insert(table.to_owned(), Rc::clone(&index));
            index
        });
        index.meant(text)
    }

    /// One of a field's own words.
    pub(super) fn word<'v>(values: impl Iterator<Item = (&'v String, &'v Text)>, text: &str) -> Meant {
        Index::of(values.flat_map(|(word, label)| label.all().map(move |said| (said, word.as_str())))).meant(text)
    }
}

/// The columns that people call otherwise, by what they call them: a column by its name, or by the label of what it fills in.
pub(super) fn columns(written: &[String], import: &Import, machine: &Machine) -> BTreeMap<String, String> {
    let labels = import.columns.iter().flat_map(|(column, names)| {
        let fields: Vec<&Text> = names.iter().filter_map(|name| Some(&machine.field(name)?.label)).collect();
        labels(&fields).into_iter().map(move |label| (label, column.as_str()))
    });
    let labels: Vec<(String, &str)> = labels.filter(|(label, _)| !label.is_empty()).collect();
    let index = Index::of(labels.iter().map(|(label, column)| (label.as_str(), *column)));
    let known = import.every_column();
    let mut named = BTreeMap::new();
    for name in written.iter().filter(|name| !known.contains(&name.as_str())) {
        if let Meant::One(column) = index.meant(name)
            && !written.contains(&column)
            && !named.values().any(|taken| *taken == column)
        {
            named.insert(name.clone(), column);
        }
    }
    named
}

/// What fields are called that share a column, in every language: all of them together, and the first by itself.
fn labels(fields: &[&Text]) -> Vec<String> {
    let Some(first) = fields.first() else { return Vec::new() };
    let together = |in_language: &dyn Fn(&Text) -> String| {
        fields.iter().map(|label| in_language(label)).collect::<Vec<_>>().join(" / ")
    };
    let mut all: Vec<String> = first.all().map(str::to_owned).collect();
    all.push(together(&|label| label.own.clone()));
    let languages = fields.iter().flat_map(|label| label.other.keys());
    all.extend(languages.map(|language| together(&|label| label.other.get(language).unwrap_or(&label.own).clone())));
    all
}
