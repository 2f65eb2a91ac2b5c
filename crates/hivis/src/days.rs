//! Days of a miner's life as the demo shows them: a validator asks and tells what was shown, and each night the wheel turns
//! by itself, step by step as `hivis night run` does it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hivis_store::{Home, JobStep, NewDataset, NewPicture, Sample, SampleFrom, StepState};
use hivis_synth::{Mix, Style, View, scene};
use hivis_types::{Origin, ReleaseId};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::config::Settings;
use crate::difference;
use crate::failure::Hinted;
use crate::night::{ExamFacts, Kind, Outcome, Step, shaped};
use crate::table::table;
use crate::verbs::night;

/// Labelled streets that the home begins with: the kinds that the embedded model knows.
const STREETS: u64 = 400;
/// The data set's name.
const DATASET: &str = "streets";
/// What a home of hundreds of pictures is measured by; the defaults are for thousands.
const HARD: u64 = 3;
const NEW: u64 = 50;
/// Challenges of a night's exam.
const QUESTIONS: u32 = 1000;
/// Passes of a night's training: one over hundreds of pictures is short.
const EPOCHS: u32 = 10;

/// One night, for the table at the end.
pub(crate) struct Night {
    /// Mined, made, cut and promoted, in a word each.
    said: Vec<(Step, String)>,
    exam: Option<ExamFacts>,
}

/// Puts labelled streets into a home that has none yet.
pub(crate) async fn prepare(home: &Home, seed: u64) -> Result<()> {
    let ledger = home.ledger().await?;
    if ledger.datasets().await?.iter().any(|set| set.name == DATASET && set.ended.is_some()) {
        return Ok(());
    }
    let drawn = tokio::task::spawn_blocking(move || (0..STREETS).into_par_iter().map(|n| street(seed, n)).collect());
    let drawn: Vec<NewPicture> = drawn.await.context("drawing the streets panicked")?;
    let new =
        NewDataset { name: DATASET.to_owned(), source: format!("procedural scenes, seed {seed}"), revision: None };
    let import = ledger.begin_import(&new, Timestamp::now()).await?;
    for group in drawn.chunks(64) {
        ledger.import(&import, group).await?;
    }
    ledger.end_import(&import, Timestamp::now()).await?;
    Ok(())
}

fn street(seed: u64, n: u64) -> NewPicture {
    // Far from the seeds of exams and of the wheel's scenes.
    let number = (seed << 32 | n) ^ (0xDA7A << 48);
    let drawn = scene(number, &Mix::pretraining());
    let (style, origin) =
        if n.is_multiple_of(2) { (Style::Camera, Origin::Real) } else { (Style::Generated, Origin::Synthetic) };
    let view = View { width: 320, height: 240, camera: 0, style };
    NewPicture {
        bytes: hivis_image::encode_jpeg(&drawn.render(&view).picture),
        name: format!("{n:04}.jpg"),
        label: drawn.label,
        origin,
        scene: format!("{number:016x}"),
        slices: drawn.tags.iter().collect(),
    }
}

/// The night's settings for a small home.
pub(crate) fn small(mut settings: Settings) -> Settings {
    let night = &mut settings.night;
    (night.synthesise_above, night.train_above) = (HARD, NEW);
    night.nightly.0 = EPOCHS;
    (night.exam_pictures, night.exam_questions) = ("scenes".to_owned(), QUESTIONS);
    settings
}

/// One night, told step by step unless `quiet`.
pub(crate) async fn night(home: &Home, settings: &Settings, quiet: bool) -> Result<Night> {
    let tell = move |step: Step, end: &hivis_store::StepEnd| {
        if !quiet {
            println!("  {:<11} {}", step.as_str(), end.said);
        }
    };
    let (job, outcome) = night::turn_now(home.clone(), settings.clone(), Kind::Nightly, tell).await?;
    let ledger = home.ledger().await?;
    let steps = ledger.job_steps(job.id).await?;
    if let Outcome::Failed(why) = outcome {
        let hint = format!("hivis --home {} night show {}", home.path().display(), job.id);
        return Err(Hinted::new(format!("the night failed: {why}"), hint).into());
    }
    let exam = steps.iter().find(|s| s.name == Step::Exam.as_str());
    let exam = shaped::<ExamFacts>(exam.and_then(|step| step.facts.as_ref()));
    let done = |step: Step| {
        let found = steps.iter().find(|s| s.name == step.as_str() && s.state == StepState::Done);
        found.and_then(|step: &JobStep| step.said.clone()).map(|said| (step, said))
    };
    let said = [Step::Mine, Step::Synthesise, Step::Version, Step::Promote].into_iter().filter_map(done).collect();
    Ok(Night { said, exam })
}

/// The days side by side.
pub(crate) fn told(nights: &[Night]) -> String {
    let reward =
        |sat: &crate::night::Sat| sat.reward.map_or_else(|| "-".to_owned(), |span| format!("{:.3}", span.point));
    let row = |(day, night): (usize, &Night)| {
        let promoted = night.said.iter().any(|(step, _)| *step == Step::Promote);
        let mut row = vec![format!("{}", day + 1)];
        match &night.exam {
            Some(exam) => {
                let difference = exam.difference.map_or_else(
                    || "-".to_owned(),
                    |d| format!("{:+.3} ({:+.3} to {:+.3})", d.reward.point, d.reward.low, d.reward.high),
                );
                row.extend([reward(&exam.before), reward(&exam.after), difference]);
                row.push(if promoted { "serves now" } else { "stays out" }.to_owned());
            }
            None => row.extend(["-", "-", "-", "no new head"].map(str::to_owned)),
        }
        row
    };
    let rows: Vec<Vec<String>> = nights.iter().enumerate().map(row).collect();
    table(&["night", "reward before", "after", "difference (90%)", "new release"], &rows)
}

/// Writes the sheet of pictures that made the difference between two releases; says what turned.
pub(crate) async fn difference(
    home: &Home,
    settings: &Settings,
    (first, last): (&ReleaseId, &ReleaseId),
    seed: u64,
) -> Result<(String, Option<PathBuf>)> {
    let samples = home.ledger().await?.samples().await?;
    // What came since the first day: what was asked, and what was made of it.
    let learned: Vec<Sample> =
        samples.into_iter().filter(|sample| !matches!(sample.from, SampleFrom::Dataset { .. })).collect();
    let path = home.reports().join("demo-difference.png");
    let (right, wrong) = difference::sheet(home, settings, (first, last), &learned, (seed, &path)).await?;
    let said = format!(
        "of {} fresh challenges {right} turned from wrong to right, {wrong} the other way",
        difference::QUESTIONS
    );
    Ok((said, path.is_file().then_some(path)))
}

/// A record that was picked, varied and is in a version: one to follow through the whole wheel.
pub(crate) async fn followed(home: &Home) -> Result<Option<String>> {
    let ledger = home.ledger().await?;
    let Some(run) = ledger.mining_runs(100).await?.into_iter().last() else { return Ok(None) };
    let mut some = None;
    for pick in ledger.picks(run.id).await? {
        let Some(trace) = ledger.trace(pick.sha256).await? else { continue };
        let Some(record) = trace.records.first() else { continue };
        if !trace.variations.is_empty() && !trace.versions.is_empty() {
            return Ok(Some(record.clone()));
        }
        some.get_or_insert_with(|| record.clone());
    }
    Ok(some)
}

/// Where the sheet is, and the command that follows one picture.
pub(crate) fn next_steps(home: &Path, sheet: Option<&Path>, record: Option<&str>) -> String {
    let mut text = String::new();
    if let Some(sheet) = sheet {
        let _ = writeln!(text, "  see what made the difference     {}", sheet.display());
    }
    if let Some(record) = record {
        let _ = writeln!(text, "  follow one hard picture          hivis --home {} trace {record}", home.display());
    }
    let _ = writeln!(text, "  read the morning report          hivis --home {} night report", home.display());
    text
}
