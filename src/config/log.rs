//! `[log]`: what is said while the server runs.

use serde::Deserialize;

use super::ConfigError;

/// What is logged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// What: `info`, `chancery=debug,sqlx=warn`.
    pub filter: String,
    /// How.
    pub format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::default() }
    }
}

impl Log {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        tracing_subscriber::EnvFilter::try_new(&self.filter).map(drop).map_err(|error| {
            ConfigError::new("log.filter", error.to_string(), "write `info`, `debug`, or `chancery=debug,sqlx=warn`")
        })
    }
}
