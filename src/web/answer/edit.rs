//! Changes of the dossier that do not move it on: fields, and the files that become papers.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Meant;
use crate::dossier::Paper;
use crate::dossier::command::Ask;
use crate::engine::Attachment;
use crate::ids::{FieldName, OperationId, PaperId};
use crate::machine::FieldKind;
use crate::web::form::Form;
use crate::web::reader::Reader;
use crate::web::task;
use crate::web::upload::{self, File};
use crate::web::view::input;
use crate::web::view::refused::Wrong;
use crate::web::visit::Visit;

pub(super) fn edit(visit: &Visit, form: &Form) -> Meant {
    let reader = &visit.reader;
    let (edit, attach) = task::editable(visit);
    if edit.is_empty() && attach.is_empty() {
        return Meant::Wrong(vec![Wrong { text: reader.get("refused.superseded"), basis: None, href: None }]);
    }
    let mut wrongs = Vec::new();
    let fields = fields(visit, form, "edit.", &edit, &mut wrongs);
    let mut said = vec!["edit".to_owned(), form.get("seen").to_owned()];
    said.extend(fields.iter().map(|(name, value)| format!("{name}={value}")));
    let places = attach.iter().map(|kind| (format!("paper.{kind}"), kind.as_str()));
    let of_fields = file_fields(reader, &edit).map(|name| (format!("edit.{name}"), name.as_str()));
    let places: Vec<(String, &str)> = places.chain(of_fields).collect();
    for (place, _) in &places {
        said.extend(form.file(place).map(|file| digest(&file.content)));
    }
    let operation = visit.operation(&said.iter().map(String::as_str).collect::<Vec<_>>());
    let mut files = Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() };
    for (place, kind) in &places {
        files.take(place, kind, &mut wrongs);
    }
    let (papers, attachments) = (files.papers, files.attachments);
    if wrongs.is_empty() && fields.is_empty() && papers.is_empty() {
        wrongs.push(Wrong::at(reader.get("refused.nothing_changed"), "edit"));
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let ask = Box::new(Ask::Edit { activation: visit.task.activation, fields, papers });
    Meant::Command { operation, ask, attachments, event: String::new() }
}

/// The fields among these that hold files: each comes as a paper under the field's name.
pub(super) fn file_fields<'f>(reader: &'f Reader, names: &'f [FieldName]) -> impl Iterator<Item = &'f FieldName> {
    let is_file = |name: &&FieldName| reader.machine.field(name).is_some_and(|field| field.kind == FieldKind::File);
    names.iter().filter(is_file)
}

/// The fields among these whose values were changed by the form.
pub(super) fn fields(
    visit: &Visit,
    form: &Form,
    prefix: &str,
    names: &[FieldName],
    wrongs: &mut Vec<Wrong>,
) -> BTreeMap<FieldName, Value> {
    let reader = &visit.reader;
    let mut fields = BTreeMap::new();
    for field in names.iter().filter_map(|name| reader.machine.field(name)) {
        let place = format!("{prefix}{}", field.name);
        if !form.has(&place) {
            continue;
        }
        let value = match input::read(reader, field, form, &place) {
            Ok(value) => value,
            Err(what) => {
                let said = reader.get("refused.field_wrong");
                wrongs.push(Wrong::at(format!("{what}: {said}"), place));
                continue;
            }
        };
        let old = visit.dossier.fields.get(&field.name).unwrap_or(&Value::Null);
        if &value != old {
            fields.insert(field.name.clone(), value);
        }
    }
    fields
}

/// Files on their way into the dossier.
pub(super) struct Files<'a> {
    pub(super) visit: &'a Visit,
    pub(super) form: &'a Form,
    pub(super) operation: &'a OperationId,
    pub(super) papers: Vec<Paper>,
    pub(super) attachments: Vec<Attachment>,
}

impl Files<'_> {
    /// Takes the file of an input, if there is one. Its id follows from the click that brought it, so that a second click
    /// brings the same paper.
    pub(super) fn take(&mut self, place: &str, kind: &str, wrongs: &mut Vec<Wrong>) {
        let Some(file) = self.form.file(place) else { return };
        let media = match file.media() {
            Ok(media) => media,
            Err(unfit) => {
                let said = self.visit.reader.texts.fill(upload::said(unfit), &[("name", &file.name)]);
                wrongs.push(Wrong::at(said, place));
                return;
            }
        };
        let (id, hash) = (self.id(kind, file), digest(&file.content));
        self.papers.push(Paper {
            id: id.clone(),
            kind: kind.to_owned(),
            name: file.name.clone(),
            hash,
            size: file.content.len() as u64,
            by: Some(self.visit.task.person.clone()),
            // The decision puts its own instant here; this one is the same for every click.
            at: self.visit.task.opened_at,
        });
        self.attachments.push(Attachment { id, media: media.to_owned(), content: file.content.to_vec() });
    }

    fn id(&self, kind: &str, file: &File) -> PaperId {
        let of = format!("{}\n{kind}\n{}", self.operation, digest(&file.content));
        PaperId::new(&digest(of.as_bytes())[..32])
    }
}

pub(super) fn digest(bytes: &[u8]) -> String {
    super::super::hex(&Sha256::digest(bytes))
}
