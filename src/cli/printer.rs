//! The only place that writes to the terminal: answers on stdout, everything else on stderr, colour and progress only where
//! somebody looks.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::diagnostic::{Severity, Words};

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON value, for programs.
    Json,
    /// A table for other programs, as comma-separated values.
    Csv,
    /// For `check`: a line for each fault, as editors like it.
    Short,
    /// For `check`: one SARIF 2.1.0 document, for code hosts.
    Sarif,
    /// A picture, for pages and for print.
    Svg,
    /// A picture in Mermaid's language.
    Mermaid,
    /// A picture in Graphviz's language.
    Dot,
}

impl Format {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Short => "short",
            Self::Sarif => "sarif",
            Self::Svg => "svg",
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
        }
    }
}

/// Writes answers.
#[derive(Debug)]
pub struct Printer {
    format: Format,
    /// The language of what authors of files are told.
    language: &'static str,
    /// Columns of the terminal that reads stdout; none when it goes to a file or a program.
    width: Option<usize>,
    color: bool,
}

/// How wide a table may be on a terminal.
const TABLE_WIDTH: usize = 80;

impl Printer {
    /// A printer to this process's stdout and stderr.
    pub fn new(format: Format, language: &'static str) -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { format, language, width: terminal.then_some(TABLE_WIDTH), color: std::io::stderr().is_terminal() }
    }

    /// Words of the catalogue, a line in the reader's language.
    pub fn say(&self, words: &Words) {
        self.line(words.text(self.language));
    }

    /// Words of the catalogue beside the answer, in the reader's language.
    pub fn hint(&self, words: &Words) {
        self.note(words.text(self.language));
    }

    /// Whether diagnostics on stderr may be coloured.
    pub fn color(&self) -> bool {
        self.color
    }

    /// The language of what authors of files are told.
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// How answers are written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether a program reads the answer.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The answer: as JSON, or as people read it.
    pub fn answer<T: Serialize>(&self, value: &T, human: impl FnOnce(&Self)) {
        match self.format {
            Format::Human
            | Format::Csv
            | Format::Short
            | Format::Sarif
            | Format::Svg
            | Format::Mermaid
            | Format::Dot => human(self),
            Format::Json => write_out(
                &serde_json::to_string(value)
                    .unwrap_or_else(|error| format!("{{\"error\":\"the answer is not JSON: {error}\"}}")),
            ),
        }
    }

    /// A line of an answer for people.
    pub fn line(&self, text: impl Display) {
        write_out(&text.to_string());
    }

    /// A table of an answer for people; on a terminal it fits 80 columns.
    pub fn table(&self, head: &[&str], rows: &[Vec<String>]) {
        for line in table(head, rows, self.width) {
            write_out(&line);
        }
    }

    /// A word to the operator, beside the answer.
    pub fn note(&self, text: impl Display) {
        write_err(&text.to_string());
    }

    /// Why nothing came of it.
    pub fn error(&self, text: &str) {
        let error = Severity::Error.words().text(self.language);
        match self.format {
            Format::Json => write_err(&serde_json::json!({ "error": text }).to_string()),
            _ if self.color => write_err(&format!("\x1b[1;31m{error}\x1b[0m: {text}")),
            _ => write_err(&format!("{error}: {text}")),
        }
    }

    /// Shows how far long work has come, on a terminal, once it takes longer than a second.
    #[expect(clippy::disallowed_methods, reason = "how long somebody has waited before the terminal is no decision")]
    pub fn progress(&self, what: &Words, total: usize) -> Progress {
        let shown = std::io::stderr().is_terminal();
        Progress { what: what.text(self.language), total, done: 0, started: Instant::now(), drawn: None, shown }
    }
}

/// How far long work has come.
#[derive(Debug)]
pub struct Progress {
    what: String,
    total: usize,
    done: usize,
    started: Instant,
    drawn: Option<Instant>,
    shown: bool,
}

impl Progress {
    /// One more is done.
    #[expect(clippy::disallowed_methods, reason = "how long somebody has waited before the terminal is no decision")]
    pub fn step(&mut self) {
        self.done += 1;
        let now = Instant::now();
        let due = self.drawn.is_none_or(|drawn| now - drawn > Duration::from_millis(100));
        if self.shown && due && now - self.started > Duration::from_secs(1) {
            self.drawn = Some(now);
            let filled = self.done * 30 / self.total.max(1);
            let bar: String = (0..30).map(|place| if place < filled { '#' } else { '.' }).collect();
            write_err_raw(&format!("\r{} [{bar}] {}/{}", self.what, self.done, self.total));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            write_err_raw("\r\x1b[2K");
        }
    }
}

/// The reader may have gone away (`| head`): nobody is left to be told.
fn write_out(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn write_err(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn write_err_raw(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// The lines of a table: columns aligned, the widest cut down until it fits.
fn table(head: &[&str], rows: &[Vec<String>], width: Option<usize>) -> Vec<String> {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (place, cell) in row.iter().enumerate().take(widths.len()) {
            widths[place] = widths[place].max(cell.chars().count());
        }
    }
    if let Some(limit) = width {
        let between = 2 * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + between > limit {
            let widest = (0..widths.len()).max_by_key(|place| widths[*place]).unwrap_or(0);
            if widths[widest] <= 8 {
                break;
            }
            widths[widest] -= 1;
        }
    }
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    std::iter::once(&head).chain(rows).map(|row| line_of(row, &widths)).collect()
}

fn line_of(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let length = cell.chars().count();
        if length > *width {
            let cut: String = cell.chars().take(width.saturating_sub(1)).collect();
            format!("{cut}…")
        } else {
            format!("{cell}{}", " ".repeat(width - length))
        }
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::table;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn columns_are_aligned_by_characters_not_bytes() {
        let lines = table(&["a", "b"], &[row(&["Nguyễn", "1"]), row(&["x", "2"])], None);
        assert_eq!(lines, ["a       b", "Nguyễn  1", "x       2"]);
    }

    #[test]
    fn the_widest_column_gives_way_until_the_table_fits() {
        let lines = table(&["id", "title"], &[row(&["1", &"x".repeat(100)])], Some(80));
        assert_eq!(lines[1].chars().count(), 80);
        assert!(lines[1].ends_with('…'));
    }
}
