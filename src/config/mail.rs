//! `[mail]`: the way out for mails.

use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigError, Places, Secret};

/// The way out for mails.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The submission server. None: nothing is sent, everything waits.
    pub host: Option<String>,
    /// Its port: by default 587 with `starttls`, 465 with `implicit`, 25 with `none`.
    pub port: Option<u16>,
    /// How the connection is kept private.
    pub tls: Tls,
    /// The account, where the server wants one.
    pub user: Option<String>,
    /// A file whose first line is the account's password.
    pub password_file: Option<PathBuf>,
    /// The sender of every mail: `Văn phòng <office@example.vn>`.
    pub from: String,
    /// A test machine sends every mail to this address instead of the person's.
    pub redirect_to: Option<String>,
}

/// How the connection to the mail server is kept private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// STARTTLS, required.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// None: only to a server on this machine.
    None,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            tls: Tls::default(),
            user: None,
            password_file: None,
            from: "chancery <chancery@localhost>".to_owned(),
            redirect_to: None,
        }
    }
}

impl Mail {
    /// The port that is used.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::Starttls => 587,
            Tls::Implicit => 465,
            Tls::None => 25,
        })
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        check_mailbox("mail.from", &self.from)?;
        if let Some(address) = &self.redirect_to {
            check_mailbox("mail.redirect_to", address)?;
        }
        if self.user.is_some() != self.password_file.is_some() {
            return Err(ConfigError::new(
                "mail.user",
                "`mail.user` and `mail.password_file` go together",
                "set both or none",
            ));
        }
        let local = self.host.as_deref().is_none_or(|host| matches!(host, "localhost" | "127.0.0.1" | "::1"));
        if self.tls == Tls::None && self.user.is_some() && !local {
            return Err(ConfigError::new(
                "mail.tls",
                "`none` would send the password readable through the network",
                "set `tls = \"starttls\"` or `tls = \"implicit\"`",
            ));
        }
        Ok(())
    }

    pub(super) fn password(&self, places: &Places) -> Result<Option<Secret>, ConfigError> {
        self.password_file.as_deref().map(|file| Secret::read("mail.password_file", file, places)).transpose()
    }
}

fn check_mailbox(key: &str, text: &str) -> Result<(), ConfigError> {
    let address = text.rsplit_once('<').map_or(text, |(_, address)| address.trim_end_matches('>'));
    let sound = address.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if sound && !text.contains(['\r', '\n', '\0']) {
        return Ok(());
    }
    Err(ConfigError::new(
        key,
        format!("`{}` is no mail address", text.escape_debug()),
        "write `Name <user@host>` or `user@host`",
    ))
}
