//! What became of an extrinsic that nobody tells of any more: final blocks are looked through until it is sure.

use std::time::Duration;

use tokio::time::timeout;

use crate::extrinsic::Extrinsic;
use crate::submit::funds::funds;
use crate::submit::included::{find, hash_of};
use crate::{Chain, ChainError};

/// What is sure of an extrinsic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// In this final block, at this place.
    Included { block: [u8; 32], index: u32 },
    /// Another extrinsic of the same key has its nonce in a final block: it can never be included.
    Overtaken,
    /// Its era is over: it can never be included.
    Expired,
}

/// Waits until it is sure. `outage` without a new final block, and it stays open.
pub(crate) async fn settle(chain: &Chain, extrinsic: &Extrinsic, outage: Duration) -> Result<Fate, ChainError> {
    let era = extrinsic.terms.era;
    let mut next = era.first_block();
    let mut heads = chain.heads();
    loop {
        let at = timeout(outage, heads.next())
            .await
            .map_err(|_| ChainError::Uncertain { hash: hex::encode(extrinsic.hash), last_block: era.last_block() })?;
        let head = at.block_number();
        let last = era.last_block().unwrap_or(head);
        match scan(chain, extrinsic, next..=head.min(last)).await {
            Ok(Some(fate)) => return Ok(fate),
            Ok(None) => next = head + 1,
            Err(error) => {
                // Another endpoint, or the next block, will tell; nothing is decided on a guess.
                tracing::warn!(%error, "blocks could not be looked through; trying again");
                continue;
            }
        }
        if head >= last && era.last_block().is_some() {
            return Ok(Fate::Expired);
        }
        match funds(&at, &extrinsic.signer).await {
            Ok(funds) if funds.nonce > extrinsic.terms.nonce => return Ok(Fate::Overtaken),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the nonce could not be read; trying again"),
        }
    }
}

async fn scan(
    chain: &Chain,
    extrinsic: &Extrinsic,
    blocks: std::ops::RangeInclusive<u64>,
) -> Result<Option<Fate>, ChainError> {
    let live = chain.live().await?;
    for number in blocks {
        let block = hash_of(&live, number).await?;
        if let Some(index) = find(&live, block, &extrinsic.hash).await? {
            return Ok(Some(Fate::Included { block, index }));
        }
    }
    Ok(None)
}
