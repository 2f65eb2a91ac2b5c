//! `bench ingest`: what bringing a data set in costs the validators that are answered meanwhile.
//!
//! The real program serves `hivis-tiny` from a home; a rate of half of what it can answer comes in. In each pair of rounds
//! one has nothing else to do and one has `hivis import dataset` at work on the same home, with files never seen before.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hivis_synth::{Mix, View, scene};
use hivis_types::Hotkey;

use crate::child::load_average;
use crate::flood::interval;
use crate::load::{OpenLoop, closed};
use crate::peer;
use crate::program::{BOB, Served, Wheel};
use crate::quantile::{median, quantile};
use crate::question::{Questions, picture};

/// Pictures of an import for each second of its round: more than it takes in.
const PICTURES: u64 = 2500;
/// Pictures that are drawn; the others are the same with another comment, so other files.
const DRAWN: u32 = 50;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The program.
    #[arg(long, default_value = "target/release/hivis")]
    hivis: PathBuf,
    /// Pairs of rounds, in alternating order.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Seconds of a round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Challenges a second [default: half of what it answers when asked as fast as it can].
    #[arg(long)]
    rate: Option<f64>,
}

/// What one round saw.
struct Round {
    p50: f64,
    p99: f64,
    /// The server's CPU a request, seconds.
    cpu: f64,
}

pub(crate) async fn run(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let wheel = Wheel { hivis: &args.hivis, home: &home };
    wheel.begin()?;
    let drawn = drawn();
    let server = wheel.serve()?;
    let (_, jpeg) = picture();
    let questions = Arc::new(Questions::new(Hotkey::new(BOB), &jpeg)?);
    let rate = match args.rate {
        Some(rate) => rate,
        None => capacity(&server, &questions).await? / 2.0,
    };
    let plan = OpenLoop { rate, time: Duration::from_secs(args.seconds), lines: 32 };
    println!("{}\n", peer::machine());
    println!(
        "load average {}, {} pairs of {} s at {rate:.1} challenges a second",
        load_average(),
        args.rounds,
        args.seconds
    );
    round(&server, &questions, plan).await?;
    let (mut p50, mut p99, mut cpu, mut speed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..args.rounds {
        let source = folder.path().join(format!("set-{number}"));
        write(&source, &drawn, (number, PICTURES * args.seconds))?;
        let (calm, busy) = if number % 2 == 0 {
            let calm = round(&server, &questions, plan).await?;
            (calm, beside(&wheel, &source, &server, &questions, plan).await?)
        } else {
            let busy = beside(&wheel, &source, &server, &questions, plan).await?;
            (round(&server, &questions, plan).await?, busy)
        };
        fs_err::remove_dir_all(&source)?;
        p50.push(busy.0.p50 / calm.p50);
        p99.push(busy.0.p99 / calm.p99);
        cpu.push(busy.0.cpu / calm.cpu);
        speed.push(busy.1);
    }
    println!("imported meanwhile: {:.0} pictures a second (median of the rounds)\n", median(speed.iter().copied()));
    println!("| challenges, importing over calm | median | 95% interval | limit | |\n|---|---|---|---|---|");
    for (name, ratios, limit) in [("p50", &p50, 1.10), ("p99", &p99, 1.50), ("the server's CPU a request", &cpu, 1.10)]
    {
        let (low, high) = interval(ratios);
        let word = match () {
            () if high < limit => "met",
            () if low > limit => "MISSED",
            () => "not shown",
        };
        println!("| {name} | {:.3} | {low:.3} to {high:.3} | {limit:.2} | {word} |", median(ratios.iter().copied()));
    }
    println!("\nload average {}", load_average());
    Ok(())
}

/// Challenges a second, asked by four callers as fast as they are answered.
async fn capacity(server: &Served, questions: &Arc<Questions>) -> Result<f64> {
    closed(questions, server.axon, 4, 20, 0).await?;
    let begin = std::time::Instant::now();
    let replies = closed(questions, server.axon, 4, 100, 1000).await?;
    Ok(replies.len() as f64 / begin.elapsed().as_secs_f64())
}

async fn round(server: &Served, questions: &Arc<Questions>, plan: OpenLoop) -> Result<Round> {
    let before = server.cpu()?;
    let offered = plan.offer(questions, server.axon, |_| questions.head(0)).await?;
    let judged = offered.replies.iter().filter(|reply| reply.judged).count();
    ensure!(judged == plan.requests(), "{judged} of {} challenges were judged", plan.requests());
    let ms = || offered.replies.iter().map(|reply| reply.latency.as_secs_f64() * 1e3);
    let cpu = (server.cpu()? - before) / judged as f64;
    Ok(Round { p50: quantile(ms(), 0.5), p99: quantile(ms(), 0.99), cpu })
}

/// A round while an import runs; gives also how many pictures it brought in a second.
async fn beside(
    wheel: &Wheel<'_>,
    source: &Path,
    server: &Served,
    questions: &Arc<Questions>,
    plan: OpenLoop,
) -> Result<(Round, f64)> {
    let name = source.file_name().context("a set has a name")?.to_string_lossy().into_owned();
    let args = ["import", "dataset", &source.to_string_lossy(), "--name", &name, "--json"].map(str::to_owned);
    let mut import: Command = wheel.command(&args.each_ref().map(String::as_str));
    let mut import = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("the import does not start")?;
    let begin = std::time::Instant::now();
    // It has read its first pictures.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let seen = round(server, questions, plan).await?;
    let early = import.try_wait()?;
    ensure!(early.is_none(), "the import ended ({early:?}) before the round: more pictures are needed");
    let seconds = begin.elapsed().as_secs_f64();
    import.kill()?;
    import.wait()?;
    let sets = wheel.run(&["data", "list"])?;
    let brought = sets["datasets"].as_array().and_then(|all| all.iter().find(|set| set["name"] == name.as_str()));
    let brought = brought.and_then(|set| set["pictures"].as_u64()).context("the data set is not there")?;
    Ok((seen, brought as f64 / seconds))
}

/// JPEGs of streets, 640 x 480 as data sets have them.
fn drawn() -> Vec<(bool, Vec<u8>)> {
    let view = View { width: 640, height: 480, ..View::square(224) };
    let one = |seed: u32| {
        let street = scene(9_000_000 + u64::from(seed), &Mix::default());
        (street.label.as_u8() == 1, hivis_image::encode_jpeg(&street.render(&view).picture))
    };
    (0..DRAWN).map(one).collect()
}

/// Files that no round before had: a comment with a number after the first marker.
fn write(folder: &Path, drawn: &[(bool, Vec<u8>)], (round, pictures): (usize, u64)) -> Result<()> {
    for class in ["roadwork", "none"] {
        fs_err::create_dir_all(folder.join(class))?;
    }
    for number in 0..pictures {
        let (roadwork, jpeg) = &drawn[(number % u64::from(DRAWN)) as usize];
        let comment = format!("{round:08}{number:08}");
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xfe, 0, 2 + comment.len() as u8];
        bytes.extend(comment.as_bytes());
        bytes.extend(&jpeg[2..]);
        let class = if *roadwork { "roadwork" } else { "none" };
        fs_err::write(folder.join(class).join(format!("{number}.jpg")), bytes)?;
    }
    Ok(())
}
