//! A workflow against a directory: whether its posts, bodies, seats and units exist, whether somebody can act wherever a
//! dossier may stand, and whether its votes can be won there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Checked;
use super::tree::{Tree, cause};
use crate::definition::Definition;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::directory::{Body, Directory};
use crate::ids::{FieldName, RoleName, StateId, UnitCode, VoteName};
use crate::machine::{
    Ballot, Base, BodyOf, FieldKind, Fraction, Held, Role, RoleSource, Shape, ShareOf, State, StateKind, Threshold,
    UnitOf, VoteRule,
};

/// Units or bodies named in one fault at most.
const SHOWN_MAX: usize = 5;
/// With fewer voters than this, a secret vote tells each of them what the others chose.
const SECRET_MIN: u64 = 3;

/// Every fault of a workflow in a directory on a day. A workflow with faults of its own is not looked at.
pub fn against(checked: &Checked, directory: &Directory, today: Date) -> Vec<Diagnostic> {
    let (Some(definition), Some(machine)) = (&checked.definition, &checked.machine) else { return Vec::new() };
    let mut office = Office { definition, shape: machine, directory, today, faults: Vec::new() };
    office.names();
    if office.faults.is_empty() {
        office.stages();
        office.votes();
    }
    office.faults
}

struct Office<'a> {
    definition: &'a Definition,
    shape: &'a Shape,
    directory: &'a Directory,
    today: Date,
    faults: Vec<Diagnostic>,
}

impl<'a> Office<'a> {
    /// Posts, bindings, units, kinds of body and seats that roles and votes name.
    fn names(&mut self) {
        for role in &self.definition.roles {
            if let Some(post) = &role.post {
                let known: BTreeSet<&str> = self.directory.posts.iter().map(|held| held.post.as_str()).collect();
                if !known.contains(post.as_str()) {
                    let help = did_you_mean(&post.value, known, say!(near.none));
                    self.faults.push(fault!(NOT_IN_DIRECTORY.post, &post.span, post).help(help));
                }
            }
            if let Some(of) = &role.of {
                self.unit(of);
            }
            if let Some(body) = &role.body {
                self.body(body);
            }
            if let Some(seat) = &role.seat {
                self.seat(role, seat);
            }
        }
        for body in self.definition.votes.iter().filter_map(|vote| vote.body.as_ref()) {
            self.body(body);
        }
    }

    fn unit(&mut self, of: &Name) {
        let words: Vec<&str> = of.value.split_whitespace().collect();
        match words[..] {
            ["code", code] if !self.directory.units.contains_key(&UnitCode::new(code)) => {
                let help = did_you_mean(code, self.directory.units.keys().map(UnitCode::as_str), say!(near.none));
                self.faults.push(fault!(NOT_IN_DIRECTORY.unit, &of.span, unit = code).help(help));
            }
            ["binding", name, "of", _] => {
                let known: BTreeSet<&str> = self.directory.bindings.iter().map(|bound| bound.name.as_str()).collect();
                if !known.contains(name) {
                    let help = did_you_mean(name, known, say!(near.none));
                    self.faults.push(fault!(NOT_IN_DIRECTORY.binding, &of.span, name).help(help));
                }
            }
            _ => {}
        }
    }

    /// The kind of a body that a field names does not matter; of a unit's, it does.
    fn body(&mut self, phrase: &Name) {
        let Some((kind, field)) = phrase.value.split_once(" of ") else { return };
        let field = self.shape.field(&FieldName::new(field.trim())).map(|field| &field.kind);
        if matches!(field, Some(FieldKind::Body | FieldKind::Rows { .. })) {
            return;
        }
        let known: BTreeSet<&str> = self.directory.bodies.values().map(|body| body.kind.as_str()).collect();
        if !known.contains(kind) {
            let help = did_you_mean(kind, known, say!(near.none));
            self.faults.push(fault!(NOT_IN_DIRECTORY.body, &phrase.span, kind).help(help));
        }
    }

    fn seat(&mut self, role: &model::Role, seat: &Name) {
        let Some(Role { source: RoleSource::Body { body, .. }, .. }) =
            self.shape.roles.get(&RoleName::new(&role.name.value))
        else {
            return;
        };
        let known: BTreeSet<&str> =
            self.bodies_of(body).flat_map(|body| &body.seats).map(|seat| seat.seat.as_str()).collect();
        if !known.is_empty() && !known.contains(seat.as_str()) {
            let help = did_you_mean(&seat.value, known, say!(near.none));
            self.faults.push(fault!(NOT_IN_DIRECTORY.seat, &seat.span, seat).help(help));
        }
    }

    /// The bodies that this phrase can mean for some dossier.
    fn bodies_of<'b>(&'b self, of: &'b BodyOf) -> impl Iterator<Item = &'a Body> + 'b {
        let field = self.shape.field(&of.of).map(|field| &field.kind);
        let composed = matches!(field, Some(FieldKind::Rows { .. }));
        let any = field == Some(&FieldKind::Body);
        self.directory.bodies.values().filter(move |body| !composed && (any || body.kind == of.kind))
    }

    /// Wherever a dossier waits for people, there are some: for every unit that may have such a dossier.
    fn stages(&mut self) {
        let mut lacking: BTreeMap<&RoleName, (usize, Vec<&'a UnitCode>)> = BTreeMap::new();
        for state in self.shape.states.iter().filter(|state| waits_for_people(state)) {
            let asked = asked(self.shape, state);
            for unit in self.units() {
                let somebody = asked.iter().any(|role| self.holds(role, unit).unwrap_or(true));
                if !somebody {
                    nobody(&mut lacking, &asked, unit);
                }
            }
            self.report_stage(&state.id, &asked, std::mem::take(&mut lacking));
        }
    }

    fn report_stage(
        &mut self,
        state: &StateId,
        asked: &[&RoleName],
        lacking: BTreeMap<&RoleName, (usize, Vec<&UnitCode>)>,
    ) {
        let all = self.units().count();
        let Some((count, units)) = lacking.into_values().next() else { return };
        let Some(span) = self.span_of(state) else { return };
        let roles = asked.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ");
        let state = state.as_str();
        if count == all {
            let way = self.way(state);
            self.faults.push(fault!(NOBODY_ACTS.anywhere, span, state, roles, way));
            return;
        }
        let mut list = units.iter().map(|unit| unit.as_str()).collect::<Vec<_>>().join(", ");
        if count > units.len() {
            list += ", ...";
        }
        self.faults.push(fault!(NOBODY_ACTS_SOMEWHERE.units, span, state, roles, count, list));
    }

    /// The shortest way to a state, whatever guards say.
    fn way(&self, state: &str) -> String {
        let tree = Tree::new(&self.definition.states);
        let initial = tree.find(self.shape.initial.as_str());
        let (Some(initial), Some(end)) = (initial, tree.find(state)) else { return state.to_owned() };
        let reached = Tree::reached(tree.innermost(initial), |at| {
            tree.steps(at, |state| {
                let clock = state.after.iter().map(|(_, transition)| (transition, "after".to_owned()));
                let others = state.on.iter().chain(&state.always).map(|transition| (transition, cause(transition)));
                others.chain(clock).collect()
            })
        });
        tree.way(&reached, end)
    }

    fn span_of(&self, state: &StateId) -> Option<crate::source::Span> {
        let mut states = &self.definition.states;
        let mut found = None;
        for part in state.as_str().split('.') {
            let state = states.iter().find(|state| state.name.value == part)?;
            found = Some(state.name.span.clone());
            states = &state.states;
        }
        found
    }

    /// The units that may have a dossier: those in which somebody may start one; for a list, those for which any of its
    /// roles is held.
    fn units(&self) -> impl Iterator<Item = &'a UnitCode> + '_ {
        let starters: Vec<&RoleName> =
            self.shape.roles.iter().filter(|(_, role)| role.starter).map(|(name, _)| name).collect();
        let standing = self.directory.units.values().filter(|unit| unit.dated.holds(self.today));
        standing.map(|unit| &unit.code).filter(move |unit| {
            let held = |role: &&RoleName| self.holds(role, unit) == Some(true);
            if starters.is_empty() {
                self.shape.roles.keys().any(|role| held(&role))
            } else {
                starters.iter().any(held)
            }
        })
    }

    /// Whether somebody holds a role for the dossiers of a unit; none where that is not for the directory to say.
    fn holds(&self, role: &RoleName, unit: &UnitCode) -> Option<bool> {
        let (directory, today) = (self.directory, self.today);
        match &self.shape.roles.get(role)?.source {
            RoleSource::Post { post, of } => {
                let unit = match of {
                    UnitOf::Field { .. } => directory.unit_on(unit, today),
                    UnitOf::Root { .. } => directory.root(unit, today),
                    UnitOf::Binding { name, .. } => directory.bound(name, unit, today),
                    UnitOf::Code { code } => directory.unit_on(&UnitCode::new(code), today),
                };
                Some(unit.is_some_and(|unit| !directory.holders(post, &unit.code, today).is_empty()))
            }
            RoleSource::Body { body, seat } => {
                if self.shape.field(&body.of).is_none_or(|field| field.kind != FieldKind::Unit) {
                    return None;
                }
                let body = self.body_for(body, unit)?;
                let seats = directory.seats(&body.code, today);
                Some(seats.iter().any(|held| seat.as_ref().is_none_or(|seat| *seat == held.seat)))
            }
            RoleSource::Any { roles } => {
                let held: Vec<Option<bool>> = roles.iter().map(|role| self.holds(role, unit)).collect();
                if held.contains(&Some(true)) {
                    Some(true)
                } else if held.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            RoleSource::Field { .. }
            | RoleSource::Each { .. }
            | RoleSource::Outside { .. }
            | RoleSource::Decision { .. } => None,
        }
    }

    fn body_for(&self, of: &BodyOf, unit: &UnitCode) -> Option<&'a Body> {
        let (directory, today) = (self.directory, self.today);
        directory.body_of(&of.kind, unit, today).or_else(|| directory.group_of(&of.kind, unit, today))
    }

    /// Every vote can be won by every body that may hold it, also when a member's own case is voted on.
    fn votes(&mut self) {
        for written in &self.definition.votes {
            let Some(rule) = self.shape.votes.get(&VoteName::new(&written.name.value)) else { continue };
            let held = self.shape.states.iter().filter_map(|state| state.vote.as_ref());
            let online =
                held.filter(|vote| vote.rule.as_str() == written.name.value).any(|vote| vote.held == Held::Online);
            let mut found: BTreeMap<Doubt, Vec<(&Body, Counted)>> = BTreeMap::new();
            for body in self.bodies_of(&rule.body) {
                if let Some((doubt, counted)) = self.doubt(rule, body, online) {
                    found.entry(doubt).or_default().push((body, counted));
                }
            }
            for (doubt, bodies) in found {
                self.faults.extend(told(doubt, written, &bodies));
            }
        }
    }

    /// What is wrong with a vote in one body, if anything is.
    fn doubt(&self, rule: &VoteRule, body: &Body, online: bool) -> Option<(Doubt, Counted)> {
        let voters = self.directory.seats(&body.code, self.today).iter().filter(|seat| seat.votes()).count();
        let voters = u64::try_from(voters).unwrap_or(u64::MAX);
        if voters == 0 {
            return Some((Doubt::NoVoters, Counted { voters, needed: 0 }));
        }
        let recused = !rule.own_case.votes && rule.own_case.in_base && rule.passes.base == Base::Members;
        let shares = self.shares(&rule.passes);
        let counts = shares.into_iter().map(|share| needed(rule.passes.more_than, share, voters));
        match counts.max_by_key(|needed| needed.unwrap_or(u64::MAX)) {
            Some(None) => Some((Doubt::Threshold, Counted { voters, needed: voters })),
            Some(Some(needed)) if recused && voters > 1 && needed > voters - 1 => {
                Some((Doubt::Recusal, Counted { voters, needed }))
            }
            _ if online && rule.ballot == Ballot::Secret && voters < SECRET_MIN => {
                Some((Doubt::Few, Counted { voters, needed: 0 }))
            }
            _ => None,
        }
    }

    /// The shares that a threshold can be: one, or those of every row of the table that its path leads into.
    fn shares(&self, threshold: &Threshold) -> Vec<Fraction> {
        let path = match &threshold.share {
            ShareOf::Fixed(fraction) => return vec![*fraction],
            ShareOf::Path(path) => path,
        };
        let (root, rest) = path.split_once('.').unwrap_or((path, ""));
        let fields = if self.shape.is_list() { &self.shape.row } else { &self.shape.fields };
        let table = fields.iter().find(|field| field.name.as_str() == root).and_then(|field| match &field.kind {
            FieldKind::Choice { from } => self.shape.tables.get(from)?.as_object(),
            _ => None,
        });
        let pointer = format!("/{}", rest.replace('.', "/"));
        let rows = table.into_iter().flat_map(serde_json::Map::values);
        let mut shares: Vec<Fraction> = Vec::new();
        for share in rows.filter_map(|row| Fraction::parse(row.pointer(&pointer)?.as_str()?)) {
            if !shares.contains(&share) {
                shares.push(share);
            }
        }
        shares
    }
}

/// What can be wrong with a vote in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// Nobody votes.
    NoVoters,
    /// All votes do not reach what is asked for.
    Threshold,
    /// Without the vote of one member what is asked for cannot be reached.
    Recusal,
    /// So few vote that everybody knows how.
    Few,
}

/// How many vote in a body, and how many votes are needed there.
struct Counted {
    voters: u64,
    needed: u64,
}

/// One fault for all bodies in which it is the same; the numbers are those of the first.
fn told(doubt: Doubt, written: &model::Vote, bodies: &[(&Body, Counted)]) -> Option<Diagnostic> {
    let (first, Counted { voters, needed }) = bodies.first()?;
    let vote = &written.name;
    let mut list =
        bodies.iter().take(SHOWN_MAX).map(|(body, _)| format!("`{}`", body.code)).collect::<Vec<_>>().join(", ");
    if bodies.len() > SHOWN_MAX {
        list += ", ...";
    }
    let passes = written.passes.as_ref().map_or(&vote.span, |phrase| &phrase.span);
    let ballot = written.ballot.as_ref().map_or(&vote.span, |word| &word.span);
    let body = first.code.as_str();
    Some(match doubt {
        Doubt::NoVoters => fault!(CANNOT_PASS.no_voters, &vote.span, vote, bodies = list),
        Doubt::Threshold => fault!(CANNOT_PASS.threshold, passes, vote, bodies = list, body, voters),
        Doubt::Recusal => {
            fault!(RECUSAL.body, passes, vote, bodies = list, body, needed, voters, left = voters - 1)
        }
        Doubt::Few => fault!(FEW_VOTERS.body, ballot, vote, bodies = list, body, voters),
    })
}

/// The fewest votes out of so many members that reach a share; none if all of them do not.
fn needed(more_than: bool, share: Fraction, members: u64) -> Option<u64> {
    (1..=members).find(|yes| if more_than { share.exceeded_by(*yes, members) } else { share.reached_by(*yes, members) })
}

/// Remembers that none of these roles is held for a unit.
fn nobody<'r, 'u>(
    lacking: &mut BTreeMap<&'r RoleName, (usize, Vec<&'u UnitCode>)>,
    asked: &[&'r RoleName],
    unit: &'u UnitCode,
) {
    for role in asked {
        let entry = lacking.entry(role).or_default();
        entry.0 += 1;
        if entry.1.len() < SHOWN_MAX {
            entry.1.push(unit);
        }
    }
}

/// Nothing but people leads on from here.
fn waits_for_people(state: &State) -> bool {
    let by_itself = !state.always.is_empty()
        || !state.after.is_empty()
        || state.joins.is_some()
        || state.awaits.is_some()
        || state.on.iter().any(|way| !way.from.is_empty())
        || state.gathers
        || state.deadline.as_ref().is_some_and(|deadline| deadline.then.is_some());
    let people = state.vote.is_some() || state.on.iter().any(|transition| !transition.by.is_empty());
    matches!(state.kind, StateKind::Atomic) && people && !by_itself
}

/// The roles any of whose holders can lead on from a state, in the state itself.
fn asked<'s>(shape: &'s Shape, state: &'s State) -> Vec<&'s RoleName> {
    let mut roles: Vec<&RoleName> = state.on.iter().flat_map(|transition| &transition.by).collect();
    if let Some(Held::Paper { records, .. }) = state.vote.as_ref().map(|vote| &vote.held) {
        roles.push(records);
    }
    roles.extend(state.vote.as_ref().and_then(|vote| vote.attendance.as_ref()));
    roles.sort();
    roles.dedup();
    roles.retain(|role| shape.roles.contains_key(*role));
    roles
}
