//! What recorded pictures probably show, by the pictures of the home whose slices are known.

use anyhow::{Context, Result};
use hivis_curate::mine::{GuessSettings, Guesser, UNKNOWN};
use hivis_curate::vectors::Matrix;
use hivis_store::{Ledger, Md5, ObjectId};
use rayon::prelude::*;

use super::space::Space;
use crate::embedded::Embedder;

/// Pictures with known slices that are looked at, spread evenly over all of them: half a minute of computing the first
/// time, a search of milliseconds ever after.
const KNOWN: usize = 2_000;

/// Guesses the slices of every row of features, `unknown` where there are none; gives the features back.
pub(super) async fn guess(
    ledger: &Ledger,
    space: &Space,
    settings: GuessSettings,
    features: Vec<Option<Vec<f32>>>,
) -> Result<(Vec<Option<Vec<f32>>>, Vec<Vec<String>>)> {
    let unknown = || vec![UNKNOWN.to_owned()];
    let Some(embedder) = space.embedder().filter(|_| features.iter().any(Option::is_some)) else {
        let guessed = features.iter().map(|_| unknown()).collect();
        return Ok((features, guessed));
    };
    let guesser = guesser(ledger, embedder, settings).await?;
    let work = move || {
        let guess = |row: &Option<Vec<f32>>| row.as_ref().map_or_else(unknown, |row| guesser.guess(row));
        let guessed = features.par_iter().map(guess).collect();
        (features, guessed)
    };
    tokio::task::spawn_blocking(work).await.context("guessing the slices panicked")
}

/// A guesser of the pictures that carry tags.
pub(crate) async fn guesser(ledger: &Ledger, embedder: &Embedder, settings: GuessSettings) -> Result<Guesser> {
    let tagged: Vec<_> = ledger.samples().await?.into_iter().filter(|sample| !sample.slices.is_empty()).collect();
    let every = tagged.len().div_ceil(KNOWN).max(1);
    let (known, slices): (Vec<(ObjectId, Md5)>, Vec<Vec<String>>) =
        tagged.into_iter().step_by(every).map(|sample| ((sample.id, sample.md5), sample.slices)).unzip();
    let features = embedder.features(&known).await?;
    let width = features.iter().flatten().map(Vec::len).next().unwrap_or(1);
    let (mut rows, mut of) = (Vec::new(), Vec::new());
    for (row, slices) in features.into_iter().zip(slices) {
        if let Some(row) = row.filter(|row| row.len() == width) {
            rows.extend(row);
            of.push(slices);
        }
    }
    Ok(Guesser::new(&Matrix::new(width, rows)?, of, settings)?)
}
