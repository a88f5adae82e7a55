//! The only place that asks for the time or for chance. Whoever needs either is handed one of these, so that a demo, a test
//! or a simulation can hand in its own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ring::rand::SecureRandom as _;
use sha2::{Digest as _, Sha256};

use crate::ids::Instant;

/// What time it is. Cheap to clone; clones show the same time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The clock of this machine.
    System,
    /// A clock that somebody sets: demos, tests, simulations.
    Manual(ManualClock),
    /// The database's clock, which all nodes share: this machine's, corrected by the offset that was last measured.
    Database(DatabaseClock),
}

/// A clock that stands still until it is set.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

/// This machine's clock and its distance to the database's.
#[derive(Clone, Debug, Default)]
pub struct DatabaseClock(Arc<AtomicI64>);

impl Clock {
    /// A clock that stands at an instant until it is set.
    pub fn manual(at: Instant) -> Self {
        Self::Manual(ManualClock(Arc::new(AtomicI64::new(at.0))))
    }

    /// The database's clock; the engine measures the offset when it opens.
    pub fn database() -> Self {
        Self::Database(DatabaseClock::default())
    }

    /// The time.
    pub fn now(&self) -> Instant {
        match self {
            Self::System => system(),
            Self::Manual(clock) => Instant(clock.0.load(Ordering::Acquire)),
            Self::Database(clock) => system().plus_ms(clock.0.load(Ordering::Acquire)),
        }
    }
}

impl ManualClock {
    /// Sets it. It never goes back; an earlier time is ignored.
    pub fn set(&self, at: Instant) {
        self.0.fetch_max(at.0, Ordering::AcqRel);
    }

    /// Moves it forward.
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms.max(0), Ordering::AcqRel);
    }
}

impl DatabaseClock {
    /// Takes over a measurement: the database said `theirs` at some moment between our `before` and `after`.
    pub fn measured(&self, before: Instant, theirs: Instant, after: Instant) {
        let middle = before.0 + (after.0 - before.0) / 2;
        self.0.store(theirs.0 - middle, Ordering::Release);
    }
}

/// The clock of this machine, for whoever measures another one against it.
#[expect(clippy::disallowed_methods, reason = "the one place where this machine's clock is read")]
pub fn system() -> Instant {
    Instant::from_timestamp(jiff::Timestamp::now()).plus_ms(crate::planted::skew_ms())
}

/// Where random bytes come from. Cheap to clone; clones draw from the same source.
#[derive(Clone, Debug)]
pub struct Chance(Arc<Source>);

#[derive(Debug)]
enum Source {
    System(ring::rand::SystemRandom),
    /// Reproducible, for tests and simulations: SHA-256 over seed and counter.
    Seeded {
        seed: u64,
        drawn: Mutex<u64>,
    },
}

impl Chance {
    /// The operating system's.
    pub fn system() -> Self {
        Self(Arc::new(Source::System(ring::rand::SystemRandom::new())))
    }

    /// Always the same bytes for the same seed; never for secrets of a real office.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Source::Seeded { seed, drawn: Mutex::new(0) }))
    }

    /// Fills bytes.
    ///
    /// # Panics
    /// The operating system has no randomness to give; nothing that needs secrets may go on then.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &*self.0 {
            Source::System(system) => system.fill(bytes).expect("the operating system gives random bytes"),
            Source::Seeded { seed, drawn } => {
                let mut drawn = drawn.lock().unwrap_or_else(PoisonError::into_inner);
                for part in bytes.chunks_mut(32) {
                    let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(drawn.to_be_bytes());
                    part.copy_from_slice(&digest.finalize()[..part.len()]);
                    *drawn += 1;
                }
            }
        }
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `bound` (0 for a bound of 0), each as likely as the other.
    pub fn below(&self, bound: u32) -> u32 {
        if bound < 2 {
            return 0;
        }
        // Numbers from the incomplete last round would be a little likelier; they are drawn again.
        let limit = u32::MAX - u32::MAX % bound;
        loop {
            let drawn = u32::from_be_bytes(self.bytes());
            if drawn < limit {
                return drawn % bound;
            }
        }
    }

    /// A random id of 26 letters and digits (128 bits), for whoever must not be recognised by when they came: people.
    pub fn id(&self) -> String {
        letters(u128::from_be_bytes(self.bytes()))
    }

    /// An id of 26 letters and digits that grows with time: the millisecond, then 80 random bits. For dossiers, papers, mails
    /// and operations: what was made together lies together in the database's trees, so that a commit touches few pages.
    pub fn id_at(&self, now: Instant) -> String {
        let bits = u128::from_be_bytes(self.bytes()) & (u128::MAX >> 48);
        letters(u128::from(now.0.max(0).cast_unsigned()) << 80 | bits)
    }
}

/// 128 bits as 26 digits of base 32, the weightiest first; their order as texts is the order of the numbers.
fn letters(bits: u128) -> String {
    const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
    (0..26).rev().map(|place| char::from(ALPHABET[(bits >> (5 * place) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::{Chance, Clock};
    use crate::ids::Instant;

    #[test]
    fn a_manual_clock_stands_goes_on_and_never_back() {
        let clock = Clock::manual(Instant(1_000));
        let Clock::Manual(hand) = clock.clone() else { unreachable!("it is manual") };
        hand.advance_ms(500);
        hand.set(Instant(200));
        hand.advance_ms(-7);
        assert_eq!(clock.now(), Instant(1_500));
    }

    #[test]
    fn the_same_seed_gives_the_same_ids_and_another_one_others() {
        let (one, same, other) = (Chance::seeded(1), Chance::seeded(1), Chance::seeded(2));
        let first = one.id();
        assert_eq!(first, same.id());
        assert_ne!(first, one.id());
        assert_ne!(first, other.id());
        assert_ne!(Chance::system().id(), Chance::system().id());
        assert!(one.id_at(Instant(1_790_000_000_000)) < one.id_at(Instant(1_790_000_000_001)), "later ids are greater");
        assert_ne!(one.id_at(Instant(7)), one.id_at(Instant(7)));
        let mut seen = [0; 5];
        (0..1_000).for_each(|_| seen[one.below(5) as usize] += 1);
        assert!(seen.iter().all(|count| (120..280).contains(count)), "{seen:?}");
    }
}
