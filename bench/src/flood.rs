//! `bench flood`: what strangers without a permit cost those who have one, and what verifying a request costs.

use std::hint::black_box;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use hivis_bittensor::Keypair;
use hivis_bittensor::wire::{self, BODY_HASH, NonceBook};
use hivis_serve::Permits;
use hivis_types::Hotkey;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::child::{Server, load_average};
use crate::load::OpenLoop;
use crate::quantile::{median, quantile};
use crate::question::{Questions, picture};

/// The flood runs for so long before its round is measured.
const LEAD: Duration = Duration::from_millis(300);
/// No stranger waits longer for its refusal.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds, each with the flood and without it, in alternating order.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Requests a second from permitted callers.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// Requests a second from strangers.
    #[arg(long, default_value_t = 1000.0)]
    flood: f64,
    /// Seconds of a round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// The strangers, in a process of their own.
#[derive(clap::Args)]
pub(crate) struct StrangerArgs {
    at: SocketAddr,
    axon: String,
    rate: f64,
    seconds: f64,
}

/// What one round saw of the permitted callers.
struct Round {
    p50: f64,
    p99: f64,
    /// The server's CPU, seconds.
    cpu: f64,
}

pub(crate) async fn run(args: &Args) -> Result<()> {
    verifying()?;
    let (_, jpeg) = picture();
    let server = Server::own(&["axon-server", "--decode"])?;
    let questions = Arc::new(Questions::new(server.hotkey.clone(), &jpeg)?);
    let plan = OpenLoop { rate: args.rate, time: Duration::from_secs(args.seconds), lines: 32 };
    println!("load average {}, {} rounds of {} s", load_average(), args.rounds, args.seconds);
    round(&server, &questions, plan).await?;
    let (mut p50, mut p99, mut cpu, mut refused) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..args.rounds {
        let (calm, flooded) = if number % 2 == 0 {
            let calm = round(&server, &questions, plan).await?;
            (calm, under_flood(args, &server, &questions, plan).await?)
        } else {
            let flooded = under_flood(args, &server, &questions, plan).await?;
            (round(&server, &questions, plan).await?, flooded)
        };
        // What the strangers alone cost the server in the same time is not the permitted callers'.
        let (alone, _) = strangers(args, &server, async {
            let before = server.cpu_exact()?;
            tokio::time::sleep(plan.time).await;
            Ok(server.cpu_exact()? - before)
        })
        .await?;
        p50.push(flooded.0.p50 / calm.p50);
        p99.push(flooded.0.p99 / calm.p99);
        cpu.push((flooded.0.cpu - alone) / calm.cpu);
        refused.push(flooded.1);
    }
    println!("refused strangers a second: {:.0} (median of the rounds)\n", median(refused.iter().copied()));
    println!("| permitted callers, flooded over calm | median | 95% interval | limit | |\n|---|---|---|---|---|");
    for (name, ratios, limit) in [("p50", &p50, 1.10), ("p99", &p99, 1.50), ("the server's CPU a request", &cpu, 1.10)]
    {
        let (low, high) = interval(ratios);
        let word = if high < limit {
            "met"
        } else if low > limit {
            "MISSED"
        } else {
            "not shown"
        };
        println!("| {name} | {:.3} | {low:.3} to {high:.3} | {limit:.2} | {word} |", median(ratios.iter().copied()));
    }
    println!("\nload average {}", load_average());
    server.stop()?;
    Ok(())
}

/// The 95% interval of the median by order statistics: of 20 values the 6th and the 15th (95.9%).
pub(crate) fn interval(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // The normal approximation of the binomial's ranks, rounded outwards.
    let (n, spread) = (sorted.len() as f64, 0.98 * (sorted.len() as f64).sqrt());
    let low = (n / 2.0 - spread).floor().max(0.0) as usize;
    let high = ((n / 2.0 + spread).ceil() as usize).min(sorted.len().saturating_sub(1));
    (sorted[low], sorted[high])
}

async fn round(server: &Server, questions: &Arc<Questions>, plan: OpenLoop) -> Result<Round> {
    let before = server.cpu_exact()?;
    let offered = plan.offer(questions, server.at, |_| questions.head(0)).await?;
    let cpu = server.cpu_exact()? - before;
    let judged = offered.replies.iter().filter(|reply| reply.judged).count();
    ensure!(judged == plan.requests(), "{judged} of {} permitted requests were judged", plan.requests());
    let ms = || offered.replies.iter().map(|reply| reply.latency.as_secs_f64() * 1e3);
    Ok(Round { p50: quantile(ms(), 0.5), p99: quantile(ms(), 0.99), cpu })
}

async fn under_flood(args: &Args, server: &Server, questions: &Arc<Questions>, plan: OpenLoop) -> Result<(Round, f64)> {
    strangers(args, server, round(server, questions, plan)).await
}

/// Runs `work` while strangers ask; gives also how many a second were refused.
async fn strangers<T>(args: &Args, server: &Server, work: impl Future<Output = Result<T>>) -> Result<(T, f64)> {
    let child = flood(args, server)?;
    tokio::time::sleep(LEAD).await;
    let done = work.await?;
    let output = child.wait_with_output().await?;
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).context("the strangers said nothing")?;
    let refused = said["refused_per_s"].as_f64().context("the strangers count nothing")?;
    ensure!(refused >= 0.9 * args.flood, "only {refused:.0} strangers a second were refused of {}", args.flood);
    Ok((done, refused))
}

fn flood(args: &Args, server: &Server) -> Result<Child> {
    // It outlasts the round by as much as it runs before it.
    let seconds = args.seconds as f64 + 2.0 * LEAD.as_secs_f64();
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("strangers").args([server.at.to_string(), server.hotkey.to_string()]);
    command.args([args.flood.to_string(), seconds.to_string()]).stdout(Stdio::piped()).kill_on_drop(true);
    Ok(command.spawn()?)
}

/// Sends whole requests of a hotkey without a permit at a rate, each on a connection of its own as the refusal ends it.
pub(crate) async fn stranger(args: &StrangerArgs) -> Result<()> {
    let (_, jpeg) = picture();
    let questions = Questions::of("//Mallory", Hotkey::new(&args.axon), &jpeg)?;
    let request: Arc<[u8]> = (questions.head(0) + &questions.body(0)).into_bytes().into();
    let (mut asked, begin) = (JoinSet::new(), Instant::now());
    let count = (args.rate * args.seconds) as usize;
    for number in 0..count {
        tokio::time::sleep_until((begin + Duration::from_secs_f64(number as f64 / args.rate)).into()).await;
        let (request, at) = (Arc::clone(&request), args.at);
        asked.spawn(async move { tokio::time::timeout(PATIENCE, refused(at, &request)).await.is_ok_and(|r| r) });
    }
    let refused = asked.join_all().await.into_iter().filter(|refused| *refused).count();
    println!("{}", serde_json::json!({ "refused_per_s": refused as f64 / args.seconds }));
    Ok(())
}

/// Whether the axon says 403. It may hang up on the body: what it said is read all the same.
async fn refused(at: SocketAddr, request: &[u8]) -> bool {
    let Ok(mut stream) = TcpStream::connect(at).await else { return false };
    let _ = stream.write_all(request).await;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.is_ok() && status.ends_with(b"403")
}

/// CPU of verifying a head, from its headers to a verified caller, over that of the bare signature.
fn verifying() -> Result<()> {
    const EACH: usize = 2000;
    let (alice, bob) = (Keypair::from_uri("//Alice")?, Keypair::from_uri("//Bob")?.hotkey());
    let permits = Permits::new([(alice.hotkey(), 1000.0)])?;
    let (mut whole, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let requests = (0..EACH).map(|number| headers(&alice, &bob, number)).collect::<Result<Vec<_>>>()?;
        let mut book = NonceBook::default();
        let uri = Uri::from_static("/ImageSynapse");
        let begin = Instant::now();
        for request in &requests {
            let claim = wire::parse_headers(&Method::POST, &uri, black_box(&request.headers))
                .map_err(|refusal| anyhow::anyhow!("refused: {}", refusal.kind))?;
            wire::precheck(&claim, &bob, request.now).map_err(|refusal| anyhow::anyhow!("{}", refusal.kind))?;
            let hotkey = claim.hotkey().context("a claim without a hotkey")?;
            permits.stake(hotkey).context("no permit")?;
            let verified = wire::verify(&claim, &bob, request.now, &mut book, None);
            black_box(verified.map_err(|refusal| anyhow::anyhow!("refused: {}", refusal.kind))?);
        }
        whole.push(begin.elapsed().as_secs_f64() / EACH as f64 * 1e6);
        let public = alice.public();
        let begin = Instant::now();
        for request in &requests {
            ensure!(hivis_bittensor::verify(&public, black_box(request.text.as_bytes()), &request.signature));
        }
        bare.push(begin.elapsed().as_secs_f64() / EACH as f64 * 1e6);
    }
    let ratios: Vec<f64> = whole.iter().zip(&bare).map(|(whole, bare)| whole / bare).collect();
    let (low, high) = interval(&ratios);
    println!(
        "verifying a request: {:.1} us; a bare sr25519 verification: {:.1} us; ratio {:.2} ({low:.2} to {high:.2}), \
         limit 3: {}\n",
        median(whole.iter().copied()),
        median(bare.iter().copied()),
        median(ratios.iter().copied()),
        if high < 3.0 { "met" } else { "MISSED" }
    );
    Ok(())
}

struct Signed {
    headers: HeaderMap,
    text: String,
    signature: [u8; 64],
    now: u64,
}

/// The signed head of a question, as the SDK's dendrite sends it.
fn headers(from: &Keypair, axon: &Hotkey, number: usize) -> Result<Signed> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64 + number as u64;
    let uuid = "00000000-0000-1000-8000-000000000001";
    let text = format!("{now}.{}.{axon}.{uuid}.{BODY_HASH}", from.hotkey());
    let signature = from.sign(text.as_bytes());
    let fields = [
        ("name", "ImageSynapse".to_owned()),
        ("timeout", "9.0".to_owned()),
        ("bt_header_axon_ip", "127.0.0.1".to_owned()),
        ("bt_header_axon_port", "8091".to_owned()),
        ("bt_header_axon_hotkey", axon.to_string()),
        ("bt_header_dendrite_ip", "127.0.0.1".to_owned()),
        ("bt_header_dendrite_version", wire::VERSION.to_string()),
        ("bt_header_dendrite_nonce", now.to_string()),
        ("bt_header_dendrite_uuid", uuid.to_owned()),
        ("bt_header_dendrite_hotkey", from.hotkey().to_string()),
        ("bt_header_dendrite_signature", format!("0x{}", hex::encode(signature))),
        ("header_size", "464".to_owned()),
        ("total_size", "3176".to_owned()),
        ("computed_body_hash", BODY_HASH.to_owned()),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value)?);
    }
    Ok(Signed { headers, text, signature, now })
}
