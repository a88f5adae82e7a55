//! Faults planted on purpose, deaths at named places, database calls that fail, a clock that is wrong: so that it can be shown
//! that the checks find what they are for and that nothing is lost. And going in step, so that a simulation follows from its seed.
//! Only a program built with the feature `planted-faults` has them; in every other one `planted` is `false`, `reach` does nothing,
//! no call `fails`, no clock is wrong and nobody goes in step, at no cost.

macro_rules! faults {
    ($($fault:ident $name:literal $slip:literal,)*) => {
        /// A slip that somebody could make in the engine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault {
            $(#[doc = $slip] $fault,)*
        }

        /// Every fault: its name, and what goes wrong.
        pub const FAULTS: &[(&str, &str)] = &[$(($name, $slip),)*];

        #[cfg(feature = "planted-faults")]
        impl Fault {
            fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$fault),)*
                    _ => None,
                }
            }
        }
    };
}

faults! {
    NoticeDropped "notice-dropped" "whoever is asked is not told so",
    ToldDropped "told-dropped" "what people are merely told is lost",
    NoticeTwice "notice-twice" "a notice is written twice",
    NoticeOfNobody "notice-of-no-event" "a notice stands under an event that is not there",
    TaskNotOffered "task-not-offered" "who is asked gets no task",
    TaskNotClosed "task-not-closed" "a task that is over stays open",
    TaskOfAnother "task-of-another" "a task's id is another person's",
    EventTwice "event-twice" "an event is stored twice",
    OperationLost "operation-not-recorded" "the operation of a command is not recorded",
    ActorLost "actor-not-recorded" "a person's event is written down as the clock's",
    ChainWrongBytes "chain-over-wrong-bytes" "the chain leaves the operation out",
    ChainForked "chain-forked" "an event is chained to the beginning, not to the one before",
    HeadWrong "head-over-wrong-hashes" "a daily head names other hashes than the log's",
    KeyNotKept "key-not-kept" "the key under which a person's part is sealed is not kept",
    SnapshotNotFold "snapshot-not-the-fold" "the stored dossier is not what its events make",
    SnapshotStale "row-behind-the-log" "the stored row stays behind the log",
    OutcomeLost "outcome-not-stored" "the outcome does not get into the row",
    StateNotLeft "state-not-left" "a state that was left stays active",
    EntryReused "entry-number-reused" "an entry's number is given out again",
    WrongTarget "wrong-target" "a way leads to another state than the workflow says",
    ActsWhereOver "event-not-answered" "an event is taken that the state does not answer",
    AnswersTwice "answers-twice" "whoever has answered stays asked",
    TimerLost "timer-lost" "a timer is forgotten",
    TimerEarly "timer-early" "a timer fires a day early",
    TimerStays "timer-fires-again" "a timer that fired stays set",
    DueSkipped "due-skipped" "the row's next due time is lost",
    DueNotFirst "due-not-first" "what is due does not happen before a command",
    ClockBack "time-goes-back" "an event lies before the one before it",
    BallotTwice "ballot-counted-twice" "a ballot goes into its box twice",
    BallotLost "ballot-lost" "a ballot does not go into its box",
    RollNotMarked "roll-not-marked" "whoever votes is not marked",
    VotesTwice "votes-twice" "whoever has voted may vote again",
    TallyWrong "tally-wrong" "an abstention is counted as a vote in favour",
    BoxOfAnother "box-hash-of-another" "the recorded hash is another box's",
    NumberNotKept "number-taken-twice" "a number that was given is not kept",
    NumberForgotten "number-not-said" "a number is kept that no event gave",
    FactLost "fact-lost" "a fact does not get into its register",
    FactWrong "fact-of-another-year" "a fact gets into its register under another year",
    MessageLost "message-lost" "a message to another dossier is not written",
    MessageChanged "message-changed" "a message says something else than its event",
    MessageTwice "message-not-settled" "a message that was consumed waits on",
    MessageUnread "message-never-read" "a message counts as consumed that nobody took",
    PaperLost "paper-lost" "the bytes of a paper are not stored",
    PaperChanged "paper-changed" "other bytes are stored than the event names",
}

/// Places at which a program may be told to die, in the order in which a command comes by them.
pub const PLACES: &[&str] = &[
    "queued",
    "decided",
    "events-written",
    "rows-written",
    "boxes-written",
    "written",
    "committed",
    "decided-ahead",
    "written-ahead",
    "answered",
    "message-delivered",
    "ticked",
    "slot-started",
    "head-taken",
    "mail-claimed",
    "mail-sent",
    "mail-settled",
    "deployed",
];

/// How a call of the database fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// As if the connection went: trying again helps.
    ForNow,
    /// As if the database said no.
    ForGood,
}

/// Whether this program can be told to go wrong.
pub const IS_POSSIBLE: bool = cfg!(feature = "planted-faults");

#[cfg(not(feature = "planted-faults"))]
mod off {
    /// Whether this fault is planted: never.
    #[inline]
    pub(crate) const fn planted(_: super::Fault) -> bool {
        false
    }

    /// Comes by a place.
    #[inline]
    pub(crate) const fn reach(_: &str) {}

    /// How this call of the database fails: it does not.
    #[inline]
    pub(crate) const fn fails() -> Option<super::Failing> {
        None
    }

    /// By how much this machine's clock is wrong: it is not.
    #[inline]
    pub(crate) const fn skew_ms() -> i64 {
        0
    }

    /// From how many pages on the write-ahead log is copied: as many as ever.
    #[inline]
    pub(crate) const fn long_log(usual: i32) -> i32 {
        usual
    }

    /// Whether whoever hands the writer a job waits for its end: nobody does.
    #[inline]
    pub(crate) const fn is_in_step() -> bool {
        false
    }
}

#[cfg(feature = "planted-faults")]
mod on {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};

    use super::{Failing, Fault};

    static PLANTED: OnceLock<Fault> = OnceLock::new();
    static DEATH: OnceLock<(String, AtomicI64)> = OnceLock::new();
    static CALLS_LEFT: AtomicI64 = AtomicI64::new(0);
    static FOR_GOOD: AtomicBool = AtomicBool::new(false);
    static SKEW_MS: AtomicI64 = AtomicI64::new(0);
    static LONG_LOG: AtomicI32 = AtomicI32::new(0);
    static IN_STEP: AtomicBool = AtomicBool::new(false);

    /// Plants a fault for the rest of this process; false if there is none of this name, or one was planted before.
    pub fn plant(name: &str) -> bool {
        Fault::named(name).is_some_and(|fault| PLANTED.set(fault).is_ok())
    }

    /// Lets this process die at a place, as by `kill -9`, when it comes by for the n-th time: `written`, `written:3`.
    pub fn die_at(place: &str) -> bool {
        let (name, times) = place.split_once(':').unwrap_or((place, "1"));
        let Ok(times) = times.parse() else { return false };
        super::PLACES.contains(&name) && DEATH.set((name.to_owned(), AtomicI64::new(times))).is_ok()
    }

    /// Lets the n-th call of the database from now on fail, once (0: none). A call that was meant to fail before and did not
    /// come is forgotten.
    pub fn fail_call(n: i64, how: Failing) {
        FOR_GOOD.store(how == Failing::ForGood, Ordering::SeqCst);
        CALLS_LEFT.store(n, Ordering::SeqCst);
    }

    /// Whether the call that was meant to fail has come.
    pub fn has_failed() -> bool {
        CALLS_LEFT.load(Ordering::SeqCst) <= 0
    }

    /// Lets this machine's clock be wrong by so much, as far as this process sees it.
    pub fn skew(ms: i64) {
        SKEW_MS.store(ms, Ordering::SeqCst);
    }

    /// Lets the write-ahead log be copied from so few pages on, so that a short run comes by it.
    pub fn shorten_log(pages: i32) {
        LONG_LOG.store(pages, Ordering::SeqCst);
    }

    /// From now on whoever hands the writer a job waits for its end, and nobody looks now and then what was deployed: with one thread
    /// that asks, what happens follows from the order of what it asks alone.
    pub fn go_in_step() {
        IN_STEP.store(true, Ordering::SeqCst);
    }

    pub(crate) fn skew_ms() -> i64 {
        SKEW_MS.load(Ordering::SeqCst)
    }

    pub(crate) fn long_log(usual: i32) -> i32 {
        match LONG_LOG.load(Ordering::SeqCst) {
            0 => usual,
            pages => pages,
        }
    }

    pub(crate) fn is_in_step() -> bool {
        IN_STEP.load(Ordering::SeqCst)
    }

    pub(crate) fn planted(fault: Fault) -> bool {
        PLANTED.get() == Some(&fault)
    }

    pub(crate) fn reach(place: &str) {
        if let Some((wanted, left)) = DEATH.get()
            && wanted == place
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            std::process::abort();
        }
    }

    pub(crate) fn fails() -> Option<Failing> {
        let fails = CALLS_LEFT.load(Ordering::SeqCst) > 0 && CALLS_LEFT.fetch_sub(1, Ordering::SeqCst) == 1;
        let how = if FOR_GOOD.load(Ordering::SeqCst) { Failing::ForGood } else { Failing::ForNow };
        fails.then_some(how)
    }
}

#[cfg(not(feature = "planted-faults"))]
pub(crate) use off::{fails, is_in_step, long_log, planted, reach, skew_ms};
#[cfg(feature = "planted-faults")]
pub use on::{die_at, fail_call, go_in_step, has_failed, plant, shorten_log, skew};
#[cfg(feature = "planted-faults")]
pub(crate) use on::{fails, is_in_step, long_log, planted, reach, skew_ms};
