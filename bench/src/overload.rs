//! `bench overload`: ten times what an engine of fixed service time can do is offered to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::child::{Server, load_average};
use crate::load::{Offered, OpenLoop, closed};
use crate::quantile::quantile;
use crate::question::{Questions, picture};

/// Periods of overload.
const PERIODS: usize = 5;
/// Pictures in a batch, as served.
const BATCH: u64 = 8;
/// More than this after the first byte of a request is not "refused at once".
const AT_ONCE: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Milliseconds that a batch of eight takes.
    #[arg(long, default_value_t = 20)]
    service_ms: u64,
    /// How many times its capacity is offered.
    #[arg(long, default_value_t = 10.0)]
    times: f64,
    /// Seconds of each period of overload. The nonces are signed before: not more than 8.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections.
    #[arg(long, default_value_t = 1024)]
    lines: usize,
}

pub(crate) async fn run(args: &Args) -> Result<()> {
    ensure!((1..=8).contains(&args.seconds), "--seconds must be 1 to 8: the nonces are signed before");
    let server = Server::own(&["axon-server", "--decode", "--service-ms", &args.service_ms.to_string()])?;
    let questions = Arc::new(Questions::new(server.hotkey.clone(), &picture().1)?);
    let nominal = BATCH as f64 * 1e3 / args.service_ms as f64;
    println!("load average {}", load_average());

    // Peak: enough callers to keep every batch full, few enough that nothing is refused.
    closed(&questions, server.at, 32, 20, 0).await?;
    let begin = Instant::now();
    let replies = closed(&questions, server.at, 32, (nominal * args.seconds as f64 / 32.0) as u64, 1_000_000).await?;
    ensure!(replies.iter().all(|reply| reply.status == 200 && reply.judged), "a request was refused below the peak");
    let peak = replies.len() as f64 / begin.elapsed().as_secs_f64();
    let before = server.high_water()?;
    println!("peak {peak:.0} answers/s of {nominal:.0} possible, high-water mark {before:.0} MiB\n");

    println!(
        "| offered/s | in time/s | of peak | answers: p50, p99, ms | refused (503) | refusals: p50, p99, ms | \
         not sent, broken | server's CPU | high-water mark, MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let plan = OpenLoop { rate: args.times * nominal, time: Duration::from_secs(args.seconds), lines: args.lines };
    let (mut shares, mut refusals, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PERIODS {
        let heads: Vec<String> = (0..plan.requests()).map(|_| questions.head(0)).collect();
        server.forget_high_water()?;
        let cpu = server.cpu()?;
        let offered = plan.offer(&questions, server.at, |number| heads[number].clone()).await?;
        let cpu = (server.cpu()? - cpu) / offered.took.as_secs_f64();
        let mark = server.high_water()?;
        let (share, refused) = row(&offered, plan, peak, &format!("{cpu:.2} cores | {mark:.0}"));
        shares.push(share);
        refusals.push(refused);
        marks.push(mark);
    }
    let odd = "a period without a figure: this is a bug";
    let share = shares.into_iter().min_by(f64::total_cmp).context(odd)?;
    let slowest = refusals.into_iter().max_by(f64::total_cmp).context(odd)?;
    // The first period opens the connections' buffers; from then on nothing may grow.
    let growth = marks[PERIODS - 1] / marks[1];
    println!("\nload average {}", load_average());
    println!("- at least 90% of peak in time: {:.0}%: {}", share * 100.0, verdict(share >= 0.9));
    println!(
        "- the rest refused at once (p99 within {} ms): {slowest:.1} ms: {}",
        AT_ONCE.as_millis(),
        verdict(slowest <= AT_ONCE.as_secs_f64() * 1e3)
    );
    println!(
        "- memory bounded (the last period takes at most 1.05 of the second): {growth:.3}: {}",
        verdict(growth <= 1.05)
    );
    server.stop()?;
    Ok(())
}

/// Prints a period's row; gives answers in time over peak and the 99th percentile of the refusals in ms.
fn row(offered: &Offered, plan: OpenLoop, peak: f64, server: &str) -> (f64, f64) {
    let ms = |judged: bool| {
        let of = offered.replies.iter().filter(move |r| (r.status == 200 && r.judged) == judged);
        of.map(|r| r.latency.as_secs_f64() * 1e3).collect::<Vec<_>>()
    };
    let (answers, refusals) = (ms(true), ms(false));
    let refused = offered.replies.iter().filter(|reply| reply.status == 503).count();
    let odd = refusals.len() - refused;
    // From the first request to the last answer: what is still in the line at the end counts with its time.
    let rate = answers.len() as f64 / offered.took.as_secs_f64();
    let quantiles = |ms: &[f64]| [0.5, 0.99].map(|q| quantile(ms.iter().copied(), q));
    let ([a50, a99], [r50, r99]) = (quantiles(&answers), quantiles(&refusals));
    let sent = (plan.requests() - offered.unsent) as f64 / plan.time.as_secs_f64();
    println!(
        "| {sent:.0} | {rate:.0} | {:.0}% | {a50:.0}, {a99:.0} | {refused}{} | {r50:.1}, {r99:.1} | {}, {} | {server} |",
        rate / peak * 100.0,
        if odd > 0 { format!(" and {odd} answered -1") } else { String::new() },
        offered.unsent,
        offered.broken,
    );
    (rate / peak, r99)
}

/// The word at the end of a verdict.
pub(crate) fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
