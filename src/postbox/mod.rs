//! A small mail server for what comes to this machine itself: it listens where it is told, takes mails within limits, and hands
//! each to a [`Postbox`], whose answer is the client's. The demonstration's catcher is one, and so is the box for bounces.

pub(crate) mod mime;
mod session;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// A mail with its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The sender; empty for reports of mail servers.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// The mail, dots unstuffed.
    pub raw: Vec<u8>,
}

/// What becomes of a mail beyond its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It is refused.
    Refuse,
    /// Its beginning is kept.
    Cut,
}

/// How much is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a mail.
    pub mail_bytes: usize,
    /// What becomes of a larger one.
    pub beyond: Beyond,
    /// Recipients of a mail. With one, SMTP and LMTP answer alike.
    pub recipients: usize,
    /// Clients at once.
    pub clients: usize,
}

/// Whoever takes the mails.
pub trait Postbox: Send + Sync + 'static {
    /// Its name and what else it says to a new client.
    fn greeting(&self) -> &str;

    /// How much it takes.
    fn limits(&self) -> Limits;

    /// Whether it takes mails for this address; else the line that says why not (`550 ..`, `451 ..`).
    fn knows(&self, address: &str) -> impl Future<Output = Result<(), String>> + Send;

    /// Takes a mail. The line that it answers (`250 ..`) promises that the mail is kept, or done with.
    fn take(&self, mail: Arrived) -> impl Future<Output = String> + Send;
}

/// A server that runs until the last of its clones is dropped.
#[derive(Clone, Debug)]
pub struct Listening {
    address: SocketAddr,
    _running: Arc<Running>,
}

#[derive(Debug)]
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Listening {
    /// Listens on an address (port 0: any free one).
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start<P: Postbox>(address: SocketAddr, postbox: Arc<P>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let running = tokio::spawn(session::serve(listener, postbox)).abort_handle();
        Ok(Self { address, _running: Arc::new(Running(running)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
