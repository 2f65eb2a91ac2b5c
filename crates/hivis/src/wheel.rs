//! One turn of the wheel, as the demo shows it: a head trains, sits the exam beside the release that serves, and takes
//! its place if the policy lets it.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use hivis_examiner::{ExamPlan, ExamReport, Examiner, Scenes};
use hivis_store::{Home, PromotionKind};
use hivis_synth::Mix;
use hivis_train::training::TrainingSettings;
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::config::Settings;
use crate::exam_file::ExamFile;
use crate::policy::Policy;
use crate::promote::{self, Why};
use crate::run_file::Order;
use crate::table::table;
use crate::training_run::{self, How};
use crate::trainset::TrainSet;
use crate::{exam, home};

/// Labelled scenes that the head learns from.
const SCENES: u32 = 1000;
/// Challenges of the exam.
const QUESTIONS: u32 = 600;

/// Turns it once; says what happened on standard output unless `quiet`.
pub(crate) async fn turn(home: &Home, settings: &Settings, seed: u64, quiet: bool) -> Result<()> {
    let say = |text: String| {
        if !quiet {
            println!("{text}");
        }
    };
    let current = home::current_release(home)?.context("the demo has a release: this is a bug")?;
    let id = ReleaseId::new(format!("demo-head-{}", Timestamp::now().strftime("%Y%m%d-%H%M%S")))?;
    say(format!("\nThe wheel turns: a new head learns from {SCENES} labelled scenes"));
    let order = Order {
        pictures: "scenes".to_owned(),
        count: SCENES,
        seed,
        backbone: "tiny".to_owned(),
        features: "cls-mean".to_owned(),
        from: None,
        settings: TrainingSettings::default(),
    };
    let set = TrainSet::open(home, &order).await?;
    let made = training_run::make(home, set, order, How::usual(id.clone())).await?;
    say(format!("report    {}", made.folder.join("report.html").display()));

    say(format!("Both sit the same exam of {QUESTIONS} challenges on scenes that neither has seen"));
    let new = home::load_release(home, &id)?;
    let plan = ExamPlan { questions: QUESTIONS, seed: seed + 1, ..ExamPlan::default() };
    let examiner = Examiner::new(plan)?;
    let scenes = Box::new(Scenes::new(Mix::default()));
    let sat = exam::sit_here(&examiner, scenes, vec![current, new], settings).await?;
    let candidates = sat.candidates.clone();
    let report = sat.judge(examiner).await?.report;
    let file = ExamFile { made: Timestamp::now(), candidates, report };
    let name = file.keep(home)?;
    say(comparison(&file.report));
    match Policy::Paired.judge(&file.report) {
        Ok(()) => {
            let exam = name.file_name().map(|name| name.to_string_lossy().into_owned());
            let why = Why { kind: PromotionKind::Promote, exam };
            let moved = promote::point(home, &id, why, &settings.model).await?;
            say(format!("Promoted: {}", promote::said(&id, &moved)));
        }
        Err(error) => say(format!("Not promoted: {error}")),
    }
    Ok(())
}

/// Before and after, with intervals.
fn comparison(report: &ExamReport) -> String {
    let row = |(what, candidate): (&str, &hivis_examiner::report::CandidateReport)| {
        let pool = candidate.headline();
        let reward = pool
            .and_then(|pool| pool.forecast)
            .map_or_else(|| "-".to_owned(), |forecast| forecast.from_full.reward.to_string());
        let accuracy = pool.map_or(0.0, |pool| pool.accuracy.share);
        vec![format!("{what}  {}", candidate.candidate), format!("{accuracy:.3}"), reward]
    };
    let rows: Vec<Vec<String>> = ["before", "after "].into_iter().zip(&report.candidates).map(row).collect();
    let mut text = table(&["        release", "accuracy", "reward to expect (90% of deployments)"], &rows);
    if let Some(pair) = report.paired.first() {
        let p = &pair.paired;
        let _ = writeln!(
            text,
            "difference of the reward {:+.3} ({:+.3} to {:+.3}), lower bound at {:.2}% {:+.3}",
            p.reward.point,
            p.reward.low,
            p.reward.high,
            100.0 * p.level,
            p.lower
        );
    }
    text
}
