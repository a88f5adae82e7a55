//! From what a paper shows to its page.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::view::Sheet;

/// How a paper looks, on a screen and on A4.
pub const STYLE: &str = include_str!("paper.css");
/// What a page may use up; a list of five hundred rows of twelve columns needs a tenth of it.
const FUEL: u64 = 5_000_000;
const NAME: &str = "paper.html";

/// A page could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the paper could not be written: {0}")]
pub struct PaintError(#[from] minijinja::Error);

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters do not clash"));
    environment.add_template(NAME, include_str!("paper.html")).expect("it is read by a test");
    environment
});

/// The page, in a language.
pub(super) fn page(language: &str, sheet: &Sheet) -> Result<String, PaintError> {
    let it = minijinja::Value::from(minijinja::value::Serde(sheet));
    let style = minijinja::Value::from_safe_string(STYLE.to_owned());
    Ok(PAGES.get_template(NAME)?.render(context! { lang => language, style, it })?)
}
