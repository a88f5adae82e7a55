//! Papers are frozen when a vote opens: what comes later changes nothing about it, and shows.

use chancery::dossier::command::{Actor, Ask, Command};
use chancery::dossier::{Body, Choice, Frozen, Message, Paper, Purpose, Recipient};
use chancery::engine::Attachment;
use chancery::ids::{DossierId, Instant, OperationId, PaperId};

use crate::decide::{convened, sheet};
use crate::support::office::{DAY_MS, LIST, Office, START, by, machine};
use crate::support::pages::{self, Pages};
use crate::web::{cast, voting};

fn paper(id: &str, hash: &str) -> Paper {
    let (kind, name) = ("report".to_owned(), format!("{id}.pdf"));
    Paper { id: id.into(), kind, name, hash: hash.to_owned(), size: 1, by: None, at: START }
}

#[test]
fn papers_are_the_same_only_with_the_same_ids_kinds_and_hashes_in_their_order() {
    let (a, b) = (paper("a", "1"), paper("b", "2"));
    let of = |papers: &[&Paper]| Frozen::of(papers.iter().copied(), 7);
    assert!(of(&[&a, &b]).is_same(&Frozen::of([&a, &b].into_iter(), 9)), "whenever they stood so");
    let renamed = Paper { kind: "reporta".to_owned(), id: PaperId::new(""), ..a.clone() };
    for other in [vec![], vec![&a], vec![&b, &a], vec![&a, &a]] {
        assert!(!of(&[&a, &b]).is_same(&of(&other)), "{other:?}");
    }
    assert!(!of(&[&a]).is_same(&of(&[&renamed])), "parts do not run together");
    assert!(!of(&[&a]).is_same(&of(&[&paper("a", "2")])), "other bytes under the same id");
}

#[test]
fn a_vote_stays_on_the_papers_that_it_was_opened_on() {
    let (mut office, list) = (Office::new(), machine("list", LIST));
    let row = |dossier: &chancery::dossier::Dossier| dossier.votes[0].rows[0].papers.clone();
    let (one, two) = (paper("a", "1"), paper("b", "2"));
    let first = Frozen::of([&one].into_iter(), 3);
    let said = |papers: &Frozen, seq: i64| {
        let (from, to) = (DossierId::new("row-1"), Recipient::Dossier(DossierId::new("L")));
        Ask::Receive(Message { from, from_seq: seq, place: 0, to, body: Body::Papers(papers.clone()) })
    };
    // The row has told its papers before the vote is opened.
    let gathering = {
        let before = convened(&mut office, &list, "convene");
        assert_eq!(row(&before), None, "a row that said nothing has none");
        before
    };
    let mut opened = gathering;
    let command = office.command("L", Actor::Dossier("row-1".into()), said(&first, 4));
    opened = office.run(&list, Some(&opened), &command, START).expect("a row speaks").0;
    assert_eq!(row(&opened), None, "the vote was opened before");
    assert_eq!(opened.rows[0].papers.as_ref(), Some(&first));
    opened.votes[0].rows[0].papers = Some(first.clone());

    let later = Frozen::of([&one, &two].into_iter(), 5);
    let command = office.command("L", Actor::Dossier("row-1".into()), said(&later, 5));
    let mut dossier = office.run(&list, Some(&opened), &command, START).expect("a row speaks").0;
    assert_eq!(dossier.rows[0].papers.as_ref(), Some(&later));
    assert_eq!(row(&dossier).as_ref(), Some(&first), "what is voted on stays");
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        let ask = sheet(&dossier, &format!("p-{member}"), Choice::Yes);
        let command = office.command("L", by(member), ask);
        dossier = office.run(&list, Some(&dossier), &command, START).expect("a ballot").0;
    }
    let command = office.command("L", Actor::Clock, Ask::Tick);
    let dossier = office.run(&list, Some(&dossier), &command, Instant(START.0 + DAY_MS)).expect("closed").0;
    let result = dossier.results.last().expect("a result");
    assert_eq!(result.rows[0].papers.as_ref(), Some(&first), "the result says on what");
}

/// A report that the clerk attaches to a case, whatever it stands in.
async fn attach(pages: &Pages, case: &DossierId, name: &str) {
    let stored = pages.engine.dossier(case).await.expect("it reads").expect("it is there");
    let activation = stored.active.last().expect("it stands somewhere").activation;
    let one = Paper { kind: "report".to_owned(), ..paper(name, "") };
    let attachment =
        Attachment { id: one.id.clone(), media: "application/pdf".to_owned(), content: b"%PDF-1.4 x".to_vec() };
    let command = Command {
        operation: OperationId::new(format!("attach:{case}:{name}")),
        dossier: case.clone(),
        actor: by("clerk"),
        ask: Ask::Edit { activation, fields: std::collections::BTreeMap::default(), papers: vec![one] },
    };
    pages.engine.handle(command, vec![attachment]).await.expect("a paper");
    pages.settle().await;
}

#[tokio::test]
async fn a_sheet_says_which_rows_have_other_papers_now_and_their_pages_say_which() {
    let pages = Pages::new().await;
    let case = pages::CASE.replace("initial: open\n", "access: {clerk: {see: all, attach: [report]}}\ninitial: open\n");
    pages.deploy("case", &case).await;
    let (rows, list) = voting(&pages).await;
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    let changed = "đã thay đổi sau khi mở bỏ phiếu";
    assert!(!pages.get(&link).await.text().contains(changed));
    attach(&pages, &rows[0], "late").await;
    let page = pages.get(&link).await.text();
    assert_eq!(page.matches(&format!("đề nghị này {changed}")).count(), 1, "one row: {page}");
    assert!(page.contains("Giấy tờ của Đề nghị"), "the history says it too");
    let row = pages.get(&format!("{link}/row/{}", rows[0])).await.text();
    assert!(row.contains("Bỏ phiếu theo 0 giấy tờ") && row.contains("Đến sau khi mở bỏ phiếu"), "{row}");
    let other = pages.get(&format!("{link}/row/{}", rows[1])).await.text();
    assert!(!other.contains("Đến sau khi mở bỏ phiếu"), "{other}");
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        cast(&pages, &list, member, &[("all", "yes")]).await;
    }
    pages.engine.tick(&list).await.expect("the vote closes");
    let stored = pages.engine.dossier(&list).await.expect("it reads").expect("it is there");
    let result = stored.results.last().expect("a result");
    let papers: Vec<Option<u32>> =
        result.rows.iter().map(|row| row.papers.as_ref().map(|papers| papers.count)).collect();
    assert_eq!(papers, [Some(0), Some(0), Some(0)], "on those that were there");
}
