//! A mail server that misbehaves in one chosen way, over real sockets on loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

/// What goes wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Connects and says nothing.
    HangAtBanner,
    /// Says nothing to MAIL.
    HangAtMail,
    /// Says nothing to DATA.
    HangAtData,
    /// Takes the mail and says nothing.
    HangAfterDot,
    /// Answers the connection with this.
    Banner(&'static str),
    /// Answers MAIL with this.
    Mail(&'static str),
    /// Answers RCPT with this.
    Recipient(&'static str),
    /// Answers DATA with this.
    Data(&'static str),
    /// Answers the final dot with this.
    Dot(&'static str),
    /// Goes away after DATA, without reading.
    DropBeforeDot,
    /// Goes away after the final dot, without an answer.
    DropAfterDot,
    /// Says 250 to the final dot and goes away.
    DropAfter250,
}

/// How it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// One command after the other, in clear.
    Plain,
    /// It takes several commands at once.
    Pipelining,
    /// In clear, until it is asked to protect itself.
    Starttls,
    /// Protected from the first byte, and it takes several commands at once.
    Implicit,
}

/// A stream, protected or not.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
type Talk = BufReader<Box<dyn Stream>>;

/// The file with the authority that vouches for the server, under the name `localhost`.
pub(crate) fn authority() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/support/tls/ca.pem")
}

fn acceptor() -> TlsAcceptor {
    let certificate = include_bytes!("tls/server.pem");
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).expect("its key");
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("known versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

/// The server. It is stopped with the test's runtime.
#[derive(Clone, Debug)]
pub(crate) struct FaultySmtp {
    /// Where it listens.
    pub address: SocketAddr,
    manner: Manner,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    fault: Fault,
    connections: usize,
    received: Vec<String>,
    /// The commands of each write of the client.
    heard: Vec<String>,
}

impl FaultySmtp {
    /// Listens on a free port of loopback.
    pub(crate) async fn start(fault: Fault) -> Self {
        Self::speaking(Manner::Plain, fault).await
    }

    /// The same in another manner.
    pub(crate) async fn speaking(manner: Manner, fault: Fault) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has free ports");
        let address = listener.local_addr().expect("it listens");
        let state = Arc::new(Mutex::new(State { fault, connections: 0, received: Vec::new(), heard: Vec::new() }));
        let server = Self { address, manner, state };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let session = serving.clone();
                tokio::spawn(async move { session.talk(stream).await });
            }
        });
        server
    }

    /// From now on another fault.
    pub(crate) fn turn(&self, fault: Fault) {
        self.lock().fault = fault;
    }

    /// The mails of which it got the final dot, whatever it said then.
    pub(crate) fn received(&self) -> Vec<String> {
        self.lock().received.clone()
    }

    /// The commands that it heard, in order; those that came together are parted by `+`.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.lock().heard.clone()
    }

    /// How often somebody connected.
    pub(crate) fn connections(&self) -> usize {
        self.lock().connections
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn talk(&self, stream: TcpStream) -> Option<()> {
        self.lock().connections += 1;
        let stream: Box<dyn Stream> = match self.manner {
            Manner::Implicit => Box::new(acceptor().accept(stream).await.ok()?),
            Manner::Plain | Manner::Pipelining | Manner::Starttls => Box::new(stream),
        };
        let mut protected = self.manner != Manner::Starttls;
        let mut stream = BufReader::new(stream);
        match self.fault() {
            Fault::HangAtBanner => return hang().await,
            Fault::Banner(answer) => say(&mut stream, answer).await?,
            _ => say(&mut stream, "220 hello").await?,
        }
        loop {
            let together = !stream.buffer().is_empty();
            let line = line(&mut stream).await?;
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            self.lock().heard.push(if together { format!("+{verb}") } else { verb.clone() });
            let fault = self.fault();
            match (verb.as_str(), fault) {
                ("EHLO", _) => say(&mut stream, &self.offers(protected)).await?,
                ("STAR", _) => {
                    say(&mut stream, "220 go").await?;
                    let inner = stream.into_inner();
                    stream = BufReader::new(Box::new(acceptor().accept(inner).await.ok()?));
                    protected = true;
                }
                ("MAIL", _) if !protected => say(&mut stream, "530 protect yourself first").await?,
                ("MAIL", Fault::HangAtMail) | ("DATA", Fault::HangAtData) => return hang().await,
                ("MAIL", Fault::Mail(answer)) | ("RCPT", Fault::Recipient(answer)) | ("DATA", Fault::Data(answer)) => {
                    say(&mut stream, answer).await?;
                }
                ("DATA", Fault::DropBeforeDot) => {
                    say(&mut stream, "354 go").await?;
                    return None;
                }
                ("DATA", fault) => {
                    say(&mut stream, "354 go").await?;
                    self.content(&mut stream).await?;
                    match fault {
                        Fault::HangAfterDot => return hang().await,
                        Fault::DropAfterDot => return None,
                        Fault::Dot(answer) => say(&mut stream, answer).await?,
                        Fault::DropAfter250 => {
                            say(&mut stream, "250 taken").await?;
                            return None;
                        }
                        _ => say(&mut stream, "250 taken").await?,
                    }
                }
                ("QUIT", _) => {
                    say(&mut stream, "221 bye").await?;
                    return None;
                }
                _ => say(&mut stream, "250 fine").await?,
            }
        }
    }

    fn offers(&self, protected: bool) -> String {
        let more = match self.manner {
            Manner::Plain => "",
            Manner::Pipelining | Manner::Implicit => "250-PIPELINING\r\n",
            Manner::Starttls if protected => "",
            Manner::Starttls => "250-STARTTLS\r\n",
        };
        format!("250-me\r\n{more}250 8BITMIME")
    }

    async fn content(&self, stream: &mut Talk) -> Option<()> {
        let mut mail = String::new();
        loop {
            let line = line(stream).await?;
            if line == ".\r\n" {
                self.lock().received.push(mail);
                return Some(());
            }
            mail.push_str(&line);
        }
    }

    fn fault(&self) -> Fault {
        self.lock().fault
    }
}

async fn hang() -> Option<()> {
    std::future::pending().await
}

async fn say(stream: &mut Talk, answer: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.ok()
}

async fn line(stream: &mut Talk) -> Option<String> {
    let mut line = Vec::new();
    let read = stream.read_until(b'\n', &mut line).await.ok()?;
    (read > 0).then(|| String::from_utf8_lossy(&line).into_owned())
}
