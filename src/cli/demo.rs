//! `chancery demo`: a whole office to look at, or to watch while it plays.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Context, Trouble, helped};
use crate::demo::hall::Plot;
use crate::demo::mailroom::Owner;
use crate::demo::play::Play;
use crate::demo::stage::Stage;
use crate::demo::{DemoError, board, compare};
use crate::diagnostic::say;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What `demo` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery demo\n  chancery demo --play\n  chancery demo --day 2s --dir office")]
pub(super) struct DemoArgs {
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
            other => Self::World(other.to_string().into()),
        }
    }
}

/// Sets the office up, then shows or plays it.
pub(super) async fn run(args: &DemoArgs, database: Option<String>, context: &Context) -> Result<(), Trouble> {
    let fresh = format!("chancery-demo-{}", crate::clock::Chance::system().id());
    let folder = args.dir.clone().unwrap_or_else(|| std::env::temp_dir().join(fresh));
    let plot = Plot { folder: folder.clone(), database, listen: SocketAddr::new(args.listen.ip(), 0) };
    let mut stage = Stage::set(&plot).await?;
    if args.play && !stage.fresh {
        return Err(Trouble::Usage(helped(say!(demo.past), say!(demo.empty_folder))));
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
    context.printer.say(&say!(demo.read, address = format!("http://{address}/")));
    context.printer.hint(&say!(demo.stop));
    let owner = |(code, name, email): (&str, &str, &str)| Owner {
        code: code.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
    };
    let owners = stage.office.cast.everybody().map(owner).collect();
    Ok(board::run(stage.hall, owners, listener, args.day).await?)
}

async fn play(stage: &mut Stage, context: &Context) -> Result<(), Trouble> {
    let (from, days) = (stage.from, |ms: i64| usize::try_from(ms / DAY_MS).unwrap_or_default());
    let mut progress = context.printer.progress(&say!(progress.playing), days(stage.until.0 - from.0));
    let mut shown = 0;
    let played = Play::new(stage)
        .run(&mut |now| {
            let gone = days(now.0 - from.0);
            for _ in shown..gone {
                progress.step();
            }
            shown = shown.max(gone);
        })
        .await;
    drop(progress);
    let lines = compare::lines(stage).await?;
    let compared = lines.iter().filter(|line| line.expected.is_some()).count();
    let agreed = lines.iter().filter(|line| line.expected.is_some() && line.agrees()).count();
    context.printer.answer(&lines, |printer| {
        let row = |line: &compare::Line| {
            let mark = if line.agrees() { String::new() } else { say!(demo.differs).text(printer.language()) };
            let expected = format!("{}  {mark}", line.expected.as_deref().unwrap_or("-")).trim_end().to_owned();
            [&line.key, &line.caption, &line.reached, &expected, &line.by, &line.on].map(Clone::clone).to_vec()
        };
        let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
        let heads =
            [say!(demo.row), say!(demo.of), say!(demo.reached), say!(demo.expected), say!(demo.by), say!(demo.on)];
        let heads = heads.map(|head| head.text(printer.language()));
        printer.table(&heads.each_ref().map(String::as_str), &rows);
        printer.line("");
        printer.say(&say!(demo.agree, n = agreed, all = compared));
    });
    played?;
    if agreed == compared { Ok(()) } else { Err(Trouble::Refused(say!(demo.differ, n = compared - agreed))) }
}

/// `2s`, `500ms`, `1m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
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
