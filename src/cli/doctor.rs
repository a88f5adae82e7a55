//! `chancery doctor`: what is wrong with this installation, in one table.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::reach::{Reached, reach};
use super::{Context, Trouble};
use crate::config::Config;
use crate::courier::smtp;
use crate::diagnostic::{Words, say};
use crate::ids::Instant;
use crate::store::roles::Rights;
use crate::store::{Store, backup, meta};

/// What `doctor` may be told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery doctor\n  chancery doctor --format json")]
pub(super) struct DoctorArgs {
    /// Do not call the mail server.
    #[arg(long)]
    no_mail: bool,
}

/// The oldest SQLite whose log survives a crash between checkpoint and reset.
const SQLITE_MIN: (u32, u32, u32) = (3, 51, 3);
/// A clock before this day is wrong: the program is younger.
const CLOCK_MIN: Instant = Instant(1_760_000_000_000);
/// A head is due every day; after this long without one somebody should look.
const HEAD_LATE_MS: i64 = 2 * 24 * 60 * 60 * 1000;
/// Mails that did not arrive are pointed out for so long, and so many are counted.
const TROUBLED_MS: i64 = 7 * 24 * 60 * 60 * 1000;
const TROUBLED_MAX: i64 = 1000;
/// How long a mail server may take to answer here.
const MAIL_MAX: Duration = Duration::from_secs(15);

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    verdict: Verdict,
    said: String,
    /// The same for whoever reads it.
    #[serde(skip)]
    words: (Words, Words),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Look,
    Wrong,
}

/// Looks at everything, prints it, and fails if something is wrong.
pub(super) async fn run(args: &DoctorArgs, context: &Context) -> Result<(), Trouble> {
    let config = &context.config;
    let language = context.printer.language();
    let mut findings = vec![configuration(config), keys(config), clock(context.now()), sqlite()];
    findings.extend(program());
    findings.extend(database(config, context.now()).await);
    findings.push(public_url(config).await);
    if !args.no_mail {
        findings.push(mail(config).await);
    }
    for finding in &mut findings {
        finding.said = finding.words.1.text(language);
    }
    context.printer.answer(&findings, |printer| {
        for Finding { verdict, words: (what, _), said, .. } in &findings {
            printer.line(format!("{:<5}  {:<14}  {said}", verdict.word().text(language), what.text(language)));
        }
    });
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    if wrong == 0 { Ok(()) } else { Err(Trouble::Refused(say!(doctor.put_right, n = wrong))) }
}

impl Verdict {
    fn word(self) -> Words {
        match self {
            Self::Good => say!(doctor.good),
            Self::Look => say!(doctor.look),
            Self::Wrong => say!(doctor.wrong),
        }
    }
}

fn finding(what: &'static str, verdict: Verdict, said: impl Into<Words>) -> Finding {
    let called = match what {
        "program" => say!(doctor.program),
        "configuration" => say!(doctor.configuration),
        "keys" => say!(doctor.keys),
        "clock" => say!(doctor.clock),
        "sqlite" => say!(doctor.sqlite),
        "database" => say!(doctor.database),
        "held" => say!(doctor.held),
        "log" => say!(doctor.log),
        "role" => say!(doctor.role),
        "daily heads" => say!(doctor.heads),
        "dossiers" => say!(doctor.dossiers),
        "delivery" => say!(doctor.delivery),
        "demo clock" => say!(doctor.demo_clock),
        "public url" => say!(doctor.public_url),
        "mail" => say!(doctor.mail),
        other => Words::plain(other),
    };
    Finding { what, verdict, said: String::new(), words: (called, said.into()) }
}

/// A program that can be told to go wrong is for tests.
fn program() -> Option<Finding> {
    crate::planted::IS_POSSIBLE.then(|| finding("program", Verdict::Wrong, say!(doctor.for_tests)))
}

fn configuration(config: &Config) -> Finding {
    match &config.places.file {
        Some(file) => finding("configuration", Verdict::Good, file.display().to_string()),
        None => finding("configuration", Verdict::Look, say!(doctor.no_file)),
    }
}

fn keys(config: &Config) -> Finding {
    let files = match config.key_files() {
        Ok(files) => files,
        Err(error) => return finding("keys", Verdict::Wrong, error.to_string()),
    };
    if let Err(error) = files.masters().and_then(|_| files.links()) {
        return finding("keys", Verdict::Wrong, error.to_string());
    }
    let open: Vec<String> = files.too_open().iter().map(|path| path.display().to_string()).collect();
    if open.is_empty() {
        finding("keys", Verdict::Good, format!("`{}`", files.folder().display()))
    } else {
        finding("keys", Verdict::Wrong, say!(doctor.too_open, files = open.join(", ")))
    }
}

fn clock(now: Instant) -> Finding {
    if now < CLOCK_MIN {
        finding("clock", Verdict::Wrong, say!(doctor.past, now = now.to_string()))
    } else {
        finding("clock", Verdict::Good, now.to_string())
    }
}

fn sqlite() -> Finding {
    let version = backup::sqlite_version();
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found >= SQLITE_MIN {
        finding("sqlite", Verdict::Good, say!(doctor.built_in, version))
    } else {
        finding("sqlite", Verdict::Wrong, say!(doctor.old_sqlite, version))
    }
}

async fn database(config: &Config, now: Instant) -> Vec<Finding> {
    let url = match config.database_url() {
        Ok(url) => url,
        Err(error) => return vec![finding("database", Verdict::Wrong, error.to_string())],
    };
    if let Some(path) = crate::config::sqlite_path(url.expose()).filter(|path| !path.exists()) {
        return vec![finding("database", Verdict::Wrong, say!(doctor.missing, path = path.display().to_string()))];
    }
    let store = match Store::open(url.expose()).await {
        Ok(store) => store,
        Err(error) if error.to_string().contains("permission denied") => {
            return vec![finding("database", Verdict::Wrong, say!(doctor.let_in, why = error.to_string()))];
        }
        Err(error) => return vec![finding("database", Verdict::Wrong, error.to_string())],
    };
    if let Err(error) = store.is_current().await {
        return vec![finding("database", Verdict::Wrong, error.to_string())];
    }
    let mut findings = vec![finding("database", Verdict::Good, say!(doctor.reached))];
    match store.meta(meta::HELD).await {
        Ok(Some(why)) => {
            findings.push(finding("held", Verdict::Look, say!(doctor.held_why, why)));
        }
        Ok(None) => findings.push(finding("held", Verdict::Good, say!(doctor.no))),
        Err(error) => findings.push(finding("held", Verdict::Wrong, error.to_string())),
    }
    findings.push(guards(&store).await);
    findings.extend(roles(&store, config).await);
    findings.push(heads(&store, now).await);
    findings.push(match store.stuck().await {
        Ok(None) => finding("dossiers", Verdict::Good, say!(doctor.all_done)),
        Ok(Some((count, since))) => {
            finding("dossiers", Verdict::Wrong, say!(doctor.stuck, n = count, since = since.to_string()))
        }
        Err(error) => finding("dossiers", Verdict::Wrong, error.to_string()),
    });
    findings.push(undelivered(&store, now).await);
    if let Ok(Some(clock)) = store.meta(meta::CLOCK).await {
        findings.push(finding("demo clock", Verdict::Wrong, say!(doctor.demo, clock)));
    }
    findings
}

/// What keeps the log from being changed by mistake.
async fn guards(store: &Store) -> Finding {
    match store.missing_guards().await {
        Ok(missing) if missing.is_empty() => finding("log", Verdict::Good, say!(doctor.triggers)),
        Ok(missing) => finding("log", Verdict::Wrong, say!(doctor.no_triggers, names = missing.join(", "))),
        Err(error) => finding("log", Verdict::Wrong, error.to_string()),
    }
}

/// On PostgreSQL: whether the server's role may do what it does every day, and no more.
async fn roles(store: &Store, config: &Config) -> Option<Finding> {
    let rights = match store.rights().await {
        Ok(rights) => rights?,
        Err(error) => return Some(finding("role", Verdict::Wrong, error.to_string())),
    };
    let Rights { role, owns_log, too_many, missing } = rights;
    Some(if !missing.is_empty() {
        let help = say!(doctor.migrate_role, role);
        finding("role", Verdict::Wrong, say!(doctor.may_not, role, what = missing.join(", "), help))
    } else if too_many.is_empty() && !owns_log {
        finding("role", Verdict::Good, say!(doctor.adds, role))
    } else {
        // Who has asked for two roles and has one is not where they believe to be.
        let verdict = if config.database.server_role.is_some() { Verdict::Wrong } else { Verdict::Look };
        let may = if owns_log { say!(doctor.owns) } else { Words::plain(too_many.join(", ")) };
        finding("role", verdict, say!(doctor.two_roles, role, may))
    })
}

/// The daily heads, held against each other (`audit` holds them against the log too).
async fn heads(store: &Store, now: Instant) -> Finding {
    let heads = match store.heads().await {
        Ok(heads) => heads,
        Err(error) => return finding("daily heads", Verdict::Wrong, error.to_string()),
    };
    if let Some(fault) = heads.faults.first() {
        return finding("daily heads", Verdict::Wrong, say!(doctor.replay, fault));
    }
    let since = say!(doctor.since, n = heads.unanchored);
    let late = now.plus_ms(-HEAD_LATE_MS).to_string();
    match heads.heads.last() {
        None if heads.unanchored == 0 => finding("daily heads", Verdict::Good, say!(doctor.none_needed)),
        None => finding("daily heads", Verdict::Look, say!(doctor.none_yet)),
        Some(last) if heads.unanchored > 0 && last.day.as_str() < &late[..10] => {
            finding("daily heads", Verdict::Look, say!(doctor.late, day = last.day, since))
        }
        Some(last) => finding("daily heads", Verdict::Good, say!(doctor.last, day = last.day, since)),
    }
}

/// Mails of which somebody should know.
async fn undelivered(store: &Store, now: Instant) -> Finding {
    match store.troubled_mails(now, TROUBLED_MAX).await {
        Ok(mails) => {
            let new = mails.iter().filter(|mail| mail.made_at > now.plus_ms(-TROUBLED_MS)).count();
            if new == 0 {
                return finding("delivery", Verdict::Good, say!(doctor.delivered));
            }
            finding("delivery", Verdict::Look, say!(doctor.undelivered, n = new))
        }
        Err(error) => finding("delivery", Verdict::Wrong, error.to_string()),
    }
}

/// What links begin with, and whether it opens: asked from this machine, which may see more or less than those outside.
async fn public_url(config: &Config) -> Finding {
    let url = &config.web.public_url;
    let site = match config.web.site() {
        Ok(site) => site,
        Err(error) => return finding("public url", Verdict::Wrong, error.to_string()),
    };
    if !site.is_tls() && !site.is_loopback() {
        return finding("public url", Verdict::Wrong, say!(doctor.readable, url));
    }
    match reach(&site).await {
        Reached::Ours if site.is_loopback() => finding("public url", Verdict::Look, say!(doctor.this_machine, url)),
        Reached::Ours => finding("public url", Verdict::Good, say!(doctor.opens, url)),
        Reached::Nothing(why) => finding("public url", Verdict::Look, say!(doctor.closed, url, why)),
        Reached::Unproven(why) => finding("public url", Verdict::Look, say!(doctor.unproven, url, why)),
        Reached::Other(why) => finding("public url", Verdict::Wrong, say!(doctor.other, url, why)),
    }
}

async fn mail(config: &Config) -> Finding {
    let settings = match config.smtp() {
        Ok(Some(settings)) => settings,
        Ok(None) => return finding("mail", Verdict::Look, say!(doctor.not_sent)),
        Err(error) => return finding("mail", Verdict::Wrong, error.to_string()),
    };
    let (redirected, host) = (settings.redirect_to.clone(), settings.host.clone());
    match tokio::time::timeout(MAIL_MAX, smtp::probe(&settings)).await {
        Err(_) => finding("mail", Verdict::Wrong, say!(doctor.silent, host)),
        Ok(Err(error)) => finding("mail", Verdict::Wrong, say!(doctor.mail_error, host, why = error.clone())),
        Ok(Ok(())) => match redirected {
            Some(to) => finding("mail", Verdict::Look, say!(doctor.redirected, host, to)),
            None => finding("mail", Verdict::Good, say!(doctor.answers, host)),
        },
    }
}
