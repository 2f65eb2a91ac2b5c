//! What stands for the training data of a release: labelled pictures of the home, by their features in its space.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Context, Result};
use hivis_curate::drift::Reference;
use hivis_curate::vectors::Matrix;
use hivis_store::{DriftReference, DriftRow, Embeddings, Home, Ledger, NewDriftWindow, ObjectId};
use hivis_types::{Precision, ReleaseId};
use jiff::Timestamp;

use crate::config::DriftSettings;
use crate::embedded::{self, SpaceHere};

/// Fewer pictures say nothing of what a release learned from.
pub(crate) const LEAST: usize = 50;
/// The share of a window's records that must have features, or it is not judged.
const WHOLE: f64 = 0.5;

/// Features to compare with, while one release serves.
#[derive(Clone)]
pub(super) struct Standard {
    /// The release.
    pub(super) era: ReleaseId,
    precision: Precision,
    /// Releases whose features are of the same space.
    releases: HashSet<ReleaseId>,
    rows: Arc<Reference<ObjectId>>,
    /// Windows without features.
    passed: HashSet<i64>,
}

impl Standard {
    /// Finds what was chosen for the release that judged `window`, or chooses now. `None` where the home holds too few
    /// labelled pictures with features of its space.
    pub(super) async fn find(
        home: &Home,
        ledger: &Ledger,
        settings: &DriftSettings,
        window: &NewDriftWindow,
        now: Timestamp,
    ) -> Result<Option<Self>> {
        let (folder, release, precision) = (home.cache().join("embeddings"), window.release.clone(), window.precision);
        let here = {
            let release = release.clone();
            let find = move || embedded::space_here(&folder, &release, precision);
            tokio::task::spawn_blocking(find).await.context("looking for the space panicked")??
        };
        // A release that no space knows yet is comparable with itself.
        let (name, releases) = match &here {
            Some(here) => (here.name.clone(), here.releases.clone()),
            None => (format!("release {release}"), vec![release.clone()]),
        };
        let kept = ledger.drift_reference(&release).await?;
        let chosen = match &kept {
            Some(kept) => kept.pictures.clone(),
            None => candidates(ledger, 4 * settings.reference as usize).await?,
        };
        let mut rows = features(ledger, here, &chosen, &releases, precision).await?;
        rows.truncate(settings.reference as usize);
        if rows.len() < LEAST {
            return Ok(None);
        }
        if kept.is_none() {
            let pictures = rows.iter().map(|(id, _)| *id).collect();
            let reference = DriftReference { era: release.clone(), space: name, at: now, pictures };
            ledger.keep_drift_reference(&reference).await?;
        }
        let width = rows[0].1.len();
        let ids: Vec<ObjectId> = rows.iter().map(|(id, _)| *id).collect();
        let work = move || {
            let matrix = Matrix::new(width, rows.into_iter().flat_map(|(_, row)| row).collect())?;
            Reference::new(&matrix, &ids)
        };
        let rows = tokio::task::spawn_blocking(work).await.context("reading features panicked")??;
        let releases = releases.into_iter().chain([release.clone()]).collect();
        Ok(Some(Self { era: release, precision, releases, rows: Arc::new(rows), passed: HashSet::new() }))
    }

    /// Whether a window's features are of this space, and it was not passed over.
    pub(super) fn compares(&self, window: &NewDriftWindow) -> bool {
        self.releases.contains(&window.release) && window.precision == self.precision
    }

    /// Not again.
    pub(super) fn pass_over(&mut self, window: i64) {
        self.passed.insert(window);
    }

    /// Was it passed over?
    pub(super) fn passes_over(&self, window: i64) -> bool {
        self.passed.contains(&window)
    }

    /// Mean distance to the nearest, and energy distance. Rows that are not whole do not count; `None` when those are most.
    pub(super) fn judge(&self, rows: Vec<DriftRow>) -> Option<[f64; 2]> {
        let all = rows.len();
        let whole = |row: &[f32]| row.len() == self.rows.width() && row.iter().all(|x| x.is_finite());
        let rows: Vec<(Option<ObjectId>, Vec<f32>)> = rows
            .into_iter()
            .filter_map(|row| row.features.filter(|features| whole(features)).map(|features| (row.picture, features)))
            .collect();
        if rows.is_empty() || (rows.len() as f64) < WHOLE * all as f64 {
            return None;
        }
        let ids: Vec<Option<ObjectId>> = rows.iter().map(|(id, _)| *id).collect();
        let matrix = Matrix::new(self.rows.width(), rows.into_iter().flat_map(|(_, row)| row).collect()).ok()?;
        Some([self.rows.nearest(&matrix, &ids).ok()?, self.rows.energy(&matrix).ok()?])
    }
}

/// Labelled pictures that nobody disputes, spread evenly; a SHA-256 says nothing of its picture, so they are a fair draw.
async fn candidates(ledger: &Ledger, most: usize) -> Result<Vec<ObjectId>> {
    let samples = ledger.samples().await?;
    let ids: Vec<ObjectId> = samples.iter().filter(|sample| !sample.disputed).map(|sample| sample.id).collect();
    let step = ids.len().div_ceil(most.max(1)).max(1);
    Ok(ids.into_iter().step_by(step).collect())
}

/// Features of these pictures in the space: kept ones, else what was served. One width only.
async fn features(
    ledger: &Ledger,
    here: Option<SpaceHere>,
    ids: &[ObjectId],
    releases: &[ReleaseId],
    precision: Precision,
) -> Result<Vec<(ObjectId, Vec<f32>)>> {
    let wanted = ids.to_vec();
    let read = move || {
        let Some(here) = here else { return Ok(Vec::new()) };
        let kept = Embeddings::open(&here.folder, &here.anchor)?;
        let row = |id: ObjectId| kept.get(id).map(|row| (id, row.to_vec()));
        Ok::<_, anyhow::Error>(wanted.into_iter().filter_map(row).collect())
    };
    let mut rows: Vec<(ObjectId, Vec<f32>)> = tokio::task::spawn_blocking(read).await.context("it panicked")??;
    let have: HashSet<ObjectId> = rows.iter().map(|(id, _)| *id).collect();
    let missing: Vec<ObjectId> = ids.iter().copied().filter(|id| !have.contains(id)).collect();
    rows.extend(ledger.served_features(&missing, releases, precision).await?);
    let width = rows.first().map_or(0, |(_, row)| row.len());
    rows.retain(|(_, row)| width > 0 && row.len() == width && row.iter().all(|x| x.is_finite()));
    rows.sort_unstable_by_key(|(id, _)| *id);
    Ok(rows)
}
