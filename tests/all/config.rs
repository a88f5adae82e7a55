//! The configuration: what is wrong is said with file, key and way out; secrets stand in files and are never shown.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use chancery::config::{Config, KeyFiles, Places};

fn places() -> Places {
    Places { file: Some("office.toml".into()), credentials: None }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chancery-config-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let error = Config::parse(text, places()).expect_err("it is refused").to_string();
    for word in ["office.toml", "help:"].iter().chain(words) {
        assert!(error.contains(word), "`{word}` is missing in: {error}");
    }
}

#[test]
fn what_is_wrong_is_said_with_file_key_and_way_out() {
    refused("[mail]\nhosst = 'x'\n", &["line 2", "hosst", "host"]);
    refused("[web]\nlisten = 'here'\n", &["web.listen", "127.0.0.1:8080"]);
    refused("[web]\npublic_url = 'ftp://x'\n", &["web.public_url", "https://host"]);
    refused("[web]\npublic_url = 'https://u@x/?q'\n", &["web.public_url"]);
    refused("[database]\nurl = 'mysql://x'\n", &["database.url", "postgres://"]);
    refused("[database]\nurl = 'sqlite://a'\nurl_file = 'b'\n", &["database.url", "one of them"]);
    refused("[mail]\nfrom = 'nobody'\n", &["mail.from", "user@host"]);
    refused("[mail]\nconnections = 9\n", &["mail.connections", "1 and 8"]);
    refused("[mail]\nbounces_listen = '127.0.0.1:2525'\n", &["mail.bounces_listen", "mail.return_path"]);
    let outside = "[mail]\nreturn_path = 'bounces@x.vn'\nbounces_listen = '0.0.0.0:2525'\n";
    refused(outside, &["mail.bounces_listen", "127.0.0.1"]);
    refused("[mail]\nuser = 'u'\n", &["mail.user", "password_file"]);
    refused("[log]\nfilter = 'a=b=c'\n", &["log.filter"]);
    refused("database = 3\n", &["line 1"]);
    refused("[[[", &["line 1"]);
}

#[test]
fn nothing_at_all_is_a_sound_configuration() {
    let config = Config::parse("", Places::default()).expect("defaults are sound");
    assert!(config.smtp().expect("no mail").is_none());
    assert_eq!(config.key_files().expect("beside the database").folder(), PathBuf::from("keys"));
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = folder("secrets");
    std::fs::write(folder.join("pw"), "hush-hush\n").expect("written");
    std::fs::write(folder.join("db"), "postgres://u:hush-hush@h/d\n").expect("written");
    let text = "[database]\nurl_file = 'db'\n[mail]\nhost = 'mail.example.vn'\nuser = 'u'\npassword_file = 'pw'\n";
    let places = Places { file: Some(folder.join("office.toml")), credentials: None };
    let config = Config::parse(text, places).expect("it is sound");
    let (url, smtp) = (config.database_url().expect("read"), config.smtp().expect("read"));
    assert_eq!(url.expose(), "postgres://u:hush-hush@h/d");
    let shown = format!("{config:?} {url:?} {smtp:?}");
    assert!(!shown.contains("hush"), "{shown}");

    let plain = Config::parse("[database]\nurl = 'postgres://u:hush@h/d'\n", Places::default()).expect("it is sound");
    assert!(!format!("{plain:?}").contains("hush"));
    let error = plain.key_files().expect_err("PostgreSQL has no folder beside it").to_string();
    assert!(error.contains("keys.dir") && !error.contains("hush"), "{error}");
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_bare_name_is_looked_for_among_systemds_credentials_first() {
    let folder = folder("credentials");
    std::fs::write(folder.join("pw"), "from-systemd\n").expect("written");
    std::fs::write(folder.join("keys_master-1.key"), format!("{}\n", "ab".repeat(32))).expect("written");
    std::fs::write(folder.join("keys_link-3.key"), format!("{}\n", "cd".repeat(32))).expect("written");
    let places = Places { file: Some("/etc/x.toml".into()), credentials: Some(folder.clone()) };
    assert_eq!(places.find("pw".as_ref()), folder.join("pw"));
    assert_eq!(places.find("other".as_ref()), PathBuf::from("/etc/other"));
    let config = Config::parse("[keys]\ndir = '/nowhere'\n", places).expect("it is sound");
    let keys = config.key_files().expect("systemd has them");
    assert_eq!(keys.masters().expect("read").keys().copied().collect::<Vec<_>>(), [1]);
    assert_eq!(keys.links().expect("read").keys().copied().collect::<Vec<_>>(), [3]);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn keys_are_made_once_for_their_owner_only_and_a_damaged_one_is_named() {
    let folder = folder("keys");
    let keys = KeyFiles::in_folder(folder.join("keys"));
    let error = keys.masters().expect_err("there is none yet").to_string();
    assert!(error.contains("master-1.key") && error.contains("migrate"), "{error}");
    assert_eq!(keys.create_missing().expect("made").len(), 2);
    let first = keys.masters().expect("read");
    assert_eq!(keys.create_missing().expect("nothing to do").len(), 0);
    assert_eq!(keys.masters().expect("read"), first);
    assert_ne!(first, keys.links().expect("read"));

    let path = folder.join("keys/link-1.key");
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(keys.too_open().is_empty());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("ours");
    assert_eq!(keys.too_open(), std::slice::from_ref(&path));
    std::fs::write(&path, "zz\n").expect("written");
    let error = keys.links().expect_err("damaged").to_string();
    assert!(error.contains("link-1.key") && error.contains("64"), "{error}");
    let _ = std::fs::remove_dir_all(&folder);
}
