//! A statechart as SVG, for print and for pages: no script, no style sheet, no font of its own; the same bytes for the same
//! workflow. Where a dossier stands is filled, where it was is dark, what lies ahead is light: told apart without colours.

mod legend;
mod wires;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::graph::{Graph, Kind, Node};
use super::layout::{Layout, Lines, Point, Rect, layout};
use super::marks::Marks;
use super::text::{self, Face, HEAD, SMALL, TITLE};
use crate::ids::Instant;
use crate::words::{Phrases, Words};

/// The colours of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink {
    paper: Option<&'static str>,
    ink: &'static str,
    on_ink: &'static str,
    quiet: &'static str,
    light: &'static str,
    tint: &'static str,
    state: &'static str,
}

impl Ink {
    /// Black on white, for files and for print.
    pub const PAPER: Self = Self {
        paper: Some("#fff"),
        ink: "#1a1a1a",
        on_ink: "#fff",
        quiet: "#4d4d4d",
        light: "#9a9a9a",
        tint: "#f5f5f2",
        state: "#fff",
    };
    /// The colours of the page around it, light or dark.
    pub const PAGE: Self = Self {
        paper: None,
        ink: "var(--ink)",
        on_ink: "var(--paper)",
        quiet: "var(--quiet)",
        light: "var(--edge)",
        tint: "var(--wash)",
        state: "var(--sheet)",
    };
}

const FONTS: &str = "Be Vietnam Pro, Noto Sans, Segoe UI, Roboto, Helvetica Neue, Liberation Sans, Arial, sans-serif";
/// Around the head and the legend.
const EDGE: i32 = 24;

/// What a picture is drawn with.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The phrases of its language.
    pub phrases: &'a Phrases,
    /// How that language says dates.
    pub words: &'a Words,
    /// Where days are counted.
    pub zone: &'a TimeZone,
    /// Its colours.
    pub ink: Ink,
    /// What stands below the title.
    pub below: &'a str,
}

impl Picture<'_> {
    /// The statechart as SVG.
    pub fn svg(&self, graph: &Graph, marks: &Marks) -> String {
        let notes: Vec<Vec<String>> = graph.nodes.iter().map(|node| self.notes(node, marks)).collect();
        let layout = layout(graph, self.phrases, &notes);
        let taken = marks.taken(graph);
        let sheet = Sheet { graph, phrases: self.phrases, marks, ink: self.ink, taken, out: String::new() };
        sheet.draw(&layout, self.below)
    }

    /// Below a title: of one dossier when it was there, else who is asked and how long they have.
    fn notes(&self, node: &Node, marks: &Marks) -> Vec<String> {
        let visit = marks.visits.get(&node.id);
        let day = |at: Instant| self.words.date_short(at.timestamp().to_zoned(self.zone.clone()).date());
        let when = visit.map_or_else(|| node.term.clone(), |visit| day(visit.at));
        [node.who.clone(), when].into_iter().filter(|note| !note.is_empty()).collect()
    }
}

/// How something is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Ahead,
    Plain,
    Done,
    Here,
}

struct Sheet<'a> {
    graph: &'a Graph,
    phrases: &'a Phrases,
    marks: &'a Marks,
    ink: Ink,
    taken: BTreeSet<usize>,
    out: String,
}

impl Sheet<'_> {
    fn draw(mut self, layout: &Layout, below: &str) -> String {
        let head = if below.is_empty() { EDGE + HEAD.line } else { EDGE + HEAD.line + SMALL.line + 4 };
        let legend = self.legend();
        let wide = legend::width(&legend);
        let width = layout.width.max(text::width(&self.graph.title, HEAD) + 2 * EDGE).max(wide);
        let foot = if legend.is_empty() { 0 } else { legend::HEIGHT };
        let height = head + layout.height + foot;
        // Within a page it goes without saying.
        let name_space = self.ink.paper.map_or("", |_| " xmlns=\"http://www.w3.org/2000/svg\"");
        let _ = write!(
            self.out,
            "<svg{name_space} width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" font-family=\"{FONTS}\" font-size=\"{}\">\n<title>{}</title>\n",
            SMALL.size,
            escaped(&self.graph.title),
        );
        if let Some(paper) = self.ink.paper {
            let _ = writeln!(self.out, "<rect width=\"{width}\" height=\"{height}\" fill=\"{paper}\"/>");
        }
        let (ink, quiet) = (self.ink.ink, self.ink.quiet);
        let title = self.graph.title.clone();
        self.text(&title, (EDGE, EDGE + HEAD.size - 4), HEAD, ink, "start");
        self.text(below, (EDGE, EDGE + HEAD.line + 8), SMALL, quiet, "start");
        let _ = writeln!(self.out, "<g transform=\"translate(0 {head})\">");
        self.compounds(layout);
        self.wires(layout);
        self.begin(layout);
        self.states(layout);
        self.out.push_str("</g>\n");
        self.draw_legend(&legend, head + layout.height + 6);
        self.out.push_str("</svg>\n");
        self.out
    }

    fn standing(&self, node: usize) -> Standing {
        match self.marks.visits.get(&self.graph.nodes[node].id) {
            _ if !self.marks.one => Standing::Plain,
            Some(visit) if visit.here => Standing::Here,
            Some(_) => Standing::Done,
            None => Standing::Ahead,
        }
    }

    fn compounds(&mut self, layout: &Layout) {
        for (place, node) in self.graph.nodes.iter().enumerate() {
            if !node.kind.holds_states() {
                continue;
            }
            let (rect, standing) = (layout.boxes[place], self.standing(place));
            let fill = if self.graph.around(place).count().is_multiple_of(2) { self.ink.tint } else { self.ink.state };
            let stroke = match standing {
                Standing::Ahead => self.ink.light,
                Standing::Plain | Standing::Done | Standing::Here => self.ink.quiet,
            };
            let region = self.graph.is_region(place);
            let (fill, dash) = if region { ("none", " stroke-dasharray=\"7 4\"") } else { (fill, "") };
            let shape = format!("fill=\"{fill}\" stroke=\"{stroke}\"{dash}");
            let _ = writeln!(self.out, "<rect {} rx=\"10\" {shape}/>", place_of(rect));
            let title = layout.texts[place].title.join(" ");
            self.text(&title, (rect.x + 12, rect.y + 20), TITLE, self.ink.quiet, "start");
            if let Some(count) = self.marks.counts.get(&node.id) {
                self.badge(*count, (rect.x + rect.width - 14, rect.y));
            }
        }
    }

    fn dot(&mut self, (x, y): Point, radius: i32, color: &str) {
        let _ = writeln!(self.out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{color}\"/>");
    }

    fn begin(&mut self, layout: &Layout) {
        let color = if self.marks.one { self.ink.ink } else { self.ink.quiet };
        for (place, (from, to)) in layout.begins.iter().enumerate() {
            let line = [*from, *to];
            let _ = writeln!(self.out, "<path d=\"{}\" stroke=\"{color}\"/>", wires::path(&line));
            if let Some((at, toward)) = wires::end(&line) {
                self.arrow(at, toward, color);
            }
            self.dot(*from, if place == 0 { 5 } else { 3 }, color);
        }
    }

    fn states(&mut self, layout: &Layout) {
        for node in self.graph.leaves().collect::<Vec<_>>() {
            let (rect, standing) = (layout.boxes[node], self.standing(node));
            let (fill, ink, quiet) = match standing {
                Standing::Here => (self.ink.ink, self.ink.on_ink, self.ink.on_ink),
                Standing::Ahead => (self.ink.state, self.ink.quiet, self.ink.quiet),
                Standing::Plain | Standing::Done => (self.ink.state, self.ink.ink, self.ink.quiet),
            };
            let (stroke, width) = match standing {
                Standing::Ahead => (self.ink.light, "1.1"),
                Standing::Plain => (self.ink.ink, "1.1"),
                Standing::Done | Standing::Here => (self.ink.ink, "2"),
            };
            let radius = if self.graph.nodes[node].kind == Kind::Stage { 6 } else { 14 };
            let anchor = if standing == Standing::Here { " id=\"here\"" } else { "" };
            let shape = format!("fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{width}\"");
            let _ = writeln!(self.out, "<rect {} rx=\"{radius}\" {shape}{anchor}/>", place_of(rect));
            if self.graph.is_final(node) {
                let inner = Rect { x: rect.x + 3, y: rect.y + 3, width: rect.width - 6, height: rect.height - 6 };
                let line = if standing == Standing::Here { self.ink.on_ink } else { stroke };
                let _ = writeln!(self.out, "<rect {} rx=\"11\" fill=\"none\" stroke=\"{line}\"/>", place_of(inner));
            }
            self.texts(node, rect, &layout.texts[node], ink, quiet);
            if let Some(count) = self.marks.counts.get(&self.graph.nodes[node].id) {
                self.badge(*count, (rect.x + rect.width - 8, rect.y));
            }
        }
    }

    /// The title and what stands below it, in the middle of a state.
    fn texts(&mut self, node: usize, rect: Rect, lines: &Lines, ink: &str, quiet: &str) {
        let face = if self.graph.nodes[node].kind == Kind::Passing { SMALL } else { TITLE };
        let count = |lines: &[String]| i32::try_from(lines.len()).unwrap_or(0);
        let height = count(&lines.title) * face.line + count(&lines.notes) * SMALL.line;
        let x = rect.x + rect.width / 2;
        let mut y = rect.y + (rect.height - height) / 2;
        for (line, face, color) in
            lines.title.iter().map(|line| (line, face, ink)).chain(lines.notes.iter().map(|line| (line, SMALL, quiet)))
        {
            self.text(line, (x, y + face.line - (face.line - face.size) / 2 - 2), face, color, "middle");
            y += face.line;
        }
    }

    fn badge(&mut self, count: u64, (x, y): Point) {
        let said = count.to_string();
        let width = text::width(&said, TITLE) + 12;
        let rect = Rect { x: x - width / 2, y: y - 10, width, height: 20 };
        let _ = writeln!(
            self.out,
            "<rect {} rx=\"10\" fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\"/>",
            place_of(rect),
            self.ink.ink,
            self.ink.state
        );
        self.text(&said, (x, y + 5), TITLE, self.ink.on_ink, "middle");
    }

    fn text(&mut self, said: &str, (x, y): Point, face: Face, color: &str, anchor: &str) {
        if said.is_empty() {
            return;
        }
        let size = if face == SMALL { String::new() } else { format!(" font-size=\"{}\"", face.size) };
        let bold = if face.bold { " font-weight=\"600\"" } else { "" };
        let anchor = if anchor == "start" { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
        let _ = writeln!(
            self.out,
            "<text x=\"{x}\" y=\"{y}\"{size}{bold}{anchor} fill=\"{color}\">{}</text>",
            escaped(said)
        );
    }
}

fn place_of(rect: Rect) -> String {
    format!("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", rect.x, rect.y, rect.width, rect.height)
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, letter| {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
        out
    })
}
