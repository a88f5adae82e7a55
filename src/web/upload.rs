//! Files that people send with a form.

use axum::body::Bytes;

use crate::papers::{self, Unfit};

/// A file as it came.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) name: String,
    /// The whole name that came with it, with the folders in which it lay, for reading only.
    pub(super) sent: String,
    pub(super) content: Bytes,
}

impl File {
    /// A file under the last part of the name that came with it, cleaned.
    pub(super) fn new(name: &str, content: Bytes) -> Self {
        Self { name: papers::name(name), sent: crate::words::clean(name), content }
    }

    /// Its media type, by name and bytes together.
    pub(super) fn media(&self) -> Result<&'static str, Unfit> {
        papers::media(&self.name, &self.content)
    }
}

/// The key of the text that says why a file is not taken.
pub(super) fn said(unfit: Unfit) -> &'static str {
    match unfit {
        Unfit::Empty => "refused.file_empty",
        Unfit::Large => "refused.file_large",
        Unfit::Kind => "refused.file_kind",
    }
}
