//! How far two engines agree on the same pictures.

use hivis_types::{Label, Picture};

use crate::{Engine, EngineError};

/// What [`compare`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Pictures compared.
    pub n: usize,
    /// Pictures that one engine calls roadwork and the other does not.
    pub changed_side: usize,
    /// Largest difference of probability.
    pub max_abs: f32,
    /// Mean difference of probability.
    pub mean_abs: f32,
}

/// Runs `pictures` one at a time through both engines (so memory stays that of one picture).
pub fn compare(a: &dyn Engine, b: &dyn Engine, pictures: &[Picture]) -> Result<Agreement, EngineError> {
    let mut agreement = Agreement { n: pictures.len(), ..Agreement::default() };
    let mut sum = 0.0f64;
    for picture in pictures {
        let [p, q] = [a.run(&[picture])?, b.run(&[picture])?].map(|s| s.first().map_or(f32::NAN, |s| s.probability));
        agreement.changed_side += usize::from(Label::from_probability(p) != Label::from_probability(q));
        agreement.max_abs = agreement.max_abs.max((p - q).abs());
        sum += f64::from((p - q).abs());
    }
    if agreement.n > 0 {
        agreement.mean_abs = (sum / agreement.n as f64) as f32;
    }
    Ok(agreement)
}
