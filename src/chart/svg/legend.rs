//! What the signs of a picture mean: only those that occur.

use super::super::graph::{Kind, Tie};
use super::super::layout::Rect;
use super::super::text::{self, SMALL};
use super::{EDGE, Sheet, Standing, place_of};

/// Its height.
pub(super) const HEIGHT: i32 = 34;
/// Where a sign's words begin, and what is between two signs.
const WORDS: i32 = 34;
const BETWEEN: i32 = 26;

impl Sheet<'_> {
    /// What the signs mean, of those that occur.
    pub(super) fn legend(&self) -> Vec<(Sign, String)> {
        let passing = self.graph.nodes.iter().any(|node| node.kind == Kind::Passing);
        let pauses = self.graph.edges.iter().any(|edge| edge.tie != Tie::Plain);
        let all = [
            (Sign::State(Standing::Here), "here", self.marks.one),
            (Sign::State(Standing::Done), "done", self.marks.one),
            (Sign::State(Standing::Ahead), "ahead", self.marks.one),
            (Sign::Count, "count", !self.marks.counts.is_empty()),
            (Sign::Passing, "automatic", passing),
            (Sign::Dashed, "pauses", pauses),
            (Sign::Region, "regions", self.graph.nodes.iter().any(|node| node.kind == Kind::Parallel)),
            (Sign::History, "history", self.graph.nodes.iter().any(|node| matches!(node.kind, Kind::History { .. }))),
        ];
        let there = all.into_iter().filter(|(_, _, there)| *there);
        there.map(|(sign, key, _)| (sign, self.phrases.get(key).to_owned())).collect()
    }

    pub(super) fn draw_legend(&mut self, legend: &[(Sign, String)], y: i32) {
        let mut x = EDGE;
        for (sign, said) in legend {
            let rect = Rect { x, y: y - 6, width: 26, height: 14 };
            let (state, light, ink) = (self.ink.state, self.ink.light, self.ink.ink);
            let shape = match sign {
                Sign::State(Standing::Here) => format!("<rect {} rx=\"4\" fill=\"{ink}\"/>", place_of(rect)),
                Sign::State(Standing::Ahead) => {
                    format!("<rect {} rx=\"4\" fill=\"{state}\" stroke=\"{light}\"/>", place_of(rect))
                }
                Sign::State(Standing::Done | Standing::Plain) => {
                    format!("<rect {} rx=\"4\" fill=\"{state}\" stroke=\"{ink}\" stroke-width=\"2\"/>", place_of(rect))
                }
                Sign::Count => format!("<circle cx=\"{}\" cy=\"{}\" r=\"7\" fill=\"{ink}\"/>", x + 13, y + 1),
                Sign::Region => format!(
                    "<rect {} rx=\"4\" fill=\"none\" stroke=\"{}\" stroke-dasharray=\"7 4\"/>",
                    place_of(rect),
                    self.ink.quiet
                ),
                Sign::History => format!(
                    "<circle cx=\"{}\" cy=\"{}\" r=\"8\" fill=\"{state}\" stroke=\"{}\"/>",
                    x + 13,
                    y + 1,
                    self.ink.quiet
                ),
                Sign::Passing => {
                    format!("<rect {} rx=\"7\" fill=\"{state}\" stroke=\"{}\"/>", place_of(rect), self.ink.quiet)
                }
                Sign::Dashed => {
                    format!("<path d=\"M{x} {}h26\" stroke=\"{}\" stroke-dasharray=\"5 4\"/>", y + 1, self.ink.quiet)
                }
            };
            self.out.push_str(&shape);
            self.out.push('\n');
            self.text(said, (x + 34, y + 5), SMALL, self.ink.quiet, "start");
            x += item(said);
        }
    }
}

/// A sign of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    State(Standing),
    Count,
    Passing,
    Dashed,
    Region,
    History,
}

/// The width of all of it, edges included.
pub(super) fn width(legend: &[(Sign, String)]) -> i32 {
    EDGE + legend.iter().map(|(_, said)| item(said)).sum::<i32>()
}

fn item(said: &str) -> i32 {
    WORDS + text::width(said, SMALL) + BETWEEN
}
