//! The whole story: the shipped office, played by its own people through real mails, links and pages, ends as its file says,
//! on both databases; and afterwards the log replays to what is stored.

use std::path::Path;
use std::process::{Command, Output};

use crate::store::{Fresh, databases};

fn chancery(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.args(arguments).env_remove("CHANCERY_CONFIG").output().expect("the program starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_play_ends_as_the_file_expects_on_both_databases() {
    for Fresh { url, .. } in &databases().await {
        let folder = std::env::temp_dir().join(format!("chancery-story-{}-{}", std::process::id(), url.len()));
        let keep = folder.to_string_lossy().into_owned();
        let played = chancery(&["demo", "--play", "--dir", &keep, "--database", url]);
        let (said, complained) = (String::from_utf8_lossy(&played.stdout), String::from_utf8_lossy(&played.stderr));
        assert!(played.status.success(), "on {url}:\n{said}\n{complained}");
        assert!(said.contains("36 of 36 agree"), "on {url}:\n{said}");
        let mails = std::fs::read_dir(folder.join("mails")).expect("the mails are kept").count();
        assert!(mails > 300, "only {mails} mails were caught");
        if let Some(file) = url.strip_prefix("sqlite://") {
            crate::verify::tampering_is_found(Path::new(file), &folder.join("keys")).await;
        }
        let _ = std::fs::remove_dir_all(&folder);
    }
}
