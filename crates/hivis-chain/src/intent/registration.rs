//! A place on a subnet: bought under a cap, or earned by work.

use std::time::Duration;

use hivis_bittensor::ss58;

use crate::account::{owner, uid};
use crate::extrinsic::pow::{self, Proof, Search, effective_difficulty};
use crate::extrinsic::{CallBytes, Runtime, pow_register, register_limit};
use crate::scale::Reader;
use crate::submit::Intent;
use crate::subnet::registration_cost;
use crate::{At, Chain, ChainError, read};

/// Buys a place for a hotkey. Signed by the coldkey, which owns it from then on and pays.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// The subnet.
    pub netuid: u16,
    /// Who gets the place.
    pub hotkey: [u8; 32],
    /// Who pays.
    pub coldkey: [u8; 32],
    /// The most that it may cost, rao. It is in the call as well: the chain refuses a higher price.
    pub cap: u64,
}

impl Intent for Registration {
    fn signer(&self) -> [u8; 32] {
        self.coldkey
    }

    fn call(&self, runtime: &Runtime) -> Result<CallBytes, ChainError> {
        register_limit(self.netuid, &self.hotkey, self.cap).encode(runtime)
    }

    async fn fulfilled(&self, at: &At) -> Result<Option<String>, ChainError> {
        registered(at, self.netuid, &self.hotkey).await
    }

    async fn price(&self, at: &At) -> Result<u64, ChainError> {
        keys_fit(at, &self.hotkey, &self.coldkey).await?;
        let cost = registration_cost(at, self.netuid).await?;
        if cost.allowed == Some(false) {
            return Err(ChainError::Closed { netuid: self.netuid, pow: false });
        }
        let cost = cost.burn;
        if cost > self.cap { Err(ChainError::AboveCap { cost, cap: self.cap }) } else { Ok(cost) }
    }
}

/// Where a hotkey is on the subnet.
pub async fn registered(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<Option<String>, ChainError> {
    let uid = uid(at, netuid, hotkey).await?;
    Ok(uid.map(|uid| format!("{} is registered on subnet {netuid} with uid {uid}", ss58::encode(hotkey))))
}

/// Registers a hotkey by a proof that was found. Signed by the coldkey.
#[derive(Clone, Copy, Debug)]
pub struct PowRegistration {
    /// What was proved.
    pub work: Work,
    /// The proof.
    pub proof: Proof,
}

/// Work, and the block that it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// What is hashed.
    pub hashed: pow::Work,
    /// The number of its block.
    pub block: u64,
}

impl Intent for PowRegistration {
    fn signer(&self) -> [u8; 32] {
        self.work.hashed.coldkey
    }

    fn call(&self, runtime: &Runtime) -> Result<CallBytes, ChainError> {
        pow_register(&self.work.hashed, self.work.block, &self.proof).encode(runtime)
    }

    async fn fulfilled(&self, at: &At) -> Result<Option<String>, ChainError> {
        registered(at, self.work.hashed.netuid, &self.work.hashed.hotkey).await
    }

    async fn price(&self, at: &At) -> Result<u64, ChainError> {
        keys_fit(at, &self.work.hashed.hotkey, &self.work.hashed.coldkey).await?;
        pow_allowed(at, self.work.hashed.netuid).await?;
        Ok(0)
    }

    fn period(&self) -> u64 {
        // The proof is worthless soon; a power of two that covers its life and the way to a final block.
        16
    }
}

/// How a search stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searching {
    /// The block that the proof is for.
    pub block: u64,
    /// Hashes tried, for all blocks together.
    pub hashes: u64,
    /// Hashes that a proof takes on average.
    pub difficulty: u64,
}

/// Blocks after which a search begins anew for a newer one: what is left of the proof's life is for the way.
const FRESH_BLOCKS: u64 = pow::LIFE_BLOCKS - 2;
/// Between two looks at the search, and between two looks at the chain.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS_A_BLOCK: u32 = 30;

/// Searches a proof on `threads` threads, anew for each block that grows too old. Dropping the future stops it.
pub async fn prove(
    chain: &Chain,
    (netuid, hotkey, coldkey): (u16, [u8; 32], [u8; 32]),
    threads: usize,
    nonce: u64,
    on: &mut (dyn FnMut(Searching) + Send),
) -> Result<PowRegistration, ChainError> {
    let newest = async || {
        let hashed = chain.read(async |at: &At| work(at, netuid, hotkey, coldkey).await).await?;
        let (block, block_hash) = best(chain).await?;
        Ok(Work { hashed: pow::Work { block_hash, ..hashed }, block })
    };
    search(newest, threads, nonce, on).await
}

/// The search; `newest` gives the work of the newest block.
async fn search(
    newest: impl AsyncFn() -> Result<Work, ChainError>,
    threads: usize,
    mut nonce: u64,
    on: &mut (dyn FnMut(Searching) + Send),
) -> Result<PowRegistration, ChainError> {
    let mut done = 0;
    let mut work = newest().await?;
    loop {
        let search = Search::start(&work.hashed, threads, nonce)
            .map_err(|error| ChainError::Build { reason: format!("no threads for the search: {error}") })?;
        let next = loop {
            for _ in 0..LOOKS_A_BLOCK {
                if let Some(proof) = search.wait(Duration::ZERO) {
                    return Ok(PowRegistration { work, proof });
                }
                tokio::time::sleep(LOOK).await;
            }
            let hashes = done + search.hashes();
            on(Searching { block: work.block, hashes, difficulty: work.hashed.difficulty });
            let next = newest().await?;
            if next.block >= work.block + FRESH_BLOCKS {
                break next;
            }
        };
        done += search.hashes();
        nonce = nonce.wrapping_add(search.hashes());
        work = next;
    }
}

/// Hashes that a proof takes on average; or what stands against one.
pub async fn difficulty(at: &At, (netuid, hotkey, coldkey): (u16, [u8; 32], [u8; 32])) -> Result<u64, ChainError> {
    Ok(work(at, netuid, hotkey, coldkey).await?.difficulty)
}

/// What is to be proved, but for the block.
async fn work(at: &At, netuid: u16, hotkey: [u8; 32], coldkey: [u8; 32]) -> Result<pow::Work, ChainError> {
    // The call is asked for first: without it no proof is worth anything.
    let runtime = Runtime::at(at)?;
    let none = pow::Work { netuid, block_hash: [0; 32], hotkey, coldkey, difficulty: 1 };
    pow_register(&none, 0, &Proof { nonce: 0, seal: [0; 32] }).encode(&runtime)?;
    keys_fit(at, &hotkey, &coldkey).await?;
    pow_allowed(at, netuid).await?;
    let [stored, least, most] = [
        stored(at, "Difficulty", netuid).await?,
        stored(at, "MinDifficulty", netuid).await?,
        stored(at, "MaxDifficulty", netuid).await?,
    ];
    Ok(pow::Work { difficulty: effective_difficulty(stored, least, most), ..none })
}

/// The newest block, final or not: a proof has no time to wait for finality.
async fn best(chain: &Chain) -> Result<(u64, [u8; 32]), ChainError> {
    let live = chain.live().await?;
    let garbage = |reason: String| ChainError::Answer { what: "the newest block".to_owned(), reason };
    let header = live.rpc().chain_get_header(None).await.map_err(|e| garbage(live.fault(&e).to_string()))?;
    let number = header.ok_or_else(|| garbage("the node has none".to_owned()))?.number;
    Ok((number, crate::submit::hash_of(&live, number).await?))
}

/// Two different keys, and the hotkey is nobody else's.
async fn keys_fit(at: &At, hotkey: &[u8; 32], coldkey: &[u8; 32]) -> Result<(), ChainError> {
    if hotkey == coldkey {
        return Err(ChainError::SameKey { address: ss58::encode(hotkey) });
    }
    match owner(at, hotkey).await? {
        Some(owner) if owner != *coldkey => Err(ChainError::OtherColdkey {
            hotkey: ss58::encode(hotkey),
            owner: ss58::encode(&owner),
            coldkey: ss58::encode(coldkey),
        }),
        _ => Ok(()),
    }
}

async fn pow_allowed(at: &At, netuid: u16) -> Result<(), ChainError> {
    let take = |reader: &mut Reader<'_>, id| reader.bool(id);
    let keys = vec![read::subnet(netuid)];
    let allowed = read::entry(at, "SubtensorModule", "NetworkPowRegistrationAllowed", keys, take).await?;
    if allowed == Some(true) { Ok(()) } else { Err(ChainError::Closed { netuid, pow: true }) }
}

async fn stored(at: &At, name: &str, netuid: u16) -> Result<u64, ChainError> {
    let value = read::number(at, "SubtensorModule", name, vec![read::subnet(netuid)]).await?;
    value.ok_or(ChainError::NoSubnet { netuid, block: at.block_number() })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Searching, Work, pow, search};

    #[tokio::test(start_paused = true)]
    async fn a_proof_is_always_for_a_block_that_still_counts() {
        // Blocks pass, however fast the threads are; there is no proof for those before the fourth.
        let block = AtomicU64::new(10);
        let newest = async || {
            let block = block.fetch_add(1, Ordering::Relaxed);
            let difficulty = if block < 13 { u64::MAX } else { 1 };
            let hashed =
                pow::Work { netuid: 72, block_hash: [block as u8; 32], hotkey: [1; 32], coldkey: [2; 32], difficulty };
            Ok(Work { hashed, block })
        };
        let mut told: Vec<Searching> = Vec::new();
        let found = search(newest, 2, 0, &mut |searching| told.push(searching)).await.expect("a proof");
        assert!(found.work.block >= 13 && found.work.block % 3 == 1, "{found:?}");
        assert_eq!(found.work.hashed.block_hash, [found.work.block as u8; 32]);
        assert_eq!(found.work.hashed.seal(found.proof.nonce), found.proof.seal);
        assert_eq!(told.iter().filter(|t| t.block == 10).count(), 3, "the first block counted for three: {told:?}");
        assert!(told.is_sorted_by_key(|t| t.hashes), "{told:?}");
    }
}
