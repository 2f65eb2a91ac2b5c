//! The pictures nearest to one, among the newest whose features are kept.
//!
//! No engine is loaded for it: a space lists the releases that are of it, and the record carries the features by which it
//! was judged. The rows that are compared are read once and again when the file has grown.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use hivis_console::{Neighbour, Neighbours};
use hivis_curate::vectors::{Matrix, nearest};
use hivis_store::{Embeddings, Home, Ledger, ObjectId, StoredRecord};
use hivis_types::{Label, ReleaseId};
use tokio::sync::Mutex;

/// Rows that are compared, at most, and their bytes.
const ROWS: usize = 20_000;
const BYTES: usize = 64 << 20;
/// Neighbours that are told.
const TOLD: usize = 12;

/// The rows of one space.
struct Space {
    folder: PathBuf,
    /// The file's length when they were read.
    length: u64,
    kept: Embeddings,
    rows: Matrix,
}

/// Compares pictures of one home.
pub(crate) struct Near {
    folder: PathBuf,
    ledger: Ledger,
    /// One reads, the others wait for it.
    space: Mutex<Option<Arc<Space>>>,
}

impl Near {
    pub(crate) fn new(home: &Home, ledger: &Ledger) -> Self {
        Self { folder: home.cache().join("embeddings"), ledger: ledger.clone(), space: Mutex::default() }
    }

    pub(crate) async fn of(&self, record: StoredRecord, picture: ObjectId) -> Result<Neighbours> {
        let missing = |said: &str| Neighbours { missing: Some(said.to_owned()), ..Neighbours::default() };
        let none =
            "No features are kept to compare with: mining keeps them (`hivis mine`, every night with `hivis run`).";
        let Some(judgement) = record.record.judgement else {
            return Ok(missing("Nothing was judged, so there are no features to compare."));
        };
        let Some(space) = self.space(&judgement.release).await? else { return Ok(missing(none)) };
        let features = if judgement.features.is_empty() {
            space.kept.get(picture).map(<[f32]>::to_vec)
        } else {
            Some(judgement.features)
        };
        let Some(features) = features.filter(|features| features.len() == space.rows.width()) else {
            return Ok(missing("The features of this answer are not kept."));
        };
        let searched = Arc::clone(&space);
        let hits = tokio::task::spawn_blocking(move || nearest(&searched.rows, &features, TOLD + 1)).await;
        let ids = space.kept.ids();
        let hits = hits.context("comparing panicked")?.into_iter().map(|hit| (ids[hit.row], hit.distance));
        let hits: Vec<(ObjectId, f32)> = hits.filter(|(id, _)| *id != picture).take(TOLD).collect();
        let wanted: Vec<ObjectId> = hits.iter().map(|(id, _)| *id).collect();
        let mut names = self.ledger.picture_names(&wanted).await?;
        let found = hits.into_iter().map(|(id, distance)| {
            let name = names.remove(&id).unwrap_or_default();
            let label = name.label.map(|label| if label == Label::Roadwork { "roadwork" } else { "clear" }.to_owned());
            Neighbour { sha256: id.to_string(), distance, name: name.said(), record: name.record, label }
        });
        Ok(Neighbours { found: found.collect(), among: ids.len(), missing: None })
    }

    /// The rows of the space that a release is of.
    async fn space(&self, release: &ReleaseId) -> Result<Option<Arc<Space>>> {
        let mut known = self.space.lock().await;
        let (folder, release, before) = (self.folder.clone(), release.clone(), known.clone());
        let look = move || -> Result<Option<Arc<Space>>> {
            let Some(folder) = space_of(&folder, &release)? else { return Ok(None) };
            let length = std::fs::metadata(folder.join("features.bin")).map_or(0, |about| about.len());
            if let Some(before) = before.filter(|before| before.folder == folder && before.length == length) {
                return Ok(Some(before));
            }
            let Some(kept) = Embeddings::newest(&folder, ROWS, BYTES)? else { return Ok(None) };
            if kept.ids().is_empty() {
                return Ok(None);
            }
            let rows = Matrix::new(kept.width(), kept.rows().to_vec()).context("kept features are no numbers")?;
            Ok(Some(Arc::new(Space { folder, length, kept, rows })))
        };
        let found = tokio::task::spawn_blocking(look).await.context("reading features panicked")??;
        known.clone_from(&found);
        Ok(found)
    }
}

/// The folder whose list of releases has this one.
fn space_of(folder: &Path, release: &ReleaseId) -> Result<Option<PathBuf>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    for entry in fs_err::read_dir(folder)? {
        let at = entry?.path();
        let Ok(list) = std::fs::read_to_string(at.join("releases")) else { continue };
        if list.lines().any(|line| line == release.as_str()) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
