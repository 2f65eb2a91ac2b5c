//! Whether the control room grows with the ledger: two homes of the real program, one with a hundred times the records, are
//! asked for every page and every part of the API in turn, once both servers have come to rest. Left out is the map: its
//! points are pictures whose features mining kept, at most 100,000, whatever the records.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::child::load_average;
use crate::page::Args;
use crate::page_rows;
use crate::program::{Served, Wheel};
use crate::quantile::quantile;

/// Paths that are asked for; `ID` is a record of the middle.
const PATHS: [&str; 36] = [
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
    "/review",
    "/api/review/queue",
    "/api/review/rates",
    "/api/review/agreement",
    "/data",
    "/api/data/sets",
    "/api/data/slices",
    "/api/data/trends",
    "/api/data/versions",
    "/releases",
    "/api/releases",
    "/system",
    "/api/system",
    "/api/config",
    "/api/audit",
    "/api/moving",
    "/api/top",
    "/alerts",
    "/api/alerts",
    "/drift",
    "/api/drift",
    "/api/rank",
];
/// Requests of a path before it is measured; what is remembered of an answer for a while is asked for anew in the first.
const WARM: usize = 3;

/// A home of so many records, served; and one of its records.
struct Grown {
    server: Served,
    id: String,
    /// The first answer to a path, and the measured ones, ms.
    first: f64,
    times: Vec<f64>,
}

pub(crate) async fn growth(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut homes = Vec::new();
    for records in [args.records, 100 * args.records] {
        let home = folder.path().join(format!("home-{records}"));
        let wheel = Wheel { hivis: &args.hivis, home: &home };
        wheel.begin()?;
        let begin = Instant::now();
        let id = page_rows::write(&home, records).await?;
        let made = begin.elapsed().as_secs_f64();
        let server = wheel.serve()?;
        let rest = server.rest()?.as_secs_f64();
        println!("\n{records} records: made in {made:.0} s; the server was at rest {rest:.0} s after its start");
        homes.push(Grown { server, id, first: 0.0, times: Vec::new() });
    }
    println!("\nload average {}\n", load_average());
    let most = 100 * args.records;
    println!("| path | first ms | p50 | p99 | of {most} records, first | p50 | p99 | p99 grows by | limit |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for path in PATHS.iter().copied().chain(args.path.iter().map(String::as_str)) {
        for home in &mut homes {
            home.begin(path).await?;
        }
        // In turn, so that both meet the same machine.
        for _ in 0..args.requests {
            for home in &mut homes {
                let time = home.ask(path).await?;
                home.times.push(time);
            }
        }
        let [small, large] = &homes[..] else { unreachable!("two homes were made") };
        let at = |home: &Grown, q| quantile(home.times.iter().copied(), q);
        let cells = [small.first, at(small, 0.5), at(small, 0.99), large.first, at(large, 0.5), at(large, 0.99)];
        let cells: Vec<String> = cells.iter().map(|ms| format!("{ms:.2}")).collect();
        println!("| `{path}` | {} | {:.2} | 2 |", cells.join(" | "), at(large, 0.99) / at(small, 0.99));
    }
    Ok(())
}

impl Grown {
    /// The first answer, and those that warm up.
    async fn begin(&mut self, path: &str) -> Result<()> {
        self.first = self.ask(path).await?;
        self.times.clear();
        for _ in 0..WARM {
            self.ask(path).await?;
        }
        Ok(())
    }

    /// The time to the end of the answer, ms.
    async fn ask(&self, path: &str) -> Result<f64> {
        let begin = Instant::now();
        let status = get(self.server.page, &path.replace("ID", &self.id)).await?;
        ensure!(status == 200, "{path} answers {status}");
        Ok(begin.elapsed().as_secs_f64() * 1000.0)
    }
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
