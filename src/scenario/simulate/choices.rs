//! The choices of a path: every question gets the next answer of a sequence, and the sequences are gone through one by one.

/// The answers of one path, and which of them come next.
#[derive(Debug, Default)]
pub(super) struct Choices {
    /// What was chosen, of how many.
    taken: Vec<(usize, usize)>,
    /// How many of them were asked for in this path.
    asked: usize,
}

impl Choices {
    /// One of so many.
    pub(super) fn choose(&mut self, of: usize) -> usize {
        if self.asked == self.taken.len() {
            self.taken.push((0, of));
        }
        let (chosen, _) = self.taken[self.asked];
        self.asked += 1;
        chosen
    }

    /// Begins the next sequence; false if all were gone through.
    pub(super) fn advance(&mut self) -> bool {
        self.taken.truncate(self.asked);
        self.asked = 0;
        while let Some((chosen, of)) = self.taken.pop() {
            if chosen + 1 < of {
                self.taken.push((chosen + 1, of));
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Choices;

    #[test]
    fn every_sequence_comes_once() {
        let mut choices = Choices::default();
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
}
