//! A statechart in the language of Graphviz, for those who lay it out themselves.

use std::fmt::Write as _;

use super::graph::{Graph, Kind, Tie};
use super::marks::Marks;
use crate::words::Phrases;

/// The statechart in Graphviz's language; compound states are clusters.
pub fn dot(graph: &Graph, phrases: &Phrases, marks: &Marks) -> String {
    let mut out = String::from("digraph statechart {\n");
    let _ = writeln!(out, "    label = {}; labelloc = t; labeljust = l;", quoted(&graph.title)); // writing to a String cannot fail
    out.push_str("    rankdir = LR; compound = true; fontname = \"sans-serif\";\n");
    out.push_str("    node [shape = box, style = rounded, fontname = \"sans-serif\", fontsize = 11];\n");
    out.push_str("    edge [fontname = \"sans-serif\", fontsize = 9];\n");
    out.push_str("    \"\" [shape = point, width = 0.15];\n");
    states(&mut out, graph, marks, None, 1);
    let begin = into(graph, graph.initial);
    let _ = writeln!(
        out,
        "    \"\" -> {}{};",
        quoted(graph.nodes[graph.leaf(graph.initial)].id.as_str()),
        attributes(&begin)
    );
    let taken = marks.taken(graph);
    for (place, edge) in graph.edges.iter().enumerate() {
        let mut said = Vec::new();
        let label = edge.label(phrases);
        if !label.is_empty() {
            said.push(format!("label = {}", quoted(&label)));
        }
        match edge.tie {
            Tie::Plain => {}
            Tie::Pause | Tie::Resume => said.push("style = dashed".to_owned()),
        }
        if taken.contains(&place) {
            said.push("penwidth = 2".to_owned());
        }
        if graph.nodes[edge.from].kind.holds_states() {
            said.push(format!("ltail = {}", quoted(&cluster(graph, edge.from))));
        }
        said.extend(into(graph, edge.to));
        let (from, to) = (graph.leaf(edge.from), graph.leaf(edge.to));
        let (from, to) = (quoted(graph.nodes[from].id.as_str()), quoted(graph.nodes[to].id.as_str()));
        let _ = writeln!(out, "    {from} -> {to}{};", attributes(&said));
    }
    out.push_str("}\n");
    out
}

/// An edge to a compound state ends at its border.
fn into(graph: &Graph, to: usize) -> Vec<String> {
    let border = graph.nodes[to].kind.holds_states().then(|| format!("lhead = {}", quoted(&cluster(graph, to))));
    border.into_iter().collect()
}

fn attributes(said: &[String]) -> String {
    if said.is_empty() { String::new() } else { format!(" [{}]", said.join(", ")) }
}

fn states(out: &mut String, graph: &Graph, marks: &Marks, around: Option<usize>, depth: usize) {
    let indent = "    ".repeat(depth);
    for (place, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.parent == around) {
        if node.kind.holds_states() {
            let style = if graph.is_region(place) { "\"rounded,dashed\"" } else { "rounded" };
            let _ = writeln!(out, "{indent}subgraph {} {{", quoted(&cluster(graph, place)));
            let _ = writeln!(out, "{indent}    label = {}; style = {style};", quoted(&node.title));
            states(out, graph, marks, Some(place), depth + 1);
            let _ = writeln!(out, "{indent}}}");
            continue;
        }
        let count = marks.counts.get(&node.id).map(|count| format!(" ({count})")).unwrap_or_default();
        let mut said = vec![format!("label = {}", quoted(&format!("{}{count}", node.title)))];
        match node.kind {
            Kind::Final => said.push("peripheries = 2".to_owned()),
            Kind::Passing => said.push("shape = ellipse".to_owned()),
            Kind::History { deep } => {
                let letter = if deep { "H*" } else { "H" };
                said = vec![format!("label = \"{letter}\""), "shape = circle".to_owned()];
            }
            Kind::Stage | Kind::Compound { .. } | Kind::Parallel => {}
        }
        match marks.visits.get(&node.id).map(|visit| visit.here) {
            Some(true) => said.push("style = \"rounded,filled\", fillcolor = black, fontcolor = white".to_owned()),
            Some(false) => said.push("penwidth = 2".to_owned()),
            None => {}
        }
        let _ = writeln!(out, "{indent}{}{};", quoted(node.id.as_str()), attributes(&said));
    }
}

fn cluster(graph: &Graph, node: usize) -> String {
    format!("cluster_{}", graph.nodes[node].id)
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
