//! What the operator of a server decides: one TOML file, one struct per section, every secret in a file of its own.
//!
//! The environment is read here and nowhere else, and only for where files are: `CHANCERY_CONFIG` names the configuration,
//! `CREDENTIALS_DIRECTORY` (systemd) holds secrets. No secret stands in the environment, in an argument or in a log.

mod database;
mod keys;
mod log;
mod mail;
mod personal;
mod secret;
mod web;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use database::{Database, sqlite_path};
pub use keys::{KeyFiles, Keys};
pub use log::{Log, LogFormat};
pub use mail::{CONNECTIONS_MAX, Mail, Tls};
pub use personal::Personal;
pub use secret::Secret;
pub use web::Web;

use crate::courier::settings::SmtpSettings;

/// Where the configuration lies when nobody says anything else.
pub const DEFAULT_FILE: &str = "/etc/chancery/chancery.toml";

/// The whole configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where dossiers are kept.
    pub database: Database,
    /// The pages.
    pub web: Web,
    /// The way out for mails.
    pub mail: Mail,
    /// The secret keys.
    pub keys: Keys,
    /// What is said when somebody is to be erased.
    pub personal: Personal,
    /// What is logged.
    pub log: Log,
    /// Where relative paths and secrets are looked for.
    #[serde(skip)]
    pub places: Places,
}

/// Where files that the configuration names are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The configuration file, if there is one.
    pub file: Option<PathBuf>,
    /// systemd's credentials (`LoadCredential=`), looked into first.
    pub credentials: Option<PathBuf>,
}

/// A configuration that cannot be used: which file, which key, what is wrong, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}`{key}`: {what}\n  help: {help}", .file.as_ref().map(|file| format!("{}: ", file.display())).unwrap_or_default())]
pub struct ConfigError {
    /// The file.
    pub file: Option<PathBuf>,
    /// The key, `mail.from`.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl ConfigError {
    /// A fault of a key; the file is added by whoever knows it.
    pub fn new(key: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { file: None, key: key.into(), what: what.into(), help: help.into() }
    }
}

/// What the process was started with, as far as it matters to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `CHANCERY_CONFIG`.
    pub config: Option<PathBuf>,
    /// `CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// Who runs this command on the machine: `SUDO_USER`, else `USER`, else `LOGNAME`, else the owner of the process.
    pub operator: String,
    /// The language of `LANG`, if it is one that we write: `vi`, `en`.
    pub language: Option<&'static str>,
}

impl Environment {
    /// Reads it: the one place that does.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn read() -> Self {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = |name: &str| var(name).and_then(|value| value.into_string().ok());
        #[cfg(feature = "planted-faults")]
        {
            if let Some(name) = text("CHANCERY_PLANTED") {
                crate::planted::plant(&name);
            }
            if let Some(place) = text("CHANCERY_DIES_AT") {
                crate::planted::die_at(&place);
            }
            if let Some(ms) = text("CHANCERY_SKEW_MS").and_then(|ms| ms.parse().ok()) {
                crate::planted::skew(ms);
            }
            if let Some(pages) = text("CHANCERY_LOG_PAGES").and_then(|pages| pages.parse().ok()) {
                crate::planted::shorten_log(pages);
            }
        }
        Self {
            config: var("CHANCERY_CONFIG").map(PathBuf::from),
            credentials: var("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            operator: text("SUDO_USER").or_else(|| text("USER")).or_else(|| text("LOGNAME")).unwrap_or_else(owner),
            language: text("LANG").and_then(|lang| ["vi", "en"].into_iter().find(|known| lang.starts_with(known))),
        }
    }
}

/// What the machine calls the owner of this process; their number where it has no name for them.
fn owner() -> String {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(process) = std::fs::metadata("/proc/self") else { return "unknown".to_owned() };
    let uid = process.uid().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut lines = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let known = lines.find(|line| line.get(2) == Some(&uid.as_str()));
    known.and_then(|line| line.first().map(|name| (*name).to_owned())).unwrap_or_else(|| format!("uid {uid}"))
}

impl Config {
    /// Reads the file that was named, else the one in `CHANCERY_CONFIG`, else [`DEFAULT_FILE`] if it is there, else the
    /// defaults.
    ///
    /// # Errors
    /// A file that was named is missing; a file cannot be read or says something that makes no sense.
    pub fn load(named: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let file = named.or(environment.config.as_deref());
        let default = Path::new(DEFAULT_FILE);
        let file = file.or_else(|| default.exists().then_some(default));
        let text = match file {
            None => String::new(),
            Some(file) => std::fs::read_to_string(file).map_err(|error| ConfigError {
                file: Some(file.to_owned()),
                key: "the file".to_owned(),
                what: format!("cannot be read: {error}"),
                help: format!(
                    "name another one with --config or CHANCERY_CONFIG; without either, {DEFAULT_FILE} is read"
                ),
            })?,
        };
        Self::parse(&text, Places { file: file.map(Path::to_owned), credentials: environment.credentials.clone() })
    }

    /// Reads the text of a configuration and checks every section.
    ///
    /// # Errors
    /// It is no TOML, has a key that nobody knows, or a value that makes no sense.
    pub fn parse(text: &str, places: Places) -> Result<Self, ConfigError> {
        let file = places.file.clone();
        let with_file = |error: ConfigError| ConfigError { file: file.clone(), ..error };
        let mut config: Self = toml::from_str(text).map_err(|error| with_file(not_toml(text, &error)))?;
        config.places = places;
        config.validate().map_err(with_file)?;
        Ok(config)
    }

    /// Checks what can be checked without touching the world.
    ///
    /// # Errors
    /// The first key whose value makes no sense.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.database.validate()?;
        self.web.validate()?;
        self.mail.validate()?;
        self.log.validate()
    }

    /// The URL of the database.
    ///
    /// # Errors
    /// The file that holds it cannot be read.
    pub fn database_url(&self) -> Result<Secret, ConfigError> {
        self.database.url(&self.places).map_err(|error| self.in_file(error))
    }

    /// The URL with the owner's rights (for `migrate`); the server's own where none is set.
    ///
    /// # Errors
    /// The file that holds it cannot be read.
    pub fn owner_url(&self) -> Result<Secret, ConfigError> {
        self.database.owner_url(&self.places).map_err(|error| self.in_file(error))
    }

    /// Where the keys lie.
    ///
    /// # Errors
    /// No folder is named, and the database is not a file beside which they could lie.
    pub fn key_files(&self) -> Result<KeyFiles, ConfigError> {
        let url = self.database_url()?;
        self.keys.files(&url, &self.places).map_err(|error| self.in_file(error))
    }

    /// What the courier has to be told; none where no mail server is set.
    ///
    /// # Errors
    /// The password cannot be read, or the courier finds a fault.
    pub fn smtp(&self) -> Result<Option<SmtpSettings>, ConfigError> {
        self.mail.settings(&self.places).map_err(|error| self.in_file(error))
    }

    fn in_file(&self, error: ConfigError) -> ConfigError {
        ConfigError { file: self.places.file.clone(), ..error }
    }
}

impl Places {
    /// Where a file that the configuration names lies: a bare name among systemd's credentials first, then everything
    /// relative beside the configuration file.
    pub fn find(&self, path: &Path) -> PathBuf {
        if let Some(credentials) = &self.credentials
            && path.components().count() == 1
            && credentials.join(path).exists()
        {
            return credentials.join(path);
        }
        match self.file.as_deref().and_then(Path::parent) {
            Some(folder) if path.is_relative() => folder.join(path),
            _ => path.to_owned(),
        }
    }
}

/// toml's error, with the line in front and the source excerpt left out (it could show a secret).
fn not_toml(text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    ConfigError::new(
        format!("line {line}"),
        error.message().lines().next().unwrap_or("not TOML").to_owned(),
        "packaging/chancery.toml shows every section and key with its meaning",
    )
}
