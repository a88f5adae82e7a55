//! A text that is never printed.

use std::fmt;
use std::path::Path;

use super::{ConfigError, Places};

/// A text that must not reach a log: it shows itself only when asked by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one who needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads the first line of a file.
    pub(super) fn read(key: &str, path: &Path, places: &Places) -> Result<Self, ConfigError> {
        let found = places.find(path);
        let text = std::fs::read_to_string(&found).map_err(|error| {
            ConfigError::new(
                key,
                format!("`{}` cannot be read: {error}", found.display()),
                "write the secret alone on the first line of that file, readable by the service's user only (chmod 0600), \
                 or hand it over with LoadCredential=",
            )
        })?;
        match text.lines().next().map(str::trim) {
            Some(line) if !line.is_empty() => Ok(Self::new(line)),
            _ => Err(ConfigError::new(
                key,
                format!("`{}` is empty", found.display()),
                "write the secret on its first line",
            )),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
