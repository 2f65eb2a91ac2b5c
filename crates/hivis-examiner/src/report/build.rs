//! Makes the report of an exam from its questions and sittings. Pure: the same input gives the same report.

use std::collections::{BTreeMap, HashSet};

use super::{CandidateReport, ExamReport, Failure, Latency, PairedReport, PoolReport, Proportion, Seen, Worst};
use super::{curve, parts, silence, table};
use crate::error::label_name;
use crate::interval::{Forecast, Pool, Replicate, Resampling, Shard, forecast, paired, replicates};
use crate::reward::{Entry, Metrics};
use crate::tally::{matthews, metrics_of};
use crate::{Answer, ExamPlan, ExaminerError, Outcome, Question, QuestionSet, Sitting};

/// An ask counts as late from here on, in seconds.
const LATE: f64 = 0.05;

type Pair<'a> = (&'a Question, &'a Answer);

/// The replicates of each pool, in the order of [`pools`]; `None` of a pool that lacks a label.
pub type Drawn = Vec<Option<Vec<Replicate>>>;

/// The report of one sitting, or of two over the same questions (A, then B).
pub fn report(plan: &ExamPlan, set: &QuestionSet, sittings: &[Sitting]) -> Result<ExamReport, ExaminerError> {
    check(plan, set, sittings)?;
    let how = resampling(plan);
    let drawn = pools(set, sittings).iter().map(|(_, _, pool)| replicates(pool, &how, Shard::WHOLE)).collect();
    report_drawn(plan, set, sittings, drawn)
}

/// Refuses a plan that cannot be done, and sittings of other questions.
pub(crate) fn check(plan: &ExamPlan, set: &QuestionSet, sittings: &[Sitting]) -> Result<(), ExaminerError> {
    plan.check()?;
    for sitting in sittings {
        let matching = sitting.answers.iter().zip(&set.questions).filter(|(a, q)| a.question == q.id).count();
        if matching != set.questions.len() || sitting.answers.len() != set.questions.len() {
            return Err(ExaminerError::OtherExam {
                candidate: sitting.candidate.clone(),
                answers: matching,
                questions: set.questions.len(),
            });
        }
    }
    Ok(())
}

/// How the plan draws replicates.
pub(crate) fn resampling(plan: &ExamPlan) -> Resampling {
    Resampling { deployment: plan.deployment, replicates: plan.replicates, seed: plan.seed }
}

/// The pools that have questions, with the places of those.
pub(crate) fn pools(set: &QuestionSet, sittings: &[Sitting]) -> Vec<(Seen, Vec<usize>, Pool)> {
    let of = |seen: Seen| {
        let wanted = seen == Seen::TrainedOn;
        let places: Vec<usize> = (0..set.questions.len()).filter(|&i| set.questions[i].trained_on == wanted).collect();
        let questions: Vec<&Question> = places.iter().map(|&i| &set.questions[i]).collect();
        let pool = Pool::of(&questions, &sittings.iter().collect::<Vec<_>>());
        (!places.is_empty()).then_some((seen, places, pool))
    };
    Seen::ALL.into_iter().filter_map(of).collect()
}

/// The report from replicates that were drawn before, one entry a pool.
pub(crate) fn report_drawn(
    plan: &ExamPlan,
    set: &QuestionSet,
    sittings: &[Sitting],
    drawn: Drawn,
) -> Result<ExamReport, ExaminerError> {
    check(plan, set, sittings)?;
    let how = resampling(plan);
    let mut pool_reports: Vec<Vec<PoolReport>> = vec![Vec::new(); sittings.len()];
    let mut pairs = Vec::new();
    let (mut notes, mut differences) = (Vec::new(), Vec::new());
    for ((seen, places, pool), runs) in pools(set, sittings).into_iter().zip(drawn) {
        let questions: Vec<&Question> = places.iter().map(|&i| &set.questions[i]).collect();
        let forecasts = runs.as_ref().and_then(|runs| forecast(&pool, &how, runs));
        if forecasts.is_none() {
            notes.push(format!("{}: one label only, so no reward can be expected", seen.as_str()));
        }
        for (at, sitting) in sittings.iter().enumerate() {
            let pairs: Vec<Pair<'_>> = places.iter().map(|&i| (&set.questions[i], &sitting.answers[i])).collect();
            pool_reports[at].push(pool_report(seen, &pairs, forecasts.as_ref().map(|f| f[at]), &how));
        }
        if let Some(result) = runs.and_then(|runs| paired(&pool, &how, &runs, plan.paired_level)) {
            pairs.push(PairedReport { seen, paired: result });
        }
        if let ([a, b], Seen::Never) = (sittings, seen) {
            differences = parts::differences(&questions, &places, [a, b], plan.seed);
        }
        notes.extend(thin(seen, &questions));
    }
    let each = |(sitting, pools)| candidate(plan, set, sitting, pools);
    let candidates = sittings.iter().zip(pool_reports).map(each).collect();
    let (source, skipped) = (set.source.clone(), set.skipped.clone());
    Ok(ExamReport { plan: plan.clone(), source, skipped, candidates, paired: pairs, parts: differences, notes })
}

/// What makes an interval less than it seems.
fn thin(seen: Seen, questions: &[&Question]) -> Vec<String> {
    let mut notes = Vec::new();
    let name = seen.as_str();
    let mut cells: BTreeMap<_, usize> = BTreeMap::new();
    for q in questions {
        if let Some(level) = q.level {
            *cells.entry((q.label, q.origin, level)).or_default() += 1;
        }
    }
    if cells.len() < 16 {
        notes.push(format!(
            "{name}: {} of 16 kinds of challenge are missing (label, origin, level); the nearest stands in",
            16 - cells.len()
        ));
    }
    let scenes = questions.iter().map(|q| q.scene.as_str()).collect::<HashSet<_>>().len();
    if scenes < 100 {
        notes.push(format!("{name}: {scenes} scenes are few; the interval is rough below about 100"));
    }
    notes
}

fn entries(pairs: &[Pair<'_>]) -> Vec<Entry> {
    pairs.iter().map(|(q, a)| Entry::new(Some(a.prediction), q.label)).collect()
}

fn pool_report(seen: Seen, pairs: &[Pair<'_>], forecast: Option<Forecast>, how: &Resampling) -> PoolReport {
    // Odd numbers would void the reference's metrics as a whole; here they count as no class.
    let judged: Vec<Pair<'_>> = pairs.iter().filter(|(_, a)| a.outcome == Outcome::Answered).copied().collect();
    let mut counts = [[0; 2]; 2];
    for (question, answer) in &judged {
        let right = answer.right(question.label) == Some(true);
        counts[question.label as usize][usize::from(right == (question.label.as_u8() == 1))] += 1;
    }
    let right = (counts[0][0] + counts[1][1]) as usize;
    PoolReport {
        seen,
        scenes: pairs.iter().map(|(q, _)| q.scene.as_str()).collect::<HashSet<_>>().len(),
        questions: pairs.len(),
        forecast,
        metrics: metrics_of(entries(&judged).iter()).unwrap_or_else(Metrics::default),
        mcc: matthews(counts),
        accuracy: Proportion::new(right, judged.len()),
        table: table::rows(pairs),
        silence: silence::curve(pairs, how),
    }
}

fn candidate(plan: &ExamPlan, set: &QuestionSet, sitting: &Sitting, pools: Vec<PoolReport>) -> CandidateReport {
    let pairs: Vec<Pair<'_>> = set.questions.iter().zip(&sitting.answers).collect();
    let came_back = |a: &&Answer| matches!(a.outcome, Outcome::Answered | Outcome::Silent | Outcome::Odd);
    CandidateReport {
        candidate: sitting.candidate.clone(),
        pools,
        failures: failures(&sitting.answers),
        latency: Latency::of(sitting.answers.iter().filter(came_back).map(|a| a.latency_s)),
        late: sitting.answers.iter().filter(|a| a.late_s > LATE).count(),
        worst: worst(&pairs, plan.worst),
        curve: curve::curve(&pairs, plan),
        seconds: sitting.seconds,
        footprint: sitting.footprint,
    }
}

fn failures(answers: &[Answer]) -> Vec<Failure> {
    let kinds = Outcome::ALL.into_iter().filter(|&kind| kind != Outcome::Answered);
    kinds
        .filter_map(|outcome| {
            let mut of_kind = answers.iter().filter(|a| a.outcome == outcome).peekable();
            let example = of_kind.peek()?.message.clone();
            Some(Failure { outcome, count: of_kind.count(), example })
        })
        .collect()
}

/// The most confident wrong answers; equal ones in the order asked.
fn worst(pairs: &[Pair<'_>], most: usize) -> Vec<Worst> {
    let mut wrong: Vec<&Pair<'_>> = pairs.iter().filter(|(q, a)| a.right(q.label) == Some(false)).collect();
    let miss = |(q, a): &Pair<'_>| (a.prediction - f64::from(q.label.as_u8())).abs();
    wrong.sort_by(|a, b| miss(b).total_cmp(&miss(a)));
    let named = wrong.into_iter().take(most).map(|(q, a)| {
        let level = q.level.map_or_else(|| "as it is".to_owned(), |level| format!("level {level}"));
        Worst {
            question: q.id,
            probability: a.prediction,
            caption: format!("{:.2} is {} {} {level}", a.prediction, label_name(q.label), q.origin.as_str()),
            name: q.name.clone(),
        }
    });
    named.collect()
}
