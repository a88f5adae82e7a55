//! An office in memory, on a clock that somebody moves: the same decisions as in a real one, and no effect outside.
//!
//! What `engine`, `scheduler` and `courier` do with a database is done here with maps: due first, messages between dossiers
//! in order, lists opened on demand, ballots into boxes, facts into registers, notices into one mail for each person and day.

use std::collections::{BTreeMap, VecDeque};

use jiff::civil::Date;

use super::boxes;
use super::coverage::Coverage;
use super::history::{Entry as Line, History};
use super::keys::Keys;
use super::post::{Gathered, Mail, Post};
use super::starts::Starts;
use super::world::{World, mail_of, outsider};
use crate::calendar::{Calendar, Outage};
use crate::dossier::command::{Actor, Ask, Command};
use crate::dossier::context::{Boxes, Context, Entry, holder_of};
use crate::dossier::decide::offered;
use crate::dossier::decide::trace::decide_traced;
use crate::dossier::evolve::evolve;
use crate::dossier::project::{RegisterRow, project};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::taken::{Key, SaidBefore, SaidSince, Taken};
use crate::dossier::{Child, Dossier, Message, Recipient};
use crate::ids::{ActivationId, DossierId, EventName, Instant, MachineHash, OperationId, PersonId, WorkflowName};
use crate::machine::{Machine, Measure};
use crate::measure::{self, Course, Measured, Past, Period, Reckoning, Written};

/// Things that may happen by themselves at one moment; more of them never come to an end.
const MOMENT_MAX: usize = 10_000;

/// An office, at one moment of its life.
#[derive(Debug)]
pub struct Office<'w> {
    world: &'w World,
    now: Instant,
    dossiers: BTreeMap<DossierId, Kept<'w>>,
    /// The dossiers in the order in which they were opened.
    opened: Vec<DossierId>,
    messages: VecDeque<Message>,
    /// Calendars that took the place of the world's, by name.
    calendars: BTreeMap<String, Calendar>,
    register: Vec<Entry>,
    /// The dossier that wrote each of these, in the same order; none from before.
    writers: Vec<Option<DossierId>>,
    keys: Keys,
    starts: Starts<'w>,
    /// The day on which it was last looked who holds what.
    held_on: Date,
    commands: u64,
    pub(super) post: Post,
    pub(super) history: History,
    pub(super) coverage: Coverage,
}

/// A dossier, and what stands beside it.
#[derive(Debug)]
pub(super) struct Kept<'w> {
    pub(super) dossier: Dossier,
    pub(super) machine: &'w Machine,
    /// For a list: the key under which it was opened; for a child: what its parent opened it for.
    pub(super) key: Option<String>,
    boxes: Boxes,
    /// What is due in it was refused when it stood at this event, and is not tried again before it has moved.
    stuck: Option<i64>,
}

impl<'w> Office<'w> {
    /// An office in which nothing has happened, at this moment.
    pub fn new(world: &'w World, now: Instant) -> Self {
        Self {
            world,
            now,
            dossiers: BTreeMap::new(),
            opened: Vec::new(),
            messages: VecDeque::new(),
            calendars: BTreeMap::new(),
            register: Vec::new(),
            writers: Vec::new(),
            keys: Keys::default(),
            starts: Starts::new(world, now),
            held_on: world.date(now),
            commands: 0,
            post: Post::default(),
            history: History::default(),
            coverage: Coverage::default(),
        }
    }

    /// What it stands on.
    pub fn world(&self) -> &'w World {
        self.world
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// A dossier as its last event left it.
    pub fn dossier(&self, id: &DossierId) -> Option<&Dossier> {
        self.dossiers.get(id).map(|kept| &kept.dossier)
    }

    /// Whom a scenario means in a dossier: somebody from outside has an id of its own there.
    pub(super) fn meant(&self, dossier: &DossierId, person: &PersonId) -> PersonId {
        let mail = mail_of(person);
        let known = mail.and_then(|mail| self.dossier(dossier)?.outsiders.iter().find(|one| one.reads(mail)));
        known.map_or_else(|| person.clone(), |one| one.person.clone())
    }

    /// What a scenario calls a person: somebody from outside by their mailbox.
    pub(super) fn by_mail(&self, person: &PersonId) -> PersonId {
        let outside = self.dossiers().find_map(|dossier| dossier.outsider(person));
        outside.and_then(|one| one.mail.as_deref()).map_or_else(|| person.clone(), outsider)
    }

    pub(super) fn kept(&self, id: &DossierId) -> Option<&Kept<'w>> {
        self.dossiers.get(id)
    }

    /// The dossiers of a workflow, in the order in which they were opened.
    pub fn of_workflow(&self, workflow: &WorkflowName) -> impl DoubleEndedIterator<Item = &DossierId> {
        self.opened
            .iter()
            .filter(move |id| self.dossiers.get(id).is_some_and(|kept| &kept.dossier.workflow == workflow))
    }

    /// The version that a dossier follows.
    pub(super) fn machine_of(&self, id: &DossierId) -> Option<&'w Machine> {
        self.dossiers.get(id).map(|kept| kept.machine)
    }

    /// The first person who may choose an event in an entry without having been asked.
    pub(super) fn free_for(&self, id: &DossierId, entry: ActivationId, event: &EventName) -> Option<PersonId> {
        let kept = self.dossiers.get(id)?;
        let boxes = Boxes::new();
        let (directory, calendar) = (self.world.directory(), self.calendar(kept.machine));
        let context = Context { directory, calendar, register: &self.register, boxes: &boxes, taken: Taken::NOTHING };
        let may = |person: &&PersonId| {
            let all = offered(kept.machine, &kept.dossier, entry, person, self.now, &context);
            all.iter().any(|way| way.event.as_ref() == Some(event))
        };
        directory.people.keys().find(may).cloned()
    }

    /// Every dossier, in the order in which they were opened.
    pub fn dossiers(&self) -> impl Iterator<Item = &Dossier> {
        self.opened.iter().filter_map(|id| self.dossier(id))
    }

    /// The facts in all registers.
    pub fn register(&self) -> &[Entry] {
        &self.register
    }

    /// A measure of a workflow over all its dossiers, as they stand.
    pub(super) fn measured(&self, machine: &'w Machine, name: &'w str, measure: &'w Measure) -> Measured {
        let (directory, calendar) = (self.world.directory(), self.calendar(machine));
        let world = measure::World { machine, directory, calendar, now: self.now };
        let mut reckoning = Reckoning::new(name, measure, world, Period::default());
        for id in self.of_workflow(&machine.workflow) {
            let Some(dossier) = self.dossier(id) else { continue };
            let course = Course::of(self.history.of(id));
            let holder = holder_of(machine, Some(dossier), &Ask::Tick);
            let entries = self.register.iter().zip(&self.writers).zip(0..);
            let about: Vec<Written> = entries
                .filter(|((entry, _), _)| Some(&entry.holder) == holder.as_ref())
                .map(|((entry, dossier), order)| Written { entry: entry.clone(), dossier: dossier.clone(), order })
                .collect();
            let register = measure::before(id, &about);
            reckoning.add(&Past { dossier, course: &course, register: &register });
        }
        reckoning.result(0)
    }

    /// The mails that went out, in order.
    pub fn mails(&self) -> &[Mail] {
        self.post.sent()
    }

    /// Writes a fact into a register, as from before the office was opened.
    pub fn open_register(&mut self, entry: Entry) {
        let Entry { register, holder, key, year } = &entry;
        let mut books = self.world.machines().filter_map(|machine| machine.registers.get(register));
        if let Some(once) = books.find_map(|book| book.once(holder, key, *year)) {
            self.keys.stands(Key::of_register(register, once), format!("{key} {year}"));
        }
        self.register.push(entry);
        self.writers.push(None);
    }

    /// Does what somebody asks, and then everything that follows at once.
    ///
    /// # Errors
    /// It may not be done; nothing was changed.
    pub fn handle(&mut self, command: &Command) -> Result<(), Refusal> {
        let answer = self.carry_out(command);
        self.rest();
        answer
    }

    /// A command with an operation id of its own.
    pub(super) fn command(&mut self, dossier: DossierId, actor: Actor, ask: Ask) -> Command {
        self.commands += 1;
        Command { operation: OperationId::new(format!("office:{}", self.commands)), dossier, actor, ask }
    }

    /// How a person comes: by their link, shown as strongly as the task wants it; who is not asked has signed in.
    pub(super) fn actor(&self, dossier: &DossierId, person: &PersonId) -> Actor {
        let tasks = self.dossier(dossier).into_iter().flat_map(|dossier| &dossier.tasks);
        let mut asked = tasks.filter(|task| task.asks(person)).map(|task| task.policy).peekable();
        if asked.peek().is_none() {
            return Actor::Session(person.clone());
        }
        Actor::of_person(person.clone(), asked.collect())
    }

    /// Notes that somebody was refused.
    pub(super) fn note(&mut self, line: Line) {
        self.history.add(self.now, line);
    }

    /// Lets everything happen that is due: messages, deadlines, starts by the clock, mails.
    pub fn rest(&mut self) {
        self.pass_on();
        for _ in 0..MOMENT_MAX {
            if let Some(message) = self.messages.pop_front() {
                self.deliver(&message);
            } else if let Some(id) = self.due() {
                self.tick(&id);
            } else if let Some((workflow, start)) = self.starts.due(self.now) {
                let command = self.command(self.new_id(workflow), Actor::Clock, Ask::Start(start));
                if let Err(refusal) = self.carry_out(&command) {
                    self.note(Line::Stuck { what: format!("the start by the clock of {workflow}"), refusal });
                }
            } else {
                self.send_mails();
                return;
            }
        }
        let refusal = Refusal::of(Code::Circles);
        self.note(Line::Stuck { what: "the office, which does not come to rest".to_owned(), refusal });
        self.messages.clear();
    }

    /// The next moment at which something happens by itself.
    pub fn next(&self) -> Option<Instant> {
        let due = self.dossiers.values().filter(|kept| !kept.is_stuck()).filter_map(|kept| kept.dossier.next_due_at());
        let held = self.world.directory().next_change(self.held_on).map(|day| self.world.start_of(day));
        let held = held.filter(|_| self.dossiers.values().any(|kept| kept.dossier.outcome.is_none()));
        due.chain(self.post.next(self.now)).chain(self.starts.next()).chain(held).min().map(|next| next.max(self.now))
    }

    /// On a day on which others hold posts and seats than before, what people were asked in them passes on.
    fn pass_on(&mut self) {
        let today = self.world.date(self.now);
        let is_news = self.world.directory().next_change(self.held_on).is_some_and(|day| day <= today);
        self.held_on = self.held_on.max(today);
        for id in if is_news { self.opened.clone() } else { Vec::new() } {
            let command = self.command(id.clone(), Actor::Clock, Ask::Tick);
            if let Err(refusal) = self.carry_out(&command) {
                self.note(Line::Stuck { what: format!("what is due in {id}"), refusal });
            }
        }
    }

    /// The calendar that a workflow follows now.
    pub fn calendar(&self, machine: &Machine) -> &Calendar {
        in_force(&self.calendars, self.world, machine)
    }

    /// Another calendar takes the place of the one of its name: what it counts otherwise moves, as `engine` has it done by a run of
    /// ticks over all open dossiers.
    pub(super) fn put_calendar(&mut self, calendar: Calendar) {
        let name = calendar.name().to_owned();
        let old = self.world.machines().find(|machine| machine.calendar == name).map(|machine| self.calendar(machine));
        let outages = old.map(|old| old.outages().to_vec()).unwrap_or_default();
        let before = old.map(|old| std::iter::once(old).chain(old.before()).cloned().collect()).unwrap_or_default();
        self.calendars.insert(name, calendar.in_place_of(before).with_outages(outages));
        for id in self.opened.clone() {
            let command = self.command(id.clone(), Actor::Clock, Ask::Tick);
            if let Err(refusal) = self.carry_out(&command) {
                self.note(Line::Stuck { what: format!("what is due in {id}"), refusal });
            }
        }
        self.rest();
    }

    /// Nobody can reach the office until then, and it does nothing; afterwards it does what is due, knowing of the outage.
    pub(super) fn go_silent(&mut self, until: Instant) {
        self.rest();
        let outage = Outage { from: self.now, until: until.max(self.now) };
        self.now = outage.until;
        let names: BTreeMap<&str, &Machine> =
            self.world.machines().map(|machine| (machine.calendar.as_str(), machine)).collect();
        for (name, machine) in names {
            let calendar = self.calendar(machine).clone();
            let outages = calendar.outages().iter().copied().chain([outage]).collect();
            self.calendars.insert(name.to_owned(), calendar.with_outages(outages));
        }
        self.rest();
    }

    /// Moves the clock, stopping at every moment at which something happens by itself. It never goes back.
    pub fn move_to(&mut self, to: Instant) {
        self.rest();
        while let Some(next) = self.next().filter(|next| *next <= to) {
            self.now = next;
            self.rest();
        }
        self.now = self.now.max(to);
        self.rest();
    }

    fn due(&self) -> Option<DossierId> {
        let due = self.opened.iter().filter_map(|id| {
            let kept = self.dossiers.get(id).filter(|kept| !kept.is_stuck())?;
            let due_at = kept.dossier.next_due_at().filter(|due_at| *due_at <= self.now)?;
            Some((due_at, id))
        });
        due.min_by_key(|(due_at, _)| *due_at).map(|(_, id)| id.clone())
    }

    fn tick(&mut self, id: &DossierId) {
        let Some(kept) = self.dossiers.get(id) else { return };
        let (seq, Some(command)) = (kept.dossier.seq, Command::tick(&kept.dossier)) else { return };
        let answer = self.carry_out(&command);
        let Some(kept) = self.dossiers.get_mut(id) else { return };
        if kept.dossier.seq == seq {
            kept.stuck = Some(seq);
        }
        // Told once; that it is tried again and again is no news.
        let failed = kept.dossier.stuck.as_ref().filter(|stuck| stuck.tries == 1);
        let failed = failed.map(|stuck| Refusal { reasons: stuck.reasons.clone() });
        if let Some(refusal) = answer.err().or(failed) {
            self.note(Line::Stuck { what: format!("what is due in {id}"), refusal });
        }
    }

    /// A message becomes a command, as in `engine::address`.
    fn deliver(&mut self, message: &Message) {
        let mut answer = self.address(message).map(|command| (self.carry_out(&command), command));
        // A list whose time to gather is over, but whose timer has not fired yet: it fires now, and the row goes elsewhere.
        if let Some((Err(refusal), list)) = &answer
            && matches!(message.to, Recipient::List { .. })
            && refusal.reasons.iter().any(|reason| reason.code == Code::NotGathering)
        {
            let list = list.dossier.clone();
            self.tick(&list);
            answer = self.address(message).map(|command| (self.carry_out(&command), command));
        }
        let refusal = match answer {
            Some((Ok(()), _)) => return,
            Some((Err(refusal), _)) => refusal,
            None => Refusal::about(Code::NoDossier, "no such workflow is at hand"),
        };
        self.note(Line::Stuck { what: format!("a message from {}", self.called(&message.from)), refusal });
    }

    /// What a child was opened for, as files write it: the code of a unit or a person, the number of a row.
    fn key_of(&self, child: &Dossier) -> Option<String> {
        let parent = self.dossier(&child.parent.as_ref()?.dossier)?;
        Some(self.key_in(parent.child(&child.id)?))
    }

    /// The same, of one of a parent's children.
    pub(super) fn key_in(&self, child: &Child) -> String {
        child.subject.as_ref().map_or(child.key.as_str(), |person| self.world.code(person)).to_owned()
    }

    /// What a dossier is called in a story: children by what they were opened for, as steps name them.
    pub(super) fn called(&self, id: &DossierId) -> String {
        let Some(kept) = self.dossiers.get(id).filter(|kept| kept.dossier.parent.is_some()) else {
            return id.to_string();
        };
        let key = kept.key.as_deref().unwrap_or_default();
        format!("{} {key}", kept.dossier.workflow).trim_end().to_owned()
    }

    fn address(&self, message: &Message) -> Option<Command> {
        let (workflow, key) = match &message.to {
            Recipient::Dossier(id) => return Some(Command::receiving(message, id.clone())),
            Recipient::New { dossier, workflow, .. } => {
                let machine = self.world.machine(workflow)?;
                return Command::opening(message, dossier.clone(), machine.hash().clone());
            }
            Recipient::List { workflow, key, .. } => (workflow, key),
        };
        let gathers = |id: &&DossierId| {
            self.dossier(id)
                .is_some_and(|dossier| dossier.gather_key.as_ref() == Some(key) && dossier.outcome.is_none())
        };
        if let Some(open) = self.of_workflow(workflow).find(gathers) {
            return Some(Command::receiving(message, open.clone()));
        }
        let machine = self.world.machine(workflow)?;
        Command::opening(message, self.new_id(workflow), machine.hash().clone())
    }

    /// An id for the next dossier of a workflow, as people would call it.
    pub(super) fn new_id(&self, workflow: &WorkflowName) -> DossierId {
        DossierId::new(format!("{workflow}-{}", self.of_workflow(workflow).count() + 1))
    }

    fn carry_out(&mut self, command: &Command) -> Result<(), Refusal> {
        let world = self.world;
        let kept = self.dossiers.get(&command.dossier);
        let machine = match (&command.ask, kept) {
            (_, Some(kept)) => kept.machine,
            (Ask::Start(start), None) => version(world, &start.machine)?,
            (_, None) => return Err(Refusal::about(Code::NoDossier, command.dossier.as_str())),
        };
        let calendar = in_force(&self.calendars, world, machine);
        let before = kept.map(|kept| &kept.dossier);
        let facts = self.facts(machine, before, &command.ask);
        let no_boxes = Boxes::new();
        let boxes = kept.map_or(&no_boxes, |kept| &kept.boxes);
        let decide = |taken: &Taken| {
            let context = Context { directory: world.directory(), calendar, register: &facts, boxes, taken };
            decide_traced(machine, before, command, self.now, &context)
        };
        let (decided, trace) = self.keys.settled(decide, |asked| self.said_before(asked));
        self.coverage.trace(machine, trace);
        let decision = decided?;
        if decision.events.is_empty() {
            return Ok(());
        }
        let folded =
            decision.events.iter().try_fold(before.cloned(), |dossier, event| evolve(dossier, event).map(Some));
        let after = folded.expect("what was decided can be folded").expect("there is at least one event");
        let rows = project(before, &after, &decision.events, machine, calendar);
        let boxes = boxes::filled(boxes, &after, &decision);
        let key =
            kept.map_or_else(|| after.gather_key.clone().or_else(|| self.key_of(&after)), |kept| kept.key.clone());
        if before.is_none() {
            self.opened.push(after.id.clone());
        }
        self.coverage.events(machine, &decision.events);
        self.keys.take(&after, &decision.events);
        self.writers.extend(rows.register.iter().map(|_| Some(after.id.clone())));
        self.register.extend(rows.register.into_iter().map(entry));
        self.messages.extend(rows.messages);
        self.post.add(&after.id, rows.notices);
        self.history.events(&after, decision.events);
        self.dossiers.insert(after.id.clone(), Kept { dossier: after, machine, key, boxes, stuck: None });
        Ok(())
    }

    /// What dossiers that wrote into a register say of these people.
    fn said_before(&self, asked: &SaidBefore) -> Vec<SaidSince> {
        let entries = self.register.iter().zip(&self.writers);
        let about =
            entries.filter(|(entry, _)| entry.register == asked.register && asked.holders.contains(&entry.holder));
        let said = |(entry, writer): (&Entry, &Option<DossierId>)| {
            let text = asked.of(self.dossier(writer.as_ref()?)?)?.to_owned();
            Some(SaidSince { holder: entry.holder.clone(), year: entry.year, text })
        };
        about.filter_map(said).collect()
    }

    /// The facts about whom the dossier is about.
    fn facts(&self, machine: &Machine, dossier: Option<&Dossier>, ask: &Ask) -> Vec<Entry> {
        if self.register.is_empty() {
            return Vec::new();
        }
        let Some(holder) = holder_of(machine, dossier, ask) else { return Vec::new() };
        self.register.iter().filter(|entry| entry.holder == holder).cloned().collect()
    }

    fn send_mails(&mut self) {
        let (world, dossiers) = (self.world, &self.dossiers);
        let find = |id: &DossierId| dossiers.get(id).map(|kept| (&kept.dossier, kept.machine));
        let calendars = &self.calendars;
        let calendar = |machine: &Machine| in_force(calendars, world, machine);
        for gathered in self.post.gather(self.now, world, &calendar, &find) {
            let line = match gathered {
                Gathered::Mail(number) => {
                    let mail = &self.post.sent()[number];
                    for (machine, name) in mail
                        .dossiers
                        .iter()
                        .filter_map(|id| dossiers.get(id))
                        .flat_map(|kept| mail.own().map(|name| (kept.machine, name)))
                    {
                        self.coverage.mail(machine, name);
                    }
                    Line::Mailed(number)
                }
                Gathered::NoAddress(person) => Line::NoAddress(person),
            };
            self.history.add(self.now, line);
        }
    }
}

impl Kept<'_> {
    fn is_stuck(&self) -> bool {
        self.stuck == Some(self.dossier.seq)
    }
}

/// The calendar that a workflow follows: the world's, or the one that took its place.
fn in_force<'c>(calendars: &'c BTreeMap<String, Calendar>, world: &'c World, machine: &Machine) -> &'c Calendar {
    calendars.get(&machine.calendar).unwrap_or_else(|| world.calendar(machine))
}

fn version<'w>(world: &'w World, hash: &MachineHash) -> Result<&'w Machine, Refusal> {
    world.version(hash).ok_or_else(|| Refusal::about(Code::NoDossier, hash.as_str()))
}

fn entry(row: RegisterRow) -> Entry {
    Entry { register: row.register, holder: row.holder, key: row.key, year: row.year }
}
