//! Features without a training: for ensembles, notebooks and benches.

use std::path::Path;

use super::source::parts;
use super::{Progress, Source, TrainingSettings};
use crate::TrainError;
use crate::feature_cache::Job;
use crate::features::{Backbone, Samples};
use crate::split::Part;

/// Features of every view of the `wanted` parts, with what they are of: for ensembles, notebooks and benches. They are kept
/// under `cache`.
pub fn features(
    source: &dyn Source,
    backbone: &Backbone,
    settings: &TrainingSettings,
    (cache, wanted): (&Path, &[Part]),
    progress: &mut dyn FnMut(Progress),
) -> Result<Features, TrainError> {
    let parts = parts(source, settings);
    let is_open = |row: &usize| parts[*row].is_some_and(|part| wanted.contains(&part));
    let open: Vec<usize> = (0..source.rows().len()).filter(is_open).collect();
    let (mut skipped, mut done) = (Vec::new(), 0);
    let taken = Job { source, backbone, settings, cache }.take(&open, &mut skipped, &mut |more| {
        done += more;
        progress(Progress::Features { done, total: open.len() });
        Ok(())
    })?;
    let parts = taken.of.iter().filter_map(|(row, _)| parts[*row]).collect();
    Ok(Features { samples: taken.samples, of: taken.of, parts, skipped })
}

/// What [`features`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Features and labels, a row a view.
    pub samples: Samples,
    /// Row of the source and draw, of each view.
    pub of: Vec<(usize, usize)>,
    /// Part of each view.
    pub parts: Vec<Part>,
    /// Pictures that could not be read, by key, with the reason; the first hundred.
    pub skipped: Vec<(String, String)>,
}

impl Features {
    /// The views of one part.
    pub fn of_part(&self, wanted: Part) -> Samples {
        let views: Vec<usize> = (0..self.samples.len()).filter(|&view| self.parts[view] == wanted).collect();
        Samples {
            width: self.samples.width,
            features: views.iter().flat_map(|view| self.samples.row(*view)).copied().collect(),
            labels: views.iter().map(|view| self.samples.labels[*view]).collect(),
        }
    }
}
