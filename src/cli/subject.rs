//! `chancery subject`: everything that is kept about one person, for programs and for that person.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::erase::person;
use super::sources::unwritable;
use super::{Context, Trouble};
use crate::diagnostic::say;
use crate::dossier::event::Change;
use crate::engine::Engine;
use crate::engine::subject::{About, Subject};
use crate::ids::{Language, MachineHash};
use crate::machine::Machine;
use crate::service::Office;

/// What `subject` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery subject AN --to an-2026-11-30 --language vi",
    after_help = "What a dossier says of a person is what is sealed for them. With --to the folder gets `subject.json` for programs, \
                  `subject.txt` for\npeople, and in `papers` the files of the dossiers that are about this person; only its owner may read \
                  it. What it holds is personal:\nhand it over to that person, and delete it."
)]
pub(super) struct SubjectArgs {
    /// Whom, by their code in the directory; whoever has none, by the id that dossiers have for them.
    person: String,
    /// The folder that is made; it must not exist.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

#[derive(Serialize)]
struct Written<'a> {
    folder: &'a Path,
    dossiers: usize,
    papers: usize,
}

/// Puts together what is kept.
pub(super) async fn run(args: &SubjectArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let subject = engine.subject(&person(engine, &args.person).await?).await?;
    let text = text(engine, &subject, context).await?;
    let Some(folder) = &args.to else {
        context.printer.answer(&subject, |printer| printer.line(text.trim_end()));
        return Ok(());
    };
    let failed = |error: std::io::Error| Trouble::World(unwritable(folder, &error));
    make(folder).map_err(failed)?;
    let json = serde_json::to_string_pretty(&subject).map_err(|error| Trouble::World(error.to_string().into()))?;
    write(&folder.join("subject.json"), json.as_bytes()).map_err(failed)?;
    write(&folder.join("subject.txt"), text.as_bytes()).map_err(failed)?;
    let mut papers = 0;
    for one in subject.dossiers.iter().filter(|one| one.whole) {
        for paper in engine.store().papers_with_bytes(&one.dossier).await? {
            if papers == 0 {
                make(&folder.join("papers")).map_err(failed)?;
            }
            write(&folder.join("papers").join(file_name(&paper.id, &paper.name)), &paper.content).map_err(failed)?;
            papers += 1;
        }
    }
    let written = Written { folder, dossiers: subject.dossiers.len(), papers };
    context.printer.answer(&written, |printer| {
        printer.say(&say!(subject.written, folder = folder.display().to_string(), n = written.dossiers, papers));
    });
    Ok(())
}

/// A paper's id and the end of its name: nothing else of a name that somebody sent becomes a path.
fn file_name(id: &str, name: &str) -> String {
    let end: String = name.rsplit_once('.').map_or("", |(_, end)| end).chars().take(8).collect();
    let plain = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    if plain(&end).is_empty() { plain(id) } else { format!("{}.{}", plain(id), plain(&end).to_ascii_lowercase()) }
}

fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)
}

/// The same for people.
async fn text(engine: &Engine, subject: &Subject, context: &Context) -> Result<String, Trouble> {
    let language = context.printer.language();
    let mut lines =
        vec![say!(subject.title, person = subject.person.as_str(), at = subject.at.to_string()).text(language)];
    for (table, rows) in &subject.rows {
        lines.push(String::new());
        lines.push(heading(table).text(language));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|(column, value)| format!("{column}: {}", plain(value))).collect();
            lines.push(format!("  {}", cells.join("; ")));
        }
    }
    for about in &subject.dossiers {
        let machine = machine(engine, &about.machine).await?;
        lines.extend(dossier(about, &machine, &Language::new(language)));
    }
    if subject.rows.is_empty() && subject.dossiers.is_empty() {
        lines.push(say!(subject.nothing).text(language));
    }
    Ok(lines.join("\n") + "\n")
}

async fn machine(engine: &Engine, hash: &MachineHash) -> Result<std::sync::Arc<Machine>, Trouble> {
    Ok(engine.machine(hash).await?)
}

fn heading(table: &str) -> crate::diagnostic::Words {
    match table {
        "entry" => say!(subject.entry),
        "asked" => say!(subject.asked),
        "did" => say!(subject.did),
        "mails" => say!(subject.mails),
        "mail_deeds" => say!(subject.mail_deeds),
        "register" => say!(subject.register),
        "away" => say!(subject.away),
        "language" => say!(subject.language),
        "signed_in" => say!(subject.signed_in),
        _ => say!(subject.numbers),
    }
}

fn dossier(about: &About, machine: &Machine, language: &Language) -> Vec<String> {
    let title = machine.title.in_language(language);
    let outcome = about.outcome.as_deref().unwrap_or("-");
    let head = say!(subject.dossier, title, dossier = about.dossier.as_str(), outcome);
    let mut lines = vec![String::new(), head.text(language.as_str())];
    for said in &about.said {
        let what = super::shown::happened(said.kind).text(language.as_str());
        lines.push(format!("  {:>4}  {}  {what}", said.seq, said.at));
        lines.extend(said.changes.iter().flat_map(|change| leaves(change, machine, language)));
    }
    lines
}

/// A change as lines of what it says, with the labels of fields in place of their names.
fn leaves(change: &Change, machine: &Machine, language: &Language) -> Vec<String> {
    fn walk(path: &str, value: &Value, label: &dyn Fn(&str) -> String, lines: &mut Vec<String>) {
        let at = |name: &str| if path.is_empty() { label(name) } else { format!("{path} > {}", label(name)) };
        match value {
            Value::Null => {}
            Value::Object(cells) => cells.iter().for_each(|(name, value)| walk(&at(name), value, label, lines)),
            Value::Array(rows) => {
                (1..).zip(rows).for_each(|(n, value): (usize, _)| walk(&at(&n.to_string()), value, label, lines));
            }
            said => lines.push(format!("        {path}: {}", plain(said))),
        }
    }
    let label = |name: &str| {
        let field = machine.field(&name.into()).map(|field| field.label.in_language(language).to_owned());
        field.unwrap_or_else(|| name.to_owned())
    };
    let mut lines = Vec::new();
    walk("", &serde_json::to_value(change).unwrap_or_default(), &label, &mut lines);
    lines
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
