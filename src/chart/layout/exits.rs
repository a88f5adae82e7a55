//! In which order, and how far apart, edges leave a state at its right: upwards above, straight ahead in the middle,
//! downwards below, so that those of one state do not cross each other.

use std::collections::BTreeMap;

use super::heights::{Heights, Reach};
use super::routes::{Route, Run, Start};

/// Between two edges that leave.
const STEP: i32 = 14;
/// A line of a label, and between a label and its line.
const LINE: i32 = 14;
const CLEAR: i32 = 6;
/// Between the outermost edge and the corner of the state.
const CORNER: i32 = 12;

/// Where the edges of everything leave, relative to the row they leave from; by edge.
#[derive(Clone, Debug, Default)]
pub(super) struct Exits {
    pub offset: BTreeMap<usize, i32>,
}

/// Where a route goes first: a height.
fn heads_for(route: &Route, heights: &Heights) -> i32 {
    match route.run {
        Run::Lane(lane) => heights.lane[lane],
        Run::Straight | Run::Gap | Run::Along | Run::Own => heights.row[route.target],
    }
}

/// Whether it goes back after leaving.
fn goes_back(route: &Route) -> bool {
    route.arrives < route.leaves
}

/// The exits of the states without states inside: by edge; and how far each state then reaches.
pub(super) fn of_leaves(
    routes: &[Route],
    heights: &Heights,
    lines: &[usize],
    boxes: &[i32],
    exits: &mut Exits,
) -> Vec<Reach> {
    let mut reaches: Vec<Reach> = boxes.iter().map(|height| half(*height)).collect();
    for (node, reach) in reaches.iter_mut().enumerate() {
        let mine: Vec<&Route> = routes.iter().filter(|route| route.start == Start::Leaf(node)).collect();
        let placed = fan(&mine, heights.row[node], heights, lines);
        for (edge, offset) in &placed {
            let text = i32::try_from(lines[*edge]).unwrap_or(0) * LINE + CLEAR;
            reach.above = reach.above.max(CORNER - offset).max(text - offset);
            reach.below = reach.below.max(offset + CORNER);
        }
        exits.offset.extend(placed);
    }
    reaches
}

/// The box of a state, so high that its edges leave inside it.
pub(super) fn of_box(routes: &[Route], exits: &Exits, node: usize, height: i32) -> Reach {
    let mine = routes.iter().filter(|route| route.start == Start::Leaf(node));
    mine.filter_map(|route| exits.offset.get(&route.edge)).fold(half(height), |reach, offset| Reach {
        above: reach.above.max(CORNER - offset),
        below: reach.below.max(offset + CORNER),
    })
}

fn half(height: i32) -> Reach {
    Reach { above: (height + 1) / 2, below: (height + 1) / 2 }
}

fn fan(mine: &[&Route], row: i32, heights: &Heights, lines: &[usize]) -> Vec<(usize, i32)> {
    let sorted = |wanted: std::cmp::Ordering| {
        let mut some: Vec<&Route> = mine
            .iter()
            .copied()
            .filter(|route| route.run != Run::Straight && heads_for(route, heights).cmp(&row) == wanted)
            .collect();
        // Those that go back turn down first and so leave lowest; the deeper of them above the others.
        some.sort_by_key(|route| {
            let height = heads_for(route, heights);
            (goes_back(route), if goes_back(route) { -height } else { height }, route.edge)
        });
        some
    };
    let (mut up, mut down) = (sorted(std::cmp::Ordering::Less), sorted(std::cmp::Ordering::Greater));
    let mut middle: Vec<&Route> = mine.iter().copied().filter(|route| route.run == Run::Straight).collect();
    middle.extend(sorted(std::cmp::Ordering::Equal));
    let text = |route: &Route| i32::try_from(lines[route.edge]).unwrap_or(0) * LINE;
    if middle.is_empty() {
        if down.is_empty() {
            middle.extend(up.pop());
        } else {
            middle.push(down.remove(0));
        }
    }
    let (mut placed, mut at) = (Vec::new(), 0);
    for (place, route) in middle.iter().enumerate() {
        at = if place == 0 { 0 } else { at + STEP.max(text(route) + CLEAR) };
        placed.push((route.edge, at));
    }
    for route in &down {
        at += STEP.max(text(route) + CLEAR);
        placed.push((route.edge, at));
    }
    let mut at = 0;
    let mut below = middle.first().map_or(0, |route| text(route));
    for route in up.iter().rev() {
        at -= STEP.max(below + CLEAR);
        placed.push((route.edge, at));
        below = text(route);
    }
    placed
}

/// The exits at the right border of compound states: from the lower corner up, the last edge lowest; relative to that corner.
pub(super) fn of_sides(
    routes: &[Route],
    lines: &[usize],
    takes: impl Fn(usize) -> bool,
    exits: &mut Exits,
) -> BTreeMap<usize, i32> {
    let mut room: BTreeMap<usize, i32> = BTreeMap::new();
    for route in routes.iter().rev() {
        let Start::Side(node) = route.start else { continue };
        if takes(route.edge) && route.run == Run::Straight {
            continue;
        }
        let used = room.entry(node).or_insert(0);
        exits.offset.insert(route.edge, -(CORNER + *used));
        *used += STEP.max(i32::try_from(lines[route.edge]).unwrap_or(0) * LINE + CLEAR);
    }
    room
}
