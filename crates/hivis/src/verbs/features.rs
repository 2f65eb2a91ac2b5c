//! `hivis features`: features and labels in one file, for notebooks.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_train::split::Part;
use hivis_train::training::{Features, Progress, Row, Source as _, TrainingSettings, features, version};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::cli::{FeaturesArgs, Global};
use crate::failure::Hinted;
use crate::run_file::Order;
use crate::trainset::TrainSet;
use crate::{home, training_run};

/// Computes what the cache lacks and writes the file.
pub(crate) async fn run(global: &Global, args: &FeaturesArgs) -> Result<ExitCode> {
    if args.file.extension().is_none_or(|end| end != "safetensors") {
        let hint = "name a file that ends in .safetensors: numpy, PyTorch and Rust read it";
        return Err(Hinted::new(format!("{} is no file of features", args.file.display()), hint).into());
    }
    let home = home::open_or_create(global)?;
    let settings = TrainingSettings {
        split_seed: args.split_seed,
        draw_seed: args.seed,
        draws: args.draws as usize,
        ..TrainingSettings::default()
    };
    let order = Order {
        pictures: args.pictures.clone(),
        count: args.view.count,
        seed: args.seed,
        backbone: args.view.backbone.clone(),
        features: args.view.features.to_string(),
        from: None,
        settings,
    };
    let set = TrainSet::open(&home, &order).await?;
    let (file, cache) = (args.file.clone(), home.cache().join("features"));
    let work = move || {
        let (_, backbone) = training_run::load(&order)?;
        let mut told = |at: Progress| {
            if let Progress::Features { done, total } = at
                && done == total
            {
                eprintln!("features of {total} pictures are there");
            }
        };
        let found =
            features(&set, &backbone, &order.settings, (&cache, &[Part::Train, Part::Tune, Part::Exam]), &mut told)?;
        write(&file, &found, set.rows(), backbone.hash())?;
        Ok::<_, anyhow::Error>((found, version(set.rows())))
    };
    let (found, data) = tokio::task::spawn_blocking(work).await.context("computing the features panicked")??;
    let shape = [found.samples.len(), found.samples.width];
    if global.json {
        let told = serde_json::json!({ "file": args.file, "shape": shape, "data": data, "skipped": found.skipped });
        println!("{told}");
    } else {
        println!("{}: {} views of {} features, test scenes left out", args.file.display(), shape[0], shape[1]);
        for (key, why) in found.skipped.iter().take(5) {
            println!("skipped {key}: {why}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `features` f32 `[n, d]`; `label` (1: roadwork), `part` (0 train, 1 tune, 2 exam), `level` and `row` u8 or i64 `[n]`;
/// in the metadata the rows' keys and scenes as JSON lists, and the backbone.
fn write(file: &Path, found: &Features, rows: &[Row], backbone: &str) -> Result<()> {
    let n = found.samples.len();
    let numbers: Vec<u8> = found.samples.features.iter().flat_map(|x| x.to_le_bytes()).collect();
    let labels: Vec<u8> = found.samples.labels.iter().map(|label| label.as_u8()).collect();
    let parts: Vec<u8> = found.parts.iter().map(|part| *part as u8).collect();
    let levels: Vec<u8> = found.of.iter().map(|(_, draw)| (draw % 4) as u8).collect();
    let row: Vec<u8> = found.of.iter().flat_map(|(row, _)| (*row as i64).to_le_bytes()).collect();
    let views = [
        ("features", TensorView::new(Dtype::F32, vec![n, found.samples.width], &numbers)?),
        ("label", TensorView::new(Dtype::U8, vec![n], &labels)?),
        ("part", TensorView::new(Dtype::U8, vec![n], &parts)?),
        ("level", TensorView::new(Dtype::U8, vec![n], &levels)?),
        ("row", TensorView::new(Dtype::I64, vec![n], &row)?),
    ];
    let list = |of: fn(&Row) -> &str| serde_json::to_string(&rows.iter().map(of).collect::<Vec<_>>());
    let metadata = HashMap::from([
        ("keys".to_owned(), list(|row| &row.key)?),
        ("scenes".to_owned(), list(|row| &row.scene)?),
        ("backbone".to_owned(), backbone.to_owned()),
    ]);
    let bytes = safetensors::serialize(views, Some(metadata))?;
    let beside = file.with_extension("partial");
    fs_err::write(&beside, bytes)?;
    Ok(fs_err::rename(&beside, file)?)
}
