//! What a backup is made of: one line for the whole, then one for each file.

use std::path::{Component, Path};

use jiff::Timestamp;
use object_store::path::Path as Key;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::backup::place::Place;
use crate::{ObjectId, StoreError};

/// The folder of manifests at a place.
const FOLDER: &str = "manifests";
/// The version of this format.
const FORMAT: u32 = 1;

/// What may lie in a backup, by the first part of its path in the home.
pub(crate) const FILES: [&str; 7] = [
    "ledger.db",
    "hivis.toml",
    "permits.toml",
    // Accounts and tokens of the control room: hashes only.
    "users.toml",
    "deployment-finney.json",
    "deployment-test.json",
    "deployment-local.json",
];
pub(crate) const FOLDERS: [&str; 6] = ["objects", "releases", "splits", "runs", "exams", "reports"];

/// A file that a backup does not hold as it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Its path in the home.
    pub path: String,
    /// What is wrong: `missing`, `damaged`, `changed while it was copied`.
    pub why: String,
}

/// A backup as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupHead {
    /// The version of the format.
    pub hivis_backup: u32,
    /// When it was begun.
    pub made: Timestamp,
    /// The version of the ledger's tables.
    pub ledger: i64,
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What the home itself had lost.
    pub lost: Vec<Lost>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// In the home, with `/`.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    #[serde(with = "as_hex")]
    pub(crate) sha256: ObjectId,
}

/// A whole manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) head: BackupHead,
    pub(crate) entries: Vec<Entry>,
}

impl Manifest {
    pub(crate) fn new(made: Timestamp, ledger: i64, mut entries: Vec<Entry>, lost: Vec<Lost>) -> Self {
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        let bytes = entries.iter().map(|entry| entry.bytes).sum();
        let head = BackupHead { hivis_backup: FORMAT, made, ledger, files: entries.len() as u64, bytes, lost };
        Self { head, entries }
    }

    /// Writes it and returns its name: by its time to the microsecond, so that the newest is the last of them.
    pub(crate) async fn write(&self, place: &Place) -> Result<String, StoreError> {
        let mut text = serde_json::to_vec(&self.head)?;
        for entry in &self.entries {
            text.push(b'\n');
            serde_json::to_writer(&mut text, entry)?;
        }
        text.push(b'\n');
        let name = format!("{}-{}", self.head.made.strftime("%Y%m%dT%H%M%S%6fZ"), short_hash(&text));
        place.write(&key(&name), text.into()).await?;
        Ok(name)
    }

    /// Reads the manifest `name` and checks that it is what was written.
    pub(crate) async fn read(place: &Place, name: &str) -> Result<Self, StoreError> {
        let text = place.read(&key(name)).await?;
        let bad = |reason: String| StoreError::BadBackup { backup: format!("{place} {name}"), reason };
        if !name.ends_with(&short_hash(&text)) {
            return Err(bad("its manifest was changed or damaged".to_owned()));
        }
        parse(&text).map_err(bad)
    }
}

/// The manifest in `text`, or what is wrong with it.
fn parse(text: &[u8]) -> Result<Manifest, String> {
    let mut lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let head: BackupHead =
        serde_json::from_slice(lines.next().unwrap_or_default()).map_err(|e| format!("its head: {e}"))?;
    if head.hivis_backup != FORMAT {
        return Err(format!("it is of format {}, this hivis knows {FORMAT}", head.hivis_backup));
    }
    let entries =
        lines.map(serde_json::from_slice).collect::<Result<Vec<Entry>, _>>().map_err(|e| format!("its files: {e}"))?;
    let bytes = entries.iter().try_fold(0_u64, |sum, entry| sum.checked_add(entry.bytes));
    if (head.files, Some(head.bytes)) != (entries.len() as u64, bytes) {
        return Err("its files are not as many as it says".to_owned());
    }
    match entries.iter().find(|entry| !belongs(&entry.path)) {
        Some(stranger) => Err(format!("`{}` is nothing that a home has", stranger.path)),
        None => Ok(Manifest { head, entries }),
    }
}

/// True for a plain path of something that a backup holds: nothing is ever written anywhere else.
fn belongs(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let Some(Component::Normal(first)) = parts.next() else { return false };
    let plain = parts.clone().all(|part| matches!(part, Component::Normal(_))) && !path.contains(['\\', '\0']);
    let (first, alone) = (first.to_str().unwrap_or_default(), parts.next().is_none());
    plain && if alone { FILES.contains(&first) } else { FOLDERS.contains(&first) }
}

/// Names of the backups at a place, oldest first.
pub(crate) async fn names(place: &Place) -> Result<Vec<String>, StoreError> {
    let keys = place.list(FOLDER).await?;
    let name = |(key, _): (Key, u64)| Some(key.filename()?.strip_suffix(".jsonl")?.to_owned());
    let mut names: Vec<String> = keys.into_iter().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// Where the manifest `name` lies.
pub(crate) fn key(name: &str) -> Key {
    Key::from(format!("{FOLDER}/{name}.jsonl"))
}

fn short_hash(text: &[u8]) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}

mod as_hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::ObjectId;

    pub(super) fn serialize<S: Serializer>(id: &ObjectId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectId, D::Error> {
        let mut id = [0; 32];
        hex::decode_to_slice(String::deserialize(deserializer)?, &mut id).map_err(D::Error::custom)?;
        Ok(ObjectId(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_of_a_home_belong_to_a_backup() {
        for path in ["ledger.db", "hivis.toml", "objects/files/md5/ab/cd", "releases/current", "splits/7.csv"] {
            assert!(belongs(path), "{path}");
        }
        for path in [
            "",
            "/etc/passwd",
            "..",
            "objects/../../x",
            "wallets/a",
            "objects",
            "releases",
            ".ssh/id",
            "objects//../x",
            "ledger.db/x",
            "hub/a",
            "/objects/a",
            "./ledger.db",
            "serve.lock",
        ] {
            assert!(!belongs(path), "{path}");
        }
    }

    #[test]
    fn a_manifest_says_how_many_files_it_has() {
        let entry = |path: &str| Entry { path: path.to_owned(), bytes: 3, sha256: ObjectId::of(b"abc") };
        let entries = vec![entry("splits/7.csv"), entry("ledger.db")];
        let manifest = Manifest::new(Timestamp::UNIX_EPOCH, 5, entries, Vec::new());
        let lines = |manifest: &Manifest| {
            let mut text = serde_json::to_string(&manifest.head).expect("it can be written");
            for entry in &manifest.entries {
                text.push('\n');
                text.push_str(&serde_json::to_string(entry).expect("it can be written"));
            }
            text
        };
        let text = lines(&manifest);
        assert_eq!(parse(text.as_bytes()), Ok(manifest.clone()));
        let cut = text.rsplit_once('\n').expect("lines").0;
        assert!(parse(cut.as_bytes()).is_err_and(|why| why.contains("not as many")));
        let mut escaping = manifest;
        escaping.entries[0].path = "objects/../../x".to_owned();
        assert!(parse(lines(&escaping).as_bytes()).is_err_and(|why| why.contains("nothing that a home has")));
        for end in 0..text.len() {
            assert!(parse(&text.as_bytes()[..end]).is_err(), "cut at {end}");
        }
    }
}
