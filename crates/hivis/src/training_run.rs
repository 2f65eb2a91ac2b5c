//! A training from its order to a release: features, head, run folder, graph.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use hivis_onnx::Model;
use hivis_store::{Home, TrainingNote};
use hivis_train::features::Backbone;
use hivis_train::split::Part;
use hivis_train::training::{Progress, Trained, TrainingReport, TrainingSettings, train};
use hivis_types::ReleaseId;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::failure::Hinted;
use crate::release::{self, Build};
use crate::tiny;
use crate::trainset::TrainSet;

/// What is to be made of which pictures.
pub(crate) struct Order {
    /// The release's and the run's name.
    pub(crate) id: ReleaseId,
    /// Where the pictures came from, in the user's words.
    pub(crate) pictures: String,
    /// `tiny`, or a folder.
    pub(crate) backbone: String,
    /// How the head is made.
    pub(crate) settings: TrainingSettings,
}

/// What was made.
pub(crate) struct Made {
    /// The run's folder.
    pub(crate) folder: PathBuf,
    /// The training's figures.
    pub(crate) report: TrainingReport,
}

/// What a run folder says of the run beside its report.
#[derive(Serialize)]
struct Run<'a> {
    id: &'a ReleaseId,
    began: Timestamp,
    seconds: f64,
    hivis: &'static str,
    machine: String,
    command: Vec<String>,
    pictures: &'a str,
    backbone: &'a str,
    settings: &'a TrainingSettings,
}

/// Trains, writes the run folder, builds the release. The pointer is not moved.
pub(crate) async fn make(home: &Home, set: TrainSet, order: Order) -> Result<Made> {
    let home = home.clone();
    let work = move || {
        let (began, start) = (Timestamp::now(), Instant::now());
        let (model, backbone) = load(&order.backbone)?;
        let show = Show::new();
        let cache = home.cache().join("features");
        let trained = train(&set, &backbone, &order.settings, &cache, &mut |at| show.show(at))?;
        show.bar.finish_and_clear();
        let folder = home.runs().join(order.id.as_str());
        let run = Run {
            id: &order.id,
            began,
            seconds: start.elapsed().as_secs_f64(),
            hivis: env!("CARGO_PKG_VERSION"),
            machine: hivis_train::recipe::machine(),
            command: std::env::args().collect(),
            pictures: &order.pictures,
            backbone: &order.backbone,
            settings: &order.settings,
        };
        write(&folder, &run, &trained, &set)?;
        build(&home, &order.id, (&model, &order.backbone), &trained)?;
        Ok(Made { folder, report: trained.report })
    };
    tokio::task::spawn_blocking(work).await.context("the training panicked")?
}

/// `tiny`, or a folder as transformers saves it.
fn load(name: &str) -> Result<(Model, Backbone)> {
    if name == "tiny" {
        let (config, preprocessor) = (hivis_train::tiny::CONFIG, hivis_train::tiny::PREPROCESSOR);
        let backbone = Backbone::new(config, preprocessor, hivis_train::tiny::WEIGHTS.to_vec(), 0)?;
        return Ok((tiny::model()?, backbone));
    }
    let folder = Path::new(name);
    if !folder.is_dir() {
        let hint = "`tiny`, or a folder with config.json and model.safetensors";
        return Err(Hinted::new(format!("there is no backbone {name}"), hint).into());
    }
    let model = Model::read(folder).with_context(|| format!("{name} cannot be read"))?;
    let hash = hash(folder)?;
    let backbone = Backbone::of(&model, hash, 0)?;
    Ok((model, backbone))
}

/// Names a backbone by its configuration and weights.
fn hash(folder: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".safetensors") || name == "config.json" || name == "preprocessor_config.json" {
            files.push(path);
        }
    }
    files.sort();
    let mut hash = Sha256::new();
    for path in files {
        std::io::copy(&mut fs_err::File::open(&path)?, &mut hash)?;
    }
    Ok(hex::encode(&hash.finalize()[..8]))
}

/// A backbone's name in the letters that a release may have.
pub(crate) fn stem(backbone: &str) -> String {
    let name = Path::new(backbone).file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(32).collect();
    let name = name.trim_matches('-').to_owned();
    if name.is_empty() { "backbone".to_owned() } else { name }
}

/// `run.toml`, `report.json`, the head, one JSON line an epoch for trackers, and the page for people.
fn write(folder: &Path, run: &Run<'_>, trained: &Trained, set: &TrainSet) -> Result<()> {
    fs_err::create_dir_all(folder)?;
    fs_err::write(folder.join("run.toml"), toml::to_string(run).context("the run cannot be written")?)?;
    fs_err::write(folder.join("report.json"), serde_json::to_string_pretty(&trained.report)?)?;
    trained.head.write(&folder.join("head.safetensors"))?;
    let line = |(epoch, losses): (usize, &hivis_train::head::Epoch)| {
        serde_json::json!({ "epoch": epoch, "loss": losses.training, "val_loss": losses.validation }).to_string() + "\n"
    };
    let lines: String = trained.report.history.iter().enumerate().map(line).collect();
    fs_err::write(folder.join("metrics.jsonl"), lines)?;
    let report = &trained.report;
    let facts = [
        ("command", run.command.join(" ")),
        ("began", run.began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ("took", format!("{:.0} s", run.seconds)),
        ("hivis", run.hivis.to_owned()),
        ("machine", run.machine.clone()),
        ("pictures", format!("{}, version {}", run.pictures, report.data)),
        ("backbone", format!("{}, {}", run.backbone, report.backbone)),
        (
            "seeds",
            format!(
                "head {}, draws {}, split {}",
                report.settings.head.seed, report.settings.draw_seed, report.settings.split_seed
            ),
        ),
    ];
    let facts = facts.into_iter().map(|(name, text)| [name.to_owned(), text]).collect();
    let page = hivis_train::report::html(&format!("Training {}", run.id), trained, set, facts)?;
    fs_err::write(folder.join("report.html"), page)?;
    Ok(())
}

fn build(home: &Home, id: &ReleaseId, (model, backbone): (&Model, &str), trained: &Trained) -> Result<()> {
    let report = &trained.report;
    let pictures = report.parts.get(&Part::Train).map_or(0, |part| part.pictures as u64);
    let embedded = backbone == "tiny";
    let built = Build {
        id: id.clone(),
        model,
        head: &trained.head,
        source: format!("trained here, runs/{id}"),
        backbone: Some(if embedded { "hivis-tiny".to_owned() } else { stem(backbone) }),
        licence: if embedded { tiny::LICENCE.to_owned() } else { "unknown: see the backbone's own card".to_owned() },
        training: Some(TrainingNote {
            run: id.to_string(),
            data: report.data.clone(),
            split_seed: report.settings.split_seed,
            pictures,
        }),
    };
    release::build(home, built).map(|_| ())
}

/// A bar on a terminal, a line now and then in a pipe.
struct Show {
    bar: ProgressBar,
    plain: bool,
}

impl Show {
    fn new() -> Self {
        let plain = !std::io::stderr().is_terminal();
        let target = if plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} pictures  {msg}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Self { bar, plain }
    }

    fn show(&self, at: Progress) {
        match at {
            Progress::Features { done, total } => {
                self.bar.set_length(total as u64);
                self.bar.set_position(done as u64);
                self.bar.set_message("features");
                if self.plain && done == total {
                    eprintln!("features of {total} pictures are there");
                }
            }
            Progress::Head => {
                self.bar.set_message("the head trains");
                if self.plain {
                    eprintln!("the head trains");
                }
            }
        }
    }
}
