//! One conversation with the mail server: how it is opened, and how a mail goes through it. How far it came says what a failure
//! means: before the final dot nothing was taken over and the mail may be sent again; after it, silence means that we do not
//! know.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::email::Encoded;
use super::settings::{Patience, SmtpSettings};
use super::smtp::{Outcome, Tls};
use super::wire::{Wire, Written};
use crate::words::clean;

/// Characters of a server's answer that are kept.
const ANSWER_MAX: usize = 500;
/// How long we wait for the answer to QUIT, which no longer matters.
const QUIT_PATIENCE: Duration = Duration::from_secs(2);

/// How far a conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// `MAIL FROM` and before.
    Mail,
    /// The recipient, `DATA`, the mail itself: the final dot cannot have gone out.
    Content,
    /// The final dot may have gone out.
    Dot,
}

/// Why a conversation ended.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) stage: Stage,
    /// The server refused, for good (5xx) or for now (4xx).
    refused: Option<Refused>,
    /// The connection is of no more use: lost, silent, talking nonsense, or being closed (421).
    pub(super) gone: bool,
    answer: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    ForNow,
    ForGood,
}

impl Stop {
    pub(super) fn outcome(self) -> Outcome {
        match (self.refused, self.stage) {
            (Some(Refused::ForGood), _) => Outcome::Failed(self.answer),
            (Some(Refused::ForNow), _) | (None, Stage::Mail | Stage::Content) => Outcome::Deferred(self.answer),
            (None, Stage::Dot) => Outcome::Unknown(self.answer),
        }
    }
}

pub(super) struct Session {
    connection: AsyncSmtpConnection,
    written: Written,
    patience: Patience,
    /// The server takes several commands at once (RFC 2920).
    pipelines: bool,
}

impl Session {
    /// Connects, protects, signs in. A server that refuses us here says nothing about any mail: the answer is a reason to
    /// wait, whatever its number.
    pub(super) async fn open(settings: &SmtpSettings, tls: Option<Tls>) -> Result<Self, String> {
        let patience = settings.patience;
        let opened = timeout(patience.command, connect(settings, tls)).await;
        let opened = opened.unwrap_or_else(|_| Err("it did not answer in time".to_owned()));
        let (mut connection, written, pipelines) =
            opened.map_err(|why| format!("no connection to the mail server: {why}"))?;
        sign_in(&mut connection, settings).await?;
        Ok(Self { connection, written, patience, pipelines })
    }

    /// Sends one mail; the server's answer.
    pub(super) async fn send(&mut self, mail: &Encoded) -> Result<String, Stop> {
        let mut addresses = mail.envelope.to().iter().chain(mail.envelope.from());
        let utf8 = addresses.any(|address| !AsRef::<str>::as_ref(address).is_ascii());
        if utf8 && !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Stop {
                stage: Stage::Content,
                refused: Some(Refused::ForGood),
                gone: false,
                answer: "the mail server takes no addresses beyond ASCII (SMTPUTF8)".to_owned(),
            });
        }
        let parameters = if utf8 { vec![MailParameter::SmtpUtfEight] } else { Vec::new() };
        let from = Mail::new(mail.envelope.from().cloned(), parameters).to_string();
        let to = mail.envelope.to().iter().map(|to| Rcpt::new(to.clone(), Vec::new()).to_string());
        let said: Vec<String> = std::iter::once(from).chain(to).chain([Data.to_string()]).collect();
        let answered = if self.pipelines { self.at_once(&said).await } else { self.one_by_one(&said).await };
        answered?;
        self.content(&mail.bytes).await
    }

    /// Says goodbye; what is answered no longer matters.
    pub(super) async fn quit(&mut self) {
        let _ = timeout(QUIT_PATIENCE, self.connection.quit()).await;
    }

    async fn one_by_one(&mut self, said: &[String]) -> Result<(), Stop> {
        for (place, command) in said.iter().enumerate() {
            let answer = timeout(self.patience.command, self.connection.command(command)).await;
            judged(place, said.len(), answer)?;
        }
        Ok(())
    }

    /// All commands of a mail's envelope in one go, then their answers in order. After a refusal answers may still be on their
    /// way: the connection is of no more use.
    async fn at_once(&mut self, said: &[String]) -> Result<(), Stop> {
        let answer = timeout(self.patience.command, self.connection.command(said.concat())).await;
        judged(0, said.len(), answer)?;
        for place in 1..said.len() {
            let answer = timeout(self.patience.command, self.connection.read_response()).await;
            judged(place, said.len(), answer)?;
        }
        Ok(())
    }

    async fn content(&mut self, bytes: &[u8]) -> Result<String, Stop> {
        let before = self.written.bytes();
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
    fn stage_after(&self, before: u64, length: usize) -> Stage {
        if self.written.bytes() - before <= length as u64 { Stage::Content } else { Stage::Dot }
    }
}

/// What is found out about a server before a mail.
type Connected = (AsyncSmtpConnection, Written, bool);

async fn connect(settings: &SmtpSettings, tls: Option<Tls>) -> Result<Connected, String> {
    let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
    let stream =
        TcpStream::connect((settings.host.as_str(), settings.port)).await.map_err(|error| error.to_string())?;
    let (wire, written) = Wire::new(stream).map_err(|error| error.to_string())?;
    let connection = match tls {
        Some(Tls::Implicit(trust)) => {
            let wire = trust.protect(wire, &settings.host).await.map_err(|error| error.to_string())?;
            AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await
        }
        Some(Tls::Starttls(parameters)) => {
            match AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await {
                Ok(mut connection) => connection.starttls(parameters, &hello).await.map(|()| connection),
                Err(error) => Err(error),
            }
        }
        None => AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await,
    };
    let mut connection = connection.map_err(|error| said(&error))?;
    // lettre remembers the extensions that it uses itself; this one is ours, so the server is asked once more.
    let offered = connection.command(Ehlo::new(hello)).await.map_err(|error| said(&error))?;
    let pipelines = offered.message().any(|line| line.trim().eq_ignore_ascii_case("PIPELINING"));
    Ok((connection, written, pipelines))
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

/// Whether the conversation goes on after the answer to the command at a place of the envelope: MAIL, recipients, DATA. lettre
/// takes 250 after DATA for 354 and the other way round.
fn judged(
    place: usize,
    count: usize,
    answer: Result<Result<Response, lettre::transport::smtp::Error>, tokio::time::error::Elapsed>,
) -> Result<(), Stop> {
    let stage = if place == 0 { Stage::Mail } else { Stage::Content };
    let wanted = if place + 1 == count { Severity::PositiveIntermediate } else { Severity::PositiveCompletion };
    match answer {
        Ok(Ok(response)) if response.code().severity == wanted => Ok(()),
        Ok(Ok(response)) => Err(nonsense(stage, &response)),
        Ok(Err(error)) => Err(stopped(stage, &error)),
        Err(_) => Err(silence(stage)),
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
