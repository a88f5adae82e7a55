//! The lines of a picture: those to one state are one path, so that what they share is drawn once.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::graph::Tie;
use super::super::layout::{Layout, Point, Wire};
use super::super::text::SMALL;
use super::{Sheet, escaped};

/// The radius of corners.
const BEND: i32 = 6;
/// An arrowhead: its length, and half its width.
const HEAD: (i32, i32) = (8, 4);
/// From a border to the dot behind it.
const BEHIND: i32 = 10;

/// The lines to one state that look alike.
#[derive(Default)]
struct Bundle {
    pieces: Vec<Vec<Point>>,
    dots: Vec<Point>,
}

impl Sheet<'_> {
    /// Light lines first, so that dark ones lie on them; texts above all.
    pub(super) fn wires(&mut self, layout: &Layout) {
        let mut bundles: BTreeMap<(bool, usize, bool), Bundle> = BTreeMap::new();
        for (edge, wire) in layout.wires.iter().enumerate() {
            let of = &self.graph.edges[edge];
            let key = (self.taken.contains(&edge), self.graph.leaf(of.to), of.tie == Tie::Plain);
            let bundle = bundles.entry(key).or_default();
            bundle.pieces.extend(pieces(wire));
            bundle.dots.extend(&wire.dots);
        }
        for ((taken, _, plain), bundle) in bundles {
            self.bundle(taken, plain, bundle);
        }
        for (edge, wire) in layout.wires.iter().enumerate() {
            self.label(edge, wire);
        }
    }

    fn bundle(&mut self, taken: bool, plain: bool, mut bundle: Bundle) {
        let (color, width) = self.stroke(taken);
        let dash = if plain { "" } else { " stroke-dasharray=\"5 4\"" };
        bundle.pieces.sort();
        bundle.pieces.dedup();
        let whole: String = bundle.pieces.iter().map(|piece| path(piece)).collect();
        let _ =
            writeln!(self.out, "<path d=\"{whole}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dash}/>");
        let mut ends: Vec<(Point, Point)> = bundle.pieces.iter().filter_map(|piece| end(piece)).collect();
        ends.sort_unstable();
        ends.dedup();
        for (at, toward) in ends {
            self.arrow(at, toward, color);
        }
        bundle.dots.sort_unstable();
        bundle.dots.dedup();
        for dot in bundle.dots {
            self.dot(dot, 3, color);
        }
    }

    fn stroke(&self, taken: bool) -> (&'static str, &'static str) {
        match (self.marks.one, taken) {
            (_, true) => (self.ink.ink, "2"),
            (true, false) => (self.ink.light, "1.1"),
            (false, false) => (self.ink.quiet, "1.1"),
        }
    }

    /// What stands beside a line; of several conditions all of them, for whoever points at it.
    fn label(&mut self, edge: usize, wire: &Wire) {
        let color = if self.taken.contains(&edge) { self.ink.ink } else { self.ink.quiet };
        let ways = &self.graph.edges[edge].ways;
        let all: Vec<String> = ways.iter().map(|way| way.text.clone()).collect();
        if ways.len() > 2 {
            let _ = writeln!(self.out, "<g><title>{}</title>", escaped(&all.join("\n")));
        }
        for (place, line) in (0..).zip(&wire.label) {
            self.text(line, (wire.at.0, wire.at.1 + place * SMALL.line), SMALL, color, "start");
        }
        if ways.len() > 2 {
            self.out.push_str("</g>\n");
        }
    }

    /// An arrowhead at a point, in a direction.
    pub(super) fn arrow(&mut self, (x, y): Point, (dx, dy): Point, color: &str) {
        let (back_x, back_y) = (x - dx * HEAD.0, y - dy * HEAD.0);
        let side = |sign: i32| (back_x - dy * HEAD.1 * sign, back_y + dx * HEAD.1 * sign);
        let ((ax, ay), (bx, by)) = (side(1), side(-1));
        let _ = writeln!(self.out, "<path d=\"M{x} {y}L{ax} {ay}L{bx} {by}Z\" fill=\"{color}\"/>");
    }
}

/// A line in pieces: it ends at each border that it enters, and begins anew at the dot behind.
fn pieces(wire: &Wire) -> Vec<Vec<Point>> {
    let (mut pieces, mut rest) = (Vec::new(), wire.points.clone());
    for (x, y) in &wire.dots {
        let Some(last) = rest.pop() else { break };
        rest.push((x - BEHIND, *y));
        pieces.push(std::mem::replace(&mut rest, vec![(*x, *y), last]));
    }
    pieces.push(rest);
    pieces
}

/// Where a line ends, and in which direction.
pub(super) fn end(points: &[Point]) -> Option<(Point, Point)> {
    let [.., (from_x, from_y), (x, y)] = points else { return None };
    Some(((*x, *y), ((x - from_x).signum(), (y - from_y).signum())))
}

/// A line through points, its corners rounded.
pub(super) fn path(points: &[Point]) -> String {
    let mut out = String::new();
    for (place, point) in points.iter().enumerate() {
        let (x, y) = point;
        let neighbours = place.checked_sub(1).and_then(|before| Some((points[before], *points.get(place + 1)?)));
        match neighbours {
            None => {
                let _ = write!(out, "{}{x} {y}", if place == 0 { 'M' } else { 'L' });
            }
            Some((before, after)) => {
                let ((ax, ay), (bx, by)) = (toward(*point, before), toward(*point, after));
                let _ = write!(out, "L{ax} {ay}Q{x} {y} {bx} {by}");
            }
        }
    }
    out
}

/// A little way from a corner to its neighbour, at most half of it.
fn toward((x, y): Point, (to_x, to_y): Point) -> Point {
    let step = |from: i32, to: i32| (to - from).signum() * BEND.min((to - from).abs() / 2);
    (x + step(x, to_x), y + step(y, to_y))
}
