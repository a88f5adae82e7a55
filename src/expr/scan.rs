//! A look at a formula's characters before the parser sees them: finds what people write who know other languages, and what
//! the parser would report badly or could not bear.

use std::ops::Range;

use super::syntax::{BRACKETS_MAX, ExprFault};
use crate::diagnostic::say;

/// Digits of a decimal: so many stand apart from each other in the number that the parser makes of it.
const DECIMAL_DIGITS_MAX: usize = 15;

/// Everything of that kind in a formula.
pub(super) fn faults(expr: &str) -> Vec<ExprFault> {
    let mut faults = Vec::new();
    let mut brackets = 0_usize;
    for (token, range) in tokens(expr) {
        match token {
            Token::Word => word(&expr[range.clone()], range, &mut faults),
            Token::Decimal => decimal(&expr[range.clone()], range, &mut faults),
            Token::Open => {
                brackets += 1;
                if brackets == BRACKETS_MAX + 1 {
                    faults.push(ExprFault::new(range, say!(formula.too_deep)));
                }
            }
            Token::Close => brackets = brackets.saturating_sub(1),
            Token::Assign => {
                faults.push(ExprFault::new(range, say!(formula.assigns)).help(say!(formula.assigns_help)));
            }
            Token::Single(operator) => faults.push(
                ExprFault::new(range, say!(formula.no_operator, operator))
                    .help(say!(formula.write, usage = format!("{operator}{operator}"))),
            ),
            Token::OpenText => {
                faults.push(ExprFault::new(range, say!(formula.unclosed)).help(say!(formula.unclosed_help)));
            }
            Token::Quote => {
                faults.push(ExprFault::new(range, say!(formula.quotes)).help(say!(formula.write, usage = "'...'")));
            }
            Token::Strange => {
                let found = &expr[range.clone()];
                faults.push(ExprFault::new(range, say!(formula.strange, found = found.escape_debug().to_string())));
            }
            Token::Text | Token::Number | Token::Sign => {}
        }
    }
    faults
}

/// The names in a formula, and whether each stands behind a point, as the part of something. What stands in quotes is none.
pub fn words(expr: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut point = false;
    tokens(expr).filter_map(move |(token, range)| {
        let text = &expr[range];
        let found = (token == Token::Word).then_some((text, point));
        point = text == ".";
        found
    })
}

/// The token that begins at (or before) a byte; none at the end.
pub(super) fn token_at(expr: &str, byte: usize) -> Option<&str> {
    tokens(expr).find(|(_, range)| byte < range.end).map(|(_, range)| &expr[range.start.max(byte)..range.end])
}

/// A decimal is taken exactly as it is written, so it has no more digits than the parser keeps apart, and no exponent.
fn decimal(text: &str, range: Range<usize>, faults: &mut Vec<ExprFault>) {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !text.starts_with('.');
    if !plain || digits > DECIMAL_DIGITS_MAX {
        let help = say!(formula.inexact_help, most = DECIMAL_DIGITS_MAX);
        faults.push(ExprFault::new(range, say!(formula.inexact)).help(help));
    }
}

fn word(text: &str, range: Range<usize>, faults: &mut Vec<ExprFault>) {
    let operator = match text.to_ascii_lowercase().as_str() {
        "and" => Some("&&"),
        "or" => Some("||"),
        "not" => Some("!"),
        _ => None,
    };
    if let Some(operator) = operator {
        faults.push(
            ExprFault::new(range, say!(formula.no_operator, operator = text))
                .help(say!(formula.write, usage = operator)),
        );
    } else if !text.is_ascii() {
        faults.push(ExprFault::new(range, say!(formula.no_name, text)).help(say!(formula.no_name_help)));
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Word,
    Number,
    Decimal,
    Text,
    OpenText,
    Open,
    Close,
    Assign,
    /// `&` or `|` alone.
    Single(char),
    Sign,
    Quote,
    Strange,
}

/// The tokens of a formula, without blanks and comments.
fn tokens(expr: &str) -> impl Iterator<Item = (Token, Range<usize>)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = expr.get(at..)?;
            let first = rest.chars().next()?;
            if first.is_ascii_whitespace() {
                at += first.len_utf8();
            } else if rest.starts_with("//") {
                at += rest.find('\n').unwrap_or(rest.len());
            } else {
                let (token, len) = token(rest, first);
                let range = at..at + len;
                at = range.end;
                return Some((token, range));
            }
        }
    })
}

fn token(rest: &str, first: char) -> (Token, usize) {
    match first {
        '\'' | '"' => text(rest, 0),
        'r' | 'R' if rest[1..].starts_with(['\'', '"']) => text(rest, 1),
        c if c.is_alphabetic() || c == '_' => {
            (Token::Word, run(rest, |c| c.is_alphanumeric() || c == '_' || is_mark(c)))
        }
        c if c.is_ascii_digit() => number(rest),
        '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest),
        '(' | '[' | '{' => (Token::Open, 1),
        ')' | ']' | '}' => (Token::Close, 1),
        '=' | '!' | '<' | '>' if rest[1..].starts_with('=') => (Token::Sign, 2),
        '=' => (Token::Assign, 1),
        '&' | '|' if rest[1..].starts_with(first) => (Token::Sign, 2),
        '&' | '|' => (Token::Single(first), 1),
        '!' | '<' | '>' | '+' | '-' | '*' | '/' | '%' | '?' | ':' | ',' | '.' => (Token::Sign, 1),
        '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' => (Token::Quote, first.len_utf8()),
        _ => (Token::Strange, first.len_utf8()),
    }
}

/// Combining marks, of names typed in decomposed Unicode.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn number(rest: &str) -> (Token, usize) {
    let len = run(rest, |c| c.is_ascii_alphanumeric() || c == '.');
    let digits = &rest[..len];
    let hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
    let decimal = digits.contains('.') || (!hexadecimal && digits.contains(['e', 'E']));
    (if decimal { Token::Decimal } else { Token::Number }, len)
}

fn text(rest: &str, prefix: usize) -> (Token, usize) {
    let body = &rest[prefix..];
    let quote = &body[..1];
    let triple = quote.repeat(3);
    let close = if body.starts_with(&triple) { triple.as_str() } else { quote };
    let mut at = prefix + close.len();
    while let Some(next) = rest[at..].chars().next() {
        if rest[at..].starts_with(close) {
            return (Token::Text, at + close.len());
        }
        if next == '\n' && close.len() == 1 {
            break;
        }
        let escaped = next == '\\' && prefix == 0;
        at += next.len_utf8();
        if escaped {
            at += rest[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (Token::OpenText, at)
}

fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}
