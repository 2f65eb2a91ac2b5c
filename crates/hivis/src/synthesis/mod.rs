//! Making pictures of what is hard: a plan, the work under its caps, and what came of it.
//!
//! Hard cases that mining picked come first, some variations each; what is left of the count goes to the slices that
//! fail. Every picture is in the ledger with prompt, seed, model, cost and parent, and has its parent's scene.

mod adversarial;
mod captions;
mod plan;
mod report;
mod work;

use anyhow::{Context, Result};
use hivis_generate::{Generator, Prompts};
use hivis_store::{BatchKind, Home, NewBatch};
use jiff::Timestamp;

pub(crate) use report::{Planned, SynthReport};

use crate::config::Settings;
use crate::failing::failing;
use crate::failure::Hinted;
use crate::generators;
use captions::Captions;
use plan::{Plan, Source};
use work::Work;

/// Where a user's own prompts lie in the home.
pub(crate) const PROMPTS: &str = "prompts";
/// Pictures of an order by hand that names no count.
const BY_HAND: u32 = 20;

/// What to make. The default is a night's order as the configuration says it.
#[derive(Clone, Debug)]
pub(crate) struct SynthOrder {
    /// What for.
    pub(crate) kind: BatchKind,
    /// How many pictures; the kind's own count without it.
    pub(crate) count: Option<u32>,
    /// Who makes them; the configured one without it.
    pub(crate) generator: Option<String>,
    /// The tags that fail, worst first; without any those that the current release fails.
    pub(crate) slices: Vec<String>,
    /// Only the plan.
    pub(crate) dry_run: bool,
    /// When it is; the clock's word without it.
    pub(crate) now: Option<Timestamp>,
}

impl Default for SynthOrder {
    fn default() -> Self {
        Self { kind: BatchKind::Night, count: None, generator: None, slices: Vec::new(), dry_run: false, now: None }
    }
}

/// Carries an order out; prints nothing.
pub(crate) async fn run(home: &Home, settings: &Settings, order: &SynthOrder) -> Result<SynthReport> {
    run_telling(home, settings, order, &|_, _| {}).await
}

/// The same, telling how many pictures of how many have been asked for.
pub(crate) async fn run_telling(
    home: &Home,
    settings: &Settings,
    order: &SynthOrder,
    told: &(dyn Fn(u64, u64) + Sync),
) -> Result<SynthReport> {
    let synth = &settings.synth;
    let mut order = order.clone();
    if order.slices.is_empty() {
        order.slices = failing(home).await?.into_iter().map(|slice| slice.slice).collect();
    }
    let order = &order;
    let name = order.generator.as_deref().unwrap_or(&synth.generator);
    let generator = generators::named(name, synth)?;
    let prompts = Prompts::load(&home.path().join(PROMPTS))?;
    let ledger = home.ledger().await?;
    let now = order.now.unwrap_or_else(Timestamp::now);
    let count = order.count.unwrap_or(match order.kind {
        BatchKind::Night => synth.night,
        BatchKind::Long => synth.long,
        BatchKind::Adversarial => synth.adversarial,
        BatchKind::Hand => BY_HAND,
    });
    let picks = match order.kind {
        BatchKind::Adversarial => Vec::new(),
        _ => ledger.unvaried_picks().await?,
    };
    let source = Source { picks: &picks, slices: &order.slices, prompts: &prompts, abilities: generator.abilities() };
    let plan = Plan::draw(order.kind, (count, synth.variations), &source);
    let mut report = SynthReport::planned(order, &*generator, &plan, &prompts);
    if plan.tasks.is_empty() || order.dry_run {
        return Ok(report);
    }
    // A release that cannot be judged by must be known before money is spent.
    let judge = match order.kind {
        BatchKind::Adversarial => Some(adversarial::judge(home, settings).await?),
        _ => None,
    };
    let vision = generators::vision(synth)?;
    let new = NewBatch {
        kind: order.kind,
        generator: generator.name().to_owned(),
        prompts: report.prompts.join(", "),
        asked: report.asked,
        run: plan.run,
        slices: order.slices.clone(),
    };
    let batch = ledger.begin_batch(&new, now).await?;
    report.batch = Some(batch);
    let captions = Captions::new(vision, &ledger, &synth.caps, batch);
    let mut work = Work::new(&ledger, settings, (&*generator, captions), (batch, order.now));
    let done = work.all(&plan.tasks, told).await;
    report.take(&work.tally);
    if let (Some(judge), Ok(())) = (judge, &done) {
        adversarial::keep_wrong(&ledger, judge, batch, &mut report).await?;
    }
    ledger.end_batch(batch, &report.refused, report.stopped.as_deref(), work.now()).await?;
    ledger.close().await;
    match done {
        Err(error) if report.made == 0 => Err(error).context("no picture was made"),
        _ => Ok(report),
    }
}

/// Says why there is nothing to do, for a person.
pub(crate) fn nothing(order: &SynthOrder) -> anyhow::Error {
    let hint = "`hivis mine` picks hard cases; or name tags with --slices time:night,weather:rain";
    let what = format!("there is nothing to make for an order of kind {}", order.kind.as_str());
    Hinted::new(what, hint).into()
}

/// The most that the plan can cost with a generator.
fn most(generator: &dyn Generator, pictures: u64) -> hivis_types::Usd {
    hivis_types::Usd(generator.price().0.saturating_mul(i64::try_from(pictures).unwrap_or(i64::MAX)))
}
