//! A dossier ends before its course is over, because whom it is about is to be erased. Nothing is decided by it: what was frozen is given up,
//! lists lose the row, a parent is told, nobody is asked any more; what leaving states would have done by itself is not done.

use super::Run;
use crate::dossier::command::End;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::ActivationId;

/// What comes of such a dossier; no workflow has to name it.
const ERASED: &str = "erased";

impl Run<'_> {
    pub(super) fn cut_short(&mut self, ask: &End) -> Result<(), Refusal> {
        let reason = self.operators_reason(&ask.reason)?;
        if self.dossier().outcome.is_some() {
            return Err(Refusal::of(Code::Ended));
        }
        self.emit(Change::CutShort { reason });
        while let Some(state) = self.dossier().paused.first().map(|paused| paused.state.clone()) {
            self.emit(Change::Abandoned(state));
        }
        for on in self.dossier().on_lists.clone() {
            self.leave_list(on.region);
        }
        self.report(Some(ERASED), true);
        let over: Vec<ActivationId> = self.dossier().active.iter().rev().map(|active| active.activation).collect();
        self.emit(Change::Left(over));
        self.emit(Change::Finished(ERASED.to_owned()));
        self.finish(Kind::Ended);
        Ok(())
    }
}
