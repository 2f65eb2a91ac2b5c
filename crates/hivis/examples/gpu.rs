//! The GPUs' figures as `/metrics` has them, from a program of 2 MB that needs nothing else: for a look at a rented GPU.

#[path = "../src/figures/gpu.rs"]
mod gpu;

fn main() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let Some(mut gpus) = gpu::open() else {
        eprintln!("no GPU: NVIDIA's driver (libnvidia-ml.so.1) is not there");
        std::process::exit(1);
    };
    metrics::with_local_recorder(&recorder, || gpu::set(&gpus.read(), "here"));
    print!("{}", recorder.handle().render());
}
