//! Everything that the home could train on, as versions and the word `samples` take it.

use std::collections::HashMap;

use anyhow::{Context, Result};
use hivis_examiner::Library;
use hivis_examiner::pictures::Skipped;
use hivis_store::{Home, Ledger, Sample};
use rayon::prelude::*;

use crate::failure::Hinted;
use crate::versioning::line::{Line, file_name, given_name};

/// The samples that count, and those that do not with the reason.
pub(crate) struct Sampled {
    /// In the order of SHA-256.
    pub(crate) samples: Vec<Sample>,
    /// Pictures that trusted sources contradict each other on, and pictures that a person took out of the repository.
    pub(crate) skipped: Vec<Skipped>,
    /// How many of those are disputed.
    pub(crate) disputed: u64,
}

impl Sampled {
    /// What the ledger has now.
    pub(crate) async fn read(ledger: &Ledger) -> Result<Self> {
        let left_out = ledger.left_out().await?;
        let (mut samples, mut skipped, mut disputed) = (Vec::new(), Vec::new(), 0);
        for sample in ledger.samples().await? {
            let skip = |why: &str| Skipped { name: sample.id.to_string(), why: why.to_owned() };
            if left_out.contains(&sample.id) {
                skipped.push(skip("it was taken out of the repository"));
            } else if sample.disputed {
                disputed += 1;
                skipped.push(skip("data sets disagree on it"));
            } else {
                samples.push(sample);
            }
        }
        Ok(Self { samples, skipped, disputed })
    }

    /// A line for each, in no part yet. A picture that `names` knows keeps its name.
    pub(crate) fn lines(&self, names: &HashMap<hivis_store::ObjectId, String>) -> Result<Vec<Line>> {
        let name = |sample: &Sample| match (names.get(&sample.id), given_name(sample)) {
            (Some(name), _) => Ok(name.clone()),
            (None, Some(given)) => Ok(given.to_owned()),
            (None, None) => file_name(sample.id, &sample.path),
        };
        self.samples.par_iter().map(|sample| Ok(Line::of(sample, &name(sample)?))).collect()
    }
}

/// All of them, for the word `samples`.
pub(crate) async fn library(home: &Home) -> Result<Library> {
    let sampled = Sampled::read(&home.ledger().await?).await?;
    if sampled.samples.is_empty() {
        let hint = "labels come with data sets (`hivis import dataset`), validators and reviewers";
        return Err(Hinted::new("the home has no labelled picture", hint).into());
    }
    let work = move || {
        let names = sampled.samples.iter().map(|sample| (sample.id, sample.id.to_string())).collect();
        let lines = sampled.lines(&names)?;
        let pictures = lines.iter().zip(&sampled.samples).map(|(line, sample)| line.picture(&sample.path));
        let pictures: Vec<_> = pictures.collect();
        Ok(Library::new("all samples", pictures).upright().with_skipped(sampled.skipped))
    };
    tokio::task::spawn_blocking(work).await.context("reading the samples panicked")?
}
