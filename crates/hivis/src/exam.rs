//! Sitting an exam with progress, and printing its report: shared by `demo` and `exam`.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use hivis_examiner::{Ask, Event, ExamReport, Examiner, Footprint, Pictures, QuestionSet, Sitting, worst_sheet};
use hivis_store::Release;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::candidate::Candidate;
use crate::cli::Global;
use crate::config::Settings;
use crate::exam_file::Sitter;
use crate::memory::Peak;
use crate::swap;
use crate::table::table;

/// Rows of the live table.
const LIVE_ROWS: usize = 10;
/// In a pipe, one line for so many answers.
const PLAIN_EVERY: u32 = 50;

/// What was asked and what came of it.
pub(crate) struct Sat {
    /// The questions, pictures included.
    pub(crate) set: QuestionSet,
    /// The report.
    pub(crate) report: ExamReport,
}

/// Makes the questions, asks them and judges; shows how it goes.
pub(crate) async fn sit<A: Ask>(examiner: Examiner, mut pictures: Box<dyn Pictures>, candidate: Arc<A>) -> Result<Sat> {
    let show = Arc::new(Progress::new());
    let (questions, making) = (examiner.clone(), Arc::clone(&show));
    let set = tokio::task::spawn_blocking(move || questions.questions(pictures.as_mut(), &|event| making.show(event)))
        .await
        .context("making the challenges panicked")?
        .context("the challenges could not be made")?;
    let sitting = examiner.sit(&set, candidate, &|event| show.show(event)).await?;
    show.done();
    tokio::task::spawn_blocking(move || {
        let report = examiner.report(&set, &[sitting])?;
        Ok(Sat { set, report })
    })
    .await
    .context("the report panicked")?
}

/// Releases that sat in this process, before anyone has judged.
pub(crate) struct SatHere {
    /// Who sat.
    pub(crate) candidates: Vec<Sitter>,
    /// The questions, pictures included.
    pub(crate) set: QuestionSet,
    /// One, or A and B.
    pub(crate) sittings: Vec<Sitting>,
}

impl SatHere {
    /// Computes the report.
    pub(crate) async fn judge(self, examiner: Examiner) -> Result<Sat> {
        tokio::task::spawn_blocking(move || {
            let report = examiner.report(&self.set, &self.sittings)?;
            Ok(Sat { set: self.set, report })
        })
        .await
        .context("the report panicked")?
    }
}

/// Makes the questions and lets one release or two sit them in this process, one after the other. Each is brought up
/// when its turn comes, so that what it takes can be seen.
pub(crate) async fn sit_here(
    examiner: &Examiner,
    mut pictures: Box<dyn Pictures>,
    releases: Vec<Release>,
    settings: &Settings,
) -> Result<SatHere> {
    for release in &releases {
        swap::has_graph(release, &settings.model)?;
    }
    let (making, show) = (examiner.clone(), Arc::new(Progress::new()));
    let shown = Arc::clone(&show);
    let set = tokio::task::spawn_blocking(move || making.questions(pictures.as_mut(), &|event| shown.show(event)));
    let set = set.await.context("making the challenges panicked")?.context("the challenges could not be made")?;
    let set = Arc::new(set);
    // All are held to the end: what the first lets go would make the second seem smaller.
    let (mut held, mut sittings) = (Vec::new(), Vec::new());
    for release in releases {
        let graph_bytes = release.manifest.graph_bytes(settings.model.precision);
        let peak = Peak::begin();
        let candidate = Arc::new(Candidate::new(release, settings).await?);
        let (sitter, questions, shown) = (Arc::clone(&candidate), Arc::clone(&set), Arc::clone(&show));
        let sitting = tokio::task::spawn_blocking(move || {
            let name = sitter.sitter.release.to_string();
            hivis_examiner::sit_here(&questions, name, &mut |question| sitter.judge(question), &|e| shown.show(e))
        });
        let mut sitting = sitting.await.context("the exam panicked")?;
        let memory_bytes = peak.and_then(|peak| peak.growth());
        sitting.footprint = Some(Footprint { graph_bytes, memory_bytes });
        sittings.push(sitting);
        held.push(candidate);
    }
    show.done();
    let candidates = held.iter().map(|candidate| candidate.sitter.clone()).collect();
    // The tasks that shared it have ended.
    let set = Arc::unwrap_or_clone(set);
    Ok(SatHere { candidates, set, sittings })
}

/// The report for a person, or JSON.
pub(crate) fn print(global: &Global, report: &ExamReport) -> Result<()> {
    if global.json {
        println!("{}", serde_json::to_string(report).context("the report cannot be written as JSON")?);
    } else {
        println!("{report}");
    }
    Ok(())
}

/// Writes the contact sheet of the worst answers; false when there was no wrong one.
pub(crate) fn write_worst(sat: &Sat, path: &Path) -> Result<bool> {
    let Some(sheet) = worst_sheet(&sat.report, 0, &sat.set) else { return Ok(false) };
    fs_err::write(path, hivis_image::encode_png(&sheet)).context("the contact sheet could not be written")?;
    Ok(true)
}

/// A bar with a live table on a terminal, plain lines in a pipe. Everything goes to standard error.
struct Progress {
    bar: ProgressBar,
    plain: bool,
    last: Mutex<VecDeque<Vec<String>>>,
}

impl Progress {
    fn new() -> Self {
        let plain = !std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Self { bar, plain, last: Mutex::default() }
    }

    fn show(&self, event: &Event) {
        match event {
            Event::Made { done, total } if self.plain => {
                if done == total {
                    eprintln!("{total} challenges made");
                }
            }
            Event::Made { done, total } => {
                self.bar.set_length(u64::from(*total));
                self.bar.set_position(u64::from(*done));
                self.bar.set_message("making challenges");
            }
            Event::Answered { asked, answer, standing } => {
                if self.plain {
                    if standing.done % PLAIN_EVERY == 0 || standing.done == standing.total {
                        eprintln!(
                            "{}/{} asked, {} of {} right, mean reward {:.3}",
                            standing.done, standing.total, standing.right, standing.judged, standing.mean_reward
                        );
                    }
                    return;
                }
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                last.push_front(vec![
                    asked.id.to_string(),
                    asked.origin.as_str().to_owned(),
                    asked.level.map_or_else(|| "-".to_owned(), |l| l.to_string()),
                    if asked.label.as_u8() == 1 { "roadwork" } else { "clear" }.to_owned(),
                    format!("{:.3}", answer.prediction),
                    match answer.right(asked.label) {
                        Some(true) => "right",
                        Some(false) => "WRONG",
                        None => answer.outcome.as_str(),
                    }
                    .to_owned(),
                    format!("{:.0}", answer.latency_s * 1000.0),
                ]);
                last.truncate(LIVE_ROWS);
                let rows: Vec<_> = last.iter().cloned().collect();
                let live = table(&["challenge", "half", "level", "truth", "answer", "", "ms"], &rows);
                self.bar.set_length(u64::from(standing.total));
                self.bar.set_position(u64::from(standing.done));
                self.bar.set_message(format!(
                    "{} of {} right   mean reward {:.3}   score {:.3}\n{live}",
                    standing.right, standing.judged, standing.mean_reward, standing.score
                ));
            }
        }
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }
}
