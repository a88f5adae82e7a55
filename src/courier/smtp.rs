//! Sending: one conversation with the mail server, reused for the mails of a batch, and what became of each mail.
//!
//! lettre speaks SMTP; we hold the stream, the clock and the judgement: every command has our own time limit, and how far the
//! conversation came says what a failure means. Before the final dot nothing was taken over and the mail may be sent again;
//! after it, silence means that we do not know.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::email::Encoded;
use super::settings::{Patience, Security, SmtpSettings};
use super::wire::{Wire, Written};
use crate::words::clean;

/// Characters of a server's answer that are kept.
const ANSWER_MAX: usize = 500;
/// How long we wait for the answer to QUIT, which no longer matters.
const QUIT_PATIENCE: Duration = Duration::from_secs(2);

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
    tls: Option<TlsParameters>,
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
}

/// TLS as the settings want it; none where mails go in clear.
///
/// # Errors
/// The certificate file cannot be used.
pub fn tls(settings: &SmtpSettings) -> Result<Option<TlsParameters>, TlsError> {
    if settings.security == Security::None {
        return Ok(None);
    }
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let pem = std::fs::read(path).map_err(|source| TlsError::Read { path: path.display().to_string(), source })?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem)?);
    }
    Ok(Some(builder.build()?))
}

/// Connects, protects and signs in as for a mail, and sends none: whether the settings are good.
///
/// # Errors
/// What the server, or the certificate file, has against it.
pub async fn probe(settings: &SmtpSettings) -> Result<(), String> {
    let tls = tls(settings).map_err(|error| error.to_string())?;
    let mut session = Session::open(settings, tls).await?;
    // The answer was given; a server that does not say goodbye back costs nothing.
    let _ = timeout(QUIT_PATIENCE, session.connection.quit()).await;
    Ok(())
}

impl Sender {
    /// Opens nothing yet.
    pub fn new(settings: Arc<SmtpSettings>, tls: Option<TlsParameters>) -> Self {
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
            // Every mail has its answer; a server that does not say goodbye back costs nothing.
            let _ = timeout(QUIT_PATIENCE, session.connection.quit()).await;
        }
    }
}

/// How far a conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// `MAIL FROM` and before.
    Mail,
    /// The recipient, `DATA`, the mail itself: the final dot cannot have gone out.
    Content,
    /// The final dot may have gone out.
    Dot,
}

/// Why a conversation ended.
#[derive(Debug)]
struct Stop {
    stage: Stage,
    /// The server refused, for good (5xx) or for now (4xx).
    refused: Option<Refused>,
    /// The connection is of no more use: lost, silent, talking nonsense, or being closed (421).
    gone: bool,
    answer: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    ForNow,
    ForGood,
}

impl Stop {
    fn outcome(self) -> Outcome {
        match (self.refused, self.stage) {
            (Some(Refused::ForGood), _) => Outcome::Failed(self.answer),
            (Some(Refused::ForNow), _) | (None, Stage::Mail | Stage::Content) => Outcome::Deferred(self.answer),
            (None, Stage::Dot) => Outcome::Unknown(self.answer),
        }
    }
}

struct Session {
    connection: AsyncSmtpConnection,
    /// None where lettre holds the stream (TLS from the first byte).
    written: Option<Written>,
    patience: Patience,
}

impl Session {
    /// Connects, protects, signs in. A server that refuses us here says nothing about any mail: the answer is a reason to
    /// wait, whatever its number.
    async fn open(settings: &SmtpSettings, tls: Option<TlsParameters>) -> Result<Self, String> {
        let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        let patience = settings.patience;
        let to_server = (settings.host.as_str(), settings.port);
        let opened = async {
            match (settings.security, tls) {
                (Security::Tls, tls) => {
                    // lettre builds the encrypted stream itself and leaves Nagle's algorithm on: slower, not wrong.
                    let limit = Some(patience.command);
                    let connection = AsyncSmtpConnection::connect_tokio1(to_server, limit, &hello, tls, None).await;
                    Ok((connection.map_err(|error| said(&error))?, None))
                }
                (Security::Starttls | Security::None, tls) => {
                    let stream = TcpStream::connect(to_server).await.map_err(|error| error.to_string())?;
                    let (wire, written) = Wire::new(stream).map_err(|error| error.to_string())?;
                    let connection = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await;
                    let mut connection = connection.map_err(|error| said(&error))?;
                    if let Some(tls) = tls {
                        connection.starttls(tls, &hello).await.map_err(|error| said(&error))?;
                    }
                    Ok((connection, Some(written)))
                }
            }
        };
        let (mut connection, written) = match timeout(patience.command, opened).await {
            Ok(opened) => opened.map_err(|why: String| format!("no connection to the mail server: {why}"))?,
            Err(_) => return Err("no connection to the mail server: it did not answer in time".to_owned()),
        };
        sign_in(&mut connection, settings).await?;
        Ok(Self { connection, written, patience })
    }

    async fn send(&mut self, mail: &Encoded) -> Result<String, Stop> {
        let utf8 = mail
            .envelope
            .to()
            .iter()
            .chain(mail.envelope.from())
            .any(|address| !AsRef::<str>::as_ref(address).is_ascii());
        if utf8 && !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Stop {
                stage: Stage::Content,
                refused: Some(Refused::ForGood),
                gone: false,
                answer: "the mail server takes no addresses beyond ASCII (SMTPUTF8)".to_owned(),
            });
        }
        let parameters = if utf8 { vec![MailParameter::SmtpUtfEight] } else { Vec::new() };
        self.command(Stage::Mail, Mail::new(mail.envelope.from().cloned(), parameters)).await?;
        for to in mail.envelope.to() {
            self.command(Stage::Content, Rcpt::new(to.clone(), Vec::new())).await?;
        }
        self.command(Stage::Content, Data).await?;
        self.content(&mail.bytes).await
    }

    async fn command(&mut self, stage: Stage, command: impl std::fmt::Display + Go) -> Result<(), Stop> {
        let wanted = command.wanted();
        let response = timeout(self.patience.command, self.connection.command(command)).await;
        match response {
            Ok(Ok(response)) if response.code().severity == wanted => Ok(()),
            Ok(Ok(response)) => Err(nonsense(stage, &response)),
            Ok(Err(error)) => Err(stopped(stage, &error)),
            Err(_) => Err(silence(stage)),
        }
    }

    async fn content(&mut self, bytes: &[u8]) -> Result<String, Stop> {
        let before = self.written.as_ref().map(Written::bytes);
        let response = timeout(self.patience.after_data, self.connection.message(bytes)).await;
        let stage = self.stage_after(before, bytes.len());
        match response {
            Ok(Ok(response)) if response.code().severity == Severity::PositiveCompletion => Ok(answer(&response)),
            Ok(Ok(response)) => Err(nonsense(stage, &response)),
            Ok(Err(error)) => Err(stopped(stage, &error)),
            Err(_) => Err(silence(stage)),
        }
    }

    /// While the system has not even taken the mail's own bytes, the dot behind them cannot have gone out. (Dot-stuffing and
    /// TLS only add bytes, which errs towards not knowing.)
    fn stage_after(&self, before: Option<u64>, length: usize) -> Stage {
        match (&self.written, before) {
            (Some(written), Some(before)) if written.bytes() - before <= length as u64 => Stage::Content,
            _ => Stage::Dot,
        }
    }
}

async fn sign_in(connection: &mut AsyncSmtpConnection, settings: &SmtpSettings) -> Result<(), String> {
    let (Some(user), Some(password)) = (&settings.user, &settings.password) else { return Ok(()) };
    let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
    let signed_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
    match timeout(settings.patience.command, signed_in).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("the mail server does not let us sign in: {}", said(&error))),
        Err(_) => Err("the mail server did not answer our signing in".to_owned()),
    }
}

/// Which kind of answer lets a command go on; lettre takes 250 after DATA for 354 and the other way round.
trait Go {
    fn wanted(&self) -> Severity;
}

impl Go for Mail {
    fn wanted(&self) -> Severity {
        Severity::PositiveCompletion
    }
}

impl Go for Rcpt {
    fn wanted(&self) -> Severity {
        Severity::PositiveCompletion
    }
}

impl Go for Data {
    fn wanted(&self) -> Severity {
        Severity::PositiveIntermediate
    }
}

fn stopped(stage: Stage, error: &lettre::transport::smtp::Error) -> Stop {
    let code = error.status().map(u16::from);
    let refused = match code {
        // Asked to sign in: our settings are wrong, not the mail.
        Some(530 | 534 | 535 | 538) if stage == Stage::Mail => Some(Refused::ForNow),
        Some(500..) => Some(Refused::ForGood),
        Some(_) => Some(Refused::ForNow),
        None => None,
    };
    Stop { stage, refused, gone: matches!(code, None | Some(421)), answer: said(error) }
}

fn nonsense(stage: Stage, response: &Response) -> Stop {
    Stop { stage, refused: None, gone: true, answer: format!("an answer that does not fit: {}", answer(response)) }
}

fn silence(stage: Stage) -> Stop {
    let answer = match stage {
        Stage::Mail | Stage::Content => "the mail server fell silent before it had the mail",
        Stage::Dot => "the mail server had the mail and did not say what became of it",
    };
    Stop { stage, refused: None, gone: true, answer: answer.to_owned() }
}

/// `250 2.0.0 Ok: queued as 12345`.
fn answer(response: &Response) -> String {
    kept(&format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" ")))
}

fn said(error: &lettre::transport::smtp::Error) -> String {
    let words = std::error::Error::source(error).map(ToString::to_string);
    match (error.status(), words) {
        (Some(code), words) => kept(&format!("{code} {}", words.unwrap_or_default())),
        (None, _) => kept(&error.to_string()),
    }
}

fn kept(text: &str) -> String {
    clean(text).chars().take(ANSWER_MAX).collect()
}
