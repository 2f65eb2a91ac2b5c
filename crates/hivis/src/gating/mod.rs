//! The gate over a home: every generated picture without a verdict, its batch, and a spread of the best.

mod features;
mod inception;
mod judged;
mod measured;
mod real;
mod report;
mod sheet;

use anyhow::{Context, Result};
use hivis_curate::gate::{Basis, LEAST_REAL, Limits, RealSet};
use hivis_store::{Home, Md5, ObjectId};
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::config::Settings;
use crate::embedded::Embedder;

use features::Features;
use judged::Run;
pub(crate) use measured::measure;
use real::Real;
pub(crate) use report::GateReport;
pub(crate) use sheet::{Refused, write as write_sheet};

/// What to judge. The default is everything without a verdict; `now` is to be set.
#[derive(Debug, Clone, Default)]
pub(crate) struct GateOrder {
    /// Only this batch.
    pub(crate) batch: Option<i64>,
    /// Those with a verdict too.
    pub(crate) again: bool,
    /// Write nothing.
    pub(crate) dry_run: bool,
    /// When, UTC.
    pub(crate) now: Timestamp,
}

/// Judges what the order says and, unless it is a dry run, writes all verdicts at once.
pub(crate) async fn run(home: &Home, settings: &Settings, order: &GateOrder) -> Result<GateReport> {
    let ledger = home.ledger().await?;
    let pending = ledger.to_gate(order.batch, order.again).await?;
    let mut report = GateReport::new(order.dry_run);
    if pending.is_empty() {
        return Ok(report);
    }
    let real = Real::of(home, &ledger, &settings.gate, &pending).await?;
    let addresses: Vec<(ObjectId, Md5)> = pending.iter().map(|picture| (picture.id, picture.md5)).collect();
    let (objects, asked) = (home.objects().clone(), addresses.clone());
    let measured = tokio::task::spawn_blocking(move || measured::measure_all(&objects, &asked));
    let measured = measured.await.context("measuring panicked")?;
    let judges = Judges::open(home, settings).await?;
    let features = match judges.open.first() {
        Some(embedder) => Some(Features::of(embedder, &addresses, &real).await?),
        None => None,
    };
    if features.is_none() {
        report.note("no release is current: labels, batches and level 2 are not judged");
    }
    let limits = Limits {
        fixed: settings.gate.fixed,
        real: RealSet::of(&real.qualities, settings.gate.tail),
        basis: settings.gate.basis,
    };
    if limits.basis != Basis::Fixed && limits.real.is_none() {
        report.note(format!(
            "{} real pictures are fewer than {LEAST_REAL}: the fixed limits apply",
            real.qualities.len()
        ));
    }
    report.limits = Some(limits);
    let inception = inception::features(settings, home.objects(), &addresses, &real.set).await?;
    report.note(inception.said());
    let run = Run {
        gate: settings.gate.clone(),
        limits,
        releases: judges.names(),
        scores: judges.scores(&addresses).await?,
        now: order.now,
        pending,
        measured,
        real,
        features,
        inception,
    };
    // Singular values and neighbours are work for a thread of its own.
    let outcome = tokio::task::spawn_blocking(move || run.judged()).await.context("judging panicked")??;
    if !order.dry_run {
        ledger.write_verdicts(&outcome.verdicts, &outcome.batches).await?;
        for (id, label) in &outcome.agreed {
            ledger.label_picture(*id, *label).await?;
        }
    }
    report.take(outcome);
    Ok(report)
}

/// The releases that judge.
struct Judges {
    open: Vec<Embedder>,
    releases: Vec<ReleaseId>,
}

impl Judges {
    async fn open(home: &Home, settings: &Settings) -> Result<Self> {
        let mut releases = settings.gate.releases.clone();
        if releases.is_empty() {
            releases.extend(home.releases().current()?);
        }
        let mut open = Vec::new();
        for release in &releases {
            open.push(Embedder::open(home, settings, Some(release)).await?);
        }
        Ok(Self { open, releases })
    }

    fn names(&self) -> Option<String> {
        let names: Vec<&str> = self.releases.iter().map(ReleaseId::as_str).collect();
        (!names.is_empty()).then(|| names.join(","))
    }

    /// Of each picture what each release says; none of a picture that cannot be read.
    async fn scores(&self, pictures: &[(ObjectId, Md5)]) -> Result<Vec<Vec<f64>>> {
        let mut all = vec![Vec::new(); pictures.len()];
        for embedder in &self.open {
            for (said, scores) in all.iter_mut().zip(embedder.judge(pictures).await?) {
                said.extend(scores.map(|scores| f64::from(scores.probability)));
            }
        }
        Ok(all)
    }
}
