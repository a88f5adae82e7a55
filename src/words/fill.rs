//! Putting values into phrases, and taking out of texts what could break a line, a header or the reading order.

/// Puts values in the places of a phrase: `còn {n} ngày`. A place without a value stays as it is written; values are never
/// searched for places again.
pub fn fill(phrase: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(phrase.len() + 32);
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let value = after.split_once('}').and_then(|(name, tail)| {
            let (_, value) = values.iter().find(|(key, _)| *key == name)?;
            Some((value, tail))
        });
        if let Some((value, tail)) = value {
            out.push_str(value);
            rest = tail;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// One line that is safe in a header and reads as it is written: control characters (C0, C1), line and paragraph separators,
/// bidirectional controls and invisible marks are taken out, white space becomes single blanks, ends are trimmed.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for c in text.chars() {
        if c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') {
            blank = true;
        } else if !is_hidden(c) {
            if blank && !out.is_empty() {
                out.push(' ');
            }
            blank = false;
            out.push(c);
        }
    }
    out
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::{clean, fill};

    #[test]
    fn values_are_put_in_and_never_searched_again() {
        assert_eq!(fill("{a} và {b}", &[("a", "{b}"), ("b", "2")]), "{b} và 2");
        assert_eq!(fill("{x} {", &[]), "{x} {");
    }

    #[test]
    fn a_cleaned_text_is_one_line_that_reads_as_written() {
        assert_eq!(clean("  Nguyễn\r\nBcc: x@y\u{202e}\0\u{85} Văn  "), "Nguyễn Bcc: x@y Văn");
        assert_eq!(clean("\u{200f}\r\n"), "");
    }
}
