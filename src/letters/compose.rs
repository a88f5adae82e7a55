//! From a letter to a mail: subject, text and HTML in the reader's language. Pure: the same letter gives the same mail.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::invitation::Invitation;
use super::letter::{Email, Letter, Sender};
use super::view::View;

/// What a template may use up. Our largest mail needs a tenth of it.
const FUEL: u64 = 2_000_000;

/// A mail could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the mail could not be written: {0}")]
pub struct ComposeError(#[from] minijinja::Error);

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // By what the part is, not by what a file happens to be called: only the text part is not escaped.
    environment.set_auto_escape_callback(|name| match name {
        "absence/mail.txt" | "digest/mail.txt" | "code/mail.txt" | "start/mail.txt" => AutoEscape::None,
        _ => AutoEscape::Html,
    });
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters do not clash"));
    for (name, source) in [
        ("base.html", include_str!("templates/base.html")),
        ("absence/mail.html", include_str!("templates/absence/mail.html")),
        ("absence/mail.txt", include_str!("templates/absence/mail.txt")),
        ("code/mail.html", include_str!("templates/code/mail.html")),
        ("code/mail.txt", include_str!("templates/code/mail.txt")),
        ("digest/mail.html", include_str!("templates/digest/mail.html")),
        ("digest/mail.txt", include_str!("templates/digest/mail.txt")),
        ("start/mail.html", include_str!("templates/start/mail.html")),
        ("start/mail.txt", include_str!("templates/start/mail.txt")),
    ] {
        environment.add_template(name, source).expect("every template is read by a test");
    }
    environment
});

/// Writes the mail. With `redirect_to` it goes there, and says whom it was meant for.
///
/// # Errors
/// A template fails; a test says that ours do not.
pub fn compose(letter: &Letter, sender: Sender<'_>) -> Result<Email, ComposeError> {
    let view = View::new(letter, sender);
    let (html, text) = parts("digest", &view)?;
    let (to_name, to_address, subject) = sender.addressed(&letter.reader, letter.subject());
    let message_id = letter.message_id.clone();
    let (from, to) = ((sender.name, sender.address), (letter.reader.name.as_str(), to_address.as_str()));
    let written = |one: &Invitation| one.written(from, to, letter.now);
    let calendar = letter.matters.iter().filter_map(|matter| matter.invitation.as_ref()).map(written).collect();
    let entries = letter.entries.iter().map(written).collect();
    Ok(Email { to_name, to_address, subject, text, html, calendar, entries, message_id, date: letter.now })
}

/// The HTML part of a kind of mail and its text part.
pub(super) fn parts<T: Serialize>(kind: &str, view: &T) -> Result<(String, String), minijinja::Error> {
    let part = |name: &str| {
        let context = minijinja::Value::from(minijinja::value::Serde(view));
        TEMPLATES.get_template(&format!("{kind}/{name}"))?.render(context)
    };
    Ok((part("mail.html")?, tidy(&part("mail.txt")?)))
}

/// At most one empty line in a row, none at the ends: sections that say nothing leave holes.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        out.push_str(line);
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::super::samples;

    #[test]
    fn every_mail_is_complete_in_both_languages() {
        for language in ["vi", "en"] {
            for (name, email) in samples(language) {
                for part in [&email.subject, &email.text, &email.html] {
                    assert!(
                        !part.contains("foot.") && !part.contains("label."),
                        "{language} {name}: a phrase is missing"
                    );
                }
                let linked = email.text.contains("https://hoso.example.vn/");
                assert_eq!(
                    linked,
                    !["code", "absence-deputy"].contains(&name),
                    "{language} {name}: every mail writes its link out; a code has none, and who stands in gets theirs with the task"
                );
                let hostile = name == "hostile";
                let places = ["{you}", "{n}", "{by}", "{sender}"];
                assert!(hostile || !places.iter().any(|place| email.text.contains(place)), "{language} {name}");
            }
        }
    }

    #[test]
    fn what_people_typed_becomes_no_markup() {
        for (name, email) in samples("vi") {
            assert!(!email.html.contains("<img") && !email.html.contains("onerror=alert(1)>"), "{name}");
            assert!(!email.html.contains("<b>"), "{name}");
        }
    }
}
