//! Everything that a process stands on, put together once: store, keys, engine.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{ServiceError, Status};
use crate::config::Config;
use crate::engine::Engine;
use crate::links::LinkKeys;
use crate::store::{Store, StoreError};
use crate::web::{App, Health};

/// While the database is away, a start tries again after this long.
const RETRY: Duration = Duration::from_secs(3);

/// What a process stands on.
#[derive(Clone, Debug)]
pub struct Office {
    /// The engine, on its store.
    pub engine: Engine,
    /// The keys of mailed links.
    pub links: Arc<LinkKeys>,
}

impl Office {
    /// Opens the database of the configuration, which must have this program's schema, and reads the keys.
    ///
    /// # Errors
    /// The database cannot be used, or a key is missing.
    pub async fn open(config: &Config) -> Result<Self, ServiceError> {
        let url = config.database_url()?;
        let keys = config.key_files()?;
        let store = Store::open(url.expose()).await?;
        store.is_current().await?;
        let links = Arc::new(LinkKeys::new(keys.links()?));
        let engine = engine(store, keys.masters()?, &links).await?;
        Ok(Self { engine, links })
    }

    /// The same, but a database that cannot be reached is waited for.
    ///
    /// # Errors
    /// The database can be reached and cannot be used, or a key is missing.
    pub async fn open_patiently(config: &Config, status: &Status) -> Result<Self, ServiceError> {
        loop {
            match Self::open(config).await {
                Err(ServiceError::Store(error @ StoreError::Unavailable(_))) => {
                    if status.waiting(format!("waiting: {error}")) {
                        tracing::warn!("waiting: {error}");
                    }
                    tokio::time::sleep(RETRY).await;
                }
                answer => {
                    status.say("start", None);
                    return answer;
                }
            }
        }
    }

    /// What the pages stand on.
    pub(super) fn pages(&self, config: &Config, health: watch::Receiver<Health>) -> Result<App, ServiceError> {
        Ok(App {
            engine: self.engine.clone(),
            links: self.links.clone(),
            site: Arc::new(config.web.site()?),
            office: config.web.office.as_str().into(),
            health,
        })
    }
}

async fn engine(
    store: Store,
    masters: std::collections::BTreeMap<i64, [u8; 32]>,
    links: &Arc<LinkKeys>,
) -> Result<Engine, ServiceError> {
    let _ = (store, masters, links);
    todo!()
}
