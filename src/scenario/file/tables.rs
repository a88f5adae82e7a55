//! Tables of short cases: one list of steps, and a row for each case. `$column` in the steps is the row's cell; a column
//! named like a field fills that field when the dossier is opened; a column `expect.X` says what must hold at the end.

use super::imports::Imports;
use super::model::Case;
use super::reader::Reader;
use crate::diagnostic::{fault, say};
use crate::ids::{FieldName, Instant, WorkflowName};
use crate::machine::Machine;
use crate::source::{Span, Spanned};
use crate::yaml::fields::{self, Node};

const KEYS: &[&str] = &["table", "starts", "register", "steps", "columns", "rows", "file", "ignore"];
/// Before the name of an expectation.
const EXPECT: &str = "expect.";
/// The column that names a case.
const CASE: &str = "case";
/// `ignore` says so of every column that means nothing here.
const REST: &str = "rest";

/// The cells of one row, by column.
struct Row<'c> {
    columns: &'c [Spanned<String>],
    cells: Vec<Spanned<String>>,
    place: Span,
}

impl Row<'_> {
    fn get(&self, column: &str) -> Option<&Spanned<String>> {
        let at = self.columns.iter().position(|name| name.value == column)?;
        self.cells.get(at)
    }

    /// What tells this row from the others.
    fn title(&self, number: usize) -> String {
        if let Some(title) = self.get(CASE) {
            return title.value.clone();
        }
        let cells = self
            .columns
            .iter()
            .zip(&self.cells)
            .filter(|(name, cell)| !name.value.starts_with(EXPECT) && !cell.value.is_empty());
        let said: Vec<String> = cells.take(4).map(|(name, cell)| format!("{} {}", name.value, cell.value)).collect();
        format!("row {number}: {}", said.join(", "))
    }
}

/// Reads a table; each row is a case.
pub(super) fn read(
    reader: &mut Reader<'_>,
    node: &Spanned<Node>,
    starts: Option<Instant>,
    imports: &mut Imports<'_>,
) -> Vec<Case> {
    let fields = reader.fields(node, KEYS);
    let title = fields.needed("table", &mut reader.faults).map(|title| title.map(str::to_owned));
    let title = title.unwrap_or_else(|| Spanned::new(String::new(), node.span.clone()));
    let (columns, rows) = match fields.get("file").and_then(|node| reader.text(node)) {
        Some(file) => of_file(reader, &file, imports),
        None => of_lists(reader, fields.get("columns"), fields.get("rows")),
    };
    let Some(steps) = fields.get("steps") else {
        reader.report(fault!(MISSING_KEY.no_steps, &title.span));
        return Vec::new();
    };
    let template = Template { steps, register: fields.get("register"), starts: fields.get("starts") };
    let before = reader.faults.len();
    let given = template.given(reader, &columns, fields.get("ignore"));
    // What is wrong with the columns would be said again for every row.
    if reader.faults.len() > before {
        return Vec::new();
    }
    let mut cases = Vec::new();
    for (number, (cells, place)) in rows.into_iter().enumerate() {
        if cells.len() != columns.len() {
            reader.report(fault!(RAGGED.cells, &place, cells = cells.len(), columns = columns.len()));
            continue;
        }
        let row = Row { columns: &columns, cells, place };
        let name = format!("{} / {}", title.value, row.title(number + 1));
        let case = template.filled(&row, &given, Spanned::new(name, row.place.clone()));
        cases.extend(reader.case(&case, starts, imports));
    }
    cases
}

type Columns = Vec<Spanned<String>>;
type Rows = Vec<(Vec<Spanned<String>>, Span)>;

fn of_file(reader: &mut Reader<'_>, file: &Spanned<String>, imports: &mut Imports<'_>) -> (Columns, Rows) {
    let Some(table) = imports.table(file, &mut reader.faults) else { return Default::default() };
    let rows = table.rows().map(|row| {
        let cell = |column: &String| Spanned::new(row.get(column).to_owned(), row.place(column));
        (table.columns().iter().map(cell).collect(), row.place(""))
    });
    let columns = table.columns().iter().map(|column| Spanned::new(column.clone(), file.span.clone()));
    (columns.collect(), rows.collect())
}

fn of_lists(reader: &mut Reader<'_>, columns: Option<&Spanned<Node>>, rows: Option<&Spanned<Node>>) -> (Columns, Rows) {
    let columns = columns.map_or_else(Vec::new, |node| reader.texts(node));
    let mut found = Rows::new();
    for row in rows.map_or(&[][..], |node| fields::items(node, &mut reader.faults)) {
        let cells = fields::items(row, &mut reader.faults);
        let cell = |cell: &Spanned<Node>| match &cell.value {
            Node::Text(text) => Spanned::new(text.clone(), cell.span.clone()),
            _ => Spanned::new(String::new(), cell.span.clone()),
        };
        let place = cells.first().map_or_else(|| row.span.clone(), |first| first.span.clone());
        found.push((cells.iter().map(cell).collect(), place));
    }
    (columns, found)
}

/// What every row fills in.
struct Template<'n> {
    steps: &'n Spanned<Node>,
    register: Option<&'n Spanned<Node>>,
    starts: Option<&'n Spanned<Node>>,
}

impl Template<'_> {
    /// The columns that are fields of the dossier that is opened first. A column that means nothing is a fault, and so is
    /// `$name` without a column.
    fn given(
        &self,
        reader: &mut Reader<'_>,
        columns: &[Spanned<String>],
        ignore: Option<&Spanned<Node>>,
    ) -> Vec<String> {
        let ignored = ignore.map_or_else(Vec::new, |node| reader.texts(node));
        let ignored: Vec<&str> = ignored.iter().map(Spanned::as_str).collect();
        let mut used = Vec::new();
        for node in [Some(self.steps), self.register, self.starts].into_iter().flatten() {
            placeholders(node, &mut used);
        }
        for name in used.iter().filter(|name| !columns.iter().any(|column| column.value == name.value)) {
            let list = columns.iter().map(Spanned::as_str).collect::<Vec<_>>().join(", ");
            reader.report(fault!(SCENARIO_COLUMN.no_column, &name.span, name).help(say!(near.columns, list)));
        }
        let opened = self.opened().and_then(|workflow| reader.world.machine(&WorkflowName::new(workflow)));
        let is_field =
            |name: &str| opened.is_some_and(|machine: &Machine| machine.field(&FieldName::new(name)).is_some());
        let mut given = Vec::new();
        for Spanned { value: column, span } in columns {
            let known = column.starts_with(EXPECT) || column == CASE || used.iter().any(|name| &name.value == column);
            if known || ignored.contains(&column.as_str()) {
                continue;
            }
            if is_field(column) {
                given.push(column.clone());
            } else if !ignored.contains(&REST) {
                reader.report(fault!(SCENARIO_COLUMN.no_meaning, span, column));
            }
        }
        given
    }

    /// The workflow of the dossier that is opened first.
    fn opened(&self) -> Option<&str> {
        let Node::List(steps) = &self.steps.value else { return None };
        steps.iter().find_map(|step| match (&step.value, at(step, "start").map(|node| &node.value)) {
            (Node::Map(_), Some(Node::Text(workflow))) => Some(workflow.as_str()),
            _ => None,
        })
    }

    /// The case of a row, as if its author had written it out.
    fn filled(&self, row: &Row<'_>, given: &[String], title: Spanned<String>) -> Spanned<Node> {
        let place = row.place.clone();
        let key = |name: &str| Spanned::new(name.to_owned(), place.clone());
        let mut steps = match fill(self.steps, row).value {
            Node::List(steps) => steps,
            _ => Vec::new(),
        };
        give(&mut steps, row, given);
        expect(&mut steps, row);
        let title = title.map(Node::Text);
        let mut case = vec![(key(CASE), title), (key("steps"), Spanned::new(Node::List(steps), place.clone()))];
        case.extend(self.register.map(|node| (key("register"), fill(node, row))));
        case.extend(self.starts.map(|node| (key("starts"), fill(node, row))));
        Spanned::new(Node::Map(case), place)
    }
}

fn at<'n>(node: &'n Spanned<Node>, key: &str) -> Option<&'n Spanned<Node>> {
    let Node::Map(entries) = &node.value else { return None };
    entries.iter().find(|(name, _)| name.value == key).map(|(_, value)| value)
}

/// Fills fields of the dossier that is opened first.
fn give(steps: &mut [Spanned<Node>], row: &Row<'_>, given: &[String]) {
    let Some(start) = steps.iter_mut().find(|step| at(step, "start").is_some()) else { return };
    let Node::Map(entries) = &mut start.value else { return };
    let key = |name: &str| Spanned::new(name.to_owned(), row.place.clone());
    if !entries.iter().any(|(name, _)| name.value == "fields") {
        entries.push((key("fields"), Spanned::new(Node::Map(Vec::new()), row.place.clone())));
    }
    let fields = entries.iter_mut().find(|(name, _)| name.value == "fields");
    let Some(Node::Map(fields)) = fields.map(|(_, fields)| &mut fields.value) else { return };
    for name in given {
        let Some(cell) = row.get(name).filter(|cell| !cell.value.is_empty()) else { continue };
        fields.retain(|(have, _)| &have.value != name);
        fields.push((key(name), cell.clone().map(Node::Text)));
    }
}

/// Adds what must hold at the end, and whether the last thing that is done is refused.
fn expect(steps: &mut Vec<Spanned<Node>>, row: &Row<'_>) {
    let key = |name: &str| Spanned::new(name.to_owned(), row.place.clone());
    let mut expected = Vec::new();
    for (column, cell) in row.columns.iter().zip(&row.cells).filter(|(_, cell)| !cell.value.is_empty()) {
        let Some(name) = column.value.strip_prefix(EXPECT) else { continue };
        let (name, node) = (Spanned::new(name.to_owned(), cell.span.clone()), cell.clone().map(Node::Text));
        if name.value == "refused" {
            let done = steps.iter_mut().rev().find(|step| {
                matches!(&step.value, Node::Map(entries) if entries.iter().any(|(key, _)| key.value != "expect"))
            });
            if let Some(Node::Map(entries)) = done.map(|step| &mut step.value) {
                entries.push((key("refused"), node));
            }
        } else {
            expected.push((name, node));
        }
    }
    if let Some((first, _)) = expected.first() {
        let place = first.span.clone();
        let expected = Spanned::new(Node::Map(expected), place.clone());
        steps.push(Spanned::new(Node::Map(vec![(key("expect"), expected)]), place));
    }
}

/// The tree with a row's cells in it.
fn fill(node: &Spanned<Node>, row: &Row<'_>) -> Spanned<Node> {
    let value = match &node.value {
        Node::Null => Node::Null,
        Node::Text(text) => {
            let whole = text.strip_prefix('$').and_then(|name| row.get(name));
            return match whole {
                Some(cell) if cell.value.is_empty() => Spanned::new(Node::Null, cell.span.clone()),
                Some(cell) => cell.clone().map(Node::Text),
                None => Spanned::new(Node::Text(filled_in(text, row)), node.span.clone()),
            };
        }
        Node::List(items) => Node::List(items.iter().map(|item| fill(item, row)).collect()),
        Node::Map(entries) => Node::Map(entries.iter().map(|(key, value)| (key.clone(), fill(value, row))).collect()),
    };
    Spanned::new(value, node.span.clone())
}

/// Columns inside a longer text.
fn filled_in(text: &str, row: &Row<'_>) -> String {
    let mut parts = text.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
        if let Some(cell) = row.get(&part[..end]) {
            out.push_str(&cell.value);
            out.push_str(&part[end..]);
        } else {
            out.push('$');
            out.push_str(part);
        }
    }
    out
}

/// Every `$name`.
fn placeholders(node: &Spanned<Node>, found: &mut Vec<Spanned<String>>) {
    match &node.value {
        Node::Null => {}
        Node::Text(text) => {
            for part in text.split('$').skip(1) {
                let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
                if end > 0 {
                    found.push(Spanned::new(part[..end].to_owned(), node.span.clone()));
                }
            }
        }
        Node::List(items) => items.iter().for_each(|item| placeholders(item, found)),
        Node::Map(entries) => entries.iter().for_each(|(_, value)| placeholders(value, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::KEYS;
    use crate::definition::schema::Of;

    #[test]
    fn editors_are_told_the_keys_that_are_read() {
        let read: std::collections::BTreeSet<&str> = KEYS.iter().copied().collect();
        assert_eq!(Of::Scenario.keys("table"), read);
    }
}
