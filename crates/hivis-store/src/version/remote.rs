//! Versions at another place, laid out as a remote of DVC 3: `files/md5/ab/cd...`, checked by hash both ways.
//!
//! Beside DVC's own files lies `hivis/versions/NAME.json`, which says what the ledger says of a version.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use object_store::ObjectStoreExt as _;
use object_store::path::Path as Key;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cache::Folder;
use super::dvc;
use super::link;
use super::{VersionError, VersionName, Versions};
use crate::ledger::versions::{DataVersion, NewContent, NewVersion, VersionPicture, VersionState};
use crate::{CopyEvent, Md5, ObjectId, Place, Put, Show, StoreError};

/// Files under way at once.
const SIDE_BY_SIDE: usize = 8;
const FILES: &str = "files/md5";
const VERSIONS: &str = "hivis/versions";
/// Pictures that get their rows together.
const GROUP: usize = 256;

/// What a push did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PushReport {
    /// Versions that are there now.
    pub versions: Vec<VersionName>,
    /// Files that were sent.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were there.
    pub there: u64,
}

/// What a pull did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PullReport {
    /// Versions that this home did not have.
    pub new: Vec<VersionName>,
    /// Files that were brought.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files of the user's own folder, for `adopt`.
    pub edited: u64,
}

/// What lies beside DVC's files for each version.
#[derive(Debug, Serialize, Deserialize)]
struct Said {
    name: VersionName,
    at: Timestamp,
    message: String,
    dir: String,
    facts: Value,
    notes: String,
}

impl Versions {
    /// Sends every version, or that one, to `place`: only what is missing there. A picture is read and its SHA-256 checked
    /// before it is sent; a `.dir` comes after all that it names.
    pub async fn push(
        &self,
        place: &Place,
        only: Option<&DataVersion>,
        show: Show<'_>,
    ) -> Result<PushReport, StoreError> {
        let mut versions = self.ledger.versions().await?;
        versions.retain(|v| v.state == VersionState::Cut && only.is_none_or(|only| only.id == v.id));
        versions.reverse();
        let there: HashMap<String, u64> =
            place.list(FILES).await?.into_iter().map(|(key, bytes)| (key.to_string(), bytes)).collect();
        let mut report = PushReport::default();
        let (mut pictures, mut folders) = (HashMap::<Md5, VersionPicture>::new(), Vec::new());
        for version in &versions {
            let content = self.ledger.version_pictures(version).await?;
            folders.push(Folder::of(&content));
            pictures.extend(content.into_iter().map(|picture| (picture.md5, picture)));
        }
        let all = pictures.len() as u64;
        let missing: Vec<VersionPicture> = pictures
            .into_values()
            .filter(|picture| there.get(key(picture.md5).as_ref()) != Some(&picture.bytes))
            .collect();
        report.there = all - missing.len() as u64;
        let bytes = missing.iter().map(|picture| picture.bytes).sum();
        show(CopyEvent::Planned { files: missing.len() as u64, bytes, there: 0 });
        let sent = stream::iter(&missing).map(async |picture| {
            let (objects, id, md5) = (self.objects.clone(), picture.id, picture.md5);
            let read = tokio::task::spawn_blocking(move || objects.get(id, md5)).await;
            let bytes = read.expect("reading does not panic: this is a bug")?;
            let length = bytes.len() as u64;
            place.write(&key(md5), bytes.into()).await?;
            show(CopyEvent::Bytes(length));
            Ok::<u64, StoreError>(length)
        });
        let mut sent = sent.buffer_unordered(SIDE_BY_SIDE);
        while let Some(length) = sent.try_next().await? {
            report.files += 1;
            report.bytes += length;
        }
        for (version, folder) in versions.iter().zip(folders) {
            for (key, bytes) in [(key(folder.table), folder.table_bytes), (dir_key(folder.dir), folder.dir_bytes)] {
                let length = bytes.len() as u64;
                if there.get(key.as_ref()) == Some(&length) {
                    report.there += 1;
                    continue;
                }
                place.write(&key, bytes.into()).await?;
                report.files += 1;
                report.bytes += length;
            }
            let said = Said {
                name: version.name,
                at: version.at,
                message: version.message.clone(),
                dir: folder.dir.to_string(),
                facts: version.facts.clone(),
                notes: version.notes.clone(),
            };
            place.write(&said_key(version.name), serde_json::to_vec(&said)?.into()).await?;
            report.versions.push(version.name);
        }
        place.settle()?;
        Ok(report)
    }

    /// Brings from `place` what this home lacks: pictures of its own versions, versions that were cut elsewhere after its
    /// newest one, and what the user's own commit names. Every file's MD5 is checked, and the SHA-256 where it is known.
    pub async fn pull(&self, place: &Place, now: Timestamp, show: Show<'_>) -> Result<PullReport, StoreError> {
        self.finish().await?;
        let mut report = PullReport::default();
        let here = self.ledger.versions().await?;
        let mut said = Vec::new();
        for (key, _) in place.list(VERSIONS).await? {
            let bytes = place.read(&key).await?;
            let one: Said = serde_json::from_slice(&bytes).map_err(|_| bad(place, &key, "damaged"))?;
            said.push(one);
        }
        said.sort_by_key(|one| one.name);
        for version in here.iter().filter(|version| version.state == VersionState::Cut) {
            self.mend(place, version, &mut report, show).await?;
        }
        let known = |one: &Said| here.iter().find(|version| version.name == one.name);
        if let Some(other) =
            said.iter().find(|one| known(one).is_some_and(|v| v.dir.is_none_or(|d| d.to_string() != one.dir)))
        {
            return Err(VersionError::Diverged { place: place.to_string(), name: other.name.to_string() }.into());
        }
        let fresh: Vec<&Said> = said.iter().filter(|one| known(one).is_none()).collect();
        let newest = here.iter().map(|version| version.name).max();
        if let Some(before) = fresh.iter().find(|one| newest.is_some_and(|newest| one.name.number <= newest.number)) {
            return Err(VersionError::Diverged { place: place.to_string(), name: before.name.to_string() }.into());
        }
        // Something here that is not there: whoever goes on from both would mix two lines.
        let ours = here.iter().find(|version| said.iter().all(|one| one.name != version.name));
        if let (Some(ours), false) = (ours.filter(|v| v.state == VersionState::Cut), fresh.is_empty()) {
            return Err(VersionError::Diverged { place: place.to_string(), name: ours.name.to_string() }.into());
        }
        for one in fresh {
            self.bring(place, one, (&mut report, now), show).await?;
            report.new.push(one.name);
        }
        self.bring_edited(place, &mut report).await?;
        Ok(report)
    }

    /// Brings the pictures of a version that are not in the home.
    async fn mend(
        &self,
        place: &Place,
        version: &DataVersion,
        report: &mut PullReport,
        show: Show<'_>,
    ) -> Result<(), StoreError> {
        let pictures = self.ledger.version_pictures(version).await?;
        let lost = pictures.into_iter().filter(|p| std::fs::metadata(&p.path).map_or(true, |m| m.len() != p.bytes));
        let lost: Vec<(Md5, Option<ObjectId>)> = lost.map(|picture| (picture.md5, Some(picture.id))).collect();
        self.fetch(place, &lost, report, show).await.map(|_| ())
    }

    /// Brings pictures into the home, each checked.
    async fn fetch(
        &self,
        place: &Place,
        wanted: &[(Md5, Option<ObjectId>)],
        report: &mut PullReport,
        show: Show<'_>,
    ) -> Result<Vec<(Put, u64)>, StoreError> {
        let bring = stream::iter(wanted).map(async |(md5, id)| {
            let key = key(*md5);
            let bytes = read(place, &key).await?;
            if Md5::of(&bytes) != *md5 || id.is_some_and(|id| ObjectId::of(&bytes) != id) {
                return Err(bad(place, &key, "damaged").into());
            }
            show(CopyEvent::Bytes(bytes.len() as u64));
            Ok::<Bytes, StoreError>(bytes)
        });
        let mut bring = bring.buffer_unordered(SIDE_BY_SIDE).ready_chunks(GROUP);
        let mut puts = Vec::new();
        while let Some(group) = bring.next().await {
            let group: Vec<Bytes> = group.into_iter().collect::<Result<_, _>>()?;
            let objects = self.objects.clone();
            let put = tokio::task::spawn_blocking(move || {
                let bytes: Vec<&[u8]> = group.iter().map(|bytes| &**bytes).collect();
                let put: Result<Vec<Put>, StoreError> = objects.put_all(&bytes).into_iter().collect();
                put.map(|put| put.into_iter().zip(bytes.iter().map(|b| b.len() as u64)).collect::<Vec<_>>())
            });
            let put = put.await.expect("writing does not panic: this is a bug")?;
            report.files += put.len() as u64;
            report.bytes += put.iter().map(|(_, bytes)| bytes).sum::<u64>();
            puts.extend(put);
        }
        Ok(puts)
    }

    /// Brings a version that was cut elsewhere.
    async fn bring(
        &self,
        place: &Place,
        said: &Said,
        (report, now): (&mut PullReport, Timestamp),
        show: Show<'_>,
    ) -> Result<(), StoreError> {
        #[derive(Deserialize)]
        struct Known {
            file_name: String,
            sha256: String,
        }
        let broken = |what: &str| VersionError::BadDvc { path: said.name.to_string(), reason: what.to_owned() };
        let dir = dvc::md5(&said.dir).ok_or_else(|| broken("its .dir is no MD5"))?;
        let key = dir_key(dir);
        let bytes = read(place, &key).await?;
        if Md5::of(&bytes) != dir {
            return Err(bad(place, &key, "damaged").into());
        }
        let entries = dvc::read_dir(key.as_ref(), &bytes)?;
        let table = entries.iter().find(|entry| entry.path == "metadata.jsonl");
        let table = table.ok_or_else(|| broken("it has no metadata.jsonl"))?.md5;
        let bytes = read(place, &self::key(table)).await?;
        if Md5::of(&bytes) != table {
            return Err(bad(place, &self::key(table), "damaged").into());
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| broken("its metadata.jsonl is no text"))?;
        let addresses: HashMap<&str, Md5> = entries.iter().map(|entry| (entry.path.as_str(), entry.md5)).collect();
        let here = self.ledger.addresses().await?;
        let (mut content, mut wanted) = (Vec::new(), Vec::new());
        for line in text.lines() {
            let known: Known = serde_json::from_str(line).map_err(|e| broken(&format!("metadata.jsonl: {e}")))?;
            let md5 = *addresses.get(known.file_name.as_str()).ok_or_else(|| broken("a line names no file"))?;
            let name = known.file_name.strip_prefix("pictures/").ok_or_else(|| broken("a line's file is elsewhere"))?;
            let mut id = [0; 32];
            hex::decode_to_slice(&known.sha256, &mut id).map_err(|_| broken("a line's sha256 is none"))?;
            let id = ObjectId(id);
            if !here.contains_key(&id) {
                wanted.push((md5, Some(id)));
            }
            content.push(NewContent { id, name: name.to_owned(), line: line.to_owned() });
        }
        if content.len() + 1 != entries.len() {
            return Err(broken("it has files that no line names").into());
        }
        let guard = self.objects.share()?;
        let puts = self.fetch(place, &wanted, report, show).await?;
        for group in puts.chunks(GROUP) {
            self.ledger.know_objects(group, now).await?;
        }
        let new = NewVersion {
            name: said.name,
            at: said.at,
            message: said.message.clone(),
            facts: said.facts.clone(),
            notes: said.notes.clone(),
            pictures: content,
        };
        let done = self.cut(&new).await?;
        drop(guard);
        if done.version.dir != Some(dir) {
            return Err(broken("its files are not in the order that they should be").into());
        }
        Ok(())
    }

    /// Brings what the user's own commit names into the cache.
    async fn bring_edited(&self, place: &Place, report: &mut PullReport) -> Result<(), StoreError> {
        if !self.has_git() {
            return Ok(());
        }
        let git = match self.git().await {
            Ok(git) => git,
            Err(VersionError::NoGit { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Some(tracked) = self.tracked(&git).await? else { return Ok(()) };
        if self.ledger.versions().await?.iter().any(|version| version.dir == Some(tracked.dir)) {
            return Ok(());
        }
        let (path, key) = (self.cached_dir(tracked.dir), dir_key(tracked.dir));
        let bytes = match link::read(&path)? {
            Some(bytes) => Bytes::from(bytes),
            None => read(place, &key).await?,
        };
        if Md5::of(&bytes) != tracked.dir {
            return Err(bad(place, &key, "damaged").into());
        }
        let known = self.ledger.identities().await?;
        for entry in dvc::read_dir(key.as_ref(), &bytes)? {
            let file = self.cached(entry.md5);
            if known.contains_key(&entry.md5) || file.exists() {
                continue;
            }
            let key = self::key(entry.md5);
            let content = read(place, &key).await?;
            if Md5::of(&content) != entry.md5 {
                return Err(bad(place, &key, "damaged").into());
            }
            Self::write_cache(&file, &content)?;
            report.edited += 1;
        }
        Ok(Self::write_cache(&path, &bytes)?)
    }
}

fn key(md5: Md5) -> Key {
    let name = md5.to_string();
    Key::from(format!("{FILES}/{}/{}", &name[..2], &name[2..]))
}

fn dir_key(md5: Md5) -> Key {
    let name = md5.to_string();
    Key::from(format!("{FILES}/{}/{}.dir", &name[..2], &name[2..]))
}

fn said_key(name: VersionName) -> Key {
    Key::from(format!("{VERSIONS}/{name}.json"))
}

async fn read(place: &Place, key: &Key) -> Result<Bytes, StoreError> {
    let read = async { place.store().get(key).await?.bytes().await };
    match read.await {
        Ok(bytes) => Ok(bytes),
        Err(object_store::Error::NotFound { .. }) => Err(bad(place, key, "missing").into()),
        Err(error) => Err(place.error(error)),
    }
}

fn bad(place: &Place, key: &Key, why: &'static str) -> VersionError {
    VersionError::BadRemote { place: place.to_string(), key: key.to_string(), why }
}
