//! `chancery mail`: the mails of a workflow before anybody gets one; those that did not arrive, and what can be done about it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::sources::unwritable;
use super::test::{self, Stand};
use super::undelivered::{self, ListArgs, ReaddressArgs, ResendArgs};
use super::{Context, Trouble, helped, sources};
use crate::diagnostic::{LANGUAGES, say};
use crate::ids::PersonId;
use crate::letters;
use crate::scenario::file;
use crate::scenario::play::mails;
use crate::scenario::{Mail, World};

/// What `mail` is told.
#[derive(Debug, Args)]
pub(super) struct MailArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the mails that a workflow's scenarios send, or write them into a folder.
    #[command(
        before_help = "Example:\n  chancery mail preview workflows/purchase --for MS-TP\n  chancery mail preview \
                       workflows/purchase/purchase.test.yaml --language en --into mails",
        after_help = "The scenarios that stand beside the workflow (docs/testing.md) are played in memory; nothing is sent and \
                      no database is asked. Of mails with one subject to one person the first is shown."
    )]
    Preview(PreviewArgs),
    /// Write every kind of mail that there is into a folder, in Vietnamese and English, as text and HTML.
    #[command(before_help = "Example:\n  chancery mail samples --into mails")]
    Samples(SamplesArgs),
    /// List mails that did not arrive, with the mail server's words.
    #[command(before_help = "Example:\n  chancery mail list\n  chancery mail list --format json")]
    List(ListArgs),
    /// Send a mail again that did not arrive: the same letter with the same links.
    #[command(before_help = "Example:\n  chancery mail resend 23ocbr6x --as AN --reason \"the mailbox was full\"")]
    Resend(ResendArgs),
    /// A person's mails went to a wrong address: every link that they were sent is dead, and what is still asked of them is mailed
    /// anew.
    #[command(
        before_help = "Example:\n  chancery mail readdress BINH --to binh@office.example.vn --as AN --reason \"misspelt\"",
        after_help = "Without --to the address is that of the directory, which was put right there. With it the address is put \
                      into the directory; put it into the file too from which the directory is imported."
    )]
    Readdress(ReaddressArgs),
    /// Show who had mails sent again or readdressed, when and why.
    #[command(before_help = "Example:\n  chancery mail deeds")]
    Deeds(ListArgs),
}

#[derive(Debug, Args)]
struct SamplesArgs {
    /// The folder; it is made. `index.html` shows all of them.
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
}

#[derive(Debug, Args)]
struct PreviewArgs {
    /// Scenario files, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Only mails to this person, by their code in the directory. May be given several times.
    #[arg(long = "for", value_name = "CODE")]
    people: Vec<String>,
    /// Only the mails of cases whose title has these words.
    #[arg(long, value_name = "WORDS")]
    case: Option<String>,
    /// Writes each mail into this folder, as `001-CODE.html` and `001-CODE.txt`, in place of printing them.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// A calendar file, beside those that stand near the workflows. May be given several times.
    #[arg(long, value_name = "FILE")]
    calendar: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Shown {
    at: String,
    person: String,
    to: String,
    subject: String,
    text: String,
    html: String,
}

/// Looks at mails, or sends one again.
pub(super) async fn run(args: &MailArgs, context: &Context) -> Result<(), Trouble> {
    match &args.what {
        What::Preview(args) => previews(args, context),
        What::Samples(args) => samples(args, context),
        What::List(args) => undelivered::list(args, context).await,
        What::Resend(args) => undelivered::resend(args, context).await,
        What::Readdress(args) => undelivered::readdress(args, context).await,
        What::Deeds(args) => undelivered::deeds(args, context).await,
    }
}

fn samples(args: &SamplesArgs, context: &Context) -> Result<(), Trouble> {
    let folder = &args.into;
    let written = write_samples(folder);
    let count = written.map_err(|error| Trouble::World(unwritable(folder, &error)))?;
    context.printer.answer(&count, |printer| {
        printer.say(&say!(post.folder, n = count, path = folder.display().to_string()));
    });
    Ok(())
}

fn write_samples(folder: &Path) -> std::io::Result<usize> {
    std::fs::create_dir_all(folder)?;
    let (mut index, mut count) = (String::from("<!doctype html><meta charset=utf-8><title>chancery</title><ul>"), 0);
    for language in LANGUAGES {
        for (name, email) in letters::samples(language) {
            let file = format!("{language}-{name}");
            std::fs::write(folder.join(format!("{file}.html")), &email.html)?;
            std::fs::write(folder.join(format!("{file}.txt")), format!("{}\n\n{}", email.subject, email.text))?;
            // Writing to a text cannot fail.
            let _ = write!(index, "<li><a href=\"{file}.html\">{file}</a> (<a href=\"{file}.txt\">text</a>)");
            count += 1;
        }
    }
    std::fs::write(folder.join("index.html"), index)?;
    Ok(count)
}

/// Shows mails. They are in `--language`, else in that of each reader.
fn previews(args: &PreviewArgs, context: &Context) -> Result<(), Trouble> {
    let mut shown = Vec::new();
    for path in test::find(&args.paths)? {
        preview(&path, args, context, &mut shown)?;
    }
    if shown.is_empty() {
        return Err(Trouble::Usage(helped(say!(post.none), say!(post.look_at))));
    }
    if let Some(folder) = &args.into {
        write_all(folder, &shown).map_err(|error| Trouble::World(unwritable(folder, &error)))?;
    }
    context.printer.answer(&shown, |printer| match &args.into {
        Some(folder) => {
            printer.say(&say!(post.folder, n = shown.len(), path = folder.display().to_string()));
        }
        None => {
            for one in &shown {
                printer.line(format!("{}  {}\n{}\n\n{}", one.at, one.to, one.subject, one.text.trim_end()));
                printer.line("-".repeat(80));
            }
        }
    });
    Ok(())
}

fn preview(path: &Path, args: &PreviewArgs, context: &Context, shown: &mut Vec<Shown>) -> Result<(), Trouble> {
    let faulty = |n: usize| Err(Trouble::Input(say!(post.faults, n, path = path.display().to_string())));
    let stand = match Stand::read(path, &context.printer)? {
        Ok(stand) => stand,
        Err(faults) => return faulty(faults),
    };
    let mut ground = stand.site(&args.calendar).load(&context.printer)?;
    if let Some(language) = context.asked_language {
        ground.world.read_in(language);
    }
    let read = file::read(&stand.source, &ground.world, &ground.named, &|name| stand.included(name));
    let faults = sources::show(&context.printer, &read.faults, &read.sources).errors;
    if faults > 0 {
        return faulty(faults);
    }
    let people = wanted(&args.people, &ground.world)?;
    let mut seen: BTreeSet<(String, String)> =
        shown.iter().map(|one| (one.person.clone(), one.subject.clone())).collect();
    let cases = read.scenarios.cases.iter();
    for case in cases.filter(|case| args.case.as_ref().is_none_or(|words| case.title.value.contains(words))) {
        for mail in mails(case, &ground.world).iter().filter(|mail| people.is_empty() || people.contains(&mail.to)) {
            let one = Shown::of(mail, &ground.world);
            if seen.insert((one.person.clone(), one.subject.clone())) {
                shown.push(one);
            }
        }
    }
    Ok(())
}

fn wanted(codes: &[String], world: &World) -> Result<Vec<PersonId>, Trouble> {
    let person = |code: &String| {
        let known = world.directory().person_by_code(code).map(|person| person.id.clone());
        known.ok_or_else(|| Trouble::Usage(say!(trouble.no_person, code)))
    };
    codes.iter().map(person).collect()
}

impl Shown {
    fn of(mail: &Mail, world: &World) -> Self {
        let email = mail.email();
        let at = mail.at.timestamp().to_zoned(mail.letter.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        Self {
            at,
            person: world.code(&mail.to).to_owned(),
            to: format!("{} <{}>", email.to_name, email.to_address),
            subject: email.subject,
            text: email.text,
            html: email.html,
        }
    }
}

fn write_all(folder: &Path, shown: &[Shown]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (place, one) in shown.iter().enumerate() {
        // A code of the directory may hold anything; a file's name may not.
        let person: String = one.person.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let name = format!("{:03}-{person}", place + 1);
        std::fs::write(folder.join(format!("{name}.html")), &one.html)?;
        let text = format!("To: {}\nSubject: {}\nDate: {}\n\n{}", one.to, one.subject, one.at, one.text);
        std::fs::write(folder.join(format!("{name}.txt")), text)?;
    }
    Ok(())
}
