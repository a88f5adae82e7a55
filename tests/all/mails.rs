//! Every mail there is, as readers get it, in both languages.
//!
//! `chancery mail samples --into DIR` writes them into a folder, to be looked at.

use std::fmt::Write as _;

use chancery::letters::samples;

fn shown(language: &str) -> String {
    let mut all = String::new();
    for (name, email) in samples(language) {
        let to = if email.to_name.is_empty() { String::new() } else { format!("{:?} ", email.to_name) };
        let _ = writeln!(
            all,
            "######## {name}\nTo: {to}<{}>\nSubject: {}\n\n{}",
            email.to_address, email.subject, email.text
        );
    }
    all
}

#[test]
fn every_mail_in_vietnamese() {
    insta::assert_snapshot!("mails-vi", shown("vi"));
}

#[test]
fn every_mail_in_english() {
    insta::assert_snapshot!("mails-en", shown("en"));
}

#[test]
fn the_html_of_a_digest() {
    for language in ["vi", "en"] {
        let digest = samples(language).into_iter().find(|(name, _)| *name == "digest");
        let (_, email) = digest.expect("there is a digest");
        insta::assert_snapshot!(format!("digest-html-{language}"), email.html);
    }
}
