//! Starts or takes up a pretraining: `pretrain CHECKPOINT SECONDS [STOP_FILE] [EARLIER PEAK_RATE]`.
//!
//! With the checkpoint of an earlier run, a new one begins another leg on its weights.
//! Loss lines go to standard output. When the stop file appears, the run keeps its state and ends.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use hivis_train::checkpoint::Checkpoint;
use hivis_train::pretrain::{Budget, Keeping, PretrainSettings, pretrain};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().context("which checkpoint?")?);
    let seconds: f64 = arguments.next().context("how many seconds?")?.parse()?;
    let stop = arguments.next().map(PathBuf::from);
    let settings = PretrainSettings { budget: Budget::Seconds(seconds), ..PretrainSettings::default() };
    let keeping = Keeping { path, every: Duration::from_mins(3) };
    if let (Some(earlier), false) = (arguments.next(), keeping.path.exists()) {
        let peak_rate = arguments.next().context("which learning rate?")?.parse()?;
        Checkpoint::read(earlier.as_ref())?.again(settings.budget, peak_rate).write(&keeping.path)?;
    }
    let start = Instant::now();
    let state = pretrain(&settings, &keeping, &|| start.elapsed(), &mut |step| {
        let at = &step.counters;
        if at.step <= 5 || at.step.is_multiple_of(20) {
            println!(
                "step {} views {} seconds {:.0} done {:.3} loss {:.4} cover {:.4} presence {:.4} rate {:.2e} norm {:.2}",
                at.step, at.views, at.seconds, step.done, at.loss, step.cover, step.presence, step.rate, step.norm
            );
        }
        stop.as_ref().is_none_or(|file| !file.exists())
    })?;
    println!("finished: {:?}", state.counters);
    Ok(())
}
