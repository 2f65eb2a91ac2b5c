//! `bench forward`: burn's DINOv3 forward pass against PyTorch's on the same processor, random weights, fp32.
//!
//! Rounds alternate. Pixels begin in main memory and the pooled features end there, on both sides.

use std::time::Instant;

use anyhow::{Context, Result};
use burn::tensor::{Tensor, TensorData};
use hivis_train::config::VitConfig;
use hivis_train::device::Processor;
use hivis_train::leaves::{Leaves, numbers};
use hivis_train::model::{Vit, patches_of};
use hivis_train::weights::Weights;

use crate::peer::{self, Peer, median};
use crate::random_model::{self, SIDE, Size};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Models.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["s"])]
    models: Vec<Size>,
    /// Pictures in a run.
    #[arg(long, default_value_t = 8)]
    batch: usize,
    /// Rounds.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Threads of the peer on the CPU.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// `cpu`, or `gpu` in a build with the feature `vulkan`: the peer then runs on `cuda`.
    #[arg(long, default_value = "cpu")]
    device: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let gpu = args.device == "gpu";
    let device = if gpu { Processor::Gpu } else { Processor::Cpu }.device()?;
    println!(
        "{}\n\n| model | side | ms a picture, median | worst difference of a feature |\n|---|---|---|---|",
        peer::machine()
    );
    for &size in &args.models {
        let folder = tempfile::tempdir()?;
        random_model::write_backbone(size, folder.path())?;
        let config: VitConfig = serde_json::from_slice(&fs_err::read(folder.path().join("config.json"))?)?;
        let weights = Weights::read(&folder.path().join("model.safetensors"))?;
        let vit = Vit::new(&config, &Leaves::new(&weights, &device), &device)?;
        drop(weights);
        let pixels = pixels(args.batch);
        let bytes: Vec<u8> = pixels.iter().flat_map(|x| x.to_le_bytes()).collect();
        fs_err::write(folder.path().join("pixels.f32"), bytes)?;
        let venv = peer::venv("torch").context("there is no virtual environment `torch`")?;
        let mut command = peer::python(&venv, "forward.py");
        command.arg(folder.path()).arg(args.threads.to_string()).arg(if gpu { "cuda" } else { "cpu" });
        let (mut torch, ready) = Peer::start(command)?;
        let side = SIDE as usize;
        let grid = (side / config.patch_size, side / config.patch_size);
        let once = || {
            let mut patches = Vec::new();
            for picture in pixels.chunks_exact(3 * side * side) {
                patches_of(picture, (side, side), config.patch_size, &mut patches);
            }
            let shape = [args.batch, grid.0 * grid.1, 3 * config.patch_size * config.patch_size];
            let hidden = vit.forward(Tensor::<3>::from_data(TensorData::new(patches, shape), &device), grid);
            let [_, tokens, _] = hidden.dims();
            let class = hidden.clone().narrow(1, 0, 1);
            let mean = hidden.narrow(1, config.prefix(), tokens - config.prefix()).mean_dim(1);
            numbers(Tensor::cat(vec![class, mean], 2).into_data())
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut worst = 0.0_f32;
        for round in 0..=args.rounds {
            let begin = Instant::now();
            let features = once();
            let own = begin.elapsed().as_secs_f64();
            let answer = torch.ask("forward")?;
            let other = answer["seconds"].as_f64().context("no `seconds`")?;
            if round == 0 {
                let peers: Vec<f32> = serde_json::from_value(answer["features"].clone()).context("no `features`")?;
                worst = features.iter().zip(&peers).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            } else {
                ours.push(own);
                theirs.push(other);
            }
        }
        let ms = |all: &[f64]| 1e3 * median(all) / args.batch as f64;
        println!("| {} | burn, {} | {:.2} | {worst:.1e} |", size.name(), args.device, ms(&ours));
        println!(
            "| {} | PyTorch {} | {:.2} | |",
            size.name(),
            ready["ready"].as_str().unwrap_or_default(),
            ms(&theirs)
        );
        let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(own, other)| other / own).collect();
        println!("| {} | PyTorch over burn | {:.2} | |", size.name(), median(&ratios));
    }
    Ok(())
}

/// Made-up normalised pixels `[n, 3, SIDE, SIDE]`.
fn pixels(pictures: usize) -> Vec<f32> {
    let count = pictures * 3 * (SIDE * SIDE) as usize;
    (0..count).map(|at| ((at as u64).wrapping_mul(2_654_435_761) >> 7 & 0xffff) as f32 / 32768.0 - 1.0).collect()
}
