//! Sending: one conversation with the mail server, reused for the mails of a batch, and what became of each mail.
//!
//! lettre speaks SMTP; we hold the stream, the clock and the judgement: every command has our own time limit.

use std::io;
use std::sync::Arc;

use lettre::transport::smtp::client::{Certificate, TlsParameters};

use super::email::Encoded;
use super::session::{Session, Stage, Stop};
use super::settings::{Security, SmtpSettings};
use super::tls::Trust;

/// What became of one attempt, with the server's words or ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it over.
    Accepted(String),
    /// Not taken over; later it may be.
    Deferred(String),
    /// Refused for good.
    Failed(String),
    /// The final dot may have gone out and no answer came back: perhaps delivered.
    Unknown(String),
}

/// Sends mails one after the other over one connection; after any failure over a fresh one.
pub struct Sender {
    settings: Arc<SmtpSettings>,
    tls: Option<Tls>,
    session: Option<Session>,
}

/// The certificate file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It cannot be read.
    #[error("`ca_file` `{path}` cannot be read: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It holds no certificate, or the server's name is none.
    #[error("TLS cannot be prepared: {0}")]
    Tls(#[from] lettre::transport::smtp::Error),
    /// It holds a certificate that cannot be read.
    #[error("`ca_file` holds no certificate that can be read: {0}")]
    Certificate(String),
}

/// TLS as the settings want it.
#[derive(Clone)]
pub enum Tls {
    /// Begins in clear, and must then turn to TLS.
    Starttls(TlsParameters),
    /// From the first byte.
    Implicit(Trust),
}

/// TLS as the settings want it; none where mails go in clear.
///
/// # Errors
/// The certificate file cannot be used.
pub fn tls(settings: &SmtpSettings) -> Result<Option<Tls>, TlsError> {
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|source| TlsError::Read { path: path.display().to_string(), source })
    };
    let further = settings.ca_file.as_ref().map(read).transpose()?;
    match settings.security {
        Security::None => Ok(None),
        Security::Tls => {
            let trust = Trust::new(further.as_deref()).map_err(TlsError::Certificate)?;
            Ok(Some(Tls::Implicit(trust)))
        }
        Security::Starttls => {
            let mut builder = TlsParameters::builder(settings.host.clone());
            if let Some(pem) = &further {
                builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
            }
            Ok(Some(Tls::Starttls(builder.build()?)))
        }
    }
}

/// Connects, protects and signs in as for a mail, and sends none: whether the settings are good.
///
/// # Errors
/// What the server, or the certificate file, has against it.
pub async fn probe(settings: &SmtpSettings) -> Result<(), String> {
    let tls = tls(settings).map_err(|error| error.to_string())?;
    let mut session = Session::open(settings, tls).await?;
    session.quit().await;
    Ok(())
}

impl Sender {
    /// Opens nothing yet.
    pub fn new(settings: Arc<SmtpSettings>, tls: Option<Tls>) -> Self {
        Self { settings, tls, session: None }
    }

    /// Sends one mail.
    pub async fn send(&mut self, mail: &Encoded) -> Outcome {
        if let Some(mut session) = self.session.take() {
            match session.send(mail).await {
                // Servers close idle connections, or after so many mails: nothing was said about this mail.
                Err(Stop { stage: Stage::Mail, gone: true, .. }) => {}
                result => return self.ended(session, result),
            }
        }
        match Session::open(&self.settings, self.tls.clone()).await {
            Ok(mut session) => {
                let result = session.send(mail).await;
                self.ended(session, result)
            }
            Err(answer) => Outcome::Deferred(answer),
        }
    }

    fn ended(&mut self, session: Session, result: Result<String, Stop>) -> Outcome {
        match result {
            Ok(answer) => {
                self.session = Some(session);
                Outcome::Accepted(answer)
            }
            Err(stop) => stop.outcome(),
        }
    }

    /// Says goodbye.
    pub async fn close(&mut self) {
        if let Some(mut session) = self.session.take() {
            session.quit().await;
        }
    }
}
