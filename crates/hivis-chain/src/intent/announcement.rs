//! Where a miner can be reached.

use crate::account;
use crate::extrinsic::{Axon, CallBytes, Runtime, serve_axon, withdraw_axon};
use crate::intent::must_be_registered;
use crate::submit::Intent;
use crate::{At, ChainError, read};

/// Says where a hotkey's axon is, or that it is nowhere. Signed by the hotkey, free.
#[derive(Clone, Copy, Debug)]
pub struct Announcement {
    /// The subnet.
    pub netuid: u16,
    /// Whose axon.
    pub hotkey: [u8; 32],
    /// Where; `None` withdraws.
    pub axon: Option<Axon>,
}

impl Intent for Announcement {
    fn signer(&self) -> [u8; 32] {
        self.hotkey
    }

    fn call(&self, runtime: &Runtime) -> Result<CallBytes, ChainError> {
        match &self.axon {
            Some(axon) => serve_axon(self.netuid, axon),
            None => withdraw_axon(self.netuid),
        }
        .encode(runtime)
    }

    async fn fulfilled(&self, at: &At) -> Result<Option<String>, ChainError> {
        let there = account::axon(at, self.netuid, &self.hotkey).await?;
        Ok(match (&self.axon, there) {
            (Some(axon), Some(there))
                if there.axon == Some((axon.ip, axon.port).into()) && there.version == u64::from(axon.version) =>
            {
                Some(format!("the axon is announced at {}:{} since block {}", axon.ip, axon.port, there.block))
            }
            (None, None) => Some("no axon is announced".to_owned()),
            (None, Some(there)) if there.axon.is_none() => {
                Some(format!("no axon is announced since block {}", there.block))
            }
            _ => None,
        })
    }

    async fn price(&self, at: &At) -> Result<u64, ChainError> {
        must_be_registered(at, self.netuid, &self.hotkey).await?;
        let limit = read::number(at, "SubtensorModule", "ServingRateLimit", vec![read::subnet(self.netuid)]).await?;
        if let (Some(limit), Some(last)) = (limit, account::axon(at, self.netuid, &self.hotkey).await?) {
            // Counted from a final block, so that the pool of any node agrees; at most a block more than needed.
            let wait = (last.block + limit).saturating_sub(at.block_number());
            if last.block > 0 && wait > 0 {
                return Err(ChainError::TooSoon { last: last.block, wait });
            }
        }
        Ok(0)
    }
}
