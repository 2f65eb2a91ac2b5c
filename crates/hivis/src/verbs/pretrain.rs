//! `hivis pretrain`: train the embedded backbone anew, resumable.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hivis_train::pretrain::{Budget, Keeping, PretrainSettings, export, pretrain};

use crate::cli::{Global, PretrainArgs};

/// A run keeps its state this often; it goes on from there after a crash.
const KEEP_EVERY: Duration = Duration::from_mins(3);
/// One line of progress for so many steps.
const LINE_EVERY: u64 = 20;

/// Trains for the given minutes and writes the backbone as transformers would save it.
pub(crate) fn run(global: &Global, args: &PretrainArgs) -> Result<ExitCode> {
    fs_err::create_dir_all(&args.out)?;
    let settings = PretrainSettings {
        seed: args.seed,
        budget: Budget::Seconds(f64::from(args.minutes) * 60.0),
        ..PretrainSettings::default()
    };
    let keeping = Keeping { path: args.out.join("checkpoint.safetensors"), every: KEEP_EVERY };
    let taken_up = keeping.path.exists();
    if !global.json {
        let how = if taken_up { "going on from the last checkpoint" } else { "starting" };
        eprintln!("{how}: about {} minutes of training, rendering included", args.minutes);
    }
    let start = Instant::now();
    let state = pretrain(&settings, &keeping, &|| start.elapsed(), &mut |step| {
        let at = &step.counters;
        if at.step.is_multiple_of(LINE_EVERY) {
            if global.json {
                let line = serde_json::json!({
                    "step": at.step, "views": at.views, "seconds": at.seconds, "done": step.done, "loss": at.loss
                });
                println!("{line}");
            } else {
                println!("{:3.0}%  step {}  views {}  loss {:.4}", 100.0 * step.done, at.step, at.views, at.loss);
            }
        }
        true
    })
    .context("the pretraining ended early; the same command goes on from its last checkpoint")?;
    fs_err::write(args.out.join("model.safetensors"), export(&state.weights)?)?;
    fs_err::write(args.out.join("config.json"), hivis_train::tiny::CONFIG)?;
    fs_err::write(args.out.join("preprocessor_config.json"), hivis_train::tiny::PREPROCESSOR)?;
    println!("the backbone is in {}; it has no head yet", args.out.display());
    Ok(ExitCode::SUCCESS)
}
