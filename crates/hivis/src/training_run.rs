//! A training from its order to a release: features, head, run folder, graph.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hivis_onnx::{HeadForm, Member, Model, Pooling};
use hivis_store::{Home, TrainingNote};
use hivis_train::features::Backbone;
use hivis_train::head::{Asking, Checkpoints};
use hivis_train::split::{Part, Proof};
use hivis_train::tracker::{RunFacts, RunStatus, TrackerName, TrackerOutcome, TrackerSettings, Trackers};
use hivis_train::training::{Desk, Progress, Source as _, Trained, TrainingReport, train, version};
use hivis_types::ReleaseId;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::backbone;
use crate::duration;
use crate::estimate;
use crate::failure::Hinted;
use crate::release::{self, Build};
use crate::run_file::{Order, Run, RunFile};
use crate::tiny;
use crate::training_show::Show;
use crate::trainset::TrainSet;
use crate::versioned;

/// What was made.
pub(crate) struct Made {
    /// The run's folder.
    pub(crate) folder: PathBuf,
    /// The training's figures.
    pub(crate) report: TrainingReport,
    /// How well the parts are apart.
    pub(crate) proof: Proof,
    /// What became of the trackers.
    pub(crate) tracked: Vec<TrackerOutcome>,
}

/// How a training is done, beside what is made.
pub(crate) struct How {
    /// The release's and the run's name.
    pub(crate) id: ReleaseId,
    /// Time between two checkpoints of the head.
    pub(crate) checkpoint: Duration,
    /// Who is told.
    pub(crate) trackers: TrackerSettings,
    /// Asked whether it should end before its last epoch.
    pub(crate) halt: Option<Asking>,
}

impl How {
    /// As `hivis train` does without flags.
    pub(crate) fn usual(id: ReleaseId) -> Self {
        let names = vec![TrackerName::JsonLines];
        let trackers = TrackerSettings { names, ..TrackerSettings::default() };
        Self { id, checkpoint: Duration::from_mins(30), trackers, halt: None }
    }
}

/// Trains, writes the run folder, builds the release. The pointer is not moved.
pub(crate) async fn make(home: &Home, set: TrainSet, order: Order, mut how: How) -> Result<Made> {
    let home = home.clone();
    let work = move || {
        let (began, start) = (Timestamp::now(), Instant::now());
        let (model, backbone) = load(&order)?;
        let earlier = order.from.as_deref().map(|run| Run::open(&home, run)?.earlier()).transpose()?;
        let folder = home.runs().join(how.id.as_str());
        fs_err::create_dir_all(&folder)?;
        let facts = RunFacts {
            run: how.id.to_string(),
            folder: folder.clone(),
            config: serde_json::to_value(&order)?,
            tags: vec!["head".to_owned()],
            clock: Timestamp::now,
        };
        let proof = set.keep_split(&home, &folder)?;
        let mut trackers = Trackers::start(&how.trackers, facts);
        let mut show = Show::new(|views, steps| {
            let time = estimate::estimate(&backbone, &order.settings.head, views, steps);
            time.map_or_else(|_| String::new(), duration::words)
        });
        let cache = home.cache().join("features");
        // A run of the same name and order goes on where it was killed.
        let checkpoint = home.cache().join("heads").join(format!("{}.safetensors", how.id));
        fs_err::create_dir_all(home.cache().join("heads"))?;
        let mut last = Instant::now();
        let due = move || {
            let due = last.elapsed() >= how.checkpoint;
            if due {
                last = Instant::now();
            }
            due
        };
        let of = serde_json::to_string(&(&order, backbone.hash(), version(set.rows())))?;
        let desk = Desk {
            cache: &cache,
            checkpoints: Checkpoints::to(checkpoint.clone(), of, due).halted_by(how.halt.take()),
            earlier: earlier.as_ref(),
            progress: &mut |at| {
                if let Progress::Epoch { epoch, losses } = at {
                    let values = [("loss", losses.training), ("val_loss", losses.validation)];
                    trackers.log(epoch as u64, &values.map(|(name, loss)| (name, f64::from(loss))));
                }
                show.show(at);
            },
        };
        let trained = train(&set, &backbone, &order.settings, desk)?;
        show.done();
        let run = RunFile {
            id: how.id.clone(),
            began,
            seconds: start.elapsed().as_secs_f64(),
            hivis: env!("CARGO_PKG_VERSION").to_owned(),
            machine: hivis_train::recipe::machine(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            command: std::env::args().collect(),
            data: trained.report.data.clone(),
            backbone: trained.report.backbone.clone(),
            order,
        };
        write(&folder, &run, (&trained, &proof), &set)?;
        build(&home, &run, &model, &trained)?;
        summarise(&mut trackers, &trained.report);
        let tracked = trackers.finish(RunStatus::Finished);
        // A file that is not there is as good as gone.
        let _ = fs_err::remove_file(checkpoint);
        Ok(Made { folder, report: trained.report, tracked, proof })
    };
    tokio::task::spawn_blocking(work).await.context("the training panicked")?
}

/// The backbone of an order: `tiny`, or a folder as transformers saves it.
pub(crate) fn load(order: &Order) -> Result<(Model, Backbone)> {
    let pooling: Pooling = order.features.parse()?;
    if order.backbone == "tiny" {
        use hivis_train::tiny::{CONFIG, PREPROCESSOR, WEIGHTS};
        let model = tiny::model()?;
        let backbone = Backbone::of(&model, Backbone::name(CONFIG, PREPROCESSOR, WEIGHTS), pooling, 0)?;
        return Ok((model, backbone));
    }
    let folder = Path::new(&order.backbone);
    if !folder.is_dir() {
        let hint = "`tiny`, or a folder with config.json and model.safetensors";
        return Err(Hinted::new(format!("there is no backbone {}", order.backbone), hint).into());
    }
    let model = Model::read(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let backbone = Backbone::of(&model, hash(folder)?, pooling, 0)?;
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

/// What a release calls its backbone.
pub(crate) fn backbone_name(backbone: &str) -> String {
    if backbone == "tiny" { "hivis-tiny".to_owned() } else { stem(backbone) }
}

/// What may be done with a release; of other people's weights we do not know.
pub(crate) fn licence(embedded: bool) -> String {
    if embedded { tiny::LICENCE.to_owned() } else { "unknown: see the backbone's own card".to_owned() }
}

/// A backbone's name in the letters that a release may have.
pub(crate) fn stem(backbone: &str) -> String {
    backbone::stem(&backbone::called(Path::new(backbone)))
}

/// `run.toml`, `report.json`, the head, and the page for people.
fn write(folder: &Path, run: &RunFile, (trained, proof): (&Trained, &Proof), set: &TrainSet) -> Result<()> {
    fs_err::write(folder.join("run.toml"), toml::to_string(run).context("the run cannot be written")?)?;
    fs_err::write(folder.join("report.json"), serde_json::to_string_pretty(&trained.report)?)?;
    trained.head.write(&folder.join("head.safetensors"))?;
    let report = &trained.report;
    let facts = [
        ("command", run.command.join(" ")),
        ("began", run.began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ("took", format!("{:.1} s", run.seconds)),
        ("hivis", run.hivis.clone()),
        ("machine", run.machine.clone()),
        ("pictures", format!("{}, version {}", run.order.pictures, report.data)),
        ("backbone", format!("{}, {}", run.order.backbone, report.backbone)),
        ("split", split_told(proof).join("; ")),
        ("threshold", threshold_told(report)),
        ("sweep", sweep_told(report)),
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

/// The split's proof in a few words: what is left out, what contradicts itself, how near the parts come.
pub(crate) fn split_told(proof: &Proof) -> Vec<String> {
    let mut told = Vec::new();
    let out: usize = proof.out.values().sum();
    if out > 0 {
        let reasons: Vec<String> =
            proof.out.iter().map(|(reason, count)| format!("{count} {}", reason.as_str())).collect();
        told.push(format!("{out} pictures are in no part ({})", reasons.join(", ")));
    }
    if let Some(pair) = proof.nearest.first() {
        let [one, other] = &pair.names;
        told.push(format!("the nearest pictures of two parts differ in {} of 256 bits: {one}, {other}", pair.distance));
    }
    let differ: usize = proof.disagreements.iter().map(|d| d.identical.differ + d.alike.differ).sum();
    if differ > 0 {
        told.push(format!("{differ} pairs of like pictures carry different labels: split.json names them"));
    }
    let off = proof.strata.iter().filter(|stratum| stratum.off).count();
    if off > 0 {
        told.push(format!("{off} strata are more than 2 points off their share, as few scenes will be"));
    }
    told
}

/// Where the answer turns, and why.
fn threshold_told(report: &TrainingReport) -> String {
    let shift = &report.threshold;
    let at = 1.0 / (1.0 + (-shift.threshold).exp());
    let gains = 100.0 * shift.gains;
    if shift.used {
        format!("moved to {at:.3}: it gains on scenes it was not chosen on in {gains:.0}% of resamplings")
    } else if report.settings.shift {
        format!("0.5; {at:.3} would look best here, but gains elsewhere in only {gains:.0}% of resamplings")
    } else {
        "0.5, as asked".to_owned()
    }
}

fn sweep_told(report: &TrainingReport) -> String {
    let stopped = report.trials.iter().filter(|trial| trial.stopped.is_some()).count();
    match report.trials.as_slice() {
        [] => "none".to_owned(),
        all => format!("{} trials, {stopped} stopped early; the best has tuning loss {:.4}", all.len(), all[0].loss),
    }
}

/// What the run comes to, for trackers.
fn summarise(trackers: &mut Trackers, report: &TrainingReport) {
    let tune = &report.tune;
    let auc = tune.auc_roc.unwrap_or(f64::NAN);
    trackers.summary(&[
        ("accuracy", tune.accuracy),
        ("mcc", tune.mcc),
        ("f1", tune.f1),
        ("auc_roc", auc),
        ("brier", tune.brier),
        ("calibration_error", tune.calibration_error),
        ("loss", tune.loss),
    ]);
}

fn build(home: &Home, run: &RunFile, model: &Model, trained: &Trained) -> Result<()> {
    let (report, id, backbone) = (&trained.report, &run.id, run.order.backbone.as_str());
    let pictures = report.parts.get(&Part::Train).map_or(0, |part| part.pictures as u64);
    let head = HeadForm::Dense(trained.head.clone());
    let built = Build {
        id: id.clone(),
        members: &[Member { model, head: &head, weight: 1.0 }],
        calibration: None,
        source: format!("trained here, runs/{id}"),
        backbone: Some(backbone_name(backbone)),
        licence: licence(backbone == "tiny"),
        training: Some(TrainingNote {
            run: id.to_string(),
            data: report.data.clone(),
            version: versioned::versions(&run.order.pictures),
            split_seed: report.settings.split_seed,
            pictures,
            below_floor: report.below_floor.clone(),
        }),
        figures: Some(report.tune),
    };
    release::build(home, built).map(|_| ())
}
