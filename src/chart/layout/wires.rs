//! From heights and gaps to corners, borders and labels.

use std::collections::BTreeMap;

use super::super::graph::{Graph, Kind};
use super::super::text::{self, SMALL, TITLE};
use super::exits::{self, Exits};
use super::gaps::{Gap, Key, Needs, Zone};
use super::heights::Heights;
use super::routes::{End, Route, Run, Start};
use super::tracks::Vertical;
use super::{Layout, Lines, MARGIN, Point, Rect, Scene, Wire, leaves_at};

/// Between a label and its line.
const OVER: i32 = 5;
/// Before a label.
const BEFORE: i32 = 5;
/// From the dot where a dossier begins to the first state.
const BEGIN: i32 = 30;
/// From a dot inside a state to what is entered with it.
const INNER: i32 = 15;
/// Behind a border, the dot that stands for "enters here".
const DOT: i32 = 10;

/// Puts everything into its place.
pub(super) fn draw(scene: &Scene<'_>, heights: &Heights, exits: &Exits, texts: Vec<Lines>) -> Layout {
    let drawing = Drawing::new(scene, heights, exits);
    let top = MARGIN + heights.total.above;
    let down = |(x, y): Point| (x, y + top);
    let wires = scene.routes.routes.iter().map(|route| {
        let mut wire = drawing.wire(route);
        wire.points = wire.points.into_iter().map(down).collect();
        wire.dots = wire.dots.into_iter().map(down).collect();
        wire.at = down(wire.at);
        wire
    });
    let boxes = (0..scene.graph.nodes.len()).map(|node| {
        let rect = drawing.rect(node);
        Rect { y: rect.y + top, ..rect }
    });
    let (boxes, wires): (Vec<Rect>, Vec<Wire>) = (boxes.collect(), wires.collect());
    let right = boxes.iter().map(|rect| rect.x + rect.width);
    let right = right.chain(wires.iter().flat_map(right_of)).max().unwrap_or(0);
    Layout {
        width: right + MARGIN,
        height: top + heights.total.below + MARGIN,
        begins: drawing.begins().into_iter().map(|(from, to)| (down(from), down(to))).collect(),
        boxes,
        texts,
        wires,
    }
}

fn right_of(wire: &Wire) -> impl Iterator<Item = i32> {
    let label = wire.at.0 + text::widest(&wire.label, SMALL);
    wire.points.iter().map(|point| point.0).chain((!wire.label.is_empty()).then_some(label))
}

struct Drawing<'a> {
    scene: &'a Scene<'a>,
    heights: &'a Heights,
    exits: &'a Exits,
    gaps: Vec<Gap>,
    /// Left and right edge of each column.
    columns: Vec<(i32, i32)>,
}

impl<'a> Drawing<'a> {
    fn new(scene: &'a Scene<'a>, heights: &'a Heights, exits: &'a Exits) -> Self {
        let graph = scene.graph;
        let count = graph.leaves().map(|leaf| scene.order.column[leaf] + 1).max().unwrap_or(1);
        let mut drawing = Self { scene, heights, exits, gaps: Vec::new(), columns: Vec::new() };
        let mut verticals: Vec<BTreeMap<(Zone, usize), Vertical>> = vec![BTreeMap::new(); count + 1];
        for route in &scene.routes.routes {
            for ((gap, zone, serves), line) in drawing.verticals(route) {
                let all = verticals[gap].entry((zone, serves)).or_default();
                all.left.extend(line.left);
                all.right.extend(line.right);
                all.ends.extend(line.ends);
            }
        }
        let mut at = MARGIN + BEGIN;
        for (place, lines) in verticals.iter().enumerate() {
            let gap = Gap::new(&drawing.needs(place), lines);
            at += gap.width;
            drawing.gaps.push(gap);
            if place < count {
                let here = graph.leaves().filter(|leaf| scene.order.column[*leaf] == place);
                let width = here.map(|leaf| scene.sizes[leaf].0).max().unwrap_or(0);
                drawing.columns.push((at, at + width));
                at += width;
            }
        }
        drawing
    }

    fn graph(&self) -> &Graph {
        self.scene.graph
    }

    fn needs(&self, gap: usize) -> Needs {
        let mut needs = Needs::default();
        for (place, route) in self.scene.routes.routes.iter().enumerate() {
            debug_assert_eq!(place, route.edge, "there is one route for each edge");
            let label = text::widest(&self.scene.labels[route.edge], SMALL);
            match route.start {
                Start::Leaf(_) if route.leaves == gap => needs.label = needs.label.max(label),
                Start::Side(_) if route.leaves == gap => needs.outer_label = needs.outer_label.max(label),
                Start::Leaf(_) | Start::Side(_) | Start::Drop(_) | Start::Inner(_) => {}
            }
            if route.arrives == gap && route.end == End::Leaf {
                needs.arrives = true;
                needs.dots.extend(self.entered(route).map(|node| self.scene.depth(node)));
            }
        }
        for node in self.compounds() {
            let (first, last) = self.scene.order.columns_of(self.graph(), node);
            if first == gap {
                needs.beginning.insert(self.scene.depth(node));
            }
            if last + 1 == gap {
                needs.ending.insert(self.scene.depth(node));
            }
        }
        needs.arrives |= gap == 0;
        needs
    }

    fn compounds(&self) -> impl Iterator<Item = usize> + '_ {
        let nodes = self.graph().nodes.iter().enumerate();
        nodes.filter(|(_, node)| node.kind.holds_states()).map(|(place, _)| place)
    }

    /// The states with states inside that a route enters as such, outermost first.
    fn inward(&self, route: &Route) -> Vec<usize> {
        let to = self.graph().edges[route.edge].to;
        let mut inside: Vec<usize> =
            self.graph().around(route.target).take_while(|around| self.graph().within(*around, to)).collect();
        inside.reverse();
        inside
    }

    /// The parallel state among them.
    fn regions(&self, route: &Route) -> Option<usize> {
        self.inward(route).into_iter().find(|node| self.graph().nodes[*node].kind == Kind::Parallel)
    }

    /// Those that a route enters over a dot behind their left border, up to a parallel one.
    fn entered(&self, route: &Route) -> impl Iterator<Item = usize> + '_ {
        let column = self.scene.order.column[route.target];
        let begins = move |node: &usize| self.scene.order.columns_of(self.graph(), *node).0 == column;
        let until = |node: &usize| self.graph().nodes[*node].kind != Kind::Parallel;
        self.inward(route).into_iter().take_while(until).filter(begins)
    }

    fn zone(&self, gap: usize, home: Option<usize>) -> Zone {
        let Some(home) = home else { return Zone::Outside };
        let (first, last) = self.scene.order.columns_of(self.graph(), home);
        match self.scene.depth(home) {
            depth if last + 1 == gap => Zone::Ending(depth),
            depth if first == gap => Zone::Beginning(depth),
            _ => Zone::Outside,
        }
    }

    /// The names of the vertical lines in which a route leaves and arrives.
    fn keys(&self, route: &Route) -> (Key, Key) {
        let home = match route.run {
            Run::Lane(lane) => self.scene.routes.lanes[lane].home,
            Run::Straight | Run::Gap | Run::Along | Run::Own => route.home,
        };
        // What ends at a border has a line of its own.
        let own = matches!(route.start, Start::Drop(_)) || route.end != End::Leaf;
        let serves = if own { usize::MAX - route.edge } else { route.target };
        let key = |gap| (gap, self.zone(gap, home), serves);
        (key(route.leaves), key(route.arrives))
    }

    fn arrives_at(&self, route: &Route) -> i32 {
        match route.end {
            End::Leaf => self.heights.row[route.target],
            End::Border(node) => {
                let (top, bottom) = self.heights.border[&node];
                if leaves_at(route, self.heights, self.exits) < top { top } else { bottom }
            }
        }
    }

    fn verticals(&self, route: &Route) -> Vec<(Key, Vertical)> {
        let (leaves, arrives) = (leaves_at(route, self.heights, self.exits), self.arrives_at(route));
        let (first, last) = self.keys(route);
        let line = |left: &[i32], right: &[i32]| Vertical { left: left.into(), right: right.into(), ends: Vec::new() };
        match (route.run, route.start, route.end) {
            (Run::Straight, _, _) => Vec::new(),
            (Run::Gap, Start::Drop(_), _) => vec![(first, Vertical { ends: vec![leaves], ..line(&[], &[arrives]) })],
            (Run::Gap, _, End::Border(_)) => vec![(first, Vertical { ends: vec![arrives], ..line(&[leaves], &[]) })],
            (Run::Gap | Run::Along, _, _) => vec![(first, line(&[leaves], &[arrives]))],
            (Run::Own, _, _) => vec![(last, line(&[leaves], &[arrives]))],
            (Run::Lane(lane), Start::Inner(_), _) => vec![(last, line(&[self.heights.lane[lane]], &[arrives]))],
            (Run::Lane(lane), _, _) => {
                let along = self.heights.lane[lane];
                let forward = route.leaves < route.arrives;
                let (out, into) = if forward {
                    (line(&[leaves], &[along]), line(&[along], &[arrives]))
                } else {
                    (line(&[leaves, along], &[]), line(&[], &[along, arrives]))
                };
                vec![(first, out), (last, into)]
            }
        }
    }

    /// The left end of a gap.
    fn gap_at(&self, gap: usize) -> i32 {
        match gap.checked_sub(1) {
            Some(column) => self.columns[column].1,
            None => MARGIN + BEGIN,
        }
    }

    fn track(&self, (gap, zone, serves): Key) -> i32 {
        self.gap_at(gap) + self.gaps[gap].track(zone, serves)
    }

    fn rect(&self, node: usize) -> Rect {
        if self.graph().nodes[node].kind.holds_states() {
            let (first, last) = self.scene.order.columns_of(self.graph(), node);
            let depth = self.scene.depth(node);
            let x = self.gap_at(first) + self.gaps[first].beginning[&depth];
            let right = self.gap_at(last + 1) + self.gaps[last + 1].ending[&depth];
            let (top, bottom) = self.heights.border[&node];
            return Rect { x, y: top, width: right - x, height: bottom - top };
        }
        let (left, right) = self.columns[self.scene.order.column[node]];
        let (width, height) = self.scene.sizes[node];
        let reach = exits::of_box(&self.scene.routes.routes, self.exits, node, height);
        let row = self.heights.row[node];
        let x = left + (right - left - width) / 2;
        Rect { x, y: row - reach.above, width, height: reach.above + reach.below }
    }

    fn wire(&self, route: &Route) -> Wire {
        let (leaves, arrives) = (leaves_at(route, self.heights, self.exits), self.arrives_at(route));
        let (first, last) = self.keys(route);
        let from = match route.start {
            Start::Leaf(node) | Start::Side(node) => (self.rect(node).x + self.rect(node).width, leaves),
            Start::Drop(_) => (self.track(first), leaves),
            Start::Inner(node) => (self.rect(node).x, leaves),
        };
        let to = match route.end {
            // All regions are entered at once: each has a dot of its own.
            End::Leaf => (self.rect(self.regions(route).unwrap_or(route.target)).x, arrives),
            End::Border(_) => (self.track(first), arrives),
        };
        let turn = |key: Key, one: i32, two: i32| [(self.track(key), one), (self.track(key), two)];
        let mut points = vec![from];
        match (route.run, route.start) {
            (Run::Straight, _) => {}
            (Run::Gap | Run::Along, _) => points.extend(turn(first, leaves, arrives)),
            (Run::Own, _) => points.extend(turn(last, leaves, arrives)),
            (Run::Lane(_), Start::Inner(_)) => points.extend(turn(last, leaves, arrives)),
            (Run::Lane(lane), _) => {
                let along = self.heights.lane[lane];
                points.extend(turn(first, leaves, along));
                points.extend(turn(last, along, arrives));
            }
        }
        points.push(to);
        points.dedup();
        let dots = match route.end {
            End::Leaf => self.entered(route).map(|node| (self.rect(node).x, arrives)).collect(),
            End::Border(_) => Vec::new(),
        };
        let dots: Vec<Point> = dots.into_iter().map(|(x, y): Point| (x + DOT, y)).collect();
        let label = self.scene.labels[route.edge].clone();
        Wire { points, dots, at: self.label_at(route, from, &label), label }
    }

    /// Where the first line of a label begins: over the line, right behind where it leaves.
    fn label_at(&self, route: &Route, from: Point, label: &[String]) -> Point {
        let more = i32::try_from(label.len()).unwrap_or(1).saturating_sub(1) * SMALL.line;
        let over = from.1 - OVER - more;
        match route.start {
            Start::Leaf(_) => (self.gap_at(route.leaves) + BEFORE, over),
            Start::Side(node) => {
                let gap = &self.gaps[route.leaves];
                let inside = self.gap_at(route.leaves) + gap.outer_label;
                (inside.max(self.rect(node).x + self.rect(node).width) + BEFORE, over)
            }
            Start::Drop(node) => {
                let down = from.1 == self.heights.border[&node].1;
                let column = self.columns.get(route.leaves).map_or(from.0, |column| column.0);
                (column - BEFORE, if down { from.1 + SMALL.line } else { from.1 - OVER - more })
            }
            Start::Inner(_) => (from.0 + BEFORE, over),
        }
    }

    /// From the first dot to the first state, and from the dots inside it and inside regions.
    fn begins(&self) -> Vec<(Point, Point)> {
        let graph = self.graph();
        let mut begins = vec![self.begin(graph.initial, BEGIN - TITLE.size / 2)];
        self.inner_begins(graph.initial, &mut begins);
        let parallels = (0..graph.nodes.len()).filter(|node| graph.nodes[*node].kind == Kind::Parallel);
        for parallel in parallels.filter(|parallel| !graph.within(graph.leaf(graph.initial), *parallel)) {
            self.inner_begins(parallel, &mut begins);
        }
        begins
    }

    fn inner_begins(&self, node: usize, begins: &mut Vec<(Point, Point)>) {
        match self.graph().nodes[node].kind {
            Kind::Compound { initial } => {
                begins.push(self.begin(initial, INNER));
                self.inner_begins(initial, begins);
            }
            Kind::Parallel => self.graph().inside(node).for_each(|region| self.inner_begins(region, begins)),
            Kind::Stage | Kind::Passing | Kind::Final | Kind::History { .. } => {}
        }
    }

    fn begin(&self, node: usize, before: i32) -> (Point, Point) {
        let row = self.heights.row[self.graph().leaf(node)];
        let end = self.rect(node).x;
        ((end - before, row), (end, row))
    }
}
