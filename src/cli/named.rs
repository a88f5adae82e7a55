//! Workflows as operators name them: a file, a folder that holds one, the name of a deployed one, the beginning of a version's
//! hash.

use std::path::Path;
use std::sync::Arc;

use super::sources;
use super::{Context, Trouble, helped, one_of};
use crate::diagnostic::say;
use crate::ids::{Language, WorkflowName};
use crate::machine::Machine;
use crate::service::Office;

/// The machine that is named. `office` is opened only if no file has that name.
pub(super) async fn machine(named: &str, context: &Context) -> Result<Arc<Machine>, Trouble> {
    let path = Path::new(named);
    if path.exists() {
        return of_file(path, context).map(Arc::new);
    }
    let office = Office::open(&context.config).await.map_err(|error| {
        let why = Trouble::from(error).text(context.printer.language());
        Trouble::Usage(say!(named.no_file, named, why))
    })?;
    deployed(named, &office).await
}

/// The machine of a file, or of the only workflow in a folder.
fn of_file(path: &Path, context: &Context) -> Result<Machine, Trouble> {
    let files = sources::find(&[path.to_owned()])?;
    let [file] = files.as_slice() else {
        return Err(Trouble::Usage(sources::several(path, &files)));
    };
    let checked = sources::check(file)?;
    if checked.machine.is_none() {
        sources::show(&context.printer, &checked.diagnostics, &checked.sources);
    }
    checked.machine.ok_or_else(|| Trouble::Input(say!(named.faulty, path = file.display().to_string())))
}

/// A deployed version: the current one of a name, or the one whose hash begins like this.
pub(super) async fn deployed(named: &str, office: &Office) -> Result<Arc<Machine>, Trouble> {
    let engine = &office.engine;
    if let Some(machine) = engine.current(&WorkflowName::new(named)).await? {
        return Ok(machine);
    }
    let hex = named.len() >= 4 && named.bytes().all(|byte| byte.is_ascii_hexdigit());
    match engine.store().versions_like(named).await?.as_slice() {
        [one] if hex => Ok(engine.machine(one).await?),
        [_, _] if hex => Err(Trouble::Usage(say!(named.several, named))),
        _ => {
            let known: Vec<String> = engine.workflows().iter().map(ToString::to_string).collect();
            let help = if known.is_empty() { say!(named.nothing) } else { one_of(&known) };
            Err(Trouble::Usage(helped(say!(named.none, named), help)))
        }
    }
}

/// The language that was asked for, or the workflow's own.
pub(super) fn language(context: &Context, machine: &Machine) -> Language {
    Language::new(context.asked_language.unwrap_or(&machine.language))
}
