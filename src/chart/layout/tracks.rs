//! Vertical lines that lie beside each other: in which order they cross the least.

/// A vertical line, by the heights at which horizontal ones meet it from the left and from the right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Vertical {
    pub left: Vec<i32>,
    pub right: Vec<i32>,
    /// Where it merely ends, at a border.
    pub ends: Vec<i32>,
}

impl Vertical {
    fn span(&self) -> (i32, i32) {
        let all = self.left.iter().chain(&self.right).chain(&self.ends);
        all.fold((i32::MAX, i32::MIN), |(top, bottom), at| (top.min(*at), bottom.max(*at)))
    }

    /// Lines nearer than this would look like one.
    fn meets(&self, other: &Self) -> bool {
        let ((top, bottom), (above, below)) = (self.span(), other.span());
        top <= below + 8 && above <= bottom + 8
    }

    fn covers(&self, at: i32) -> bool {
        let (top, bottom) = self.span();
        top <= at && at <= bottom
    }
}

/// The track of each line, from the left; lines that do not meet may share one.
pub(super) fn arrange(lines: &[&Vertical]) -> Vec<i32> {
    let order = least_crossing(lines);
    let mut tracks = vec![0; lines.len()];
    for (place, line) in order.iter().enumerate() {
        let before = order[..place].iter().filter(|other| lines[**other].meets(lines[*line]));
        tracks[*line] = before.map(|other| tracks[*other] + 1).max().unwrap_or(0);
    }
    tracks
}

/// Neighbours change places as long as that helps.
fn least_crossing(lines: &[&Vertical]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|line| (lines[*line].span(), *line));
    loop {
        let mut better = false;
        for place in 1..order.len() {
            let (one, two) = (order[place - 1], order[place]);
            if crossings(lines[two], lines[one]) < crossings(lines[one], lines[two]) {
                order.swap(place - 1, place);
                better = true;
            }
        }
        if !better {
            return order;
        }
    }
}

/// How often two lines cross what leads to and from each other, the first being left of the second.
fn crossings(first: &Vertical, second: &Vertical) -> usize {
    let over_first = second.left.iter().filter(|at| first.covers(**at)).count();
    let over_second = first.right.iter().filter(|at| second.covers(**at)).count();
    over_first + over_second
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(left: &[i32], right: &[i32]) -> Vertical {
        Vertical { left: left.to_vec(), right: right.to_vec(), ends: Vec::new() }
    }

    #[test]
    fn the_lower_of_two_that_go_down_turns_first() {
        let (upper, lower) = (line(&[10], &[100]), line(&[20], &[120]));
        assert_eq!(arrange(&[&upper, &lower]), [1, 0]);
    }

    #[test]
    fn lines_that_do_not_meet_share_a_track() {
        assert_eq!(arrange(&[&line(&[0], &[50]), &line(&[100], &[150])]), [0, 0]);
    }
}
