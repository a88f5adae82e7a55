//! One client's conversation with the catcher: the commands of RFC 5321, with limits.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Kept;

/// Bytes of a command line at most (RFC 5321 says 512; SMTPUTF8 adds to it).
const LINE_MAX: u64 = 4096;
/// Bytes of a mail at most.
const MAIL_MAX: usize = 32 * 1024 * 1024;
/// Recipients of a mail at most.
const RECIPIENTS_MAX: usize = 100;
/// A silent client is sent away.
const SILENCE_MAX: Duration = Duration::from_mins(5);

/// Takes clients until it is aborted.
pub(super) async fn serve(listener: TcpListener, kept: Arc<Kept>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    // A client that goes away in the middle is no news.
                    let _ = Session::new(stream, kept).run().await;
                });
            }
            // Out of file descriptors, say: wait for clients to leave.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    kept: Arc<Kept>,
    from: Option<String>,
    to: Vec<String>,
}

/// Whether the conversation goes on.
enum Next {
    Go,
    Quit,
}

impl Session {
    fn new(stream: TcpStream, kept: Arc<Kept>) -> Self {
        // Answers are small and each is waited for.
        let _ = stream.set_nodelay(true);
        Self { stream: BufReader::new(stream), kept, from: None, to: Vec::new() }
    }

    async fn run(mut self) -> std::io::Result<()> {
        self.say("220 catcher ESMTP, keeps everything, delivers nothing").await?;
        while let Some(line) = self.line().await? {
            match self.command(&line).await? {
                Next::Go => {}
                Next::Quit => break,
            }
        }
        Ok(())
    }

    async fn command(&mut self, line: &str) -> std::io::Result<Next> {
        let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                self.forget();
                self.say("250-catcher\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 33554432").await?;
            }
            "HELO" => {
                self.forget();
                self.say("250 catcher").await?;
            }
            "MAIL" => self.mail(line).await?,
            "RCPT" => self.recipient(line).await?,
            "DATA" => self.data().await?,
            "RSET" => {
                self.forget();
                self.say("250 forgotten").await?;
            }
            "NOOP" => self.say("250 here").await?,
            "VRFY" => self.say("252 everybody is welcome").await?,
            "QUIT" => {
                self.say("221 bye").await?;
                return Ok(Next::Quit);
            }
            _ => self.say("500 what?").await?,
        }
        Ok(Next::Go)
    }

    async fn mail(&mut self, line: &str) -> std::io::Result<()> {
        match path(line, "FROM:") {
            Some(_) if self.from.is_some() => self.say("503 one mail at a time").await,
            Some(from) => {
                self.from = Some(from);
                self.say("250 go on").await
            }
            None => self.say("501 MAIL FROM:<address>").await,
        }
    }

    async fn recipient(&mut self, line: &str) -> std::io::Result<()> {
        match path(line, "TO:") {
            _ if self.from.is_none() => self.say("503 MAIL comes first").await,
            Some(_) if self.to.len() == RECIPIENTS_MAX => self.say("452 too many").await,
            Some(to) if !to.is_empty() => {
                self.to.push(to);
                self.say("250 go on").await
            }
            _ => self.say("501 RCPT TO:<address>").await,
        }
    }

    async fn data(&mut self) -> std::io::Result<()> {
        if self.to.is_empty() {
            return self.say("503 RCPT comes first").await;
        }
        self.say("354 until a dot").await?;
        let Some(raw) = self.body().await? else {
            self.forget();
            return self.say("552 too large").await;
        };
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        match self.kept.keep(from, to, raw).await {
            Ok(number) => self.say(&format!("250 kept as {number}")).await,
            Err(error) => self.say(&format!("451 not kept: {}", error.kind())).await,
        }
    }

    /// The mail up to the line with a dot, dots unstuffed; none when it is too large (it is read to its end all the same).
    async fn body(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut raw = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let room = u64::try_from(MAIL_MAX).unwrap_or(u64::MAX);
            let mut limited = (&mut self.stream).take(room);
            if within(limited.read_until(b'\n', &mut line)).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line == b".\r\n" {
                return Ok((raw.len() <= MAIL_MAX).then_some(raw));
            }
            if raw.len() <= MAIL_MAX {
                raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
        }
    }

    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(LINE_MAX);
        within(limited.read_until(b'\n', &mut line)).await?;
        if line.is_empty() {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    async fn say(&mut self, answer: &str) -> std::io::Result<()> {
        let answer = format!("{answer}\r\n");
        within(self.stream.get_mut().write_all(answer.as_bytes())).await
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

/// The address between angle brackets after `FROM:` or `TO:`.
fn path(line: &str, word: &str) -> Option<String> {
    let (_, rest) = line.split_once(' ')?;
    let head = rest.trim_start().get(..word.len())?;
    if !head.eq_ignore_ascii_case(word) {
        return None;
    }
    let rest = rest.trim_start().get(word.len()..)?.trim_start();
    let (address, _) = rest.strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

async fn within<T>(work: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    tokio::time::timeout(SILENCE_MAX, work).await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}
