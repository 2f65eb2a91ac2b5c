//! The report of a training as one HTML file: nothing beside it is needed, no script runs, no font is loaded.

mod plot;

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hivis_types::Picture;

use crate::TrainError;
use crate::feature_cache::seen;
use crate::measure::{Measures, precision_recall, reliability, roc};
use crate::split::Part;
use crate::training::{Judged, Source, Trained};

/// Wrong answers that are shown.
const WORST: usize = 12;

#[derive(Template)]
#[template(path = "training.html")]
struct Page {
    title: String,
    lead: String,
    figures: Vec<Figure>,
    plots: Vec<Plot>,
    confusion: [usize; 4],
    parts: Vec<[String; 4]>,
    slices: Vec<Slice>,
    worst: Vec<Worst>,
    facts: Vec<[String; 2]>,
}

struct Figure {
    text: String,
    caption: &'static str,
}

struct Plot {
    caption: String,
    svg: String,
}

struct Slice {
    name: String,
    rows: usize,
    accuracy: String,
    percent: u32,
    mcc: String,
    loss: String,
}

struct Worst {
    caption: String,
    jpeg: String,
}

/// Writes the page; `source` gives the pictures of the worst answers, `facts` are lines about the run.
pub fn html(
    title: &str,
    trained: &Trained,
    source: &dyn Source,
    facts: Vec<[String; 2]>,
) -> Result<String, TrainError> {
    let report = &trained.report;
    let page = Page {
        title: title.to_owned(),
        lead: lead(&report.tune),
        figures: figures(&report.tune, &report.tune_raw),
        plots: plots(trained)?,
        confusion: {
            let table = report.tune.confusion;
            [table.true_roadwork, table.false_clear, table.false_roadwork, table.true_clear]
        },
        parts: Part::ALL
            .iter()
            .filter_map(|part| {
                let size = report.parts.get(part)?;
                Some([
                    part.as_str().to_owned(),
                    size.scenes.to_string(),
                    size.pictures.to_string(),
                    size.roadwork.to_string(),
                ])
            })
            .collect(),
        slices: slices(&report.slices),
        worst: worst(trained, source),
        facts,
    };
    page.render().map_err(|error| TrainError::Content { what: "the report".to_owned(), why: error.to_string() })
}

/// The figure that pays, and what to think of it.
fn lead(tune: &Measures) -> String {
    let reward = (0.5 * tune.mcc.max(0.0) + 0.5 * tune.accuracy).powi(3);
    format!(
        "With this accuracy ({:.3}) and correlation ({:.3}) a validator's step pays about {reward:.2} of 1. These are the \
         tuning scenes, which early stopping and calibration have seen; an exam tells what to expect of others.",
        tune.accuracy, tune.mcc
    )
}

fn figures(tune: &Measures, raw: &Measures) -> Vec<Figure> {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    let figure = |text, caption| Figure { text, caption };
    vec![
        figure(number(Some(tune.accuracy)), "accuracy"),
        figure(number(Some(tune.mcc)), "Matthews correlation"),
        figure(number(Some(tune.f1)), "F1"),
        figure(number(Some(tune.precision)), "precision"),
        figure(number(Some(tune.recall)), "recall"),
        figure(number(tune.auc_roc), "AUC-ROC"),
        figure(number(tune.average_precision), "average precision"),
        figure(number(Some(tune.loss)), "loss"),
        figure(number(Some(tune.brier)), "Brier"),
        figure(number(Some(tune.calibration_error)), "calibration error"),
        figure(number(Some(raw.calibration_error)), "the same before calibration"),
    ]
}

fn plots(trained: &Trained) -> Result<Vec<Plot>, TrainError> {
    let (probabilities, truths): (Vec<f64>, Vec<bool>) =
        trained.judged.iter().map(|judged| (judged.probability, judged.roadwork)).unzip();
    let history = &trained.report.history;
    let losses = |of: fn(&crate::head::Epoch) -> f32| -> Vec<(f64, f64)> {
        history.iter().enumerate().map(|(epoch, losses)| (epoch as f64, f64::from(of(losses)))).collect()
    };
    let points = |curve: Vec<crate::measure::CurvePoint>| curve.into_iter().map(|p| (p.x, p.y)).collect::<Vec<_>>();
    let bins: Vec<(f64, f64)> =
        reliability(&probabilities, &truths).iter().map(|bin| (bin.probability, bin.roadwork)).collect();
    let square = |caption: &str, axes: [&str; 2], line: Vec<(f64, f64)>, guide: bool| {
        Ok::<_, TrainError>(Plot { caption: caption.to_owned(), svg: plot::square(axes, &line, guide)? })
    };
    Ok(vec![
        Plot {
            caption: "Learning: loss of training (grey, with dropout) and of the tuning scenes (orange) by epoch"
                .to_owned(),
            svg: plot::learning(&losses(|l| l.training), &losses(|l| l.validation), trained.report.best)?,
        },
        square("ROC", ["clear called roadwork", "roadwork found"], points(roc(&probabilities, &truths)), true)?,
        square(
            "Precision and recall",
            ["recall", "precision"],
            points(precision_recall(&probabilities, &truths)),
            false,
        )?,
        square("Reliability, ten equal bins", ["mean probability", "share of roadwork"], bins, true)?,
    ])
}

fn slices(all: &BTreeMap<String, Measures>) -> Vec<Slice> {
    let slice = |(name, m): (&String, &Measures)| Slice {
        name: name.replacen(':', " ", 1),
        rows: m.rows,
        accuracy: format!("{:.3}", m.accuracy),
        percent: (100.0 * m.accuracy).round() as u32,
        // Of one class only, a correlation says nothing.
        mcc: m.auc_roc.map_or_else(|| "-".to_owned(), |_| format!("{:.3}", m.mcc)),
        loss: format!("{:.3}", m.loss),
    };
    all.iter().map(slice).collect()
}

/// The most confident wrong answers, one a scene, with the picture as it was judged.
fn worst(trained: &Trained, source: &dyn Source) -> Vec<Worst> {
    let miss = |judged: &Judged| (judged.probability - f64::from(judged.roadwork)).abs();
    let mut wrong: Vec<&Judged> =
        trained.judged.iter().filter(|judged| (judged.probability > 0.5) != judged.roadwork).collect();
    wrong.sort_by(|a, b| miss(b).total_cmp(&miss(a)));
    let mut scenes = std::collections::HashSet::new();
    wrong.retain(|judged| scenes.insert(source.rows()[judged.row].scene.as_str()));
    let show = |judged: &Judged| {
        let picture: Picture = seen(source, &trained.report.settings, judged.row).ok()?.into_iter().nth(judged.draw)?;
        let truth = if judged.roadwork { "roadwork" } else { "clear" };
        let caption = format!("{:.2}, is {truth}: {}", judged.probability, source.rows()[judged.row].name);
        Some(Worst { caption, jpeg: STANDARD.encode(hivis_image::encode_jpeg(&picture)) })
    };
    wrong.into_iter().filter_map(show).take(WORST).collect()
}
