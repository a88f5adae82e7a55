//! Whatever the statechart: states do not overlap, no line runs through a state, no text lies on anything.

use proptest::prelude::*;

use super::super::graph::{Cause, Edge, Graph, Kind, Node, Tie, Way};
use super::super::say;
use super::super::text::{self, SMALL};
use super::{Layout, Rect, layout};

/// States at the top, two compound states with some of them inside, ends; and any transitions between them.
fn graphs() -> impl Strategy<Value = Graph> {
    let inside = prop::collection::vec(0_usize..4, 3..9);
    let edges = prop::collection::vec((0_usize..14, 0_usize..14, 0_usize..30, 0_usize..5), 4..24);
    (inside, edges, 1_usize..4).prop_map(|(inside, edges, ends)| graph(&inside, &edges, ends))
}

fn node(place: usize, parent: Option<usize>, kind: Kind) -> Node {
    let title = ["Lập hồ sơ", "Cơ quan thường trực kiểm tra", "Hội đồng cấp Bộ", "Ký"][place % 4].to_owned();
    let id = format!("s{place}").as_str().into();
    Node { id, title, who: String::new(), term: String::new(), parent, kind }
}

/// `inside` says for each state in which compound state it lies: the first, the second, one inside the first, none.
fn graph(inside: &[usize], edges: &[(usize, usize, usize, usize)], ends: usize) -> Graph {
    let mut nodes = vec![node(0, None, Kind::Stage)];
    let compound = |nodes: &mut Vec<Node>, of: usize, parent: Option<usize>| {
        let members = inside.iter().filter(|one| **one == of).count();
        if members == 0 {
            return None;
        }
        let at = nodes.len();
        let parallel = of == 0 && ends == 3;
        nodes.push(node(at, parent, if parallel { Kind::Parallel } else { Kind::Compound { initial: at + 1 } }));
        for member in 0..members {
            let kind = match nodes.len() % 5 {
                0 => Kind::Passing,
                1 if member > 0 && !parallel => Kind::History { deep: of == 1 },
                _ => Kind::Stage,
            };
            nodes.push(node(nodes.len(), Some(at), kind));
        }
        Some(at)
    };
    let first = compound(&mut nodes, 0, None);
    compound(&mut nodes, 1, first);
    compound(&mut nodes, 2, None);
    for _ in inside.iter().filter(|one| **one == 3) {
        nodes.push(node(nodes.len(), None, Kind::Stage));
    }
    for _ in 0..ends {
        nodes.push(node(nodes.len(), None, Kind::Final));
    }
    let count = nodes.len();
    let mut made: Vec<Edge> = Vec::new();
    for (from, to, words, tie) in edges {
        let (from, to) = (from % count, to % count);
        // What goes on was left: it is not around what is left for it.
        let around = std::iter::successors(Some(from), |one| nodes[*one].parent).any(|one| one == to);
        let tie = match tie {
            0 if !around && matches!(nodes[to].kind, Kind::Compound { .. }) => Tie::Resume,
            1 => Tie::Pause,
            _ => Tie::Plain,
        };
        // Nothing leads from one region into another.
        let region = |node: usize| {
            let over = std::iter::successors(Some(node), |one| nodes[*one].parent);
            over.into_iter().find(|one| nodes[*one].parent.is_some_and(|around| nodes[around].kind == Kind::Parallel))
        };
        let apart = matches!((region(from), region(to)), (Some(one), Some(two)) if one != two);
        if nodes[from].kind != Kind::Final
            && !apart
            && !made.iter().any(|edge| (edge.from, edge.to, edge.tie) == (from, to, tie))
        {
            let text = "Đồng ý trình lên cấp trên xem xét".split(' ').take(words % 7).collect::<Vec<_>>().join(" ");
            made.push(Edge { from, to, tie, ways: vec![Way { cause: Cause::Person, event: None, text }] });
        }
    }
    Graph { title: "Việc".to_owned(), nodes, edges: made, initial: 0 }
}

fn overlap(one: Rect, two: Rect) -> bool {
    one.x < two.x + two.width && two.x < one.x + one.width && one.y < two.y + two.height && two.y < one.y + one.height
}

/// The rectangle of a stretch of a line, and those of its label's lines.
fn stretches(layout: &Layout) -> Vec<(usize, Rect)> {
    let mut all = Vec::new();
    for (edge, wire) in layout.wires.iter().enumerate() {
        for pair in wire.points.windows(2) {
            let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
            assert!(ax == bx || ay == by, "a slanting line: {wire:?}");
            all.push((edge, Rect { x: ax.min(bx), y: ay.min(by), width: (ax - bx).abs(), height: (ay - by).abs() }));
        }
    }
    all
}

fn labels(layout: &Layout) -> Vec<Rect> {
    let mut all = Vec::new();
    for wire in &layout.wires {
        for (place, line) in (0..).zip(&wire.label) {
            let (x, y) = (wire.at.0, wire.at.1 + place * SMALL.line);
            all.push(Rect { x, y: y - 9, width: text::width(line, SMALL), height: 11 });
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn nothing_lies_on_anything_else(graph in graphs()) {
        let notes = vec![vec!["Chuyên viên".to_owned()]; graph.nodes.len()];
        let layout = layout(&graph, say::phrases("vi"), &notes);
        let leaves: Vec<usize> = graph.leaves().collect();
        for (place, one) in leaves.iter().enumerate() {
            for two in &leaves[place + 1..] {
                prop_assert!(!overlap(layout.boxes[*one], layout.boxes[*two]), "{one} on {two}");
            }
            for around in graph.around(*one) {
                let (inner, outer) = (layout.boxes[*one], layout.boxes[around]);
                prop_assert!(outer.x < inner.x && inner.x + inner.width < outer.x + outer.width, "{one} in {around}");
                prop_assert!(outer.y < inner.y && inner.y + inner.height < outer.y + outer.height, "{one} in {around}");
            }
        }
        for (edge, stretch) in stretches(&layout) {
            for leaf in &leaves {
                prop_assert!(!overlap(stretch, layout.boxes[*leaf]), "edge {edge} through {leaf}");
            }
        }
        let labels = labels(&layout);
        for (place, label) in labels.iter().enumerate() {
            prop_assert!(label.x >= 0 && label.x + label.width <= layout.width && label.y >= 0, "{label:?} is cut off");
            for leaf in &leaves {
                prop_assert!(!overlap(*label, layout.boxes[*leaf]), "a label on {leaf}: {label:?}");
            }
            for other in &labels[place + 1..] {
                prop_assert!(!overlap(*label, *other), "a label on a label: {label:?} {other:?}");
            }
        }
    }
}
