//! How a person showed who they are, and whether that is enough where they act.

use super::Run;
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::ActivationId;
use crate::machine::Proofs;
use crate::machine::chart::Place;

impl Run<'_> {
    /// The state in which a person was asked, and those whose events they answer, may each want more than a link.
    pub(super) fn check_shown(
        &self,
        asked_in: ActivationId,
        answering: impl IntoIterator<Item = Place>,
    ) -> Result<(), Refusal> {
        let places = self.entered(asked_in).into_iter().chain(answering);
        self.check_proofs(places.map(|at| self.machine.states[at].link).collect())
    }

    /// Where nobody was asked: all that the states want in which the dossier stands, and what the rule itself wants.
    pub(super) fn check_shown_here(&self, wanted: Proofs) -> Result<(), Refusal> {
        self.check_proofs(wanted.and(self.demanded_here()))
    }

    /// Whether a mailed link is enough wherever the dossier stands.
    pub(super) fn link_will_do(&self) -> bool {
        self.demanded_here().is_none()
    }

    fn demanded_here(&self) -> Proofs {
        self.dossier().demands(self.machine)
    }

    fn check_proofs(&self, wanted: Proofs) -> Result<(), Refusal> {
        let lacking = wanted.without(self.actor.shown());
        match (lacking.number, lacking.session) {
            (true, _) => Err(Refusal::of(Code::PinMissing)),
            (false, true) => Err(Refusal::of(Code::LoginMissing)),
            (false, false) => Ok(()),
        }
    }
}
