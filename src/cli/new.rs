//! `chancery new`: a commented workflow to begin with, its translation, a directory and scenarios beside it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::sources::unwritable;
use super::{Context, Trouble};
use crate::diagnostic::say;

/// What `new` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery new leave_request\n  chancery new cong_van --language vi --in quy-trinh\n  \
                   chancery check leave_request && chancery test leave_request",
    after_help = "Makes a folder with the workflow, its translation, scenarios for `chancery test`, a small directory and the \
                  calendar\nof the Vietnamese civil service. All of it passes `check` and `test` as it stands: change it step by \
                  step.\nThe texts and comments are in the language that is asked for (--language, else that of LANG)."
)]
pub(super) struct NewArgs {
    /// The workflow's name: small letters, digits and `_`.
    #[arg(value_parser = name)]
    workflow: String,
    /// The folder in which the workflow's own folder is made.
    #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
    place: PathBuf,
}

/// The texts of the workflow in one language.
struct Starter {
    workflow: &'static str,
    translation: &'static str,
    scenarios: &'static str,
    /// The language of the translation.
    other: &'static str,
}

const VI: Starter = Starter {
    workflow: include_str!("starter/vi/workflow.yaml"),
    translation: include_str!("starter/vi/workflow.en.yaml"),
    scenarios: include_str!("starter/vi/workflow.test.yaml"),
    other: "en",
};
const EN: Starter = Starter {
    workflow: include_str!("starter/en/workflow.yaml"),
    translation: include_str!("starter/en/workflow.vi.yaml"),
    scenarios: include_str!("starter/en/workflow.test.yaml"),
    other: "vi",
};
const DIRECTORY: [(&str, &str); 6] = [
    ("units.csv", include_str!("starter/directory/units.csv")),
    ("people.csv", include_str!("starter/directory/people.csv")),
    ("posts.csv", include_str!("starter/directory/posts.csv")),
    ("bodies.csv", include_str!("starter/directory/bodies.csv")),
    ("seats.csv", include_str!("starter/directory/seats.csv")),
    ("bindings.csv", include_str!("starter/directory/bindings.csv")),
];
const CALENDAR: (&str, &str) =
    ("vn-civil-service.yaml", include_str!("../../workflows/calendars/vn-civil-service.yaml"));

/// The workflow's name in the texts.
const PLACEHOLDER: &str = "my_workflow";

#[derive(Serialize)]
struct Made {
    folder: String,
    files: Vec<String>,
}

/// Makes it; nothing that is there is touched.
pub(super) fn run(args: &NewArgs, context: &Context) -> Result<(), Trouble> {
    let folder = args.place.join(&args.workflow);
    if folder.exists() {
        return Err(Trouble::Refused(say!(begun.there, path = folder.display().to_string())));
    }
    let language = context.printer.language();
    let files = files(&args.workflow, language);
    for (path, text) in &files {
        write(&folder.join(path), text)?;
    }
    let folder = folder.display().to_string();
    let made = Made { folder, files: files.into_iter().map(|(path, _)| path).collect() };
    context.printer.answer(&made, |printer| {
        for file in &made.files {
            printer.line(format!("{}/{file}", made.folder));
        }
        let commands = format!("chancery check {0} && chancery test {0}", made.folder);
        printer.hint(&say!(begun.next, commands));
    });
    Ok(())
}

/// Every file, by its path in the folder.
fn files(workflow: &str, language: &str) -> Vec<(String, String)> {
    let starter = if language == "vi" { VI } else { EN };
    let named = |text: &str| text.replace(PLACEHOLDER, workflow);
    let mut files = vec![
        (format!("{workflow}.yaml"), named(starter.workflow)),
        (format!("{workflow}.{}.yaml", starter.other), named(starter.translation)),
        (format!("{workflow}.test.yaml"), named(starter.scenarios)),
    ];
    for (name, text) in DIRECTORY {
        files.push((format!("directory/{name}"), text.replace("LANGUAGE", language)));
    }
    files.push((format!("calendars/{}", CALENDAR.0), CALENDAR.1.to_owned()));
    files
}

fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| Trouble::World(unwritable(path, &error));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

fn name(text: &str) -> Result<String, String> {
    let sound = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.len() <= 60
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if sound {
        Ok(text.to_owned())
    } else {
        Err("a name has small letters, digits and `_`, like `leave_request`".to_owned())
    }
}
