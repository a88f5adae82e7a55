//! `chancery demo`: a whole office to look at, or to watch while it plays.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::{Context, Trouble, check, sources, worlds};
use crate::calendar::Calendar;
use crate::demo::own::{Begun, Own};
use crate::demo::play::Play;
use crate::demo::stage::{Plot, Stage};
use crate::demo::{DemoError, board, compare};
use crate::diagnostic::say;
use crate::scenario::person_id;
use crate::source::SourceFile;

/// What `demo` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery demo\n  chancery demo --play\n  chancery demo --day 2s --dir office\n  chancery demo my_folder"
)]
pub(super) struct DemoArgs {
    /// A folder with workflows of your own, with the folder `directory` and calendars as `test` finds them: that office is shown
    /// in place of the shipped one, with a dossier of each workflow that people can open.
    #[arg(value_name = "FOLDER", conflicts_with = "play")]
    own: Option<PathBuf>,
    /// Let everybody in the office act by themselves, through mails, links and pages; compare what comes of every row with
    /// what the file expects.
    #[arg(long)]
    play: bool,
    /// Keep database, keys, papers and mails in this folder, and go on with what lies there.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Let the clock run: a day of the office in this time (`2s`, `500ms`).
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "play")]
    day: Option<Duration>,
    /// Where the page of mails is shown (the pages behind the links take the next free port).
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

impl From<DemoError> for Trouble {
    fn from(error: DemoError) -> Self {
        match error {
            DemoError::Store(error) => error.into(),
            other => Self::World(other.to_string()),
        }
    }
}

/// Sets the office up, then shows or plays it.
pub(super) async fn run(args: &DemoArgs, database: Option<String>, context: &Context) -> Result<(), Trouble> {
    let fresh = format!("chancery-demo-{}", crate::clock::Chance::system().id());
    let folder = args.dir.clone().unwrap_or_else(|| std::env::temp_dir().join(fresh));
    let plot = Plot { folder: folder.clone(), database, listen: SocketAddr::new(args.listen.ip(), 0) };
    let own = args.own.as_ref().map(|folder| own(folder, context)).transpose()?;
    let mut stage = Stage::set(&plot, own).await?;
    if args.play && !stage.fresh {
        let what = say!(demo.past).text(context.printer.language());
        return Err(Trouble::Usage(format!("{what}\n  help: name an empty folder or database")));
    }
    let answer = if args.play { play(&mut stage, context).await } else { show(stage, args, context).await };
    if args.dir.is_none() {
        // What cannot be removed from the temporary folder is the system's to remove.
        let _ = std::fs::remove_dir_all(&folder);
    }
    answer
}

async fn show(stage: Stage, args: &DemoArgs, context: &Context) -> Result<(), Trouble> {
    let listener = tokio::net::TcpListener::bind(args.listen).await.map_err(DemoError::from)?;
    let address = listener.local_addr().map_err(DemoError::from)?;
    for Begun { workflow, by } in &stage.begun {
        context.printer.say(&match by {
            Ok(person) => say!(demo.begun, workflow, person),
            Err(why) => say!(demo.not_begun, workflow, why),
        });
    }
    context.printer.say(&say!(demo.read, address = format!("http://{address}/")));
    context.printer.note(say!(demo.stop).text(context.printer.language()));
    Ok(board::run(stage, listener, args.day).await?)
}

/// What stands in somebody's own folder.
fn own(folder: &Path, context: &Context) -> Result<Own, Trouble> {
    let printer = &context.printer;
    check::faultless(&[folder.to_owned()], context)?;
    let files = sources::find(&[folder.to_owned()])?;
    let workflows = files.iter().map(|file| sources::check(file)).collect::<Result<Vec<_>, _>>()?;
    let mut calendars: Vec<(Calendar, SourceFile)> = Vec::new();
    for (file, machine) in files.iter().zip(&workflows).filter_map(|(file, one)| Some((file, one.machine.as_ref()?))) {
        if calendars.iter().all(|(calendar, _)| calendar.name() != machine.calendar) {
            let beside = file.parent().unwrap_or_else(|| Path::new(""));
            calendars.push(worlds::calendar(beside, &[], &machine.calendar, printer)?);
        }
    }
    let first = files.first().and_then(|file| file.parent()).unwrap_or(folder);
    let place = [folder, first].map(|folder| folder.join("directory")).into_iter().find(|place| place.is_dir());
    let place =
        place.ok_or_else(|| Trouble::Input(format!("there is no folder `directory` in `{}`", folder.display())))?;
    let (_, directory, faults) = sources::directory(&place, &person_id)?;
    let counts = sources::show(printer, &faults, &directory);
    if counts.errors > 0 {
        return Err(Trouble::Input(counts.words().text(printer.language())));
    }
    let name = say!(demo.office, folder = folder.display().to_string()).text(printer.language());
    Ok(Own { name, workflows, calendars, directory, starts: context.now() })
}

async fn play(stage: &mut Stage, context: &Context) -> Result<(), Trouble> {
    let mut progress = context.printer.progress("playing", stage.dossiers.len());
    let mut shown = 0;
    let played = Play::new(stage)
        .run(&mut |ended| {
            for _ in shown..ended {
                progress.step();
            }
            shown = shown.max(ended);
        })
        .await;
    drop(progress);
    let lines = compare::lines(stage).await?;
    let compared = lines.iter().filter(|line| line.expected.is_some()).count();
    let agreed = lines.iter().filter(|line| line.expected.is_some() && line.agrees()).count();
    context.printer.answer(&lines, |printer| {
        let row = |line: &compare::Line| {
            let mark = if line.agrees() { "" } else { "  <- differs" };
            let expected = format!("{}{mark}", line.expected.as_deref().unwrap_or("-"));
            [&line.key, &line.caption, &line.reached, &expected, &line.by, &line.on].map(Clone::clone).to_vec()
        };
        let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
        printer.table(&["row", "of", "reached", "expected", "by", "on"], &rows);
        printer.line(format!("\n{agreed} of {compared} agree"));
    });
    played?;
    if agreed == compared { Ok(()) } else { Err(Trouble::Refused(format!("{} rows differ", compared - agreed))) }
}

/// `2s`, `500ms`, `1m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write `2s` or `500ms`");
    let end = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let (count, unit) = text.split_at(end);
    let count: u64 = count.trim().parse().map_err(|_| wrong())?;
    match unit {
        "ms" if count > 0 => Ok(Duration::from_millis(count)),
        "s" if count > 0 => Ok(Duration::from_secs(count)),
        "m" if count > 0 => Ok(Duration::from_secs(count * 60)),
        _ => Err(wrong()),
    }
}
