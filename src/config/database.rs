//! `[database]`: where dossiers are kept.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ConfigError, Places, Secret};

/// Where dossiers are kept.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://path` or `postgres://user@host/name`. A password does not belong here: use `url_file`.
    pub url: Option<String>,
    /// A file whose first line is the URL, for a URL with a password.
    pub url_file: Option<PathBuf>,
    /// PostgreSQL: the URL of the schema's owner, used by `migrate` only.
    pub owner_url: Option<String>,
    /// The same, in a file.
    pub owner_url_file: Option<PathBuf>,
    /// PostgreSQL: the role that the server signs in as. `migrate` lets it add to what is append-only and never change it.
    pub server_role: Option<String>,
}

/// Where a database is made when nobody says where.
pub(super) const DEFAULT_URL: &str = "sqlite://chancery.db";

/// A URL may hold a password: it is never shown.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("url_file", &self.url_file).finish_non_exhaustive()
    }
}

impl Database {
    /// Takes another URL for everything.
    pub fn replace_url(&mut self, url: &str) {
        *self = Self { url: Some(url.to_owned()), server_role: self.server_role.take(), ..Self::default() };
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if self.url.is_some() && self.url_file.is_some() {
            return Err(ConfigError::new("database.url", "is set beside `database.url_file`", "keep one of them"));
        }
        for (key, url) in [("database.url", &self.url), ("database.owner_url", &self.owner_url)] {
            if let Some(url) = url {
                check_url(key, url)?;
            }
        }
        Ok(())
    }

    pub(super) fn url(&self, places: &Places) -> Result<Secret, ConfigError> {
        match (&self.url, &self.url_file) {
            (Some(url), _) => Ok(Secret::new(url)),
            (None, Some(file)) => read_url("database.url_file", file, places),
            (None, None) => Ok(Secret::new(DEFAULT_URL)),
        }
    }

    pub(super) fn owner_url(&self, places: &Places) -> Result<Secret, ConfigError> {
        match (&self.owner_url, &self.owner_url_file) {
            (Some(url), _) => Ok(Secret::new(url)),
            (None, Some(file)) => read_url("database.owner_url_file", file, places),
            (None, None) => self.url(places),
        }
    }
}

fn read_url(key: &str, file: &Path, places: &Places) -> Result<Secret, ConfigError> {
    let url = Secret::read(key, file, places)?;
    check_url(key, url.expose())?;
    Ok(url)
}

fn check_url(key: &str, url: &str) -> Result<(), ConfigError> {
    if sqlite_path(url).is_some() || url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(());
    }
    Err(ConfigError::new(
        key,
        "names no database that chancery knows",
        "write `sqlite:///var/lib/chancery/chancery.db` or `postgres://user@host/name`",
    ))
}

/// The file behind an SQLite URL.
pub fn sqlite_path(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    let path = rest.split('?').next().unwrap_or(rest);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}
