//! How high everything stands: rows of a state above and below its row 0, lanes above and below the rows, all inside its
//! border. From inside out, then from outside in.

use std::collections::BTreeMap;

use super::super::graph::Graph;
use super::routes::Routes;
use super::rows::{ENDS, Rows};

/// Between two rows.
const ROW_GAP: i32 = 22;
/// Between two ends.
const END_GAP: i32 = 12;
/// Between two lanes.
const LANE: i32 = 14;
/// A line of a label on a lane.
const LINE: i32 = 14;
/// The head of a compound state, with its title.
const HEAD: i32 = 30;
/// Between what is inside and a lower border.
const FOOT: i32 = 16;

/// How far something reaches above and below its row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    pub above: i32,
    pub below: i32,
}

/// Heights of rows, borders and lanes.
#[derive(Clone, Debug)]
pub(super) struct Heights {
    /// The height of each state's own row.
    pub row: Vec<i32>,
    /// The borders of each compound state.
    pub border: BTreeMap<usize, (i32, i32)>,
    /// Each lane.
    pub lane: Vec<i32>,
    /// All of it.
    pub total: Reach,
}

/// What heights depend on.
pub(super) struct Stack<'a> {
    pub graph: &'a Graph,
    pub rows: &'a Rows,
    pub routes: &'a Routes,
    /// The reach of each state without states inside.
    pub leaf: &'a [Reach],
    /// More room at the foot of compound states, inside; and beyond their borders, outside.
    pub foot: &'a BTreeMap<usize, i32>,
    pub beyond: &'a BTreeMap<usize, Reach>,
}

/// A state from inside: everything relative to its row 0.
#[derive(Clone, Debug, Default)]
struct Inside {
    reach: Reach,
    row: BTreeMap<i32, i32>,
    lane: BTreeMap<usize, i32>,
}

impl Stack<'_> {
    pub(super) fn heights(&self) -> Heights {
        let mut inside = BTreeMap::new();
        let total = self.measure(None, &mut inside);
        let mut heights = Heights {
            row: vec![0; self.graph.nodes.len()],
            border: BTreeMap::new(),
            lane: vec![0; self.routes.lanes.len()],
            total,
        };
        self.settle(None, 0, &inside, &mut heights);
        heights
    }

    fn settle(&self, around: Option<usize>, at: i32, inside: &BTreeMap<Option<usize>, Inside>, heights: &mut Heights) {
        let mine = &inside[&around];
        for (lane, offset) in &mine.lane {
            heights.lane[*lane] = at + offset;
        }
        for (child, row) in &self.rows.cluster(around).row {
            let height = at + mine.row[row];
            heights.row[*child] = height;
            if let Some(theirs) = inside.get(&Some(*child)) {
                heights.border.insert(*child, (height - theirs.reach.above, height + theirs.reach.below));
                self.settle(Some(*child), height, inside, heights);
            }
        }
    }

    fn measure(&self, around: Option<usize>, all: &mut BTreeMap<Option<usize>, Inside>) -> Reach {
        let mut rows: BTreeMap<i32, Reach> = BTreeMap::from([(0, Reach::default())]);
        for (child, row) in &self.rows.cluster(around).row {
            let holds = self.graph.nodes[*child].kind.holds_states();
            let mut reach = if holds { self.measure(Some(*child), all) } else { self.leaf[*child] };
            let beyond = self.beyond.get(child).copied().unwrap_or_default();
            reach = Reach { above: reach.above + beyond.above, below: reach.below + beyond.below };
            let widest = rows.entry(*row).or_default();
            *widest = Reach { above: widest.above.max(reach.above), below: widest.below.max(reach.below) };
        }
        let mut inside = Inside::default();
        inside.row.insert(0, 0);
        let mut top = -rows[&0].above;
        for (row, reach) in rows.iter().rev().filter(|(row, _)| **row < 0) {
            let at = top - ROW_GAP - reach.below;
            inside.row.insert(*row, at);
            top = at - reach.above;
        }
        top = self.lanes(around, true, top, &mut inside);
        let mut bottom = rows[&0].below;
        let below = |range: &mut dyn Iterator<Item = (&i32, &Reach)>, inside: &mut Inside, mut bottom: i32| {
            for (row, reach) in range {
                let gap = if *row < ENDS { ROW_GAP } else { END_GAP };
                let at = bottom + gap + reach.above;
                inside.row.insert(*row, at);
                bottom = at + reach.below;
            }
            bottom
        };
        bottom = below(&mut rows.range(1..ENDS), &mut inside, bottom);
        bottom = self.lanes(around, false, bottom, &mut inside);
        bottom = below(&mut rows.range(ENDS..), &mut inside, bottom);
        inside.reach = match around {
            Some(node) => {
                Reach { above: HEAD - top, below: bottom + FOOT + self.foot.get(&node).copied().unwrap_or(0) }
            }
            None => Reach { above: -top, below: bottom },
        };
        let reach = inside.reach;
        all.insert(around, inside);
        reach
    }

    /// Puts the lanes of one side beyond what is there, short ones first; those that do not meet share a height.
    fn lanes(&self, around: Option<usize>, above: bool, from: i32, inside: &mut Inside) -> i32 {
        let lanes = self.routes.lanes.iter().enumerate();
        let mut mine: Vec<usize> =
            lanes.filter(|(_, lane)| lane.home == around && lane.above == above).map(|(place, _)| place).collect();
        mine.sort_by_key(|place| {
            let (first, last) = self.routes.lanes[*place].gaps;
            (last - first, *place)
        });
        let mut slots: Vec<(i32, Vec<(usize, usize)>)> = Vec::new();
        let mut edge = from;
        for place in mine {
            let lane = &self.routes.lanes[place];
            let meets = |(first, last): &(usize, usize)| *first <= lane.gaps.1 && lane.gaps.0 <= *last;
            let free = slots.iter_mut().find(|(_, taken)| lane.lines == 0 && !taken.iter().any(meets));
            if let Some((at, taken)) = free {
                taken.push(lane.gaps);
                inside.lane.insert(place, *at);
                continue;
            }
            let text = i32::try_from(lane.lines).unwrap_or(0) * LINE;
            let step = if slots.is_empty() { LANE } else { LANE - 2 } + text;
            edge += if above { -step } else { step };
            slots.push((edge, vec![lane.gaps]));
            inside.lane.insert(place, edge);
        }
        edge
    }
}
