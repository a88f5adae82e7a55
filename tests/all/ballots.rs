//! Ballots: what is counted adds up, and what lay in a box before lies nowhere any more.

use std::collections::BTreeMap;
use std::path::Path;

use chancery::dossier::command::Ask;
use chancery::dossier::refusal::Code;
use chancery::dossier::{PaperTally, Purpose};
use chancery::ids::DossierId;

use crate::decide::convened;
use crate::support::office::{LIST, Office, START, by, machine};
use crate::support::pages::Pages;
use crate::web::{cast, voting};

#[test]
fn a_tally_on_paper_must_add_up_exactly() {
    let (mut office, list) = (Office::new(), machine("list", LIST));
    let dossier = convened(&mut office, &list, "on_paper");
    let activation = dossier.all_votes().next().expect("a vote").activation;
    let sound = PaperTally { issued: 4, returned: 4, invalid: 1, yes: 2, no: 1 };
    let mut tally = |one: PaperTally| {
        let rows = BTreeMap::from([(DossierId::new("row-1"), one), (DossierId::new("row-2"), sound)]);
        let command = office.command("L", by("secretary"), Ask::Tally { activation, rows });
        office.run(&list, Some(&dossier), &command, START).map(|(after, _)| after)
    };
    for wrong in [
        PaperTally { returned: 3, ..sound },
        PaperTally { yes: 1, ..sound },
        PaperTally { no: 0, ..sound },
        PaperTally { invalid: 0, ..sound },
        PaperTally { yes: 3, ..sound },
        PaperTally { issued: 3, ..sound },
        PaperTally { issued: 5, ..sound },
        PaperTally { yes: u32::MAX, no: 4, invalid: 1, ..sound },
    ] {
        let refusal = tally(wrong).expect_err(&format!("{wrong:?}"));
        assert_eq!((&refusal.reasons[0].code, refusal.reasons[0].about.as_deref()), (&Code::TallyWrong, Some("row-1")));
    }
    let after = tally(sound).expect("4 = 2 + 1 + 1");
    assert!(after.task(activation, Purpose::Confirm).is_some());
    tally(PaperTally { issued: 4, returned: 0, invalid: 0, yes: 0, no: 0 }).expect("nobody gave one back");
}

/// Which of the files of an SQLite database hold these bytes.
fn holding(database: &str, bytes: &[u8]) -> Vec<String> {
    let file = Path::new(database.strip_prefix("sqlite://").expect("a file"));
    let mut holding = Vec::new();
    for entry in std::fs::read_dir(file.parent().expect("a folder")).expect("it reads") {
        let path = entry.expect("it reads").path();
        let content = std::fs::read(&path).expect("it reads");
        if content.windows(bytes.len()).any(|part| part == bytes) {
            holding.push(format!("{} of {} bytes", path.display(), content.len()));
        }
    }
    holding
}

#[tokio::test]
async fn no_earlier_state_of_a_box_lies_in_the_files_of_sqlite() {
    let pages = Pages::new().await;
    let (_, list) = voting(&pages).await;
    let mut earlier: Vec<Vec<u8>> = Vec::new();
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        let sql = "SELECT sealed FROM ballot_box ORDER BY row_id";
        let boxes = pages.engine.store().read(sql, &[]).await.expect("boxes");
        let boxes: Vec<Vec<u8>> = boxes.iter().map(|row| row.bytes(0).expect("bytes").to_vec()).collect();
        let end = |sealed: &Vec<u8>| sealed[sealed.len() - 32..].to_vec();
        for sealed in &boxes {
            assert_ne!(holding(pages.url(), &end(sealed)), Vec::<String>::new(), "the box itself is there");
        }
        // One's own row is not voted on, and its box stays as it is.
        for sealed in earlier.iter().filter(|sealed| !boxes.contains(sealed)) {
            assert_eq!(holding(pages.url(), &end(sealed)), Vec::<String>::new(), "what {member} adds would show");
        }
        earlier.extend(boxes);
        cast(&pages, &list, member, &[("all", "yes")]).await;
    }
}
