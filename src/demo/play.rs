//! A play: everybody reads their mails, follows the links in them, fills in what the pages ask and sends it, when the script
//! says so. Nothing is done but by mail, link and page; the clock goes from one moment at which something happens to the next.

use std::collections::{BTreeMap, BTreeSet};

use super::DemoError;
use super::html::Form;
use super::http;
use super::office::Hand;
use super::page::{Asked, Page};
use super::script::Rule;
use super::stage::Stage;
use crate::calendar::{Delay, DelayUnit};
use crate::ids::Instant;

/// When people do what they noted for a day.
const MORNING_MS: i64 = 9 * 60 * 60 * 1000;
/// Links to one question, and to everything that one mail asks, begin so.
const TASK: &str = "/l/";
const DESK: &str = "/d/";
/// Parts that a ballot has at most.
const PARTS_MAX: usize = 100;

/// Something that a person has decided to do.
#[derive(Clone, Debug)]
struct Deed {
    person: String,
    url: String,
}

/// A play in progress.
#[derive(Debug)]
pub struct Play<'s> {
    stage: &'s mut Stage,
    mails_read: u64,
    known: BTreeSet<String>,
    agenda: BTreeMap<(Instant, usize), Deed>,
    noted: usize,
    signed: BTreeMap<String, u32>,
}

impl<'s> Play<'s> {
    /// A play on a stage that has just been set.
    pub fn new(stage: &'s mut Stage) -> Self {
        Self {
            stage,
            mails_read: 0,
            known: BTreeSet::new(),
            agenda: BTreeMap::new(),
            noted: 0,
            signed: BTreeMap::new(),
        }
    }

    /// Plays to the end: the script's last moment, or earlier if nobody has anything left to do and nothing happens by itself
    /// any more. `seen` is told the time, each time before the clock moves.
    ///
    /// # Errors
    /// Somebody is asked what the script does not foresee, is told that what they sent is wrong, or the world fails.
    pub async fn run(&mut self, seen: &mut (dyn FnMut(Instant) + Send)) -> Result<(), DemoError> {
        let last = self.stage.until;
        loop {
            self.stage.hall.rest().await?;
            self.read_mails().await?;
            if let Some(deed) = self.due() {
                self.carry_out(&deed).await?;
                continue;
            }
            seen(self.stage.hall.now());
            let noted = self.agenda.keys().next().map(|(at, _)| *at);
            let Some(next) = [noted, self.stage.hall.next().await?].into_iter().flatten().min() else { return Ok(()) };
            if next > last {
                return Ok(());
            }
            self.stage.hall.move_to(next).await?;
        }
    }

    fn due(&mut self) -> Option<Deed> {
        let now = self.stage.hall.now();
        let first = self.agenda.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// Everybody reads what has come, and notes when they will answer.
    async fn read_mails(&mut self) -> Result<(), DemoError> {
        for mail in self.stage.hall.catcher.mails_since(self.mails_read) {
            self.mails_read = mail.number;
            for address in &mail.to {
                let person = self.stage.office.cast.owner(address).map(str::to_owned);
                let person = person.ok_or_else(|| DemoError::Fault(format!("a mail to nobody we know: {address}")))?;
                for url in self.questions(&mail.links).await? {
                    if self.known.insert(url.clone()) {
                        self.note(&person, url).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The links to single questions in a mail, and behind its link to all of them.
    async fn questions(&self, links: &[String]) -> Result<Vec<String>, DemoError> {
        let address = &self.stage.hall.address;
        let ours = |link: &&String| link.starts_with(address.as_str());
        let mut urls: Vec<String> = Vec::new();
        for link in links.iter().filter(ours) {
            let path = &link[address.len()..];
            if path.starts_with(TASK) {
                urls.push(link.clone());
            } else if path.starts_with(DESK) {
                let desk = Page::read(&http::get(link).await?.body);
                urls.extend(desk.links(TASK).into_iter().map(|path| format!("{address}{path}")));
            }
        }
        Ok(urls)
    }

    /// Opens a link and decides when to answer it.
    async fn note(&mut self, person: &str, url: String) -> Result<(), DemoError> {
        let page = open(&url).await?;
        let now = self.stage.hall.now();
        let at = match page.asked() {
            Asked::Nothing => None,
            Asked::Ballot | Asked::Attendance | Asked::Tally | Asked::Confirm => Some(now),
            Asked::Choice => {
                let office = &self.stage.office;
                let rule = office.rule(&page, person).ok_or_else(|| {
                    let what = (office.workflow(&page), page.choices());
                    DemoError::Fault(format!("{person} may choose among {what:?} and the script has no rule"))
                })?;
                self.when(rule, person, &page)?
            }
        };
        if let Some(at) = at {
            self.noted += 1;
            self.agenda.insert((at, self.noted), Deed { person: person.to_owned(), url });
        }
        Ok(())
    }

    /// When a person follows a rule; never, if it says so.
    fn when(&self, rule: &Rule, person: &str, page: &Page) -> Result<Option<Instant>, DemoError> {
        if rule.never {
            return Ok(None);
        }
        let (now, office, calendar) = (self.stage.hall.now(), &self.stage.office, &self.stage.hall.calendar);
        if let Some(column) = &rule.column {
            let text = office.row_in(&page.text()).and_then(|row| office.rows.get(row)?.get(column));
            let at: jiff::Timestamp = text
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| DemoError::Fault(format!("{person} finds no instant in the column `{column}`")))?;
            return Ok(Some(Instant::from_timestamp(at).max(now)));
        }
        if let Some(dates) = rule.dates.get(person).or_else(|| rule.dates.get("other")) {
            let mornings = dates.iter().filter_map(|date| {
                let day: jiff::civil::Date = date.parse().ok()?;
                Some(calendar.end_of(day.yesterday().ok()?).plus_ms(1 + MORNING_MS))
            });
            return Ok(Some(mornings.filter(|at| *at >= now).min().unwrap_or(now)));
        }
        let count = i32::try_from(rule.after).unwrap_or(i32::MAX);
        if count == 0 {
            return Ok(Some(now));
        }
        // The same time of day, so many working days later.
        let day_of = |at: Instant| calendar.end_of(calendar.date(at));
        let later = calendar.after(now, Delay { count, unit: DelayUnit::WorkingDays });
        Ok(Some(now.plus_ms(day_of(later).0 - day_of(now).0)))
    }

    /// Follows a link, fills in the form and sends it, once more where the page asks whether that is meant; of a ballot in parts,
    /// one part after the other.
    async fn carry_out(&mut self, deed: &Deed) -> Result<(), DemoError> {
        let mut page = open(&deed.url).await?;
        for _ in 0..PARTS_MAX {
            if page.asked() == Asked::Nothing {
                return Ok(());
            }
            let (after, status) = self.answer(deed, &page).await?;
            let good = after.errors().is_none() && status < 400;
            match (page.asked(), after.asked()) {
                (Asked::Ballot, Asked::Ballot) if good => page = open(&deed.url).await?,
                // The record of who is there stays open until the vote ends.
                (Asked::Attendance, Asked::Attendance) | (_, Asked::Nothing) if good => return Ok(()),
                _ => {
                    let said = after.errors().unwrap_or_else(|| after.text());
                    let (person, url) = (&deed.person, &deed.url);
                    return Err(DemoError::Fault(format!("{person} sent {url} and was told ({status}): {said}")));
                }
            }
        }
        Err(DemoError::Fault(format!("{} is asked for one part of {} after the other", deed.person, deed.url)))
    }

    /// Sends the form of a page.
    async fn answer(&mut self, deed: &Deed, page: &Page) -> Result<(Page, u16), DemoError> {
        let today = self.stage.hall.calendar.date(self.stage.hall.now()).to_string();
        let root = self.stage.office.cast.root(&deed.person).to_owned();
        let count = self.signed.get(&root).copied().unwrap_or_default();
        let hand = Hand { person: &deed.person, today: &today, count };
        let filled = self.stage.office.answer(page, &hand)?;
        if !filled.files.is_empty() {
            self.signed.insert(root, count + 1);
        }
        let answer = http::post(&deed.url, &filled.form.send(filled.pressed, &filled.files)).await?;
        let after = Page::read(&answer.body);
        let after = match after.sure().cloned() {
            Some(form) => confirm(&deed.url, &form).await?,
            None => after,
        };
        Ok((after, answer.status))
    }
}

async fn open(url: &str) -> Result<Page, DemoError> {
    let answer = http::get(url).await?;
    if answer.status >= 400 {
        let said = Page::read(&answer.body).text();
        return Err(DemoError::Fault(format!("{url} answers {}: {said}", answer.status)));
    }
    Ok(Page::read(&answer.body))
}

async fn confirm(url: &str, form: &Form) -> Result<Page, DemoError> {
    let answer = http::post(url, &form.send(Some(("step", "send")), &BTreeMap::new())).await?;
    Ok(Page::read(&answer.body))
}
