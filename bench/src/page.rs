//! `bench page`: what the control room costs, and whether it grows with the ledger.
//!
//! Live: hivis' axon before an engine of fixed answers records at a rate; in pairs of rounds, in alternating order, Now is
//! open in Chromium or nobody looks. Told are the server's CPU a challenge, the share of the time that the browser's main
//! thread works, and how far the page is behind. Growth: two homes of the real program, one with a hundred times the
//! records, are asked for every page and every part of the API in turn.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::child::{Server, load_average};
use crate::flood::interval;
use crate::load::OpenLoop;
use crate::page_rows;
use crate::peer;
use crate::quantile::{median, quantile};
use crate::question::{Questions, picture};
use crate::turns::{ALICE, Wheel};

/// Paths that are asked for; `ID` is a record of the middle.
const PATHS: [&str; 15] = [
    "/",
    "/api/now",
    "/api/challenges?limit=40",
    "/api/challenges?limit=40&before=ID",
    "/api/challenges?limit=40&kind=answered",
    "/api/challenges?limit=40&kind=silent",
    "/api/challenges?limit=40&kind=expired",
    "/api/challenges?limit=40&kind=unsure",
    "/api/challenges?limit=40&kind=wrong",
    "/api/challenges?limit=40&hotkey=5Fbench3",
    "/challenge",
    "/challenge/ID",
    "/api/challenge/ID",
    "/api/challenge/ID/neighbours",
    "/api/review/queue",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The program.
    #[arg(long, default_value = "target/release/hivis")]
    hivis: PathBuf,
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
    records: u64,
    /// Requests of each path.
    #[arg(long, default_value_t = 200)]
    requests: usize,
    /// More paths that are asked for.
    #[arg(long)]
    path: Vec<String>,
}

pub(crate) async fn run(args: &Args) -> Result<()> {
    println!("{}\n\nload average {}", peer::machine(), load_average());
    if args.rounds > 0 {
        live(args).await?;
    }
    if args.records > 0 {
        growth(args).await?;
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
    let home = folder.path().join("home");
    let server = Server::own(&["page-server", &home.to_string_lossy()])?;
    let page = server.page.context("the server has no page")?;
    let (_, jpeg) = picture();
    let questions = Arc::new(Questions::new(server.hotkey.clone(), &jpeg)?);
    let plan = OpenLoop { rate: args.rate, time: Duration::from_secs(args.seconds), lines: 32 };
    let (mut ratios, mut busy, mut lag, mut rows) = (Vec::new(), Vec::new(), Vec::new(), 0);
    // The first is for warming up.
    round(&server, &questions, plan).await?;
    for number in 0..args.rounds {
        let (calm, (watched, looked)) = if number.is_multiple_of(2) {
            let calm = round(&server, &questions, plan).await?;
            (calm, beside(&server, &questions, plan, page).await?)
        } else {
            let watched = beside(&server, &questions, plan, page).await?;
            (round(&server, &questions, plan).await?, watched)
        };
        ratios.push(watched / calm);
        busy.push(looked.busy);
        lag.extend(looked.lag);
        rows += looked.rows;
    }
    server.stop()?;
    let (low, high) = interval(&ratios);
    println!("\n{} pairs of {} s at {} challenges a second; {rows} rows drawn\n", args.rounds, args.seconds, args.rate);
    println!("| with Now open | median | | limit |\n|---|---|---|---|");
    let ratio = median(ratios.iter().copied());
    println!("| the server's CPU a challenge, over nobody looking | {ratio:.3} | {low:.3} to {high:.3} | 1.10 |");
    let most = quantile(busy.iter().copied(), 1.0);
    println!("| the browser's main thread works | {:.1}% | at most {:.1}% | 20% |", 100.0 * median(busy), 100.0 * most);
    let at = |q| quantile(lag.iter().copied(), q);
    println!("| the page is behind, ms | {:.0} | p99 {:.0}, at most {:.0} | 1000 |", at(0.5), at(0.99), at(1.0));
    Ok(())
}

/// The server's CPU a challenge, seconds.
async fn round(server: &Server, questions: &Arc<Questions>, plan: OpenLoop) -> Result<f64> {
    let before = server.cpu()?;
    let offered = plan.offer(questions, server.at, |_| questions.head(0)).await?;
    let judged = offered.replies.iter().filter(|reply| reply.judged).count();
    ensure!(judged * 100 >= plan.requests() * 99, "{judged} of {} challenges were judged", plan.requests());
    Ok((server.cpu()? - before) / judged as f64)
}

async fn beside(
    server: &Server,
    questions: &Arc<Questions>,
    plan: OpenLoop,
    page: SocketAddr,
) -> Result<(f64, Looked)> {
    let modules = hivis_testbed::peers::environment("page")
        .context("the browser's packages are not there (cargo xtask setup)")?;
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/hivis/tests/page/measure.mjs");
    let seconds = plan.time.as_secs().saturating_sub(1).max(1).to_string();
    let mut node = tokio::process::Command::new("node");
    node.arg(spec).arg(format!("http://{page}")).env("HIVIS_PAGE_MODULES", modules).env("HIVIS_SECONDS", seconds);
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

async fn growth(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut homes = Vec::new();
    for records in [args.records, 100 * args.records] {
        let home = folder.path().join(format!("home-{records}"));
        let wheel = Wheel { hivis: &args.hivis, home: &home };
        wheel.run(&["demo", "--questions", "2", "--rate", "20", "--no-stay", "--no-train"])?;
        fs_err::write(home.join("permits.toml"), format!("[[permit]]\nhotkey = \"{ALICE}\"\nstake = 1000.0\n"))?;
        let begin = Instant::now();
        let id = page_rows::write(&home, records).await?;
        println!("\n{records} records were made in {:.0} s", begin.elapsed().as_secs_f64());
        homes.push((page_rows::serve(&wheel)?, id));
    }
    println!("\n| path | p50 ms | p99 ms | of {} records, p50 | p99 | p99 grows by | limit |", 100 * args.records);
    println!("|---|---|---|---|---|---|---|");
    let paths: Vec<&str> = PATHS.iter().copied().chain(args.path.iter().map(String::as_str)).collect();
    for path in paths {
        let mut times = [Vec::new(), Vec::new()];
        // The first three of each are for warming up; then in turn, so that both meet the same machine.
        for number in 0..args.requests + 3 {
            for ((server, id), times) in homes.iter().zip(&mut times) {
                let begin = Instant::now();
                let status = get(server.page, &path.replace("ID", id)).await?;
                ensure!(status == 200, "{path} answers {status}");
                if number >= 3 {
                    times.push(begin.elapsed().as_secs_f64() * 1000.0);
                }
            }
        }
        let at = |which: usize, q: f64| quantile(times[which].iter().copied(), q);
        let grows = at(1, 0.99) / at(0, 0.99);
        println!(
            "| {path} | {:.1} | {:.1} | {:.1} | {:.1} | {grows:.2} | 2 |",
            at(0, 0.5),
            at(0, 0.99),
            at(1, 0.5),
            at(1, 0.99)
        );
    }
    Ok(())
}

/// Asks, reads it all, gives the status.
async fn get(at: SocketAddr, path: &str) -> Result<u16> {
    let mut stream = TcpStream::connect(at).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(&answer[..answer.len().min(16)]).into_owned();
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("an answer without a status")
}
