//! Exams of the home, in few words, each file read once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use hivis_console::releases::{CompareQuery, ExamCompared, ExamLine, ExamSide, SliceLine, Span};
use hivis_examiner::interval::Interval;
use hivis_examiner::report::{CandidateReport, Proportion, Seen};
use hivis_store::Home;
use hivis_types::{Precision, ReleaseId};

use crate::config::Settings;
use crate::control::failed::cause;
use crate::exam_file::{self, ExamFile};

/// What is kept of an exam's file. Files are never written again.
struct Brief {
    line: ExamLine,
    rewards: BTreeMap<String, Span>,
}

/// The exams of one home.
pub(crate) struct Exams {
    home: Home,
    read: Mutex<BTreeMap<String, Option<Arc<Brief>>>>,
}

impl Exams {
    pub(crate) fn new(home: &Home) -> Self {
        Self { home: home.clone(), read: Mutex::default() }
    }

    /// The newest exams that `wanted` takes, newest first; files whose name has no `part` in it are not opened.
    pub(super) fn newest(&self, limit: usize, part: &str, wanted: impl Fn(&ExamLine) -> bool) -> Result<Vec<ExamLine>> {
        let names = exam_file::names(&self.home, |name| name.contains(part))?;
        let briefs = names.iter().filter_map(|name| self.brief(name));
        Ok(briefs.map(|brief| brief.line.clone()).filter(wanted).take(limit).collect())
    }

    /// What the newest exam of a release expects of its reward.
    pub(crate) fn reward(&self, release: &ReleaseId) -> Result<Option<(Span, ExamLine)>> {
        for name in exam_file::names(&self.home, |name| name.contains(release.as_str()))? {
            let Some(brief) = self.brief(&name) else { continue };
            if let Some(reward) = brief.rewards.get(release.as_str()) {
                return Ok(Some((*reward, brief.line.clone())));
            }
        }
        Ok(None)
    }

    fn brief(&self, name: &str) -> Option<Arc<Brief>> {
        if let Some(known) = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return known.clone();
        }
        let brief = match ExamFile::read(&self.home, name) {
            Ok(file) => Some(Arc::new(brief(name, &file))),
            Err(error) => {
                tracing::warn!(%error, name, "an exam cannot be read; it is left out");
                None
            }
        };
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), brief.clone());
        brief
    }
}

fn brief(name: &str, file: &ExamFile) -> Brief {
    let who: Vec<String> = file.candidates.iter().map(|sitter| sitter.release.to_string()).collect();
    let rewards = who.iter().cloned().zip(&file.report.candidates);
    Brief {
        rewards: rewards.filter_map(|(release, candidate)| Some((release, reward(candidate)?))).collect(),
        line: line(name, file),
    }
}

fn line(name: &str, file: &ExamFile) -> ExamLine {
    let pair = file.report.paired.iter().find(|pair| pair.seen == Seen::Never).map(|pair| &pair.paired);
    ExamLine {
        file: name.to_owned(),
        sat: file.made.to_string(),
        who: file.candidates.iter().map(|sitter| sitter.release.to_string()).collect(),
        questions: file.report.plan.questions,
        difference: pair.map(|paired| interval(paired.reward)),
        lower: pair.map(|paired| paired.lower),
    }
}

/// Reward to expect with a history of its own.
fn reward(candidate: &CandidateReport) -> Option<Span> {
    candidate.headline()?.forecast.map(|forecast| interval(forecast.from_full.reward))
}

fn interval(interval: Interval) -> Span {
    Span { low: interval.low, point: interval.point, high: interval.high }
}

fn share(share: Proportion) -> Span {
    Span { low: share.low, point: share.share, high: share.high }
}

/// The newest exam of A and then B; `None` when they sat none.
pub(super) fn compare(home: &Home, settings: &Settings, query: &CompareQuery) -> Result<Option<ExamCompared>> {
    let (Ok(a), Ok(b)) = (ReleaseId::new(query.a.clone()), ReleaseId::new(query.b.clone())) else { return Ok(None) };
    let Some((name, file)) = ExamFile::newest(home, &a, &b)? else { return Ok(None) };
    let report = &file.report;
    let pair = report.paired.iter().find(|pair| pair.seen == Seen::Never).map(|pair| &pair.paired);
    let sides = file.candidates.iter().zip(&report.candidates).map(|(sitter, candidate)| {
        let pool = candidate.headline();
        ExamSide {
            release: sitter.release.to_string(),
            runs_on: format!("{}, {}", sitter.engine.as_str(), Precision::as_str(sitter.precision)),
            reward: reward(candidate),
            accuracy: pool.map(|pool| share(pool.accuracy)).unwrap_or_default(),
            mcc: pool.map_or(0.0, |pool| pool.mcc),
            p50_ms: candidate.latency.p50_ms,
            p99_ms: candidate.latency.p99_ms,
        }
    });
    let tables: Vec<BTreeMap<String, Span>> = report.candidates.iter().map(table).collect();
    let of = |at: usize, part: &str| tables.get(at).and_then(|table| table.get(part)).copied();
    let mut slices: Vec<SliceLine> = report
        .parts
        .iter()
        .map(|part| SliceLine {
            part: part.part.clone(),
            scenes: part.scenes,
            a: of(0, &part.part),
            b: of(1, &part.part),
            difference: part.difference,
            beyond: match (part.is_worse(), part.is_better()) {
                (true, _) => Some("worse".to_owned()),
                (_, true) => Some("better".to_owned()),
                _ => None,
            },
        })
        .collect();
    slices.sort_by(|x, y| x.difference.total_cmp(&y.difference));
    Ok(Some(ExamCompared {
        exam: line(&name, &file),
        source: report.source.clone(),
        sides: sides.collect(),
        level: pair.map(|paired| 100.0 * paired.level),
        p_better: pair.map(|paired| paired.p_better),
        refusal: refusal(settings, &file),
        slices,
        notes: report.notes.clone(),
    }))
}

/// Why the policy does not let B take A's place.
fn refusal(settings: &Settings, file: &ExamFile) -> Option<String> {
    let model = &settings.model;
    if file.candidates.iter().any(|c| c.engine != model.engine || c.precision != model.precision) {
        let served = format!("{} in {}", model.engine.as_str(), Precision::as_str(model.precision));
        return Some(format!("it was not sat on {served}, which serves"));
    }
    settings.policy.judge(&file.report).err().map(|error| cause(&error).replacen("the policy refuses: ", "", 1))
}

/// Accuracies by part of the pool that decides.
fn table(candidate: &CandidateReport) -> BTreeMap<String, Span> {
    let rows = candidate.headline().map(|pool| pool.table.as_slice()).unwrap_or_default();
    rows.iter().map(|row| (format!("{} {}", row.kind, row.value), share(row.accuracy))).collect()
}
