//! What is known of a night.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_store::{Home, Job, JobStep, Made, Mined, Reviewed, Sample, SampleFrom, StepState};
use hivis_types::Usd;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::health::Health;
use crate::exam_file::ExamFile;
use crate::failing::FailingSlice;
use crate::night::facts::{ExamFacts, ReportFacts, Sat, shaped};
use crate::night::house::House;
use crate::night::{Kind, Step};

/// Nights of the plot.
const TREND: u32 = 30;
/// Failing slices that are named.
const FAILING: usize = 8;

/// Everything that the report tells.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Morning {
    pub(crate) job: JobHead,
    pub(crate) steps: Vec<StepLine>,
    /// The exam of this night.
    pub(crate) exam: Option<ExamFacts>,
    /// What serves now, by the newest exam that it sat.
    pub(crate) serving: Option<String>,
    pub(crate) expected: Option<Sat>,
    /// Exams of this night and the nights before, oldest first.
    pub(crate) trend: Vec<Trend>,
    /// Samples of the reports before, oldest first.
    pub(crate) samples: Vec<(Timestamp, u64)>,
    /// What could be trained on, and what the report before this one counted.
    pub(crate) data: Option<Counted>,
    pub(crate) mined: Option<Mined>,
    pub(crate) failing: Vec<Failing>,
    pub(crate) made: Vec<Made>,
    /// Spent in this job, in the last 7 days, in the last 30.
    pub(crate) spent: [BTreeMap<String, Usd>; 3],
    /// Decisions of the last 7 days.
    pub(crate) reviewed: Reviewed,
    pub(crate) health: Health,
}

/// The job that is told of.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct JobHead {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) due: Timestamp,
    pub(crate) begun: Option<Timestamp>,
    /// Until when this report knows.
    pub(crate) told: Timestamp,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StepLine {
    pub(crate) name: String,
    pub(crate) state: StepState,
    pub(crate) said: String,
    pub(crate) seconds: Option<f64>,
}

/// One night's exam, for the plot.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Trend {
    pub(crate) due: Timestamp,
    pub(crate) before: Sat,
    pub(crate) after: Sat,
}

/// Samples now and at the report before.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Counted {
    pub(crate) facts: ReportFacts,
    pub(crate) before: Option<ReportFacts>,
}

/// A slice that the serving release is bad at.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Failing {
    pub(crate) slice: String,
    pub(crate) accuracy: f64,
    pub(crate) pictures: u64,
}

/// Reads all of it. `steps` are those that ended.
pub(crate) async fn gather(house: &House, job: &Job, steps: &[JobStep], now: Timestamp) -> Result<Morning> {
    let (home, ledger) = (&house.home, &house.ledger);
    let begun = job.begun.unwrap_or(now);
    let back = |days: i64| now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now);
    let found = steps.iter().find(|s| s.name == Step::Exam.as_str() && s.state == StepState::Done);
    let serving = home.releases().current()?;
    let exam = serving.as_ref().map(|id| ExamFile::newest_of(home, id)).transpose()?.flatten();
    let newest = exam.as_ref().zip(serving.as_ref());
    let newest = newest
        .and_then(|(file, id)| file.report.candidates.iter().find(|candidate| candidate.candidate == id.as_str()));
    let line = |step: &JobStep| StepLine {
        name: step.name.clone(),
        state: step.state,
        said: step.said.clone().unwrap_or_default(),
        seconds: step.ended.map(|ended| ended.duration_since(step.begun).as_secs_f64()),
    };
    let earlier = ledger.earlier_facts(Step::Report.as_str(), job.id, TREND).await?;
    let facts = counted(&ledger.samples().await?);
    let before = shaped(earlier.first().map(|(_, facts)| facts));
    let failing = failing(&house.home).await;
    let kind = Kind::named(&job.kind);
    let looked = if kind.is_some_and(|kind| kind.plan().contains(&Step::Mine)) { begun } else { back(7) };
    Ok(Morning {
        job: JobHead { id: job.id, kind: job.kind.clone(), due: job.due, begun: job.begun, told: now },
        steps: steps.iter().map(line).collect(),
        exam: shaped(found.and_then(|step| step.facts.as_ref())),
        serving: serving.as_ref().map(ToString::to_string),
        expected: newest.map(Sat::of),
        trend: trend(house, job.id).await?,
        samples: samples(house, &earlier).await?,
        data: Some(Counted { facts, before }),
        mined: ledger.last_mining(looked).await?,
        failing,
        made: ledger.made_since(begun).await?,
        spent: [
            ledger.spent_since(begun).await?,
            ledger.spent_since(back(7)).await?,
            ledger.spent_since(back(30)).await?,
        ],
        reviewed: ledger.reviewed_since(back(7)).await?,
        health: Health::look(house, now).await?,
    })
}

/// Samples by where they come from and by tag.
fn counted(samples: &[Sample]) -> ReportFacts {
    let mut facts = ReportFacts { samples: samples.len() as u64, ..ReportFacts::default() };
    for sample in samples {
        let source = match &sample.from {
            SampleFrom::Dataset { dataset, .. } => format!("data set {dataset}"),
            SampleFrom::Record { .. } => "recorded".to_owned(),
            SampleFrom::Generated { generator, .. } => format!("generated by {generator}"),
        };
        *facts.by_source.entry(source).or_default() += 1;
        for slice in &sample.slices {
            *facts.by_slice.entry(slice.clone()).or_default() += 1;
        }
    }
    facts
}

/// Slices on which what serves is worse than on the whole, worst first. A report is written whatever becomes of them.
async fn failing(home: &Home) -> Vec<Failing> {
    let found = match crate::failing::failing(home).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!("the failing slices are not known: {error:#}");
            return Vec::new();
        }
    };
    let row =
        |of: FailingSlice| Failing { slice: of.slice.replace(':', " "), accuracy: of.accuracy, pictures: of.pictures };
    found.into_iter().take(FAILING).map(row).collect()
}

async fn trend(house: &House, job: i64) -> Result<Vec<Trend>> {
    let mut nights = Vec::new();
    for (id, facts) in house.ledger.earlier_facts(Step::Exam.as_str(), job + 1, TREND).await? {
        if let (Some(facts), Some(job)) = (shaped::<ExamFacts>(Some(&facts)), house.ledger.job(id).await?) {
            nights.push(Trend { due: job.due, before: facts.before, after: facts.after });
        }
    }
    nights.sort_by_key(|night| night.due);
    Ok(nights)
}

/// How many samples each of these reports counted.
async fn samples(house: &House, reports: &[(i64, serde_json::Value)]) -> Result<Vec<(Timestamp, u64)>> {
    let mut counts = Vec::new();
    for (id, facts) in reports {
        if let (Some(facts), Some(job)) = (shaped::<ReportFacts>(Some(facts)), house.ledger.job(*id).await?) {
            counts.push((job.due, facts.samples));
        }
    }
    counts.sort_unstable();
    Ok(counts)
}
