//! `distribution.json`: our random choices have the reference's distribution.

use hivis_image::Picture;
use hivis_image::augment::{self, Distortion, Draw};
use hivis_image::quality::laplacian_variance;
use hivis_types::Level;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::corpus::picture;
use crate::golden::{folders, parse};

#[derive(Deserialize)]
struct Distribution {
    picture: String,
    runs_per_level: usize,
    levels: Map<String, Value>,
    level_drawn_of_4000: [f64; 4],
}

/// Chi-square values that 1 in 10,000 exceeds, for 1 to 7 degrees of freedom.
const CRITICAL: [f64; 7] = [15.137, 18.421, 21.108, 23.513, 25.745, 27.856, 29.878];

/// Two samples of counts come from one distribution.
fn same_counts(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let (a, b) = (ours.iter().sum::<f64>(), theirs.iter().sum::<f64>());
    let terms = ours.iter().zip(theirs).filter(|(x, y)| **x + **y > 0.0);
    let square = terms.map(|(x, y)| (x * (b / a).sqrt() - y * (a / b).sqrt()).powi(2) / (x + y)).sum::<f64>();
    let limit = CRITICAL[ours.len() - 2];
    assert!(square < limit, "{what}: chi-square {square:.1} over {limit}, ours {ours:?}, theirs {theirs:?}");
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// Compares a histogram, every value of ours inside its edges.
fn same_histogram(what: &str, wanted: &Value, ours: &[f64]) {
    let (edges, counts) = (numbers(&wanted["edges"]), numbers(&wanted["counts"]));
    let mut found = vec![0.0; counts.len()];
    for &value in ours {
        assert!((edges[0]..=edges[counts.len()]).contains(&value), "{what}: {value} outside");
        found[edges[1..counts.len()].iter().take_while(|&&edge| edge <= value).count()] += 1.0;
    }
    same_counts(what, &found, &counts);
}

fn quantile(sorted: &[f64], percent: f64) -> f64 {
    let at = percent / 100.0 * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

/// Mean and deviation over all channels, Laplacian variance, share of black pixels.
fn statistics(picture: &Picture) -> [(&'static str, f64); 4] {
    let n = picture.rgb().len() as f64;
    let mean = picture.rgb().iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let variance = picture.rgb().iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
    let black = picture.rgb().chunks_exact(3).filter(|pixel| **pixel == [0; 3]).count() as f64 / (n / 3.0);
    [
        ("mean", mean),
        ("std", variance.sqrt()),
        ("laplacian_variance", laplacian_variance(picture)),
        ("black_fraction", black),
    ]
}

fn check_outputs(level: Level, wanted: &Value, outputs: &[[(&'static str, f64); 4]]) {
    for which in 0..4 {
        let name = outputs[0][which].0;
        let mut ours: Vec<f64> = outputs.iter().map(|output| output[which].1).collect();
        ours.sort_by(f64::total_cmp);
        let wanted = &wanted[name];
        let (mean, deviation) = (wanted["mean"].as_f64().expect("mean"), wanted["std"].as_f64().expect("std"));
        let what = format!("level {level}, {name}");
        if name == "mean" || name == "std" || deviation == 0.0 {
            // Both sides are samples of the same size.
            let limit = 4.0 * deviation * (2.0 / ours.len() as f64).sqrt() + 1e-4;
            let found = ours.iter().sum::<f64>() / ours.len() as f64;
            assert!((found - mean).abs() <= limit, "{what}: {found} instead of {mean}, allowed {limit}");
            continue;
        }
        for percent in ["25", "50", "75"] {
            let theirs = wanted["quantiles"][percent].as_f64().expect("a quantile");
            let at: f64 = percent.parse().expect("a percentage");
            let found = quantile(&ours, at);
            // A fifth either way. A quantile that falls between two modes (with and without blur, with and without
            // noise) jumps from one to the other between samples: there the neighbouring tenths must enclose it.
            let near = quantile(&ours, at - 10.0)..=quantile(&ours, at + 10.0);
            let fine = (found - theirs).abs() <= 0.2 * theirs + 2e-3 || near.contains(&theirs);
            assert!(fine, "{what}: quantile {percent} is {found} instead of {theirs}");
        }
    }
}

/// A histogram's name and what it counts of a draw, given the picture's width and height.
type Column = (&'static str, fn(&Draw, f64, f64) -> f64);

fn check_draws(level: Level, wanted: &Value, source: &Picture, draws: &[Draw]) {
    let (width, height) = (f64::from(source.width()), f64::from(source.height()));
    let columns: [Column; 5] = [
        ("angle_degrees", |d, _, _| d.angle),
        ("box_side", |d, _, _| f64::from(d.crop.side)),
        ("area_fraction", |d, w, h| f64::from(d.crop.side).powi(2) / (w * h)),
        ("top_fraction", |d, _, h| f64::from(d.crop.top) / (h - f64::from(d.crop.side)).max(1.0)),
        ("left_fraction", |d, w, _| f64::from(d.crop.left) / (w - f64::from(d.crop.side)).max(1.0)),
    ];
    for (name, value) in columns {
        if let Some(wanted) = wanted.get(name) {
            let ours: Vec<f64> = draws.iter().map(|draw| value(draw, width, height)).collect();
            same_histogram(&format!("level {level}, {name}"), wanted, &ours);
        }
    }
    for (name, counts) in wanted.get("distortion_levels").and_then(Value::as_object).into_iter().flatten() {
        let kind = Distortion::ALL.into_iter().find(|kind| kind.name() == name).expect("a known distortion");
        let counts = numbers(counts);
        let mut ours = vec![0.0; counts.len()];
        for draw in draws {
            let entry = draw.distortions.iter().find(|(k, _)| *k == kind).map_or(0, |&(_, entry)| entry);
            ours[usize::from(entry)] += 1.0;
        }
        same_counts(&format!("level {level}, {name}"), &ours, &counts);
    }
}

#[test]
fn golden_distributions_are_met() {
    for folder in folders("challenge") {
        let wanted: Distribution = parse(&folder, "distribution.json");
        let source = picture(&folder.join(&wanted.picture));
        let mut rng = ChaCha8Rng::seed_from_u64(72);
        let mut counts = [0.0; 4];
        for _ in 0..4000 {
            counts[augment::draw_level(&mut rng) as usize] += 1.0;
        }
        same_counts("level", &counts, &wanted.level_drawn_of_4000);

        assert_eq!(wanted.levels.len(), 4);
        for level in Level::ALL {
            let wanted_level = &wanted.levels[&level.to_string()];
            let draw = |_| augment::draw(level, source.width(), source.height(), &mut rng);
            let draws: Vec<Draw> = (0..wanted.runs_per_level).map(draw).collect();
            let outputs: Vec<_> = draws.iter().map(|draw| statistics(&augment::apply(&source, draw))).collect();
            check_outputs(level, &wanted_level["output"], &outputs);
            check_draws(level, wanted_level, &source, &draws);
        }
    }
}
