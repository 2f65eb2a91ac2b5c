//! `bench mining`: how many labels the miner's picks save against drawing at random, on the procedural world.
//!
//! A pool of 5,000 recorded challenges: streets as the embedded backbone knows them, the slices that it was never shown at
//! long-tail frequencies (six in a hundred together), and one in ten that nobody can label (black frames, static, a lens
//! out of focus): asking for those costs a label and teaches nothing. Both sides start from the same 100 labels, ask for 50
//! at a time and train a new head after each; the exam is 2,000 unseen challenges of the whole world at the validator's mix
//! of levels. What is measured is how many labels it takes to reach 95% of the gain from the start to the whole pool.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use hivis_curate::mine::{Judged, Pool as Asked, Rules, SpreadSettings, spread};
use hivis_onnx::Head;
use hivis_train::features::{Backbone, Samples};
use hivis_train::head::{HeadSettings, right, train_head};
use hivis_train::tiny;
use hivis_types::Label;
use plotters::prelude::*;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::mining_world::{Pool, exam};
use crate::overload::verdict;
use crate::peer;

/// The goal, and what would be as good as hoped for.
const GOAL: f64 = 1.5;
const HOPED: f64 = 2.0;
/// Picks of a cluster, as the miner takes them.
const EACH: usize = 5;
/// Share of the gain that must be reached.
const REACHED: f64 = 0.95;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seeds.
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// Labels at the start.
    #[arg(long, default_value_t = 100)]
    start: usize,
    /// Labels a step.
    #[arg(long, default_value_t = 50)]
    step: usize,
    /// Labels at most.
    #[arg(long, default_value_t = 1000)]
    budget: usize,
    /// Where pictures and features are kept between runs.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The plot.
    #[arg(long, default_value = "bench/mining.svg")]
    plot: PathBuf,
}

/// What both sides have in common.
struct Course<'a> {
    pool: &'a Pool,
    exam: &'a Samples,
    start: &'a [usize],
    args: &'a Args,
    seed: u64,
}

/// Asks for labels: what is labelled, what the head of now is, and chance.
type Pick<'a> = dyn FnMut(&BTreeSet<usize>, &Head, &mut ChaCha8Rng) -> Result<Vec<usize>> + 'a;
/// Accuracy with the whole pool, the mined way and the random one, of one seed.
type Ways = (f64, Way, Way);
/// One of the two ways.
type Side = fn(&Ways) -> &Way;

/// One side's way from the start to the budget.
struct Way {
    /// Accuracy after each step.
    accuracy: Vec<f64>,
    /// Picked, by kind.
    picked: Vec<usize>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let kept = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/hivis/bench-mining"));
    let folder = args.folder.clone().or(kept).context("no folder to keep features in")?;
    let backbone = Backbone::new(tiny::CONFIG, tiny::PREPROCESSOR, tiny::WEIGHTS.to_vec(), 0)?;
    let (pool, exam) = (Pool::open(&backbone, &folder)?, exam(&backbone, &folder)?);
    println!("{}\n", peer::machine());
    for kind in pool.kinds() {
        println!("- pool: {} of {kind}", pool.kind.iter().filter(|k| **k == kind).count());
    }
    let whole: Vec<usize> = (0..pool.truth.len()).collect();
    // One a thread: a head trains on one.
    let ways: Vec<Ways> = (0..args.seeds)
        .into_par_iter()
        .map(|seed| {
            let all = accuracy(&head(&pool, &whole, seed)?, &exam);
            let mut order = whole.clone();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            let start = &order[..args.start];
            let course = Course { pool: &pool, exam: &exam, start, args, seed };
            let step = args.step;
            let mined = course.way(&mut |labelled, head, rng| mined(&pool, labelled, head, step, rng))?;
            let random = course.way(&mut |labelled, _, rng| Ok(random(&pool, labelled, step, rng)))?;
            eprintln!("seed {seed}: whole pool {all:.3}");
            Ok::<_, anyhow::Error>((all, mined, random))
        })
        .collect::<Result<_>>()?;
    tell(args, &pool, &ways)?;
    Ok(())
}

fn tell(args: &Args, pool: &Pool, ways: &[Ways]) -> Result<()> {
    println!("\n| labels | mined: accuracy, median (range) | random: accuracy, median (range) |\n|---|---|---|");
    for at in 0..ways[0].1.accuracy.len() {
        let of = |side: Side| told(ways.iter().map(|way| side(way).accuracy[at]).collect());
        println!("| {} | {} | {} |", args.start + at * args.step, of(|w| &w.1), of(|w| &w.2));
    }
    println!("| whole pool | {} | |", told(ways.iter().map(|way| way.0).collect()));
    println!("\n| seed | whole pool | start | labels, mined | labels, random | ratio |\n|---|---|---|---|---|---|");
    let mut ratios = Vec::new();
    for (seed, (all, mined, random)) in ways.iter().enumerate() {
        let goal = mined.accuracy[0] + REACHED * (all - mined.accuracy[0]);
        let labels = |way: &Way| way.accuracy.iter().position(|a| *a >= goal).map(|at| args.start + at * args.step);
        let (m, r) = (labels(mined), labels(random));
        // A side that did not get there counts as one step over the budget: for random that is the least it can be.
        let least = |labels: Option<usize>| labels.unwrap_or(args.budget + args.step) as f64;
        let ratio = least(r) / least(m);
        ratios.push(ratio);
        let word = |labels: Option<usize>| labels.map_or(format!("over {}", args.budget), |n| n.to_string());
        println!("| {seed} | {all:.3} | {:.3} | {} | {} | {ratio:.2} |", mined.accuracy[0], word(m), word(r));
    }
    println!("\nWhat was asked for, of each kind in the pool, mean over the seeds:\n");
    println!("| kind | in the pool | mined | random |\n|---|---|---|---|");
    for (at, kind) in pool.kinds().into_iter().enumerate() {
        let mean = |side: Side| ways.iter().map(|way| side(way).picked[at] as f64).sum::<f64>() / ways.len() as f64;
        let there = pool.kind.iter().filter(|k| **k == kind).count();
        println!("| {kind} | {there} | {:.0} | {:.0} |", mean(|w| &w.1), mean(|w| &w.2));
    }
    let median = peer::median(&ratios);
    println!("\n- labels to 95% of the gain, random over mined: {}", told(ratios.clone()));
    println!("- at least {GOAL} times fewer: {}; {HOPED} times: {}", verdict(median >= GOAL), verdict(median >= HOPED));
    plot(args, ways)
}

/// Median and range.
fn told(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    format!("{:.3} ({:.3} to {:.3})", peer::median(&values), values[0], values[values.len() - 1])
}

impl Course<'_> {
    /// Trains, measures and asks for more until the budget is spent.
    fn way(&self, pick: &mut Pick<'_>) -> Result<Way> {
        let (pool, kinds) = (self.pool, self.pool.kinds());
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ 0x6d69_6e65);
        let mut labelled: Vec<usize> = self.start.to_vec();
        let mut way = Way { accuracy: Vec::new(), picked: vec![0; kinds.len()] };
        loop {
            let head = head(pool, &labelled, self.seed)?;
            way.accuracy.push(accuracy(&head, self.exam));
            if labelled.len() >= self.args.budget {
                return Ok(way);
            }
            let known: BTreeSet<usize> = labelled.iter().copied().collect();
            let picks = pick(&known, &head, &mut rng)?;
            anyhow::ensure!(!picks.is_empty(), "nothing was picked");
            for &row in &picks {
                let kind = kinds.iter().position(|kind| *kind == pool.kind[row]);
                way.picked[kind.context("a kind is missing")?] += 1;
            }
            labelled.extend(picks);
        }
    }
}

/// A head on the labelled rows that show something, every fifth of them held back to stop by.
fn head(pool: &Pool, labelled: &[usize], seed: u64) -> Result<Head> {
    let rows: Vec<(usize, Label)> = labelled.iter().filter_map(|&row| Some((row, pool.truth[row]?))).collect();
    let take = |held: bool| {
        let width = pool.features.width();
        let mut samples = Samples { width, features: Vec::new(), labels: Vec::new() };
        for (_, (row, label)) in rows.iter().enumerate().filter(|(at, _)| at.is_multiple_of(5) == held) {
            samples.features.extend_from_slice(pool.features.row(*row));
            samples.labels.push(*label);
        }
        samples
    };
    Ok(train_head(&take(false), &take(true), &HeadSettings { seed, ..HeadSettings::default() })?.head)
}

fn accuracy(head: &Head, exam: &Samples) -> f64 {
    let right = right(head, exam);
    right.iter().filter(|right| **right).count() as f64 / right.len() as f64
}

fn random(pool: &Pool, labelled: &BTreeSet<usize>, step: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut left: Vec<usize> = (0..pool.truth.len()).filter(|row| !labelled.contains(row)).collect();
    left.shuffle(rng);
    left.truncate(step);
    left
}

/// As `hivis mine run` picks: what is hard by its rules, spread over clusters; where that is not enough, the rest by chance.
fn mined(
    pool: &Pool,
    labelled: &BTreeSet<usize>,
    head: &Head,
    step: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<usize>> {
    let probabilities = pool.probabilities(head);
    let rules = Rules::default();
    let hard = (0..pool.truth.len()).filter(|row| !labelled.contains(row)).filter_map(|row| {
        let judged = Judged { probability: probabilities[row], ..Judged::default() };
        Some((row, rules.weigh(&judged)?.score))
    });
    let (mut rows, mut scores): (Vec<usize>, Vec<f32>) = hard.unzip();
    let fresh = rows.len();
    // What was asked for before keeps its twins away, whether it could be labelled or not.
    rows.extend(labelled);
    scores.resize(rows.len(), 0.0);
    let taken: Vec<usize> = (fresh..rows.len()).collect();
    let features = pool.rows(&rows)?;
    let hashes = vec![None; rows.len()];
    let settings =
        SpreadSettings { clusters: step / EACH, each: EACH, seed: rng.random(), ..SpreadSettings::default() };
    let found = spread(Asked { features: &features, scores: &scores, hashes: &hashes, taken: &taken }, &settings)?;
    let mut picks: Vec<usize> = found.picks.iter().map(|pick| rows[pick.row]).collect();
    if picks.len() < step {
        let taken: BTreeSet<usize> = labelled.iter().chain(&picks).copied().collect();
        picks.extend(random(pool, &taken, step - picks.len(), rng));
    }
    Ok(picks)
}

/// Both curves with their ranges.
fn plot(args: &Args, ways: &[Ways]) -> Result<()> {
    let root = SVGBackend::new(&args.plot, (800, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let all: Vec<f64> =
        ways.iter().flat_map(|w| w.1.accuracy.iter().chain(&w.2.accuracy).copied().chain([w.0])).collect();
    let (low, high) = all.iter().fold((1.0_f64, 0.0_f64), |(low, high), a| (low.min(*a), high.max(*a)));
    let mut chart = ChartBuilder::on(&root)
        .caption("Accuracy by labels asked for: median and range of the seeds", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(args.start as f64..args.budget as f64, low - 0.01..high + 0.01)?;
    chart.configure_mesh().x_desc("labels").y_desc("accuracy").draw()?;
    let sides: [(&str, RGBColor, Side); 2] =
        [("mined", RGBColor(0, 90, 200), |w| &w.1), ("random", RGBColor(210, 90, 0), |w| &w.2)];
    for (name, colour, side) in sides {
        let at = |at: usize, pick: fn(&[f64]) -> f64| {
            let mut values: Vec<f64> = ways.iter().map(|way| side(way).accuracy[at]).collect();
            values.sort_by(f64::total_cmp);
            ((args.start + at * args.step) as f64, pick(&values))
        };
        let steps = ways[0].1.accuracy.len();
        let line = |pick: fn(&[f64]) -> f64| (0..steps).map(|step| at(step, pick)).collect::<Vec<_>>();
        chart
            .draw_series(LineSeries::new(line(peer::median), colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
        chart.draw_series(LineSeries::new(line(|v| v[0]), colour.mix(0.35)))?;
        chart.draw_series(LineSeries::new(line(|v| v[v.len() - 1]), colour.mix(0.35)))?;
    }
    let whole = peer::median(&ways.iter().map(|way| way.0).collect::<Vec<_>>());
    let ends = [(args.start as f64, whole), (args.budget as f64, whole)];
    chart
        .draw_series(LineSeries::new(ends, BLACK.mix(0.6)))?
        .label("whole pool")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLACK.mix(0.6)));
    chart.configure_series_labels().position(SeriesLabelPosition::LowerRight).border_style(BLACK.mix(0.3)).draw()?;
    root.present()?;
    println!("plot: {}", args.plot.display());
    Ok(())
}
