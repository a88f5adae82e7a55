//! Which way is the main one, and in which column each state stands: sources left of targets, but for what leads back.

use std::collections::BTreeMap;

use super::super::graph::{Cause, Edge, Graph, Kind, Tie};

/// What a state adds to a way on which somebody works in it; passing states and clocks are not what a procedure is about.
const STAGE: i32 = 10;
const PASSING: i32 = -1;
const BY_THE_CLOCK: i32 = -5;
const FROM_AROUND: i32 = -8;

/// Columns of the states that have none inside.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The main way, from the initial state to an end.
    pub main: Vec<usize>,
    /// The edges that the main way takes.
    taken: Vec<usize>,
    /// Earlier ranks stand further left.
    rank: Vec<Rank>,
    /// The column of each state; of a compound state 0.
    pub column: Vec<usize>,
}

/// How late on the main way a state comes; how far beside it; its place in the file.
type Rank = (usize, usize, usize);
const LATER: usize = usize::MAX;

impl Order {
    pub(super) fn new(graph: &Graph) -> Self {
        let (main, taken) = main_way(graph);
        let Ranks { rank, origin, level } = ranks(graph, &main);
        let mut order = Self { main, taken, rank, column: vec![0; graph.nodes.len()] };
        order.columns(graph, &origin, &level);
        order.ends(graph);
        order
    }

    /// The end of the main way, if it has one.
    pub(super) fn goal(&self, graph: &Graph) -> Option<usize> {
        self.main.last().copied().filter(|last| graph.is_final(*last))
    }

    /// Whether the main way takes an edge.
    pub(super) fn takes(&self, edge: usize) -> bool {
        self.taken.contains(&edge)
    }

    /// Whether an edge leads on, not back.
    pub(super) fn forward(&self, graph: &Graph, edge: &Edge) -> bool {
        let from = graph.leaf(edge.from);
        edge.tie != Tie::Resume && self.rank[from] < self.rank[graph.leaf(edge.to)]
    }

    pub(super) fn rank(&self, leaf: usize) -> Rank {
        self.rank[leaf]
    }

    /// The first and the last column of a state.
    pub(super) fn columns_of(&self, graph: &Graph, node: usize) -> (usize, usize) {
        // Regions are as wide as all of them together.
        let node = graph.nodes[node].parent.filter(|_| graph.is_region(node)).unwrap_or(node);
        let inside = graph.leaves().filter(|leaf| graph.within(*leaf, node)).map(|leaf| self.column[leaf]);
        inside.fold((usize::MAX, 0), |(first, last), column| (first.min(column), last.max(column)))
    }

    /// The longest way to each state along edges that lead on.
    fn columns(&mut self, graph: &Graph, origin: &BTreeMap<usize, usize>, level: &BTreeMap<usize, usize>) {
        let mut leaves: Vec<usize> = graph.leaves().collect();
        leaves.sort_by_key(|leaf| self.rank[*leaf]);
        for leaf in leaves {
            let from_edges = graph.edges.iter().enumerate().filter(|(_, edge)| graph.leaf(edge.to) == leaf);
            let after = from_edges.filter_map(|(place, edge)| {
                let holds = graph.nodes[edge.from].kind.holds_states();
                let on = if holds { self.takes(place) } else { self.forward(graph, edge) };
                on.then(|| self.columns_of(graph, edge.from).1)
            });
            let after = after.chain(origin.get(&leaf).map(|from| self.column[*from]));
            let least = level.get(&leaf).map_or(0, |from| self.column[*from]);
            self.column[leaf] = after.max().map_or(least, |column| least.max(column + 1));
        }
    }

    /// Ends stand at the right edge of what they end.
    fn ends(&mut self, graph: &Graph) {
        let columns: Vec<(usize, usize)> = graph
            .leaves()
            .filter(|leaf| graph.is_final(*leaf))
            .map(|leaf| {
                let others = graph.leaves().filter(|leaf| !is_end(graph, *leaf)).map(|leaf| self.column[leaf]);
                let after_all = || others.max().map_or(0, |column| column + 1);
                let inside = graph.nodes[leaf].parent.map(|parent| self.columns_of(graph, parent).1);
                let column = inside.unwrap_or_else(after_all);
                (leaf, column)
            })
            .collect();
        for (leaf, column) in columns {
            self.column[leaf] = column;
        }
    }
}

/// The dossier itself ends here, not only what is inside a compound state.
fn is_end(graph: &Graph, leaf: usize) -> bool {
    graph.is_final(leaf) && graph.nodes[leaf].parent.is_none()
}

/// The edges out of a state and out of those around it.
fn out(graph: &Graph, leaf: usize) -> impl Iterator<Item = (usize, &Edge)> {
    graph.edges.iter().enumerate().filter(move |(_, edge)| graph.within(leaf, edge.from) && edge.tie != Tie::Resume)
}

/// The way with the most stages among those that follow the order of the file; if that has none, the shortest one.
fn main_way(graph: &Graph) -> (Vec<usize>, Vec<usize>) {
    let mut best: Vec<Option<(i32, usize, usize)>> = vec![None; graph.nodes.len()];
    for leaf in (0..graph.nodes.len()).rev() {
        if graph.nodes[leaf].kind.holds_states() || is_end(graph, leaf) {
            continue;
        }
        for (place, edge) in out(graph, leaf).filter(|(_, edge)| edge.tie == Tie::Plain) {
            let to = graph.leaf(edge.to);
            let beyond = if is_end(graph, to) { Some(0) } else { best[to].map(|(score, _, _)| score) };
            let Some(beyond) = beyond.filter(|_| to > leaf) else { continue };
            let score = beyond + worth(graph, to) + price(graph, edge, leaf);
            if best[leaf].is_none_or(|(had, _, _)| score > had) {
                best[leaf] = Some((score, place, to));
            }
        }
    }
    let (mut main, mut taken) = (vec![graph.leaf(graph.initial)], Vec::new());
    while let Some((_, edge, to)) = main.last().and_then(|last| best[*last]) {
        main.push(to);
        taken.push(edge);
    }
    if taken.is_empty() { shortest_way(graph) } else { (main, taken) }
}

fn worth(graph: &Graph, leaf: usize) -> i32 {
    match graph.nodes[leaf].kind {
        Kind::Stage => STAGE,
        Kind::Passing => PASSING,
        Kind::Final | Kind::Compound { .. } | Kind::Parallel | Kind::History { .. } => 0,
    }
}

fn price(graph: &Graph, edge: &Edge, leaf: usize) -> i32 {
    let clock = if edge.ways.iter().all(|way| way.cause == Cause::Clock) { BY_THE_CLOCK } else { 0 };
    // From the end of what is inside, what is around goes on as a matter of course.
    clock + if edge.from == leaf || graph.is_final(leaf) { 0 } else { FROM_AROUND }
}

fn shortest_way(graph: &Graph) -> (Vec<usize>, Vec<usize>) {
    let start = graph.leaf(graph.initial);
    let mut ways: Vec<(Vec<usize>, Vec<usize>)> = vec![(vec![start], Vec::new())];
    let mut seen = vec![start];
    let mut next = 0;
    while let Some((nodes, edges)) = ways.get(next).cloned() {
        next += 1;
        let Some(last) = nodes.last().copied() else { continue };
        if is_end(graph, last) {
            return (nodes, edges);
        }
        for (place, edge) in out(graph, last) {
            let to = graph.leaf(edge.to);
            if !seen.contains(&to) {
                seen.push(to);
                let nodes = nodes.iter().copied().chain([to]).collect();
                ways.push((nodes, edges.iter().copied().chain([place]).collect()));
            }
        }
    }
    (vec![start], Vec::new())
}

/// The first states of the regions beside those that a state lies in.
fn beside(graph: &Graph, leaf: usize) -> Vec<usize> {
    let parallels = graph.around(leaf).filter(|around| graph.nodes[*around].kind == Kind::Parallel);
    parallels.flat_map(|parallel| graph.inside(parallel)).map(|region| graph.leaf(region)).collect()
}

/// The rank of every leaf.
struct Ranks {
    rank: Vec<Rank>,
    /// From which leaf those beside the main way are reached first.
    origin: BTreeMap<usize, usize>,
    /// With which leaf those of other regions are entered.
    level: BTreeMap<usize, usize>,
}

fn ranks(graph: &Graph, main: &[usize]) -> Ranks {
    let mut rank: Vec<Option<Rank>> = vec![None; graph.nodes.len()];
    let (mut origin, mut level) = (BTreeMap::new(), BTreeMap::new());
    for (place, leaf) in main.iter().enumerate() {
        rank[*leaf] = Some((place, 0, *leaf));
    }
    // First what the main way itself leads to, then what that leads to; the edges of compound states after those inside.
    let mut reached: Vec<usize> = main.to_vec();
    let mut depth = 1;
    while !reached.is_empty() {
        let mut next = Vec::new();
        for from in &reached {
            let place = rank[*from].map_or(0, |(place, _, _)| place);
            // With one region the others are entered.
            for to in beside(graph, *from) {
                if rank[to].is_none() {
                    rank[to] = Some((place, depth, to));
                    level.insert(to, *from);
                    next.push(to);
                }
            }
        }
        for inside in [true, false] {
            for from in &reached {
                let place = rank[*from].map_or(0, |(place, _, _)| place);
                for (_, edge) in out(graph, *from).filter(|(_, edge)| (edge.from == *from) == inside) {
                    let to = graph.leaf(edge.to);
                    if rank[to].is_none() && !is_end(graph, to) {
                        rank[to] = Some((place, depth, to));
                        origin.insert(to, *from);
                        next.push(to);
                    }
                }
            }
        }
        reached = next;
        depth += 1;
    }
    let rank = rank.into_iter().enumerate();
    let rank =
        rank.map(|(leaf, rank)| if is_end(graph, leaf) { (LATER, 0, leaf) } else { rank.unwrap_or((0, 0, leaf)) });
    Ranks { rank: rank.collect(), origin, level }
}
