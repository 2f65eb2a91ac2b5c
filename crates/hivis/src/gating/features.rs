//! What pictures are to a model, as far as the gate compares it.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_curate::vectors::Matrix;
use hivis_store::{Md5, ObjectId};

use super::real::Real;
use crate::embedded::Embedder;

/// Features of the judged and of the known pictures.
pub(super) struct Features {
    /// Known pictures and then judged ones, rows of length one.
    pub(super) all: Matrix,
    /// The row of each picture that could be read.
    pub(super) rows: BTreeMap<ObjectId, usize>,
    /// The real set as the backbone gives it.
    pub(super) real: Matrix,
    /// The judged pictures as the backbone gives them; `None` for one that cannot be read.
    pub(super) pending: Vec<Option<Vec<f32>>>,
}

impl Features {
    pub(super) async fn of(embedder: &Embedder, pending: &[(ObjectId, Md5)], real: &Real) -> Result<Self> {
        let known: Vec<(ObjectId, Md5)> = real.set.iter().chain(&real.closed).copied().collect();
        let (found, judged) = (embedder.features(&known).await?, embedder.features(pending).await?);
        let width = found.iter().chain(&judged).flatten().map(Vec::len).next().unwrap_or(1);
        let (mut rows, mut data, mut set) = (BTreeMap::new(), Vec::new(), Vec::new());
        let every = known.iter().zip(&found).chain(pending.iter().zip(&judged));
        for (place, ((id, _), row)) in every.enumerate() {
            let Some(row) = row else { continue };
            rows.insert(*id, data.len() / width);
            data.extend_from_slice(row);
            if place < real.set.len() {
                set.extend_from_slice(row);
            }
        }
        let (all, real) = (Matrix::new(width, data)?.normalised(), Matrix::new(width, set)?);
        Ok(Self { all, rows, real, pending: judged })
    }

    /// The row of one picture, of length one.
    pub(super) fn row(&self, id: ObjectId) -> Option<&[f32]> {
        self.rows.get(&id).map(|row| self.all.row(*row))
    }
}
