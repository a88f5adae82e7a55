//! How each edge runs, in words of rows, gaps and lanes; coordinates come later. Gap `n` lies left of column `n`. Every edge
//! leaves to the right and arrives from the left; edges to the same state share what they can.

use std::collections::BTreeMap;

use super::super::graph::{Graph, Tie};
use super::order::Order;
use super::rows::{RowId, Rows};

/// How an edge runs.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// Which edge.
    pub edge: usize,
    /// The state without states inside at which it arrives.
    pub target: usize,
    /// Where it begins.
    pub start: Start,
    /// Where it ends.
    pub end: End,
    /// The gap in which it leaves.
    pub leaves: usize,
    /// The gap in which it arrives.
    pub arrives: usize,
    /// Between the two.
    pub run: Run,
    /// The innermost state around all of it.
    pub home: Option<usize>,
}

/// Where an edge begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At the right of a state.
    Leaf(usize),
    /// At the right border of a compound state.
    Side(usize),
    /// At the lower border (or the upper one) of a compound state, in a gap inside it.
    Drop(usize),
    /// At the left border of a compound state, and into it.
    Inner(usize),
}

/// Where an edge ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At the left of its target.
    Leaf,
    /// At the lower border (or the upper one) of a compound state, in a gap inside it.
    Border(usize),
}

/// What lies between leaving and arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Straight along the row of both.
    Straight,
    /// Up or down in one gap.
    Gap,
    /// Along the row of the target.
    Along,
    /// Along the row of the source.
    Own,
    /// Along a lane.
    Lane(usize),
}

/// A horizontal line that edges to one target share.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// The state in which it lies.
    pub home: Option<usize>,
    /// Above the rows, not below.
    pub above: bool,
    /// Its target.
    pub target: usize,
    /// The gaps from which and to which it runs.
    pub gaps: (usize, usize),
    /// Texts stand on it: this many lines.
    pub lines: usize,
}

/// All routes.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes {
    pub routes: Vec<Route>,
    pub lanes: Vec<Lane>,
}

impl Routes {
    pub(super) fn new(graph: &Graph, order: &Order, rows: &Rows, lines: &[usize]) -> Self {
        let mut routing = Routing { graph, order, rows, lines, kept: BTreeMap::new(), made: Self::default() };
        // What can run straight does; then the ends take their own rows; the rest finds its way.
        let mut edges: Vec<usize> = (0..graph.edges.len()).collect();
        edges.sort_by_key(|edge| (!routing.is_straight(*edge), !graph.is_final(graph.edges[*edge].to), *edge));
        for edge in edges {
            let route = routing.route(edge);
            routing.made.routes.push(route);
        }
        routing.made.routes.sort_by_key(|route| route.edge);
        routing.made
    }
}

struct Routing<'a> {
    graph: &'a Graph,
    order: &'a Order,
    rows: &'a Rows,
    /// Lines of each edge's label.
    lines: &'a [usize],
    /// Columns of rows through which edges run, and to which target.
    kept: BTreeMap<RowId, Vec<(usize, usize, usize)>>,
    made: Routes,
}

impl Routing<'_> {
    fn columns(&self, node: usize) -> (usize, usize) {
        self.order.columns_of(self.graph, node)
    }

    fn is_straight(&self, place: usize) -> bool {
        let edge = &self.graph.edges[place];
        let to = self.graph.leaf(edge.to);
        let compound = self.graph.nodes[edge.from].kind.holds_states();
        // Of several edges between the same two states only the first is.
        let first = !self.made.routes.iter().any(|route| {
            route.run == Run::Straight && route.target == to && self.graph.edges[route.edge].from == edge.from
        });
        let (from, target) = (self.columns(edge.from).1, self.order.column[to]);
        let row = self.rows.row(self.graph, to);
        let ahead = from < target && self.rows.row(self.graph, edge.from) == row && self.is_free(edge.from, to, row);
        edge.tie != Tie::Resume && first && ahead && (!compound || self.order.takes(place))
    }

    /// Whether no state stands, and no other edge runs, in a row between two states.
    fn is_free(&self, from: usize, to: usize, row: RowId) -> bool {
        let (first, last) = (self.columns(from).1 + 1, self.order.column[to]);
        let between = |columns: (usize, usize)| columns.0 < last && first <= columns.1;
        // Outside of the state that the row lies in, other rows may be at its height.
        let inside = row.0.is_none_or(|around| self.graph.within(from, around) && self.graph.within(to, around));
        let stands = |node: usize| {
            let around = self.graph.within(from, node) || self.graph.within(to, node);
            !around && self.rows.row(self.graph, node) == row && between(self.columns(node))
        };
        let kept = self.kept.get(&row).into_iter().flatten();
        let runs = kept.into_iter().any(|(target, one, two)| *target != to && between((*one, *two)));
        inside && !runs && !(0..self.graph.nodes.len()).any(stands)
    }

    fn keep(&mut self, row: RowId, target: usize, first: usize, last: usize) {
        if first <= last {
            self.kept.entry(row).or_default().push((target, first, last));
        }
    }

    /// The innermost state around both.
    fn home(&self, from: usize, to: usize) -> Option<usize> {
        let over: Vec<usize> = self.graph.around(from).collect();
        self.graph.around(to).find(|around| over.contains(around))
    }

    fn route(&mut self, place: usize) -> Route {
        let edge = &self.graph.edges[place];
        let (from, target) = (edge.from, self.graph.leaf(edge.to));
        let (first, last) = self.columns(from);
        let column = self.order.column[target];
        let same_row = self.rows.row(self.graph, from) == self.rows.row(self.graph, target);
        let compound = self.graph.nodes[from].kind.holds_states();
        let home = self.home(from, edge.to);
        let route = |start, end, leaves, arrives, run, home| Route {
            edge: place,
            target,
            start,
            end,
            leaves,
            arrives,
            run,
            home,
        };
        if compound && self.graph.within(target, from) {
            let lane = self.lane(Some(from), false, target, (first, column), self.lines[place]);
            return route(Start::Inner(from), End::Leaf, first, column, Run::Lane(lane), Some(from));
        }
        // One edge drops out of a state in a gap; others leave at its side.
        let dropped = |route: &Route| (route.start, route.leaves) == (Start::Drop(from), column);
        let inside = first < column && column <= last;
        if compound && inside && !same_row && !self.made.routes.iter().any(dropped) {
            let home = self.home(from, target);
            return route(Start::Drop(from), End::Leaf, column, column, Run::Gap, home);
        }
        let start = if compound { Start::Side(from) } else { Start::Leaf(from) };
        if edge.tie == Tie::Resume {
            let (into, over) = self.columns(edge.to);
            if into < last + 1 && last < over && !same_row {
                return route(start, End::Border(edge.to), last + 1, last + 1, Run::Gap, home);
            }
        }
        let run = self.run(place, from, target, home);
        route(start, End::Leaf, last + 1, column, run, home)
    }

    fn run(&mut self, place: usize, from: usize, target: usize, home: Option<usize>) -> Run {
        let (leaves, arrives) = (self.columns(from).1 + 1, self.order.column[target]);
        let (own, theirs) = (self.rows.row(self.graph, from), self.rows.row(self.graph, target));
        let between = (leaves, arrives.saturating_sub(1));
        if self.is_straight(place) {
            self.keep(theirs, target, between.0, between.1);
            return Run::Straight;
        }
        if leaves == arrives {
            return Run::Gap;
        }
        if leaves < arrives && self.is_free(from, target, theirs) {
            self.keep(theirs, target, between.0, between.1);
            return Run::Along;
        }
        // Inside another state there may be other rows at that height.
        let open = self.home(from, target) == self.graph.nodes[target].parent;
        if leaves < arrives && open && self.is_free(from, target, own) {
            // At the height of its own exit; nothing else may run there, not even to the same target.
            self.keep(own, usize::MAX - place, between.0, between.1);
            return Run::Own;
        }
        // Returns run below.
        let above = leaves < arrives;
        let gaps = (leaves.min(arrives), leaves.max(arrives));
        Run::Lane(self.lane(home, above, target, gaps, 0))
    }

    /// The lane to a target, made longer as it must be.
    fn lane(&mut self, home: Option<usize>, above: bool, target: usize, gaps: (usize, usize), lines: usize) -> usize {
        let inner = lines > 0;
        let found = self
            .made
            .lanes
            .iter()
            .position(|lane| !inner && lane.lines == 0 && (lane.target, lane.above) == (target, above));
        let Some(place) = found else {
            self.made.lanes.push(Lane { home, above, target, gaps, lines });
            return self.made.lanes.len() - 1;
        };
        let outer = self.outer(self.made.lanes[place].home, home);
        let lane = &mut self.made.lanes[place];
        lane.home = outer;
        lane.gaps = (lane.gaps.0.min(gaps.0), lane.gaps.1.max(gaps.1));
        place
    }

    /// The innermost state around both homes, or one of them if it is around the other.
    fn outer(&self, one: Option<usize>, two: Option<usize>) -> Option<usize> {
        let (one, two) = (one?, two?);
        if self.graph.within(two, one) {
            return Some(one);
        }
        std::iter::once(two).chain(self.graph.around(two)).find(|around| self.graph.within(one, *around))
    }
}
