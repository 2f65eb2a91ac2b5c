//! A registration's proof of work: a nonce whose seal is small enough.
//!
//! The seal is `keccak256(sha256(prefix ++ nonce))`; read as a little-endian number of 256 bits it must be at most
//! `(2^256 - 1) / difficulty`, so `difficulty` hashes are to be expected. Proofs made by bittensor 11.3.0 are the vectors.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

/// What every prefix begins with.
const DOMAIN: &[u8] = b"subtensor-pow-register-v1";
/// Blocks after its own in which a proof is taken.
pub const LIFE_BLOCKS: u64 = 5;
/// Nonces between two looks at the stop sign: well under a millisecond.
const STRIDE: u64 = 512;

/// What is to be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// The subnet.
    pub netuid: u16,
    /// The hash of the block that makes the proof recent.
    pub block_hash: [u8; 32],
    /// Who is registered.
    pub hotkey: [u8; 32],
    /// Who signs.
    pub coldkey: [u8; 32],
    /// How many hashes a proof takes on average; see [`effective_difficulty`].
    pub difficulty: u64,
}

/// A nonce that is good enough, and its seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What was searched.
    pub nonce: u64,
    /// The hash that it gives.
    pub seal: [u8; 32],
}

/// The difficulty that the chain applies: the stored one between its bounds, at least 1.
pub fn effective_difficulty(stored: u64, least: u64, most: u64) -> u64 {
    let least = least.max(1);
    stored.clamp(least, most.max(least))
}

impl Work {
    /// What is hashed before the nonce.
    pub fn prefix(&self) -> Vec<u8> {
        [DOMAIN, &self.netuid.to_le_bytes(), &self.block_hash, &self.hotkey, &self.coldkey].concat()
    }

    /// The seal of a nonce.
    pub fn seal(&self, nonce: u64) -> [u8; 32] {
        seal(&Sha256::new_with_prefix(self.prefix()), nonce)
    }

    /// Whether a seal is good at this difficulty.
    pub fn meets(&self, seal: &[u8; 32]) -> bool {
        // seal <= (2^256 - 1) / d, without a division: seal * d must not overflow 256 bits.
        let mut carry = 0_u128;
        for limb in seal.chunks_exact(8) {
            let limb = u64::from_le_bytes(limb.try_into().expect("eight bytes: this is a bug"));
            carry = (u128::from(limb) * u128::from(self.difficulty) + carry) >> 64;
        }
        carry == 0
    }
}

fn seal(prefix: &Sha256, nonce: u64) -> [u8; 32] {
    Keccak256::digest(prefix.clone().chain_update(nonce.to_le_bytes()).finalize()).into()
}

/// A search on threads of its own, until a proof is found or it is dropped.
#[derive(Debug)]
pub struct Search {
    stop: Arc<AtomicBool>,
    hashes: Arc<AtomicU64>,
    found: Receiver<Proof>,
    threads: Vec<JoinHandle<()>>,
}

impl Search {
    /// On `threads` threads, thread `i` from `first + i` on in steps of `threads`.
    pub fn start(work: &Work, threads: usize, first: u64) -> std::io::Result<Self> {
        let (send, found) = channel();
        let mut search = Self { stop: Arc::default(), hashes: Arc::default(), found, threads: Vec::new() };
        let count = threads.max(1) as u64;
        for index in 0..count {
            let (work, send) = (*work, send.clone());
            let (stop, hashes) = (search.stop.clone(), search.hashes.clone());
            let run = move || {
                let prefix = Sha256::new_with_prefix(work.prefix());
                let mut nonce = first.wrapping_add(index);
                while !stop.load(Ordering::Relaxed) {
                    for _ in 0..STRIDE {
                        let seal = seal(&prefix, nonce);
                        if work.meets(&seal) {
                            // Nobody listens when the search was given up.
                            let _ = send.send(Proof { nonce, seal });
                            return;
                        }
                        nonce = nonce.wrapping_add(count);
                    }
                    hashes.fetch_add(STRIDE, Ordering::Relaxed);
                }
            };
            search.threads.push(std::thread::Builder::new().name(format!("pow-{index}")).spawn(run)?);
        }
        Ok(search)
    }

    /// Hashes tried so far, on all threads.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// The proof, if it is found within `time`.
    pub fn wait(&self, time: Duration) -> Option<Proof> {
        self.found.recv_timeout(time).ok()
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to stop.
            let _ = thread.join();
        }
    }
}
