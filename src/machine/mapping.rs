//! Where the states of one version of a workflow are in another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::StateId;

/// Old states and the new ones that take their places. What lies inside a state goes with it; what is not named keeps its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(pub BTreeMap<StateId, StateId>);

impl Mapping {
    /// The name of an old state in the new version, whether or not there is one of that name.
    pub fn of(&self, state: &StateId) -> StateId {
        if let Some(to) = self.0.get(state) {
            return to.clone();
        }
        let Some(outer) = state.outer() else { return state.clone() };
        let inner = &state.as_str()[outer.as_str().len()..];
        StateId::new(format!("{}{inner}", self.of(&outer)))
    }
}

#[cfg(test)]
mod tests {
    use super::Mapping;
    use crate::ids::StateId;

    #[test]
    fn what_lies_inside_a_state_goes_with_it_unless_it_is_named_itself() {
        let pairs = [("open", "running"), ("open.council.paper", "counting")];
        let mapping = Mapping(pairs.map(|(from, to)| (StateId::new(from), StateId::new(to))).into());
        let of = |state: &str| mapping.of(&StateId::new(state)).to_string();
        assert_eq!(of("open"), "running");
        assert_eq!(of("open.council.online"), "running.council.online");
        assert_eq!(of("open.council.paper.first"), "counting.first");
        assert_eq!(of("opened"), "opened");
    }
}
