//! `hivis ensemble`: several heads answer as one release.

use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_onnx::{Calibration, HeadForm, Member, Model, Nearest};
use hivis_store::{Home, TrainingNote};
use hivis_train::calibrate::{self, Method};
use hivis_train::features::Backbone;
use hivis_train::measure::{Measures, measure};
use hivis_train::split::Part;
use hivis_train::training::{Features, Source as _, features, version};
use hivis_train::{blend, head};
use hivis_types::{Label, ReleaseId};
use jiff::Timestamp;

use crate::cli::{EnsembleArgs, Global};
use crate::failure::Hinted;
use crate::release::{self, Build};
use crate::run_file::Run;
use crate::table::table;
use crate::trainset::TrainSet;
use crate::{home, training_run, versioned};

/// The most rows of a bank, as `hivis_onnx::Nearest` has it.
const BANK: usize = 50_000;
/// How fast a neighbour's vote fades with its distance, as DINO's k-NN evaluation has it.
const TEMPERATURE: f32 = 0.07;

/// A member before it has a weight.
struct Entrant {
    name: String,
    /// Its backbone among those that were loaded.
    model: usize,
    form: HeadForm,
    /// Its probabilities on the tuning rows.
    probabilities: Vec<f64>,
}

/// What came of it.
struct Made {
    names: Vec<String>,
    weights: Vec<f64>,
    alone: Vec<Measures>,
    together: Measures,
}

/// Fits or takes the weights, calibrates, builds the release; the pointer is not moved.
pub(crate) async fn run(global: &Global, args: &EnsembleArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let id = match &args.id {
        Some(id) => ReleaseId::new(id.clone())?,
        None => ReleaseId::new(format!("ensemble-{}", Timestamp::now().strftime("%Y%m%d-%H%M%S")))?,
    };
    if home.releases().list()?.contains(&id) {
        return Err(Hinted::new(format!("release {id} is there already"), "choose another with --id").into());
    }
    let runs = args.members.iter().map(|member| Run::open(&home, named(member))).collect::<Result<Vec<_>>>()?;
    let first = &runs[0].file;
    for run in &runs[1..] {
        let file = &run.file;
        if file.data != first.data || file.order.settings.split_seed != first.order.settings.split_seed {
            let hint = "train all members with the same --pictures and --split-seed";
            let why = format!("{} and {} learned from other pictures or splits", first.id, file.id);
            return Err(Hinted::new(why, hint).into());
        }
    }
    let set = TrainSet::open(&home, &first.order).await?;
    if version(set.rows()) != first.data {
        let hint = "pictures were added, removed or labelled anew since: train the members again";
        return Err(Hinted::new("the pictures are not those of the runs", hint).into());
    }
    let (members, weights) = (args.members.clone(), args.weights.clone());
    let (neighbours, calibration) = (args.neighbours as usize, args.calibration.into());
    let pictures = first.order.pictures.split(',').next().unwrap_or_default().to_owned();
    let made = {
        let id = id.clone();
        let work = move || {
            let recipe = Recipe { members, weights, neighbours, calibration };
            make(&home, &set, &runs, (&id, &recipe))
        };
        tokio::task::spawn_blocking(work).await.context("the ensemble panicked")??
    };
    tell(global, (&id, &pictures), &made);
    Ok(ExitCode::SUCCESS)
}

/// What was asked for.
struct Recipe {
    members: Vec<String>,
    weights: Vec<f64>,
    neighbours: usize,
    calibration: Method,
}

/// The run that a member names.
fn named(member: &str) -> &str {
    member.strip_prefix("nearest:").unwrap_or(member)
}

fn make(home: &Home, set: &TrainSet, runs: &[Run], (id, recipe): (&ReleaseId, &Recipe)) -> Result<Made> {
    let mut models: Vec<(String, Model)> = Vec::new();
    let mut entrants = Vec::new();
    let mut truths: Vec<bool> = Vec::new();
    for (member, run) in recipe.members.iter().zip(runs) {
        let order = &run.file.order;
        let (model, backbone) = training_run::load(order)?;
        let at = models.iter().position(|(name, _)| *name == order.backbone).unwrap_or_else(|| {
            models.push((order.backbone.clone(), model));
            models.len() - 1
        });
        let entrant = entrant(home, set, (member, run), &backbone, recipe.neighbours)?;
        truths = entrant.1;
        entrants.push(Entrant { model: at, ..entrant.0 });
    }
    let probabilities: Vec<Vec<f64>> = entrants.iter().map(|entrant| entrant.probabilities.clone()).collect();
    let weights = match recipe.weights.as_slice() {
        [] => blend::weights(&probabilities, &truths),
        fixed if fixed.len() == entrants.len() => fixed.to_vec(),
        fixed => {
            let why = format!("{} weights for {} members", fixed.len(), entrants.len());
            return Err(Hinted::new(why, "give one for each member, such as 0.6,0.25,0.15").into());
        }
    };
    let average = blend::average(&probabilities, &weights);
    let logits: Vec<f32> = average.iter().map(|p| blend::logit(*p)).collect();
    let calibration = calibrate::fit(recipe.calibration, &logits, &truths);
    let judged: Vec<f64> = logits.iter().map(|x| sigmoid(f64::from(calibration.a * x + calibration.b))).collect();
    let measured = |p: &[f64]| measure(p, &truths).context("the tuning part has no rows");
    let together = measured(&judged)?;
    let members: Vec<Member<'_>> = entrants
        .iter()
        .zip(&weights)
        .map(|(entrant, weight)| Member { model: &models[entrant.model].1, head: &entrant.form, weight: *weight })
        .collect();
    let first = &runs[0].file;
    let parts: Vec<String> =
        entrants.iter().zip(&weights).map(|(entrant, weight)| format!("{} ({weight:.3})", entrant.name)).collect();
    let embedded = models.iter().all(|(name, _)| name == "tiny");
    let names: Vec<String> = models.iter().map(|(name, _)| training_run::backbone_name(name)).collect();
    release::build(
        home,
        Build {
            id: id.clone(),
            members: &members,
            calibration: Some(calibration),
            source: format!("an ensemble trained here: {}", parts.join(", ")),
            backbone: Some(names.join(" + ")),
            licence: training_run::licence(embedded),
            training: Some(TrainingNote {
                run: first.id.to_string(),
                data: first.data.clone(),
                version: versioned::versions(&first.order.pictures),
                split_seed: first.order.settings.split_seed,
                pictures: learned(set, first.order.settings.split_seed),
                below_floor: None,
            }),
            figures: Some(together),
        },
    )?;
    let alone = probabilities.iter().map(|p| measured(p)).collect::<Result<_>>()?;
    Ok(Made { names: entrants.into_iter().map(|entrant| entrant.name).collect(), weights, alone, together })
}

/// A member with its probabilities on the tuning views, and the truths of these.
fn entrant(
    home: &Home,
    set: &TrainSet,
    (member, run): (&str, &Run),
    backbone: &Backbone,
    neighbours: usize,
) -> Result<(Entrant, Vec<bool>)> {
    let settings = &run.file.order.settings;
    let nearest = member.starts_with("nearest:");
    let wanted: &[Part] = if nearest { &[Part::Train, Part::Tune] } else { &[Part::Tune] };
    let cache = home.cache().join("features");
    let found = features(set, backbone, settings, (&cache, wanted), &mut |_| {})?;
    let tuning = found.of_part(Part::Tune);
    let truths = tuning.labels.iter().map(|label| *label == Label::Roadwork).collect();
    let (form, probabilities) = if nearest {
        let nearest = bank(&found, backbone, neighbours);
        let votes = blend::votes(&nearest, &tuning.features);
        (HeadForm::Nearest(nearest), votes)
    } else {
        let dense = run.head()?;
        let probabilities = head::logits(&dense, &tuning).into_iter().map(|x| sigmoid(f64::from(x))).collect();
        (HeadForm::Dense(dense), probabilities)
    };
    Ok((Entrant { name: member.to_owned(), model: 0, form, probabilities }, truths))
}

/// The training views as a bank; of more than fit, evenly taken ones.
fn bank(found: &Features, backbone: &Backbone, neighbours: usize) -> Nearest {
    let learned = found.of_part(Part::Train);
    let every = learned.len().div_ceil(BANK).max(1);
    let rows: Vec<usize> = (0..learned.len()).step_by(every).collect();
    Nearest {
        pooling: backbone.pooling(),
        bank: rows.iter().flat_map(|row| learned.row(*row)).copied().collect(),
        labels: rows.iter().map(|row| learned.labels[*row] == Label::Roadwork).collect(),
        k: neighbours.min(rows.len()),
        temperature: TEMPERATURE,
        calibration: Calibration::default(),
    }
}

fn learned(set: &TrainSet, seed: u64) -> u64 {
    (0..set.rows().len()).filter(|row| set.part(*row, seed) == Some(Part::Train)).count() as u64
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn tell(global: &Global, (id, pictures): (&ReleaseId, &str), made: &Made) {
    if global.json {
        let told = serde_json::json!({
            "release": id, "members": made.names, "weights": made.weights, "alone": made.alone, "together": made.together
        });
        println!("{told}");
        return;
    }
    let row = |name: &str, weight: String, m: &Measures| {
        vec![name.to_owned(), weight, format!("{:.3}", m.accuracy), format!("{:.3}", m.mcc), format!("{:.4}", m.loss)]
    };
    let mut rows: Vec<Vec<String>> = made
        .names
        .iter()
        .zip(&made.weights)
        .zip(&made.alone)
        .map(|((name, weight), m)| row(name, format!("{weight:.3}"), m))
        .collect();
    rows.push(row("together", String::new(), &made.together));
    println!("{}", table(&["member", "weight", "accuracy", "MCC", "loss"], &rows));
    println!("on {} challenges of the tuning scenes", made.together.rows);
    println!(
        "release {id} is ready\n\nnext: hivis exam current {id} --pictures {pictures} && hivis release promote {id}"
    );
}
