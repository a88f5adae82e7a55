//! `[personal]`: what the office says about personal data whenever somebody is to be erased. It changes nothing but what is said.

use serde::Deserialize;

/// What is said when somebody is to be erased.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Personal {
    /// Why registers, numbers and signed papers stay: the legal text.
    pub kept_because: Option<String>,
    /// How long backups are kept, in words: until then they hold what was erased.
    pub backup_retention: Option<String>,
    /// The same in days: then a day is said as well.
    pub backup_days: Option<u16>,
}
