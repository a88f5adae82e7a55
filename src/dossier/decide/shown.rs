//! How a person showed who they are, and whether that is enough where they act.

use super::Run;
use crate::dossier::command::Actor;
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::ActivationId;
use crate::machine::LinkPolicy;
use crate::machine::chart::Place;

impl Run<'_> {
    /// The state in which a person was asked, and those whose events they answer, may each want more than a link.
    pub(super) fn check_shown(
        &self,
        asked_in: ActivationId,
        answering: impl IntoIterator<Item = Place>,
    ) -> Result<(), Refusal> {
        let places = self.entered(asked_in).into_iter().chain(answering);
        let wanted = places.map(|at| self.machine.states[at].link).max();
        wanted.map_or(Ok(()), |wanted| self.check_proof(wanted))
    }

    /// Where nobody was asked: as much as the states want in which the dossier stands, and the rule itself.
    pub(super) fn check_shown_here(&self, wanted: LinkPolicy) -> Result<(), Refusal> {
        let states = self.dossier().leaves().filter_map(|leaf| self.machine.state(&leaf.state));
        self.check_proof(states.map(|state| state.link).fold(wanted, Ord::max))
    }

    /// Whether a mailed link is enough wherever the dossier stands.
    pub(super) fn link_will_do(&self) -> bool {
        let mut states = self.dossier().leaves().filter_map(|leaf| self.machine.state(&leaf.state));
        states.all(|state| state.link == LinkPolicy::Link)
    }

    fn check_proof(&self, wanted: LinkPolicy) -> Result<(), Refusal> {
        let enough = match &self.actor {
            // Who has signed in by a mailed code has shown the mailbox once more, and not what travels another way than mails.
            Actor::Session(_) => wanted != LinkPolicy::LinkPin,
            actor => actor.shown().is_some_and(|shown| shown >= wanted),
        };
        if enough {
            return Ok(());
        }
        match wanted {
            LinkPolicy::Link => Ok(()),
            LinkPolicy::LinkPin => Err(Refusal::of(Code::PinMissing)),
            LinkPolicy::Login => Err(Refusal::of(Code::LoginMissing)),
        }
    }
}
