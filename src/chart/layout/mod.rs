//! Where everything stands: a layered layout from left to right, the main way straight, by-ways above it, returns below, ends
//! at the right edge, lines at right angles in channels of their own, so that no line touches a state or a text that is not
//! its own. Whole pixels; the same graph gives the same layout.

mod exits;
mod gaps;
mod heights;
mod order;
mod routes;
mod rows;
#[cfg(test)]
mod tests;
mod tracks;
mod wires;

use std::collections::BTreeMap;

use super::graph::{Graph, Kind};
use super::text::{self, SMALL, TITLE};
use crate::words::Phrases;
use exits::Exits;
use heights::{Heights, Reach, Stack};
use order::Order;
use routes::{Route, Routes, Run, Start};
use rows::Rows;

/// The widest title of a state, and of one that passes.
const STAGE_WIDTH: i32 = 120;
const PASSING_WIDTH: i32 = 80;
/// The widest label of an edge.
const LABEL_WIDTH: i32 = 76;
/// Inside a state, beside and above its texts.
const PAD: (i32, i32) = (11, 8);
/// Around the whole.
const MARGIN: i32 = 24;

/// Everything in its place.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub width: i32,
    pub height: i32,
    /// Each state.
    pub boxes: Vec<Rect>,
    /// What stands in each state.
    pub texts: Vec<Lines>,
    /// Each edge, in their order.
    pub wires: Vec<Wire>,
    /// From the dot where a dossier begins to the first state; then from those inside it, and inside regions.
    pub begins: Vec<(Point, Point)>,
}

/// A place.
pub(super) type Point = (i32, i32);

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rect {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

/// The lines of a state's texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    pub title: Vec<String>,
    pub notes: Vec<String>,
}

/// An edge.
#[derive(Clone, Debug, Default)]
pub(super) struct Wire {
    /// Its corners.
    pub points: Vec<Point>,
    /// Dots behind borders that it enters: an arrow to each border, and one from each dot.
    pub dots: Vec<Point>,
    /// Its label, and the place of the first line's beginning.
    pub label: Vec<String>,
    pub at: Point,
}

/// Lays a graph out. `notes` are what stands below the titles.
pub(super) fn layout(graph: &Graph, phrases: &Phrases, notes: &[Vec<String>]) -> Layout {
    let order = Order::new(graph);
    let rows = Rows::new(graph, &order);
    let texts: Vec<Lines> =
        graph.nodes.iter().zip(notes).map(|(node, notes)| lines(node.kind, &node.title, notes)).collect();
    let labels: Vec<Vec<String>> =
        graph.edges.iter().map(|edge| text::wrap(&edge.label(phrases), SMALL, LABEL_WIDTH)).collect();
    let counts: Vec<usize> = labels.iter().map(Vec::len).collect();
    let routes = Routes::new(graph, &order, &rows, &counts);
    let sizes: Vec<(i32, i32)> = texts.iter().zip(&graph.nodes).map(|(lines, node)| size(node.kind, lines)).collect();
    let scene = Scene { graph, order, rows, routes, labels, counts, sizes };
    let (heights, exits) = scene.heights();
    wires::draw(&scene, &heights, &exits, texts)
}

fn lines(kind: Kind, title: &str, notes: &[String]) -> Lines {
    match kind {
        Kind::Compound { .. } | Kind::Parallel => Lines { title: vec![title.to_owned()], notes: Vec::new() },
        Kind::History { deep } => Lines { title: vec![if deep { "H*" } else { "H" }.to_owned()], notes: Vec::new() },
        Kind::Passing => Lines { title: text::wrap(title, SMALL, PASSING_WIDTH), notes: Vec::new() },
        Kind::Stage | Kind::Final => Lines {
            title: text::wrap(title, TITLE, STAGE_WIDTH),
            notes: notes.iter().flat_map(|note| text::wrap(note, SMALL, STAGE_WIDTH)).collect(),
        },
    }
}

fn size(kind: Kind, lines: &Lines) -> (i32, i32) {
    let face = if kind == Kind::Passing { SMALL } else { TITLE };
    let count = |lines: &[String]| i32::try_from(lines.len()).unwrap_or(0);
    let width = text::widest(&lines.title, face).max(text::widest(&lines.notes, SMALL));
    let height = count(&lines.title) * face.line + count(&lines.notes) * SMALL.line;
    (width + 2 * PAD.0, height + 2 * PAD.1)
}

/// A graph on its way to a layout.
struct Scene<'a> {
    graph: &'a Graph,
    order: Order,
    rows: Rows,
    routes: Routes,
    labels: Vec<Vec<String>>,
    /// Lines of each label.
    counts: Vec<usize>,
    /// Width and height of what each state holds.
    sizes: Vec<(i32, i32)>,
}

impl Scene<'_> {
    /// Heights twice: where edges leave depends on where they go, and how high states are on what leaves them.
    fn heights(&self) -> (Heights, Exits) {
        let boxes: Vec<i32> = self.sizes.iter().map(|(_, height)| *height).collect();
        let mut reach: Vec<Reach> =
            boxes.iter().map(|height| Reach { above: height / 2 + 20, below: height / 2 + 20 }).collect();
        let beyond = self.beyond();
        let mut exits = Exits::default();
        let straight = |edge: usize| self.order.takes(edge);
        let foot = exits::of_sides(&self.routes.routes, &self.counts, straight, &mut exits);
        for _ in 0..2 {
            let heights = self.stack(&reach, &foot, &beyond);
            reach = exits::of_leaves(&self.routes.routes, &heights, &self.counts, &boxes, &mut exits);
        }
        (self.stack(&reach, &foot, &beyond), exits)
    }

    fn stack(&self, leaf: &[Reach], foot: &BTreeMap<usize, i32>, beyond: &BTreeMap<usize, Reach>) -> Heights {
        Stack { graph: self.graph, rows: &self.rows, routes: &self.routes, leaf, foot, beyond }.heights()
    }

    /// Room above and below compound states for the labels of what leaves at those borders.
    fn beyond(&self) -> BTreeMap<usize, Reach> {
        let mut beyond: BTreeMap<usize, Reach> = BTreeMap::new();
        for route in &self.routes.routes {
            let Start::Drop(node) = route.start else { continue };
            let room = i32::try_from(self.counts[route.edge]).unwrap_or(0) * SMALL.line + 10;
            let most = beyond.entry(node).or_default();
            let side = if self.is_above(route, node) { &mut most.above } else { &mut most.below };
            *side = room.max(*side);
        }
        beyond
    }

    /// Whether a route's target stands above the state that it leaves.
    fn is_above(&self, route: &Route, node: usize) -> bool {
        let rows = &self.rows.cluster(route.home).row;
        let row = |inner: usize| {
            let over = std::iter::once(inner).chain(self.graph.around(inner));
            over.filter_map(|one| rows.get(&one)).copied().next()
        };
        row(route.target) < row(node)
    }

    /// How deep a compound state lies; 1 at the top.
    fn depth(&self, node: usize) -> usize {
        self.graph.around(node).count() + 1
    }
}

/// The height at which a route leaves.
fn leaves_at(route: &Route, heights: &Heights, exits: &Exits) -> i32 {
    let offset = exits.offset.get(&route.edge).copied();
    match (route.start, route.run) {
        (Start::Leaf(node), _) => heights.row[node] + offset.unwrap_or(0),
        (Start::Side(node), _) => offset.map_or(heights.row[node], |offset| heights.border[&node].1 + offset),
        (Start::Drop(node), _) => {
            let (top, bottom) = heights.border[&node];
            if heights.row[route.target] < top { top } else { bottom }
        }
        (Start::Inner(_), Run::Lane(lane)) => heights.lane[lane],
        (Start::Inner(node), _) => heights.row[node],
    }
}
