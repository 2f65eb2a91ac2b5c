//! `hivis train`: labelled pictures become a release, and a run folder that says how.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_train::calibrate::Method;
use hivis_train::head::HeadSettings;
use hivis_train::training::{Source as _, TrainingReport, TrainingSettings};
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::cli::{CalibrationName, Global, TrainArgs};
use crate::failure::Hinted;
use crate::home;
use crate::table::table;
use crate::training_run::{self, Order, stem};
use crate::trainset::TrainSet;

/// Trains, writes the run and builds the release; the pointer is not moved.
pub(crate) async fn run(global: &Global, args: &TrainArgs) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let began = Timestamp::now();
    let id = match &args.id {
        Some(id) => ReleaseId::new(id.clone())?,
        None => ReleaseId::new(format!("{}-head-{}", stem(&args.backbone), began.strftime("%Y%m%d-%H%M%S")))?,
    };
    if home.releases().list()?.contains(&id) {
        return Err(Hinted::new(format!("release {id} is there already"), "choose another with --id").into());
    }
    let (name, count, seed) = (args.pictures.clone(), args.count, args.seed);
    let set = tokio::task::spawn_blocking(move || TrainSet::open(&name, count, seed));
    let set = set.await.context("opening the pictures panicked")??;
    for skipped in set.skipped.iter().take(5) {
        eprintln!("skipped {}: {}", skipped.name, skipped.why);
    }
    let order = Order {
        id: id.clone(),
        pictures: args.pictures.clone(),
        backbone: args.backbone.clone(),
        settings: settings(args)?,
    };
    eprintln!("{} pictures, {} draws each", set.rows().len(), order.settings.draws);
    let made = training_run::make(&home, set, order).await?;
    if global.json {
        println!("{}", serde_json::json!({ "release": id, "run": made.folder, "report": made.report }));
    } else {
        print(&id, &made.folder, &made.report);
        let next = home.releases().current()?.map_or_else(
            || format!("hivis release promote {id}"),
            |_| format!("hivis exam current {id} --pictures {} && hivis release promote {id}", args.pictures),
        );
        println!("\nnext: {next}");
    }
    Ok(ExitCode::SUCCESS)
}

fn settings(args: &TrainArgs) -> Result<TrainingSettings> {
    let hidden = match args.head.as_str() {
        "linear" => Vec::new(),
        widths => widths
            .split(',')
            .map(|width| width.trim().parse().ok().filter(|width| (1..=8192).contains(width)))
            .collect::<Option<Vec<usize>>>()
            .ok_or_else(|| Hinted::new(format!("--head {widths} is no head"), "`linear`, or widths such as 512,256"))?,
    };
    let head = HeadSettings {
        seed: args.seed,
        hidden,
        epochs: args.epochs as usize,
        patience: args.patience as usize,
        ..HeadSettings::default()
    };
    let calibration = match args.calibration {
        CalibrationName::Temperature => Method::Temperature,
        CalibrationName::Platt => Method::Platt,
        CalibrationName::None => Method::None,
    };
    Ok(TrainingSettings {
        split_seed: args.split_seed,
        draw_seed: args.seed,
        draws: args.draws as usize,
        head,
        calibration,
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
    if !report.skipped.is_empty() {
        println!("{} pictures could not be read; report.json names them", report.skipped.len());
    }
    println!("release {id} is ready; look at {}", folder.join("report.html").display());
}
