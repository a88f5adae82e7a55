//! What a person sees on a page that a mail led to: which form asks them something, what it offers, what it is about.

use super::html::{self, Control, Form};

/// A page, taken apart.
#[derive(Clone, Debug)]
pub struct Page {
    html: String,
    forms: Vec<Form>,
}

/// What a page asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To choose one of these events.
    Choice,
    /// To vote.
    Ballot,
    /// To record who is there.
    Attendance,
    /// To record tallies.
    Tally,
    /// To confirm tallies.
    Confirm,
    /// Nothing (any more).
    Nothing,
}

/// The value of the hidden control `do` for each question.
const QUESTIONS: [(&str, Asked); 5] = [
    ("act", Asked::Choice),
    ("attend", Asked::Attendance),
    ("cast", Asked::Ballot),
    ("tally", Asked::Tally),
    ("confirm", Asked::Confirm),
];

impl Page {
    /// Takes a page apart.
    pub fn read(html: &str) -> Self {
        Self { html: html.to_owned(), forms: html::forms(html) }
    }

    /// What it asks.
    pub fn asked(&self) -> Asked {
        self.form().map_or(Asked::Nothing, |(_, asked)| asked)
    }

    /// The form that asks.
    pub fn form(&self) -> Option<(&Form, Asked)> {
        self.forms.iter().find_map(|form| {
            let question = QUESTIONS.iter().find(|(value, _)| form.has("do", value))?;
            Some((form, question.1))
        })
    }

    /// The form of a page that asks once more: it has a button that sends.
    pub fn sure(&self) -> Option<&Form> {
        self.forms.iter().find(|form| {
            let sends =
                |control: &Control| control.kind == "submit" && control.name == "step" && control.value == "send";
            form.controls.iter().any(sends)
        })
    }

    /// The events that it offers.
    pub fn choices(&self) -> Vec<&str> {
        self.form().map(|(form, _)| form.offers("choice")).unwrap_or_default()
    }

    /// The workflow's title, as it stands above the question.
    pub fn workflow(&self) -> String {
        self.part("class", "kicker")
    }

    /// Everything that is written on it.
    pub fn text(&self) -> String {
        html::text(&self.html)
    }

    /// What is written about a row.
    pub fn row(&self, id: &str) -> String {
        self.part("id", &format!("row.{id}"))
    }

    /// What it says was wrong with what was sent, if anything.
    pub fn errors(&self) -> Option<String> {
        html::inside(&self.html, "class", "errors").map(html::text)
    }

    /// The rows that its form asks about, by the ids in the names of its controls (`vote.<id>`, `issued.<id>`).
    pub fn rows(&self, prefix: &str) -> Vec<String> {
        let Some((form, _)) = self.form() else { return Vec::new() };
        let mut rows: Vec<String> = Vec::new();
        for name in form.controls.iter().map(|control| &control.name) {
            let id = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
            rows.extend(id.filter(|id| rows.last().is_none_or(|last| last != id)).map(str::to_owned));
        }
        rows
    }

    /// Where its links lead that begin so.
    pub fn links(&self, prefix: &str) -> Vec<String> {
        let mut links: Vec<String> = Vec::new();
        for rest in self.html.split("href=\"").skip(1) {
            let link = rest.split('"').next().unwrap_or_default();
            if link.starts_with(prefix) && !links.iter().any(|have| have == link) {
                links.push(link.to_owned());
            }
        }
        links
    }

    fn part(&self, attribute: &str, value: &str) -> String {
        html::inside(&self.html, attribute, value).map(html::text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Page};

    #[test]
    fn a_ballot_sheet_is_read_row_by_row() {
        let page = Page::read(
            r#"<p class="kicker">List</p><form method="post"><input type="hidden" name="do" value="cast">
            <fieldset class="vote" id="row.a1"><legend>Ann</legend><p>CN1 · x</p>
            <input type="radio" name="vote.a1" value="yes"><input type="radio" name="vote.a1" value="no"></fieldset>
            <fieldset class="vote" id="row.b2"><legend>Bob</legend><p>CN2</p>
            <input type="radio" name="vote.b2" value="yes"></fieldset></form>"#,
        );
        assert_eq!(page.asked(), Asked::Ballot);
        assert_eq!(page.workflow(), "List");
        assert_eq!(page.rows("vote"), ["a1", "b2"]);
        assert_eq!(page.row("b2"), "Bob CN2");
        assert!(page.sure().is_none() && page.choices().is_empty() && page.errors().is_none());
    }

    #[test]
    fn a_page_without_a_question_asks_nothing() {
        let page = Page::read("<h1>Done</h1><a href=\"/l/x\">y</a><a href=\"/l/x\">y</a><a href=\"/z\">z</a>");
        assert_eq!(page.asked(), Asked::Nothing);
        assert_eq!(page.links("/l/"), ["/l/x"]);
    }
}
