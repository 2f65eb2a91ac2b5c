//! Many settings of one head, the bad ones stopped early.
//!
//! Successive halving (K. Jamieson and A. Talwalkar, arXiv 1502.07943): all trials train to the first rung, the better half
//! goes on to the next, and so on. A trial is judged by its validation loss, which comes from the tuning scenes; a sweep
//! cannot see others. The same trials on any number of cores.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::draws::{Purpose, stream};
use crate::head::{Checkpoints, Fit, HeadSettings, Lesson, TrainedHead};

/// Epochs after which the worse half of the trials is stopped.
const RUNGS: [usize; 2] = [2, 5];

/// What became of one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its settings.
    pub settings: HeadSettings,
    /// Epochs that it made.
    pub epochs: usize,
    /// Its lowest validation loss.
    pub loss: f32,
    /// The rung (in epochs) at which it was stopped; none for a trial that went to its end.
    pub stopped: Option<usize>,
    /// Why it failed: a diverged trial is no failure of the sweep.
    pub failed: Option<String>,
}

/// `count` trials around `base`: the first is `base` itself, the others draw hidden widths, dropout, learning rate and
/// decay. Their seeds are all `base`'s, so that they differ by their settings alone.
pub fn trials(base: &HeadSettings, count: usize) -> Vec<HeadSettings> {
    let other = |trial: usize| {
        let mut rng = stream(base.seed, Purpose::Sweep, trial as u64, 0);
        let mut settings = base.clone();
        let hidden: [&[usize]; 5] = [&[], &[64], &[256], &[512], &[256, 64]];
        settings.hidden = hidden[rng.random_range(0..hidden.len())].to_vec();
        settings.dropout = [0.0, 0.1, 0.3, 0.5][rng.random_range(0..4)];
        // Even on a logarithmic scale.
        settings.peak_rate = 10.0_f32.powf(rng.random_range(-3.5..-2.0));
        settings.optimiser.decay = 10.0_f32.powf(rng.random_range(-4.0..-1.0));
        settings
    };
    (0..count).map(|trial| if trial == 0 { base.clone() } else { other(trial) }).collect()
}

/// Trains all trials and gives the head with the lowest validation loss, and every trial, best first.
pub fn sweep(lesson: Lesson<'_>, trials: &[HeadSettings]) -> Result<(TrainedHead, Vec<Trial>), TrainError> {
    let mut going: Vec<Fit> = trials.iter().map(|settings| Fit::new(lesson, settings)).collect::<Result<_, _>>()?;
    let mut told: Vec<Trial> = trials
        .iter()
        .map(|settings| Trial {
            settings: settings.clone(),
            epochs: 0,
            loss: f32::INFINITY,
            stopped: None,
            failed: None,
        })
        .collect();
    let mut left: Vec<usize> = (0..trials.len()).collect();
    for rung in RUNGS.into_iter().chain([usize::MAX]) {
        going.par_iter_mut().zip(&mut told).enumerate().filter(|(trial, _)| left.contains(trial)).for_each(
            |(_, (fit, trial))| {
                let went = fit.go_on(lesson, rung, &mut Checkpoints::none());
                (trial.epochs, trial.loss) = (fit.epochs(), fit.lowest());
                trial.failed = went.err().map(|error| error.to_string());
            },
        );
        left.retain(|&trial| told[trial].failed.is_none());
        left.sort_by(|&a, &b| told[a].loss.total_cmp(&told[b].loss));
        if rung < usize::MAX {
            for trial in left.split_off(left.len().div_ceil(2)) {
                told[trial].stopped = Some(rung);
            }
        }
    }
    let Some(&best) = left.first() else {
        let why = told.iter().find_map(|trial| trial.failed.clone()).unwrap_or_else(|| "there is none".to_owned());
        return Err(TrainError::Data(format!("no trial of the sweep came to its end: {why}")));
    };
    let head = going.swap_remove(best).finish(lesson, &mut Checkpoints::none())?;
    told.sort_by(|a, b| a.loss.total_cmp(&b.loss));
    Ok((head, told))
}
