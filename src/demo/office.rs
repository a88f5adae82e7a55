//! What people in a play know and how they answer: the script, their colleagues, the columns of the file. What a row ought
//! to come to is not among it.

use std::collections::BTreeMap;

use super::cast::Cast;
use super::html::{Form, Upload};
use super::page::{Asked, Page};
use super::pdf;
use super::script::{Rule, Script};

/// What people know.
#[derive(Debug)]
pub struct Office {
    /// The script.
    pub script: Script,
    /// Who is who.
    pub cast: Cast,
    /// The workflows by their titles, in every language.
    pub titles: BTreeMap<String, String>,
    /// The rows of the files by their keys, columns by name.
    pub rows: BTreeMap<String, BTreeMap<String, String>>,
}

/// Who answers, when.
#[derive(Clone, Copy, Debug)]
pub struct Hand<'a> {
    /// Their code.
    pub person: &'a str,
    /// The day, as dates are written.
    pub today: &'a str,
    /// How many papers were signed before in this play.
    pub count: u32,
}

/// A form filled in: ready to be sent.
#[derive(Clone, Debug)]
pub struct Filled {
    /// The form.
    pub form: Form,
    /// The button that is pressed.
    pub pressed: Option<(&'static str, &'static str)>,
    /// The files that go along, by control.
    pub files: BTreeMap<String, Upload>,
}

/// Somebody does not know how to answer.
#[derive(Debug, thiserror::Error)]
#[error("{person} does not know what to do: {what}")]
pub struct Puzzled {
    person: String,
    what: String,
}

impl Office {
    /// The workflow that a page belongs to.
    pub fn workflow(&self, page: &Page) -> &str {
        self.titles.get(&page.workflow()).map(String::as_str).unwrap_or_default()
    }

    /// The row that is named first in a text.
    pub fn row_in(&self, text: &str) -> Option<&str> {
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        words.find_map(|word| self.rows.get_key_value(word)).map(|(key, _)| key.as_str())
    }

    /// The rule that a person follows on a page that lets them choose.
    pub fn rule(&self, page: &Page, person: &str) -> Option<&Rule> {
        self.script.rule(self.workflow(page), person, &page.choices())
    }

    /// Answers a page.
    ///
    /// # Errors
    /// The page asks something that the script says nothing about.
    pub fn answer(&self, page: &Page, hand: &Hand<'_>) -> Result<Filled, Puzzled> {
        let Some((form, asked)) = page.form() else { return Err(puzzled(hand, "the page asks nothing")) };
        let mut filled = Filled { form: form.clone(), pressed: None, files: BTreeMap::new() };
        match asked {
            Asked::Choice => self.choose(page, hand, &mut filled)?,
            Asked::Ballot => self.vote(page, hand, &mut filled)?,
            // Whoever is not marked is there.
            Asked::Attendance => {
                filled.form.set("all", "present");
                filled.pressed = Some(("step", "record"));
            }
            Asked::Tally => self.tally(page, hand, &mut filled)?,
            Asked::Confirm => {
                filled.form.set("agrees", "yes");
            }
            Asked::Nothing => return Err(puzzled(hand, "the page asks nothing")),
        }
        Ok(filled)
    }

    fn choose(&self, page: &Page, hand: &Hand<'_>, filled: &mut Filled) -> Result<(), Puzzled> {
        let rule = self.rule(page, hand.person).ok_or_else(|| puzzled(hand, &format!("{:?}", page.choices())))?;
        let event = rule.choose.as_str();
        filled.form.set("choice", event);
        filled.form.set(&format!("sure.{event}"), "yes");
        let text = page.text();
        let signed = self.row_in(&text).and_then(|row| self.script.signed.get(row)?.get(event));
        for (field, value) in &rule.fill {
            let value = signed.and_then(|signed| signed.get(field)).unwrap_or(value);
            let value = self.written(value, hand);
            if !filled.form.set(&format!("field.{event}.{field}"), &value) {
                return Err(puzzled(hand, &format!("`{event}` asks for no `{field}`")));
            }
        }
        for kind in &rule.attach {
            let title = format!("{kind} {}", hand.today);
            let file = Upload { name: format!("{kind}.pdf"), bytes: pdf::page(&[&title, hand.person]) };
            filled.files.insert(format!("paper.{event}.{kind}"), file);
        }
        Ok(())
    }

    fn written(&self, pattern: &str, hand: &Hand<'_>) -> String {
        if pattern == "today" {
            return hand.today.to_owned();
        }
        let filled = pattern.replace("{count}", &(hand.count + 1).to_string());
        filled.replace("{unit}", self.cast.unit(hand.person)).replace("{root}", self.cast.root(hand.person))
    }

    fn vote(&self, page: &Page, hand: &Hand<'_>, filled: &mut Filled) -> Result<(), Puzzled> {
        filled.pressed = Some(("step", "look"));
        for id in page.rows("vote") {
            let row = self.row_in(&page.row(&id)).ok_or_else(|| puzzled(hand, "a row without a key"))?;
            let (voters, yes) = self.ayes(page, hand, row)?;
            let place = voters.iter().position(|one| *one == hand.person);
            let choice = if place.is_some_and(|place| place < yes) { "yes" } else { "no" };
            if !filled.form.set(&format!("vote.{id}"), choice) {
                return Err(puzzled(hand, "a row that takes no vote"));
            }
        }
        Ok(())
    }

    /// Who may vote on a row in the person's body, and how many of them say yes.
    fn ayes<'o>(&'o self, page: &Page, hand: &Hand<'_>, row: &str) -> Result<(Vec<&'o str>, usize), Puzzled> {
        let workflow = self.workflow(page);
        let rule = self.script.votes.get(workflow).ok_or_else(|| puzzled(hand, &format!("a vote in `{workflow}`")))?;
        let members = self.cast.colleagues(hand.person, &rule.body);
        let voters: Vec<&str> = members.iter().map(String::as_str).filter(|one| *one != row).collect();
        let said = rule.yes.as_ref().and_then(|column| self.rows.get(row)?.get(column)?.parse().ok());
        let against = rule.no.get(row).copied().unwrap_or_default();
        let yes = said.unwrap_or(voters.len()).saturating_sub(against);
        Ok((voters, yes))
    }

    /// The secretary counts the paper ballots: they say what the members wrote.
    fn tally(&self, page: &Page, hand: &Hand<'_>, filled: &mut Filled) -> Result<(), Puzzled> {
        let workflow = self.workflow(page);
        let rule = self.script.votes.get(workflow).ok_or_else(|| puzzled(hand, &format!("a vote in `{workflow}`")))?;
        let members = self.cast.members_of(self.cast.unit(hand.person), &rule.body);
        for id in page.rows("issued") {
            let row = self.row_in(&page.row(&id)).ok_or_else(|| puzzled(hand, "a row without a key"))?;
            let voters = members.iter().filter(|one| *one != row).count();
            let said = rule.yes.as_ref().and_then(|column| self.rows.get(row)?.get(column)?.parse().ok());
            let yes: usize = said.unwrap_or(voters).min(voters);
            let counts = [("issued", voters), ("returned", voters), ("invalid", 0), ("yes", yes), ("no", voters - yes)];
            for (what, count) in counts {
                filled.form.set(&format!("{what}.{id}"), &count.to_string());
            }
        }
        Ok(())
    }
}

fn puzzled(hand: &Hand<'_>, what: &str) -> Puzzled {
    Puzzled { person: hand.person.to_owned(), what: what.to_owned() }
}
