//! Releases, trainings, exams compared, promotions: read from the home, and changed through [`change`].

mod change;
pub(crate) mod exams;
mod plots;
mod runs;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use hivis_console::releases::{
    CompareQuery, ExamCompared, FileLine, MoveLine, MoveOrder, MoveTaken, Moving, ReleaseDetail, ReleaseLine,
    ReleaseList, ReleaseQuery, RunDetail,
};
use hivis_console::{ReleaseSource, SourceError, SourceFuture};
use hivis_store::{Home, Job, Ledger, Manifest, Promotion, PromotionKind};
use hivis_types::{Precision, ReleaseId};
use jiff::SignedDuration;

use super::failed::{blocking, failed, refusal};
use crate::card;
use crate::config::Settings;
use crate::policy::Policy;
use crate::verbs;
use exams::Exams;
use runs::Runs;

/// Moves that are looked at for "served from".
const HISTORY: u32 = 1000;
/// Lines of a list where nobody asked for another number, and the most that anybody gets.
const LINES: (u32, u32) = (25, 200);
/// A move is begun at most so long after it was asked for: its files are hashed first.
const BEGUN: SignedDuration = SignedDuration::from_mins(10);
/// Jobs that are looked at for who moved the pointer.
const JOBS: u32 = 100;

/// Answers from one home.
#[derive(Clone)]
pub(crate) struct ReleaseRoom {
    home: Home,
    ledger: Ledger,
    settings: Arc<Settings>,
    exams: Arc<Exams>,
    runs: Arc<Runs>,
    manifests: Arc<Mutex<BTreeMap<ReleaseId, Manifest>>>,
    moving: Arc<Mutex<Option<Moving>>>,
}

impl ReleaseRoom {
    pub(crate) fn new(home: &Home, ledger: &Ledger, settings: &Settings, exams: Arc<Exams>) -> Self {
        Self {
            home: home.clone(),
            ledger: ledger.clone(),
            settings: Arc::new(settings.clone()),
            exams,
            runs: Arc::new(Runs::new(home)),
            manifests: Arc::default(),
            moving: Arc::default(),
        }
    }

    fn told(&self) -> Option<Moving> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, moving: Moving) {
        *self.moving.lock().unwrap_or_else(PoisonError::into_inner) = Some(moving);
    }

    /// A release's manifest, read once: releases never change.
    fn manifest(&self, id: &ReleaseId) -> Result<Manifest> {
        if let Some(known) = self.manifests.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(known.clone());
        }
        let manifest = self.home.releases().manifest(id)?;
        self.manifests.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), manifest.clone());
        Ok(manifest)
    }

    /// All manifests, newest first; one that cannot be read is left out.
    fn manifests(&self) -> Result<Vec<Manifest>> {
        let mut manifests = Vec::new();
        for id in self.home.releases().list()? {
            match self.manifest(&id) {
                Ok(manifest) => manifests.push(manifest),
                Err(error) => tracing::warn!(%error, release = %id, "a release cannot be read; it is left out"),
            }
        }
        manifests.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        Ok(manifests)
    }

    fn line(&self, manifest: &Manifest, current: Option<&ReleaseId>, moves: &[Promotion]) -> Result<ReleaseLine> {
        let learned = manifest.training.as_ref().map(|training| {
            let version = training.version.clone().unwrap_or_else(|| format!("data {}", training.data));
            format!("{} pictures of {version}", training.pictures)
        });
        let precisions = manifest.precisions().into_iter().map(Precision::as_str);
        Ok(ReleaseLine {
            id: manifest.id.to_string(),
            version: manifest.version.map(|version| version.to_string()),
            made: manifest.created.to_string(),
            kind: match &manifest.backbone {
                Some(backbone) => format!("{} on {backbone}", manifest.kind),
                None => manifest.kind.clone(),
            },
            precisions: precisions.map(str::to_owned).collect(),
            bytes: manifest.files.values().map(|file| file.bytes).sum(),
            learned,
            run: manifest.training.as_ref().map(|training| training.run.clone()),
            reward: self.exams.reward(&manifest.id)?.map(|(reward, _)| reward),
            served_from: verbs::release::since(moves, &manifest.id).map(|at| at.to_string()),
            current: current == Some(&manifest.id),
            barred: manifest.not_promotable().map(str::to_owned),
        })
    }

    async fn listed(&self, query: ReleaseQuery) -> Result<ReleaseList> {
        let limit = query.limit.unwrap_or(LINES.0).clamp(1, LINES.1);
        let history = self.ledger.promotions(HISTORY).await?;
        let page = self.ledger.promotions_before(query.moves_before, limit).await?;
        let back = verbs::release::before(&self.home, &self.ledger).await.ok();
        let jobs = self.ledger.jobs(JOBS).await?;
        let mut moves = Vec::new();
        for moved in &page {
            moves.push(self.moved(moved, &jobs).await?);
        }
        let (room, most) = (self.clone(), limit as usize);
        let mut list = blocking(move || room.lists(&query, most, &history)).await?;
        (list.moves, list.back) = (moves, back.map(|back| back.to_string()));
        Ok(list)
    }

    fn lists(&self, query: &ReleaseQuery, limit: usize, history: &[Promotion]) -> Result<ReleaseList> {
        let current = self.home.releases().current()?;
        let manifests = self.manifests()?;
        let begin = query.before.as_ref().and_then(|id| manifests.iter().position(|m| m.id.as_str() == id));
        let wanted = manifests.iter().skip(begin.map_or(0, |at| at + 1)).take(limit);
        let lines = wanted.map(|manifest| self.line(manifest, current.as_ref(), history));
        let model = &self.settings.model;
        let provider = if model.provider == "cpu" { String::new() } else { format!(", {}", model.provider) };
        let policy = Policy::NAMES.iter().find(|(_, policy)| *policy == self.settings.policy);
        Ok(ReleaseList {
            current: current.as_ref().map(ToString::to_string),
            runs_on: format!("{} in {}{provider}", model.engine.as_str(), Precision::as_str(model.precision)),
            policy: policy.map_or("", |(name, _)| name).to_owned(),
            releases: lines.collect::<Result<_>>()?,
            count: manifests.len(),
            runs: self.runs.newest(limit)?,
            exams: self.exams.newest(limit, "-vs-", |exam| exam.who.len() == 2)?,
            ..ReleaseList::default()
        })
    }

    /// A move with who made it and why: the audit log knows what came through the control room, the ledger what the night
    /// did; else it was a verb.
    async fn moved(&self, moved: &Promotion, jobs: &[Job]) -> Result<MoveLine> {
        let action = match moved.kind {
            PromotionKind::Promote => "release.promote",
            PromotionKind::Rollback => "release.rollback",
            PromotionKind::Import => "",
        };
        let span = (moved.at.saturating_sub(BEGUN)?, moved.at.saturating_add(SignedDuration::from_secs(5))?);
        let asked = self.ledger.audit_begun(action, moved.release.as_str(), span).await?;
        let begun =
            asked.as_ref().and_then(|line| Some((&line.entry.who, line.entry.outcome.strip_prefix("begun: ")?)));
        let within = |job: &&Job| {
            job.begun.is_some_and(|begun| begun <= moved.at) && job.ended.is_none_or(|ended| ended >= moved.at)
        };
        let exam = || match (&moved.exam, moved.kind) {
            (Some(exam), _) => format!("exam {exam}"),
            (None, PromotionKind::Rollback) => "back to what served before".to_owned(),
            (None, PromotionKind::Import) => "it was imported".to_owned(),
            (None, PromotionKind::Promote) => "no exam was wanted".to_owned(),
        };
        let (who, why) = match (begun, jobs.iter().find(within)) {
            (Some((who, why)), _) => (who.clone(), why.to_owned()),
            (None, Some(job)) if moved.kind == PromotionKind::Promote => {
                (format!("the night ({} {})", job.kind, job.id), exam())
            }
            _ => ("a verb".to_owned(), exam()),
        };
        Ok(MoveLine {
            number: moved.seq,
            at: moved.at.to_string(),
            kind: moved.kind.as_str().to_owned(),
            release: moved.release.to_string(),
            previous: moved.previous.as_ref().map(ToString::to_string),
            who,
            why,
            outcome: match &moved.outcome {
                None => "open",
                Some(outcome) if outcome.serving => "serves",
                Some(_) => "refused",
            }
            .to_owned(),
            reason: moved.outcome.as_ref().and_then(|outcome| outcome.reason.clone()),
        })
    }

    async fn detail(&self, id: ReleaseId) -> Result<ReleaseDetail> {
        let history = self.ledger.promotions(HISTORY).await?;
        let jobs = self.ledger.jobs(JOBS).await?;
        let mut moves = Vec::new();
        for moved in history.iter().filter(|moved| moved.release == id).take(LINES.0 as usize) {
            moves.push(self.moved(moved, &jobs).await?);
        }
        let room = self.clone();
        let mut detail = blocking(move || room.files_of(&id, &history)).await?;
        detail.moves = moves;
        Ok(detail)
    }

    fn files_of(&self, id: &ReleaseId, history: &[Promotion]) -> Result<ReleaseDetail> {
        let manifest = self.manifest(id)?;
        let current = self.home.releases().current()?;
        let folder = self.home.releases().folder().join(id.as_str());
        let file = |(name, file): (&String, &hivis_store::ReleaseFile)| FileLine {
            name: name.clone(),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        };
        let run = manifest.training.as_ref().and_then(|training| ReleaseId::new(training.run.clone()).ok());
        Ok(ReleaseDetail {
            line: self.line(&manifest, current.as_ref(), history)?,
            current: current.map(|current| current.to_string()),
            card: fs_err::read_to_string(folder.join(card::FILE)).ok(),
            manifest: fs_err::read_to_string(folder.join("release.toml"))?,
            files: manifest.files.iter().map(file).collect(),
            run: run.map(|run| self.runs.run(&run)).transpose()?.flatten(),
            exams: self
                .exams
                .newest(LINES.0 as usize, id.as_str(), |exam| exam.who.iter().any(|who| who == id.as_str()))?,
            moves: Vec::new(),
        })
    }
}

impl ReleaseSource for ReleaseRoom {
    fn list(&self, query: ReleaseQuery) -> SourceFuture<'_, ReleaseList> {
        Box::pin(async move {
            let mut list = self.listed(query).await.map_err(|error| failed(&error))?;
            list.moving = self.how_far().await?;
            Ok(list)
        })
    }

    fn release(&self, id: String) -> SourceFuture<'_, ReleaseDetail> {
        Box::pin(async move {
            let known = ReleaseId::new(id).map_err(|error| SourceError::NotFound(error.to_string()))?;
            self.detail(known).await.map_err(|error| refusal(&error))
        })
    }

    fn run(&self, id: String) -> SourceFuture<'_, RunDetail> {
        Box::pin(async move {
            let known = ReleaseId::new(id).map_err(|error| SourceError::NotFound(error.to_string()))?;
            let (runs, of) = (Arc::clone(&self.runs), known.clone());
            let run = blocking(move || runs.run(&of)).await.map_err(|error| failed(&error))?;
            run.ok_or_else(|| SourceError::NotFound(format!("there is no run {known}")))
        })
    }

    fn compare(&self, query: CompareQuery) -> SourceFuture<'_, ExamCompared> {
        Box::pin(async move {
            let (home, settings, of) = (self.home.clone(), Arc::clone(&self.settings), query.clone());
            let found = blocking(move || exams::compare(&home, &settings, &of)).await;
            let none = || {
                let CompareQuery { a, b } = query;
                SourceError::NotFound(format!("{b} has sat no exam beside {a}: hivis exam {a} {b}"))
            };
            found.map_err(|error| failed(&error))?.ok_or_else(none)
        })
    }

    fn moving(&self) -> SourceFuture<'_, Option<Moving>> {
        Box::pin(self.how_far())
    }

    fn change(&self, order: MoveOrder) -> SourceFuture<'_, MoveTaken> {
        Box::pin(self.take_on(order))
    }
}
