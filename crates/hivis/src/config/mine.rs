//! `[mine]`: what counts as hard, and how many are picked.

use anyhow::Result;
use hivis_curate::mine::{GuessSettings, Rules, SpreadSettings, TwinSettings};
use hivis_types::ReleaseId;
use jiff::SignedDuration;
use serde::Deserialize;

use super::settings::{count, within};
use crate::failure::Hinted;

/// `[mine]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawMine {
    /// A confidence max(p, 1 - p) below this is uncertain.
    pub confidence: Option<f64>,
    /// Bands of probabilities that are uncertain: `[[0.3, 0.7], [0.4, 0.6]]`.
    pub bands: Option<Vec<[f64; 2]>>,
    /// A binary entropy above this is uncertain, in bits.
    pub entropy_bits: Option<f64>,
    /// Members or releases further apart than this disagree.
    pub disagreement: Option<f64>,
    /// A probability that moved by more than this from one release to the next has drifted.
    pub drift: Option<f64>,
    /// Releases that are asked for a second opinion.
    pub members: Option<Vec<String>>,
    /// The newest pictures that the current release judges again when another one did, and that `members` judge; 0: none.
    pub rejudge: Option<usize>,
    /// Days that a night looks back; labels come late.
    pub night_days: Option<u32>,
    /// Days that a week's run looks back.
    pub week_days: Option<u32>,
    /// Clusters of a week's run, and of one by hand.
    pub week_clusters: Option<usize>,
    /// Picks a cluster of a week's run.
    pub week_each: Option<usize>,
    /// Clusters of a night's run.
    pub night_clusters: Option<usize>,
    /// Picks a cluster of a night's run.
    pub night_each: Option<usize>,
    /// Clusters with centres nearer than this in cosine distance are merged.
    pub merge: Option<f64>,
    /// A cluster with a member further than this from its centre, in cosine distance, is split.
    pub split: Option<f64>,
    /// Pictures nearer than this in cosine distance show one scene.
    pub scene: Option<f64>,
    /// The hardest pictures that are looked at closely, at most.
    pub pool: Option<usize>,
    /// Days in which a picked picture is not picked again.
    pub again_days: Option<u32>,
    /// Neighbours that are asked what a picture shows.
    pub neighbours: Option<usize>,
    /// Share of them that must agree.
    pub share: Option<f64>,
    /// The share of all judged that is expected to be hard, in percent: `[5, 10]`.
    pub expected_percent: Option<[f64; 2]>,
}

/// `[mine]`, resolved.
#[derive(Debug, Clone)]
pub struct MineSettings {
    /// What counts as hard.
    pub rules: Rules,
    /// Releases that are asked for a second opinion.
    pub members: Vec<ReleaseId>,
    /// The newest pictures that are judged again, at most.
    pub rejudge: usize,
    /// A night's run.
    pub night: RunSize,
    /// A week's run, and one by hand.
    pub week: RunSize,
    /// Merging, splitting, scenes and twins; the size and the seed come from the run.
    pub spread: SpreadSettings,
    /// The hardest pictures that are looked at closely, at most.
    pub pool: usize,
    /// How long a picked picture is not picked again.
    pub again: SignedDuration,
    /// How slices are guessed.
    pub guess: GuessSettings,
    /// The share of all judged that is expected to be hard, from and to, in [0, 1].
    pub expected: (f64, f64),
}

/// How far a run looks back, and what it picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSize {
    /// How far it looks back.
    pub back: SignedDuration,
    /// Clusters to begin with.
    pub clusters: usize,
    /// Picks a cluster.
    pub each: usize,
}

impl MineSettings {
    pub(crate) fn resolve(raw: &RawMine) -> Result<Self> {
        let usual = Rules::default();
        let spread = SpreadSettings::default();
        let guess = GuessSettings::default();
        let share = |key: &str, value: Option<f64>, usual: f32| {
            within(key, value.unwrap_or_else(|| plain(usual)), 0.0..=1.0).map(|value| value as f32)
        };
        let distance = |key: &str, value: Option<f64>, usual: f32| {
            within(key, value.unwrap_or_else(|| plain(usual)), 0.0..=2.0).map(|value| value as f32)
        };
        let settings = Self {
            rules: Rules {
                confidence: within("mine.confidence", raw.confidence.unwrap_or(0.7), 0.5..=1.0)? as f32,
                bands: raw.bands.as_ref().map_or(Ok(usual.bands), |bands| bands.iter().map(band).collect())?,
                entropy_bits: share("mine.entropy_bits", raw.entropy_bits, usual.entropy_bits)?,
                disagreement: share("mine.disagreement", raw.disagreement, usual.disagreement)?,
                drift: share("mine.drift", raw.drift, usual.drift)?,
            },
            members: raw.members.iter().flatten().map(member).collect::<Result<_>>()?,
            rejudge: raw.rejudge.unwrap_or(500),
            night: RunSize {
                back: days("mine.night_days", raw.night_days, 7)?,
                clusters: size("mine.night_clusters", raw.night_clusters, 10)?,
                each: size("mine.night_each", raw.night_each, 2)?,
            },
            week: RunSize {
                back: days("mine.week_days", raw.week_days, 30)?,
                clusters: size("mine.week_clusters", raw.week_clusters, 20)?,
                each: size("mine.week_each", raw.week_each, 5)?,
            },
            spread: SpreadSettings {
                merge: distance("mine.merge", raw.merge, spread.merge)?,
                split: distance("mine.split", raw.split, spread.split)?,
                scene: distance("mine.scene", raw.scene, spread.scene)?,
                twins: TwinSettings::default(),
                ..spread
            },
            pool: count("mine.pool", raw.pool.unwrap_or(5_000), 1)?,
            again: days("mine.again_days", raw.again_days, 30)?,
            guess: GuessSettings {
                neighbours: size("mine.neighbours", raw.neighbours, guess.neighbours)?,
                share: within("mine.share", raw.share.unwrap_or_else(|| plain(guess.share)), 0.01..=1.0)? as f32,
                ..guess
            },
            expected: expected(raw.expected_percent.unwrap_or([5.0, 10.0]))?,
        };
        if settings.spread.merge >= settings.spread.split {
            let message =
                format!("mine.merge = {} is not below mine.split = {}", settings.spread.merge, settings.spread.split);
            return Err(Hinted::new(message, "what was merged would be split again; the usual is 0.4 and 0.6").into());
        }
        Ok(settings)
    }
}

/// A setting as it was written, not as its nearest `f32` widens.
pub(crate) fn plain(value: f32) -> f64 {
    (f64::from(value) * 1e6).round() / 1e6
}

fn band(band: &[f64; 2]) -> Result<(f32, f32)> {
    let [low, high] = *band;
    if low < high && (0.0..=1.0).contains(&low) && high <= 1.0 {
        return Ok((low as f32, high as f32));
    }
    let message = format!("mine.bands: [{low}, {high}] is no band");
    Err(Hinted::new(message, "the smaller end first, both from 0 to 1, such as [[0.3, 0.7], [0.4, 0.6]]").into())
}

fn member(name: &String) -> Result<ReleaseId> {
    ReleaseId::new(name.as_str()).map_err(|error| {
        let hint = "`hivis release list` shows the names";
        anyhow::Error::new(error).context(Hinted::new(format!("mine.members: {name} is no release"), hint))
    })
}

fn days(key: &str, value: Option<u32>, usual: u32) -> Result<SignedDuration> {
    let days = within(key, f64::from(value.unwrap_or(usual)), 1.0..=3650.0)?;
    Ok(SignedDuration::from_hours(24 * days as i64))
}

fn size(key: &str, value: Option<usize>, usual: usize) -> Result<usize> {
    within(key, value.unwrap_or(usual) as f64, 1.0..=10_000.0).map(|size| size as usize)
}

fn expected(percent: [f64; 2]) -> Result<(f64, f64)> {
    let [low, high] = percent;
    if low <= high && (0.0..=100.0).contains(&low) && high <= 100.0 {
        return Ok((low / 100.0, high / 100.0));
    }
    let message = format!("mine.expected_percent = [{low}, {high}] is no range");
    Err(Hinted::new(message, "the smaller first, in percent, such as [5, 10]").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> Result<MineSettings> {
        MineSettings::resolve(&toml::from_str(text).expect("TOML of the section"))
    }

    #[test]
    fn the_defaults_are_those_of_the_room_and_100_a_week() {
        let settings = resolved("").expect("defaults");
        assert_eq!(settings.rules, Rules::default());
        assert_eq!(settings.spread, SpreadSettings::default());
        assert_eq!(settings.guess, GuessSettings::default());
        assert_eq!((settings.week.clusters, settings.week.each), (20, 5));
        assert_eq!(settings.expected, (0.05, 0.1));
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_hint() {
        let table = [
            ("confidence = 0.4", "from 0.5 to 1"),
            ("confidence = nan", "from 0.5 to 1"),
            ("entropy_bits = 1.1", "from 0 to 1"),
            ("bands = [[0.7, 0.3]]", "the smaller end first"),
            ("bands = [[0.3, nan]]", "the smaller end first"),
            ("bands = [[-0.1, 0.3]]", "the smaller end first"),
            ("members = [\"../up\"]", "hivis release list"),
            ("week_clusters = 0", "from 1 to 10000"),
            ("pool = 0", "at least 1"),
            ("again_days = 0", "from 1 to 3650"),
            ("merge = 0.6", "merged would be split again"),
            ("expected_percent = [10, 5]", "the smaller first"),
            ("share = 0.0", "from 0.01 to 1"),
        ];
        for (text, hint) in table {
            let error = resolved(text).expect_err(text);
            let said = crate::failure::text(&error);
            assert!(said.contains("mine.") && said.contains(hint), "{text}: {said}");
        }
        let bands = resolved("bands = [[0.45, 0.55]]\nmembers = [\"one\", \"two\"]").expect("good");
        assert_eq!((bands.rules.bands, bands.members.len()), (vec![(0.45, 0.55)], 2));
    }
}
