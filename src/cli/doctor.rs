//! `chancery doctor`: what is wrong with this installation, in one table.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::reach::{Reached, reach};
use super::{Context, Trouble};
use crate::config::Config;
use crate::courier::smtp;
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
    let mut findings = vec![configuration(config), keys(config), clock(context.now()), sqlite()];
    findings.extend(program());
    findings.extend(database(config, context.now()).await);
    findings.push(public_url(config).await);
    if !args.no_mail {
        findings.push(mail(config).await);
    }
    context.printer.answer(&findings, |printer| {
        let rows: Vec<Vec<String>> = findings
            .iter()
            .map(|finding| vec![finding.verdict.word().to_owned(), finding.what.to_owned(), finding.said.clone()])
            .collect();
        for row in &rows {
            printer.line(format!("{:<5}  {:<13}  {}", row[0], row[1], row[2]));
        }
    });
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    if wrong == 0 { Ok(()) } else { Err(Trouble::Refused(format!("{wrong} of these must be put right"))) }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Wrong => "WRONG",
        }
    }
}

fn finding(what: &'static str, verdict: Verdict, said: impl Into<String>) -> Finding {
    Finding { what, verdict, said: said.into() }
}

/// A program that can be told to go wrong is for tests.
fn program() -> Option<Finding> {
    let said = "built with the feature `planted-faults`: it goes wrong when told to, and is for tests only";
    crate::planted::IS_POSSIBLE.then(|| finding("program", Verdict::Wrong, said))
}

fn configuration(config: &Config) -> Finding {
    match &config.places.file {
        Some(file) => finding("configuration", Verdict::Good, file.display().to_string()),
        None => finding("configuration", Verdict::Look, "no file: every key has its default"),
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
        finding("keys", Verdict::Wrong, format!("others may read {}: chmod 0600", open.join(", ")))
    }
}

fn clock(now: Instant) -> Finding {
    if now < CLOCK_MIN {
        finding("clock", Verdict::Wrong, format!("{now} lies in the past: set the machine's clock"))
    } else {
        finding("clock", Verdict::Good, now.to_string())
    }
}

fn sqlite() -> Finding {
    let version = backup::sqlite_version();
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found >= SQLITE_MIN {
        finding("sqlite", Verdict::Good, format!("{version}, built in"))
    } else {
        finding("sqlite", Verdict::Wrong, format!("{version} is older than 3.51.3, which loses a log after a crash"))
    }
}

async fn database(config: &Config, now: Instant) -> Vec<Finding> {
    let url = match config.database_url() {
        Ok(url) => url,
        Err(error) => return vec![finding("database", Verdict::Wrong, error.to_string())],
    };
    if let Some(path) = crate::config::sqlite_path(url.expose()).filter(|path| !path.exists()) {
        return vec![finding(
            "database",
            Verdict::Wrong,
            format!("`{}` does not exist: `chancery migrate`", path.display()),
        )];
    }
    let store = match Store::open(url.expose()).await {
        Ok(store) => store,
        Err(error) if error.to_string().contains("permission denied") => {
            let help = "`chancery migrate` with database.owner_url_file and database.server_role lets the server in";
            return vec![finding("database", Verdict::Wrong, format!("{error}: {help}"))];
        }
        Err(error) => return vec![finding("database", Verdict::Wrong, error.to_string())],
    };
    if let Err(error) = store.is_current().await {
        return vec![finding("database", Verdict::Wrong, error.to_string())];
    }
    let mut findings = vec![finding("database", Verdict::Good, "reached; its schema is this program's")];
    match store.meta(meta::HELD).await {
        Ok(Some(why)) => {
            findings.push(finding("held", Verdict::Look, format!("{why}: `chancery resume` lets it go on")));
        }
        Ok(None) => findings.push(finding("held", Verdict::Good, "no")),
        Err(error) => findings.push(finding("held", Verdict::Wrong, error.to_string())),
    }
    findings.push(guards(&store).await);
    findings.extend(roles(&store, config).await);
    findings.push(heads(&store, now).await);
    findings.push(match store.stuck().await {
        Ok(None) => finding("dossiers", Verdict::Good, "everything that was due could be done"),
        Ok(Some((count, since))) => finding(
            "dossiers",
            Verdict::Wrong,
            format!("in {count} something is due that cannot be done, since {since}: `chancery list --stuck`"),
        ),
        Err(error) => finding("dossiers", Verdict::Wrong, error.to_string()),
    });
    findings.push(undelivered(&store, now).await);
    if let Ok(Some(clock)) = store.meta(meta::CLOCK).await {
        findings.push(finding("demo clock", Verdict::Wrong, format!("`{clock}`: `serve` refuses this database")));
    }
    findings
}

/// What keeps the log from being changed by mistake.
async fn guards(store: &Store) -> Finding {
    match store.missing_guards().await {
        Ok(missing) if missing.is_empty() => finding("log", Verdict::Good, "its triggers let nobody change it"),
        Ok(missing) => {
            let what = format!("the triggers {} are gone or switched off: it can be changed", missing.join(", "));
            finding("log", Verdict::Wrong, what)
        }
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
        let help = format!("`chancery migrate` with database.owner_url_file and database.server_role = \"{role}\"");
        finding("role", Verdict::Wrong, format!("`{role}` may not {}: {help}", missing.join(", ")))
    } else if too_many.is_empty() && !owns_log {
        finding("role", Verdict::Good, format!("`{role}` may add to the log and not change it"))
    } else {
        // Who has asked for two roles and has one is not where they believe to be.
        let verdict = if config.database.server_role.is_some() { Verdict::Wrong } else { Verdict::Look };
        let may = if owns_log { "owns the log and can take its guards away".to_owned() } else { too_many.join(", ") };
        finding(
            "role",
            verdict,
            format!("`{role}`: {may}; two roles are safer (docs/operations.md, \"Two databases\")"),
        )
    })
}

/// The daily heads, held against each other (`audit` holds them against the log too).
async fn heads(store: &Store, now: Instant) -> Finding {
    let heads = match store.heads().await {
        Ok(heads) => heads,
        Err(error) => return finding("daily heads", Verdict::Wrong, error.to_string()),
    };
    if let Some(fault) = heads.faults.first() {
        return finding("daily heads", Verdict::Wrong, format!("{fault}: `chancery audit replay --all`"));
    }
    let since = format!("{} dossiers have changed since", heads.unanchored);
    let late = now.plus_ms(-HEAD_LATE_MS).to_string();
    match heads.heads.last() {
        None if heads.unanchored == 0 => finding("daily heads", Verdict::Good, "none yet: nothing has happened"),
        None => finding("daily heads", Verdict::Look, "none yet: the scheduler takes one a day"),
        Some(last) if heads.unanchored > 0 && last.day.as_str() < &late[..10] => finding(
            "daily heads",
            Verdict::Look,
            format!("the last is of {}, and {since}: is a scheduler running?", last.day),
        ),
        Some(last) => finding("daily heads", Verdict::Good, format!("the last is of {}; {since}", last.day)),
    }
}

/// Mails of which somebody should know.
async fn undelivered(store: &Store, now: Instant) -> Finding {
    match store.troubled_mails(now, TROUBLED_MAX).await {
        Ok(mails) => {
            let new = mails.iter().filter(|mail| mail.made_at > now.plus_ms(-TROUBLED_MS)).count();
            if new == 0 {
                return finding("delivery", Verdict::Good, "every mail of the last seven days was handed over");
            }
            let said = format!("{new} mails of the last seven days did not arrive: `chancery mail list`");
            finding("delivery", Verdict::Look, said)
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
        return finding("public url", Verdict::Wrong, format!("`{url}`: links would travel readable; use https"));
    }
    match reach(&site).await {
        Reached::Ours if site.is_loopback() => {
            finding("public url", Verdict::Look, format!("`{url}` opens, on this machine only"))
        }
        Reached::Ours => {
            finding("public url", Verdict::Good, format!("`{url}` opens from here; try it from outside too"))
        }
        Reached::Nothing(why) => finding(
            "public url",
            Verdict::Look,
            format!("`{url}` does not open from here: {why}; is the server running?"),
        ),
        Reached::Unproven(why) => finding("public url", Verdict::Look, format!("`{url}` answers, but {why}")),
        Reached::Other(why) => finding("public url", Verdict::Wrong, format!("`{url}`: {why}")),
    }
}

async fn mail(config: &Config) -> Finding {
    let settings = match config.smtp() {
        Ok(Some(settings)) => settings,
        Ok(None) => return finding("mail", Verdict::Look, "`mail.host` is not set: nothing is sent"),
        Err(error) => return finding("mail", Verdict::Wrong, error.to_string()),
    };
    let redirected = settings.redirect_to.clone();
    match tokio::time::timeout(MAIL_MAX, smtp::probe(&settings)).await {
        Err(_) => finding("mail", Verdict::Wrong, format!("`{}` does not answer", settings.host)),
        Ok(Err(error)) => finding("mail", Verdict::Wrong, format!("`{}`: {error}", settings.host)),
        Ok(Ok(())) => match redirected {
            Some(to) => {
                finding("mail", Verdict::Look, format!("`{}` answers; every mail goes to `{to}`", settings.host))
            }
            None => finding("mail", Verdict::Good, format!("`{}` answers", settings.host)),
        },
    }
}
