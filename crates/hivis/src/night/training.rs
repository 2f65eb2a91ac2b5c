//! The training of a night: the head goes on from what serves, or begins anew, within its time.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hivis_train::TrainError;
use hivis_train::head::{ClassWeights, Halt, HeadSettings};
use hivis_train::training::{TrainingReport, TrainingSettings};
use hivis_types::ReleaseId;

use super::facts::TrainFacts;
use super::house::House;
use super::{Context, Ended, Kind};
use crate::run_file::{Order, Run};
use crate::training_run::{self, How, stem};
use crate::trainset::TrainSet;
use crate::{duration, home};

/// What a training of this night would be.
enum Intent {
    /// Nothing, for this reason.
    No(String),
    /// This, with so many samples that the release which serves has not seen.
    Yes { order: Box<Order>, new: u64 },
}

/// How many passes, and how long at most.
fn limits(house: &House, kind: Kind) -> (u32, Duration) {
    let night = &house.settings.night;
    match kind {
        Kind::Retrain => night.retraining,
        Kind::Weekly => night.weekly_training,
        Kind::Nightly | Kind::Monthly => night.nightly,
    }
}

/// Trains, and gives the new release.
pub(super) async fn train(house: &House, at: &Context) -> Result<Ended> {
    let (order, new) = match intent(house, at.kind).await? {
        Intent::No(why) => return Ok(Ended::skipped(why)),
        Intent::Yes { order, new } => (*order, new),
    };
    // The same job, taken up again, goes on with the same run.
    let day = at.due.strftime("%Y%m%d");
    let name = format!("{}-{}-{day}-{}", stem(&order.backbone), at.kind.as_str(), at.job);
    let id = ReleaseId::new(name)?;
    let facts = TrainFacts { release: id.to_string(), new };
    if house.home.releases().list()?.contains(&id) {
        let said = format!("{id} was trained before hivis was stopped");
        return Ok(Ended::Done { said, facts: serde_json::to_value(facts)? });
    }
    let (_, time) = limits(house, at.kind);
    let (stop, end) = (at.stop.clone(), Instant::now() + time);
    let halt = move || {
        if stop.asked() {
            return Some(Halt::Now);
        }
        (Instant::now() >= end).then_some(Halt::Soon)
    };
    let mut order = order;
    if let Some(version) = cut(at).filter(|_| order.pictures == "samples") {
        // What the version step has just cut, so that the run can be done again.
        order.pictures = format!("version:{version}");
    }
    let epochs = order.settings.head.epochs;
    let set = TrainSet::open(&house.home, &order).await?;
    let how = How { halt: Some(Box::new(halt)), ..How::usual(id.clone()) };
    let made = match training_run::make(&house.home, set, order, how).await {
        Ok(made) => made,
        Err(error) => {
            let halted = error.chain().find_map(|cause| match cause.downcast_ref::<TrainError>() {
                Some(TrainError::Halted { at }) => Some(at.clone()),
                _ => None,
            });
            let Some(place) = halted.filter(|_| !at.stop.asked()) else { return Err(error) };
            return Ok(Ended::skipped(format!(
                "its time ({}) was over {place}, before the first pass was whole; what it computed is kept",
                duration::words(time)
            )));
        }
    };
    let said = said(&id, &made.report, new, (epochs, time));
    Ok(Ended::Done { said, facts: serde_json::to_value(facts)? })
}

/// The version that this job's version step cut, or found unchanged.
fn cut(at: &Context) -> Option<&str> {
    let facts = at.facts(super::Step::Version)?;
    ["version", "before"].into_iter().find_map(|name| facts[name].as_str())
}

/// What it would do, in words.
pub(super) async fn would(house: &House, at: &Context) -> Result<String> {
    Ok(match intent(house, at.kind).await? {
        Intent::No(why) => format!("nothing: {why}"),
        Intent::Yes { order, new } => {
            let (epochs, time) = limits(house, at.kind);
            let from = order.from.as_ref().map_or_else(|| "anew".to_owned(), |run| format!("on from {run}"));
            let time = duration::words(time);
            format!("trains a head {from}: {new} new samples of {}, {epochs} passes, {time} at most", order.pictures)
        }
    })
}

fn said(id: &ReleaseId, report: &TrainingReport, new: u64, (epochs, time): (usize, Duration)) -> String {
    let made = report.history.len();
    let short = if report.cut_short {
        format!("; stopped after {made} of {epochs} passes, its time ({}) was over", duration::words(time))
    } else {
        String::new()
    };
    let floor = report.below_floor.as_ref().map_or_else(String::new, |missed| format!("; not promotable: {missed}"));
    format!(
        "{id}: {new} new samples, {made} passes, accuracy {:.3} on the tuning scenes{short}{floor}",
        report.tune.accuracy
    )
}

/// Decides whether there is something to learn, and from where.
async fn intent(house: &House, kind: Kind) -> Result<Intent> {
    let night = &house.settings.night;
    let current = home::current_release(&house.home)?;
    let training = current.as_ref().and_then(|release| release.manifest.training.clone());
    // A run whose folder is gone is no basis; the training then begins anew.
    let basis = training.and_then(|note| Run::open(&house.home, &note.run).ok());
    let known = basis.as_ref().map(known).transpose()?.unwrap_or_default();
    let samples = house.ledger.samples().await?;
    let new = samples.iter().filter(|sample| !known.contains(&sample.id.to_string())).count() as u64;
    let above = match kind {
        Kind::Nightly | Kind::Monthly => Some(night.train_above),
        Kind::Weekly => Some(0),
        Kind::Retrain => None,
    };
    // Scenes have no end and are not counted; they are for trying out.
    if let Some(above) = above.filter(|above| night.pictures != "scenes" && new <= *above) {
        return Ok(Intent::No(format!("{new} new samples; above {above} a head is trained")));
    }
    let tiny = current.as_ref().is_some_and(|r| r.manifest.backbone.as_deref() == Some("hivis-tiny"));
    let backbone = basis.as_ref().map(|run| run.file.order.backbone.clone());
    let backbone = backbone.or_else(|| night.backbone.clone()).or_else(|| tiny.then(|| "tiny".to_owned()));
    let Some(backbone) = backbone else {
        let why = "what serves was not trained here; night.backbone says which backbone a head is trained on";
        return Ok(Intent::No(why.to_owned()));
    };
    let (epochs, _) = limits(house, kind);
    let before = basis.as_ref().map(|run| &run.file.order);
    let settings = before.map_or_else(TrainingSettings::default, |order| order.settings.clone());
    let going_on = matches!(kind, Kind::Nightly | Kind::Monthly);
    let mut order = Order {
        pictures: night.pictures.clone(),
        count: before.map_or(1000, |order| order.count),
        seed: before.map_or(72, |order| order.seed),
        backbone,
        features: before.map_or_else(|| "cls-mean".to_owned(), |order| order.features.clone()),
        from: None,
        settings: TrainingSettings {
            // Hard cases are mostly of one label, and validators ask both evenly.
            head: HeadSettings {
                epochs: epochs as usize,
                class_weights: ClassWeights::Balanced,
                ..settings.head.clone()
            },
            ..settings
        },
    };
    if let Some(run) = basis.filter(|_| going_on) {
        // The head keeps its form, and a run that goes on has no sweep and no shares.
        let layers = run.head()?.layers;
        order.settings.head.hidden = layers.iter().rev().skip(1).rev().map(|layer| layer.outputs).collect();
        (order.settings.trials, order.settings.shares) = (1, None);
        order.from = Some(run.file.id.to_string());
    }
    if order.pictures == "scenes" {
        // Others than last night's.
        order.seed = order.seed.wrapping_add(new).wrapping_add(1);
    }
    Ok(Intent::Yes { order: Box::new(order), new })
}

/// Keys (SHA-256 in hex) of all pictures that a run knew, whatever part they are in.
fn known(run: &Run) -> Result<HashSet<String>> {
    let path = run.folder.join("split.csv");
    let mut reader = csv::Reader::from_reader(fs_err::File::open(&path)?);
    let headers = reader.headers()?.clone();
    let key = headers.iter().position(|name| name == "key").context("split.csv has no column `key`")?;
    let rows = reader.records().map(|row| Ok(row?.get(key).unwrap_or_default().to_owned()));
    rows.collect::<Result<_>>().with_context(|| format!("{} cannot be read", path.display()))
}
