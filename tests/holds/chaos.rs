//! Processes and databases that die under load: whatever somebody was told is done is there, once, and what is there hangs
//! together. How often is said by the environment (`CHAOS_KILLS`, `CHAOS_BACKUPS`, `CHAOS_CRASHES`, `CHAOS_CUTS`, `CHAOS_STOPS`,
//! `CHAOS_PROMOTIONS`), in which order by `CHAOS_SEED`; the short runs are those of every day.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chancery::dossier::command::{Ask, Command};
use chancery::planted::PLACES;
use chancery::verify::{Given, verify};
use serde_json::json;

use crate::cluster::{Cluster, url_at};
use crate::figures::times;
use crate::life::{Life, MASTER};
use crate::office::by;
use crate::people;
use crate::proxy::Proxy;
use crate::site::Site;
use crate::trial::{Trial, parts};

/// People at work at once.
const PEOPLE: usize = 6;
/// Between two errands of somebody where what counts is not the load.
const REST: Duration = Duration::from_millis(300);
/// How long it may take until there is an answer to lose.
const CUT_MAX: Duration = Duration::from_secs(30);
/// Places by which a server comes once a minute, once a day, or not at all, and how far its clock goes on so that it does.
const RARE: [(&str, i64); 3] = [("slot-started", 60_000), ("head-taken", 86_400_000), ("deployed", 0)];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_sqlite_that_is_killed_loses_nothing_and_does_nothing_twice() {
    let mut trial = Trial::new();
    let (all, parts) = parts("CHAOS_KILLS", 20, 200);
    let others = PLACES.iter().filter(|place| RARE.iter().all(|(rare, _)| rare != *place));
    let mut turn = RARE.iter().copied().chain(others.map(|place| (*place, 0))).cycle();
    let mut places: BTreeMap<&str, u64> = BTreeMap::new();
    for (part, kills) in parts {
        let site = Arc::new(Site::new(&format!("kills-{part}"), None, None).await);
        let people = people::at_work(&site, PEOPLE, Duration::ZERO);
        let mut ahead_ms = 0;
        for kill in 0..kills {
            // Every second dies at a place, each in its turn; where it is a rare one, at once.
            let place = if kill % 2 == 1 { turn.next() } else { None };
            ahead_ms += place.map_or(0, |(_, ms)| ms);
            let told = match place {
                Some((place, _)) if RARE.iter().any(|(rare, _)| *rare == place) => format!("{place}:1"),
                Some((place, _)) => format!("{place}:{}", 1 + trial.chance.below(6)),
                None => String::new(),
            };
            let skew = ahead_ms.to_string();
            let mut server = site.serve(&[("CHANCERY_DIES_AT", &told), ("CHANCERY_SKEW_MS", &skew)]);
            if let Some((place, _)) = place {
                let mut died = false;
                if place == "deployed" {
                    site.is_up().await;
                    died = !site.deploy_again(kill, &[("CHANCERY_DIES_AT", &told)]).status.success();
                }
                let patience = Instant::now() + Duration::from_secs(4);
                while !died && Instant::now() < patience {
                    died = server.is_dead();
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                *places.entry(place).or_default() += u64::from(died);
            } else if kill % 6 == 4 {
                // While it is still starting.
                trial.pause(5, 250).await;
            } else {
                site.is_up().await;
                trial.pause(1, 300).await;
            }
            server.kill();
        }
        let skew = ahead_ms.to_string();
        let server = site.serve(&[("CHANCERY_SKEW_MS", &skew)]);
        site.is_up().await;
        site.goes_on(20).await;
        trial.judge(&format!("{kills} kills on SQLite"), &site, people).await;
        assert!(site.mails() > 0, "no mail went out");
        drop(server);
        assert_eq!(site.strange_mails().await, Vec::<String>::new());
    }
    let (died, reached) = (places.values().sum::<u64>(), places.values().filter(|died| **died > 0).count());
    let rare = RARE.iter().filter(|(rare, _)| places.get(rare).is_some_and(|died| *died > 0)).count();
    assert!(all < 6 || rare == RARE.len(), "a rare place was not died at: {places:?}");
    trial.sum(&format!("SQLite, {all} kills, {died} of them at {reached} named places"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_backup_that_is_made_under_load_is_whole_and_has_what_was_acknowledged_before() {
    let mut trial = Trial::new();
    let (all, parts) = parts("CHAOS_BACKUPS", 4, 20);
    for (part, backups) in parts {
        let site = Arc::new(Site::new(&format!("backups-{part}"), None, None).await);
        let (people, server) = (people::at_work(&site, PEOPLE, Duration::ZERO), site.serve(&[]));
        site.goes_on(5).await;
        for backup in 0..backups {
            trial.pause(20, 250).await;
            let report = site.backup(backup).await;
            assert!(
                report.faults.is_empty() && report.opened == report.events,
                "backup {backup}: {:#?}",
                report.faults
            );
        }
        trial.judge("SQLite, backups", &site, people).await;
        drop(server);
    }
    trial.sum(&format!("SQLite, {all} backups under load, each whole"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_and_a_server_that_is_killed_lose_nothing() {
    let mut trial = Trial::new();
    let (all, parts) = parts("CHAOS_CRASHES", 5, 40);
    for (part, crashes) in parts {
        let Some(cluster) = Cluster::new(&format!("crash-{part}")) else { return };
        let site = Arc::new(Site::new(&format!("crashes-{part}"), Some(&cluster.url()), None).await);
        let people = people::at_work(&site, PEOPLE, Duration::ZERO);
        let mut server = site.serve(&[]);
        for crash in 0..crashes {
            site.goes_on(5).await;
            trial.pause(5, 250).await;
            if crash % 2 == 1 {
                server.kill();
            }
            cluster.crash();
            trial.pause(1, 60).await;
            cluster.start();
            if crash % 2 == 1 {
                server = site.serve(&[]);
            }
        }
        site.goes_on(20).await;
        trial.judge(&format!("PostgreSQL, {crashes} crashes"), &site, people).await;
        assert!(!server.is_dead(), "a server outlives its database\n{}", site.log());
    }
    trial.sum(&format!("PostgreSQL, {all} crashes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_also_after_the_commit_was_sent_double_nothing() {
    let mut trial = Trial::new();
    let (all, parts) = parts("CHAOS_CUTS", 24, 200);
    let mut lost = (0, 0);
    for (part, cuts) in parts {
        let Some(cluster) = Cluster::new(&format!("cut-{part}")) else { return };
        let proxy = Proxy::new(cluster.port).await;
        let site = Site::new(&format!("cuts-{part}"), Some(&cluster.url()), Some(&url_at(proxy.port))).await;
        let (site, began) = (Arc::new(site), Instant::now());
        let people = people::at_work(&site, PEOPLE, Duration::ZERO);
        let server = site.serve(&[]);
        for cut in 0..cuts {
            site.goes_on(2).await;
            trial.pause(1, 60).await;
            match cut % 3 {
                0 => proxy.cut(),
                1 => proxy.lose_an_answer(),
                _ => proxy.lose_a_commit(),
            }
            while !proxy.is_idle() {
                assert!(began.elapsed() < CUT_MAX * u32::try_from(cuts).expect("few"), "no answer comes to be lost");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        site.goes_on(20).await;
        let (answers, commits) = proxy.lost();
        lost = (lost.0 + answers, lost.1 + commits);
        trial.judge(&format!("PostgreSQL, {cuts} cuts"), &site, people).await;
        drop(server);
    }
    let (answers, commits) = lost;
    assert!(answers > 0 && commits > 0, "no answer was lost");
    trial.sum(&format!("PostgreSQL, {all} cuts, {answers} in place of an answer, {commits} of one to COMMIT"));
}

/// Their clocks differ by ten minutes; what counts is the database's.
#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_stopped_and_go_on_beside_others_do_nothing_twice_and_leave_nothing_out() {
    let mut trial = Trial::new();
    let (all, parts) = parts("CHAOS_STOPS", 12, 100);
    let (mut minutes, mut ends) = (0, 0);
    for (part, stops) in parts {
        let Some(cluster) = Cluster::new(&format!("stop-{part}")) else { return };
        let site = Arc::new(Site::new(&format!("stops-{part}"), Some(&cluster.url()), None).await);
        let (people, began) = (people::at_work(&site, 2, REST), Instant::now());
        let nodes = [
            site.serve(&[("CHANCERY_SKEW_MS", "300000")]),
            site.scheduler(&[("CHANCERY_SKEW_MS", "-300000")]),
            site.scheduler(&[]),
        ];
        site.is_up().await;
        for stop in 0..stops {
            trial.pause(50, 300).await;
            let zombie = &nodes[trial.chance.below(3) as usize];
            zombie.signal("STOP");
            let (from_ms, to_ms) = if stop % 50 == 49 { (20_000, 90_000) } else { (300, 1_500) };
            trial.pause(from_ms, to_ms).await;
            zombie.signal("CONT");
        }
        // Somebody's time must be over, and a minute must have begun.
        while began.elapsed() < Duration::from_secs(75) {
            trial.pause(100, 300).await;
        }
        site.goes_on(2).await;
        trial.judge(&format!("PostgreSQL, 3 processes, {stops} stops"), &site, people).await;
        let (late, went) = site.overdue(20_000).await;
        assert!(late == 0 && went > 0, "{late} stand where their time is over, {went} went\n{}", site.log());
        let pulses = site.pulses().await;
        let expected: Vec<i64> = (0..).zip(&pulses).map(|(n, _)| pulses[0] + n).collect();
        assert_eq!(pulses, expected, "every minute has its start, once");
        assert!(!pulses.is_empty(), "no minute has its start");
        (minutes, ends) = (minutes + pulses.len(), ends + went);
        drop(nodes);
        assert_eq!(site.strange_mails().await, Vec::<String>::new());
    }
    trial.sum(&format!(
        "PostgreSQL, 3 processes whose clocks differ by 10 minutes, {all} times one stopped and continued, {minutes} slots of a crontab \
         and {ends} ends by the clock, each once"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_standby_that_takes_over_has_all_that_was_acknowledged() {
    promotions(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_standby_that_takes_over_may_lack_what_was_acknowledged_last_and_what_it_has_hangs_together() {
    promotions(false).await;
}

async fn promotions(synchronous: bool) {
    let (mut trial, promotions) = (Trial::new(), times("CHAOS_PROMOTIONS", 1));
    let kind = if synchronous { "synchronous" } else { "asynchronous" };
    for promotion in 1..=promotions {
        let Some(first) = Cluster::new(&format!("{kind}-{promotion}")) else { return };
        let proxy = Proxy::new(first.port).await;
        // People go through the wire as well: they follow the database wherever it is.
        let through = url_at(proxy.port);
        let mut site = Site::new(&format!("{kind}-{promotion}"), Some(&through), None).await;
        site.forgets = !synchronous;
        let (site, second) = (Arc::new(site), first.standby(&format!("{kind}-{promotion}-standby"), synchronous));
        let (people, server) = (people::at_work(&site, PEOPLE, Duration::ZERO), site.serve(&[]));
        site.goes_on(10).await;
        trial.pause(1, 900).await;
        if synchronous {
            first.crash();
        } else {
            // It falls behind, as one far away does.
            second.stop();
            site.goes_on(10).await;
            first.crash();
            second.start();
        }
        second.promote();
        proxy.lead_to(second.port);
        site.goes_on(20).await;
        trial.judge(&format!("promotion {promotion} of {promotions}, {kind}"), &site, people).await;
        drop(server);
    }
    assert_eq!(trial.lost > 0, !synchronous, "{} lost", trial.lost);
    trial.sum(&format!("PostgreSQL, {promotions} promotions of a {kind} standby"));
}

/// What was acknowledged last is gone, somebody else has written in its place, and whoever remembers the past knows better than to
/// go on from there.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_remembers_what_its_standby_never_got_goes_on_from_what_is_there() {
    let Some(first) = Cluster::new("past") else { return };
    let proxy = Proxy::new(first.port).await;
    let mut life = Life::open(&url_at(proxy.port), 10).await;
    life.furnish().await;
    life.start("case", "a", json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60})).await;
    let case = life.dossier("a").await.expect("it is there");
    let activation = case.leaves().next().expect("it stands somewhere").activation;
    let edit = |operation: &str, points: u32| {
        let ask = Ask::Edit { activation, fields: [("points".into(), json!(points))].into(), papers: Vec::new() };
        Command { operation: operation.into(), dossier: "a".into(), actor: by("clerk"), ask }
    };
    let second = first.standby("past-standby", false);
    first.is_followed();
    second.stop();
    life.engine.handle(edit("lost", 51), Vec::new()).await.expect("it is done");
    first.crash();
    second.start();
    second.promote();
    let other = Life::open(&second.url(), 11).await;
    other.engine.handle(edit("instead", 52), Vec::new()).await.expect("it is done");
    proxy.lead_to(second.port);
    life.engine.handle(edit("after", 53), Vec::new()).await.expect("it is done");
    let mut acknowledged = life.acknowledged;
    acknowledged.extend(["instead", "after"].map(str::to_owned));
    let given = Given { keys: Some([(1, MASTER)].into()), acknowledged };
    let report = verify(&second.url(), &given, |_, _| {}).await.expect("it can be read");
    assert_eq!(report.faults, []);
    assert_eq!(life.engine.replay(&"a".into()).await.expect("it is read").faults, Vec::<String>::new());
}
