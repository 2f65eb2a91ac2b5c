//! How much a user of `hivis-tiny` can still win by labelling.
//!
//! Two heads on the same frozen backbone: the shipped one (few labels, none of a withheld slice) and an oracle (many
//! labels of all slices). Both answer unseen scenes at the validator's mix of levels and styles, and the withheld
//! slices one by one. The distance between them is what mining and training can bring.

use std::path::Path;

use hivis_onnx::Head;
use hivis_synth::{Mix, Slice};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::features::{Backbone, Samples};
use crate::head::{HeadSettings, right, train_head};
use crate::questions::{Questions, SetSettings};

/// How many scenes each part takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeadroomSettings {
    /// Seed of all sets; each adds a number of its own.
    pub seed: u64,
    /// Labelled scenes of the shipped head.
    pub shipped_labels: usize,
    /// Pictures of each of these.
    pub shipped_draws: usize,
    /// Labelled scenes of the oracle, over all slices.
    pub oracle_labels: usize,
    /// Pictures of each of these.
    pub oracle_draws: usize,
    /// Unseen scenes of the whole mix.
    pub unseen: usize,
    /// Unseen scenes of each withheld slice.
    pub unseen_slice: usize,
    /// Size of the rendered pictures.
    pub size: (u32, u32),
    /// How both heads are trained.
    pub head: HeadSettings,
}

impl Default for HeadroomSettings {
    fn default() -> Self {
        Self {
            seed: 1_000_072,
            shipped_labels: 2_000,
            shipped_draws: 4,
            oracle_labels: 20_000,
            oracle_draws: 1,
            unseen: 2_000,
            unseen_slice: 400,
            size: (320, 240),
            head: HeadSettings::default(),
        }
    }
}

/// Right answers of one head on one set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Right answers.
    pub right: usize,
    /// Questions.
    pub of: usize,
}

impl Count {
    /// Share of right answers.
    pub fn accuracy(self) -> f64 {
        self.right as f64 / self.of.max(1) as f64
    }

    /// Wilson's interval for the true share; `z` is 2.5758 for 99%.
    pub fn interval(self, z: f64) -> (f64, f64) {
        let (n, p) = (self.of.max(1) as f64, self.accuracy());
        let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        (middle - half, middle + half)
    }
}

/// Both heads on one set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// `all`, or a slice's name.
    pub set: String,
    /// The shipped head.
    pub shipped: Count,
    /// The oracle.
    pub oracle: Count,
}

/// What [`headroom`] found; the content of `figures.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The backbone's hash.
    pub backbone: String,
    /// How it was measured.
    pub settings: HeadroomSettings,
    /// Pictures that the shipped head learned from.
    pub shipped_pictures: usize,
    /// Pictures that the oracle learned from.
    pub oracle_pictures: usize,
    /// The whole mix first, then the withheld slices.
    pub compared: Vec<Compared>,
}

impl HeadroomSettings {
    /// A set of this measurement; `offset` keeps the sets' scenes apart.
    pub fn set(&self, offset: u64, mix: Mix, (scenes, draws): (usize, usize)) -> SetSettings {
        SetSettings { seed: self.seed + offset, mix, scenes, draws, width: self.size.0, height: self.size.1 }
    }

    /// The unseen scenes of the whole mix; a test asks a few of them again.
    pub fn unseen_set(&self) -> SetSettings {
        self.set(5, Mix::default(), (self.unseen, 1))
    }

    fn sets(&self) -> Vec<(String, SetSettings)> {
        let validation = |labels: usize| (labels / 10).max(50);
        let mut all = vec![
            ("shipped".to_owned(), self.set(1, Mix::pretraining(), (self.shipped_labels, self.shipped_draws))),
            ("shipped-val".to_owned(), self.set(2, Mix::pretraining(), (validation(self.shipped_labels), 1))),
            ("oracle".to_owned(), self.set(3, Mix::default(), (self.oracle_labels, self.oracle_draws))),
            ("oracle-val".to_owned(), self.set(4, Mix::default(), (validation(self.shipped_labels), 1))),
            ("all".to_owned(), self.unseen_set()),
        ];
        for (at, slice) in Slice::ALL.into_iter().enumerate() {
            let set = self.set(10 + at as u64, Mix::only(slice), (self.unseen_slice, 1));
            all.push((slice.as_str().to_owned(), set));
        }
        all
    }

    /// Renders every set into `folder`, so that a later measurement only computes features.
    pub fn prepare(
        &self,
        folder: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<(String, Questions)>, TrainError> {
        let take = |(name, set): (String, SetSettings)| {
            progress(&name);
            Ok((name, set.load_or_make(folder)?))
        };
        self.sets().into_iter().map(take).collect()
    }
}

/// Measures a backbone; gives the figures and the shipped head. Pictures and features are kept in `folder`.
pub fn headroom(
    backbone: &Backbone,
    settings: &HeadroomSettings,
    folder: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<(Figures, Head), TrainError> {
    let mut samples: Vec<(String, Samples)> = Vec::new();
    for ((name, questions), (_, set)) in settings.prepare(folder, progress)?.into_iter().zip(settings.sets()) {
        progress(&format!("features of {name}"));
        let found = backbone.samples(&set.key(), &questions, folder)?;
        samples.push((name, found));
    }
    let [shipped, shipped_val, oracle, oracle_val] = [0, 1, 2, 3].map(|at: usize| &samples[at].1);
    progress("shipped head");
    let shipped_head = train_head(shipped, shipped_val, &settings.head)?.head;
    progress("oracle head");
    let oracle_head = train_head(oracle, oracle_val, &settings.head)?.head;
    let count = |head: &Head, samples: &Samples| {
        let right = right(head, samples);
        Count { right: right.iter().filter(|right| **right).count(), of: right.len() }
    };
    let compare = |(set, samples): &(String, Samples)| Compared {
        set: set.clone(),
        shipped: count(&shipped_head, samples),
        oracle: count(&oracle_head, samples),
    };
    let figures = Figures {
        backbone: backbone.hash().to_owned(),
        settings: settings.clone(),
        shipped_pictures: shipped.len(),
        oracle_pictures: oracle.len(),
        compared: samples[4..].iter().map(compare).collect(),
    };
    Ok((figures, shipped_head))
}
