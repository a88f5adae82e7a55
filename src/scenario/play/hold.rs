//! Whether what must hold, holds.

use jiff::civil::Date;

use super::judge::says;
use super::{Amiss, Play, measures};
use crate::dossier::project::NoticeKind;
use crate::dossier::refusal::{Code, Reason};
use crate::dossier::{Dossier, Purpose, RowResult, Task, VoteResult};
use crate::ids::{DossierId, PersonId, Text};
use crate::letters::When;
use crate::machine::Guard;
use crate::scenario::file::model::{Counted, Expect, Fact, MailWanted, PerRow, Tasks, Which};
use crate::scenario::post::Mail;
use crate::scenario::world::outsider;
use crate::source::{Span, Spanned};

/// Looks at everything that a step expects; what is amiss first.
pub(super) fn check(play: &mut Play<'_>, expect: &Expect, place: &Span) -> Result<(), Amiss> {
    mails(play, expect)?;
    if let Some(wanted) = &expect.register {
        register(play, wanted)?;
    }
    measures::hold(play, expect)?;
    let asks_dossier = expect.state.is_some()
        || expect.outcome.is_some()
        || expect.tasks.is_some()
        || expect.papers.is_some()
        || expect.fields.is_some()
        || expect.grounds.is_some()
        || expect.milestones.is_some()
        || expect.vote.is_some()
        || expect.due.is_some()
        || expect.round.is_some()
        || !expect.rows.is_empty()
        || !expect.children.is_empty();
    if !asks_dossier {
        return Ok(());
    }
    let id = play.find(expect.dossier.as_ref().unwrap_or(&Which::Last), place)?;
    let dossier = play.dossier(&id);
    stands(dossier, expect)?;
    content(dossier, expect)?;
    if let Some(wanted) = &expect.tasks {
        tasks(play, dossier, wanted)?;
    }
    if let Some(wanted) = &expect.grounds {
        grounds(play, &id, wanted)?;
    }
    if let Some(wanted) = &expect.vote {
        vote(play, dossier, wanted)?;
    }
    if let Some(wanted) = &expect.due {
        due(play, &id, wanted)?;
    }
    children(play, dossier, expect)?;
    rows(play, dossier, expect)
}

pub(super) fn amiss(place: &Span, what: &'static str, expected: impl Into<String>, found: impl Into<String>) -> Amiss {
    Amiss { place: place.clone(), what, expected: expected.into(), found: found.into() }
}

pub(super) fn nothing(list: String) -> String {
    if list.is_empty() { "none".to_owned() } else { list }
}

fn stands(dossier: &Dossier, expect: &Expect) -> Result<(), Amiss> {
    if let Some(wanted) = &expect.state {
        let mut leaves: Vec<&str> = dossier.leaves().map(|active| active.state.as_str()).collect();
        let mut expected: Vec<&str> = wanted.value.iter().map(crate::ids::StateId::as_str).collect();
        leaves.sort_unstable();
        expected.sort_unstable();
        if leaves != expected {
            return Err(amiss(&wanted.span, "state", expected.join(" + "), nothing(leaves.join(" + "))));
        }
    }
    if let Some(wanted) = &expect.outcome
        && wanted.value != dossier.outcome
    {
        let said = |outcome: &Option<String>| outcome.clone().unwrap_or_else(|| "none".to_owned());
        let found = match &dossier.outcome {
            Some(outcome) => outcome.clone(),
            None => format!("none: it stands in {}", dossier.stands()),
        };
        return Err(amiss(&wanted.span, "outcome", said(&wanted.value), found));
    }
    if let Some(wanted) = &expect.round
        && wanted.value != dossier.round
    {
        return Err(amiss(&wanted.span, "round", wanted.value.to_string(), dossier.round.to_string()));
    }
    Ok(())
}

fn content(dossier: &Dossier, expect: &Expect) -> Result<(), Amiss> {
    if let Some(wanted) = &expect.papers {
        let kinds: Vec<&str> = dossier.papers.iter().map(|paper| paper.kind.as_str()).collect();
        if let Some(missing) = wanted.value.iter().find(|kind| !kinds.contains(&kind.as_str())) {
            return Err(amiss(&wanted.span, "papers", missing, nothing(kinds.join(", "))));
        }
    }
    if let Some(wanted) = &expect.fields {
        for (name, value) in &wanted.value {
            let found = dossier.fields.get(name).unwrap_or(&serde_json::Value::Null);
            let found = by_mail(dossier, found);
            if found != *value {
                return Err(amiss(&wanted.span, "fields", format!("{name}: {value}"), format!("{name}: {found}")));
            }
        }
    }
    if let Some(wanted) = &expect.milestones
        && let Some(missing) = wanted.value.iter().find(|name| !dossier.milestones.contains(name))
    {
        return Err(amiss(&wanted.span, "milestones", missing, nothing(dossier.milestones.join(", "))));
    }
    Ok(())
}

/// A value as a scenario says it: people from outside by their mailboxes.
fn by_mail(dossier: &Dossier, value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(id) => {
            let outside = dossier.outsiders.iter().find(|one| one.person.as_str() == id);
            let mail = outside.and_then(|one| one.mail.as_deref());
            mail.map_or_else(|| value.clone(), |mail| outsider(mail).as_str().into())
        }
        serde_json::Value::Array(items) => items.iter().map(|item| by_mail(dossier, item)).collect(),
        serde_json::Value::Object(cells) => {
            let cells = cells.iter().map(|(name, cell)| (name.clone(), by_mail(dossier, cell)));
            serde_json::Value::Object(cells.collect())
        }
        other => other.clone(),
    }
}

fn tasks(play: &Play<'_>, dossier: &Dossier, wanted: &Spanned<Tasks>) -> Result<(), Amiss> {
    let of_task = |task: &Task| {
        let called = |person| (task.purpose, play.office.by_mail(person));
        task.holders.iter().map(called).collect::<Vec<_>>()
    };
    let called: Vec<(Purpose, PersonId)> = dossier.tasks.iter().flat_map(of_task).collect();
    let mut open: Vec<(Purpose, &PersonId)> = called.iter().map(|(purpose, person)| (*purpose, person)).collect();
    open.sort();
    open.dedup();
    let mut expected: Vec<(Purpose, &PersonId)> = match &wanted.value {
        Tasks::People(people) => {
            let mut asked: Vec<&PersonId> = open.iter().map(|(_, person)| *person).collect();
            asked.sort();
            asked.dedup();
            let mut people: Vec<&PersonId> = people.iter().collect();
            people.sort();
            people.dedup();
            if asked == people {
                return Ok(());
            }
            // Nobody is asked by a task that only records what comes from outside: it stands here if its holders are named.
            let duties = dossier.tasks.iter().filter(|task| !task.records).flat_map(|task| &task.holders);
            if duties.collect::<std::collections::BTreeSet<_>>().into_iter().eq(people.iter().copied()) {
                return Ok(());
            }
            let said = |people: &[&PersonId]| {
                nothing(people.iter().map(|person| play.office.world().code(person)).collect::<Vec<_>>().join(", "))
            };
            return Err(amiss(&wanted.span, "tasks", said(&people), said(&asked)));
        }
        Tasks::ByPurpose(by) => {
            by.iter().flat_map(|(purpose, people)| people.iter().map(|person| (*purpose, person))).collect()
        }
    };
    expected.sort();
    expected.dedup();
    if open == expected {
        return Ok(());
    }
    let said = |tasks: &[(Purpose, &PersonId)]| {
        let one = |(purpose, person): &(Purpose, &PersonId)| {
            format!("{}: {}", purpose.name(), play.office.world().code(person))
        };
        nothing(tasks.iter().map(one).collect::<Vec<_>>().join(", "))
    };
    Err(amiss(&wanted.span, "tasks", said(&expected), said(&open)))
}

/// Mails since the last step that asked about them.
fn mails(play: &mut Play<'_>, expect: &Expect) -> Result<(), Amiss> {
    let Some(wanted) = &expect.mails else { return Ok(()) };
    let sent = &play.office.post.sent()[play.mails_seen..];
    let seen = play.office.post.sent().len();
    let all = nothing(sent.iter().map(|mail| said(play, mail)).collect::<Vec<_>>().join("; "));
    let mut left: Vec<&Mail> = sent.iter().collect();
    for one in &wanted.value {
        match left.iter().position(|mail| fits(play, mail, &one.value)) {
            Some(place) => {
                left.remove(place);
            }
            None => return Err(amiss(&one.span, "mails", described(play, &one.value), all)),
        }
    }
    let none_else = expect.other_mails.as_ref().is_some_and(|others| !others.value) || wanted.value.is_empty();
    if let (Some(mail), true) = (left.first(), none_else) {
        return Err(amiss(&wanted.span, "mails", "no other mail", said(play, mail)));
    }
    play.mails_seen = seen;
    Ok(())
}

fn fits(play: &Play<'_>, mail: &Mail, wanted: &MailWanted) -> bool {
    wanted.to.as_ref().is_none_or(|to| *to == play.office.by_mail(&mail.to))
        && wanted.kind.is_none_or(|kind| mail.kinds.contains(&kind))
        && wanted.mail.as_ref().is_none_or(|name| mail.own().any(|own| own == name))
        && wanted.on.is_none_or(|on| mail.at.timestamp().to_zoned(play.office.zone()).date() == on)
        && wanted.invites.is_none_or(|day| sessions(play, mail, false).any(|one| one == day))
        && wanted.cancels.is_none_or(|day| sessions(play, mail, true).any(|one| one == day))
        && wanted.subject.as_ref().is_none_or(|words| mail.letter.subject().contains(words))
        && wanted.words.as_ref().is_none_or(|words| mail.email().text.contains(words))
}

/// The days of the sessions that a mail invites to, or that it says fall away.
fn sessions<'m>(play: &'m Play<'_>, mail: &'m Mail, cancels: bool) -> impl Iterator<Item = Date> + 'm {
    let of_mail =
        mail.letter.matters.iter().filter_map(|matter| matter.invitation.as_ref()).chain(&mail.letter.entries);
    of_mail.filter(move |one| one.cancels == cancels).map(|one| match one.when {
        When::Day(day) => day,
        When::From(from, _) => from.timestamp().to_zoned(play.office.zone()).date(),
    })
}

fn described(play: &Play<'_>, wanted: &MailWanted) -> String {
    let MailWanted { to, kind, mail, subject, words, on, invites, cancels } = wanted;
    let mut parts = vec!["a mail".to_owned()];
    parts.extend(to.as_ref().map(|to| format!("to {}", play.office.world().code(to))));
    parts.extend(kind.map(|kind| format!("of kind {}", kind.name())));
    parts.extend(mail.as_ref().map(|name| format!("by the mail `{name}`")));
    parts.extend(subject.as_ref().map(|words| format!("whose subject says `{words}`")));
    parts.extend(words.as_ref().map(|words| format!("that says `{words}`")));
    parts.extend(on.map(|on| format!("on {on}")));
    parts.extend(invites.map(|day| format!("that invites to a session on {day}")));
    parts.extend(cancels.map(|day| format!("that takes a session on {day} out of the calendar")));
    parts.join(" ")
}

fn said(play: &Play<'_>, mail: &Mail) -> String {
    let kinds: Vec<&str> = mail.kinds.iter().map(|kind| NoticeKind::name(*kind)).collect();
    let to = play.office.world().code(&mail.to);
    format!("{} to {to} ({}): {}", play.office.wall(mail.at), kinds.join(", "), mail.letter.subject())
}

fn register(play: &Play<'_>, wanted: &Spanned<Vec<Fact>>) -> Result<(), Amiss> {
    for fact in &wanted.value {
        let there = play.office.register().iter().any(|entry| {
            fact.register.as_ref().is_none_or(|register| register == &entry.register)
                && fact.holder.as_ref().is_none_or(|holder| holder == &entry.holder)
                && fact.key.as_ref().is_none_or(|key| key == &entry.key)
                && fact.year.is_none_or(|year| year == entry.year)
        });
        if !there {
            let parts = [&fact.register, &fact.holder, &fact.key].into_iter().flatten().cloned();
            let expected: Vec<String> = parts.chain(fact.year.map(|year| year.to_string())).collect();
            let entries = play.office.register().iter().rev().take(5);
            let found = entries.map(|one| format!("{} {} {} {}", one.register, one.holder, one.key, one.year));
            let found = found.collect::<Vec<_>>().join("; ");
            return Err(amiss(&wanted.span, "register", expected.join(" "), nothing(found)));
        }
    }
    Ok(())
}

fn grounds(play: &Play<'_>, id: &DossierId, wanted: &Spanned<Vec<String>>) -> Result<(), Amiss> {
    let kept = play.office.kept(id).expect("it was found");
    // A ground says the words of its guard; the guard's name stands in the workflow.
    let reasons: Vec<Reason> = kept
        .dossier
        .grounds
        .iter()
        .map(|ground| {
            let guards = &mut kept.machine.guards.iter();
            let guard = guards.find(|(_, guard)| is_said_by(guard, &ground.text)).map(|(name, _)| name.to_string());
            Reason { code: Code::Guard, text: ground.text.clone(), basis: ground.basis.clone(), about: guard }
        })
        .collect();
    match wanted.value.iter().find(|word| !reasons.iter().any(|reason| says(reason, word))) {
        None => Ok(()),
        Some(word) => {
            let found = reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            Err(amiss(&wanted.span, "grounds", word, nothing(found)))
        }
    }
}

/// Whether these are the words of a guard; they may go on with the years that were missing.
fn is_said_by(guard: &Guard, text: &Text) -> bool {
    let begin = guard.refuse.own.split("{years}").next().unwrap_or_default().trim_end_matches('.');
    !begin.is_empty() && text.own.starts_with(begin)
}

fn vote(play: &Play<'_>, dossier: &Dossier, wanted: &Spanned<PerRow<Counted>>) -> Result<(), Amiss> {
    let Some(last) = dossier.results.last() else {
        return Err(amiss(&wanted.span, "vote", "a closed vote", "no vote was closed"));
    };
    let rows: Vec<DossierId> = last.rows.iter().map(|row| row.row.clone()).collect();
    for (id, wanted_row) in play.for_rows(&wanted.value, &rows)? {
        let Some(row) = last.rows.iter().find(|row| row.row == id) else {
            return Err(amiss(&wanted.span, "vote", format!("a result for {id}"), nothing_of(&rows)));
        };
        let found = told(last, row);
        if let Some(expected) = differs(&wanted_row, last, row) {
            return Err(amiss(&wanted.span, "vote", expected, found));
        }
    }
    Ok(())
}

fn nothing_of(rows: &[DossierId]) -> String {
    nothing(rows.iter().map(DossierId::as_str).collect::<Vec<_>>().join(", "))
}

fn told(result: &VoteResult, row: &RowResult) -> String {
    let RowResult { yes, no, abstain, invalid, base, passed, .. } = row;
    let quorate = result.quorate;
    format!(
        "yes: {yes}, no: {no}, abstain: {abstain}, invalid: {invalid}, base: {base}, passed: {passed}, quorate: {quorate}"
    )
}

/// The first number that is another one.
fn differs(wanted: &Counted, result: &VoteResult, row: &RowResult) -> Option<String> {
    let counts = [
        ("yes", wanted.yes, row.yes),
        ("no", wanted.no, row.no),
        ("abstain", wanted.abstain, row.abstain),
        ("invalid", wanted.invalid, row.invalid),
        ("base", wanted.base, row.base),
    ];
    let truths = [("passed", wanted.passed, row.passed), ("quorate", wanted.quorate, result.quorate)];
    let count = counts.iter().find_map(|(name, wanted, found)| {
        wanted.filter(|wanted| wanted != found).map(|wanted| format!("{name}: {wanted}"))
    });
    count.or_else(|| {
        truths.iter().find_map(|(name, wanted, found)| {
            wanted.filter(|wanted| wanted != found).map(|wanted| format!("{name}: {wanted}"))
        })
    })
}

fn due(play: &Play<'_>, id: &DossierId, wanted: &Spanned<jiff::civil::Date>) -> Result<(), Amiss> {
    let kept = play.office.kept(id).expect("it was found");
    let calendar = play.office.calendar(kept.machine);
    let due = kept.dossier.active.iter().rev().find_map(|active| active.due_at).map(|at| calendar.date(at));
    if due == Some(wanted.value) {
        return Ok(());
    }
    let found = due.map_or_else(|| "no deadline".to_owned(), |due| due.to_string());
    Err(amiss(&wanted.span, "due", wanted.value.to_string(), found))
}

/// How children stand; of several for the same the last.
fn children(play: &Play<'_>, dossier: &Dossier, expect: &Expect) -> Result<(), Amiss> {
    for (set, wanted) in &expect.children {
        let (key, result) = &wanted.value;
        let mut all = dossier.children_of(set);
        let child = all.rfind(|child| &play.office.key_in(child) == key);
        let said = |result: &Option<String>| format!("{set} {key}: {}", result.as_deref().unwrap_or("none"));
        let Some(child) = child else {
            let there = dossier.children_of(set).map(|child| play.office.key_in(child)).collect::<Vec<_>>();
            return Err(amiss(
                &wanted.span,
                "children",
                said(result),
                format!("opened: {}", nothing(there.join(", "))),
            ));
        };
        if &child.result != result {
            return Err(amiss(&wanted.span, "children", said(result), said(&child.result)));
        }
    }
    Ok(())
}

fn rows(play: &Play<'_>, dossier: &Dossier, expect: &Expect) -> Result<(), Amiss> {
    for (name, status) in &expect.rows {
        let id = play.row(name)?;
        let found = dossier.rows.iter().rev().find(|row| row.dossier == id).map(|row| row.status);
        if found != Some(*status) {
            let said = |status: &crate::dossier::RowStatus| format!("{status:?}").to_lowercase();
            let found = found.map_or_else(|| "not on the list".to_owned(), |status| said(&status));
            return Err(amiss(&name.span, "rows", format!("{}: {}", name.value, said(status)), found));
        }
    }
    Ok(())
}
