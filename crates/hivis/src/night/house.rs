//! The stations of a home: what each step does here.

use anyhow::Result;
use hivis_examiner::{ExamPlan, Examiner, Pictures, Scenes};
use hivis_store::{BatchKind, Home, Ledger, PromotionKind};
use hivis_synth::Mix;
use hivis_types::ReleaseId;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::facts::{ExamFacts, TrainFacts, shaped};
use super::{Context, Ended, Kind, Stations, Step, report};
use crate::config::{Promote, Settings};
use crate::exam_file::ExamFile;
use crate::failing::failing;
use crate::gating::GateOrder;
use crate::mining::{MineKind, MineOrder};
use crate::policy::Policy;
use crate::promote::{self, Why};
use crate::submission::submission;
use crate::synthesis::SynthOrder;
use crate::versioning::CutOrder;
use crate::{exam, examined, gating, home, mining, pictures, reviewing, synthesis, versioning};

/// The real ones.
pub(crate) struct House {
    pub(crate) home: Home,
    pub(crate) settings: Settings,
    pub(crate) ledger: Ledger,
}

impl Stations for House {
    async fn mine(&self, at: &Context) -> Result<Ended> {
        let kind = if at.kind == Kind::Weekly { MineKind::Week } else { MineKind::Night };
        let order = MineOrder { kind, now: at.now, ..MineOrder::default() };
        let report = mining::run(&self.home, &self.settings, &order).await?;
        Ok(Ended::Done { said: report.said(), facts: serde_json::to_value(&report)? })
    }

    async fn synthesise(&self, at: &Context) -> Result<Ended> {
        let (hard, above) = (self.hard(at.begun).await?, self.settings.night.synthesise_above);
        match hard {
            None => Ok(Ended::skipped("nothing was mined tonight")),
            Some(hard) if hard <= above => {
                Ok(Ended::skipped(format!("{hard} hard cases; above {above} pictures are made")))
            }
            Some(_) => self.make(BatchKind::Night, at).await,
        }
    }

    async fn adversarial(&self, at: &Context) -> Result<Ended> {
        self.make(BatchKind::Adversarial, at).await
    }

    async fn gate(&self, at: &Context) -> Result<Ended> {
        let order = GateOrder { now: at.now, ..GateOrder::default() };
        let report = gating::run(&self.home, &self.settings, &order).await?;
        Ok(Ended::Done { said: report.said(), facts: serde_json::to_value(&report)? })
    }

    async fn review(&self, at: &Context) -> Result<Ended> {
        let report = reviewing::fill(&self.home, &self.settings, at.now).await?;
        Ok(Ended::Done { said: report.said(), facts: serde_json::to_value(&report)? })
    }

    async fn version(&self, at: &Context) -> Result<Ended> {
        if self.ledger.samples().await?.is_empty() {
            return Ok(Ended::skipped("the home has no labelled picture yet"));
        }
        let message = format!("{} of {}", at.kind.as_str(), at.due.strftime("%Y-%m-%d"));
        let order = CutOrder { message, now: at.now, ..CutOrder::default() };
        let report = versioning::cut(&self.home, &self.settings, &order).await?;
        Ok(Ended::Done { said: report.said(), facts: serde_json::to_value(&report)? })
    }

    #[cfg(feature = "train")]
    async fn train(&self, at: &Context) -> Result<Ended> {
        super::training::train(self, at).await
    }

    #[cfg(not(feature = "train"))]
    async fn train(&self, _: &Context) -> Result<Ended> {
        Ok(Ended::skipped("this hivis was built without training"))
    }

    async fn exam(&self, at: &Context) -> Result<Ended> {
        let Some(trained) = shaped::<TrainFacts>(at.facts(Step::Train)) else {
            return Ok(Ended::skipped("no release was trained"));
        };
        let Some(current) = home::current_release(&self.home)? else {
            return Ok(Ended::skipped("nothing serves that it could be compared with"));
        };
        let new = home::load_release(&self.home, &ReleaseId::new(trained.release)?)?;
        let night = &self.settings.night;
        // Another draw every time: a model that is chosen by one exam again and again learns its questions.
        let seed = at.due.as_second().unsigned_abs();
        let examiner = Examiner::new(ExamPlan { questions: night.exam_questions, seed, ..ExamPlan::default() })?;
        let releases = vec![current, new];
        let splits: Vec<u64> = releases.iter().filter_map(|r| Some(r.manifest.training.as_ref()?.split_seed)).collect();
        let pictures: Box<dyn Pictures> =
            match pictures::library(&night.exam_pictures, || Ok(self.home.clone())).await? {
                Some(library) => Box::new(examined::examined(&self.home, library, &splits, None).await?),
                None => Box::new(Scenes::new(Mix::default())),
            };
        let sat = exam::sit_here(&examiner, pictures, releases, &self.settings).await?;
        let candidates = sat.candidates.clone();
        let report = sat.judge(examiner).await?.report;
        let file = ExamFile { made: at.now, candidates, report };
        let kept = file.keep(&self.home)?;
        let name = kept.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let facts = ExamFacts::of(name, &file.report);
        let said = facts.as_ref().map_or_else(String::new, |facts| {
            let difference = facts.difference.map_or_else(
                || "no comparison on scenes never seen".to_owned(),
                |d| format!("reward {:+.3} ({:+.3} to {:+.3})", d.reward.point, d.reward.low, d.reward.high),
            );
            format!("{} against {}: {difference}", facts.after.release, facts.before.release)
        });
        Ok(Ended::Done { said, facts: serde_json::to_value(facts)? })
    }

    async fn promote(&self, at: &Context) -> Result<Ended> {
        let Some(trained) = shaped::<TrainFacts>(at.facts(Step::Train)) else {
            return Ok(Ended::skipped("no release was trained"));
        };
        let new = ReleaseId::new(trained.release)?;
        let command = format!("hivis release promote {new}");
        if self.home.releases().current()?.is_none() {
            return Ok(Ended::Waits { why: format!("nothing serves yet; {new} may: {command}") });
        }
        let Some(facts) = shaped::<ExamFacts>(at.facts(Step::Exam)) else {
            return Ok(Ended::skipped("it sat no exam"));
        };
        promote::promotable(&self.home.releases().manifest(&new)?)?;
        let current = ReleaseId::new(facts.before.release)?;
        let exam = ExamFile::newest(&self.home, &current, &new)?;
        let policy = self.settings.policy;
        if let Some((_, file)) = exam.as_ref().filter(|_| policy != Policy::None)
            && let Err(refused) = policy.judge(&file.report)
        {
            return Ok(Ended::skipped(format!("{new} does not serve: {refused}")));
        }
        if self.settings.night.promote == Promote::Ask {
            return Ok(Ended::Waits { why: format!("{new} won its exam; it serves after: {command}") });
        }
        let why = Why { kind: PromotionKind::Promote, exam: exam.map(|(name, _)| name) };
        let moved = promote::point(&self.home, &new, why, &self.settings.model).await?;
        Ok(Ended::Done { said: promote::said(&new, &moved), facts: Value::Null })
    }

    async fn report(&self, at: &Context) -> Result<Ended> {
        report::write(self, at).await
    }

    async fn would(&self, step: Step, at: &Context) -> Result<String> {
        let night = &self.settings.night;
        Ok(match step {
            Step::Mine => {
                let days = if at.kind == Kind::Weekly { 7 } else { 1 };
                let since = at.now.checked_sub(SignedDuration::from_hours(24 * days))?;
                let records = self.ledger.summary(since).await?.answered;
                format!("looks for hard cases among {records} judged records")
            }
            Step::Synthesise => format!(
                "makes pictures if more than {} hard cases are found; the last time there were {}",
                night.synthesise_above,
                self.hard(Timestamp::UNIX_EPOCH).await?.map_or_else(|| "none yet".to_owned(), |n| n.to_string())
            ),
            Step::Adversarial => "makes pictures and keeps those that the serving release gets wrong".to_owned(),
            Step::Gate => "judges the pictures that were made".to_owned(),
            Step::Review => {
                let open = self.ledger.reviewed_since(at.now).await?.open;
                let week = self.settings.review.week;
                format!("queues at most {week} pictures of this week for people; {open} wait there now")
            }
            Step::Version => format!("cuts a version of {} samples", self.ledger.samples().await?.len()),
            Step::Train => self.would_train(at).await?,
            Step::Exam => {
                let current = self.home.releases().current()?;
                let current = current.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
                let (questions, pictures) = (night.exam_questions, &night.exam_pictures);
                format!("asks {current} and the new release {questions} challenges of {pictures}, if there is one")
            }
            Step::Promote => match night.promote {
                Promote::Ask => "says the command that promotes, if the new release wins".to_owned(),
                Promote::Policy => {
                    let name = Policy::NAMES.iter().find(|(_, policy)| *policy == self.settings.policy);
                    let name = name.map_or("", |(name, _)| *name);
                    format!("lets the new release serve, if the policy `{name}` does")
                }
            },
            Step::Report => {
                let (html, _) = report::files(&self.home, at.kind, at.due);
                format!("writes {}", html.display())
            }
        })
    }

    async fn submitted(&self) -> Result<Option<Date>> {
        Ok(submission(&self.home, &self.ledger).await?.map(|submission| submission.day))
    }
}

impl House {
    /// Hard cases of the newest mining run since then.
    async fn hard(&self, since: Timestamp) -> Result<Option<u64>> {
        Ok(self.ledger.last_mining(since).await?.map(|mined| mined.hard))
    }

    /// Makes pictures of what was mined and of the slices that fail.
    async fn make(&self, kind: BatchKind, at: &Context) -> Result<Ended> {
        let slices = failing(&self.home).await?.into_iter().map(|slice| slice.slice).collect();
        let generator = self.settings.night.generator.clone();
        let order = SynthOrder { kind, generator, slices, now: Some(at.now), ..SynthOrder::default() };
        let report = synthesis::run(&self.home, &self.settings, &order).await?;
        Ok(Ended::Done { said: report.said(), facts: serde_json::to_value(&report)? })
    }

    #[cfg(feature = "train")]
    async fn would_train(&self, at: &Context) -> Result<String> {
        super::training::would(self, at).await
    }

    #[cfg(not(feature = "train"))]
    async fn would_train(&self, _: &Context) -> Result<String> {
        Ok("nothing: this hivis was built without training".to_owned())
    }
}
