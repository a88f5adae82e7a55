//! What the templates show: every phrase said, every text clean; the templates only lay it out.

use serde::Serialize;

use super::invitation::{Invitation, When};
use super::letter::{Consequence, Letter, Matter, Reader, Sender};
use super::subject::{about, own, task, unreached, you};
use super::texts::Texts;
use crate::dossier::Purpose;
use crate::dossier::project::NoticeKind;
use crate::words::clean;

/// Matters that one mail shows in full; the others stand on the desk page.
pub(super) const SHOWN_MAX: usize = 40;

/// Characters that a mail repeats of what its reader wrote themselves.
const QUOTED_MAX: usize = 300;

/// A whole mail.
#[derive(Debug, Serialize)]
pub(super) struct View {
    lang: &'static str,
    sender: String,
    title: String,
    /// The line at the top of a mail that goes to a test address.
    redirected: Option<String>,
    greeting: String,
    /// By paragraphs.
    intro: Vec<String>,
    sections: Vec<Section>,
    /// Not shown in full.
    more: Option<String>,
    desk: Option<Button>,
    /// What files that go with the mail change in its reader's calendar.
    calendar: Vec<String>,
    /// "Or copy this address".
    written: String,
    foot: Vec<String>,
    /// Where its reader says that they are away; for people of the office.
    away: Option<Button>,
}

/// Matters of one kind.
#[derive(Debug, Serialize)]
struct Section {
    /// None when the mail is about one matter only: the introduction says it.
    title: Option<String>,
    matters: Vec<Card>,
}

/// One matter.
#[derive(Debug, Serialize)]
struct Card {
    workflow: String,
    task: String,
    about: String,
    /// What the workflow says of it, where several matters stand together.
    text: Vec<String>,
    help: String,
    facts: Vec<Fact>,
    button: Option<Button>,
}

/// A line with its label.
#[derive(Debug, Serialize)]
struct Fact {
    label: String,
    value: String,
    /// The one that must catch the eye.
    strong: bool,
}

/// A link and what it opens.
#[derive(Debug, Serialize)]
struct Button {
    label: String,
    link: String,
}

struct Writer<'a> {
    letter: &'a Letter,
    sender: Sender<'a>,
    texts: &'static Texts,
    /// The sender's name.
    office: String,
    you: String,
}

impl View {
    pub(super) fn new(letter: &Letter, sender: Sender<'_>) -> Self {
        let texts = Texts::of(&letter.reader.language);
        let writer = Writer { letter, sender, texts, office: clean(sender.name), you: you(letter, texts) };
        writer.view()
    }
}

impl Writer<'_> {
    fn view(&self) -> View {
        let hidden = self.letter.matters.len().saturating_sub(SHOWN_MAX);
        View {
            lang: self.texts.code,
            sender: self.office.clone(),
            title: self.letter.subject(),
            redirected: self.sender.redirect_to.map(|_| self.redirected()),
            greeting: greeting(&self.letter.reader, self.texts),
            intro: self.intro(),
            sections: self.sections(),
            more: (hidden > 0).then(|| self.texts.count("link.more", hidden, &[])),
            desk: self.desk(),
            calendar: self.calendar(),
            written: self.say("link.written", &[]),
            foot: self.foot(),
            away: self.away(),
        }
    }

    /// A phrase; the form of address is always at hand.
    fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let capital = capitalised(&self.you);
        let mut all = values.to_vec();
        all.extend([("you", self.you.as_str()), ("You", capital.as_str()), ("sender", self.office.as_str())]);
        capitalised(&self.texts.say(key, &all))
    }

    fn redirected(&self) -> String {
        let (name, address) = (clean(&self.letter.reader.name), clean(&self.letter.reader.email));
        self.say("foot.redirected", &[("name", &name), ("address", &address)])
    }

    /// A single matter is introduced in the workflow's own words, where it has any.
    fn intro(&self) -> Vec<String> {
        match self.letter.matters.as_slice() {
            [matter] => match &matter.own {
                Some(own) if !own.text.is_empty() => own.text.clone(),
                _ => vec![self.usual_intro(matter)],
            },
            matters => {
                let values = [("sender", self.office.as_str()), ("you", self.you.as_str())];
                vec![self.texts.count("intro.several", matters.len(), &values)]
            }
        }
    }

    fn usual_intro(&self, matter: &Matter) -> String {
        let key = match (matter.kind, matter.purpose) {
            (NoticeKind::Reminder, _) if matter.outside.is_some() => "intro.reminder_outside",
            (NoticeKind::Escalation, _) if matter.outside.is_some() => "intro.escalation_outside",
            (NoticeKind::Told, Some(_)) if matter.outside.is_some() => "intro.told_outside",
            (NoticeKind::Told, Some(Purpose::Lead)) => "intro.told_lead",
            (NoticeKind::Told, _) if matter.settlement.is_some() => "intro.settled",
            (NoticeKind::Told, _) if matter.gives_numbers => "intro.numbers",
            (NoticeKind::Asked, Some(Purpose::Act) | None) => "intro.asked_act",
            (NoticeKind::Asked, Some(Purpose::Ballot)) => "intro.asked_ballot",
            (NoticeKind::Asked, Some(Purpose::Tally)) => "intro.asked_tally",
            (NoticeKind::Asked, Some(Purpose::Lead)) => "intro.asked_lead",
            (NoticeKind::Asked, Some(Purpose::Confirm)) => "intro.asked_confirm",
            (NoticeKind::Asked, Some(Purpose::Attendance)) => "intro.asked_attendance",
            (NoticeKind::Asked, Some(Purpose::Object)) => "intro.asked_object",
            (NoticeKind::Asked, Some(Purpose::Prepare)) => "intro.asked_prepare",
            (NoticeKind::Reminder, _) => "intro.reminder",
            (NoticeKind::Escalation, _) => "intro.escalation",
            (NoticeKind::Told | NoticeKind::Calendar, _) => "intro.told",
            (NoticeKind::Undelivered, _) => "intro.undelivered",
        };
        let body = matter.body.as_deref().map_or_else(|| self.office.clone(), clean);
        let outside = matter.outside.as_deref().map(clean).unwrap_or_default();
        let leader = matter.prepares_for.as_deref().map(clean).unwrap_or_default();
        self.say(key, &[("body", &body), ("on", &outside), ("who", &unreached(matter)), ("leader", &leader)])
    }

    /// By kind, and within it as the letter orders them.
    fn sections(&self) -> Vec<Section> {
        let single = self.letter.matters.len() == 1;
        let kinds = [
            (NoticeKind::Asked, "section.asked"),
            (NoticeKind::Reminder, "section.reminder"),
            (NoticeKind::Escalation, "section.escalation"),
            (NoticeKind::Undelivered, "section.undelivered"),
            (NoticeKind::Told, "section.told"),
        ];
        let shown = &self.letter.matters[..self.letter.matters.len().min(SHOWN_MAX)];
        let sections = kinds.into_iter().map(|(kind, key)| Section {
            title: (!single).then(|| self.say(key, &[])),
            matters: shown.iter().filter(|matter| matter.kind == kind).map(|matter| self.card(matter)).collect(),
        });
        sections.filter(|section| !section.matters.is_empty()).collect()
    }

    fn card(&self, matter: &Matter) -> Card {
        let task = match (matter.kind, own(matter)) {
            (NoticeKind::Asked | NoticeKind::Reminder | NoticeKind::Told, Some(own)) => own.to_owned(),
            (NoticeKind::Asked | NoticeKind::Reminder, None) => self.asked(matter),
            (NoticeKind::Escalation, own) => {
                let usual = || task(matter, self.texts);
                let key = if matter.outside.is_some() { "task.late_outside" } else { "task.late" };
                self.say(key, &[("task", &own.map_or_else(usual, str::to_owned))])
            }
            (NoticeKind::Told, None) if matter.settlement.is_some() => self.say("task.settled", &[]),
            (NoticeKind::Told, None) if matter.purpose == Some(Purpose::Lead) => self.leads(matter),
            (NoticeKind::Told, None) if matter.state.is_empty() => self.say("section.told", &[]),
            (NoticeKind::Told, None) | (NoticeKind::Calendar, _) => clean(&matter.state),
            (NoticeKind::Undelivered, _) => self.say("task.undelivered", &[("who", &unreached(matter))]),
        };
        let told = matter.own.as_ref().filter(|_| self.letter.matters.len() > 1);
        Card {
            workflow: clean(&matter.workflow),
            task: capitalised(&task),
            about: if matter.is_withheld() { self.say("matter.withheld", &[]) } else { about(matter, self.texts) },
            text: told.map(|own| own.text.clone()).unwrap_or_default(),
            help: if matter.asks() { clean(&matter.help) } else { String::new() },
            facts: self.facts(matter),
            button: matter.link.as_ref().map(|link| Button { label: self.opens(matter), link: link.clone() }),
        }
    }

    /// The heading of a matter that is asked: for votes ours and the workflow's name of the vote.
    fn asked(&self, matter: &Matter) -> String {
        let (ours, theirs) = (task(matter, self.texts), clean(&matter.task));
        if ours.contains(&theirs) { ours } else { format!("{ours}: {theirs}") }
    }

    /// What whoever leads a step sees to.
    fn leads(&self, matter: &Matter) -> String {
        self.say("task.lead", &[("task", &clean(&matter.task))])
    }

    fn facts(&self, matter: &Matter) -> Vec<Fact> {
        let mut facts = self.came_to(matter);
        let mut fact = |label: &str, value: String, strong: bool| {
            facts.push(Fact { label: self.say(label, &[]), value, strong });
        };
        if let Some(due) = matter.due_at {
            let by = self.texts.words.by_long(due, &self.letter.zone);
            let left = self.texts.words.remaining(matter.days_left, due < self.letter.now);
            fact("label.due", self.say("label.due_left", &[("by", &by), ("left", &left)]), true);
        }
        if let (Some(role), true) = (&matter.role, matter.asks()) {
            fact("label.role", capitalised(&clean(role)), false);
        }
        if let Some(leader) = &matter.prepares_for {
            fact("label.prepares_for", clean(leader), true);
        }
        if let Some((who, choice)) = &matter.prepared {
            let said = self.say("label.prepared_by", &[("who", &clean(who)), ("choice", &clean(choice))]);
            fact("label.prepared", said, true);
        }
        if let (Some(who), true) = (&matter.behalf, matter.asks()) {
            fact("label.behalf", clean(who), true);
        }
        if !matter.asked.is_empty() && matter.kind != NoticeKind::Undelivered {
            let names: Vec<String> = matter.asked.iter().map(|name| clean(name)).collect();
            fact("label.asked", names.join(", "), false);
        }
        if matches!(matter.kind, NoticeKind::Escalation | NoticeKind::Undelivered) && !matter.state.is_empty() {
            fact("label.state", clean(&matter.state), false);
        }
        // Whoever is told only has nothing to show.
        if matter.asks() && matter.demands.number {
            fact("label.number", self.say("demand.number", &[]), true);
        }
        if matter.asks() && matter.demands.session {
            fact("label.sign_in", self.say("demand.sign_in", &[]), true);
        }
        if matter.gives_numbers {
            fact("label.numbers", self.say("demand.numbers", &[]), true);
        }
        if matter.asks() && matter.due_at.is_some_and(|due| due >= self.letter.now) {
            let otherwise = matter.own.as_ref().map(|own| own.otherwise.clone()).filter(|said| !said.is_empty());
            let usual = || matter.consequences.iter().map(|what| self.consequence(what)).collect::<Vec<_>>().join(" ");
            let said = otherwise.unwrap_or_else(usual);
            if !said.is_empty() {
                fact("label.consequence", said, false);
            }
        }
        facts
    }

    /// Why it came to this, and what came of it.
    fn came_to(&self, matter: &Matter) -> Vec<Fact> {
        let fact = |label: String, value: &str, strong: bool| Fact { label, value: clean(value), strong };
        let mut facts = Vec::new();
        if let Some(one) = &matter.settlement {
            facts.push(fact(self.say("label.decision", &[]), &one.decision, true));
            facts.push(fact(self.say("label.reason", &[]), &one.why, false));
            facts.push(fact(self.say("label.objection", &[("day", &clean(&one.day))]), &shortened(&one.what), false));
        }
        if !matter.grounds.is_empty() {
            facts.push(fact(self.say("label.reason", &[]), &matter.grounds.join("; "), true));
        }
        let numbers = matter.numbers.iter().map(|(label, number)| fact(capitalised(&clean(label)), number, true));
        facts.extend(numbers);
        facts
    }

    fn consequence(&self, consequence: &Consequence) -> String {
        match consequence {
            Consequence::Escalates(to) => self.say("consequence.escalates", &[("to", &clean(to))]),
            Consequence::Moves(state) => self.say("consequence.moves", &[("state", &clean(state))]),
            Consequence::Silence(answer) => self.say("consequence.silence", &[("answer", &clean(answer))]),
            Consequence::Closes => self.say("consequence.closes", &[]),
        }
    }

    fn opens(&self, matter: &Matter) -> String {
        let key = match matter.purpose {
            Some(Purpose::Act) | None => "link.act",
            Some(Purpose::Ballot) => "link.ballot",
            Some(Purpose::Tally) => "link.tally",
            Some(Purpose::Confirm) => "link.confirm",
            Some(Purpose::Attendance) => "link.attendance",
            Some(Purpose::Object) => "link.object",
            Some(Purpose::Prepare) => "link.prepare",
            Some(Purpose::Lead) => "link.lead",
        };
        self.say(key, &[])
    }

    /// One link for a single matter that has one; the desk for everything else.
    fn desk(&self) -> Option<Button> {
        let key = match self.letter.matters.as_slice() {
            [matter] if matter.link.is_some() => return None,
            [_] => "link.desk",
            _ => "link.desk_many",
        };
        Some(Button { label: self.say(key, &[]), link: self.letter.desk.clone() })
    }

    fn calendar(&self) -> Vec<String> {
        let one = |entry: &Invitation| {
            let about = clean(&entry.summary);
            match (entry.cancels, entry.when) {
                (true, _) => self.say("calendar.gone", &[("matter", &about)]),
                (false, When::Day(day)) => {
                    let day = self.texts.words.date_long(day);
                    self.say("calendar.moved", &[("matter", &about), ("day", &day)])
                }
                (false, When::From(at, _)) => {
                    let day = self.texts.words.by_long(at, &self.letter.zone);
                    self.say("calendar.moved", &[("matter", &about), ("day", &day)])
                }
            }
        };
        self.letter.entries.iter().map(one).collect()
    }

    fn away(&self) -> Option<Button> {
        // Nobody stands in for somebody of another office.
        let inside = self.letter.matters.iter().all(|matter| matter.outside.is_none()) && !self.letter.reader.outside;
        inside.then(|| Button { label: self.say("link.away", &[]), link: format!("{}/away", self.letter.desk) })
    }

    fn foot(&self) -> Vec<String> {
        let contact = clean(self.sender.contact);
        let contact = if contact.is_empty() {
            self.say("foot.contact", &[("address", &clean(self.sender.address))])
        } else {
            unbroken(&contact)
        };
        vec![
            self.why(),
            self.say("foot.link", &[]),
            self.say("foot.question", &[("contact", &contact)]),
            self.say("foot.automatic", &[]),
        ]
    }

    fn why(&self) -> String {
        let [matter] = self.letter.matters.as_slice() else { return self.say("foot.why_several", &[]) };
        match (&matter.role, &matter.body, matter.asks()) {
            (_, Some(body), true) if matter.purpose == Some(Purpose::Ballot) => {
                self.say("foot.why_body", &[("body", &clean(body))])
            }
            (Some(role), _, true) => self.say("foot.why_role", &[("role", &clean(role))]),
            (None, _, true) if matter.prepares_for.is_some() => {
                let leader = matter.prepares_for.as_deref().map(clean).unwrap_or_default();
                self.say("foot.why_prepares", &[("leader", &leader)])
            }
            (None, _, true) => self.say("foot.why_several", &[]),
            (_, _, false) if matter.kind == NoticeKind::Undelivered => self.say("foot.why_undelivered", &[]),
            (_, _, false) if matter.settlement.is_some() => self.say("foot.why_objected", &[]),
            (_, _, false) => self.say("foot.why_told", &[]),
        }
    }
}

/// How a reader is greeted.
pub(super) fn greeting(reader: &Reader, texts: &Texts) -> String {
    let name = clean(&reader.name);
    if name.is_empty() {
        return texts.say("greeting.stranger", &[]);
    }
    let address = reader.address.as_deref().map(clean).filter(|address| !address.is_empty());
    let form = match &address {
        Some(address) if texts.addresses_as_written() => Some(address.as_str()),
        Some(address) => texts.form(address),
        None => None,
    };
    capitalised(&match form {
        Some(form) => texts.say("greeting.with_address", &[("you", form), ("name", &name)]),
        None => texts.say("greeting.plain", &[("name", &name)]),
    })
}

/// Telephone numbers stay on one line: no break between two digits.
fn unbroken(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |place: Option<usize>| place.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    let one = |(at, c): (usize, &char)| match c {
        ' ' if is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)) => '\u{a0}',
        c => *c,
    };
    chars.iter().enumerate().map(one).collect()
}

/// The beginning of what somebody wrote: they know how it goes on.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(QUOTED_MAX).collect();
    if short.len() < text.len() { format!("{}…", short.trim_end()) } else { short }
}

/// With a capital at its beginning.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
