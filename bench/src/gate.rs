//! `bench gate`: encoded JPEGs to the gate's figures, against a script of OpenCV, SciPy and scikit-image.
//!
//! Rounds alternate over the same files on the same cores; decoding is in both. Ours runs on so many threads, the peer in so
//! many processes. Before the rounds the figures of both are compared, so that the same work is timed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use hivis_image::quality::{Quality, quality};
use hivis_image::{DecodeLimits, FineHash, fine_hash};
use hivis_synth::{Mix, Style, View, scene};
use rayon::prelude::*;
use serde_json::Value;

use crate::overload::verdict;
use crate::peer::{self, Peer, median};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Pictures of each size.
    #[arg(long, default_value_t = 64)]
    files: u64,
    /// Rounds.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Threads of ours, processes of the peer.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    println!("{}\n", peer::machine());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let Some(venv) = peer::venv("gate") else {
        println!("not measured: there is no virtual environment `gate`; `cargo xtask bench gate` installs it");
        return Ok(());
    };
    println!("| side | ours, ms | ours, pictures/s | Python, ms | Python, pictures/s | times |");
    println!("|---|---|---|---|---|---|");
    let mut all = Vec::new();
    for side in [512, 1024] {
        let folder = tempfile::tempdir()?;
        let files = pool.install(|| write_files(folder.path(), side, args.files))?;
        let mut command = peer::python(&venv, "gate.py");
        command.arg(folder.path()).arg(args.threads.to_string());
        let (mut python, _) = Peer::start(command)?;
        let ours = pool.install(|| pass(&files))?;
        compare(&ours, &python.ask("figures")?["figures"])?;
        let (mut own, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=args.rounds {
            let answer = python.ask("pass")?;
            let begin = Instant::now();
            pool.install(|| pass(&files))?;
            // Round 0 warms.
            if round > 0 {
                own.push(begin.elapsed().as_secs_f64());
                theirs.push(answer["seconds"].as_f64().context("no `seconds`")?);
            }
        }
        let ratios: Vec<f64> = theirs.iter().zip(&own).map(|(theirs, own)| theirs / own).collect();
        let (count, ratio) = (files.len() as f64, median(&ratios));
        let (own, theirs) = (median(&own), median(&theirs));
        println!(
            "| {side} | {:.2} | {:.0} | {:.2} | {:.0} | {ratio:.2} |",
            1e3 * own / count,
            count / own,
            1e3 * theirs / count,
            count / theirs
        );
        all.push((side, ratio));
    }
    println!();
    for (side, ratio) in all {
        println!("- at least 5 times the script at {side} pixels: {ratio:.2}: {}", verdict(ratio >= 5.0));
    }
    Ok(())
}

/// Rendered streets of both styles, as a camera or a generator would save them.
fn write_files(folder: &Path, side: u32, count: u64) -> Result<Vec<PathBuf>> {
    let file = |seed: u64| {
        let style = if seed.is_multiple_of(2) { Style::Camera } else { Style::Generated };
        let view = View { width: side, height: side, camera: 0, style };
        let jpeg = hivis_image::encode_jpeg(&scene(7000 + seed, &Mix::default()).render(&view).picture);
        let path = folder.join(format!("{seed:04}.jpg"));
        fs_err::write(&path, jpeg)?;
        Ok(path)
    };
    (0..count).into_par_iter().map(file).collect()
}

fn pass(files: &[PathBuf]) -> Result<Vec<(Quality, FineHash)>> {
    let one = |path: &PathBuf| {
        let decoded = hivis_image::decode(&fs_err::read(path)?, &DecodeLimits::default())?;
        Ok((quality(&decoded.picture), fine_hash(&decoded.picture)))
    };
    files.par_iter().map(one).collect()
}

/// The decoders differ by a grey level here and there, so figures agree about, and not to the last digit.
fn compare(ours: &[(Quality, FineHash)], theirs: &Value) -> Result<()> {
    for (at, ((quality, _), theirs)) in ours.iter().zip(theirs.as_array().context("no figures")?).enumerate() {
        let near = |name: &str, own: f64, within: f64| {
            let value = theirs[name].as_f64().unwrap_or(f64::NAN);
            ensure!((own - value).abs() <= within, "picture {at}: {name} is {own} here and {value} there");
            Ok(())
        };
        let spectrum = quality.spectrum.context("these pictures have a spectrum")?;
        near("laplacian", quality.laplacian, 0.02 * quality.laplacian)?;
        near("outside", quality.outside, 0.01)?;
        near("one_colour", quality.one_colour, 0.02)?;
        near("grid_db", spectrum.grid.db, 1.0)?;
        near("repeat", spectrum.repeat.strength, 1.0)?;
    }
    Ok(())
}
