//! Measures: us and the peer in interleaved rounds of one run, so that ratios hold where absolute times drift.
//!
//! `cargo xtask bench NAME` builds and runs this; what it printed goes to `bench/RESULTS.md` with the date.

mod axon;
mod child;
mod constant;
mod drift;
mod engine;
mod engine_report;
mod engine_worker;
mod examiner;
mod flood;
mod forward;
mod gate;
mod head;
mod ingest;
mod jpeg;
mod line;
mod load;
mod metagraph;
mod mining;
mod mining_world;
mod overload;
mod page;
mod page_growth;
mod page_rows;
mod peer;
mod program;
mod quantile;
mod question;
mod random_model;
mod serve;
mod turns;
mod vectors;
mod versions;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures of hivis.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// CPU and latency of an answer beside the SDK's axon and a bare hyper.
    Axon(axon::Args),
    /// Ten times what the engine can do.
    Overload(overload::Args),
    /// What strangers cost permitted callers, and what verifying costs.
    Flood(flood::Args),
    /// Callers without a permit; `flood` starts them.
    #[command(hide = true)]
    Strangers(flood::StrangerArgs),
    /// hivis' axon in a process of its own; `axon` and `overload` start these.
    #[command(hide = true)]
    AxonServer(serve::AxonArgs),
    /// A bare hyper echo; `axon` starts it.
    #[command(hide = true)]
    EchoServer,
    /// How often the watch over drift cries wolf, and how soon it sees a shift.
    Drift(drift::Args),
    /// Challenges made a second against the reference's Python.
    Examiner(examiner::Args),
    /// The head's training against a PyTorch script.
    Head(head::Args),
    /// burn's DINOv3 on a processor of choice against PyTorch's.
    Forward(forward::Args),
    /// The gate over JPEG files against a script of OpenCV and scikit-image.
    Gate(gate::Args),
    /// JPEG files to features against a PyTorch DataLoader.
    Jpeg(jpeg::Args),
    /// A metagraph of 256 neurons against bittensor's client.
    Metagraph(metagraph::Args),
    /// What an import costs the validators that are answered meanwhile.
    Ingest(ingest::Args),
    /// How many labels mining saves against drawing at random.
    Mining(mining::Args),
    /// A training on the procedural world against a PyTorch script, five seeds.
    World(world::Args),
    /// Three turns of the wheel with the real program.
    Turns(turns::Args),
    /// What the control room costs, and whether it grows with the ledger.
    Page(page::Args),
    /// A version of 100,000 new files against `dvc add`, and its checkout.
    Versions(versions::Args),
    /// Groups, covers and near-duplicates against scikit-learn, FAISS and NumPy; growth to a million rows.
    Vectors(vectors::Args),
    /// ms a picture of each engine against PyTorch, ONNX Runtime and OpenVINO.
    Engine(engine::Args),
    /// One engine in a process of its own; `engine` starts these.
    #[command(hide = true)]
    EngineWorker(engine_worker::Args),
}

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Axon(args) => on_runtime(axon::run(&args)),
        What::Overload(args) => on_runtime(overload::run(&args)),
        What::Flood(args) => on_runtime(flood::run(&args)),
        What::Strangers(args) => on_runtime(flood::stranger(&args)),
        What::AxonServer(args) => on_runtime(serve::axon(&args)),
        What::EchoServer => on_runtime(serve::echo()),
        What::Drift(args) => drift::run(&args),
        What::Examiner(args) => examiner::run(&args),
        What::Head(args) => head::run(&args),
        What::Forward(args) => forward::run(&args),
        What::Gate(args) => gate::run(&args),
        What::Jpeg(args) => jpeg::run(&args),
        What::Metagraph(args) => on_runtime(metagraph::run(&args)),
        What::Ingest(args) => on_runtime(ingest::run(&args)),
        What::Mining(args) => mining::run(&args),
        What::World(args) => world::run(&args),
        What::Turns(args) => turns::run(&args),
        What::Page(args) => on_runtime(page::run(&args)),
        What::Versions(args) => versions::run(&args),
        What::Vectors(args) => vectors::run(&args),
        What::Engine(args) => engine::run(&args),
        What::EngineWorker(args) => {
            engine_worker::run(&args);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// With as many worker threads as cores, as `hivis serve` has.
fn on_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(work)
}
