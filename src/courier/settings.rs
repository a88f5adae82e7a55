//! What the courier has to be told: the mail server, who writes, who is to be called.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::letters::Sender;
use crate::links::BASE_MAX;

/// How mails leave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// The mail server's name or address.
    pub host: String,
    /// Its port: 587 (STARTTLS), 465 (TLS), 25 (a relay on this machine).
    pub port: u16,
    /// How the connection is protected.
    #[serde(default)]
    pub security: Security,
    /// Whom we sign in as; none: we do not.
    #[serde(default)]
    pub user: Option<String>,
    /// The password that goes with it.
    #[serde(default)]
    pub password: Option<Password>,
    /// Further certificate authorities to trust (PEM), for servers of a network of its own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The address that mails come from.
    pub from_address: String,
    /// The name that mails come from: the office.
    pub from_name: String,
    /// Whom to call, as the foot of every mail says it: a name and a telephone number.
    #[serde(default)]
    pub contact: String,
    /// What we call ourselves to the server; the machine's name where nothing is said.
    #[serde(default)]
    pub hello: Option<String>,
    /// Test machines: every mail goes to this address, with a line that names the one it was meant for.
    #[serde(default)]
    pub redirect_to: Option<String>,
    /// The address under which every mail has a return path of its own; none: mails return to `from_address`.
    #[serde(default)]
    pub return_path: Option<String>,
    /// How long we wait.
    #[serde(skip)]
    pub patience: Patience,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Begins in clear and must then turn to TLS.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// In clear: for a relay on this machine.
    None,
}

/// A password; it never shows itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Takes it as it is.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How long the courier waits for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, and for the answer to each command.
    pub command: Duration,
    /// For the answer to the final dot. RFC 5321 4.5.3.2.6: less leads to mails delivered twice.
    pub after_data: Duration,
    /// A batch that takes longer hands the mails it has not begun back, for another lane to send.
    pub batch: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { command: Duration::from_secs(30), after_data: Duration::from_mins(10), batch: Duration::from_mins(1) }
    }
}

impl SmtpSettings {
    /// For a server on this machine that asks for nothing, such as the catcher.
    pub fn plain(address: std::net::SocketAddr, from_address: &str, from_name: &str) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
            security: Security::None,
            user: None,
            password: None,
            ca_file: None,
            from_address: from_address.to_owned(),
            from_name: from_name.to_owned(),
            contact: String::new(),
            hello: None,
            redirect_to: None,
            return_path: None,
            patience: Patience::default(),
        }
    }

    /// What is wrong with them: one sentence for each fault, each naming its key.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.host.trim().is_empty() {
            faults.push("`host` is empty: name the mail server".to_owned());
        }
        if self.port == 0 {
            faults.push("`port` is 0: write 587, 465 or 25".to_owned());
        }
        if !is_address(&self.from_address) {
            faults.push(format!("`from_address` `{}` is not a mail address", self.from_address));
        }
        if let Some(to) = self.redirect_to.as_deref().filter(|to| !is_address(to)) {
            faults.push(format!("`redirect_to` `{to}` is not a mail address"));
        }
        if let Some(base) = self.return_path.as_deref().filter(|base| !is_return_path(base)) {
            faults.push(format!(
                "`return_path` `{base}` has no room for a mail's own mark: write `bounces@host`, with at most {BASE_MAX} \
                 letters and digits before the `@`"
            ));
        }
        if crate::words::clean(&self.from_name).is_empty() {
            faults.push("`from_name` is empty: readers must see which office writes".to_owned());
        }
        if self.user.is_some() != self.password.is_some() {
            faults.push("`user` and `password` go together: give both or neither".to_owned());
        }
        if self.user.is_some() && self.security == Security::None && !self.on_this_machine() {
            faults.push(format!(
                "`security: none` would send the password to `{}` in clear: use `starttls` or `tls`",
                self.host
            ));
        }
        if let Some(hello) = self.hello.as_deref().filter(|hello| !is_host(hello)) {
            faults.push(format!("`hello` `{hello}` is not the name of a machine"));
        }
        faults
    }

    /// Who writes, as readers see it.
    pub fn sender(&self) -> Sender<'_> {
        Sender {
            name: &self.from_name,
            address: &self.from_address,
            contact: &self.contact,
            redirect_to: self.redirect_to.as_deref(),
        }
    }

    /// The domain of the sender, in which Message-IDs stand.
    pub fn domain(&self) -> &str {
        self.from_address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }

    fn on_this_machine(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

fn is_return_path(base: &str) -> bool {
    let name = base.rsplit_once('@').map_or("", |(name, _)| name);
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
    is_address(base) && plain && (1..=BASE_MAX).contains(&name.len())
}

fn is_host(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'))
}

/// Whether a text is one mail address.
pub fn is_address(address: &str) -> bool {
    address.parse::<lettre::Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> SmtpSettings {
        SmtpSettings::plain(([127, 0, 0, 1], 25).into(), "vp@example.vn", "Văn phòng Hội đồng")
    }

    #[test]
    fn good_settings_have_no_fault_and_each_fault_names_its_key() {
        assert_eq!(good().validate(), Vec::<String>::new());
        let bad = SmtpSettings {
            host: "mail.example.vn".into(),
            port: 0,
            from_address: "a@b\r\nBcc: c@d".into(),
            from_name: "\u{202e}".into(),
            user: Some("u".into()),
            password: Some(Password::new("p")),
            redirect_to: Some("nobody".into()),
            return_path: Some("much-too-long-a-name@example.vn".into()),
            hello: Some("x\r\ny".into()),
            ..good()
        };
        let faults = bad.validate();
        for key in ["port", "from_address", "from_name", "redirect_to", "return_path", "security", "hello"] {
            assert!(faults.iter().any(|fault| fault.starts_with(&format!("`{key}"))), "{key}: {faults:?}");
        }
    }

    #[test]
    fn a_password_does_not_show_itself() {
        let settings = SmtpSettings { password: Some(Password::new("geheim")), ..good() };
        assert!(!format!("{settings:?}").contains("geheim"));
    }
}
