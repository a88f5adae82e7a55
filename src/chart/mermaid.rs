//! A statechart as Mermaid's `stateDiagram-v2`, for pages and wikis that draw that themselves.

use std::fmt::Write as _;

use super::graph::{Graph, Kind, Tie};
use super::marks::Marks;
use crate::words::Phrases;

/// The statechart in Mermaid's language.
pub fn mermaid(graph: &Graph, phrases: &Phrases, marks: &Marks) -> String {
    let mut out = format!("---\ntitle: {}\n---\nstateDiagram-v2\n    direction LR\n", quoted(&graph.title));
    states(&mut out, graph, marks, None, 1);
    let _ = writeln!(out, "    [*] --> {}", name(graph, graph.initial)); // writing to a String cannot fail
    for edge in &graph.edges {
        let tie = match edge.tie {
            Tie::Plain => "",
            Tie::Pause | Tie::Resume => "⏸ ",
        };
        let (from, to, label) = (name(graph, edge.from), name(graph, edge.to), edge.label(phrases));
        let label =
            if label.is_empty() && tie.is_empty() { String::new() } else { format!(" : {tie}{}", said(&label)) };
        let _ = writeln!(out, "    {from} --> {to}{}", label.trim_end());
    }
    for node in graph.leaves().filter(|node| graph.is_final(*node) && graph.nodes[*node].parent.is_none()) {
        let _ = writeln!(out, "    {} --> [*]", name(graph, node));
    }
    classes(&mut out, graph, marks);
    out
}

fn states(out: &mut String, graph: &Graph, marks: &Marks, around: Option<usize>, depth: usize) {
    for place in (0..graph.nodes.len()).filter(|place| graph.nodes[*place].parent == around) {
        only(out, graph, marks, place, depth);
    }
}

fn only(out: &mut String, graph: &Graph, marks: &Marks, place: usize, depth: usize) {
    let (indent, node) = ("    ".repeat(depth), &graph.nodes[place]);
    let count = marks.counts.get(&node.id).map(|count| format!(" ({count})")).unwrap_or_default();
    let _ = write!(out, "{indent}state \"{}{count}\" as {}", said(&node.title), name(graph, place));
    match node.kind {
        Kind::Compound { initial } => {
            let _ = writeln!(out, " {{\n{indent}    direction LR");
            states(out, graph, marks, Some(place), depth + 1);
            let _ = writeln!(out, "{indent}    [*] --> {}\n{indent}}}", name(graph, initial));
        }
        Kind::Parallel => {
            out.push_str(" {\n");
            for (region, inner) in graph.inside(place).enumerate() {
                if region > 0 {
                    let _ = writeln!(out, "{indent}    --");
                }
                only(out, graph, marks, inner, depth + 1);
            }
            let _ = writeln!(out, "{indent}}}");
        }
        Kind::Stage | Kind::Passing | Kind::Final | Kind::History { .. } => out.push('\n'),
    }
}

fn classes(out: &mut String, graph: &Graph, marks: &Marks) {
    let of = |here: bool| {
        let nodes = graph
            .leaves()
            .filter(|node| marks.visits.get(&graph.nodes[*node].id).is_some_and(|visit| visit.here == here));
        nodes.map(|node| name(graph, node)).collect::<Vec<_>>().join(",")
    };
    for (class, nodes, style) in [
        ("here", of(true), "fill:#1a1a1a,color:#fff,stroke:#1a1a1a"),
        ("done", of(false), "stroke:#1a1a1a,stroke-width:3px"),
    ] {
        if !nodes.is_empty() {
            let _ = writeln!(out, "    classDef {class} {style}\n    class {nodes} {class}");
        }
    }
}

/// Two underscores for the dot of a path.
fn name(graph: &Graph, node: usize) -> String {
    graph.nodes[node].id.as_str().replace('.', "__")
}

/// What would end a label, or begin an entity, is written as one.
fn said(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, letter| {
        match letter {
            '#' => out.push_str("#35;"),
            ';' => out.push_str("#59;"),
            ':' => out.push_str("#58;"),
            '"' => out.push_str("#quot;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
        out
    })
}

/// For the head, which is YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
