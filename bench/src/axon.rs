//! `bench axon`: CPU time of an answer and its latency, beside the SDK's axon and a bare hyper.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hivis_engine::{LoadSettings, load};
use hivis_image::DecodeLimits;
use hivis_types::Picture;

use crate::child::{Server, load_average, own_cpu};
use crate::load::{OpenLoop, closed};
use crate::overload::verdict;
use crate::quantile::{median, quantile};
use crate::question::{Questions, picture};
use crate::serve::PREDICTION;

/// The writer commits a group 50 ms after its first record; what a round caused is done after this.
const SETTLE: Duration = Duration::from_millis(500);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds of each side.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Requests of one of our rounds.
    #[arg(long, default_value_t = 6000)]
    requests: u64,
    /// Requests of one of the SDK's rounds.
    #[arg(long, default_value_t = 300)]
    sdk_requests: u64,
    /// Callers that ask at once.
    #[arg(long, default_value_t = 4)]
    callers: usize,
    /// Requests a second while latency is measured.
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Seconds of a latency round.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// A graph (`model.onnx` of a release) for the line "model".
    #[arg(long)]
    graph: Option<PathBuf>,
    /// Leaves the CPU rounds out.
    #[arg(long)]
    latency_only: bool,
}

/// One server of the CPU rounds and what was seen of it.
struct Side {
    name: &'static str,
    server: Server,
    questions: Arc<Questions>,
    requests: u64,
    /// Milliseconds of CPU an answer, one a round.
    cpu_ms: Vec<f64>,
    /// Answers a second, one a round.
    rate: Vec<f64>,
    /// The next picture's number.
    next: u64,
}

impl Side {
    fn new(name: &'static str, server: Server, jpeg: &[u8], requests: u64) -> Result<Self> {
        let questions = Arc::new(Questions::new(server.hotkey.clone(), jpeg)?);
        Ok(Self { name, server, questions, requests, cpu_ms: Vec::new(), rate: Vec::new(), next: 0 })
    }

    async fn ask(&mut self, requests: u64, callers: usize) -> Result<f64> {
        let (each, begin) = (requests.div_ceil(callers as u64), Instant::now());
        let replies = closed(&self.questions, self.server.at, callers, each, self.next).await?;
        self.next += each * callers as u64;
        let odd = replies.iter().find(|reply| reply.status != 200 || !reply.judged);
        ensure!(odd.is_none(), "{} answered {odd:?}", self.name);
        Ok(replies.len() as f64 / begin.elapsed().as_secs_f64())
    }

    async fn round(&mut self, callers: usize) -> Result<()> {
        let before = self.server.cpu()?;
        let asked = self.next;
        let rate = self.ask(self.requests, callers).await?;
        tokio::time::sleep(SETTLE).await;
        let cpu = self.server.cpu()? - before;
        self.cpu_ms.push(cpu * 1e3 / (self.next - asked) as f64);
        self.rate.push(rate);
        Ok(())
    }
}

pub(crate) async fn run(args: &Args) -> Result<()> {
    let (pixels, jpeg) = picture();
    println!("pictures of {} bytes, load average {}\n", jpeg.len(), load_average());
    if !args.latency_only {
        cpu(args, &jpeg).await?;
        parts(args, &pixels, &jpeg)?;
    }
    latency(args, &jpeg).await
}

/// CPU of the server over answered requests, in interleaved rounds.
async fn cpu(args: &Args, jpeg: &[u8]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let home = home.to_str().context("a temporary folder whose name is no text")?;
    let mut sides = vec![
        Side::new("hivis, recording off", Server::own(&["axon-server"])?, jpeg, args.requests)?,
        Side::new("hivis, recording on", Server::own(&["axon-server", "--record", home])?, jpeg, args.requests)?,
    ];
    match Server::sdk(PREDICTION)? {
        Some(server) => sides.push(Side::new("SDK 10.5.0's axon", server, jpeg, args.sdk_requests)?),
        None => println!("the SDK is not installed (`cargo xtask check` installs it): its axon was not measured\n"),
    }
    for side in &mut sides {
        side.ask(side.requests / 10, args.callers).await?;
    }
    tokio::time::sleep(SETTLE).await;
    for _ in 0..args.rounds {
        for side in &mut sides {
            side.round(args.callers).await?;
        }
    }
    let sdk = sides.get(2).map(|side| median(side.cpu_ms.iter().copied()));
    println!("| server | CPU an answer, ms: median (rounds) | answers/s | the SDK's CPU over this |");
    println!("|---|---|---|---|");
    for side in &sides {
        let rounds: Vec<String> = side.cpu_ms.iter().map(|ms| format!("{ms:.3}")).collect();
        let middle = median(side.cpu_ms.iter().copied());
        let ratio = sdk.map_or("not measured".to_owned(), |sdk| format!("{:.1}", sdk / middle));
        let rate = median(side.rate.iter().copied());
        println!("| {} | {middle:.3} ({}) | {rate:.0} | {ratio} |", side.name, rounds.join(", "));
    }
    println!();
    for (side, wanted) in sides.iter().zip([30.0, 20.0]) {
        let Some(sdk) = sdk else { break };
        let ratio = sdk / median(side.cpu_ms.iter().copied());
        println!("- {}: at most 1/{wanted:.0}: 1/{ratio:.1}: {}", side.name, verdict(ratio >= wanted));
    }
    for side in sides {
        let said = side.server.stop()?;
        if !said.is_empty() {
            println!("- records of {}: {}", side.name, said.trim());
        }
    }
    println!("- load average {}\n", load_average());
    Ok(())
}

/// What comes on top where pictures are looked at: decoding, and the model.
fn parts(args: &Args, pixels: &Picture, jpeg: &[u8]) -> Result<()> {
    println!("| part of an answer that the rows above leave out | CPU, ms |\n|---|---|");
    let limits = DecodeLimits::default();
    let decode = each(500, || Ok(hivis_image::decode(black_box(jpeg), &limits)?))?;
    println!("| decode a JPEG of 224 x 224 ({} bytes) | {decode:.3} |", jpeg.len());
    if let Some(graph) = &args.graph {
        let engine = load(&LoadSettings::rten(graph))?;
        let (width, height) = engine.card().input;
        let fitted = hivis_image::resize_bilinear(pixels, width, height);
        let model = each(20, || Ok(engine.run(&[&fitted])?))?;
        println!("| model, {} with rten, batch of 1 | {model:.1} |", graph.display());
    } else {
        println!("| model | not measured: give --graph |");
    }
    println!();
    Ok(())
}

/// Milliseconds of this process's CPU that one of `times` calls takes.
fn each<T>(times: u32, mut work: impl FnMut() -> Result<T>) -> Result<f64> {
    black_box(work()?);
    let before = own_cpu()?;
    for _ in 0..times {
        black_box(work()?);
    }
    Ok((own_cpu()? - before) * 1e3 / f64::from(times))
}

/// Quantiles of the latency at a fixed rate, ours and a bare echo's, in interleaved rounds.
async fn latency(args: &Args, jpeg: &[u8]) -> Result<()> {
    let servers =
        [("hivis, recording off", Server::own(&["axon-server"])?), ("bare hyper echo", Server::own(&["echo-server"])?)];
    let questions = Arc::new(Questions::new(servers[0].1.hotkey.clone(), jpeg)?);
    let plan = OpenLoop { rate: args.rate, time: Duration::from_secs(args.seconds), lines: 64 };
    let mut seen: [[Vec<f64>; 2]; 2] = Default::default();
    for round in 0..=args.rounds {
        for ((name, server), seen) in servers.iter().zip(&mut seen) {
            let offered = plan.offer(&questions, server.at, |_| questions.head(0)).await?;
            let answered = offered.replies.iter().filter(|reply| reply.status == 200).count();
            ensure!(answered == plan.requests(), "{name} answered {answered} of {}", plan.requests());
            // The first round warms both up.
            if round > 0 {
                for (seen, q) in seen.iter_mut().zip([0.5, 0.99]) {
                    seen.push(quantile(offered.replies.iter().map(|reply| reply.latency.as_secs_f64() * 1e3), q));
                }
            }
        }
    }
    println!("| server at {:.0}/s | p50, ms | p99, ms: median (rounds) |\n|---|---|---|", args.rate);
    let mut p99 = Vec::new();
    for ((name, _), [halves, tails]) in servers.iter().zip(&seen) {
        let rounds: Vec<String> = tails.iter().map(|ms| format!("{ms:.2}")).collect();
        let (half, tail) = (median(halves.iter().copied()), median(tails.iter().copied()));
        println!("| {name} | {half:.2} | {tail:.2} ({}) |", rounds.join(", "));
        p99.push(tail);
    }
    let ratio = p99[0] / p99[1];
    println!("\n- p99 within 3x of the bare echo's: {ratio:.2}: {}", verdict(ratio <= 3.0));
    println!("- load average {}", load_average());
    for (_, server) in servers {
        server.stop()?;
    }
    Ok(())
}
