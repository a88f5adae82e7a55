//! The chain over a dossier's events.

use sha2::{Digest as _, Sha256};

use super::Fault;
use super::events::{Event, put};

/// Every event's hash covers the one before it, its header and its sealed bytes.
pub(super) fn hold(dossier: &str, events: &[Event], faults: &mut Vec<Fault>) {
    let mut previous = vec![0; 32];
    for event in events {
        let mut bytes = Vec::new();
        put(&mut bytes, b"chancery event 1");
        bytes.extend(&previous);
        put(&mut bytes, &event.header(dossier));
        put(&mut bytes, &event.sealed);
        if Sha256::digest(&bytes).as_slice() != event.hash {
            let what =
                format!("event {}: header, content or the event before are not those that were hashed", event.seq);
            faults.push(Fault::of(dossier, "chain", what));
        }
        previous.clone_from(&event.hash);
    }
}
