//! Whether measures give what is expected of them.

use super::hold::{amiss, nothing};
use super::{Amiss, Play};
use crate::exact::Exact;
use crate::machine::Machine;
use crate::scenario::file::model::{Expect, MeasureWanted};

/// Every measure that is expected.
pub(super) fn hold(play: &mut Play<'_>, expect: &Expect) -> Result<(), Amiss> {
    let Some((workflow, wanted)) = &expect.measures else { return Ok(()) };
    let machine = play.office.world().machine(workflow).expect("the reader has looked it up");
    for wanted in wanted {
        measure(play, machine, wanted)?;
        play.office.coverage.measure(machine, &wanted.name.value);
    }
    Ok(())
}

/// A measure over all dossiers of its workflow. Whatever could not be counted is shown, since nobody expects it.
fn measure(play: &Play<'_>, machine: &Machine, wanted: &MeasureWanted) -> Result<(), Amiss> {
    let (name, measure) = machine.measures.get_key_value(&wanted.name.value).expect("the reader has looked it up");
    let measured = play.office.measured(machine, name, measure);
    let said = |value: Option<&Exact>| value.map_or_else(|| "none".to_owned(), ToString::to_string);
    let by_words = |(words, value): (String, Option<&Exact>)| format!("{words}: {}", said(value));
    let whole = wanted.values.iter().find(|(group, _)| group.is_none());
    let all = measured.all.as_ref().and_then(|all| all.value);
    let (expected, mut found) = if let Some((_, value)) = whole {
        (said(value.as_ref()), said(all.as_ref()))
    } else {
        let groups = measured.groups.iter().map(|group| {
            let words: Vec<&str> = group.words.iter().map(|word| word.code.as_str()).collect();
            (words.join(" / "), group.reckoned.value.as_ref())
        });
        let mut expected: Vec<_> =
            wanted.values.iter().map(|(group, value)| (group.clone().unwrap_or_default(), value.as_ref())).collect();
        expected.sort_by(|one, other| one.0.cmp(&other.0));
        let listed = |all: Vec<String>| nothing(all.join(", "));
        (listed(expected.into_iter().map(by_words).collect()), listed(groups.map(by_words).collect()))
    };
    if let Some(why) = &measured.aside.why {
        found = format!("{found}; {} not counted, of them {why}", measured.aside.failed);
    }
    if expected == found { Ok(()) } else { Err(amiss(&wanted.name.span, "measures", expected, found)) }
}
