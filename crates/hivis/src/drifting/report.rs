//! What the ledger says of drift, for people, programs and the page.

use std::fmt::Write as _;

use anyhow::Result;
use hivis_curate::drift::{Kind, Limit, calm, limit};
use hivis_store::{DriftValue, Ledger};
use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{reference, score};
use crate::config::DriftSettings;
use crate::table::table;

/// How things stand with one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// There is no value.
    Waiting,
    /// There are values, and too few to know what is usual.
    Learning,
    /// The newest window is usual.
    Quiet,
    /// The newest window alone is above its limit, as a few of a hundred are by chance.
    Unusual,
    /// Two or more windows in a row are.
    Drifting,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Learning => "learning",
            Self::Quiet => "quiet",
            Self::Unusual => "unusual",
            Self::Drifting => "drifting",
        }
    }
}

/// One window's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Point {
    /// The window's number.
    pub(crate) window: i64,
    /// The latest arrival in it, UTC.
    pub(crate) at: Timestamp,
    /// The value.
    pub(crate) value: f64,
    /// What was unusual then.
    pub(crate) limit: Option<f64>,
    /// More that there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) facts: Option<Value>,
}

impl Point {
    fn over(&self) -> bool {
        self.limit.is_some_and(|limit| self.value > limit)
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Question {
    /// Its name.
    pub(crate) kind: Kind,
    /// What is asked.
    pub(crate) asks: &'static str,
    /// How things stand.
    pub(crate) state: State,
    /// The newest value over its limit: 1 is the limit.
    pub(crate) ratio: Option<f64>,
    /// Since when windows are above their limit without a break, UTC.
    pub(crate) since: Option<Timestamp>,
    /// Windows that the limit still lacks.
    pub(crate) lacks: Option<usize>,
    /// Why there is no value, and what brings one.
    pub(crate) why: Option<String>,
    /// Values, oldest first.
    pub(crate) points: Vec<Point>,
}

/// Everything that `hivis drift` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Report {
    /// The release of the newest window.
    pub(crate) release: Option<ReleaseId>,
    /// What its features are comparable in.
    pub(crate) space: Option<String>,
    /// Pictures that stand for the training data.
    pub(crate) reference: usize,
    /// Records of a window.
    pub(crate) window: u32,
    /// The share of windows without drift that may be called unusual.
    pub(crate) false_alarms: f64,
    /// The questions.
    pub(crate) questions: Vec<Question>,
}

fn asks(kind: Kind) -> &'static str {
    match kind {
        Kind::InputNearest => "How far are pictures from the nearest one of the training data (cosine distance, mean)?",
        Kind::InputEnergy => "How differently are features spread from those of the training data (energy distance)?",
        Kind::ScoreKs => "How far apart are the distributions of scores, now and at first (Kolmogorov-Smirnov)?",
        Kind::ScorePsi => "How much have the shares of scores in ten bins changed (population stability index)?",
        Kind::ScoreWasserstein => "How far have scores moved (Wasserstein distance)?",
        Kind::Accuracy => "Are answers wrong more often than the exam promised (cumulative sum)?",
    }
}

/// Reads the newest `most` values of each question.
pub(crate) async fn report(ledger: &Ledger, settings: &DriftSettings, most: u32) -> Result<Report> {
    let release = ledger.last_drift_window().await?.map(|window| window.is.release);
    let kept = match &release {
        Some(release) => ledger.drift_reference(release).await?,
        None => None,
    };
    let mut questions = Vec::new();
    for kind in Kind::ALL {
        let score = matches!(kind, Kind::ScoreKs | Kind::ScorePsi | Kind::ScoreWasserstein);
        let era = if score { None } else { release.as_ref() };
        let values = match &release {
            Some(_) => ledger.drift_values(kind.as_str(), era, most).await?,
            None => Vec::new(),
        };
        let why = if values.is_empty() { Some(why(kind, release.is_some(), settings)) } else { None };
        questions.push(question(kind, values, settings, why));
    }
    Ok(Report {
        space: kept.as_ref().map(|kept| kept.space.clone()),
        reference: kept.map_or(0, |kept| kept.pictures.len()),
        release,
        window: settings.window,
        false_alarms: settings.false_alarms,
        questions,
    })
}

/// What is missing, and what brings it.
fn why(kind: Kind, windows: bool, settings: &DriftSettings) -> String {
    let window = settings.window;
    match kind {
        _ if !windows => format!("the first window takes {window} judged records"),
        Kind::InputNearest | Kind::InputEnergy => format!(
            "it takes {} labelled pictures with features: `hivis import dataset` brings labels, `hivis mine run` features",
            reference::LEAST
        ),
        Kind::Accuracy => {
            "no label came yet: they come with the validators' log (`hivis earnings`) and from reviewers".into()
        }
        _ => format!("a release is compared with its own first {} windows of {window}", score::FIRST),
    }
}

fn question(kind: Kind, values: Vec<DriftValue>, settings: &DriftSettings, why: Option<String>) -> Question {
    let read = |value: DriftValue| Point {
        window: value.window,
        at: value.until,
        value: value.value,
        limit: value.limit,
        facts: value.facts,
    };
    let points: Vec<Point> = values.into_iter().map(read).collect();
    let over = points.iter().rev().take_while(|point| point.over()).count();
    let newest = points.last();
    let known = newest.and_then(|point| point.limit);
    let state = match (newest, known, over) {
        (None, ..) => State::Waiting,
        (Some(_), None, _) => State::Learning,
        (Some(_), Some(_), 0) => State::Quiet,
        (Some(_), Some(_), 1) => State::Unusual,
        _ => State::Drifting,
    };
    let past: Vec<(f64, Option<f64>)> = points.iter().map(|point| (point.value, point.limit)).collect();
    let lacks = match limit(&calm(&past), settings.false_alarms, settings.least as usize) {
        Limit::Learning { have, need } if state == State::Learning => Some((need - have).max(1)),
        _ => (state == State::Learning).then_some(1),
    };
    Question {
        kind,
        asks: asks(kind),
        state,
        ratio: newest.zip(known).map(|(point, limit)| point.value / limit.max(f64::MIN_POSITIVE)),
        since: (over > 0).then(|| points[points.len() - over].at),
        lacks,
        why,
        points,
    }
}

impl Report {
    /// For the terminal.
    pub(crate) fn text(&self) -> String {
        let Some(release) = &self.release else {
            return format!("no window yet: the first takes {} judged records\n", self.window);
        };
        let rows: Vec<Vec<String>> = self
            .questions
            .iter()
            .map(|question| {
                let newest = question.points.last();
                let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
                vec![
                    question.kind.as_str().to_owned(),
                    question.state.as_str().to_owned(),
                    number(newest.map(|point| point.value)),
                    number(newest.and_then(|point| point.limit)),
                    number(question.ratio),
                    question.points.len().to_string(),
                    question.since.map_or_else(|| "-".to_owned(), |since| since.strftime("%Y-%m-%d %H:%M").to_string()),
                ]
            })
            .collect();
        let mut text = table(&["question", "state", "value", "limit", "of limit", "windows", "since (UTC)"], &rows);
        for question in &self.questions {
            match (&question.why, question.lacks) {
                (Some(why), _) => {
                    let _ = writeln!(text, "{}: {why}", question.kind.as_str());
                }
                (None, Some(lacks)) => {
                    let _ = writeln!(text, "{}: {lacks} windows more, then it has a limit", question.kind.as_str());
                }
                _ => {}
            }
        }
        text + &format!(
            "release {release}; windows of {} records; {} pictures stand for the training data{}; a quiet window is called \
             unusual in at most {}% of cases\n",
            self.window,
            self.reference,
            self.space.as_ref().map_or_else(String::new, |space| format!(" in the space {space}")),
            100.0 * self.false_alarms,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_things_stand() {
        let settings = DriftSettings::resolve(&crate::config::RawDrift::default()).expect("defaults");
        let era = ReleaseId::new("one").expect("a name");
        let ask = |values: &[(f64, Option<f64>)]| {
            let value = |(at, (value, limit)): (usize, &(f64, Option<f64>))| DriftValue {
                kind: "score-ks".to_owned(),
                era: era.clone(),
                window: at as i64,
                until: Timestamp::from_second(60 * at as i64).expect("a time"),
                value: *value,
                limit: *limit,
                facts: None,
            };
            question(Kind::ScoreKs, values.iter().enumerate().map(value).collect(), &settings, None)
        };
        let quiet = (1.0, Some(2.0));
        let over = (3.0, Some(2.0));
        assert_eq!(ask(&[]).state, State::Waiting);
        let learning = ask(&[(1.0, None); 3]);
        assert_eq!((learning.state, learning.lacks), (State::Learning, Some(47)));
        assert_eq!((ask(&[over, quiet]).state, ask(&[over, quiet]).ratio), (State::Quiet, Some(0.5)));
        assert_eq!(ask(&[quiet, over]).state, State::Unusual);
        let drifting = ask(&[over, quiet, over, over]);
        assert_eq!((drifting.state, drifting.ratio), (State::Drifting, Some(1.5)));
        assert_eq!(drifting.since.map(Timestamp::as_second), Some(120), "since the first of the run");
    }
}
