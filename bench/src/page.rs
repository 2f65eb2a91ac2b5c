//! `bench page`: what the control room costs, and whether it grows with the ledger.
//!
//! Live: `hivis serve` with a model that says the same of every picture records at a rate; in pairs of rounds, in
//! alternating order, Now is open in Chromium or nobody looks. Told are what the page costs the server, the share of the
//! time that the browser's main thread works, and how far the page is behind. Growth is in [`page_growth`].

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hivis_bittensor::Keypair;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

use crate::child::load_average;
use crate::flood::interval;
use crate::load::OpenLoop;
use crate::program::{Served, Wheel};
use crate::quantile::{median, quantile};
use crate::question::{Questions, picture};
use crate::{constant, page_growth, peer};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The program.
    #[arg(long, default_value = "target/release/hivis")]
    pub(crate) hivis: PathBuf,
    /// Pairs of live rounds; 0 leaves them out.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Seconds of a round.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Challenges a second.
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Records of the smaller home; the larger one has a hundred times as many. 0 leaves growth out.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) records: u64,
    /// Requests of each path.
    #[arg(long, default_value_t = 200)]
    pub(crate) requests: usize,
    /// More paths that are asked for.
    #[arg(long)]
    pub(crate) path: Vec<String>,
}

pub(crate) async fn run(args: &Args) -> Result<()> {
    println!("{}\n\nload average {}", peer::machine(), load_average());
    if args.rounds > 0 {
        live(args).await?;
    }
    if args.records > 0 {
        page_growth::growth(args).await?;
    }
    println!("\nload average {}", load_average());
    Ok(())
}

/// What the browser said.
struct Looked {
    busy: f64,
    lag: Vec<f64>,
    rows: u64,
}

async fn live(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (home, model) = (folder.path().join("home"), folder.path().join("constant"));
    let wheel = Wheel { hivis: &args.hivis, home: &home };
    wheel.begin()?;
    constant::write(&model)?;
    wheel.run(&["import", "model", &model.to_string_lossy()])?;
    let server = wheel.serve()?;
    server.rest()?;
    let (_, jpeg) = picture();
    let questions = Arc::new(Questions::new(Keypair::from_uri("//Bob")?.hotkey(), &jpeg)?);
    let plan = OpenLoop { rate: args.rate, time: Duration::from_secs(args.seconds), lines: 32 };
    let (mut costs, mut busy, mut lag, mut rows, mut calms) = (Vec::new(), Vec::new(), Vec::new(), 0, Vec::new());
    // The first is for warming up.
    round(&server, &questions, plan).await?;
    for number in 0..args.rounds {
        let (calm, (watched, looked)) = if number.is_multiple_of(2) {
            let calm = round(&server, &questions, plan).await?;
            (calm, beside(&server, &questions, plan).await?)
        } else {
            let watched = beside(&server, &questions, plan).await?;
            (round(&server, &questions, plan).await?, watched)
        };
        costs.push(100.0 * (watched - calm));
        calms.push(100.0 * calm);
        busy.push(100.0 * looked.busy);
        lag.extend(looked.lag);
        rows += looked.rows;
    }
    let (low, high) = interval(&costs);
    println!("\n{} pairs of {} s at {} challenges a second; {rows} rows drawn\n", args.rounds, args.seconds, args.rate);
    println!("| with Now open | median | | limit |\n|---|---|---|---|");
    let (cost, calm) = (median(costs), median(calms));
    println!(
        "| the server's CPU beyond that with nobody looking ({calm:.1}% of a core) | {cost:.2}% | {low:.2} to {high:.2}% | 3% |"
    );
    let most = quantile(busy.iter().copied(), 1.0);
    println!("| the browser's main thread works | {:.1}% | at most {most:.1}% | 20% |", median(busy));
    let at = |q| quantile(lag.iter().copied(), q);
    println!("| the page is behind, ms | {:.0} | p99 {:.0}, at most {:.0} | 1000 |", at(0.5), at(0.99), at(1.0));
    Ok(())
}

/// The share of a core that the server took.
async fn round(server: &Served, questions: &Arc<Questions>, plan: OpenLoop) -> Result<f64> {
    let (before, begin) = (server.cpu()?, Instant::now());
    let offered = plan.offer(questions, server.axon, |_| questions.head(0)).await?;
    let judged = offered.replies.iter().filter(|reply| reply.judged).count();
    ensure!(judged * 100 >= plan.requests() * 99, "{judged} of {} challenges were judged", plan.requests());
    Ok((server.cpu()? - before) / begin.elapsed().as_secs_f64())
}

async fn beside(server: &Served, questions: &Arc<Questions>, plan: OpenLoop) -> Result<(f64, Looked)> {
    let modules = hivis_testbed::peers::environment("page")
        .context("the browser's packages are not there (cargo xtask setup)")?;
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/hivis/tests/page/measure.mjs");
    let seconds = plan.time.as_secs().saturating_sub(1).max(1).to_string();
    let mut node = tokio::process::Command::new("node");
    node.arg(spec)
        .arg(format!("http://{}", server.page))
        .env("HIVIS_PAGE_MODULES", modules)
        .env("HIVIS_SECONDS", seconds);
    let mut node = node.stdout(Stdio::piped()).kill_on_drop(true).spawn().context("node does not start")?;
    let mut said = tokio::io::BufReader::new(node.stdout.take().context("no standard output")?);
    let mut line = String::new();
    // The browser starts before the round, so that its start is not measured.
    tokio::io::AsyncBufReadExt::read_line(&mut said, &mut line).await?;
    ensure!(line.trim() == "ready", "the browser is not ready: {line}");
    let cpu = round(server, questions, plan).await?;
    let mut text = String::new();
    said.read_to_string(&mut text).await?;
    ensure!(node.wait().await?.success(), "the browser failed");
    let told: Value = serde_json::from_str(text.trim()).context("the browser says no JSON")?;
    let lag = told["lag"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    let busy = told["busy"].as_f64().context("no share")?;
    Ok((cpu, Looked { busy, lag, rows: told["rows"].as_u64().unwrap_or_default() }))
}
