//! The script of a play: what people do when a mail reaches them. Checked in beside the workflows; it names no outcome.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A script, as its file says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// When the clock starts, RFC 3339.
    pub starts: String,
    /// Whose pages these are, as the head of each says it.
    pub office: String,
    /// The mailbox that mails come from.
    pub sender: String,
    /// Who keeps the office's mail, by the directory's codes.
    #[serde(default)]
    pub keepers: Vec<String>,
    /// The folders beside the script's own whose workflows are at work as well.
    #[serde(default)]
    pub folders: Vec<String>,
    /// The calendars and working days follow this one.
    pub calendar: String,
    /// When the play is over, RFC 3339: what waits for later still waits then.
    pub until: String,
    /// What is imported, in this order; the first file of the first is the one whose rows are compared at the end.
    pub imports: Vec<Imported>,
    /// Who does what; the first that fits is followed.
    pub rules: Vec<Rule>,
    /// Numbers of signed papers, by the key of a row, then by event.
    #[serde(default)]
    pub signed: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    /// How bodies vote, by the list's workflow.
    #[serde(default)]
    pub votes: BTreeMap<String, Votes>,
}

/// Files whose rows become dossiers of a workflow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// The workflow; it says itself which rows are its own.
    pub workflow: String,
    /// The files.
    pub files: Vec<String>,
    /// A file with the same key and more columns: what whoever imports writes beside the rows.
    #[serde(default)]
    pub beside: Option<String>,
}

/// One thing that people do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The choice that the page must offer.
    pub choose: String,
    /// Only in dossiers of this workflow.
    #[serde(default)]
    pub workflow: Option<String>,
    /// Only these people, by the directory's codes; empty: everybody.
    #[serde(default)]
    pub people: Vec<String>,
    /// So many working days after the mail was read.
    #[serde(default)]
    pub after: u32,
    /// At the instant that this column of the file gives.
    #[serde(default)]
    pub column: Option<String>,
    /// On the first of these days that is still to come, by person; `other` for those not named.
    #[serde(default)]
    pub dates: BTreeMap<String, Vec<String>>,
    /// They never answer.
    #[serde(default)]
    pub never: bool,
    /// Fields that are filled in: `{count}`, `{unit}` and `{root}` are replaced, `today` is the day itself.
    #[serde(default)]
    pub fill: BTreeMap<String, String>,
    /// Kinds of paper that are attached.
    #[serde(default)]
    pub attach: Vec<String>,
}

/// How the members of a body vote. What is not said is a yes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Votes {
    /// The kind of body, as the directory says it.
    pub body: String,
    /// The column that says how many vote yes.
    #[serde(default)]
    pub yes: Option<String>,
    /// How many vote no on a row, by its key.
    #[serde(default)]
    pub no: BTreeMap<String, usize>,
}

impl Script {
    /// The rule that somebody follows on a page of this workflow that offers these choices.
    pub fn rule(&self, workflow: &str, person: &str, offered: &[&str]) -> Option<&Rule> {
        self.rules.iter().find(|rule| {
            offered.contains(&rule.choose.as_str())
                && rule.workflow.as_deref().is_none_or(|only| only == workflow)
                && (rule.people.is_empty() || rule.people.iter().any(|one| one == person))
        })
    }
}
