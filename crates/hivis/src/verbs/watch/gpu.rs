//! `hivis watch gpu`: the GPUs' figures once, to look at with one's own eyes.

use std::process::ExitCode;

use metrics_exporter_prometheus::PrometheusBuilder;

use crate::figures::{gpu, host};

/// Prints them as `/metrics` has them; 1 where there is no GPU.
pub(super) fn run() -> ExitCode {
    let recorder = PrometheusBuilder::new().build_recorder();
    let Some(mut gpus) = gpu::open() else {
        eprintln!("no GPU: NVIDIA's driver (libnvidia-ml.so.1) is not there");
        return ExitCode::FAILURE;
    };
    metrics::with_local_recorder(&recorder, || gpu::set(&gpus.read(), &host()));
    print!("{}", recorder.handle().render());
    ExitCode::SUCCESS
}
