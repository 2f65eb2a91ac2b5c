//! Final blocks as they come, across endpoints, and never backwards.

use tokio::time::{Instant, sleep, timeout_at};

use subxt::client::Blocks;

use crate::client::Live;
use crate::{At, Chain, ChainConfig, ChainError, Fault};

/// The final blocks of a chain. Numbers only grow; what became final while no endpoint answered is passed over.
pub struct Heads {
    chain: Chain,
    open: Option<(Live, Blocks<ChainConfig>)>,
    last: Option<u64>,
    /// Until when the next new block must have come.
    due: Instant,
    failed: u32,
}

impl Chain {
    /// The final blocks from now on, the newest one first.
    pub fn heads(&self) -> Heads {
        let due = Instant::now() + self.settings().stale_after;
        Heads { chain: self.clone(), open: None, last: None, due, failed: 0 }
    }
}

impl Heads {
    /// The next final block. Waits as long as it takes: outages are told by [`Chain::statuses`], and tries are paced.
    ///
    /// Nothing is lost when the wait is given up and begun anew.
    pub async fn next(&mut self) -> At {
        loop {
            let Some((live, blocks)) = &mut self.open else {
                Box::pin(self.subscribe()).await;
                continue;
            };
            let block = match timeout_at(self.due, blocks.next()).await {
                Ok(Some(Ok(block))) if self.last.is_none_or(|last| last < block.number()) => block,
                // A node that is behind, or that looks back: the time for a new block runs on.
                Ok(Some(Ok(_))) => continue,
                Ok(Some(Err(error))) => {
                    let fault = live.fault(&error);
                    self.give_up(fault);
                    continue;
                }
                Ok(None) => {
                    let fault = live.fault(&"the subscription ended");
                    self.give_up(fault);
                    continue;
                }
                Err(_) => {
                    self.give_up(Fault::Stuck { seconds: self.chain.settings().stale_after.as_secs() });
                    continue;
                }
            };
            let at = match Box::pin(block.at()).await {
                Ok(at) => self.chain.fresh(live, &at).await.map(|_| at),
                Err(error) => Err(live.fault(&error)),
            };
            match at {
                Ok(at) => {
                    self.last = Some(at.block_number());
                    self.failed = 0;
                    self.due = Instant::now() + self.chain.settings().stale_after;
                    return at;
                }
                Err(fault) => self.give_up(fault),
            }
        }
    }

    /// Tells that this endpoint's answers at a block were no good: where that is its own doing, the next one is tried.
    pub fn doubt(&mut self, error: &ChainError) {
        if let ChainError::Answer { reason, .. } = error {
            self.give_up(Fault::Garbage { reason: reason.clone() });
        }
    }

    fn give_up(&mut self, fault: Fault) {
        if let Some((live, _)) = self.open.take() {
            live.blame(fault);
        }
    }

    /// Subscribes at the endpoint in use, or the next one; the first try is at once.
    async fn subscribe(&mut self) {
        if self.failed > 0 {
            sleep(self.chain.pause(self.failed)).await;
        }
        self.failed += 1;
        self.due = Instant::now() + self.chain.settings().stale_after;
        // The error is told by the status of each endpoint already.
        let Ok(live) = self.chain.live().await else { return };
        match live.blocks().await {
            Ok(blocks) => {
                self.due = Instant::now() + self.chain.settings().stale_after;
                self.open = Some((live, blocks));
            }
            Err(fault) => live.blame(fault),
        }
    }
}
