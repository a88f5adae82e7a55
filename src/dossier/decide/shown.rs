//! How a person showed who they are, and whether that is enough where they act.

use super::Run;
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
        let enough = wanted.is_none_or(|wanted| self.actor.shown().is_some_and(|shown| shown >= wanted));
        match wanted.filter(|_| !enough) {
            None | Some(LinkPolicy::Link) => Ok(()),
            Some(LinkPolicy::LinkPin) => Err(Refusal::of(Code::PinMissing)),
            Some(LinkPolicy::Login) => Err(Refusal::of(Code::LoginMissing)),
        }
    }
}
