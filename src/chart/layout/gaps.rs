//! What lies between two columns, from left to right: labels of what leaves, vertical lines and the right borders of what ends
//! here, vertical lines outside of all, left borders of what begins here and vertical lines inside, arrowheads.

use std::collections::{BTreeMap, BTreeSet};

use super::tracks::{Vertical, arrange};

/// Between two vertical lines.
const TRACK: i32 = 11;
/// Around them.
const CLEAR: i32 = 8;
/// Before a state: room for an arrowhead.
const ARROW: i32 = 18;
/// Inside a border, before the dot that stands for "enters here".
const DOT: i32 = 24;
/// Beside a label.
const BESIDE: i32 = 8;

/// Where in a gap a vertical line lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Zone {
    /// Inside a state of this depth that ends here.
    Ending(usize),
    /// Outside of whatever ends or begins here.
    Outside,
    /// Inside a state of this depth that begins here.
    Beginning(usize),
}

/// Names a vertical line: its gap, its zone, and what it serves (a target, or one edge).
pub(super) type Key = (usize, Zone, usize);

/// What one gap needs room for.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// The widest label of what leaves the states of the column before it.
    pub label: i32,
    /// The widest label of what leaves borders here.
    pub outer_label: i32,
    /// Depths of the compound states that end, and that begin, here.
    pub ending: BTreeSet<usize>,
    pub beginning: BTreeSet<usize>,
    /// Depths of those of the latter that are entered over a dot.
    pub dots: BTreeSet<usize>,
    /// Something arrives here.
    pub arrives: bool,
}

/// One gap, laid out; relative to the right edge of the column before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Gap {
    /// Where the labels of borders begin.
    pub outer_label: i32,
    /// Where outside is: between what ends and what begins here.
    pub outside: i32,
    pub ending: BTreeMap<usize, i32>,
    pub beginning: BTreeMap<usize, i32>,
    tracks: BTreeMap<(Zone, usize), i32>,
    /// All of it.
    pub width: i32,
}

impl Gap {
    pub(super) fn track(&self, zone: Zone, serves: usize) -> i32 {
        self.tracks.get(&(zone, serves)).copied().unwrap_or(0)
    }

    pub(super) fn new(needs: &Needs, verticals: &BTreeMap<(Zone, usize), Vertical>) -> Self {
        let mut gap = Self::default();
        let mut at = if needs.label > 0 { needs.label + 2 * BESIDE } else { CLEAR };
        for depth in needs.ending.iter().rev() {
            gap.zone(Zone::Ending(*depth), verticals, &mut at);
            at += CLEAR;
            gap.ending.insert(*depth, at);
        }
        if !needs.ending.is_empty() {
            at += CLEAR;
        }
        gap.outer_label = at;
        if needs.outer_label > 0 {
            at += needs.outer_label + 2 * BESIDE;
        }
        gap.zone(Zone::Outside, verticals, &mut at);
        gap.outside = at;
        for depth in &needs.beginning {
            at += ARROW;
            gap.beginning.insert(*depth, at);
            at += CLEAR;
            if needs.dots.contains(depth) {
                at += DOT;
            }
            gap.zone(Zone::Beginning(*depth), verticals, &mut at);
        }
        gap.width = at + if needs.arrives { ARROW } else { 0 };
        gap
    }

    fn zone(&mut self, zone: Zone, verticals: &BTreeMap<(Zone, usize), Vertical>, at: &mut i32) {
        let here: Vec<(usize, &Vertical)> =
            verticals.iter().filter(|((one, _), _)| *one == zone).map(|((_, serves), line)| (*serves, line)).collect();
        if here.is_empty() {
            return;
        }
        let lines: Vec<&Vertical> = here.iter().map(|(_, line)| *line).collect();
        let tracks = arrange(&lines);
        let last = tracks.iter().max().copied().unwrap_or(0);
        for ((serves, _), track) in here.iter().zip(&tracks) {
            self.tracks.insert((zone, *serves), *at + CLEAR / 2 + track * TRACK);
        }
        *at += CLEAR + last * TRACK;
    }
}
