//! Everything that a process stands on, put together once: store, keys, engine.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{ServiceError, Status};
use crate::bounces::Bounces;
use crate::clock::{Chance, Clock};
use crate::config::{Config, sqlite_path};
use crate::courier::Courier;
use crate::engine::{Engine, Keys};
use crate::links::LinkKeys;
use crate::seal::MasterKeys;
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
        if let Some(path) = sqlite_path(url.expose()).filter(|path| !path.exists()) {
            return Err(ServiceError::NoDatabase(path));
        }
        let store = Store::open(url.expose()).await?;
        store.is_current().await?;
        let links = LinkKeys::new(keys.links()?);
        let master =
            MasterKeys::new(keys.masters()?).ok_or_else(|| StoreError::Database("no master key".to_owned()))?;
        let clock = if store.is_postgres() { Clock::database() } else { Clock::System };
        let engine = Engine::open(store, Keys { links: links.clone(), master }, clock, Chance::system()).await?;
        // Whoever comes first after an outage, an operator's command too, decides by it.
        engine.store().silence(engine.now()).await?;
        Ok(Self { engine, links: Arc::new(links) })
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
    pub(super) fn pages(
        &self,
        config: &Config,
        only_links: bool,
        health: watch::Receiver<Health>,
    ) -> Result<App, ServiceError> {
        Ok(App {
            engine: self.engine.clone(),
            links: self.links.clone(),
            site: Arc::new(config.web.site()?),
            office: config.web.office.as_str().into(),
            only_links,
            proxies: config.web.proxies.clone().into(),
            keepers: config.mail.report_to.clone().into(),
            health,
        })
    }

    /// What takes bounces to return paths under this address.
    pub(super) fn bounces(&self, base: &str) -> Bounces {
        Bounces::new(self.engine.clone(), self.links.as_ref().clone(), base)
    }

    /// The courier; none where no mail server is set.
    pub(super) fn courier(&self, config: &Config) -> Result<Option<Courier>, ServiceError> {
        let Some(settings) = config.smtp()? else { return Ok(None) };
        let (keys, chance) = (self.links.as_ref().clone(), self.engine.chance().clone());
        Courier::new(self.engine.clone(), keys, settings, &config.web.public_url, chance)
            .map(Some)
            .map_err(|error| ServiceError::Mail(error.to_string()))
    }
}
