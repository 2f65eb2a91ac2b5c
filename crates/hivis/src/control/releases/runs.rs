//! Trainings of the home: those that are over, from what they left, and those under way, from what they have told.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use hivis_console::releases::{EpochLine, Fact, FigurePair, RunDetail, RunLine};
use hivis_store::Home;
use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::plots;

/// A training that says nothing for so long may have died: features of many pictures take a while, and tell nothing.
const SILENT: Duration = Duration::from_mins(30);
/// More of a training's events is not read.
const MOST_BYTES: u64 = 16 << 20;
/// Figures that are shown, by their names in `report.json`.
const FIGURES: [(&str, &str); 8] = [
    ("accuracy", "accuracy"),
    ("mcc", "MCC"),
    ("auc_roc", "area under ROC"),
    ("f1", "F1"),
    ("loss", "loss"),
    ("brier", "Brier score"),
    ("calibration_error", "calibration error"),
    ("average_precision", "average precision"),
];

/// What is wanted of `run.toml`; a build without training reads it too.
#[derive(Clone, Deserialize)]
struct RunToml {
    began: Timestamp,
    seconds: f64,
    machine: String,
    hivis: String,
    order: OrderToml,
}

#[derive(Clone, Deserialize)]
struct OrderToml {
    pictures: String,
    backbone: String,
    features: String,
    #[serde(default)]
    from: Option<String>,
}

/// The runs of one home; what is over is read once.
pub(super) struct Runs {
    home: Home,
    over: Mutex<BTreeMap<String, RunLine>>,
}

impl Runs {
    pub(super) fn new(home: &Home) -> Self {
        Self { home: home.clone(), over: Mutex::default() }
    }

    /// The newest runs, newest first; those under way count by their beginning too.
    pub(super) fn newest(&self, limit: usize) -> Result<Vec<RunLine>> {
        let mut lines = Vec::new();
        for entry in fs_err::read_dir(self.home.runs())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if ReleaseId::new(name.clone()).is_err() || !entry.path().is_dir() {
                continue;
            }
            let known = self.over.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
            let line = match known {
                Some(line) => line,
                None => Told::read(&entry.path())?.line(&name),
            };
            if line.state == "finished" {
                self.over.lock().unwrap_or_else(PoisonError::into_inner).insert(name, line.clone());
            }
            lines.push(line);
        }
        lines.sort_by(|a, b| (&b.began, &b.id).cmp(&(&a.began, &a.id)));
        lines.truncate(limit);
        Ok(lines)
    }

    /// One run; `None` when there is none of that name.
    pub(super) fn run(&self, id: &ReleaseId) -> Result<Option<RunDetail>> {
        let folder = self.home.runs().join(id.as_str());
        if !folder.is_dir() {
            return Ok(None);
        }
        Told::read(&folder)?.detail(id.as_str()).map(Some)
    }
}

/// What a run's folder says.
struct Told {
    toml: Option<RunToml>,
    report: Option<Value>,
    epochs: Vec<EpochLine>,
    began: Option<String>,
    ended: Option<String>,
    heard: Option<SystemTime>,
}

impl Told {
    fn read(folder: &Path) -> Result<Self> {
        let toml = there(&folder.join("run.toml"))?;
        // What another version of hivis wrote and this one cannot read is shown without it.
        let toml = toml.and_then(|text| toml::from_str::<RunToml>(&text).ok());
        let report = there(&folder.join("report.json"))?.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let events = folder.join("events.jsonl");
        let heard = [&events, &folder.to_path_buf()].into_iter().find_map(|path| path.metadata().ok()?.modified().ok());
        let mut told = Self { toml, report, epochs: Vec::new(), began: None, ended: None, heard };
        if let Some(text) = there(&events)? {
            told.events(&text);
        }
        if told.epochs.is_empty() {
            told.history();
        }
        Ok(told)
    }

    /// Events of the newest attempt; the last line may be half written.
    fn events(&mut self, text: &str) {
        for event in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            match event["event"].as_str() {
                Some("start") => {
                    self.epochs.clear();
                    self.began = event["time"].as_str().map(str::to_owned);
                    self.ended = None;
                }
                Some("metrics") => {
                    let value = |name: &str| event["values"][name].as_f64();
                    if let (Some(epoch), Some(training), Some(tuning)) =
                        (event["step"].as_u64(), value("loss"), value("val_loss"))
                    {
                        self.epochs.push(EpochLine { epoch, training, tuning });
                    }
                }
                Some("finish") => self.ended = event["status"].as_str().map(str::to_owned),
                _ => {}
            }
        }
    }

    /// Passes as the report has them, where nobody wrote events.
    fn history(&mut self) {
        let history = self.report.as_ref().and_then(|report| report["history"].as_array());
        for (at, losses) in history.into_iter().flatten().enumerate() {
            if let (Some(training), Some(tuning)) = (losses["training"].as_f64(), losses["validation"].as_f64()) {
                self.epochs.push(EpochLine { epoch: at as u64 + 1, training, tuning });
            }
        }
    }

    fn state(&self) -> String {
        if self.toml.is_some() {
            return "finished".to_owned();
        }
        if let Some(ended) = self.ended.as_deref().filter(|ended| *ended != "finished") {
            return ended.to_owned();
        }
        let quiet = self.heard.and_then(|heard| heard.elapsed().ok());
        if quiet.is_some_and(|quiet| quiet > SILENT) { "silent" } else { "running" }.to_owned()
    }

    fn began(&self) -> String {
        let heard = || Timestamp::try_from(self.heard?).ok().map(|at| at.to_string());
        self.toml
            .as_ref()
            .map(|toml| toml.began.to_string())
            .or_else(|| self.began.clone())
            .or_else(heard)
            .unwrap_or_default()
    }

    fn line(&self, id: &str) -> RunLine {
        RunLine {
            id: id.to_owned(),
            state: self.state(),
            began: self.began(),
            epochs: self.epochs.len(),
            loss: self.epochs.last().map(|epoch| epoch.tuning),
            accuracy: self.report.as_ref().and_then(|report| report["tune"]["accuracy"].as_f64()),
        }
    }

    fn detail(&self, id: &str) -> Result<RunDetail> {
        let kept = self.report.as_ref().and_then(|report| report["best"].as_u64()).map(|best| best as usize);
        let (training, tuning): (Vec<_>, Vec<_>) = self
            .epochs
            .iter()
            .map(|epoch| ((epoch.epoch as f64, epoch.training), (epoch.epoch as f64, epoch.tuning)))
            .unzip();
        let curve = (self.epochs.len() > 1).then(|| plots::learning(&training, &tuning, kept)).transpose()?;
        let bins: Vec<(f64, f64)> = self
            .report
            .iter()
            .flat_map(|report| report["reliability"].as_array().into_iter().flatten())
            .filter_map(|bin| Some((bin["probability"].as_f64()?, bin["roadwork"].as_f64()?)))
            .collect();
        let calibration = (!bins.is_empty()).then(|| plots::calibration(&bins)).transpose()?;
        Ok(RunDetail {
            line: self.line(id),
            facts: self.facts(),
            epochs: self.epochs.clone(),
            kept: kept.map(|at| at + 1),
            curve,
            calibration,
            figures: self.figures(),
        })
    }

    fn figures(&self) -> Vec<FigurePair> {
        let Some(report) = &self.report else { return Vec::new() };
        let figure = |(key, name): &(&str, &str)| {
            let (after, before) = (report["tune"][*key].as_f64()?, report["tune_raw"][*key].as_f64()?);
            Some(FigurePair { name: (*name).to_owned(), after, before })
        };
        FIGURES.iter().filter_map(figure).collect()
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut fact = |name: &str, text: String| facts.push(Fact { name: name.to_owned(), text });
        if let Some(toml) = &self.toml {
            fact("pictures", toml.order.pictures.clone());
            fact("backbone", format!("{}, features {}", toml.order.backbone, toml.order.features));
            if let Some(from) = &toml.order.from {
                fact("goes on from", from.clone());
            }
            fact("took", format!("{:.1} s", toml.seconds));
            fact("machine", toml.machine.clone());
            fact("hivis", toml.hivis.clone());
        }
        let Some(report) = &self.report else { return facts };
        let part = |name: &str| report["parts"][name]["pictures"].as_u64();
        if let (Some(train), Some(tune)) = (part("train"), part("tune")) {
            fact("split", format!("{train} pictures to learn from, {tune} to tune on"));
        }
        if let (Some(a), Some(b)) = (report["calibration"][0].as_f64(), report["calibration"][1].as_f64()) {
            fact("last node", format!("sigmoid({a:.3} · logit {b:+.3})"));
        }
        if let Some(missed) = report["below_floor"].as_str() {
            fact("below a floor", missed.to_owned());
        }
        if report["cut_short"].as_bool() == Some(true) {
            fact("cut short", "its time was over before its last pass".to_owned());
        }
        facts
    }
}

/// The text of a file, as far as it is read; `None` where there is none.
fn there(path: &Path) -> Result<Option<String>> {
    use std::io::Read as _;
    let file = match fs_err::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_under_way_is_as_far_as_its_events_and_its_last_attempt_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let line = |step: u64, loss: f64| {
            format!(
                "{{\"event\":\"metrics\",\"step\":{step},\"values\":{{\"loss\":{loss},\"val_loss\":{}}}}}\n",
                loss + 0.1
            )
        };
        let start = "{\"event\":\"start\",\"time\":\"2026-11-27T02:00:00Z\"}\n";
        let text = [start, &line(1, 9.0), start, &line(1, 0.5), &line(2, 0.4), "{\"event\":\"metr"].concat();
        std::fs::write(folder.path().join("events.jsonl"), text).expect("a file");
        let detail = Told::read(folder.path()).expect("it reads").detail("run").expect("it is drawn");
        assert_eq!((detail.line.state.as_str(), detail.line.epochs), ("running", 2));
        assert_eq!((detail.line.loss, detail.line.began.as_str()), (Some(0.5), "2026-11-27T02:00:00Z"));
        let svg = detail.curve.expect("two passes make a curve");
        assert!(svg.contains("class=\"plot-line plot-road\"") && !svg.contains("style="), "{svg}");
        assert_eq!((detail.kept, detail.calibration), (None, None));
    }
}
