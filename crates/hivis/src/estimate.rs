//! How long a training will take, measured on a few views and steps before it begins.

use std::time::{Duration, Instant};

use anyhow::Result;
use hivis_train::features::{Backbone, Samples};
use hivis_train::head::{HeadSettings, train_head};
use hivis_types::{Label, Picture};

/// Views that are timed, the engine's batch.
const VIEWS: usize = 8;
/// Steps that are timed.
const STEPS: usize = 20;

/// Seconds for `views` whose features are missing and for `steps` of the head.
pub(crate) fn estimate(backbone: &Backbone, head: &HeadSettings, views: usize, steps: usize) -> Result<Duration> {
    let mut seconds = 0.0;
    if views > 0 {
        let pictures = vec![Picture::filled(224, 224, [120, 130, 140]); VIEWS];
        backbone.features(&pictures)?;
        let begin = Instant::now();
        backbone.features(&pictures)?;
        // Decoding, augmenting and encoding take about as long again for the smallest backbone, and vanish beside a large
        // one: 5 ms a view.
        seconds += views as f64 * (begin.elapsed().as_secs_f64() / VIEWS as f64 + 0.005);
    }
    let rows = STEPS * head.batch * head.accumulate;
    let width = backbone.width();
    let labels: Vec<Label> = [Label::Clear, Label::Roadwork].into_iter().cycle().take(rows).collect();
    let made_up = Samples { width, features: vec![0.5; rows * width], labels };
    let few = Samples { width, features: vec![0.5; 2 * width], labels: vec![Label::Clear, Label::Roadwork] };
    let begin = Instant::now();
    train_head(&made_up, &few, &HeadSettings { epochs: 1, ..head.clone() })?;
    seconds += steps as f64 * begin.elapsed().as_secs_f64() / STEPS as f64;
    Ok(Duration::from_secs_f64(seconds))
}
