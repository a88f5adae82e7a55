//! A new installation: who may read it, what makes a database, and what does not.

use std::os::unix::fs::MetadataExt as _;

use crate::cli::{Place, place, wrong};

/// What lies in the folder.
fn names(place: &Place) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(&place.folder)
        .expect("it reads")
        .map(|entry| entry.expect("it reads").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

#[test]
fn no_command_but_migrate_makes_a_database() {
    let place = place("no-database");
    let before = names(&place);
    let file = place.folder.join("rows.csv");
    for arguments in [
        ["list"].as_slice(),
        &["show", "x"],
        &["act", "x", "go", "--as", "AN"],
        &["start", "purchase", "--as", "AN"],
        &["import", file.to_str().expect("UTF-8"), "--workflow", "purchase"],
        &["deploy", "--calendar", "none.yaml"],
        &["audit", "replay", "--all"],
        &["resume"],
        &["serve"],
        &["web"],
        &["scheduler"],
    ] {
        let ran = place.run(arguments);
        assert!(ran.code != 0, "{arguments:?}: {}", ran.out);
        assert_eq!(names(&place), before, "{arguments:?}");
    }
    for arguments in [["list"].as_slice(), &["audit", "replay", "--all"], &["resume"], &["serve"]] {
        place.bad(2, arguments, &["there is no database", "office.db", "chancery migrate"]);
    }
    assert!(wrong(&place).contains(&"database".to_owned()));
    assert_eq!(names(&place), before, "doctor looks and changes nothing");
    place.good(&["migrate"]);
    assert!(names(&place).contains(&"office.db".to_owned()));
}

#[test]
fn a_database_that_has_its_keys_never_gets_others() {
    let place = place("lost-keys");
    place.purchase();
    let id = place.start();
    let (keys, away) = (place.folder.join("keys"), place.folder.join("away"));
    std::fs::rename(&keys, &away).expect("the keys go");
    place.bad(2, &["migrate"], &["written with keys", "back from their own backup"]);
    assert!(!keys.join("master-1.key").exists(), "no new key was made");
    // One kind alone is no better.
    std::fs::create_dir_all(&keys).expect("a folder");
    std::fs::copy(away.join("master-1.key"), keys.join("master-1.key")).expect("copied");
    place.bad(2, &["migrate"], &["written with keys"]);
    assert!(!keys.join("link-1.key").exists());
    place.good(&["migrate", "--no-keys"]);
    std::fs::remove_dir_all(&keys).expect("gone");
    std::fs::rename(&away, &keys).expect("the keys come back");
    place.good(&["migrate"]);
    assert_eq!(place.json(&["show", &id])["dossier"]["id"], id.as_str());
}

#[test]
fn a_new_database_is_its_owners_alone_and_belongs_to_whom_the_folder_belongs() {
    let place = place("owner");
    let folder = place.folder.join("var");
    std::fs::create_dir(&folder).expect("a folder");
    // Root makes databases in the folders of services; whoever else runs this has only folders of their own.
    let root = std::fs::metadata(&folder).expect("it is there").uid() == 0;
    let owner = if root { 65_534 } else { std::fs::metadata(&folder).expect("it is there").uid() };
    if root {
        std::os::unix::fs::chown(&folder, Some(owner), Some(owner)).expect("root may");
    }
    let url = format!("sqlite://{}", folder.join("office.db").display());
    // Whatever the shell would allow.
    let umask = format!("umask 000; exec \"$0\" --database {url} migrate");
    let binary = env!("CARGO_BIN_EXE_chancery");
    let ran = std::process::Command::new("sh").args(["-c", &umask, binary]).current_dir(&place.folder).status();
    assert!(ran.expect("it runs").success());
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("it reads") {
        let path = entry.expect("it reads").path();
        let found = std::fs::metadata(&path).expect("it is there");
        let mode = if found.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(found.mode() & 0o777, mode, "{}", path.display());
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("office.db")) {
            assert_eq!(found.uid(), owner, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 0, "there is a database");
}
