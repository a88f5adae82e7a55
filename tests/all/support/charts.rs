//! Random statecharts, and how they become machines: for the tests that compare `decide` with SCXML's own algorithm.

use chancery::machine::Machine;
use serde_json::{Value, json};

/// A chart: its states in document order.
#[derive(Clone, Debug)]
pub(crate) struct RandomChart {
    pub nodes: Vec<Node>,
}

/// One state.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub id: String,
    pub parent: Option<usize>,
    pub kind: NodeKind,
    pub ways: Vec<Way>,
    /// Entering it adds one to `n`.
    pub counts: bool,
    /// Leaving it adds one to `m`.
    pub counts_exits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Atomic,
    Compound { initial: usize },
    Parallel,
    Final,
    History { deep: bool, target: usize },
}

/// One transition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub cause: Cause,
    /// None: it leads nowhere.
    pub target: Option<usize>,
    pub internal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A person's event.
    Event(u8),
    /// No event; taken as long as `n` is below.
    Always(u32),
    /// The state has come to its end.
    Done,
}

/// Reads choices off a tape of random bytes.
struct Tape<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Tape<'_> {
    fn below(&mut self, bound: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte as usize % bound.max(1)
    }
}

/// A state on its way to its place.
struct Sketch {
    kind: Rough,
    children: Vec<Sketch>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rough {
    Atomic,
    Compound,
    Parallel,
    Final,
    History,
}

impl RandomChart {
    /// The chart that a tape says.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut tape = Tape { bytes, at: 0 };
        let mut left = 24;
        let mut tops: Vec<Sketch> = (0..2 + tape.below(2)).map(|_| sketch(&mut tape, 0, &mut left)).collect();
        tops.push(Sketch { kind: Rough::Final, children: Vec::new() });
        let mut chart = Self { nodes: Vec::new() };
        for top in &tops {
            chart.lay(top, None);
        }
        chart.fill_in(&mut tape);
        chart
    }

    fn lay(&mut self, sketch: &Sketch, parent: Option<usize>) {
        let at = self.nodes.len();
        let own = format!("s{at}");
        let id = parent.map_or_else(|| own.clone(), |parent| format!("{}.{own}", self.nodes[parent].id));
        let kind = match sketch.kind {
            Rough::Atomic => NodeKind::Atomic,
            Rough::Compound => NodeKind::Compound { initial: 0 },
            Rough::Parallel => NodeKind::Parallel,
            Rough::Final => NodeKind::Final,
            Rough::History => NodeKind::History { deep: false, target: 0 },
        };
        self.nodes.push(Node { id, parent, kind, ways: Vec::new(), counts: false, counts_exits: false });
        for child in &sketch.children {
            self.lay(child, Some(at));
        }
    }

    /// What names need all states to be there for.
    fn fill_in(&mut self, tape: &mut Tape<'_>) {
        for at in 0..self.nodes.len() {
            let inside: Vec<usize> = (0..self.nodes.len()).filter(|other| self.is_inside(*other, at)).collect();
            match self.nodes[at].kind {
                NodeKind::Compound { .. } => {
                    let children: Vec<usize> =
                        inside.iter().copied().filter(|child| self.nodes[*child].parent == Some(at)).collect();
                    self.nodes[at].kind = NodeKind::Compound { initial: children[tape.below(children.len())] };
                }
                NodeKind::History { .. } => {
                    let around = self.nodes[at].parent.expect("a history lies inside something");
                    let real: Vec<usize> = (0..self.nodes.len())
                        .filter(|other| self.is_inside(*other, around))
                        .filter(|other| !matches!(self.nodes[*other].kind, NodeKind::History { .. }))
                        .collect();
                    let deep = tape.below(2) == 0;
                    self.nodes[at].kind = NodeKind::History { deep, target: real[tape.below(real.len())] };
                    continue;
                }
                NodeKind::Final => continue,
                NodeKind::Atomic | NodeKind::Parallel => {}
            }
            self.nodes[at].counts = tape.below(3) == 0;
            self.nodes[at].counts_exits = tape.below(3) == 0;
            for _ in 0..tape.below(4) {
                let cause = match tape.below(8) {
                    0 => Cause::Always(1 + u32::try_from(tape.below(12)).expect("small")),
                    1 | 2 if !inside.is_empty() => Cause::Done,
                    _ => Cause::Event(u8::try_from(tape.below(4)).expect("small")),
                };
                let target = if tape.below(10) == 0 { None } else { Some(tape.below(self.nodes.len())) };
                let is_compound = matches!(self.nodes[at].kind, NodeKind::Compound { .. });
                let internal =
                    is_compound && target.is_some_and(|target| inside.contains(&target)) && tape.below(2) == 0;
                self.nodes[at].ways.push(Way { cause, target, internal });
            }
        }
    }

    pub(crate) fn is_inside(&self, inner: usize, outer: usize) -> bool {
        let mut at = self.nodes[inner].parent;
        while let Some(around) = at {
            if around == outer {
                return true;
            }
            at = self.nodes[around].parent;
        }
        false
    }

    /// As a deployed machine: it is loaded, not checked.
    pub(crate) fn machine(&self) -> Machine {
        self.machine_called("random")
    }

    /// The same under a name of its own, which is its hash too.
    pub(crate) fn machine_called(&self, name: &str) -> Machine {
        let states: Vec<Value> = self.nodes.iter().map(|node| self.state(node)).collect();
        let guards: serde_json::Map<String, Value> = (1..=12)
            .map(|n| (format!("below_{n}"), json!({"expr": format!("n < {n}"), "refuse": text(""), "basis": null})))
            .collect();
        let number =
            |name: &str| json!({"name": name, "label": text(name), "type": {"is": "number", "min": null, "max": null}});
        let shape = json!({
            "level": 1,
            "workflow": name,
            "title": text("random"),
            "language": "vi",
            "calendar": "plain",
            "caption": null,
            "fields": [
                {"name": "unit", "label": text("unit"), "type": {"is": "unit"}},
                number("n"),
                number("m"),
            ],
            "roles": {"clerk": {"label": text("clerk"), "starter": true, "source":
                {"from": "post", "post": "clerk", "of": {"unit": "field", "field": "unit"}}}},
            "guards": guards,
            "initial": self.nodes[0].id,
            "states": states,
        });
        Machine::load(name.into(), &shape.to_string()).expect("a random chart is a machine")
    }

    fn state(&self, node: &Node) -> Value {
        let id = |at: usize| self.nodes[at].id.clone();
        let kind = match node.kind {
            NodeKind::Atomic => json!("atomic"),
            NodeKind::Parallel => json!("parallel"),
            NodeKind::Compound { initial } => json!({"compound": {"initial": id(initial)}}),
            NodeKind::Final if node.parent.is_none() => json!({"final": {"outcome": "over"}}),
            NodeKind::Final => json!({"final": {}}),
            NodeKind::History { deep, target } => json!({"history": {"deep": deep, "target": id(target)}}),
        };
        let way = |way: &Way| {
            let (event, by, guard) = match way.cause {
                Cause::Event(event) => (json!(format!("e{event}")), json!(["clerk"]), json!([])),
                Cause::Done => (json!("done"), json!([]), json!([])),
                Cause::Always(below) => (Value::Null, json!([]), json!([format!("below_{below}")])),
            };
            let target = way.target.map_or_else(|| json!("stay"), |at| json!({"state": id(at)}));
            json!({"event": event, "by": by, "guard": guard, "target": target, "internal": way.internal})
        };
        let is_always = |way: &&Way| matches!(way.cause, Cause::Always(_));
        let on: Vec<Value> = node.ways.iter().filter(|way| !is_always(way)).map(way).collect();
        let always: Vec<Value> = node.ways.iter().filter(is_always).map(way).collect();
        let set = |counts: bool, field: &str| {
            let one = json!({"field": field, "value": format!("{field} + 1")});
            json!({"set": if counts { vec![one] } else { Vec::new() }})
        };
        json!({
            "id": node.id,
            "parent": node.parent.map(id),
            "title": text(&node.id),
            "kind": kind,
            "on": on,
            "always": always,
            "entry": set(node.counts, "n"),
            "exit": set(node.counts_exits, "m"),
        })
    }
}

fn text(own: &str) -> Value {
    json!({"own": own})
}

fn sketch(tape: &mut Tape<'_>, depth: usize, left: &mut usize) -> Sketch {
    *left = left.saturating_sub(1);
    let kind = match tape.below(if depth == 0 { 5 } else { 7 }) {
        _ if depth == 3 || *left < 4 => Rough::Atomic,
        0..=1 => Rough::Compound,
        2..=3 => Rough::Parallel,
        _ => Rough::Atomic,
    };
    let mut children = Vec::new();
    match kind {
        Rough::Compound => {
            children.extend((0..=tape.below(3)).map(|_| sketch(tape, depth + 1, left)));
            if tape.below(2) == 0 {
                children.push(Sketch { kind: Rough::Final, children: Vec::new() });
            }
        }
        Rough::Parallel => children.extend((0..2 + tape.below(2)).map(|_| sketch(tape, depth + 1, left))),
        Rough::Atomic | Rough::Final | Rough::History => {}
    }
    if !children.is_empty() && tape.below(3) == 0 {
        let at = tape.below(children.len() + 1);
        children.insert(at, Sketch { kind: Rough::History, children: Vec::new() });
    }
    Sketch { kind, children }
}
