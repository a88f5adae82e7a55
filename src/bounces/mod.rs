//! Bounces: what other mail servers say became of our mails, from their reports to the ledger.
//!
//! Every mail has a return path of its own, signed ([`ReturnPath`]); the mail server of this machine hands what comes there to
//! [`Bounces`], over SMTP or LMTP. Who does not know a mail's return path cannot say anything about it.

pub mod report;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::engine::Engine;
use crate::links::{LinkKeys, ReturnPath};
use crate::postbox::{Arrived, Beyond, Limits, Listening, Postbox};
use crate::store::StoreError;
use crate::store::mails::{Bounce, Bounced};
use report::Report;

/// Takes the reports.
#[derive(Clone, Debug)]
pub struct Bounces {
    engine: Engine,
    keys: LinkKeys,
    /// The address under which return paths lie.
    base: String,
}

/// Nobody else's mail is taken, and it is not said whose would be.
const NOBODY: &str = "550 5.1.1 nobody here has this address";
const LATER: &str = "451 4.3.0 the database does not answer; come again";

impl Bounces {
    /// Takes reports to return paths under an address.
    pub fn new(engine: Engine, keys: LinkKeys, base: &str) -> Self {
        Self { engine, keys, base: base.to_owned() }
    }

    /// Listens for the mail server of this machine, until the last clone of what it gives is dropped.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn listen(self, address: SocketAddr) -> std::io::Result<Listening> {
        Listening::start(address, Arc::new(self)).await
    }

    /// The return path that an address is, if we made it.
    async fn path(&self, address: &str) -> Result<Option<ReturnPath>, StoreError> {
        let Some(path) = ReturnPath::read(&self.base, address) else { return Ok(None) };
        let Some(mail) = self.engine.store().mail_page(&path.mail).await? else { return Ok(None) };
        Ok(self.keys.returns(&path, mail.key_id).then_some(path))
    }

    async fn write(&self, to: &str, raw: &[u8]) -> Result<&'static str, StoreError> {
        let Some(path) = self.path(to).await? else { return Ok(NOBODY) };
        let bounce = match report::read(raw) {
            Report::Failed(words) => Bounce::Failed(words),
            Report::Delayed(words) => Bounce::Delayed(words),
            Report::Nothing => return Ok("250 2.0.0 that says nothing about a delivery"),
        };
        let (id, generation, what) = (path.mail.as_str(), path.generation, bounce.name());
        let bounced = self.engine.store().bounce_mail(&path.mail, generation, bounce, self.engine.now()).await?;
        tracing::info!(mail.id = id, report = what, ledger = ?bounced, "a mail server reported on a mail");
        Ok(match bounced {
            Bounced::Written => "250 2.0.0 written down",
            Bounced::Known => "250 2.0.0 that was known, or matters no more",
            // It was faster than the answer to the mail itself.
            Bounced::Sending => "451 4.3.0 the mail is still being sent; come again",
        })
    }
}

impl Postbox for Bounces {
    fn greeting(&self) -> &'static str {
        "chancery takes reports on its own mails"
    }

    fn limits(&self) -> Limits {
        // What matters stands at a report's beginning; behind it the whole mail may come back.
        Limits { mail_bytes: 256 * 1024, beyond: Beyond::Cut, recipients: 1, clients: 50 }
    }

    async fn knows(&self, address: &str) -> Result<(), String> {
        match self.path(address).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(NOBODY.to_owned()),
            Err(_) => Err(LATER.to_owned()),
        }
    }

    async fn take(&self, mail: Arrived) -> String {
        let to = mail.to.first().map(String::as_str).unwrap_or_default();
        match self.write(to, &mail.raw).await {
            Ok(answer) => answer.to_owned(),
            Err(error) => {
                tracing::warn!("a report on a mail could not be written down: {error}");
                LATER.to_owned()
            }
        }
    }
}
