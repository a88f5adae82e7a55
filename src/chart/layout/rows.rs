//! Which row each state stands in, within the state around it: the main way in row 0, by-ways above, returns below, ends at
//! the bottom, each in a row of its own.

use std::collections::BTreeMap;

use super::super::graph::{Graph, Kind, Tie};
use super::order::Order;

/// The first row of ends; between these and the rows above them run the lanes that lead back.
pub(super) const ENDS: i32 = 1000;

/// The states right inside a state (none: those at the top), by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Cluster {
    /// The row of each.
    pub row: BTreeMap<usize, i32>,
}

/// The rows of everything.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    clusters: BTreeMap<Option<usize>, Cluster>,
}

/// A row that runs through: the state around it, and its number there. The row 0 of a compound state is the row of the
/// compound state itself.
pub(super) type RowId = (Option<usize>, i32);

impl Rows {
    pub(super) fn new(graph: &Graph, order: &Order) -> Self {
        let mut around: Vec<Option<usize>> = vec![None];
        around.extend(graph.nodes.iter().filter_map(|node| node.parent.map(Some)));
        around.sort_unstable();
        around.dedup();
        let clusters = around.into_iter().map(|around| (around, cluster(graph, order, around))).collect();
        Self { clusters }
    }

    pub(super) fn cluster(&self, around: Option<usize>) -> &Cluster {
        &self.clusters[&around]
    }

    /// The row that a state stands in.
    pub(super) fn row(&self, graph: &Graph, node: usize) -> RowId {
        let mut node = node;
        loop {
            let around = graph.nodes[node].parent;
            let row = self.clusters[&around].row[&node];
            match around {
                Some(outer) if row == 0 => node = outer,
                _ => return (around, row),
            }
        }
    }
}

fn cluster(graph: &Graph, order: &Order, around: Option<usize>) -> Cluster {
    let children: Vec<usize> = (0..graph.nodes.len()).filter(|node| graph.nodes[*node].parent == around).collect();
    if around.is_some_and(|around| graph.nodes[around].kind == Kind::Parallel) {
        return regions(graph, order, &children);
    }
    let mut placing = Placing { graph, order, taken: BTreeMap::new(), row: BTreeMap::new() };
    for child in main_children(graph, order, around, &children) {
        if placing.is_free(child, 0) {
            placing.put(child, 0);
        }
    }
    let mut rest: Vec<usize> = children.into_iter().filter(|child| !placing.row.contains_key(child)).collect();
    rest.sort_by_key(|child| order.rank(graph.leaf(*child)));
    let (mut ends, rest): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(|child| graph.is_final(*child));
    for child in rest {
        placing.beside(child);
    }
    // The later an end is reached for the first time, the nearer it stands: fewer lines cross.
    ends.sort_by_key(|end| (std::cmp::Reverse(first_source(graph, order, *end)), *end));
    for (place, end) in ends.into_iter().enumerate() {
        placing.put(end, ENDS + i32::try_from(place).unwrap_or(0));
    }
    Cluster { row: placing.row }
}

/// Regions lie below each other in the order of the file; that of the main way, else the first, is row 0.
fn regions(graph: &Graph, order: &Order, children: &[usize]) -> Cluster {
    let on_main = |child: &usize| order.main.iter().any(|leaf| graph.within(*leaf, *child));
    let main = children.iter().position(on_main).unwrap_or(0);
    let row = |place: usize| i32::try_from(place).unwrap_or(0) - i32::try_from(main).unwrap_or(0);
    Cluster { row: children.iter().enumerate().map(|(place, child)| (*child, row(place))).collect() }
}

/// The column from which an end is reached first.
fn first_source(graph: &Graph, order: &Order, end: usize) -> usize {
    let sources = graph.edges.iter().filter(|edge| edge.to == end).map(|edge| order.columns_of(graph, edge.from).1);
    sources.min().unwrap_or(0)
}

/// The children that stand in row 0: those on the main way, else a chain of their own from the initial state.
fn main_children(graph: &Graph, order: &Order, around: Option<usize>, children: &[usize]) -> Vec<usize> {
    let holds = |leaf: usize| children.iter().copied().find(|child| graph.within(leaf, *child));
    let mut chain: Vec<usize> = order.main.iter().filter_map(|leaf| holds(*leaf)).collect();
    chain.dedup();
    if !chain.is_empty() {
        return chain;
    }
    chain.extend(around.map(|around| graph.leaf(around)).and_then(holds));
    while let Some(last) = chain.last().copied() {
        let next = graph.edges.iter().filter(|edge| graph.within(edge.from, last) && order.forward(graph, edge));
        let next = next.filter_map(|edge| holds(graph.leaf(edge.to)));
        let ends = order.columns_of(graph, last).1;
        let next = next.filter(|child| order.columns_of(graph, *child).0 > ends).find(|child| !chain.contains(child));
        match next {
            Some(child) => chain.push(child),
            None => break,
        }
    }
    chain
}

struct Placing<'a> {
    graph: &'a Graph,
    order: &'a Order,
    /// Columns that are taken, by row.
    taken: BTreeMap<i32, Vec<(usize, usize)>>,
    row: BTreeMap<usize, i32>,
}

impl Placing<'_> {
    fn is_free(&self, child: usize, row: i32) -> bool {
        let (first, last) = self.order.columns_of(self.graph, child);
        self.taken.get(&row).into_iter().flatten().all(|(from, to)| last < *from || *to < first)
    }

    fn put(&mut self, child: usize, row: i32) {
        let columns = self.order.columns_of(self.graph, child);
        self.taken.entry(row).or_default().push(columns);
        self.row.insert(child, row);
    }

    /// Above the main way what leads on, below it what leads back; in the row of where it is reached from, if that is free.
    fn beside(&mut self, child: usize) {
        let side = if self.leads_on(child) { -1 } else { 1 };
        let before = self.graph.edges.iter().filter(|edge| self.graph.within(edge.to, child));
        let before = before.filter_map(|edge| self.row.get(&edge.from)).copied().find(|row| row * side > 0);
        let mut rows = before.into_iter().chain((1..).map(|row| row * side));
        if let Some(row) = rows.find(|row| self.is_free(child, *row)) {
            self.put(child, row);
        }
    }

    fn leads_on(&self, child: usize) -> bool {
        let goal = self.order.goal(self.graph);
        let out = self.graph.edges.iter().filter(|edge| self.graph.within(edge.from, child) && edge.tie == Tie::Plain);
        let mut out = out.filter(|edge| !self.graph.within(edge.to, child));
        out.any(|edge| {
            let on = !self.graph.is_final(edge.to) || Some(edge.to) == goal;
            on && self.order.forward(self.graph, edge)
        })
    }
}
