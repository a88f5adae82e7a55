//! `[keys]`: the secret keys, one file each, never in the database.
//!
//! A folder holds `master-1.key`, `master-2.key`, ... (they wrap the keys that seal what is personal) and `link-1.key`,
//! `link-2.key`, ... (they sign the links in mails): of each kind the highest number is used for what is new. Each file is 64
//! hexadecimal digits. `migrate` makes the first ones if there are none. Whoever has the folder and the database can read everything: back them
//! up apart. systemd hands the folder over with `LoadCredential=keys:/etc/chancery/keys`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ConfigError, Places, Secret, database};
use crate::clock::Chance;

/// The secret keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// The folder. Beside an SQLite database it is `keys` by default; with PostgreSQL it must be named.
    pub dir: Option<PathBuf>,
}

/// Where the keys of one installation lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    folder: PathBuf,
    /// What systemd puts before each file's name.
    prefix: &'static str,
}

const MASTER: &str = "master";
const LINK: &str = "link";

impl Keys {
    pub(super) fn files(&self, url: &Secret, places: &Places) -> Result<KeyFiles, ConfigError> {
        if let Some(credentials) = &places.credentials
            && credentials.join(format!("keys_{MASTER}-1.key")).exists()
        {
            return Ok(KeyFiles { folder: credentials.clone(), prefix: "keys_" });
        }
        if let Some(dir) = &self.dir {
            return Ok(KeyFiles { folder: places.find(dir), prefix: "" });
        }
        let database = database::sqlite_path(url.expose()).ok_or_else(|| {
            ConfigError::new(
                "keys.dir",
                "is not set",
                "name a folder that only the service's user may read, apart from the database",
            )
        })?;
        let beside = database.parent().unwrap_or_else(|| Path::new(""));
        Ok(KeyFiles { folder: beside.join("keys"), prefix: "" })
    }
}

impl KeyFiles {
    /// The keys in a folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), prefix: "" }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the keys that are missing, readable by their owner only, and says which.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn create_missing(&self) -> Result<Vec<PathBuf>, ConfigError> {
        use std::os::unix::fs::DirBuilderExt as _;
        if !self.folder.exists() {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)
                .map_err(|error| self.failed("cannot be made", &self.folder, &error))?;
        }
        self.missing()?.into_iter().map(|kind| self.create(&file_name(kind, 1))).collect()
    }

    /// The kinds of key of which there is none.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn missing(&self) -> Result<Vec<&'static str>, ConfigError> {
        let mut missing = Vec::new();
        for kind in [MASTER, LINK] {
            if !self.folder.exists() || self.numbers(kind)?.is_empty() {
                missing.push(kind);
            }
        }
        Ok(missing)
    }

    /// The keys that wrap the sealing keys, by number.
    ///
    /// # Errors
    /// There is none, or one is damaged.
    pub fn masters(&self) -> Result<BTreeMap<i64, [u8; 32]>, ConfigError> {
        self.read_all(MASTER)
    }

    /// The keys that sign links, by number.
    ///
    /// # Errors
    /// There is none, or one is damaged.
    pub fn links(&self) -> Result<BTreeMap<i64, [u8; 32]>, ConfigError> {
        self.read_all(LINK)
    }

    /// Every key file that others than its owner may read or write.
    pub fn too_open(&self) -> Vec<PathBuf> {
        use std::os::unix::fs::PermissionsExt as _;
        [MASTER, LINK]
            .into_iter()
            .flat_map(|kind| {
                let numbers = self.numbers(kind).unwrap_or_default();
                numbers.into_iter().map(move |number| self.path(&file_name(kind, number)))
            })
            .filter(|path| std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0))
            .collect()
    }

    fn read_all(&self, kind: &str) -> Result<BTreeMap<i64, [u8; 32]>, ConfigError> {
        let mut numbers = self.numbers(kind)?;
        if numbers.is_empty() {
            // Reading it says that it is missing, and where.
            numbers.push(1);
        }
        numbers.into_iter().map(|number| Ok((number, self.read(&file_name(kind, number))?))).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}{name}", self.prefix))
    }

    fn numbers(&self, kind: &str) -> Result<Vec<i64>, ConfigError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed("cannot be read", &self.folder, &error)),
        };
        let mut numbers: Vec<i64> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| {
                name.strip_prefix(self.prefix)?
                    .strip_prefix(kind)?
                    .strip_prefix('-')?
                    .strip_suffix(".key")?
                    .parse()
                    .ok()
            })
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn read(&self, name: &str) -> Result<[u8; 32], ConfigError> {
        let path = self.path(name);
        let text = std::fs::read_to_string(&path).map_err(|error| self.failed("cannot be read", &path, &error))?;
        from_hex(text.trim()).ok_or_else(|| {
            ConfigError::new(
                "keys.dir",
                format!("`{}` does not hold 64 hexadecimal digits", path.display()),
                "put it back from the backup of the keys; a new key cannot read what the old one sealed",
            )
        })
    }

    fn create(&self, name: &str) -> Result<PathBuf, ConfigError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.path(name);
        let mut text = to_hex(&Chance::system().bytes::<32>());
        text.push('\n');
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(|error| self.failed("cannot be written", &path, &error))?;
        Ok(path)
    }

    fn failed(&self, what: &str, path: &Path, error: &std::io::Error) -> ConfigError {
        ConfigError::new(
            "keys.dir",
            format!("`{}` {what}: {error}", path.display()),
            format!(
                "`chancery migrate` makes missing keys in `{}`; a lost key comes from its backup",
                self.folder.display()
            ),
        )
    }
}

fn file_name(kind: &str, number: i64) -> String {
    format!("{kind}-{number}.key")
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 32];
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).ok()?;
    }
    Some(key)
}
