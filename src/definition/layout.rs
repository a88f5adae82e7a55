//! The layout of a workflow file: what is a matter of taste stays as its author wrote it, comments stay with what they are
//! about, and what the file says never changes.
//!
//! Modest on purpose: sections in one order, blocks indented by two columns, no spaces at the ends of lines, one blank line at
//! most, a line end at the end. Within a section order, quoting, flow or block and alignment are the author's.

use super::top::KEYS;
use crate::source::SourceFile;
use crate::yaml;

/// Columns by which a block is indented.
const INDENT: usize = 2;

/// The file in the usual layout; none if it is no YAML, or if another layout would change what it says.
pub fn laid_out(file: &SourceFile) -> Option<String> {
    let before = yaml::parse(file).0?;
    let lines = lines(&file.text)?;
    let text = written(if before.value.get("workflow").is_some() {
        sections(lines)
    } else {
        vec![Section { rank: 0, lines }]
    });
    let after = yaml::parse(&SourceFile::new(&file.name, text.clone())).0?;
    same(&before.value, &after.value).then_some(text)
}

/// Whether two files say the same; only the order of sections may differ.
fn same(before: &yaml::Node, after: &yaml::Node) -> bool {
    let (yaml::Node::Map(before), yaml::Node::Map(after)) = (before, after) else {
        return before.to_json() == after.to_json();
    };
    let value = |entries: &[_], key: &str| {
        let mut found = entries.iter().filter(|(name, _): &&(crate::source::Spanned<String>, _)| name.value == key);
        found.next().map(|(_, value): &(_, crate::source::Spanned<yaml::Node>)| in_order(&value.value))
    };
    before.len() == after.len() && before.iter().all(|(key, _)| value(before, &key.value) == value(after, &key.value))
}

/// A value with the order of its keys, which JSON does not keep.
fn in_order(node: &yaml::Node) -> String {
    match node {
        yaml::Node::Map(entries) => {
            let all = entries.iter().map(|(key, value)| format!("{:?}: {}", key.value, in_order(&value.value)));
            format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
        }
        yaml::Node::List(items) => {
            let all = items.iter().map(|item| in_order(&item.value));
            format!("[{}]", all.collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    }
}

/// A line without its indentation.
#[derive(Clone, Debug)]
struct Line {
    /// Columns by which it was indented.
    from: usize,
    /// Columns by which it will be.
    indent: usize,
    text: String,
    /// It belongs to a text over several lines, and stays as it is.
    verbatim: bool,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.text.is_empty() && !self.verbatim
    }

    fn is_comment(&self) -> bool {
        self.text.starts_with('#') && !self.verbatim
    }
}

/// The lines with their new indentation; none if the file has documents or tabs, which are not touched.
fn lines(text: &str) -> Option<Vec<Line>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines: Vec<Line> = Vec::new();
    // The indentation of the blocks around, as written and as it will be.
    let mut blocks: Vec<(usize, usize)> = vec![(0, 0)];
    let mut open = Open::default();
    for written in text.lines() {
        let (content, spaces) =
            (written.trim_start_matches(' '), written.len() - written.trim_start_matches(' ').len());
        if content.starts_with('\t') || (spaces == 0 && (content.starts_with("---") || content.starts_with("..."))) {
            return None;
        }
        if open.holds(spaces, content) {
            // A text over several lines moves with the block in which it stands; its own spaces stay.
            let shift = i64::try_from(open.to).ok()? - i64::try_from(open.from).ok()?;
            let indent = usize::try_from((i64::try_from(spaces).ok()? + shift).max(0)).ok()?;
            let kept = if open.is_block { content } else { content.trim_end() };
            lines.push(Line { from: spaces, indent, text: kept.to_owned(), verbatim: true });
            open.follow(content);
            continue;
        }
        let content = content.trim_end();
        if content.is_empty() {
            lines.push(Line { from: 0, indent: 0, text: String::new(), verbatim: false });
            continue;
        }
        let is_comment = content.starts_with('#');
        while !is_comment && blocks.last().is_some_and(|(from, _)| *from > spaces) {
            blocks.pop();
        }
        let indent = if is_comment {
            blocks.iter().rev().find(|(from, _)| *from <= spaces).map_or(0, |(from, to)| to + (spaces - from))
        } else {
            let (from, to) = *blocks.last()?;
            if spaces > from {
                blocks.push((spaces, to + INDENT));
            }
            blocks.last()?.1
        };
        lines.push(Line { from: spaces, indent, text: content.to_owned(), verbatim: false });
        if !is_comment {
            // What stands behind a dash is a block of its own.
            let inner = content.strip_prefix("- ").map(|rest| rest.len() - rest.trim_start().len() + 2);
            if let Some(behind) = inner.filter(|_| content.contains(": ") || content.ends_with(':')) {
                blocks.push((spaces + behind, indent + INDENT));
                if behind != INDENT {
                    let line = lines.last_mut()?;
                    line.text = format!("- {}", content[2..].trim_start());
                }
            }
            open = Open::after(content, spaces, indent);
        }
    }
    with_what_follows(&mut lines);
    Some(lines)
}

/// A comment stands where what follows stands, if it did before.
fn with_what_follows(lines: &mut [Line]) {
    let mut next: Option<(usize, usize)> = None;
    for line in lines.iter_mut().rev().filter(|line| !line.is_blank()) {
        match next.filter(|_| line.is_comment()) {
            Some((from, indent)) if from == line.from => line.indent = indent,
            Some(_) => {}
            None if line.is_comment() => {}
            None => next = Some((line.from, line.indent)),
        }
    }
}

/// A value that goes on over the lines that follow.
#[derive(Clone, Debug, Default)]
struct Open {
    /// A block text (`|`, `>`), as long as lines are indented deeper than its key.
    is_block: bool,
    /// Brackets and braces that are open.
    depth: usize,
    /// The quote that is open.
    quote: Option<char>,
    /// A plain text may go on where lines are indented deeper than its key.
    plain: bool,
    from: usize,
    to: usize,
}

impl Open {
    /// What a line leaves open.
    fn after(content: &str, from: usize, to: usize) -> Self {
        let mut open = Self { from, to, ..Self::default() };
        open.follow(content);
        let value = content.rsplit_once(": ").map_or("", |(_, value)| value);
        let mark = value.trim_start();
        open.is_block = open.depth == 0 && open.quote.is_none() && mark.starts_with(['|', '>']);
        open.plain = open.depth == 0 && open.quote.is_none() && !open.is_block && !content.ends_with(':');
        open
    }

    /// Whether a line still belongs to it.
    fn holds(&self, spaces: usize, content: &str) -> bool {
        let deeper = spaces > self.from;
        (self.depth > 0 || self.quote.is_some())
            || (self.is_block && (deeper || content.trim().is_empty()))
            || (self.plain && deeper && !content.is_empty() && !content.starts_with('#') && !is_entry(content))
    }

    /// Counts what a line opens and closes.
    fn follow(&mut self, content: &str) {
        if self.is_block {
            return;
        }
        let mut before = ' ';
        let mut chars = content.chars().peekable();
        while let Some(sign) = chars.next() {
            match (self.quote, sign) {
                (Some('"'), '\\') => {
                    chars.next();
                }
                (Some('\''), '\'') if chars.peek() == Some(&'\'') => {
                    chars.next();
                }
                (Some(quote), sign) if sign == quote => self.quote = None,
                (Some(_), _) => {}
                (None, '#') if before.is_whitespace() => return,
                (None, '"' | '\'') if matches!(before, ' ' | '{' | '[' | ',' | ':') => self.quote = Some(sign),
                (None, '{' | '[') if self.depth > 0 || matches!(before, ' ' | '{' | '[' | ',' | ':') => self.depth += 1,
                (None, '}' | ']') => self.depth = self.depth.saturating_sub(1),
                (None, _) => {}
            }
            before = sign;
        }
    }
}

/// Whether a line begins a key or an element of its own.
fn is_entry(content: &str) -> bool {
    content.starts_with("- ") || content.ends_with(':') || content.contains(": ")
}

/// A section with the comments above it.
struct Section {
    rank: usize,
    lines: Vec<Line>,
}

/// The sections in their order; what stands above the first one stays there.
fn sections(lines: Vec<Line>) -> Vec<Section> {
    let mut sections: Vec<Section> = vec![Section { rank: 0, lines: Vec::new() }];
    let mut above: Vec<Line> = Vec::new();
    for line in lines {
        let at_top = line.indent == 0 && !line.verbatim;
        if at_top && (line.is_blank() || line.is_comment()) {
            above.push(line);
            continue;
        }
        let last = sections.last_mut().expect("there is one from the beginning");
        if at_top && !line.text.starts_with('-') {
            let key = line.text.split(':').next().unwrap_or_default().trim_matches(['"', '\'']);
            let rank = KEYS.iter().position(|known| *known == key).map_or(KEYS.len(), |at| at) + 1;
            // The head of a file is what a blank line keeps apart from the first section.
            let head =
                if sections.len() == 1 { above.iter().rposition(Line::is_blank).map_or(0, |at| at + 1) } else { 0 };
            let own = above.split_off(head);
            sections[0].lines.append(&mut above);
            sections.push(Section { rank, lines: own });
            sections.last_mut().expect("it was just put there").lines.push(line);
        } else {
            last.lines.append(&mut above);
            last.lines.push(line);
        }
    }
    sections.last_mut().expect("there is one from the beginning").lines.append(&mut above);
    sections.sort_by_key(|section| section.rank);
    sections
}

fn written(sections: Vec<Section>) -> String {
    let mut text = String::new();
    let mut blank = true;
    for line in sections.into_iter().flat_map(|section| section.lines) {
        if line.is_blank() {
            if !blank {
                text.push('\n');
            }
            blank = true;
            continue;
        }
        blank = false;
        if !line.text.is_empty() {
            text.extend(std::iter::repeat_n(' ', line.indent));
            text.push_str(&line.text);
        }
        text.push('\n');
    }
    let end = text.trim_end().len();
    text.truncate(end);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::laid_out;
    use crate::source::SourceFile;

    fn laid(text: &str) -> Option<String> {
        laid_out(&SourceFile::new("file.yaml", text))
    }

    #[test]
    fn sections_go_into_their_order_and_comments_with_them() {
        let text = "# head\n\nchancery: 1\n# who\nroles:\n    clerk:   {label: Văn thư}   \n\n\n\ntitle: Một  # said\nworkflow: x\n";
        let want =
            "# head\n\nchancery: 1\nworkflow: x\n\ntitle: Một  # said\n# who\nroles:\n  clerk:   {label: Văn thư}\n";
        assert_eq!(laid(text).as_deref(), Some(want));
        assert_eq!(laid(want).as_deref(), Some(want), "what is laid out stays");
    }

    #[test]
    fn texts_over_several_lines_keep_their_spaces() {
        let text = "a:\n      b: |\n          one  \n\n            two\n      c: {x: 1,\n           y: 2}\n      d: 'it  \n         goes on'\n";
        let want = "a:\n  b: |\n      one  \n\n        two\n  c: {x: 1,\n       y: 2}\n  d: 'it\n     goes on'\n";
        assert_eq!(laid(text).as_deref(), Some(want));
    }

    #[test]
    fn lists_are_indented_as_blocks_too() {
        let text = "states:\n    one:\n        always:\n        -   {target: two}\n        -   guard: x\n            target: three\n";
        let want = "states:\n  one:\n    always:\n    - {target: two}\n    - guard: x\n      target: three\n";
        assert_eq!(laid(text).as_deref(), Some(want));
    }

    #[test]
    fn what_cannot_be_read_or_would_say_something_else_is_left_alone() {
        assert_eq!(laid("a: [1\n"), None);
        assert_eq!(laid("---\na: 1\n"), None);
    }
}
