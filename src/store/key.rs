//! The key of the voiceprints: read from a file or a setting, or made at first start.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use super::options::KeySource;
use super::seal::{KEY_BYTES, Seal, hex};
use super::{Options, StoreError};

/// A key and where it came from, for error sentences.
pub(super) struct Key {
    pub seal: Seal,
    pub origin: String,
}

/// Where the key is to be found, decided without touching it.
pub(super) enum KeyPlace {
    File(PathBuf),
    Value(Zeroizing<String>),
    /// For a database in memory: its prints end with the process, and so does its key.
    Process,
}

impl KeyPlace {
    /// `database`: the SQLite file; `None` for a database without one.
    pub fn of(options: &Options, database: Option<&Path>, place: &str) -> Result<KeyPlace, StoreError> {
        match (&options.key, database) {
            (KeySource::File(path), _) => Ok(KeyPlace::File(path.clone())),
            (KeySource::Value(text), _) => Ok(KeyPlace::Value(text.clone())),
            (KeySource::Beside, Some(database)) => Ok(KeyPlace::File(database.with_extension("key"))),
            (KeySource::Beside, None) if options.url.starts_with("sqlite:") => Ok(KeyPlace::Process),
            (KeySource::Beside, None) => Err(StoreError::KeyUnnamed { place: place.to_owned() }),
        }
    }

    /// The key that is there. `None`: a key file that does not exist yet.
    pub fn load(&self) -> Result<Option<Key>, StoreError> {
        let (text, origin) = match self {
            KeyPlace::Value(text) => (text.clone(), "the setting store.key".to_owned()),
            KeyPlace::Process => return Ok(None),
            KeyPlace::File(path) => match read(path)? {
                Some(text) => (text, path.display().to_string()),
                None => return Ok(None),
            },
        };
        match parse(&text) {
            Some(key) => Ok(Some(Key { seal: Seal::new(key), origin })),
            None => Err(StoreError::KeyText { origin, reason: "must be 64 hexadecimal digits" }),
        }
    }

    /// Makes a new key and, where it has a file, writes it: complete and readable by us alone, or not at all.
    pub fn create(&self) -> Result<Key, StoreError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random(bytes.as_mut_slice())?;
        let origin = match self {
            KeyPlace::File(path) => {
                write(path, &Zeroizing::new(hex(bytes.as_slice()))).map_err(|error| StoreError::KeyFile {
                    path: path.clone(),
                    reason: cannot("be written", &error),
                })?;
                path.display().to_string()
            }
            KeyPlace::Value(_) | KeyPlace::Process => "this process".to_owned(),
        };
        Ok(Key { seal: Seal::new(bytes), origin })
    }
}

/// Bytes from the operating system's generator.
pub(super) fn random(bytes: &mut [u8]) -> Result<(), StoreError> {
    SysRng.try_fill_bytes(bytes).map_err(|error| StoreError::Randomness(error.to_string()))
}

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, StoreError> {
    let fail = |reason: String| StoreError::KeyFile { path: path.to_owned(), reason };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(cannot("be read", &error))),
    };
    let mode = file.metadata().map_err(|error| fail(cannot("be read", &error)))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(fail("can be read by others on this machine; run chmod 600 on it".to_owned()));
    }
    let mut text = Zeroizing::new(String::with_capacity(256));
    file.take(256).read_to_string(&mut text).map_err(|error| fail(cannot("be read", &error)))?;
    Ok(Some(text))
}

/// Written under another name first: a full disk must not leave half a key that a later start would refuse.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension("key-new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    // A hard link fails where the name is taken, so that a key is never replaced, whoever starts beside us.
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    let removed = std::fs::remove_file(&draft);
    linked.and(removed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn parse(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let digits = text.trim().as_bytes();
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if digits.len() != KEY_BYTES * 2 {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = (high * 16 + low) as u8;
    }
    Some(key)
}

fn cannot(what: &str, error: &std::io::Error) -> String {
    format!("cannot {what}: {error}")
}
