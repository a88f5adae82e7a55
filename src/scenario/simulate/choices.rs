//! Choices of a path: every question gets the next answer of a sequence, and the sequences are gone through one by one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ids::GuardName;

/// The answers of one path, and which of them come next. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub(in crate::scenario) struct Choices(Rc<RefCell<Sequence>>);

#[derive(Debug, Default)]
struct Sequence {
    /// What was chosen, of how many.
    taken: Vec<(usize, usize)>,
    /// How many of them were asked for in this path.
    asked: usize,
    /// What guards were said to be in this command.
    supposed: BTreeMap<GuardName, bool>,
}

impl Choices {
    /// One of so many.
    pub(super) fn choose(&self, of: usize) -> usize {
        self.0.borrow_mut().choose(of)
    }

    /// Whether a guard holds: supposed, and the same throughout a command.
    pub(in crate::scenario) fn suppose(&self, guard: &GuardName) -> bool {
        let mut sequence = self.0.borrow_mut();
        if let Some(known) = sequence.supposed.get(guard) {
            return *known;
        }
        let holds = sequence.choose(2) == 0;
        sequence.supposed.insert(guard.clone(), holds);
        holds
    }

    /// What was supposed since it was asked last.
    pub(in crate::scenario) fn supposed(&self) -> Vec<(GuardName, bool)> {
        std::mem::take(&mut self.0.borrow_mut().supposed).into_iter().collect()
    }

    /// Begins the next sequence; false if all were gone through.
    pub(super) fn advance(&self) -> bool {
        let mut sequence = self.0.borrow_mut();
        let asked = sequence.asked;
        sequence.taken.truncate(asked);
        sequence.asked = 0;
        sequence.supposed.clear();
        while let Some((chosen, of)) = sequence.taken.pop() {
            if chosen + 1 < of {
                sequence.taken.push((chosen + 1, of));
                return true;
            }
        }
        false
    }
}

impl Sequence {
    fn choose(&mut self, of: usize) -> usize {
        if self.asked == self.taken.len() {
            self.taken.push((0, of));
        }
        let (chosen, _) = self.taken[self.asked];
        self.asked += 1;
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::Choices;

    #[test]
    fn every_sequence_comes_once() {
        let choices = Choices::default();
        let mut paths = Vec::new();
        loop {
            let first = choices.choose(3);
            paths.push(if first == 1 { (first, choices.choose(2)) } else { (first, 9) });
            if !choices.advance() {
                break;
            }
        }
        assert_eq!(paths, [(0, 9), (1, 0), (1, 1), (2, 9)]);
    }

    #[test]
    fn a_guard_is_the_same_throughout_a_command() {
        let choices = Choices::default();
        let guard = "enough".into();
        assert_eq!((choices.suppose(&guard), choices.suppose(&guard)), (true, true));
        assert_eq!(choices.supposed(), [(guard.clone(), true)]);
        assert!(choices.suppose(&guard), "another command asks again, and begins with the first answer");
        assert!(choices.advance());
        assert!(choices.suppose(&guard));
        choices.supposed();
        assert!(!choices.suppose(&guard), "the last answer changes first");
    }
}
