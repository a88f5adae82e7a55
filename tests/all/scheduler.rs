//! The scheduler on both databases, by hand: every step gets its time, nothing waits.

use std::collections::BTreeMap;

use chancery::clock::{Chance, Clock, ManualClock};
use chancery::dossier::command::{Actor, Ask, Command, Start};
use chancery::dossier::event::{Event, Kind};
use chancery::engine::{Engine, Keys};
use chancery::ids::{DossierId, Instant, OperationId, PersonId};
use chancery::links::LinkKeys;
use chancery::scheduler::{Report, Scheduler};
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::listing::{Filter, Listed};
use chancery::store::{Store, meta};

use crate::store::{Fresh, databases, migrated};
use crate::support::office::{self, DAY_MS, PLAIN, START};

const HOUR_MS: i64 = 3_600_000;

/// A case that grows late after two hours, and one that starts every day at 08:00.
const CLOCKWORK: &str = "
chancery: 1
workflow: clockwork
title: Việc theo giờ
calendar: plain
fields: {unit: {type: unit, label: Đơn vị}}
roles: {clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}}
initial: fresh
states:
  fresh:
    title: Mới
    task: {for: clerk, title: Làm}
    after: {2h: late}
    on: {do: {by: clerk, label: Xong, target: done}}
  late:
    title: Muộn
    task: {for: clerk, title: Làm ngay}
    on: {do: {by: clerk, label: Xong, target: done}}
  done: {title: Xong, final: true, outcome: done}
cron:
  - {schedule: \"0 8 * * *\", zone: Asia/Ho_Chi_Minh, fields: {unit: U}}
";

/// One process: its own engine and scheduler.
struct Node {
    scheduler: Scheduler,
    engine: Engine,
    clock: ManualClock,
}

impl Node {
    async fn open(database: &Fresh, seed: u64) -> Self {
        let store = Store::open(&database.url).await.expect("it opens");
        let clock = Clock::manual(START);
        let Clock::Manual(hand) = clock.clone() else { unreachable!("it is manual") };
        let keys = Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes([8; 32]) };
        let engine = Engine::open(store, keys, clock, Chance::seeded(seed)).await.expect("the engine opens");
        Self { scheduler: Scheduler::new(engine.clone()), engine, clock: hand }
    }

    /// Steps until there is nothing more to do now.
    async fn settle(&mut self, now: Instant) -> Report {
        self.clock.set(now);
        let mut sum = Report::default();
        for _ in 0..50 {
            let report = self.scheduler.step(now).await.expect("a step");
            sum.started += report.started;
            sum.ticked += report.ticked;
            sum.rederived += report.rederived;
            sum.put_off += report.put_off;
            sum.held.clone_from(&report.held);
            if !report.busy() {
                return sum;
            }
        }
        panic!("it does not come to rest: {sum:?}");
    }

    async fn deploy(&self, text: &str) {
        let source = SourceFile::new("clockwork.yaml", text);
        self.engine.deploy(&office::machine("clockwork", text), &[source]).await.expect("a workflow");
    }

    async fn start(&self, id: &str) {
        let machine = self.engine.current(&"clockwork".into()).await.expect("it is read").expect("it is deployed");
        let command = Command {
            operation: OperationId::new(format!("start-{id}")),
            dossier: id.into(),
            actor: Actor::Clock,
            ask: Ask::Start(Start {
                machine: machine.hash().clone(),
                fields: BTreeMap::from([("unit".into(), "U".into())]),
                papers: Vec::new(),
                gather_key: None,
                first: None,
                import_key: None,
            }),
        };
        self.engine.handle(command, Vec::new()).await.expect("it starts");
    }

    async fn listed(&self) -> Vec<Listed> {
        self.engine.store().list(&Filter::default(), 1000).await.expect("a list")
    }

    async fn state(&self, id: &str) -> String {
        let dossier = self.engine.dossier(&id.into()).await.expect("it is read").expect("it is there");
        dossier.stands()
    }
}

/// A database with the office and the clockwork deployed at START (09:00).
async fn deployed(database: &Fresh) -> Node {
    drop(migrated(database).await);
    let node = Node::open(database, 1).await;
    let file = SourceFile::new("plain.yaml", PLAIN);
    node.engine.put_calendar(&office::calendar(PLAIN), &file).await.expect("a calendar");
    node.engine.put_directory(office::directory()).await.expect("a directory");
    node.deploy(CLOCKWORK).await;
    node
}

#[tokio::test]
async fn a_start_by_the_clock_happens_once_per_slot_and_never_for_slots_before_deployment() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        assert_eq!(node.settle(START).await.started, 0, "08:00 of that day was before the deployment");
        let tomorrow = START.plus_ms(23 * HOUR_MS);
        assert_eq!(node.settle(tomorrow.plus_ms(-1)).await.started, 0);
        assert_eq!(node.settle(tomorrow).await.started, 1);
        assert_eq!(node.settle(tomorrow.plus_ms(HOUR_MS)).await.started, 0);
        assert_eq!(node.listed().await.len(), 1);
    }
}

#[tokio::test]
async fn an_outage_over_many_slots_is_made_up_for_by_one_start() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        assert_eq!(node.settle(START.plus_ms(10 * DAY_MS)).await.started, 1);
        assert_eq!(node.listed().await.len(), 1);
    }
}

/// The first process serves pages until the evening of the last day, and the next ones only from the day after.
#[tokio::test]
async fn a_deadline_that_ended_while_no_page_could_be_reached_is_put_off_before_it_ends() {
    let until_friday = CLOCKWORK.replace("after: {2h: late}", "deadline: {within: 4wd, outage: extend, then: late}");
    let until_friday = until_friday.replacen("on: {do:", "on: {late: {target: late}, do:", 1);
    for database in databases().await {
        let mut node = deployed(&database).await;
        node.deploy(&until_friday).await;
        node.start("d").await;
        let (friday, saturday) = (START.plus_ms(4 * DAY_MS), START.plus_ms(5 * DAY_MS));
        node.engine.store().beat(friday).await.expect("a beat");
        // The scheduler of another process is up all the time and reads what the pages wrote.
        let mut other = Node::open(&database, 2).await;
        other.settle(friday.plus_ms(15 * HOUR_MS)).await;
        assert_eq!(other.state("d").await, "fresh", "the end is put off while it lasts");
        node.engine.store().beat(saturday).await.expect("a beat");
        node.settle(saturday).await;
        for minutes in (0..3 * 24 * 60).step_by(10) {
            node.engine.store().beat(saturday.plus_ms(minutes * 60 * 1000)).await.expect("a beat");
        }
        other.settle(START.plus_ms(7 * DAY_MS)).await;
        assert_eq!(node.state("d").await, "fresh", "Monday is the next working day");
        node.engine.store().beat(START.plus_ms(8 * DAY_MS)).await.expect("a beat");
        other.settle(START.plus_ms(8 * DAY_MS)).await;
        assert_eq!(node.state("d").await, "late", "and then it ends");
    }
}

/// The half-year reports of the bloc, as they are shipped: their period is opened by the clock on the first of December.
#[tokio::test]
async fn a_period_whose_morning_was_slept_through_is_opened_once_with_all_its_members() {
    for database in databases().await {
        drop(migrated(&database).await);
        let mut node = Node::open(&database, 1).await;
        let (calendar, file) = crate::offices::calendar();
        node.engine.put_calendar(&calendar, &file).await.expect("a calendar");
        let directory = crate::offices::directory_of("reports").0.expect("it has no fault");
        node.engine.put_directory(directory).await.expect("a directory");
        for name in ["member_opinion.yaml", "member_report.yaml", "reports.yaml"] {
            let (machine, sources) = crate::offices::machine_of("reports", name);
            node.engine.deploy(&machine, &sources).await.expect("a workflow");
        }
        assert_eq!(node.settle(START.plus_ms(DAY_MS)).await.started, 0, "the first of June was over");
        // Down until the third of December.
        drop(node);
        let mut node = Node::open(&database, 2).await;
        assert_eq!(node.settle(START.plus_ms(185 * DAY_MS)).await.started, 1);
        node.settle(START.plus_ms(186 * DAY_MS)).await;
        let listed = node.listed().await;
        let of = |workflow: &str| listed.iter().filter(|one| one.workflow.as_str() == workflow).count();
        assert_eq!((of("reports"), of("member_report")), (1, 8), "one period, a report for each member");
    }
}

#[tokio::test]
async fn a_new_version_with_the_same_line_does_not_forget_a_missed_slot_and_a_new_line_has_no_past() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        node.settle(START).await;
        node.clock.set(START.plus_ms(DAY_MS));
        node.deploy(&CLOCKWORK.replace("Việc theo giờ", "Việc hằng ngày")).await;
        assert_eq!(node.settle(START.plus_ms(DAY_MS)).await.started, 1, "08:00 was missed, 09:00 is the new version");

        node.clock.set(START.plus_ms(DAY_MS + HOUR_MS));
        node.deploy(&CLOCKWORK.replace("0 8 * * *", "0 7 * * *")).await;
        assert_eq!(node.settle(START.plus_ms(DAY_MS + HOUR_MS)).await.started, 0, "07:00 was another line's time");
    }
}

#[tokio::test]
async fn three_processes_racing_start_each_slot_once_and_fire_each_timer_once() {
    for database in databases().await {
        let first = deployed(&database).await;
        let (mut a, mut b, mut c) = (first, Node::open(&database, 2).await, Node::open(&database, 3).await);
        for n in 0..20 {
            a.start(&format!("d{n}")).await;
        }
        for day in 1..=5 {
            let now = START.plus_ms(day * DAY_MS);
            tokio::join!(a.settle(now), b.settle(now), c.settle(now));
        }
        let listed = a.listed().await;
        let started =
            listed.iter().filter(|one| !one.id.as_str().starts_with('d') || one.id.as_str().len() > 3).count();
        assert_eq!((listed.len(), started), (25, 5));
        for one in &listed {
            let history = a.engine.history(&one.id).await.expect("a history");
            let due = history.iter().filter(|event| event.kind == Kind::Due).count();
            assert!(due <= 1, "{}: {due}", one.id);
            let replay = a.engine.replay(&one.id).await.expect("a replay");
            assert_eq!(replay.faults, Vec::<String>::new());
        }
        for n in 0..20 {
            assert_eq!(a.state(&format!("d{n}")).await, "late");
        }
    }
}

#[tokio::test]
async fn a_lost_due_time_is_found_by_the_walk_and_then_done() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        node.start("d").await;
        // What a process looks at when it begins is behind it; so is the walk of that day.
        node.settle(START).await;
        node.engine
            .store()
            .write(|tx| tx.execute("UPDATE dossier SET next_due_at = NULL", &[]))
            .await
            .expect("the row is spoilt");
        let now = START.plus_ms(DAY_MS);
        assert_eq!(node.settle(now).await.rederived, 1);
        assert_eq!(node.settle(now).await.ticked, 1);
        assert_eq!(node.state("d").await, "late");
    }
}

#[tokio::test]
async fn a_dossier_that_cannot_be_ticked_stands_in_nobodys_way() {
    for database in databases().await {
        database.spoil();
        let node = deployed(&database).await;
        node.start("a-spoilt").await;
        node.start("b-sound").await;
        node.engine
            .store()
            .write(|tx| tx.execute("UPDATE dossier SET snapshot = '{' WHERE id = 'a-spoilt'", &[]))
            .await
            .expect("the row is spoilt");
        // Another process, which never saw the dossier while it was sound.
        let mut other = Node::open(&database, 2).await;
        let report = other.settle(START.plus_ms(3 * HOUR_MS)).await;
        assert_eq!((report.ticked, report.put_off), (1, 1));
        assert_eq!(other.state("b-sound").await, "late");
        assert_eq!(other.settle(START.plus_ms(3 * HOUR_MS)).await.put_off, 0, "it is put off for a while");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_listed_tried_rarely_and_at_once_when_the_directory_changes() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        node.deploy(&crate::stuck::HANDED_ON.replace("workflow: handed", "workflow: clockwork")).await;
        node.start("d").await;
        let late = START.plus_ms(3 * DAY_MS);
        for minute in 0..300 {
            node.settle(late.plus_ms(minute * 60_000)).await;
        }
        let stuck = |events: Vec<Event>| events.iter().filter(|event| event.kind == Kind::Stuck).count();
        let tries = stuck(node.engine.history(&"d".into()).await.expect("it is read"));
        assert_eq!(tries, 5, "after 0, 10, 30, 70 and 150 minutes");
        let filter = Filter { stuck: true, ..Filter::default() };
        let listed = node.engine.store().list(&filter, 10).await.expect("a list");
        assert_eq!(listed.iter().map(|one| (one.id.as_str(), one.stuck_at)).collect::<Vec<_>>(), [("d", Some(late))]);
        assert_eq!(node.engine.store().stuck().await.expect("it is counted"), Some((1, late)));

        let mut directory = (*node.engine.directory()).clone();
        directory.posts.push(crate::stuck::deputy());
        node.engine.put_directory(directory).await.expect("a directory");
        node.settle(late.plus_ms(301 * 60_000)).await;
        assert_eq!(node.state("d").await, "late");
        assert_eq!(node.engine.store().stuck().await.expect("it is counted"), None);
    }
}

#[tokio::test]
async fn what_could_not_be_done_is_tried_at_once_by_a_process_that_begins() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        node.deploy(&crate::stuck::HANDED_ON.replace("workflow: handed", "workflow: clockwork")).await;
        node.start("d").await;
        let late = START.plus_ms(3 * DAY_MS);
        node.settle(late).await;
        assert!(node.engine.store().stuck().await.expect("it is counted").is_some());

        let mut directory = (*node.engine.directory()).clone();
        directory.posts.push(crate::stuck::deputy());
        node.engine.put_directory(directory).await.expect("a directory");
        node.scheduler = Scheduler::new(node.engine.clone());
        node.settle(late.plus_ms(60_000)).await;
        assert_eq!(node.state("d").await, "late");
    }
}

#[tokio::test]
async fn whoever_stands_in_from_today_on_is_asked_what_was_open_before() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        node.start("d").await;
        node.settle(START.plus_ms(60_000)).await;
        let mut directory = (*node.engine.directory()).clone();
        let day = jiff::civil::date(2026, 6, 2);
        let dated = chancery::directory::Dated { from: Some(day), until: Some(day) };
        let (person, by) = (PersonId::from("p-clerk"), PersonId::from("p-m1"));
        directory.substitutes.push(chancery::directory::Substitute { person, by: by.clone(), dated, by_link: false });
        node.engine.put_directory(directory).await.expect("a directory");
        let mut asked = Vec::new();
        for hour in (1..72).step_by(2) {
            node.settle(START.plus_ms(hour * HOUR_MS)).await;
            let dossier = node.engine.dossier(&"d".into()).await.expect("it is read").expect("it is there");
            asked.push(dossier.tasks[0].asks(&by));
        }
        asked.dedup();
        assert_eq!(asked, [false, true, false], "on that day and no other");
    }
}

#[tokio::test]
async fn what_is_open_passes_on_to_a_new_holder_on_their_day_and_with_another_directory() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        for n in 0..3 {
            node.start(&format!("d{n}")).await;
        }
        node.settle(START.plus_ms(60_000)).await;
        let asked = |node: &Node| {
            let engine = node.engine.clone();
            async move {
                let mut asked = Vec::new();
                for n in 0..3 {
                    let id = DossierId::new(format!("d{n}"));
                    let dossier = engine.dossier(&id).await.expect("it is read").expect("it is there");
                    asked.extend(dossier.tasks.iter().flat_map(|task| task.holders.clone()));
                }
                asked.dedup();
                asked
            }
        };
        let with = |node: &Node, change: &dyn Fn(&mut chancery::directory::Post)| {
            let mut directory = (*node.engine.directory()).clone();
            directory.posts.iter_mut().filter(|post| post.post == "clerk").for_each(change);
            directory
        };
        let mut dated = with(&node, &|post| post.dated.until = Some(jiff::civil::date(2026, 6, 1)));
        let next = chancery::directory::Dated { from: Some(jiff::civil::date(2026, 6, 2)), until: None };
        let (person, post) = (PersonId::from("p-m1"), "clerk".to_owned());
        dated.posts.push(chancery::directory::Post { person, unit: "U".into(), post, dated: next });
        node.engine.put_directory(dated).await.expect("a directory");
        node.settle(START.plus_ms(2 * HOUR_MS)).await;
        assert_eq!(asked(&node).await, [PersonId::from("p-clerk")], "until the end of the day");
        node.settle(START.plus_ms(16 * HOUR_MS)).await;
        assert_eq!(asked(&node).await, [PersonId::from("p-m1")], "from midnight on");
        let other = with(&node, &|post| post.person = PersonId::from("p-m2"));
        node.engine.put_directory(other).await.expect("a directory");
        node.settle(START.plus_ms(17 * HOUR_MS)).await;
        assert_eq!(asked(&node).await, [PersonId::from("p-m2")], "with another directory at once");
    }
}

#[tokio::test]
async fn open_deadlines_follow_a_calendar_that_is_deployed_meanwhile_also_where_nobody_is_asked() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        let waits =
            CLOCKWORK.replace("after: {2h: late}", "deadline: {within: 3wd, then: slow}\n    after: {4wd: late}");
        let waits = waits.replace("    task: {for: clerk, title: Làm}\n", "");
        node.deploy(
            &waits.replace(
                "on: {do: {by: clerk, label: Xong, target: done}}\n  late",
                "on: {slow: {target: late}}\n  late",
            ),
        )
        .await;
        node.start("d").await;
        let due = |node: &Node| {
            let engine = node.engine.clone();
            async move {
                let dossier = engine.dossier(&"d".into()).await.expect("it is read").expect("it is there");
                let calendar = engine.calendar("plain").expect("it is deployed");
                let days = [dossier.leaves().next().and_then(|leaf| leaf.due_at), dossier.next_due_at()];
                days.map(|at| calendar.date(at.expect("it waits")).strftime("%m-%d").to_string())
            }
        };
        node.settle(START).await;
        assert_eq!(due(&node).await, ["06-04", "06-04"]);
        for (text, then) in [(crate::recount::WEDNESDAY_RESTS, ["06-05", "06-05"]), (PLAIN, ["06-04", "06-04"])] {
            let file = SourceFile::new("plain.yaml", text);
            node.engine.put_calendar(&office::calendar(text), &file).await.expect("a calendar");
            // Any process may do it; one that begins later knows which calendars there were.
            let mut other = Node::open(&database, 2).await;
            other.settle(START.plus_ms(60_000)).await;
            assert_eq!(due(&other).await, then);
            let before = other.engine.history(&"d".into()).await.expect("it is read").len();
            node.settle(START.plus_ms(120_000)).await;
            assert_eq!(node.engine.history(&"d".into()).await.expect("it is read").len(), before, "once");
        }
    }
}

#[tokio::test]
async fn a_held_database_stays_still_and_goes_on_after_a_resume() {
    for database in databases().await {
        let mut node = deployed(&database).await;
        node.start("d").await;
        node.engine.store().set_meta(meta::HELD, "restored").await.expect("it is held");
        let now = START.plus_ms(2 * DAY_MS);
        let report = node.settle(now).await;
        assert_eq!(report, Report { held: Some("restored".to_owned()), ..Report::default() });
        node.engine.store().drop_meta(meta::HELD).await.expect("it is resumed");
        let report = node.settle(now).await;
        assert_eq!((report.ticked, report.started), (1, 1));
        assert!(node.engine.dossier(&DossierId::new("d")).await.expect("it is read").is_some());
    }
}

#[tokio::test]
async fn what_ends_while_nobody_knows_whether_the_pages_are_there_waits_until_that_is_known() {
    const EXTENDED: &str = "
chancery: 1
workflow: clockwork
title: Việc có hạn
calendar: plain
fields: {unit: {type: unit, label: Đơn vị}}
roles: {clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}}
initial: fresh
states:
  fresh:
    title: Mới
    task: {for: clerk, title: Làm}
    deadline: {within: 2h, then: late, outage: extend}
    on: {do: {by: clerk, label: Xong, target: done}, late: late}
  late:
    title: Muộn
    task: {for: clerk, title: Làm ngay}
    on: {do: {by: clerk, label: Xong, target: done}}
  done: {title: Xong, final: true, outcome: done}
";
    const MINUTE_MS: i64 = 60_000;
    let at = |minutes: i64| START.plus_ms(2 * HOUR_MS + minutes * MINUTE_MS);
    // (the pages' next beat after the one five minutes before the end, what the scheduler finds at minutes after the end)
    for (back, seen) in [
        (None, [(-3, "fresh"), (1, "fresh"), (5, "fresh"), (7, "fresh")]),
        (Some(3), [(-3, "fresh"), (1, "fresh"), (3, "late"), (7, "late")]),
    ] {
        for database in databases().await {
            let mut node = deployed(&database).await;
            node.deploy(EXTENDED).await;
            node.start("d").await;
            node.engine.store().beat(at(-5)).await.expect("a beat");
            for (minutes, state) in seen {
                if back == Some(minutes) {
                    node.engine.store().beat(at(minutes)).await.expect("a beat");
                }
                node.settle(at(minutes)).await;
                assert_eq!(node.state("d").await, state, "{back:?} at {minutes}");
            }
            let due = node.engine.dossier(&"d".into()).await.expect("it is read").expect("it is there").next_due_at();
            assert_eq!(
                due.is_some_and(|due| due > at(60)),
                back.is_none(),
                "put off, because the pages were gone: {due:?}"
            );
        }
    }
}
