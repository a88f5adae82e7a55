//! A dossier's life on a virtual clock: the calendar of its mails and deadlines, every path, and no effect.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use serde_json::Value;

use crate::cli::{place, shipped};

fn lines(life: &Value) -> Vec<(String, String, String)> {
    let text = |line: &Value, key: &str| line[key].as_str().expect("a text").to_owned();
    let story = life["story"].as_array().expect("a story");
    story.iter().map(|line| (text(line, "at"), text(line, "of"), text(line, "what"))).collect()
}

#[test]
fn who_gets_which_mail_when_stands_in_the_calendar() {
    let place = place("simulate");
    let life = place.json(&["simulate", &shipped("purchase"), "--starts", "2026-06-01", "--field", "amount=5000000"]);
    assert_eq!(life["ends"], "outcome `bought`");
    let lines = lines(&life);
    let mailed: Vec<(&str, &str)> = lines
        .iter()
        .filter(|(_, _, what)| what.starts_with("mail (asked)"))
        .map(|(at, of, _)| (at.as_str(), of.as_str()))
        .collect();
    assert_eq!(mailed[..2], [("2026-06-02 08:00", "MS-TP"), ("2026-06-03 08:00", "MS-KT")], "a mail a morning");
    assert!(lines.iter().all(|(_, _, what)| !what.contains("reminder")), "everybody answers at once: {lines:?}");
}

#[test]
fn when_nobody_answers_the_clock_reminds_and_escalates() {
    let place = place("simulate-idle");
    let life = place.json(&["simulate", &shipped("purchase"), "--people", "idle"]);
    assert_eq!(life["ends"], "stands in `manager_review`");
    let lines = lines(&life);
    for word in ["reminder", "escalation"] {
        assert!(lines.iter().any(|(_, of, what)| of == "purchase-1" && what.contains(word)), "{word}: {lines:?}");
    }
}

#[test]
fn every_path_of_the_purchase_is_led_and_ends() {
    let place = place("simulate-paths");
    let found = place.json(&["simulate", &shipped("purchase"), "--every-path", "--field", "amount=5000000"]);
    let ends: Vec<&str> =
        found["paths"].as_array().expect("paths").iter().map(|path| path["ends"].as_str().expect("an end")).collect();
    for outcome in ["outcome `bought`", "outcome `refused`"] {
        assert!(ends.contains(&outcome), "{outcome}: {ends:?}");
    }
    assert_eq!(found["more"], false);
    let few = place.json(&["simulate", &shipped("purchase"), "--every-path", "--most", "1"]);
    assert_eq!((few["paths"].as_array().map(Vec::len), &few["more"]), (Some(1), &Value::from(true)));
}

#[test]
fn nothing_comes_of_it_and_the_same_again_is_the_same() {
    let place = place("simulate-effects");
    let before = std::fs::read_dir(&place.folder).expect("a folder").count();
    let one = place.good(&["simulate", &shipped("purchase")]);
    assert_eq!(place.good(&["simulate", &shipped("purchase")]), one);
    assert_eq!(std::fs::read_dir(&place.folder).expect("a folder").count(), before, "no database, no file");
    place.bad(2, &["simulate", &shipped("purchase"), "--as", "NOBODY"], &["NOBODY"]);
    place.bad(2, &["simulate", &shipped("purchase"), "--field", "amont=1"], &["no field `amont`"]);
    place.bad(2, &["simulate", &shipped("annual")], &["several workflows"]);
}

#[test]
fn over_a_year_everybody_gets_one_mail_on_a_working_morning_at_most() {
    let place = place("simulate-year");
    let life = place.json(&["simulate", &shipped("reports/reports.yaml")]);
    let lines = lines(&life);
    let day = |at: &str| at[..10].parse::<Date>().expect("a day");
    let (first, last) = (lines[0].0.as_str(), lines.last().expect("a story").0.as_str());
    assert!(day(first).until(day(last)).expect("a span").get_days() >= 365, "{first} to {last}");
    let mut mails: BTreeMap<(Date, &str), usize> = BTreeMap::new();
    for (at, of, _) in lines.iter().filter(|(_, _, what)| what.starts_with("mail (")) {
        assert!(at.ends_with("08:00"), "{at} {of}: nothing is urgent here");
        assert!(!matches!(day(at).weekday(), Weekday::Saturday | Weekday::Sunday), "{at} {of}");
        *mails.entry((day(at), of.as_str())).or_default() += 1;
    }
    assert!(mails.len() > 100, "{}", mails.len());
    let more: Vec<_> = mails.iter().filter(|(_, count)| **count > 1).collect();
    assert!(more.is_empty(), "{more:?}");
}
