//! A trial: what chance decides, which seed decides chance, and what came of it.

use std::time::{Duration, Instant};

use chancery::clock::Chance;
use chancery::verify::{Fault, Report};

use crate::figures::{say, times};
use crate::site::Site;

/// Chance, the seed that decides it, and what came of it so far.
pub(crate) struct Trial {
    pub chance: Chance,
    pub seed: u64,
    began: Instant,
    pub acknowledged: usize,
    pub lost: usize,
    events: usize,
    mails: usize,
}

impl Trial {
    pub(crate) fn new() -> Self {
        let seed = times("CHAOS_SEED", 20_260_601);
        Self {
            chance: Chance::seeded(seed),
            seed,
            began: Instant::now(),
            acknowledged: 0,
            lost: 0,
            events: 0,
            mails: 0,
        }
    }

    pub(crate) async fn pause(&self, from_ms: u32, to_ms: u32) {
        let ms = from_ms + self.chance.below(to_ms - from_ms);
        tokio::time::sleep(Duration::from_millis(ms.into())).await;
    }

    /// Ends the work of an office; what its people came to.
    pub(crate) async fn end(&self, what: &str, site: &Site, people: tokio::task::JoinSet<Result<usize, String>>) {
        site.stop();
        let mut errands = 0;
        for ended in people.join_all().await {
            errands += ended.unwrap_or_else(|why| panic!("{what}, seed {}: {why}\n{}", self.seed, site.log()));
        }
        assert!(errands > 0 && site.acknowledged() > 0, "{what}: nothing was done\n{}", site.log());
    }

    /// Looks at everything that an office has come to; what was acknowledged and is gone counts where that may be.
    pub(crate) fn found(&mut self, what: &str, site: &Site, report: Report) {
        let (gone, faults): (Vec<_>, Vec<_>) =
            report.faults.into_iter().partition(|fault| site.forgets && is_gone(fault));
        assert!(faults.is_empty(), "{what}, seed {}: {faults:#?}\n{}", self.seed, site.log());
        assert_eq!(report.opened, report.events);
        self.acknowledged += site.acknowledged();
        self.lost += gone.len();
        self.events += report.events;
        self.mails += site.mails();
    }

    /// Ends the work of an office and looks at everything.
    pub(crate) async fn judge(&mut self, what: &str, site: &Site, people: tokio::task::JoinSet<Result<usize, String>>) {
        self.end(what, site, people).await;
        self.found(what, site, site.look().await);
        assert_eq!(site.unreplayed().await, Vec::<String>::new(), "{what}");
    }

    /// Says what came of all of it.
    pub(crate) fn sum(&self, what: &str) {
        let Self { seed, acknowledged, lost, events, mails, .. } = self;
        let seconds = self.began.elapsed().as_secs();
        say(&format!(
            "chaos: {what}, seed {seed}: {acknowledged} acknowledged, {lost} lost, 0 doubled, {events} events, {mails} mails, \
             {seconds} s"
        ));
    }
}

/// Something that was acknowledged is not there.
pub(crate) fn is_gone(fault: &Fault) -> bool {
    fault.check == "operation" && fault.what.ends_with("stands in the log 0 times")
}

/// So many times as the environment says, a new office after so many: what is looked at in the end does not grow without end.
pub(crate) fn parts(name: &str, usual: u64, each: u64) -> (u64, impl Iterator<Item = (u64, u64)>) {
    let all = times(name, usual);
    let parts = (0..all.div_ceil(each)).map(move |part| (part, each.min(all - part * each)));
    (all, parts)
}
