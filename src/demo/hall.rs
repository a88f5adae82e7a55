//! An office that runs in this process alone: its database, its pages, its deadlines, and a courier whose mails are caught. Its clock
//! stands still until somebody moves it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::DemoError;
use crate::calendar::Calendar;
use crate::catcher::Catcher;
use crate::clock::{Chance, Clock, ManualClock};
use crate::config::KeyFiles;
use crate::courier::Courier;
use crate::courier::settings::SmtpSettings;
use crate::engine::{Engine, Keys};
use crate::ids::Instant;
use crate::links::LinkKeys;
use crate::scheduler::Scheduler;
use crate::seal::MasterKeys;
use crate::store::{Store, meta};
use crate::web::{self, App, Health};

/// Where such an office keeps its instant, so that it can go on.
const STANDS_AT: &str = "demo_at";
/// Where its pages were last, so that links in older mails still lead to them.
const PAGES_AT: &str = "demo_pages";
/// Rounds after which a moment that never comes to rest is given up.
const ROUNDS_MAX: usize = 20_000;

/// What an office is set up from.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The folder for keys, papers, mails and (without a database URL) the database.
    pub folder: PathBuf,
    /// Another database than the one in the folder.
    pub database: Option<String>,
    /// Where pages are served; port 0 is where they were last, or a free one.
    pub listen: SocketAddr,
}

/// How such an office calls itself.
#[derive(Clone, Copy, Debug)]
pub struct Named<'n> {
    /// Its name, in the head of pages and mails.
    pub office: &'n str,
    /// Whom mails come from.
    pub sender: &'n str,
    /// Who keeps the office's mail.
    pub keepers: &'n [String],
}

/// A database and its clock, before anybody works on it.
#[derive(Debug)]
pub struct Ground {
    /// What everything ends in.
    pub engine: Engine,
    /// Nothing had happened in it before.
    pub fresh: bool,
    hand: ManualClock,
}

/// An office, running.
#[derive(Debug)]
pub struct Hall {
    /// What everything ends in.
    pub engine: Engine,
    /// The mails.
    pub catcher: Catcher,
    /// Its calendar: what a working morning is.
    pub calendar: Arc<Calendar>,
    /// Where its pages are: `http://127.0.0.1:port`.
    pub address: String,
    hand: ManualClock,
    scheduler: Scheduler,
    courier: Courier,
    _pages: watch::Sender<bool>,
}

impl Ground {
    /// The engine on its database with a clock of its own, which begins at `starts` unless it ran before.
    ///
    /// # Errors
    /// The database holds something else, or the world fails.
    pub async fn open(plot: &Plot, starts: Instant) -> Result<Self, DemoError> {
        std::fs::create_dir_all(&plot.folder)?;
        let url =
            plot.database.clone().unwrap_or_else(|| format!("sqlite://{}", plot.folder.join("demo.db").display()));
        let store = Store::open(&url).await?;
        store.migrate().await?;
        let files = KeyFiles::in_folder(plot.folder.join("keys"));
        files.create_missing().map_err(|error| DemoError::Fault(error.to_string()))?;
        let masters = files.masters().map_err(|error| DemoError::Fault(error.to_string()))?;
        let links = files.links().map_err(|error| DemoError::Fault(error.to_string()))?;
        let master = MasterKeys::new(masters).ok_or_else(|| DemoError::missing("key"))?;
        let stands_at = store.meta(STANDS_AT).await?.and_then(|text| text.parse().ok()).map_or(starts, Instant);
        let clock = Clock::manual(stands_at);
        let Clock::Manual(hand) = clock.clone() else { unreachable!("it was made by hand") };
        let keys = Keys { links: LinkKeys::new(links), master };
        let engine = Engine::open(store, keys, clock, Chance::system()).await?;
        let fresh = engine.workflows().is_empty();
        let store = engine.store();
        if !fresh && store.meta(meta::CLOCK).await?.as_deref() != Some("demo") {
            return Err(DemoError::Fault("this database is not a demonstration's: name another one".to_owned()));
        }
        store.set_meta(meta::CLOCK, "demo").await?;
        store.set_meta(STANDS_AT, stands_at.0.to_string()).await?;
        Ok(Self { engine, fresh, hand })
    }
}

impl Hall {
    /// Lets an office work: pages, deadlines, mails.
    ///
    /// # Errors
    /// The world fails.
    pub async fn start(
        ground: Ground,
        plot: &Plot,
        named: Named<'_>,
        calendar: Arc<Calendar>,
    ) -> Result<Self, DemoError> {
        let Ground { engine, hand, .. } = ground;
        let catcher = Catcher::start_with(([127, 0, 0, 1], 0).into(), Some(plot.folder.join("mails"))).await?;
        let (pages, stopped) = watch::channel(false);
        let address = serve(&engine, &named, plot.listen, stopped).await?;
        let settings = SmtpSettings::plain(catcher.address(), named.sender, named.office);
        let courier = Courier::new(engine.clone(), engine.links().clone(), settings, &address, engine.chance().clone())
            .map_err(|error| DemoError::Fault(error.to_string()))?;
        let scheduler = Scheduler::new(engine.clone());
        Ok(Self { engine, catcher, calendar, address, hand, scheduler, courier, _pages: pages })
    }

    /// The time here.
    pub fn now(&self) -> Instant {
        self.engine.now()
    }

    /// Moves the clock, and writes down where it stands.
    ///
    /// # Errors
    /// The database fails.
    pub async fn move_to(&self, at: Instant) -> Result<(), DemoError> {
        self.hand.set(at);
        Ok(self.engine.store().set_meta(STANDS_AT, at.0.to_string()).await?)
    }

    /// Lets everything happen that is due: messages, deadlines, mails.
    ///
    /// # Errors
    /// The database fails, or it never comes to rest.
    pub async fn rest(&mut self) -> Result<(), DemoError> {
        for _ in 0..ROUNDS_MAX {
            let due = self.scheduler.step(self.now()).await?.busy();
            let sent = self.courier.step(self.now()).await?.worked();
            if !due && !sent {
                return Ok(());
            }
        }
        Err(DemoError::Fault(format!("at {} the office does not come to rest", self.now())))
    }

    /// The next moment at which something happens by itself.
    ///
    /// # Errors
    /// The database fails.
    pub async fn next(&self) -> Result<Option<Instant>, DemoError> {
        let (store, now) = (self.engine.store(), self.now());
        let due = store.next_moment(now).await?;
        let morning = store.holds_back(now).await?.then(|| self.next_morning(now));
        Ok([due, morning].into_iter().flatten().min())
    }

    /// The next working morning, when mails go out.
    pub fn next_morning(&self, now: Instant) -> Instant {
        self.calendar.mail_slot(self.calendar.end_of(self.calendar.date(now)).plus_ms(1), false)
    }
}

/// Serves the pages until the office is closed; where they are.
async fn serve(
    engine: &Engine,
    named: &Named<'_>,
    listen: SocketAddr,
    mut stopped: watch::Receiver<bool>,
) -> Result<String, DemoError> {
    let store = engine.store();
    let last = store.meta(PAGES_AT).await?.and_then(|text| text.parse().ok()).unwrap_or_default();
    let port = if listen.port() == 0 { last } else { listen.port() };
    let listener = match TcpListener::bind(SocketAddr::new(listen.ip(), port)).await {
        Ok(listener) => listener,
        Err(_) if listen.port() == 0 => TcpListener::bind(listen).await?,
        Err(error) => return Err(error.into()),
    };
    let bound = listener.local_addr()?;
    store.set_meta(PAGES_AT, bound.port().to_string()).await?;
    let address = format!("http://{bound}");
    let site = web::routes::Site::parse(&address).map_err(|error| DemoError::Fault(error.to_string()))?;
    let (_, health) = watch::channel(Health::default());
    let app = App {
        engine: engine.clone(),
        links: Arc::new(engine.links().clone()),
        site: Arc::new(site),
        office: named.office.into(),
        only_links: false,
        proxies: [].into(),
        keepers: named.keepers.into(),
        health,
    };
    tokio::spawn(async move {
        let stop = async move {
            // An error says that the office is gone: time to stop as well.
            let _ = stopped.changed().await;
        };
        if let Err(error) = web::serve(listener, app, stop).await {
            tracing::error!("the pages ended: {error}");
        }
    });
    Ok(address)
}
