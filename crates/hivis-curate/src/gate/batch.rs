//! A batch as a whole, beside the real set.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::figures::{Figures, median, quantile};
use super::{KidSettings, Reason, ReasonKind, frechet, kid};
use crate::CurateError;
use crate::vectors::Matrix;

/// The usual limit of the Fréchet inception distance. It means something with Inception's features only.
pub const FID_LIMIT: f64 = 50.0;
/// Pictures that each side must have for the usual limits: Inception's features have 2,048 numbers.
pub const INCEPTION_LEAST: usize = 2048;

/// How a batch is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchSettings {
    /// Fewer pictures get no verdict.
    pub least: usize,
    /// The most that the ratio may be.
    pub ratio: f64,
    /// Pairs of real samples that are drawn.
    pub draws: u64,
    /// Names the draws.
    pub seed: u64,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self { least: 50, ratio: 1.5, draws: 5, seed: 72 }
    }
}

/// What is said of a batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchReport {
    /// `None` when there are too few pictures to say.
    pub passed: Option<bool>,
    /// Why it did not pass, or why nothing is said.
    pub reasons: Vec<Reason>,
    /// `frechet` (to the real set), `frechet_real` (between two real samples), `frechet_ratio` and its range over the draws,
    /// `frechet_real_95` (the real set's own 95% quantile), `kid`, `kid_real`, and how many pictures each rests on.
    pub figures: Figures,
}

/// Judges a batch by its features beside those of the real set.
///
/// The distance of a batch from real pictures says little by itself: it grows as samples shrink, and depends on the
/// backbone. So each draw takes two real samples without a picture in common and as many of the batch, all of one size, and
/// divides: batch to one sample, over sample to sample. The middle of the draws counts. Without Inception weights no
/// fixed limit holds; the distances between real samples are the yardstick, and their quantile is told.
pub fn judge_batch(batch: &Matrix, real: &Matrix, settings: &BatchSettings) -> Result<BatchReport, CurateError> {
    let size = batch.len().min(real.len() / 2);
    let mut report = BatchReport { passed: None, reasons: Vec::new(), figures: Figures::new() };
    let mut note = |name: &str, value: f64| report.figures.insert(name.to_owned(), value);
    note("pictures", batch.len() as f64);
    note("real", real.len() as f64);
    let few = |words: String| Some(Reason::new(ReasonKind::Batch, words));
    let too_few = if batch.len() < settings.least {
        few(format!("{} pictures are too few for a verdict, {} are needed", batch.len(), settings.least))
    } else if size < settings.least {
        few(format!("{} real pictures are too few for a verdict, {} are needed", real.len(), 2 * settings.least))
    } else {
        None
    };
    if let Some(reason) = too_few {
        report.reasons.push(reason);
        return Ok(report);
    }
    note("sample", size as f64);
    let (mut far, mut apart, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut kids, mut kids_real) = (Vec::new(), Vec::new());
    for draw in 0..settings.draws.max(1) {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(draw);
        let mut drawn = |all: &Matrix| {
            let mut places: Vec<usize> = (0..all.len()).collect();
            places.shuffle(&mut rng);
            places
        };
        let (places, own) = (drawn(real), drawn(batch));
        let one = real.gathered(&places[..size]);
        let other = real.gathered(&places[size..2 * size]);
        let own = batch.gathered(&own[..size]);
        let (to_real, between) = (frechet(&own, &one)?, frechet(&one, &other)?);
        far.push(to_real);
        apart.push(between);
        // Real pictures that are all one leave nothing to divide by.
        ratios.push(if between > 0.0 { to_real / between } else { f64::MAX });
        let subsets = KidSettings { draws: 20, size: 1000, seed: settings.seed };
        kids.push(kid(&own, &one, &subsets)?);
        kids_real.push(kid(&one, &other, &subsets)?);
    }
    let ratio = median(&mut ratios).unwrap_or(f64::MAX);
    note("frechet_ratio", ratio);
    note("frechet_ratio_low", ratios[0]);
    note("frechet_ratio_high", ratios[ratios.len() - 1]);
    for (name, values) in
        [("frechet", &mut far), ("frechet_real", &mut apart), ("kid", &mut kids), ("kid_real", &mut kids_real)]
    {
        if let Some(middle) = median(values) {
            note(name, middle);
        }
    }
    if let Some(high) = quantile(&mut apart, 0.95) {
        note("frechet_real_95", high);
    }
    report.passed = Some(ratio <= settings.ratio);
    if ratio > settings.ratio {
        let words = format!(
            "{ratio:.2} times as far from the real set as real samples of {size} from each other, limit {} \
             (between {:.2} and {:.2} in {} draws)",
            settings.ratio,
            ratios[0],
            ratios[ratios.len() - 1],
            ratios.len()
        );
        report.reasons.push(Reason::new(ReasonKind::Batch, words));
    }
    Ok(report)
}

/// The usual rule, Fréchet inception distance at most 50, on Inception's features. `None` when a side has too few
/// pictures for it.
pub fn fixed_fid(batch: &Matrix, real: &Matrix) -> Result<Option<(bool, f64)>, CurateError> {
    if batch.len().min(real.len()) < INCEPTION_LEAST {
        return Ok(None);
    }
    let found = frechet(batch, real)?;
    Ok(Some((found <= FID_LIMIT, found)))
}
