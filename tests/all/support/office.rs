//! A small office: one unit with a clerk, a head and a council of five; a case that goes onto the council's list.

use std::collections::BTreeMap;

use chancery::calendar::Calendar;
use chancery::directory::{Body, BodySeat, Dated, Directory, Person, Post, Unit};
use chancery::dossier::Dossier;
use chancery::dossier::command::{Act, Actor, Ask, Command, Start};
use chancery::dossier::context::{Boxes, Context, Entry};
use chancery::dossier::decide::{Decision, decide};
use chancery::dossier::evolve::evolve;
use chancery::dossier::project::{Rows, project};
use chancery::dossier::refusal::Refusal;
use chancery::dossier::taken::Taken;
use chancery::ids::{ActivationId, Instant, OperationId, PersonId};
use chancery::machine::{Machine, check::check_files};
use chancery::source::SourceFile;

/// The case: drafted, voted on as a row of a list, decided; it can be suspended and resumed.
pub(crate) const CASE: &str = r#"
chancery: 1
workflow: case
title: Việc
calendar: plain
caption: title
subject: [person]
tables: {kinds: kinds.yaml}
papers: {report: Báo cáo}
fields:
  title:  {type: text, max: 100, required: true, label: Tên}
  unit:   {type: unit, required: true, label: Đơn vị}
  person: {type: person, label: Người}
  kind:   {type: choice, from: kinds, required: true, label: Loại}
  points: {type: number, min: 0, max: 100, label: Điểm}
  number: {type: text, max: 40, label: Số}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
guards:
  enough_points: {expr: "points != null && points >= 50", refuse: Chưa đủ điểm, basis: "Quy chế, Điều 1"}
initial: open
states:
  open:
    title: Đang làm
    initial: drafting
    on:
      suspend:  {by: head, reason: true, pause: true, target: suspended}
      withdraw: {by: clerk, target: withdrawn}
    states:
      drafting:
        title: Soạn
        task: {for: clerk, title: Soạn hồ sơ, edit: [title, unit, person, kind, points], attach: [report]}
        deadline: {within: 10wd, remind: [-5wd, -1wd], escalate: {after: 2wd, to: head}}
        on: {submit: {by: clerk, label: Nộp, guard: enough_points, target: council}}
      council:
        title: Hội đồng
        joins: {list: list, with: {unit: unit.code}, row: {title: title, person: person.id, kind: kind.code}}
        on: {passed: deciding, rejected: rejected, returned: drafting}
      deciding:
        title: Quyết định
        task: {for: head, title: Quyết định}
        after: {20wd: lapsed}
        on:
          agree: {by: head, label: Đồng ý, fill: [number], confirm: true, target: agreed}
          refuse: {by: head, label: Không đồng ý, reason: true, target: rejected}
  suspended:
    title: Tạm dừng
    task: {for: head, title: Xem lại}
    on: {resume: {by: head, resume: open}}
  agreed:    {title: Đồng ý, final: true, outcome: agreed}
  rejected:  {title: Không đồng ý, final: true, outcome: rejected}
  lapsed:    {title: Hết hạn, final: true, outcome: lapsed}
  withdrawn: {title: Rút, final: true, outcome: withdrawn}
"#;

/// The list: a meeting of the unit's council.
pub(crate) const LIST: &str = r#"
chancery: 1
workflow: list
title: Danh sách
calendar: plain
key: [unit]
tables: {kinds: kinds.yaml}
row:
  title:  {type: text, max: 100, label: Tên}
  person: {type: person, label: Người}
  kind:   {type: choice, from: kinds, label: Loại}
row_caption: title
row_subject: [person]
fields:
  unit: {type: unit, required: true, label: Đơn vị}
roles:
  secretary: {label: Thư ký, body: council of unit, seat: secretary}
  chair:     {label: Chủ tịch, body: council of unit, seat: chair}
guards:
  has_rows: {expr: "size(rows) > 0", refuse: Danh sách trống}
votes:
  council:
    title: Bỏ phiếu
    body: council of unit
    ballot: secret
    quorum: at least 2/3 of members
    passes: at least kind.threshold of members
    open_for: 3wd
    own_case: {votes: false, in_base: true}
initial: gathering
states:
  gathering:
    title: Lập danh sách
    gathers: true
    task: {for: secretary, title: Mời biểu quyết}
    on:
      convene:  {by: secretary, label: Qua mạng, guard: has_rows, target: voting, rows: {returned: returned}}
      on_paper: {by: secretary, label: Trên giấy, guard: has_rows, target: counting}
  voting:
    title: Bỏ phiếu
    vote: {rule: council, held: online}
    on: {closed: done, no_quorum: gathering}
  counting:
    title: Kiểm phiếu
    vote: {rule: council, held: {paper: {records: secretary, confirms: chair}}}
    on: {closed: done, no_quorum: gathering}
  done: {title: Xong, final: true, outcome: done}
"#;

/// The table that both use.
pub(crate) const KINDS: &str = "plain: {threshold: 50%}\nhigh: {threshold: 80%}\n";

/// A calendar of plain weeks.
pub(crate) const PLAIN: &str = "chancery: 1\ncalendar: plain\ntitle: Tuần thường\nzone: Asia/Ho_Chi_Minh\nyears: {}\n";

/// Monday 2026-06-01, 09:00 in Hanoi.
pub(crate) const START: Instant = Instant(1_780_279_200_000);

/// One day.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A machine from its text; its tables are [`KINDS`].
pub(crate) fn machine(name: &str, text: &str) -> Machine {
    let file = SourceFile::new(format!("{name}.yaml"), text);
    let included = |wanted: &str| wanted.ends_with("kinds.yaml").then(|| SourceFile::new(wanted, KINDS));
    let checked = check_files(&file, &included);
    let faults: Vec<String> =
        checked.diagnostics.iter().map(|one| format!("{}: {}", one.code, one.message("en"))).collect();
    checked.machine.unwrap_or_else(|| panic!("{name} is faulty:\n{}", faults.join("\n")))
}

/// A calendar from its text.
pub(crate) fn calendar(text: &str) -> Calendar {
    let (calendar, faults) = Calendar::read(&SourceFile::new("plain.yaml", text));
    calendar.unwrap_or_else(|| panic!("the calendar is faulty: {faults:?}"))
}

/// Who works in the office, by their codes.
pub(crate) const PEOPLE: [&str; 8] = ["clerk", "head", "secretary", "m1", "m2", "m3", "m4", "m5"];

fn person(code: &str) -> (PersonId, Person) {
    let id = PersonId::new(format!("p-{code}"));
    let (name, email) = (format!("Người {code}"), Some(format!("{code}@office.example")));
    (id.clone(), Person { id, code: code.to_owned(), name, address: None, email, language: "vi".to_owned() })
}

/// The directory: unit U with clerk, head, and a council of a chair and four members, with a secretary.
pub(crate) fn directory() -> Directory {
    let seat = |code: &str, seat: &str| BodySeat {
        person: PersonId::new(format!("p-{code}")),
        seat: seat.to_owned(),
        unit: None,
        dated: Dated::default(),
    };
    let seats = vec![
        seat("m1", "chair"),
        seat("m2", "member"),
        seat("m3", "member"),
        seat("m4", "member"),
        seat("m5", "member"),
        seat("secretary", "secretary"),
    ];
    let unit = Unit {
        code: "U".into(),
        name: "Đơn vị".to_owned(),
        kind: "department".to_owned(),
        parent: None,
        legal_personality: true,
        tags: Vec::new(),
        dated: Dated::default(),
        successors: Vec::new(),
    };
    let post = |code: &str| Post {
        person: PersonId::new(format!("p-{code}")),
        unit: "U".into(),
        post: code.to_owned(),
        dated: Dated::default(),
    };
    let body = Body {
        code: "C".into(),
        name: "Hội đồng".to_owned(),
        kind: "council".to_owned(),
        unit: Some("U".into()),
        seats,
    };
    Directory {
        units: BTreeMap::from([("U".into(), unit)]),
        people: PEOPLE.map(person).into_iter().collect(),
        outside: BTreeMap::new(),
        posts: vec![post("clerk"), post("head")],
        bodies: BTreeMap::from([("C".into(), body)]),
        bindings: Vec::new(),
        substitutes: Vec::new(),
        assistants: Vec::new(),
        own: chancery::directory::Own::default(),
    }
}

/// The office, and one dossier in it that is led by hand.
pub(crate) struct Office {
    /// Its directory.
    pub directory: Directory,
    /// Its calendar.
    pub calendar: Calendar,
    /// The registers.
    pub register: Vec<Entry>,
    /// The boxes of the votes in progress.
    pub boxes: Boxes,
    /// The keys that are given once.
    pub taken: Taken,
    commands: u64,
}

impl Office {
    /// The office as above.
    pub(crate) fn new() -> Self {
        Self {
            directory: directory(),
            calendar: calendar(PLAIN),
            register: Vec::new(),
            boxes: Boxes::new(),
            taken: Taken::default(),
            commands: 0,
        }
    }

    /// What `decide` may look at.
    pub(crate) fn context(&self) -> Context<'_> {
        let Self { directory, calendar, register, boxes, taken, .. } = self;
        Context { directory, calendar, register, boxes, taken }
    }

    /// A command with an operation id of its own.
    pub(crate) fn command(&mut self, dossier: &str, actor: Actor, ask: Ask) -> Command {
        self.commands += 1;
        Command { operation: OperationId::new(format!("op-{}", self.commands)), dossier: dossier.into(), actor, ask }
    }

    /// Decides and folds; the ballots go into the boxes.
    pub(crate) fn run(
        &mut self,
        machine: &Machine,
        dossier: Option<&Dossier>,
        command: &Command,
        now: Instant,
    ) -> Result<(Dossier, Decision), Refusal> {
        let decision = decide(machine, dossier, command, now, &self.context())?;
        let folded =
            decision.events.iter().try_fold(dossier.cloned(), |dossier, event| evolve(dossier, event).map(Some));
        let after = folded.expect("what decide makes can be folded").expect("a dossier");
        for (row, choice) in &decision.ballots {
            let open = self.boxes.entry(row.clone()).or_default();
            open.choices.push(*choice);
            open.hash = format!("{}", open.choices.len());
        }
        Ok((after, decision))
    }

    /// What an answer makes of dossier `D`: the dossier, and the rows beside it.
    pub(crate) fn answer(
        &mut self,
        machine: &Machine,
        before: &Dossier,
        actor: Actor,
        ask: Ask,
        now: Instant,
    ) -> Result<(Dossier, Rows), Refusal> {
        let command = self.command("D", actor, ask);
        let (after, decision) = self.run(machine, Some(before), &command, now)?;
        let rows = project(Some(before), &after, &decision.events, machine, &self.calendar);
        Ok((after, rows))
    }

    /// Opens a case of the clerk's.
    pub(crate) fn start(&mut self, machine: &Machine, id: &str, fields: serde_json::Value, now: Instant) -> Dossier {
        let fields = serde_json::from_value(fields).expect("fields");
        let start = Start {
            machine: machine.hash().clone(),
            fields,
            papers: Vec::new(),
            gather_key: None,
            first: None,
            import_key: None,
        };
        let command = self.command(id, by("clerk"), Ask::Start(start));
        self.run(machine, None, &command, now).expect("a case can be opened").0
    }
}

/// A person by their link.
pub(crate) fn by(code: &str) -> Actor {
    Actor::Link(PersonId::new(format!("p-{code}")))
}

/// An event of the innermost state.
pub(crate) fn act(dossier: &Dossier, event: &str) -> Ask {
    let activation = dossier.leaves().next().map_or(ActivationId(0), |leaf| leaf.activation);
    let (fields, papers, rows) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    Ask::Act(Act { activation, event: event.into(), fields, papers, reason: None, rows, seen: None })
}
