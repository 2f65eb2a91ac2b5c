//! `hivis train`: labelled pictures become a release, and a run folder that says how.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use hivis_train::head::HeadSettings;
use hivis_train::sweep::Trial;
use hivis_train::tracker::{TrackerSettings, WandbSettings};
use hivis_train::training::{Floors, Source as _, TrainingReport, TrainingSettings, version};
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::cli::{Global, TrainArgs};
use crate::failure::Hinted;
use crate::run_file::{Order, Run};
use crate::table::table;
use crate::training_run::{self, How, split_told, stem};
use crate::trainset::TrainSet;
use crate::{home, versioned};

/// Skipped pictures that are named to a person.
const NAMED: usize = 5;
/// Passes of a new head.
const EPOCHS: u32 = 10;
/// Passes of a head that goes on.
const MORE_EPOCHS: u32 = 3;

/// Trains, writes the run and builds the release; the pointer is not moved.
pub(crate) async fn run(global: &Global, args: &TrainArgs) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let repeated = args.repeat.as_deref().map(|run| Run::open(&home, run)).transpose()?;
    let order = match (&repeated, &args.from) {
        (Some(run), _) => run.file.order.clone(),
        (None, Some(from)) => going_on(args, &Run::open(&home, from)?)?,
        (None, None) => order(args)?,
    };
    // A run names the version that it learned from, not whichever is the latest.
    let order = Order { pictures: versioned::pinned(&home, &order.pictures).await?, ..order };
    let name =
        repeated.as_ref().map_or_else(|| stem(&order.backbone) + "-head", |run| format!("{}-again", run.file.id));
    let id = match &args.id {
        Some(id) => ReleaseId::new(id.clone())?,
        None => ReleaseId::new(format!("{name}-{}", Timestamp::now().strftime("%Y%m%d-%H%M%S")))?,
    };
    if home.releases().list()?.contains(&id) {
        return Err(Hinted::new(format!("release {id} is there already"), "choose another with --id").into());
    }
    let set = TrainSet::open(&home, &order).await?;
    let skipped = set.skipped.clone();
    for skipped in skipped.iter().take(NAMED) {
        eprintln!("skipped {}: {}", skipped.name, skipped.why);
    }
    if skipped.len() > NAMED {
        eprintln!("and {} more; --json names them all", skipped.len() - NAMED);
    }
    if let Some(run) = &repeated {
        let (was, is) = (&run.file.data, version(set.rows()));
        if *was != is {
            let hint = "pictures were added, removed or labelled anew since; train without --repeat";
            return Err(Hinted::new(format!("the pictures are version {is}, the run had {was}"), hint).into());
        }
    }
    eprintln!("{} pictures, {} draws each", set.rows().len(), order.settings.draws);
    let wandb = WandbSettings { entity: args.wandb_entity.clone(), ..WandbSettings::default() };
    let wandb = WandbSettings { project: args.wandb_project.clone(), ..wandb };
    let how = How {
        id: id.clone(),
        checkpoint: Duration::from_mins(u64::from(args.checkpoint)),
        trackers: TrackerSettings { names: args.track.clone(), wandb },
        halt: None,
    };
    let pictures = order.pictures.clone();
    let made = training_run::make(&home, set, order, how).await?;
    let same = repeated.map(|run| Ok::<_, anyhow::Error>((run.head()?, Run::open(&home, id.as_str())?.head()?)));
    let same = same.transpose()?.map(|(was, is)| was == is);
    if global.json {
        let told = serde_json::json!({ "release": id, "run": made.folder, "report": made.report, "same": same, "tracked": made.tracked,
            "skipped": skipped
        });
        println!("{told}");
    } else {
        for line in split_told(&made.proof) {
            println!("{line}");
        }
        print(&id, &made.folder, &made.report);
        for tracked in &made.tracked {
            let place = tracked.place.as_deref().unwrap_or("nowhere");
            match &tracked.why {
                None => println!("told {}: {place}", tracked.tracker.as_str()),
                Some(why) => println!(
                    "told {}: {place}, {} of {} events lost: {why}",
                    tracked.tracker.as_str(),
                    tracked.lost,
                    tracked.events
                ),
            }
        }
        match same {
            Some(true) => println!("the same head as before, bit for bit"),
            Some(false) => println!("ANOTHER head than before: another processor, number of threads or version?"),
            None => {}
        }
        let next = home.releases().current()?.map_or_else(
            || format!("hivis release promote {id}"),
            |_| {
                // An exam asks pictures of one source.
                let first = pictures.split(',').next().unwrap_or_default();
                format!("hivis exam current {id} --pictures {first} && hivis release promote {id}")
            },
        );
        println!("\nnext: {next}");
    }
    Ok(if same == Some(false) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What the flags ask for.
fn order(args: &TrainArgs) -> Result<Order> {
    let hidden = match args.head.as_str() {
        "linear" => Vec::new(),
        widths => widths
            .split(',')
            .map(|width| width.trim().parse().ok().filter(|width| (1..=8192).contains(width)))
            .collect::<Option<Vec<usize>>>()
            .ok_or_else(|| Hinted::new(format!("--head {widths} is no head"), "`linear`, or widths such as 512,256"))?,
    };
    let share = |floor: Option<f64>| floor.is_none_or(|floor| (0.0..=1.0).contains(&floor));
    let sane = (0.0..1.0).contains(&args.dropout) && args.rate > 0.0 && args.rate <= 1.0;
    if !(sane && share(args.floor_accuracy) && share(args.floor_f1)) {
        let hint = "--dropout is at least 0 and below 1, --rate above 0 and at most 1, a floor from 0 to 1";
        return Err(Hinted::new("these settings train nothing", hint).into());
    }
    let head = HeadSettings {
        seed: args.seed,
        hidden,
        dropout: args.dropout,
        batch: args.batch as usize,
        accumulate: args.accumulate as usize,
        epochs: args.epochs.unwrap_or(EPOCHS) as usize,
        patience: args.patience as usize,
        peak_rate: args.rate,
        class_weights: args.class_weights,
        device: args.device,
        ..HeadSettings::default()
    };
    let settings = TrainingSettings {
        split_seed: args.split_seed,
        draw_seed: args.seed,
        draws: args.draws as usize,
        trials: args.trials as usize,
        calibration: args.calibration.into(),
        shift: !args.no_shift,
        shares: args.shares,
        floors: Floors { accuracy: args.floor_accuracy, f1: args.floor_f1 },
        head,
    };
    Ok(Order {
        pictures: args.pictures.clone().context("--pictures is missing: this is a bug")?,
        count: args.view.count,
        seed: args.seed,
        backbone: args.view.backbone.clone(),
        features: args.view.features.to_string(),
        from: None,
        settings,
    })
}

/// What the flags ask for on top of an earlier run: its backbone, split, draws and form of the head stay.
fn going_on(args: &TrainArgs, run: &Run) -> Result<Order> {
    let (asked, was) = (order(args)?, &run.file.order);
    let settings = TrainingSettings {
        split_seed: was.settings.split_seed,
        draw_seed: was.settings.draw_seed,
        draws: was.settings.draws,
        head: HeadSettings {
            hidden: run.head()?.layers.iter().rev().skip(1).rev().map(|layer| layer.outputs).collect(),
            epochs: args.epochs.unwrap_or(MORE_EPOCHS) as usize,
            ..asked.settings.head.clone()
        },
        ..asked.settings.clone()
    };
    Ok(Order {
        backbone: was.backbone.clone(),
        features: was.features.clone(),
        from: Some(run.file.id.to_string()),
        settings,
        ..asked
    })
}

fn print(id: &ReleaseId, folder: &Path, report: &TrainingReport) {
    let parts: Vec<Vec<String>> = report
        .parts
        .iter()
        .map(|(part, size)| {
            let numbers = [size.scenes, size.pictures, size.roadwork].map(|n| n.to_string());
            std::iter::once(part.as_str().to_owned()).chain(numbers).collect()
        })
        .collect();
    println!("{}", table(&["part", "scenes", "pictures", "with roadwork"], &parts));
    let epochs: Vec<Vec<String>> = report
        .history
        .iter()
        .enumerate()
        .map(|(epoch, losses)| {
            let mark = if epoch == report.best { "kept" } else { "" };
            vec![
                epoch.to_string(),
                format!("{:.4}", losses.training),
                format!("{:.4}", losses.validation),
                mark.to_owned(),
            ]
        })
        .collect();
    println!("{}", table(&["epoch", "loss", "tuning loss", ""], &epochs));
    let m = &report.tune;
    println!(
        "on {} challenges of the tuning scenes: accuracy {:.3}, MCC {:.3}, F1 {:.3}, AUC {:.3}, loss {:.3}",
        m.rows,
        m.accuracy,
        m.mcc,
        m.f1,
        m.auc_roc.unwrap_or(f64::NAN),
        m.loss
    );
    println!(
        "calibration: a {:.3}, b {:+.3}; calibration error {:.3}, {:.3} before",
        report.calibration.0, report.calibration.1, m.calibration_error, report.tune_raw.calibration_error
    );
    let threshold = &report.threshold;
    if threshold.used {
        println!(
            "the threshold moved to {:.3} of the probabilities before: {:+.3} of reward here, a gain in {:.0}% of resamplings",
            1.0 / (1.0 + (-threshold.threshold).exp()),
            threshold.gain,
            100.0 * threshold.gains
        );
    }
    if report.trials.len() > 1 {
        println!("{}", trials(&report.trials));
    }
    if let Some((run, new, old)) = &report.earlier {
        println!("went on from {run}: {new} pictures that it had not seen, {old} that it had");
    }
    if let Some(why) = &report.checkpoint_failed {
        println!("the last checkpoint could not be written ({why}); the training did not need it");
    }
    if let Some(missed) = &report.below_floor {
        println!("NOT PROMOTABLE: {missed}");
    }
    if !report.skipped.is_empty() {
        println!("{} pictures could not be read; report.json names them", report.skipped.len());
    }
    println!("release {id} is ready; look at {}", folder.join("report.html").display());
}

/// The sweep's trials, best first.
fn trials(trials: &[Trial]) -> String {
    let row = |trial: &Trial| {
        let head = &trial.settings;
        let widths: Vec<String> = head.hidden.iter().map(ToString::to_string).collect();
        vec![
            if widths.is_empty() { "linear".to_owned() } else { widths.join(",") },
            format!("{:.1}", head.dropout),
            format!("{:.1e}", head.peak_rate),
            format!("{:.1e}", head.optimiser.decay),
            trial.epochs.to_string(),
            format!("{:.4}", trial.loss),
            match (&trial.failed, trial.stopped) {
                (Some(why), _) => why.clone(),
                (None, Some(rung)) => format!("stopped after {rung}"),
                (None, None) => String::new(),
            },
        ]
    };
    let rows: Vec<_> = trials.iter().map(row).collect();
    table(&["head", "dropout", "rate", "decay", "epochs", "tuning loss", ""], &rows)
}
