//! The people of an office: they start errands, answer them through their links, note what they were told is done, and ask again
//! when they were told nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chancery::dossier::Purpose;
use chancery::dossier::command::{Ask, Command, Start};
use chancery::engine::{Failure, task_id};
use chancery::ids::{ActivationId, DossierId, PersonId};
use chancery::links::{Bound, task_row};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use crate::http;
use crate::office::by;
use crate::site::Site;

/// Who answers, one after the other.
const ANSWERING: [&str; 3] = ["head", "m1", "secretary"];
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(15);

/// So many people at work until they are told to stop, each resting between two errands; how many errands each of them saw to its end.
pub(crate) fn at_work(site: &Arc<Site>, count: usize, rest: Duration) -> JoinSet<Result<usize, String>> {
    let mut people = JoinSet::new();
    for _ in 0..count {
        let site = Arc::clone(site);
        people.spawn(async move {
            let mut errands = 0;
            while !site.is_over() {
                errands += usize::from(errand(&site).await?);
                tokio::time::sleep(rest).await;
            }
            Ok(errands)
        });
    }
    people
}

/// So many errands that are begun and that nobody has answered yet.
pub(crate) async fn begun(site: &Arc<Site>, count: usize) -> Vec<DossierId> {
    let mut people = JoinSet::new();
    for _ in 0..count {
        let site = Arc::clone(site);
        people.spawn(async move { begin(&site).await.expect("it is begun").expect("the work is not over") });
    }
    people.join_all().await
}

/// So many people who answer errands that are begun, until they are told to stop or none is left.
pub(crate) fn answering(site: &Arc<Site>, count: usize, begun: Vec<DossierId>) -> JoinSet<Result<usize, String>> {
    let (begun, mut people) = (Arc::new(Mutex::new(begun)), JoinSet::new());
    for _ in 0..count {
        let (site, begun) = (Arc::clone(site), Arc::clone(&begun));
        people.spawn(async move {
            let mut errands = 0;
            while !site.is_over() {
                let Some(id) = begun.lock().unwrap_or_else(PoisonError::into_inner).pop() else { break };
                errands += usize::from(answered(&site, &id).await?);
            }
            Ok(errands)
        });
    }
    people
}

/// One errand, from its start to its end; whether it came to its end.
async fn errand(site: &Site) -> Result<bool, String> {
    let Some(id) = begin(site).await? else { return Ok(false) };
    answered(site, &id).await
}

/// Begins an errand, again and again until it is; none if the work was over before.
async fn begin(site: &Site) -> Result<Option<DossierId>, String> {
    let id = DossierId::new(site.engine.fresh_id());
    let fields = json!({"title": format!("Việc {id}"), "unit": "U", "person": "p-m5"});
    let start = Start {
        machine: site.errand.clone(),
        fields: serde_json::from_value(fields).expect("fields"),
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    };
    let operation = format!("start-{id}");
    let command = Command {
        operation: operation.as_str().into(),
        dossier: id.clone(),
        actor: by("clerk"),
        ask: Ask::Start(start),
    };
    loop {
        match site.engine.handle(command.clone(), Vec::new()).await {
            Ok(_) => {
                site.acknowledge(&operation);
                return Ok(Some(id));
            }
            Err(Failure::Refused(refusal)) => return Err(format!("{id} is not begun: {refusal}")),
            Err(Failure::Store(_)) if site.is_over() => return Ok(None),
            Err(Failure::Store(_)) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Everybody answers an errand, one after the other; whether it came to its end.
async fn answered(site: &Site, id: &DossierId) -> Result<bool, String> {
    for (entry, who) in (1..).zip(ANSWERING) {
        if !answer(site, id, ActivationId(entry), who).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A person opens their link and sends the form, again and again until they see that it was taken; false if it was not before
/// the work was over, or if what they were asked about is gone where that may be.
async fn answer(site: &Site, id: &DossierId, entry: ActivationId, who: &str) -> Result<bool, String> {
    let person = PersonId::new(format!("p-{who}"));
    let task = task_id(id, entry, Purpose::Act, &person);
    let row = task_row(id, &task);
    let activation = format!("{id}:{entry}");
    let bound = Bound { row: &row, person: &person, activation: &activation, purpose: "act", generation: 1 };
    let path = format!("/l/{}", site.links.token(site.links.newest(), &bound).expect("the key is there"));
    while !site.is_over() {
        let page = match http::get(site.port, &path).await {
            Ok(page) if page.status == 200 => page,
            Ok(page) if page.status < 500 && site.forgets => return Ok(false),
            Ok(page) if page.status < 500 => {
                return Err(format!("the link of {who} in {id} opens nothing: {}", page.status));
            }
            Ok(_) | Err(_) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // The answer to an earlier try was lost: it was taken, and nobody was told.
        let Some(seen) = page.hidden("seen").filter(|_| page.body.contains("value=\"go\"")) else { return Ok(true) };
        let operation = operation(id, &task, &["act", "go", seen]);
        match http::post(site.port, &path, &format!("do=act&seen={seen}&choice=go&step=send")).await {
            Ok(sent) if sent.status == 303 => {
                site.acknowledge(&operation);
                return Ok(true);
            }
            // Something came in between: they look again.
            Ok(sent) if sent.status == 422 && has_moved(&sent.body, seen) => {}
            Ok(sent) if sent.status < 500 && !site.forgets => {
                return Err(format!("what {who} sends in {id} is not taken: {}\n{}", sent.status, sent.body));
            }
            Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    Ok(false)
}

/// The page that came back shows another state than the one that was answered.
fn has_moved(body: &str, seen: &str) -> bool {
    !body.contains(&format!("name=\"seen\" value=\"{seen}\""))
}

/// The id of a task's operation, as the page makes it.
fn operation(dossier: &DossierId, task: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in [task, "1"].iter().chain(parts) {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digits = hash.finalize().iter().take(16).fold(0_u128, |digits, byte| digits << 8 | u128::from(*byte));
    format!("w:{dossier}:{digits:032x}")
}
