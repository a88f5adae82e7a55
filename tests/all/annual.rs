//! A whole year's round: ten units in three clusters nominate four hundred people, drawn by lot from a fixed seed. What the
//! office decides is compared with what is reckoned here, one case at a time, in whole numbers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::cli::{place, shipped};

const UNITS: usize = 10;
const OF_A_UNIT: usize = 40;
const CLUSTERS: [std::ops::Range<usize>; 3] = [0..4, 4..7, 7..10];
/// Seats of a council that vote.
const COUNCIL: usize = 3;

/// One nomination, as a row of the file.
struct Person {
    unit: usize,
    code: String,
    award: &'static str,
    direct: bool,
    rating: &'static str,
    initiatives: usize,
    first_team: bool,
}

impl Person {
    fn team(&self) -> String {
        format!("U{:02}-P{}", self.unit, if self.first_team { 1 } else { 2 })
    }

    fn line(&self) -> String {
        let role = if self.direct { "direct_worker" } else { "leader" };
        let Self { code, award, rating, initiatives, .. } = self;
        format!("U{:02},Người {code},{code},{award},{role},{rating},{initiatives},{},", self.unit, self.team())
    }

    /// What the screening lets through.
    fn fits(&self) -> bool {
        let by_initiative = self.initiatives > 0 || (self.award == "grassroots_fighter" && self.rating == "excellent");
        self.rating != "completed" && (self.award == "advanced_worker" || by_initiative)
    }

    fn fights(&self) -> bool {
        self.award != "advanced_worker"
    }
}

/// Numbers by lot that are always the same.
struct Lot(u64);

impl Lot {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn nominations() -> Vec<Person> {
    let mut lot = Lot(2026);
    let mut all = Vec::new();
    for n in 0..UNITS * OF_A_UNIT {
        let award = match lot.below(10) {
            0 | 1 => "grassroots_fighter",
            2 => "ministry_fighter",
            _ => "advanced_worker",
        };
        let rating = ["good", "good", "good", "excellent", "completed"][usize::try_from(lot.below(5)).expect("small")];
        let (initiatives, direct) = (usize::try_from(lot.below(3)).expect("small"), lot.below(3) > 0);
        let (unit, code) = (n / OF_A_UNIT + 1, format!("N{n:03}"));
        all.push(Person { unit, code, award, direct, rating, initiatives, first_team: lot.below(2) == 0 });
    }
    all
}

/// The directory of the ministry: posts, councils, clusters.
fn directory(folder: &Path, people: &[Person]) {
    let mut units =
        "code,name,kind,parent,legal_personality,tags,from,until,successors\nBO,Bộ,ministry,,true,,,,\n".to_owned();
    let mut persons = "code,name,address,email,language\n".to_owned();
    let mut posts =
        "person,unit,post,from,until\nBT,BO,minister,,\nTTRA,BO,inspector,,\nSK,BO,initiatives,,\nCV,U01,officer,,\n"
            .to_owned();
    let mut bodies = "code,name,kind,unit\nHDB,Hội đồng Bộ,ministry_council,BO\n".to_owned();
    let mut seats = "body,person,seat,unit,from,until\nHDB,BT,chair,,,\nHDB,CV,secretary,,,\n".to_owned();
    let mut person = |code: &str| writeln!(persons, "{code},Người {code},ông,{code}@bo.example,vi").expect("written");
    ["BT", "TTRA", "SK", "CV"].into_iter().for_each(&mut person);
    for unit in 1..=UNITS {
        let u = format!("U{unit:02}");
        for code in ["TT", "CB", "TK", "V1", "V2"] {
            person(&format!("{u}-{code}"));
        }
        write!(units, "{u},Đơn vị {unit},department,BO,true,ministry_unit,,,\n{u}-P1,Phòng 1,team,{u},true,,,,\n{u}-P2,Phòng 2,team,{u},true,,,,\n")
            .and_then(|()| write!(posts, "{u}-TT,{u},head,,\n{u}-CB,{u},clerk,,\n"))
            .and_then(|()| writeln!(bodies, "HD-{u},Hội đồng {u},council,{u}"))
            .and_then(|()| {
                write!(seats, "HD-{u},{u}-TT,chair,,,\nHD-{u},{u}-V1,member,,,\nHD-{u},{u}-V2,member,,,\nHD-{u},{u}-TK,secretary,,,\n")
            })
            .expect("written");
    }
    for (n, cluster) in CLUSTERS.into_iter().enumerate() {
        writeln!(bodies, "CUM-{n},Cụm {n},cluster,").expect("written");
        for unit in cluster.clone() {
            let seat = if unit == cluster.start { "chair" } else { "member" };
            writeln!(seats, "CUM-{n},U{0:02}-TT,{seat},U{0:02},,", unit + 1).expect("written");
        }
        writeln!(seats, "CUM-{n},U{0:02}-TK,secretary,U{0:02},,", cluster.start + 1).expect("written");
    }
    for one in people {
        person(&one.code);
        writeln!(posts, "{},{},staff,,", one.code, one.team()).expect("written");
    }
    fs::create_dir_all(folder).expect("a folder");
    let bindings = "root,name,unit,from,until\nBO,standing_body,U01,,\n".to_owned();
    for (name, text) in [
        ("units", units),
        ("people", persons),
        ("posts", posts),
        ("bodies", bodies),
        ("seats", seats),
        ("bindings", bindings),
    ] {
        fs::write(folder.join(format!("{name}.csv")), text).expect("written");
    }
}

/// What the steps of a unit are, and what must hold after each, reckoned from the rows of the file.
fn unit(steps: &mut String, unit: usize, rows: &[Vec<&str>], people: &[Person]) -> (usize, bool) {
    let u = format!("U{unit:02}");
    let said: Vec<String> = rows.iter().map(|row| row[1..].join("|")).collect();
    let passed: Vec<&Person> = people.iter().filter(|one| one.fits()).collect();
    let fighters: Vec<&&Person> = passed.iter().filter(|one| one.fights()).collect();
    let (advanced, most) = (passed.len(), passed.len() * 15 / 100);
    let of_team = passed.iter().filter(|one| one.first_team).count();
    // Ten of a team may be missing to 70 % in one unit and not in another.
    let headcount = of_team + 4 + unit;
    let (team, whole) = (of_team * 10 >= headcount * 7, advanced * 10 >= 40 * 7);
    let direct = people.iter().filter(|one| one.direct).count();
    let mut step = |text: String| writeln!(steps, "      - {text}").expect("written");
    step(format!(
        "{{in: annual_unit {u}, by: {u}-CB, does: submit, fields: {{people: \"{}\", collectives: \"Tập thể P1 {u}|{u}-P1|advanced_collective|{headcount}|excellent;Tập thể {u}|{u}|ministry_flag|40|excellent\"}}, papers: [review_minutes], expect: {{state: looking, fields: {{people_count: {OF_A_UNIT}, direct: {direct}}}}}}}",
        said.join(";")
    ));
    let enough = direct * 2 >= OF_A_UNIT;
    let reason = if enough { "" } else { ", fields: {direct_reason: Ít người}" };
    if !enough {
        step(format!("{{in: annual_unit {u}, by: {u}-TK, does: close, refused: direct_reason}}"));
    }
    step(format!("{{in: annual_unit {u}, by: {u}-TK, does: close{reason}, expect: {{state: people_vote}}}}"));
    step(format!("{{in: annual_unit_list, by: {u}-TK, does: convene}}"));
    step(format!("{{in: annual_unit_list, votes: {{yes: {COUNCIL}}}}}"));
    step("{wait: 1min}".to_owned());
    let over = fighters.len().saturating_sub(most);
    let state = if over > 0 { "over_cap" } else { "deciding" };
    step(format!(
        "{{in: annual_unit {u}, expect: {{state: {state}, fields: {{advanced: {advanced}, fighters: {}, fighters_most: {most}}}}}}}",
        fighters.len()
    ));
    // Those who are left over go, whoever stands last first.
    for one in fighters.iter().rev().take(over) {
        step(format!("{{in: annual_case Người {}, by: {u}-TK, does: cut, reason: Vượt trần}}", one.code));
    }
    let result = |holds: bool| if holds { "eligible" } else { "reject_guard" };
    step(format!(
        "{{in: annual_unit {u}, expect: {{state: deciding, fields: {{fighters: {}}}, children: {{groups: {{1: {}, 2: {}}}}}}}}}",
        fighters.len() - over,
        result(team),
        result(whole)
    ));
    step(format!("{{in: annual_unit {u}, by: {u}-TT, does: agree}}"));
    step(format!(
        "{{in: annual_unit {u}, by: {u}-TK, does: signed, fields: {{number: {unit}/QĐ, signed_on: 2026-10-30}}, papers: [decision]}}"
    ));
    let kept = &fighters[..fighters.len() - over];
    for one in kept.iter().filter(|one| one.award == "ministry_fighter") {
        step(format!("{{in: annual_case Người {}, by: CV, does: accept, expect: {{tasks: [SK]}}}}", one.code));
        step(format!(
            "{{in: annual_case Người {}, by: SK, does: recognise, papers: [chung_nhan_sang_kien], expect: {{state: open.ministry}}}}",
            one.code
        ));
    }
    if whole {
        step(format!("{{in: annual_case Tập thể {u}, by: CV, does: accept, expect: {{state: open.cluster}}}}"));
    }
    (advanced + usize::from(team), whole)
}

#[test]
fn four_hundred_nominations_of_ten_units_in_three_clusters_come_out_as_they_are_reckoned() {
    let (place, people) = (place("annual"), nominations());
    let office = place.folder.join("annual");
    let from = shipped("annual");
    fs::create_dir_all(&office).expect("a folder");
    for entry in fs::read_dir(&from).expect("it is shipped") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_file() && !name.contains(".test.") {
            fs::copy(&path, office.join(name)).expect("copied");
        }
    }
    fs::create_dir_all(office.join("calendars")).expect("a folder");
    fs::copy(shipped("calendars/vn-civil-service.yaml"), office.join("calendars/vn-civil-service.yaml"))
        .expect("copied");
    directory(&office.join("directory"), &people);
    let csv: String = people.iter().map(|one| one.line() + "\n").collect();
    fs::write(office.join("nominations.csv"), &csv).expect("written");

    let mut text =
        "chancery: 1\ntest: annual_round.yaml\nstarts: 2026-10-16 09:00\ncases:\n  - case: Cả Bộ\n    register:\n"
            .to_owned();
    for one in people.iter().filter(|one| one.award == "ministry_fighter") {
        for year in 2023..2026 {
            writeln!(text, "      - {{register: awards, holder: {}, key: grassroots_fighter, year: {year}}}", one.code)
                .expect("written");
        }
    }
    text.push_str("    steps:\n      - {start: annual_round, as: DOT, by: CV, fields: {year: 2026, root: BO}}\n");
    text.push_str("      - {in: DOT, by: CV, does: issue, papers: [guidance]}\n");
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let (mut approved, mut flags) = (0, Vec::new());
    for n in 1..=UNITS {
        let of = (n - 1) * OF_A_UNIT..n * OF_A_UNIT;
        let (honoured, flag) = unit(&mut text, n, &rows[of.clone()], &people[of]);
        approved += honoured;
        flags.push(flag);
    }
    // In each cluster the first unit that stands is acclaimed.
    for cluster in CLUSTERS {
        let stand: Vec<usize> = cluster.clone().filter(|unit| flags[*unit]).collect();
        let Some(first) = stand.first() else { continue };
        let secretary = cluster.start + 1;
        let key = CLUSTERS.iter().position(|one| *one == cluster).expect("it is one of them");
        writeln!(text, "      - {{in: annual_cluster_list Cụm {key}, by: U{secretary:02}-TK, does: convene}}")
            .expect("written");
        let votes: Vec<String> = stand
            .iter()
            .map(|unit| {
                let count = cluster.len() - 1;
                let choice = if unit == first { "yes" } else { "no" };
                format!("annual_case Tập thể U{:02}: {{{choice}: {count}}}", unit + 1)
            })
            .collect();
        writeln!(
            text,
            "      - {{in: annual_cluster_list Cụm {key}, votes: {{{}}}}}\n      - {{wait: 1min}}",
            votes.join(", ")
        )
        .expect("written");
        writeln!(text, "      - {{in: annual_case Tập thể U{:02}, expect: {{state: open.ministry}}}}", first + 1)
            .expect("written");
        approved += 1;
    }
    text.push_str("      - {in: annual_ministry_list, by: CV, does: convene}\n      - {in: annual_ministry_list, by: CV, attends: {}}\n      - {in: annual_ministry_list, votes: {yes: 1}}\n");
    text.push_str("      - {wait: 1min}\n      - {in: annual_ministry_list, by: BT, does: agree}\n");
    text.push_str("      - {in: annual_ministry_list, by: CV, does: signed, fields: {number: 9/QĐ-BO, signed_on: 2026-11-20}, papers: [decision], expect: {outcome: done}}\n");
    let direct = people.iter().filter(|one| one.direct).count();
    writeln!(
        text,
        "      - {{in: DOT, expect: {{state: summing, fields: {{people: {}, nominated: {}, approved: {approved}, direct: {direct}}}}}}}",
        people.len(),
        people.len() + 2 * UNITS
    )
    .expect("written");
    fs::write(office.join("round.test.yaml"), text).expect("written");
    let played = place.run(&["test", "annual"]);
    assert_eq!(played.code, 0, "{}{}", played.out, played.err);
}
