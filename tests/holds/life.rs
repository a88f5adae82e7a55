//! A short life of a small office that touches everything that is kept: forms, papers, timers, tasks, several who must agree, a
//! list, a secret vote, messages, numbers, registers, a pause, a daily head. It goes on whatever goes wrong: with a fault
//! planted, much does.

use std::collections::BTreeMap;

use chancery::clock::{Chance, Clock, ManualClock};
use chancery::dossier::command::{Act, Actor, Ask, Command, Start};
use chancery::dossier::{Choice, Dossier, Paper};
use chancery::engine::{Attachment, Engine, Keys};
use chancery::ids::{ActivationId, DossierId, FieldName, Instant, MachineHash, PersonId};
use chancery::links::LinkKeys;
use chancery::machine::Machine;
use chancery::scheduler::Scheduler;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::Store;
use serde_json::{Value, json};

use crate::office::{self, CASE, DAY_MS, LIST, PLAIN, START, by};

/// The master key of every office here.
pub(crate) const MASTER: [u8; 32] = [8; 32];

/// A letter: two must agree, it gets a number, a paper and an entry in a register, and the head is told.
pub(crate) const LETTER: &str = r#"
chancery: 1
workflow: letter
title: Công văn
calendar: plain
caption: title
subject: [person]
papers: {scan: Bản chụp}
fields:
  title:  {type: text, max: 100, required: true, label: Tên}
  unit:   {type: unit, required: true, label: Đơn vị}
  person: {type: person, required: true, label: Người}
  number: {type: text, max: 40, label: Số}
numbers: {letter: {label: Số công văn, format: "{seq}/TTr-{of}", of: unit}}
registers: {letters: {label: Sổ công văn}}
roles:
  clerk:  {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:   {label: Thủ trưởng, post: head, of: unit}
  member: {label: Thành viên, body: council of unit}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn, edit: [title], attach: [scan]}
    on: {submit: {by: clerk, label: Nộp, attach: [scan], target: agreeing}}
  agreeing:
    title: Lấy ý kiến
    task: {for: member, title: Cho ý kiến}
    deadline: {within: 5wd, remind: [-2wd, -1wd], escalate: {after: 1wd, to: head}}
    on: {agree: {by: member, label: Đồng ý, needs: 2, target: signing}}
  signing:
    title: Ký
    task: {for: head, title: Ký}
    on: {sign: {by: head, label: Ký, number: {number: letter}, target: sent}}
  sent:
    title: Đã gửi
    final: true
    outcome: sent
    entry: {register: [{register: letters, key: "'letter'", year: 2026}], tell: [clerk]}
"#;

/// An office, and what was acknowledged in it.
pub(crate) struct Life {
    pub engine: Engine,
    pub clock: ManualClock,
    scheduler: Scheduler,
    versions: BTreeMap<&'static str, MachineHash>,
    /// Operations that were carried out.
    pub acknowledged: Vec<String>,
    commands: u64,
    /// Commands are sent once, not once more to see that they are done once.
    pub once: bool,
}

impl Life {
    /// An office on a database that may be new.
    pub(crate) async fn open(url: &str, seed: u64) -> Self {
        let store = Store::open(url).await.expect("it opens");
        store.migrate().await.expect("it migrates");
        let keys = Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes(MASTER) };
        let clock = Clock::manual(START);
        let Clock::Manual(hand) = clock.clone() else { unreachable!("it is manual") };
        let engine = Engine::open(store, keys, clock, Chance::seeded(seed)).await.expect("an engine");
        let scheduler = Scheduler::new(engine.clone());
        let (versions, acknowledged) = (BTreeMap::new(), Vec::new());
        Self { engine, clock: hand, scheduler, versions, acknowledged, commands: 0, once: false }
    }

    /// Puts everything into it that it needs.
    pub(crate) async fn furnish(&mut self) {
        let file = SourceFile::new("plain.yaml", PLAIN);
        self.engine.put_calendar(&office::calendar(PLAIN), &file).await.expect("a calendar");
        self.engine.put_directory(office::directory()).await.expect("a directory");
        for (name, text) in [("case", CASE), ("list", LIST), ("letter", LETTER)] {
            let machine: Machine = office::machine(name, text);
            self.versions.insert(name, machine.hash().clone());
            self.engine.deploy(&machine, &[SourceFile::new(format!("{name}.yaml"), text)]).await.expect("a version");
        }
    }

    /// All of it.
    pub(crate) async fn run(&mut self) {
        self.furnish().await;
        self.letters().await;
        self.cases().await;
        self.pauses().await;
        self.lapses().await;
        self.engine.store().take_head(self.engine.now()).await.ok();
        self.pass(DAY_MS).await;
        // What nobody has taken yet, and somebody who is asked.
        let fields = json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60, "person": "p-m5"});
        self.start("case", "left", fields).await;
        self.act("left", "clerk", "submit", Vec::new()).await;
        self.start("letter", "open", json!({"title": "Thư", "unit": "U", "person": "p-head"})).await;
        self.start("case", "new", json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 10})).await;
    }

    async fn letters(&mut self) {
        for id in ["l1", "l2"] {
            self.start("letter", id, json!({"title": "Thư", "unit": "U", "person": "p-head"})).await;
            self.act(id, "clerk", "submit", vec![scan(id)]).await;
            // Twice by the same member: once too often.
            self.act(id, "m2", "agree", Vec::new()).await;
            self.act(id, "m2", "agree", Vec::new()).await;
            self.act(id, "m3", "agree", Vec::new()).await;
            self.act(id, "head", "sign", Vec::new()).await;
        }
    }

    async fn cases(&mut self) {
        for id in ["a", "b"] {
            self.start(
                "case",
                id,
                json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60, "person": "p-m5"}),
            )
            .await;
            self.act(id, "clerk", "submit", Vec::new()).await;
        }
        self.deliver().await;
        let Some(list) = self.dossier("a").await.and_then(|case| case.on_lists.into_iter().find_map(|on| on.dossier))
        else {
            return;
        };
        let list = list.to_string();
        self.act(&list, "secretary", "convene", Vec::new()).await;
        for (member, choice) in
            [("m1", Choice::Yes), ("m2", Choice::Abstain), ("m1", Choice::No), ("m3", Choice::Yes), ("m4", Choice::Yes)]
        {
            self.cast(&list, member, choice).await;
        }
        // The time of the vote ends without the last member.
        for _ in 0..6 {
            self.pass(DAY_MS).await;
        }
        for id in ["a", "b"] {
            self.act(id, "head", "agree", Vec::new()).await;
        }
    }

    async fn pauses(&mut self) {
        self.start("case", "p", json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60})).await;
        self.act("p", "head", "suspend", Vec::new()).await;
        self.pass(DAY_MS).await;
        self.act("p", "head", "resume", Vec::new()).await;
    }

    /// A draft that nobody sends on, past reminders, deadline and escalation; with a command on the last day, before the clock
    /// was looked at.
    async fn lapses(&mut self) {
        self.start("case", "late", json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 10})).await;
        for _ in 0..8 {
            self.pass(DAY_MS).await;
        }
        self.clock.advance_ms(12 * DAY_MS);
        self.edit("late").await;
        self.pass(DAY_MS).await;
    }

    /// Time passes, and the scheduler does what is due.
    pub(crate) async fn pass(&mut self, ms: i64) {
        self.clock.advance_ms(ms);
        for _ in 0..4 {
            let now = self.engine.now();
            if !self.scheduler.step(now).await.is_ok_and(|report| report.busy()) {
                return;
            }
        }
    }

    /// Messages go where they have to, as far as they go.
    pub(crate) async fn deliver(&mut self) {
        for _ in 0..5 {
            if self.engine.deliver().await.unwrap_or_default() == 0 {
                return;
            }
        }
    }

    pub(crate) async fn dossier(&self, id: &str) -> Option<Dossier> {
        self.engine.dossier(&id.into()).await.ok().flatten()
    }

    /// The command that opens a dossier, under an operation of its own.
    pub(crate) fn starting(&self, workflow: &'static str, id: &str, fields: Value) -> Command {
        let (dossier, operation) = (id.into(), format!("start-{id}").as_str().into());
        Command { operation, dossier, actor: by("clerk"), ask: self.opening(workflow, fields) }
    }

    pub(crate) async fn start(&mut self, workflow: &'static str, id: &str, fields: Value) {
        self.send(id, by("clerk"), self.opening(workflow, fields), Vec::new()).await;
    }

    fn opening(&self, workflow: &'static str, fields: Value) -> Ask {
        Ask::Start(Start {
            machine: self.versions[workflow].clone(),
            fields: serde_json::from_value(fields).expect("fields"),
            papers: Vec::new(),
            gather_key: None,
            first: None,
            import_key: None,
        })
    }

    pub(crate) async fn act(&mut self, id: &str, who: &str, event: &str, papers: Vec<(Paper, Attachment)>) {
        let Some(dossier) = self.dossier(id).await else { return };
        let Ask::Act(act) = office::act(&dossier, event) else { unreachable!("it is an event") };
        let activation = Self::entry_that_asks(&dossier, who).unwrap_or(act.activation);
        let reason = (event == "suspend").then(|| "Chờ xác minh".to_owned());
        let (papers, attachments): (Vec<Paper>, Vec<Attachment>) = papers.into_iter().unzip();
        self.send(id, by(who), Ask::Act(Act { activation, papers, reason, ..act }), attachments).await;
    }

    fn entry_that_asks(dossier: &Dossier, who: &str) -> Option<ActivationId> {
        let person = PersonId::new(format!("p-{who}"));
        dossier.tasks.iter().find(|task| task.asks(&person)).map(|task| task.activation)
    }

    async fn edit(&mut self, id: &str) {
        let Some(dossier) = self.dossier(id).await else { return };
        let Some(activation) = Self::entry_that_asks(&dossier, "clerk") else { return };
        let fields = BTreeMap::from([(FieldName::from("points"), json!(20))]);
        self.send(id, by("clerk"), Ask::Edit { activation, fields, papers: Vec::new() }, Vec::new()).await;
    }

    pub(crate) async fn cast(&mut self, list: &str, member: &str, choice: Choice) {
        let Some(dossier) = self.dossier(list).await else { return };
        let Some(vote) = dossier.votes.first() else { return };
        let person = PersonId::new(format!("p-{member}"));
        let rows = vote.rows.iter().filter(|row| !row.own.contains(&person));
        let choices: BTreeMap<DossierId, Choice> = rows.map(|row| (row.row.clone(), choice)).collect();
        let activation = vote.activation;
        self.send(list, by(member), Ask::Cast { activation, choices }, Vec::new()).await;
    }

    /// Sends a command, and the same once more: it is done once.
    pub(crate) async fn send(&mut self, id: &str, actor: Actor, ask: Ask, attachments: Vec<Attachment>) {
        self.commands += 1;
        let operation = format!("op-{}", self.commands);
        let command = Command { operation: operation.as_str().into(), dossier: id.into(), actor, ask };
        for again in [false, true].into_iter().take(if self.once { 1 } else { 2 }) {
            if self.engine.handle(command.clone(), attachments.clone()).await.is_ok() && !again {
                self.acknowledged.push(operation.clone());
            }
        }
    }
}

/// A paper with its bytes.
pub(crate) fn scan(of: &str) -> (Paper, Attachment) {
    let id = format!("scan-{of}");
    let content = format!("%PDF-1.4 {of}").into_bytes();
    let paper = Paper {
        id: id.as_str().into(),
        kind: "scan".to_owned(),
        name: "scan.pdf".to_owned(),
        hash: String::new(),
        size: 0,
        by: None,
        at: Instant(0),
    };
    (paper, Attachment { id: id.as_str().into(), media: "application/pdf".to_owned(), content })
}
