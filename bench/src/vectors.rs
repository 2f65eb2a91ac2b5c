//! `bench vectors`: groups, covers and near-duplicates of features against scikit-learn, FAISS and NumPy; and growth.
//!
//! Both sides get the same file of rows: a mixture of groups, each row with its own distance from its group's middle, and
//! some nearly the same as another row. Rounds alternate; k-means begins with the same centres and makes the same number
//! of iterations. Each side has as many threads as the other.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use hivis_curate::vectors::{
    Clustering, Dbscan, KCentre, KMeansSettings, Matrix, NearPair, dbscan, kcentre, kmeans, kmeans_from, near_pairs,
    nearest,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::overload::verdict;
use crate::peer::{self, Peer, median};

/// Groups of the mixture.
const GROUPS: usize = 200;
/// One row in so many is nearly another one.
const TWINS: usize = 50;
/// Inertia may be so many times the peer's.
const SAME_INERTIA: f64 = 1.01;
/// DBSCAN's bound and the least rows about a core row.
const DBSCAN: (f32, usize) = (0.2, 8);
/// The bound of near-duplicates.
const WITHIN: f32 = 0.05;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rows that both sides work on.
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// Features of a row.
    #[arg(long, default_value_t = 384)]
    width: usize,
    /// Times each side does each job.
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// Threads of each side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Centres of k-means.
    #[arg(long, default_value_t = 100)]
    clusters: usize,
    /// Iterations of k-means.
    #[arg(long, default_value_t = 20)]
    iterations: u32,
    /// Picks of k-centre.
    #[arg(long, default_value_t = 1000)]
    picks: usize,
    /// Rows at which growth is measured; none leaves it out.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    grow: Vec<usize>,
}

/// One job on both sides.
struct Job {
    name: &'static str,
    /// What the script calls it.
    peer: &'static str,
    what: String,
}

/// Seconds of each round, ours and theirs.
#[derive(Default)]
struct Times {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(args.threads).build_global().context("threads are there already")?;
    let rows = mixture(7, args.rows, args.width)?;
    let step = (args.rows / args.clusters).max(1);
    let start = rows.gathered(&(0..args.clusters).map(|n| n * step).collect::<Vec<usize>>());
    let folder = tempfile::tempdir()?;
    write(folder.path(), args, &rows, &start)?;
    let mut peer = start_peer(folder.path(), args.threads)?;
    println!("{} rows of {}, {} threads a side; {}\n", args.rows, args.width, args.threads, peer::machine());

    let kmeans_said = format!("{} clusters, {} iterations at most", args.clusters, args.iterations);
    let jobs = [
        Job { name: "k-means, scikit-learn", peer: "kmeans-sklearn", what: kmeans_said.clone() },
        Job { name: "k-means, FAISS", peer: "kmeans-faiss", what: kmeans_said },
        Job { name: "k-centre, NumPy", peer: "kcentre-numpy", what: format!("{} picks", args.picks) },
        Job {
            name: "DBSCAN, scikit-learn",
            peer: "dbscan-sklearn",
            what: format!("eps {}, {} rows", DBSCAN.0, DBSCAN.1),
        },
        Job { name: "near-duplicates, FAISS", peer: "pairs-faiss", what: format!("cosine distance {WITHIN}") },
    ];
    println!("| job | what | hivis, s | peer, s | times the peer | hivis found | peer found | as good |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut measured = Vec::new();
    for job in &jobs {
        let mut times = Times::default();
        let (mut own, mut other) = (None, None);
        for _ in 0..args.rounds {
            let begin = Instant::now();
            own = Some(Done::new(job.peer, args, &rows, &start));
            times.ours.push(begin.elapsed().as_secs_f64());
            if let Some(peer) = &mut peer {
                let answer = peer.ask(job.peer)?;
                times.theirs.extend(answer["wall"].as_f64());
                other = Some(answer);
            }
        }
        let own = own.context("at least one round")?;
        let other = other.filter(|answer| answer["skipped"].is_null());
        let ours = median(&times.ours);
        let Some(answer) = other else {
            println!("| {} | {} | {ours:.2} | not measured | | {} | | |", job.name, job.what, own.said());
            continue;
        };
        let ratios: Vec<f64> = times.ours.iter().zip(&times.theirs).map(|(own, other)| other / own).collect();
        let (ratio, theirs) = (median(&ratios), median(&times.theirs));
        let (found, good) = own.beside(&answer, folder.path())?;
        println!(
            "| {} | {} | {ours:.2} | {theirs:.2} | {ratio:.2} | {} | {found} | {} |",
            job.name,
            job.what,
            own.said(),
            verdict(good)
        );
        measured.push((job.name, ratio));
    }
    println!();
    for (name, ratio) in measured {
        println!("- {name}: level or ahead: {ratio:.2}: {}", verdict(ratio >= 1.0));
    }
    drop(peer);
    drop(rows);
    grow(args)
}

/// What a job of ours found.
enum Done {
    Groups(Clustering),
    Cover(KCentre),
    Dense(Dbscan),
    Pairs(Vec<NearPair>),
}

impl Done {
    fn new(job: &str, args: &Args, rows: &Matrix, start: &Matrix) -> Self {
        match job {
            "kcentre-numpy" => Self::Cover(kcentre(rows, args.picks, 0)),
            "dbscan-sklearn" => Self::Dense(dbscan(rows, DBSCAN.0, DBSCAN.1)),
            "pairs-faiss" => Self::Pairs(near_pairs(rows, WITHIN)),
            _ => Self::Groups(kmeans_from(rows, start, args.iterations, 0.0)),
        }
    }

    fn said(&self) -> String {
        match self {
            Self::Groups(found) => format!("inertia {:.1} in {}", found.inertia, found.iterations),
            Self::Cover(found) => format!("radius {:.5}", found.radius),
            Self::Dense(found) => format!("{} groups", found.clusters),
            Self::Pairs(found) => format!("{} pairs", found.len()),
        }
    }

    /// What the peer found, and whether ours is as good.
    fn beside(&self, answer: &Value, folder: &Path) -> Result<(String, bool)> {
        let number = |name: &str| answer[name].as_f64().with_context(|| format!("no `{name}`"));
        Ok(match self {
            Self::Groups(found) => {
                let theirs = number("inertia")?;
                (format!("inertia {theirs:.1} in {}", number("iterations")?), found.inertia <= theirs * SAME_INERTIA)
            }
            Self::Cover(found) => {
                let theirs = number("radius")?;
                let picks: Vec<usize> = serde_json::from_value(answer["picks"].clone())?;
                let same = picks.iter().zip(&found.picks).take_while(|(a, b)| a == b).count();
                let said = format!("radius {theirs:.5}; the first {same} picks equal");
                (said, f64::from(found.radius) <= theirs * 1.001)
            }
            Self::Dense(found) => {
                let bytes = fs_err::read(folder.join("labels.i32"))?;
                let theirs = bytes.as_chunks::<4>().0.iter().map(|label| i32::from_le_bytes(*label));
                let ours = found.of.iter().map(|of| of.map_or(-1, |of| of as i32));
                let other = ours.zip(theirs).filter(|(own, other)| own != other).count();
                (format!("{} groups; {other} labels differ", number("clusters")?), other * 1000 <= found.of.len())
            }
            Self::Pairs(found) => {
                let theirs = number("pairs")?;
                // Pairs on the bound may fall either way.
                (format!("{theirs} pairs"), (theirs - found.len() as f64).abs() <= 1.0 + theirs * 1e-4)
            }
        })
    }
}

/// Times at growing numbers of rows, each against the one before.
fn grow(args: &Args) -> Result<()> {
    if args.grow.is_empty() {
        return Ok(());
    }
    println!("\n| rows | k-means, s | near-duplicates, s | pairs | nearest 10, ms |");
    println!("|---|---|---|---|---|");
    let mut all: Vec<(usize, [f64; 3])> = Vec::new();
    for &count in &args.grow {
        let rows = mixture(11, count, args.width)?;
        let settings = KMeansSettings {
            clusters: args.clusters.min(count),
            iterations: args.iterations,
            restarts: 1,
            ..KMeansSettings::default()
        };
        let begin = Instant::now();
        let _ = kmeans(&rows, &settings);
        let groups = begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        let pairs = near_pairs(&rows, WITHIN).len();
        let near = begin.elapsed().as_secs_f64();
        let query = |n: usize| {
            let begin = Instant::now();
            let _ = nearest(&rows, rows.row(n * (count - 1) / 9), 10);
            begin.elapsed().as_secs_f64() * 1e3
        };
        let one = median(&(0..10).map(query).collect::<Vec<f64>>());
        println!("| {count} | {groups:.2} | {near:.2} | {pairs} | {one:.2} |");
        all.push((count, [groups, near, one]));
    }
    println!();
    for step in all.windows(2) {
        let power = |job: usize| (step[1].1[job] / step[0].1[job]).ln() / (step[1].0 as f64 / step[0].0 as f64).ln();
        println!(
            "- from {} to {} rows time grows with their number to the power of: k-means {:.2}, near-duplicates {:.2}, nearest {:.2}",
            step[0].0,
            step[1].0,
            power(0),
            power(1),
            power(2)
        );
    }
    println!(
        "- why: nearest reads every row once (1.0; memory bounds it beyond the cache). k-means reads every row in its first \
         iterations and then only those whose bounds cross (1.0 or less). Near-duplicates compare every row with about the \
         root of their number of centres, and then with few rows (towards 1.5; all pairs would be 2.0)."
    );
    Ok(())
}

fn start_peer(folder: &Path, threads: usize) -> Result<Option<Peer>> {
    let Some(venv) = peer::venv("vectors") else {
        println!("scikit-learn, FAISS, NumPy: not measured: there is no virtual environment `vectors`");
        return Ok(None);
    };
    let mut command = peer::python(&venv, "vectors.py");
    command.arg(folder).arg(threads.to_string());
    let (peer, ready) = Peer::start(command)?;
    println!("{}", ready["ready"].as_str().unwrap_or_default());
    Ok(Some(peer))
}

fn write(folder: &Path, args: &Args, rows: &Matrix, start: &Matrix) -> Result<()> {
    for (name, matrix) in [("rows", rows), ("start", start)] {
        let bytes: Vec<u8> = matrix.data().iter().flat_map(|x| x.to_le_bytes()).collect();
        fs_err::write(folder.join(format!("{name}.f32")), bytes)?;
    }
    let shape = json!({
        "width": args.width, "iterations": args.iterations, "picks": args.picks,
        "eps": DBSCAN.0, "min_points": DBSCAN.1, "within": WITHIN,
    });
    fs_err::write(folder.join("shape.json"), shape.to_string())?;
    Ok(())
}

/// Rows of length 1 about [`GROUPS`] middles. How far a row is from its middle, as a share of the middle's length, is its
/// own (0.35 to 0.95), and the columns differ in spread as features' do. Each row depends on its number only.
fn mixture(seed: u64, count: usize, width: usize) -> Result<Matrix> {
    let rng = |purpose: u64, number: u64| {
        let mut key = [0; 32];
        for (part, value) in key.chunks_exact_mut(8).zip([seed, purpose, number, 0]) {
            part.copy_from_slice(&value.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    };
    let spread: Vec<f32> = (0..width).map(|column| 1.0 / (1.0 + column as f32 / width as f32 * 3.0)).collect();
    let noise = |rng: &mut ChaCha8Rng, spread: Option<&[f32]>| -> Vec<f32> {
        let bell = |rng: &mut ChaCha8Rng| (0..4).map(|_| rng.random_range(-1.0_f32..1.0)).sum::<f32>();
        let mut row: Vec<f32> = (0..width).map(|at| bell(rng) * spread.map_or(1.0, |spread| spread[at])).collect();
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        for x in &mut row {
            *x /= length;
        }
        row
    };
    let middles: Vec<Vec<f32>> = (0..GROUPS as u64).map(|group| noise(&mut rng(1, group), None)).collect();
    let plain = |number: u64| {
        let mut rng = rng(2, number);
        let (middle, far) = (&middles[rng.random_range(0..GROUPS)], rng.random_range(0.35_f32..0.95));
        let off = noise(&mut rng, Some(&spread));
        middle.iter().zip(off).map(|(x, off)| x + far * off).collect::<Vec<f32>>()
    };
    let row = |number: u64| {
        let mut rng = rng(3, number);
        if number == 0 || rng.random_range(0..TWINS) > 0 {
            return plain(number);
        }
        let far = rng.random_range(0.02_f32..0.2);
        let of = plain(rng.random_range(0..number));
        of.iter().zip(noise(&mut rng, None)).map(|(x, off)| x + far * off).collect()
    };
    let data: Vec<f32> = (0..count as u64).into_par_iter().flat_map_iter(row).collect();
    Ok(Matrix::new(width, data)?.normalised())
}
