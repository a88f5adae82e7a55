//! The form with which a dossier is opened: what must be there at once, and nothing that a form asks for later.

use std::collections::BTreeMap;

use serde_json::Value;

use super::App;
use super::form::Form;
use super::reader::Reader;
use super::view::input::{self, Input};
use super::view::refused::Wrong;
use crate::dossier::Paper;
use crate::engine::{Attachment, intake};
use crate::ids::{FieldName, PaperId, PersonId};
use crate::machine::{Field, FieldKind};

/// The form.
pub(super) struct First<'a> {
    reader: &'a Reader,
    /// A field that is filled in by itself.
    but: Option<&'a FieldName>,
}

/// What it said.
pub(super) struct Filled {
    pub(super) fields: BTreeMap<FieldName, Value>,
    pub(super) papers: Vec<Paper>,
    pub(super) attachments: Vec<Attachment>,
}

impl<'a> First<'a> {
    pub(super) fn of(reader: &'a Reader, but: Option<&'a FieldName>) -> Self {
        Self { reader, but }
    }

    fn fields(&self) -> impl Iterator<Item = &'a Field> {
        self.reader.machine.asked_first().filter(|field| self.but != Some(&field.name))
    }

    /// Its inputs, with what was just sent.
    pub(super) fn inputs(&self, sent: Option<&Form>, errors: &[Wrong]) -> Vec<Input> {
        let input = |field: &Field| {
            let mut input = Input::first(self.reader, place(&field.name), field, sent);
            input.wrong = errors.iter().any(|error| error.href.as_deref() == Some(&input.name));
            input
        };
        self.fields().map(input).collect()
    }

    /// How many files come with it.
    pub(super) fn files(&self) -> usize {
        self.fields().filter(|field| field.kind == FieldKind::File).count()
    }

    /// What it says; or what is wrong with it. `paper` gives the id of the file of a field, the same for the same form.
    pub(super) fn read(
        &self,
        app: &App,
        form: &Form,
        by: Option<&PersonId>,
        paper: impl Fn(&FieldName) -> String,
    ) -> Result<Filled, Vec<Wrong>> {
        let reader = self.reader;
        let (mut fields, mut wrongs) = (BTreeMap::new(), Vec::new());
        let (mut papers, mut attachments) = (Vec::new(), Vec::new());
        for field in self.fields() {
            let place = place(&field.name);
            if field.kind == FieldKind::File {
                let Some(file) = form.file(&place) else {
                    if field.required {
                        wrongs.push(self.missing(field, place));
                    }
                    continue;
                };
                let (id, kind) = (PaperId::new(paper(&field.name)), field.name.as_str());
                match intake::paper(&app.engine, id, kind, &file.name, file.content.to_vec(), reader.now) {
                    Ok((paper, attachment)) => {
                        papers.push(Paper { by: by.cloned(), ..paper });
                        attachments.push(attachment);
                    }
                    Err(unfit) => {
                        let said = reader.texts.fill(super::upload::said(unfit), &[("name", &file.name)]);
                        wrongs.push(Wrong::at(said, place));
                    }
                }
                continue;
            }
            match input::read(reader, field, form, &place) {
                Ok(Value::Null) if field.required => wrongs.push(self.missing(field, place)),
                Ok(Value::Null) => {}
                Ok(value) => drop(fields.insert(field.name.clone(), value)),
                Err(what) => {
                    wrongs.push(Wrong::at(format!("{what}: {}", reader.get("refused.field_wrong")), place));
                }
            }
        }
        if wrongs.is_empty() { Ok(Filled { fields, papers, attachments }) } else { Err(wrongs) }
    }

    fn missing(&self, field: &Field, place: String) -> Wrong {
        let (label, said) = (self.reader.text(&field.label), self.reader.get("refused.field_missing"));
        Wrong::at(format!("{label}: {said}"), place)
    }
}

fn place(field: &FieldName) -> String {
    format!("field.{field}")
}
