//! Whether the public address opens: one request for the page that probes ask for, as a browser's would come, through whatever proxy
//! stands there.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::diagnostic::{Words, say};
use crate::web::routes::{Place, Site};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than our answer ever has.
const ANSWER_MAX: u64 = 64 * 1024;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// Pages of this program answer there.
    Ours,
    /// Nothing answers: perhaps nothing runs yet.
    Nothing(Words),
    /// It cannot be told from here: its certificate is of an authority that this program does not know, for instance.
    Unproven(Words),
    /// Something else answers.
    Other(Words),
}

/// Asks at a public address.
pub(super) async fn reach(site: &Site) -> Reached {
    match tokio::time::timeout(PATIENCE, ask(site)).await {
        Ok(reached) => reached,
        Err(_) => Reached::Nothing(say!(doctor.no_answer, n = PATIENCE.as_secs())),
    }
}

async fn ask(site: &Site) -> Reached {
    let name = site.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let stream = match TcpStream::connect((name.as_str(), site.port())).await {
        Ok(stream) => stream,
        Err(error) => return Reached::Nothing(error.to_string().into()),
    };
    let answer = if site.is_tls() {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = match config {
            Ok(config) => config.with_root_certificates(roots).with_no_client_auth(),
            Err(error) => return Reached::Unproven(error.to_string().into()),
        };
        let server = match ServerName::try_from(name) {
            Ok(server) => server,
            Err(error) => return Reached::Other(error.to_string().into()),
        };
        match TlsConnector::from(Arc::new(config)).connect(server, stream).await {
            Ok(stream) => talk(site, stream).await,
            Err(error) => return Reached::Unproven(say!(doctor.tls, why = error.to_string())),
        }
    } else {
        talk(site, stream).await
    };
    match answer {
        Ok(answer) => judge(&answer),
        Err(error) => Reached::Nothing(error.to_string().into()),
    }
}

async fn talk(site: &Site, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<String> {
    let (path, host) = (Place::Health.path(site), site.authority());
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nUser-Agent: chancery doctor\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    let read = stream.take(ANSWER_MAX).read_to_end(&mut answer).await;
    // A peer that closes without a word of TLS has still said what it said.
    if answer.is_empty() {
        read?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Ours carries the policy that is on every answer of ours, and one of two first lines.
fn judge(answer: &str) -> Reached {
    let status = answer.lines().next().unwrap_or_default();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let policy = head.to_ascii_lowercase().contains("content-security-policy: default-src 'none'");
    let says = body.lines().any(|line| line == "ok" || line == "not well");
    if policy && says {
        return Reached::Ours;
    }
    if status.contains(" 421") {
        return Reached::Other(say!(doctor.other_host));
    }
    Reached::Other(say!(doctor.not_ours, status))
}

#[cfg(test)]
mod tests {
    use super::{Reached, judge};

    #[test]
    fn only_our_own_answer_is_ours() {
        let ours = "HTTP/1.1 200 OK\r\nContent-Security-Policy: default-src 'none'; x\r\n\r\nok\ndatabase: ok\n";
        assert_eq!(judge(ours), Reached::Ours);
        assert_eq!(judge(&ours.replace("200 OK", "503 X").replace("\r\nok\n", "\r\nnot well\n")), Reached::Ours);
        for other in
            ["HTTP/1.1 200 OK\r\n\r\nok\n", "HTTP/1.1 502 Bad Gateway\r\n\r\n", "HTTP/1.1 421 X\r\n\r\n", "", "SSH-2.0"]
        {
            assert!(matches!(judge(other), Reached::Other(_)), "{other}");
        }
    }
}
