//! Refusals in words for an operator, in their language: what the workflow says, else what pages say; what it is about; the law.

use super::{Context, Trouble};
use crate::directory::Directory;
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::engine::{Engine, Failure};
use crate::ids::{Language, PersonId};
use crate::web::{Earlier, meant, say};

/// The reasons, one line each.
pub(super) type Reasons = Vec<String>;

/// What is needed to say why.
pub(super) struct Refusing<'a> {
    directory: &'a Directory,
    language: Language,
    /// Who was refused; nobody in particular where that is empty.
    you: &'a str,
}

impl<'a> Refusing<'a> {
    pub(super) fn new(context: &Context, directory: &'a Directory, you: &'a str) -> Self {
        Self { directory, language: Language::new(context.printer.language()), you }
    }

    /// Every reason in a line.
    pub(super) fn reasons(&self, refusal: &Refusal) -> Reasons {
        refusal.reasons.iter().map(|reason| self.reason(reason)).collect()
    }

    /// One reason.
    pub(super) fn reason(&self, reason: &Reason) -> String {
        let texts = say::texts(self.language.as_str());
        let own = reason.filled(reason.text.in_language(&self.language), texts.get("refused.another"));
        let mut said = if own.is_empty() { meant(texts, reason, &self.earlier(reason)) } else { own };
        if let Some(about) = &reason.about {
            said = format!("{} (`{about}`)", said.trim_end_matches('.'));
        }
        match &reason.basis {
            Some(basis) => format!("{said} [{}]", basis.in_language(&self.language)),
            None => said,
        }
    }

    fn earlier(&self, reason: &Reason) -> Earlier {
        let you = self.you.to_owned();
        let of =
            |who: &PersonId| self.directory.people.get(who).map_or_else(|| who.to_string(), |who| who.name.clone());
        match &reason.code {
            Code::Taken { by } => Earlier { you, who: of(by), ..Earlier::default() },
            Code::Separated { by, at, .. } => {
                let when = at.timestamp().strftime("%Y-%m-%d").to_string();
                let step = reason
                    .about
                    .clone()
                    .unwrap_or_else(|| say::texts(self.language.as_str()).get("refused.opening").to_owned());
                Earlier { you, who: of(by), when, step }
            }
            _ => Earlier { you, ..Earlier::default() },
        }
    }
}

/// Why the engine did not do it; `you` is whom it refused.
pub(super) fn trouble(failure: Failure, engine: &Engine, context: &Context, you: &str) -> Trouble {
    match failure {
        Failure::Refused(refusal) => {
            let directory = engine.directory();
            let reasons = Refusing::new(context, &directory, you).reasons(&refusal);
            let texts = say::texts(context.printer.language());
            Trouble::Refused(format!("{}: {}", texts.get("refused.title"), reasons.join("; ")).into())
        }
        Failure::Store(error) => error.into(),
    }
}
