//! From a template and what it shows to an answer.

use std::fmt::Write as _;
use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, context, escape_formatter};
use serde::Serialize;

use super::App;
use super::error::Problem;
use super::routes::{Place, Site};
use super::say::{self, Texts};
use super::session::Session;

/// The style sheet.
pub(super) const STYLE: &str = include_str!("style.css");

/// No page needs more steps than this; a list of a thousand rows stays far below.
const FUEL: u64 = 5_000_000;

/// Languages of a browser that are looked at.
const LANGUAGES_MAX: usize = 20;

const TEMPLATES: [(&str, &str); 30] = [
    ("base.html", include_str!("templates/base.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("list.html", include_str!("templates/list.html")),
    ("home.html", include_str!("templates/home.html")),
    ("problem.html", include_str!("templates/problem.html")),
    ("matter.html", include_str!("templates/matter.html")),
    ("act.html", include_str!("templates/act.html")),
    ("object.html", include_str!("templates/object.html")),
    ("sure.html", include_str!("templates/sure.html")),
    ("ballot.html", include_str!("templates/ballot.html")),
    ("cast.html", include_str!("templates/cast.html")),
    ("attendance.html", include_str!("templates/attendance.html")),
    ("tally.html", include_str!("templates/tally.html")),
    ("confirm.html", include_str!("templates/confirm.html")),
    ("over.html", include_str!("templates/over.html")),
    ("desk.html", include_str!("templates/desk.html")),
    ("row.html", include_str!("templates/row.html")),
    ("way.html", include_str!("templates/way.html")),
    ("public.html", include_str!("templates/public.html")),
    ("gone.html", include_str!("templates/gone.html")),
    ("call.html", include_str!("templates/call.html")),
    ("opening.html", include_str!("templates/opening.html")),
    ("sign_in.html", include_str!("templates/sign_in.html")),
    ("pin.html", include_str!("templates/pin.html")),
    ("pins.html", include_str!("templates/pins.html")),
    ("away.html", include_str!("templates/away.html")),
    ("dossiers.html", include_str!("templates/dossiers.html")),
    ("start.html", include_str!("templates/start.html")),
    ("mails.html", include_str!("templates/mails.html")),
    ("inbox.html", include_str!("templates/inbox.html")),
];

/// One environment for each language, because a macro that is imported sees nothing of the page that imports it.
fn environment(language: &str) -> &'static Environment<'static> {
    static MADE: OnceLock<Vec<(&'static str, Environment<'static>)>> = OnceLock::new();
    let made = MADE.get_or_init(|| say::all().iter().map(|texts| (texts.code(), speaking(texts))).collect());
    made.iter().find(|(code, _)| *code == language).map_or(&made[0].1, |(_, environment)| environment)
}

fn speaking(texts: &'static Texts) -> Environment<'static> {
    let mut made = Environment::new();
    made.set_auto_escape_callback(|_| AutoEscape::Html);
    made.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    made.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("plain Jinja syntax"));
    made.set_fuel(Some(FUEL));
    made.set_formatter(written);
    made.add_function("t", move |key: &str, holes: Kwargs| t(texts, key, &holes));
    for (name, source) in TEMPLATES {
        made.add_template(name, source).expect("the templates are parsed by a test");
    }
    made
}

/// Escapes what means something in HTML and in quoted attributes, and nothing else: paths and numbers of decisions stay as
/// they are.
fn written(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else { return escape_formatter(out, state, value) };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        let escaped = match from.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        };
        write!(out, "{before}{escaped}")?;
        rest = &from[1..];
    }
    Ok(out.write_str(rest)?)
}

/// `t("key", name=value)`: the text under a key.
fn t(texts: &Texts, key: &str, holes: &Kwargs) -> Result<String, minijinja::Error> {
    let mut filled = Vec::new();
    for name in holes.args() {
        filled.push((name, holes.get::<Value>(name)?.to_string()));
    }
    let filled: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok(texts.fill(key, &filled))
}

/// What stands around every page.
#[derive(Clone, Debug)]
pub(super) struct Frame<'a> {
    pub(super) site: &'a Site,
    pub(super) office: &'a str,
    pub(super) texts: &'static Texts,
    /// What every form carries, where the page is made for somebody who has shown more than a link.
    pub(super) guard: Option<String>,
    /// They are signed in.
    pub(super) signed_in: bool,
}

impl<'a> Frame<'a> {
    /// A frame in the language that the address asks for, else in the reader's own.
    pub(super) fn new(app: &'a App, asked: Option<&'static Texts>, own: &str) -> Self {
        let texts = asked.unwrap_or_else(|| say::texts(own));
        Self { site: &app.site, office: &app.office, texts, guard: None, signed_in: false }
    }

    /// The same around a page for somebody who is signed in.
    pub(super) fn signed_in(self, app: &App, session: &Session) -> Self {
        Self { guard: Some(session.guard(app)), signed_in: true, ..self }
    }
}

/// The texts that an address asks for with `lang=`; nothing else in it is listened to.
pub(super) fn asked_language(query: Option<&str>) -> Option<&'static Texts> {
    let code = query?.split('&').find_map(|pair| pair.strip_prefix("lang="))?;
    say::all().iter().find(|texts| texts.code() == code)
}

/// The texts for somebody of whom nothing is known: those that the address asks for, else those that their browser prefers.
pub(super) fn strangers_language(query: Option<&str>, headers: &HeaderMap) -> Option<&'static Texts> {
    asked_language(query).or_else(|| preferred(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?))
}

/// Of the languages that a browser names, the most wanted one that the pages speak (RFC 9110, 12.5.4).
fn preferred(header: &str) -> Option<&'static Texts> {
    let wanted = header.split(',').take(LANGUAGES_MAX).filter_map(|one| {
        let mut parts = one.split(';').map(str::trim);
        let code = parts.next()?.split('-').next()?.to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok());
        let texts = say::all().iter().find(|texts| texts.code() == code)?;
        weight.filter(|weight: &f32| *weight > 0.0).map(|weight| (weight, texts))
    });
    // Of two that are wanted alike, the one that is named first.
    wanted.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, texts)| texts)
}

/// The part of a ballot sheet that an address asks for, from 1.
pub(super) fn asked_part(query: Option<&str>) -> Option<usize> {
    query?.split('&').find_map(|pair| pair.strip_prefix("part="))?.parse().ok()
}

/// A page.
///
/// # Errors
/// The template does not go together with what it shows: a fault of ours.
pub(super) fn page<T: Serialize>(
    frame: &Frame<'_>,
    status: StatusCode,
    name: &str,
    it: &T,
) -> Result<Response, Problem> {
    let others: Vec<&str> = say::all().iter().map(Texts::code).filter(|code| *code != frame.texts.code()).collect();
    let html = environment(frame.texts.code()).get_template(name)?.render(context! {
        lang => frame.texts.code(),
        others,
        prefix => frame.site.prefix(),
        office => frame.office,
        style => style_version(),
        inbox => frame.signed_in.then(|| Place::Inbox.path(frame.site)),
        sign_in => Place::SignIn.path(frame.site),
        it => Value::from(Serde(it)),
    })?;
    let html = match &frame.guard {
        // In one place, so that no form of any template can be without it. What people typed is escaped and opens no form.
        Some(guard) => guarded(&html, guard),
        None => html,
    };
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(header::CONTENT_TYPE, kind)], html).into_response())
}

/// Every form of a page with what says that this page was made here for whoever is signed in.
fn guarded(html: &str, guard: &str) -> String {
    let mut whole = String::with_capacity(html.len() + 1024);
    let mut rest = html;
    while let Some(at) = rest.find("<form method=\"post\"") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        whole.push_str(&rest[..end]);
        let _ = write!(whole, "<input type=\"hidden\" name=\"guard\" value=\"{guard}\">"); // writing to a String cannot fail
        rest = &rest[end..];
    }
    whole + rest
}

/// The page of a problem. When even that fails, plain words.
pub(super) fn problem(app: &App, problem: &Problem, asked: Option<&'static Texts>) -> Response {
    let frame = Frame::new(app, asked, "vi");
    page(&frame, problem.status(), "problem.html", &context! { key => problem.key() })
        .unwrap_or_else(|_| (problem.status(), problem.key()).into_response())
}

/// Changes when the style sheet does, so that a browser may keep it.
fn style_version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| super::hex(&<sha2::Sha256 as sha2::Digest>::digest(STYLE))[..12].to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::say;
    use super::{Frame, Site, StatusCode, TEMPLATES, context, environment, guarded, preferred};

    #[tokio::test]
    async fn what_is_shown_cannot_become_markup() {
        let site = Site::parse("https://a.example").expect("an address");
        let frame =
            Frame { site: &site, office: "\"><script>'&", texts: say::texts("en"), guard: None, signed_in: false };
        let page = super::page(&frame, StatusCode::OK, "home.html", &context! {}).expect("a page");
        let html = axum::body::to_bytes(page.into_body(), 1 << 20).await.expect("a body");
        let html = String::from_utf8_lossy(&html);
        assert!(html.contains("&quot;&gt;&lt;script&gt;&#39;&amp;") && !html.contains("<script"), "{html}");
    }

    #[test]
    fn a_browser_is_answered_in_the_language_that_it_prefers() {
        for (header, code) in [
            ("en", Some("en")),
            ("en-US,en;q=0.9", Some("en")),
            ("fr-FR, fr;q=0.9, en;q=0.4, vi;q=0.8", Some("vi")),
            ("vi;q=0.5, en;q=0.5", Some("vi")),
            ("EN-gb", Some("en")),
            ("en;q=0, vi;q=0.1", Some("vi")),
            ("fr", None),
            ("en;q=much", None),
            ("", None),
        ] {
            assert_eq!(preferred(header).map(say::Texts::code), code, "{header}");
        }
    }

    #[test]
    fn every_form_of_a_page_for_somebody_signed_in_is_guarded() {
        for (name, source) in TEMPLATES {
            let forms = source.matches("<form method=\"post\"").count();
            let looking = source.matches("<form method=\"get\"").count();
            assert_eq!(source.matches("<form").count(), forms + looking, "{name}");
            let html = guarded(source, "GUARD");
            assert_eq!(html.matches("value=\"GUARD\">").count(), forms, "{name}");
            assert_eq!(html.replace("<input type=\"hidden\" name=\"guard\" value=\"GUARD\">", ""), source, "{name}");
        }
    }

    #[test]
    fn every_template_parses() {
        for (name, _) in TEMPLATES {
            assert!(environment("vi").get_template(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn every_language_has_the_same_texts_and_the_templates_ask_for_no_others() {
        let keys =
            |texts: &say::Texts| texts.keys().filter(|key| !key.ends_with("_1")).map(str::to_owned).collect::<Vec<_>>();
        let first = keys(&say::all()[0]);
        for texts in say::all() {
            assert_eq!(keys(texts), first, "{}", texts.code());
            for key in &first {
                assert!(!texts.get(key).trim().is_empty(), "{key}");
            }
        }
        for (name, source) in TEMPLATES {
            for asked in source.split("t(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let known =
                    first.iter().any(|key| key == asked || (asked.ends_with(['.', '_']) && key.starts_with(asked)));
                assert!(known, "{name} asks for {asked}");
            }
        }
    }

    #[test]
    fn no_word_of_ours_stands_on_a_page() {
        for texts in say::all() {
            for key in texts.keys() {
                let text = texts.get(key).to_lowercase();
                for word in ["token", "transition", "statechart", "workflow", "dossier id", "activation", "engine"] {
                    assert!(!text.contains(word), "{key}: {text}");
                }
            }
        }
    }
}
