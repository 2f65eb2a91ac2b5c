//! What a picture may measure.

use hivis_image::quality::Quality;
use serde::Serialize;

use super::figures::quantile;

/// From so many real pictures on, their quantiles are limits.
pub const LEAST_REAL: usize = 200;

/// Limits that hold for any street.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fixed {
    /// Least Laplacian variance at 224 pixels.
    pub laplacian: f64,
    /// Most share of pixels with luma outside 20-235; that share itself is refused.
    pub outside: f64,
    /// Most share of one colour; that share itself is refused.
    pub one_colour: f64,
    /// Most that a line of the spectrum may stand out, in decibels (measured: see `hivis_image::quality`).
    pub grid_db: f64,
    /// Most that a repetition may stand out, in deviations (measured there too).
    pub repeat: f64,
}

impl Default for Fixed {
    fn default() -> Self {
        Self { laplacian: 100.0, outside: 0.95, one_colour: 0.8, grid_db: 14.0, repeat: 12.0 }
    }
}

/// What real pictures measure, as limits: `[low, high]` for detail, the high end for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RealSet {
    /// How many pictures it was taken from.
    pub pictures: usize,
    /// Which share of them lies beyond each limit.
    pub tail: f64,
    /// Laplacian variance.
    pub laplacian: [f64; 2],
    /// Share of pixels outside 20-235.
    pub outside: f64,
    /// Share of one colour.
    pub one_colour: f64,
    /// Decibels of the spectrum's strongest line.
    pub grid_db: f64,
    /// Deviations of the strongest repetition.
    pub repeat: f64,
}

impl RealSet {
    /// The limits beyond which `tail` of the real pictures lie; `None` below [`LEAST_REAL`] pictures.
    pub fn of(real: &[Quality], tail: f64) -> Option<Self> {
        if real.len() < LEAST_REAL {
            return None;
        }
        let at = |of: &dyn Fn(&Quality) -> Option<f64>, share: f64| {
            quantile(&mut real.iter().filter_map(of).collect::<Vec<_>>(), share)
        };
        let high = 1.0 - tail;
        Some(Self {
            pictures: real.len(),
            tail,
            laplacian: [at(&|q| Some(q.laplacian), tail)?, at(&|q| Some(q.laplacian), high)?],
            outside: at(&|q| Some(q.outside), high)?,
            one_colour: at(&|q| Some(q.one_colour), high)?,
            // Real pictures too small for a spectrum set no limit.
            grid_db: at(&|q| q.spectrum.map(|s| s.grid.db), high).unwrap_or(f64::MAX),
            repeat: at(&|q| q.spectrum.map(|s| s.repeat.strength), high).unwrap_or(f64::MAX),
        })
    }
}

/// Which limits apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The fixed ones.
    Fixed,
    /// Detail by the real set where it is large enough (streets in fog have little of it); light, one colour, grid and
    /// watermark by the fixed limits.
    #[default]
    Real,
    /// Both for everything: the stricter counts.
    Both,
}

impl Basis {
    /// The names in configuration.
    pub const NAMES: [(&'static str, Self); 3] = [("fixed", Self::Fixed), ("real", Self::Real), ("both", Self::Both)];
}

/// The limits of one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limits {
    /// Those that hold for any street.
    pub fixed: Fixed,
    /// Those of the real set, when there is one.
    pub real: Option<RealSet>,
    /// Which apply.
    pub basis: Basis,
}

impl Limits {
    /// The fixed limits alone.
    pub fn fixed(fixed: Fixed) -> Self {
        Self { fixed, real: None, basis: Basis::Fixed }
    }

    /// The real set's limits, when they apply.
    pub fn real(&self) -> Option<&RealSet> {
        self.real.as_ref().filter(|_| self.basis != Basis::Fixed)
    }
}
