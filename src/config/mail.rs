//! `[mail]`: the way out for mails.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigError, Places, Secret};
use crate::courier::settings::{Password, Patience, Security, SmtpSettings};

/// Connections to the mail server at most.
pub const CONNECTIONS_MAX: usize = 8;

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
    /// More authorities to trust (PEM), for a server inside an office's own network.
    pub ca_file: Option<PathBuf>,
    /// What we call ourselves to the server; the machine's name where nothing is said.
    pub hello: Option<String>,
    /// The sender of every mail: `Văn phòng <office@example.vn>`.
    pub from: String,
    /// Whom to call, as the foot of every mail says it: a name and a telephone number.
    pub contact: String,
    /// Mails that are sent side by side, each over a connection of its own.
    pub connections: usize,
    /// The address under which every mail gets a return path of its own: `bounces@office.example.vn`.
    pub return_path: Option<String>,
    /// Where the mail server of this machine hands over what comes back there, by SMTP or LMTP: `127.0.0.1:2525`.
    pub bounces_listen: Option<String>,
    /// Who is told of mails that did not arrive: codes of the directory.
    pub report_to: Vec<String>,
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
            ca_file: None,
            hello: None,
            from: "chancery <chancery@localhost>".to_owned(),
            contact: String::new(),
            connections: 2,
            return_path: None,
            bounces_listen: None,
            report_to: Vec::new(),
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

    /// What the courier has to be told; none where no host is set.
    ///
    /// # Errors
    /// The password cannot be read, or the courier finds a fault.
    pub(super) fn settings(&self, places: &Places) -> Result<Option<SmtpSettings>, ConfigError> {
        let Some(host) = &self.host else { return Ok(None) };
        let password =
            self.password_file.as_deref().map(|file| Secret::read("mail.password_file", file, places)).transpose()?;
        let (from_name, from_address) = mailbox(&self.from);
        let settings = SmtpSettings {
            host: host.clone(),
            port: self.port(),
            security: match self.tls {
                Tls::Starttls => Security::Starttls,
                Tls::Implicit => Security::Tls,
                Tls::None => Security::None,
            },
            user: self.user.clone(),
            password: password.map(|password| Password::new(password.expose())),
            ca_file: self.ca_file.as_deref().map(|file| places.find(file)),
            from_address: from_address.to_owned(),
            from_name: from_name.to_owned(),
            contact: self.contact.clone(),
            hello: self.hello.clone(),
            redirect_to: self.redirect_to.as_deref().map(|to| mailbox(to).1.to_owned()),
            return_path: self.return_path.clone(),
            patience: Patience::default(),
        };
        match settings.validate().into_iter().next() {
            None => Ok(Some(settings)),
            Some(fault) => Err(ConfigError::new("mail", fault, "packaging/chancery.toml shows every key of `[mail]`")),
        }
    }

    /// Where bounces are taken, and the address that they come to; none where nothing is set.
    ///
    /// # Errors
    /// The address is not one of this machine alone.
    pub fn bounces(&self) -> Result<Option<(SocketAddr, &str)>, ConfigError> {
        let Some(listen) = &self.bounces_listen else { return Ok(None) };
        let fault = |what: &str, help: &str| Err(ConfigError::new("mail.bounces_listen", what, help));
        let Some(base) = &self.return_path else {
            return fault("needs `mail.return_path`", "write return_path = \"bounces@office.example.vn\"");
        };
        match listen.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Some((address, base))),
            Ok(_) | Err(_) => fault(
                &format!("`{}` is no address of this machine alone", listen.escape_debug()),
                "write `127.0.0.1:2525`; the mail server beside chancery hands bounces over there",
            ),
        }
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        self.bounces()?;
        check_mailbox("mail.from", &self.from)?;
        if let Some(address) = &self.redirect_to {
            check_mailbox("mail.redirect_to", address)?;
        }
        if !(1..=CONNECTIONS_MAX).contains(&self.connections) {
            return Err(ConfigError::new(
                "mail.connections",
                format!("{} is not between 1 and {CONNECTIONS_MAX}", self.connections),
                "2 are enough for a few thousand mails a day",
            ));
        }
        if self.user.is_some() != self.password_file.is_some() {
            return Err(ConfigError::new(
                "mail.user",
                "`mail.user` and `mail.password_file` go together",
                "set both or none",
            ));
        }
        Ok(())
    }
}

/// Name and address of `Name <user@host>`; an address alone is its own name.
fn mailbox(text: &str) -> (&str, &str) {
    match text.rsplit_once('<') {
        Some((name, address)) => (name.trim().trim_matches('"'), address.trim().trim_end_matches('>')),
        None => (text.trim(), text.trim()),
    }
}

fn check_mailbox(key: &str, text: &str) -> Result<(), ConfigError> {
    let sound = mailbox(text).1.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if sound && !text.contains(['\r', '\n', '\0']) {
        return Ok(());
    }
    Err(ConfigError::new(
        key,
        format!("`{}` is no mail address", text.escape_debug()),
        "write `Name <user@host>` or `user@host`",
    ))
}
