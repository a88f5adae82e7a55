//! Messages between dossiers become commands: once, and those of one sender to one recipient in their order.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::{Done, Engine, Failure, queue};
use crate::dossier::command::{Actor, Ask, Command};
use crate::dossier::refusal::Refusal;
use crate::dossier::{Message, Recipient};
use crate::ids::{DossierId, OperationId};
use crate::planted::reach;
use crate::store::StoreError;

/// Messages that are looked at in one go.
const TOGETHER: i64 = 256;

/// A message that nobody has taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Undelivered {
    /// To whom.
    pub to: Recipient,
    /// Why it was refused, in words; none as long as it was not tried.
    pub refused: Option<String>,
}

impl Engine {
    /// Delivers messages between dossiers that wait; how many. One that is refused says so in its row, stays there and is
    /// not tried again by itself.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deliver(&self) -> Result<usize, StoreError> {
        let mut chains: BTreeMap<(String, String), VecDeque<Message>> = BTreeMap::new();
        let mut order = Vec::new();
        for message in self.inner.store.waiting_messages(TOGETHER).await? {
            let key = (message.from.to_string(), recipient(&message.to));
            if !chains.contains_key(&key) {
                order.push(key.clone());
            }
            chains.entry(key).or_default().push_back(message);
        }
        let mut delivered = 0;
        // The first of every sender to every recipient together, then the second ones, and so on.
        while !order.is_empty() {
            let mut answers = Vec::new();
            for key in &order {
                if let Some(message) = chains.get_mut(key).and_then(VecDeque::pop_front) {
                    let pending = queue::Pending::of_message(message, &self.inner.keys.master);
                    answers.push((key.clone(), queue::submit(&self.inner, pending)?));
                }
            }
            order.clear();
            for (key, answer) in answers {
                match answer.await {
                    Ok(_) => {
                        reach("message-delivered");
                        delivered += 1;
                    }
                    Err(Failure::Refused(refusal)) => {
                        tracing::warn!(message.from = key.0, message.to = key.1, reasons = ?refusal.names(), "a message was refused");
                    }
                    Err(Failure::Store(error @ StoreError::Unavailable(_))) => return Err(error),
                    Err(Failure::Store(error)) => {
                        tracing::error!(message.from = key.0, message.to = key.1, %error, "a message cannot be delivered");
                        continue;
                    }
                }
                if chains.get(&key).is_some_and(|chain| !chain.is_empty()) {
                    order.push(key);
                }
            }
        }
        Ok(delivered)
    }

    /// What a dossier has told others and nobody has taken: each with why it was refused; without, it is on its way.
    ///
    /// # Errors
    /// The database fails.
    pub async fn undelivered(&self, dossier: &DossierId) -> Result<Vec<Undelivered>, StoreError> {
        let messages = self.inner.store.messages_of(dossier).await?;
        let one = |(message, refused): (Message, Option<String>)| {
            let reasons = refused.map(|text| match serde_json::from_str::<Refusal>(&text) {
                Ok(refusal) => refusal.to_string(),
                Err(_) => text,
            });
            Undelivered { to: message.to, refused: reasons }
        };
        Ok(messages.into_iter().map(one).collect())
    }

    /// Lets messages that were refused be delivered again, once what stood in their way is gone; how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn retry_messages(&self) -> Result<u64, StoreError> {
        self.inner.store.retry_messages().await
    }

    /// Does what is due in a dossier, if anything is.
    ///
    /// # Errors
    /// It is refused, or the world failed.
    pub async fn tick(&self, dossier: &DossierId) -> Result<Option<Done>, Failure> {
        let Some(stored) = self.inner.store.stored_dossier(dossier).await? else { return Ok(None) };
        let Some(due_at) = stored.next_due_at.filter(|due_at| *due_at <= self.now().0) else { return Ok(None) };
        // The same due time of the same state of a dossier is always the same operation, whoever sees it.
        let operation = OperationId::new(format!("tick:{dossier}:{}:{due_at}", stored.seq));
        let command = Command { operation, dossier: dossier.clone(), actor: Actor::Clock, ask: Ask::Tick };
        self.handle(command, Vec::new()).await.map(Some)
    }
}

fn recipient(to: &Recipient) -> String {
    match to {
        Recipient::Dossier(id) | Recipient::New { dossier: id, .. } => id.to_string(),
        Recipient::List { workflow, key, .. } => format!("{workflow} {key}"),
    }
}
