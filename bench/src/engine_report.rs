//! The table of `bench engine` and its verdict.

use crate::engine::Row;
use crate::peer::median;

/// The goal: our best row at most this much slower than the best peer of its kind.
const GOAL: f64 = 1.07;

/// ms a picture, one entry a round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Laps {
    pub(crate) wall: Vec<f64>,
    pub(crate) cpu: Vec<f64>,
}

/// One row, measured.
pub(crate) struct Measured<'a> {
    pub(crate) row: &'a Row,
    pub(crate) laps: Laps,
    pub(crate) peak_mib: u64,
    pub(crate) probabilities: &'a [f64],
}

impl Measured<'_> {
    fn best(&self) -> f64 {
        self.laps.wall.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The median of the rounds' ratios: a round that the machine disturbed counts once.
    fn ratio(&self, to: &Measured<'_>) -> f64 {
        let ratios: Vec<f64> = self.laps.wall.iter().zip(&to.laps.wall).map(|(own, other)| own / other).collect();
        median(&ratios)
    }

    /// Largest difference of probability.
    fn loss(&self, to: &Measured<'_>) -> f64 {
        self.probabilities.iter().zip(to.probabilities).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
}

/// The fastest by median of those that `which` takes.
fn fastest<'a, 'b>(rows: &'a [Measured<'b>], which: impl Fn(&Row) -> bool) -> Option<&'a Measured<'b>> {
    rows.iter().filter(|m| which(m.row)).min_by(|a, b| median(&a.laps.wall).total_cmp(&median(&b.laps.wall)))
}

/// Prints the table in Markdown and what it says of the goal.
pub(crate) fn print(rows: &[Measured<'_>]) {
    let rounds = rows.first().map_or(0, |m| m.laps.wall.len());
    println!("{rounds} rounds; `ratio` is to the best peer of its kind (fp32, reduced), as the median over rounds.\n");
    println!("| engine | whose | ms a picture, median | best | CPU ms | ratio | of best | peak MiB | loss |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for m in rows {
        let (ratio, of_best) = match fastest(rows, |r| !r.ours && r.fp32 == m.row.fp32) {
            Some(peer) => (format!("{:.2}", m.ratio(peer)), format!("{:.2}", m.best() / peer.best())),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let loss = rows.first().map_or(0.0, |first| m.loss(first));
        let whose = if m.row.ours { "ours" } else { "peer" };
        let (wall, cpu) = (median(&m.laps.wall), median(&m.laps.cpu));
        println!(
            "| {} | {whose} | {wall:.1} | {:.1} | {cpu:.1} | {ratio} | {of_best} | {} | {loss:.1e} |",
            m.row.name,
            m.best(),
            m.peak_mib,
        );
    }
    println!();
    for (kind, fp32) in [("fp32", true), ("reduced precision", false)] {
        verdict(rows, kind, fp32);
    }
}

fn verdict(rows: &[Measured<'_>], kind: &str, fp32: bool) {
    let own = fastest(rows, |r| r.ours && r.fp32 == fp32);
    let peer = fastest(rows, |r| !r.ours && r.fp32 == fp32);
    let (Some(own), Some(peer)) = (own, peer) else {
        println!("{kind}: not measured");
        return;
    };
    let ratio = own.ratio(peer);
    let word = if ratio <= GOAL { "met" } else { "missed" };
    print!("{kind}: {word}: {} takes {ratio:.2} of {}", own.row.name, peer.row.name);
    match fastest(rows, |r| r.ours && r.fp32 == fp32 && r.name.starts_with("rten")) {
        Some(rten) => println!("; rten takes {:.2}", rten.ratio(peer)),
        None => println!(),
    }
}
