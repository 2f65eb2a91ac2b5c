//! `[gate]`: what a generated picture must be.

use std::path::{Path, PathBuf};

use anyhow::Result;
use hivis_curate::gate::{Basis, BatchSettings, Fixed, SecondSettings};
use hivis_types::ReleaseId;
use serde::Deserialize;

use super::settings::{expand, unknown};
use crate::failure::Hinted;

/// `[gate]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawGate {
    /// `fixed`, `real` or `both`.
    pub limits: Option<String>,
    /// Least Laplacian variance at 224 pixels.
    pub laplacian: Option<f64>,
    /// Share of pixels outside 20-235 that is refused.
    pub outside: Option<f64>,
    /// Share of one colour that is refused.
    pub one_colour: Option<f64>,
    /// Decibels at which a line of the spectrum is a grid.
    pub grid_db: Option<f64>,
    /// Deviations at which a repetition is a watermark.
    pub repeat: Option<f64>,
    /// Share of the real set beyond each of its limits.
    pub tail: Option<f64>,
    /// Real pictures that are measured at most.
    pub real: Option<usize>,
    /// Bits of 256 up to which two pictures may be one.
    pub same_bits: Option<u32>,
    /// Cosine distance of features up to which they are.
    pub same_distance: Option<f64>,
    /// Releases that judge labels; the current one when empty.
    pub releases: Option<Vec<String>>,
    /// How sure they must be of the other label to refuse.
    pub sureness: Option<f64>,
    /// How sure each must be for a consensus.
    pub consensus: Option<f64>,
    /// Pictures below which a batch gets no verdict.
    pub batch: Option<usize>,
    /// The most that the Fréchet ratio may be.
    pub ratio: Option<f64>,
    /// Pairs of real samples that are drawn.
    pub draws: Option<u64>,
    /// Names every draw.
    pub seed: Option<u64>,
    /// The best share that level 2 looks at.
    pub best: Option<f64>,
    /// Clusters of level 2.
    pub clusters: Option<usize>,
    /// An ONNX graph that gives Inception's features.
    pub inception: Option<PathBuf>,
    /// An ONNX graph of LPIPS.
    pub lpips: Option<PathBuf>,
}

/// `[gate]`, resolved.
#[derive(Debug, Clone)]
pub struct GateSettings {
    /// Which limits apply.
    pub basis: Basis,
    /// The fixed ones.
    pub fixed: Fixed,
    /// Share of the real set beyond each of its limits.
    pub tail: f64,
    /// Real pictures that are measured at most.
    pub real: usize,
    /// Bits of 256 up to which two pictures may be one.
    pub same_bits: u32,
    /// Cosine distance of features up to which they are.
    pub same_distance: f32,
    /// Releases that judge labels; the current one when empty.
    pub releases: Vec<ReleaseId>,
    /// How sure they must be of the other label to refuse.
    pub sureness: f64,
    /// How sure each must be for a consensus.
    pub consensus: f64,
    /// How a batch is judged.
    pub batch: BatchSettings,
    /// How level 2 chooses.
    pub second: SecondSettings,
    /// A graph that gives Inception's features; the usual limit of 50 applies then.
    pub inception: Option<PathBuf>,
}

impl GateSettings {
    pub(crate) fn resolve(raw: &RawGate) -> Result<Self> {
        let fixed = Fixed::default();
        let basis = match raw.limits.as_deref() {
            None => Basis::default(),
            Some(name) => {
                let known = Basis::NAMES.iter().find(|(known, _)| *known == name).map(|(_, basis)| *basis);
                known.ok_or_else(|| unknown("gate.limits", name, &Basis::NAMES.map(|(name, _)| name).join(", ")))?
            }
        };
        let release = |name: &String| {
            let wrong = || Hinted::new(format!("gate.releases: `{name}` is no release"), "`hivis release list`");
            ReleaseId::new(name.as_str()).map_err(|_| anyhow::Error::from(wrong()))
        };
        let (batch, second) = (BatchSettings::default(), SecondSettings::default());
        let seed = raw.seed.unwrap_or(batch.seed);
        let lpips = graph("gate.lpips", raw.lpips.as_deref())?;
        if let Some(path) = lpips {
            let hint = "hivis runs graphs of one picture; leave gate.lpips out, the real set's quantiles apply instead";
            return Err(Hinted::new(format!("gate.lpips: {} is not run", path.display()), hint).into());
        }
        Ok(Self {
            basis,
            fixed: Fixed {
                laplacian: within("laplacian", raw.laplacian.unwrap_or(fixed.laplacian), [0.0, 1e6])?,
                outside: within("outside", raw.outside.unwrap_or(fixed.outside), [0.0, 1.0])?,
                one_colour: within("one_colour", raw.one_colour.unwrap_or(fixed.one_colour), [0.0, 1.0])?,
                grid_db: within("grid_db", raw.grid_db.unwrap_or(fixed.grid_db), [0.0, 200.0])?,
                repeat: within("repeat", raw.repeat.unwrap_or(fixed.repeat), [0.0, 1e3])?,
            },
            tail: within("tail", raw.tail.unwrap_or(0.005), [0.0, 0.25])?,
            real: whole("real", raw.real.unwrap_or(2_000), 1)?,
            same_bits: raw.same_bits.unwrap_or(10).min(256),
            same_distance: within("same_distance", raw.same_distance.unwrap_or(0.01), [0.0, 2.0])? as f32,
            releases: raw.releases.iter().flatten().map(release).collect::<Result<_>>()?,
            // Just above what a generator's hard picture should get from a release that it was made to defeat.
            sureness: within("sureness", raw.sureness.unwrap_or(0.98), [0.5, 2.0])?,
            consensus: within("consensus", raw.consensus.unwrap_or(0.95), [0.5, 1.0])?,
            batch: BatchSettings {
                least: whole("batch", raw.batch.unwrap_or(batch.least), 2)?,
                ratio: within("ratio", raw.ratio.unwrap_or(batch.ratio), [0.0, 1e6])?,
                draws: raw.draws.unwrap_or(batch.draws).clamp(1, 1_000),
                seed,
            },
            second: SecondSettings {
                share: within("best", raw.best.unwrap_or(second.share), [0.0, 1.0])?,
                clusters: whole("clusters", raw.clusters.unwrap_or(second.clusters), 1)?,
                seed,
                ..second
            },
            inception: graph("gate.inception", raw.inception.as_deref())?,
        })
    }
}

/// A graph file that must be there.
fn graph(key: &str, path: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(path) = path.map(expand) else { return Ok(None) };
    if path.is_file() {
        return Ok(Some(path));
    }
    let hint = "name an ONNX file that is there, or leave the key out: then the real set's quantiles apply";
    Err(Hinted::new(format!("{key}: there is no file {}", path.display()), hint).into())
}

fn within(key: &str, value: f64, [low, high]: [f64; 2]) -> Result<f64> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(Hinted::new(format!("gate.{key} = {value} is out of range"), format!("from {low} to {high}")).into())
}

fn whole(key: &str, value: usize, least: usize) -> Result<usize> {
    super::settings::count(&format!("gate.{key}"), value, least)
}
