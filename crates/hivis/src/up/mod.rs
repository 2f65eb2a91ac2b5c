//! The first deployment: what the chain and the home say of it, what speaks for it, and how far it is.

mod checklist;
mod deployment;
mod verdict;

use anyhow::Result;
use hivis_chain::{At, Chain, ChainError, Network, account, metagraph, subnet};
use hivis_store::{Home, Ledger};
use hivis_types::{Hotkey, Metagraph};
use jiff::{SignedDuration, Timestamp};

pub(crate) use checklist::{Facts, Item, checklist};
pub(crate) use deployment::Deployment;
pub(crate) use verdict::{Market, Model, Verdict, weigh};

use crate::exam_file::ExamFile;
use crate::metagraph::{BLOCK_S, is_miner};
use crate::{home, publish};

/// Statuses that are our doing.
const FAILED: std::ops::RangeInclusive<u16> = 500..=599;

/// The keys and the subnet that a deployment is about.
#[derive(Clone)]
pub(crate) struct Who {
    /// The network.
    pub(crate) network: Network,
    /// The subnet.
    pub(crate) netuid: u16,
    /// The hotkey's public key.
    pub(crate) hotkey: [u8; 32],
    /// The same as an address.
    pub(crate) address: Hotkey,
    /// The coldkey's, where a file on this machine names it.
    pub(crate) coldkey: Option<[u8; 32]>,
}

/// What the chain says, all of one block.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Who is there.
    pub(crate) graph: Metagraph,
    /// What a registration costs.
    pub(crate) cost: subnet::Cost,
    /// What alpha is worth.
    pub(crate) price: subnet::Price,
    /// What the coldkey can spend, rao.
    pub(crate) balance: Option<u64>,
    /// Our place.
    pub(crate) uid: Option<u16>,
    /// Where we say that we are.
    pub(crate) axon: Option<account::Announced>,
    /// What we committed to.
    pub(crate) committed: Option<account::Committed>,
}

/// Looks at the newest final block.
pub(crate) async fn look(chain: &Chain, who: &Who) -> Result<Seen, ChainError> {
    chain.read(async |at: &At| seen(at, who).await).await
}

async fn seen(at: &At, who: &Who) -> Result<Seen, ChainError> {
    let balance = match &who.coldkey {
        Some(coldkey) => Some(account::balance(at, coldkey).await?.spendable()),
        None => None,
    };
    Ok(Seen {
        graph: metagraph::metagraph(at, who.netuid).await?,
        cost: subnet::registration_cost(at, who.netuid).await?,
        price: subnet::price(at, who.netuid).await?,
        balance,
        uid: account::uid(at, who.netuid, &who.hotkey).await?,
        axon: account::axon(at, who.netuid, &who.hotkey).await?,
        committed: account::commitment(at, who.netuid, &who.hotkey).await?,
    })
}

impl Seen {
    /// As a business; who is registered has nothing to pay.
    pub(crate) fn market(&self, cap_rao: Option<u64>) -> Market {
        let ours = self.uid.is_some();
        let seconds = |blocks: u64| blocks.saturating_mul(BLOCK_S as u64) as f64;
        Market {
            cost_rao: if ours { 0 } else { self.cost.burn },
            balance_rao: if ours { None } else { self.balance },
            cap_rao: if ours { None } else { cap_rao },
            price: self.price.tao.or(self.price.moving),
            payout_s: seconds(u64::from(self.graph.tempo)),
            miners: self.graph.neurons.iter().filter(|n| is_miner(n)).map(|n| n.emission).collect(),
            places: self.cost.room.zip(self.cost.neurons).map(|(room, taken)| (room as usize, taken as usize)),
            immunity_s: seconds(self.graph.immunity_blocks),
        }
    }
}

/// The serving release and what its newest exam said.
pub(crate) fn model(home: &Home) -> Result<Model> {
    let Some(id) = home.releases().current()? else { return Ok(Model::default()) };
    let manifest = home.releases().manifest(&id)?;
    let exam = ExamFile::newest_of(home, &id)?.and_then(|file| {
        let at = file.candidates.iter().position(|sitter| sitter.release == id)?;
        let forecast = file.report.candidates.get(at)?.headline()?.forecast?;
        Some((forecast.from_full.reward.point, file.report.source.clone()))
    });
    let is_tiny = manifest.backbone.as_deref() == Some("hivis-tiny");
    Ok(Model { release: Some(id.to_string()), is_tiny, exam })
}

/// How far the first days are. `seen` is what the chain says, where it could be asked.
pub(crate) async fn facts(
    home: &Home,
    ledger: &Ledger,
    (answering, seen): (bool, Option<&Seen>),
    now: Timestamp,
) -> Result<Facts> {
    let day = now.checked_sub(SignedDuration::from_hours(24))?;
    let summary = ledger.summary(day).await?;
    let release = home.releases().current()?;
    let accuracy = release.as_ref().map(|id| ExamFile::newest_of(home, id)).transpose()?.flatten().and_then(|file| {
        let at = file.candidates.iter().position(|sitter| Some(&sitter.release) == release.as_ref())?;
        let pool = file.report.candidates.get(at)?.headline()?;
        Some((pool.accuracy.share, format!("{} ({})", file.report.source, pool.seen.as_str())))
    });
    let published = match &release {
        Some(id) => publish::last(ledger, id).await?.map(|done| format!("{}@{}", done.repo, short(&done.revision))),
        None => None,
    };
    let failed = summary.by_status.iter().filter(|(status, _)| FAILED.contains(status)).map(|(_, n)| n).sum();
    Ok(Facts {
        answering,
        pictures: ledger.totals().await?.pictures,
        accuracy,
        answer_ms: summary.latency.map(|latency| (latency.p95_us as f64 / 1e3, latency.records)),
        published,
        uid: seen.and_then(|seen| seen.uid),
        announced: seen.and_then(|seen| seen.axon).and_then(|axon| axon.axon).map(|address| address.to_string()),
        hours: ledger.answered_hours(day).await?,
        failed: (summary.records, failed),
    })
}

/// The first eight characters of a hash.
pub(crate) fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

/// Makes sure that something can serve: on a network where nothing is at stake the embedded model may.
pub(crate) fn have_release(home: &Home, network: Network) -> Result<()> {
    if home::current_release(home)?.is_none() && network != Network::Finney {
        crate::tiny::install(home)?;
    }
    Ok(())
}
