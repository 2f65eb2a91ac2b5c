//! What an extrinsic did in its block: the events that belong to it.

use subxt::events::Phase;

use crate::client::Live;
use crate::extrinsic::{Failure, tao};
use crate::scale::Reader;
use crate::{At, Chain, ChainError};

/// An extrinsic in a final block, and it worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The block's number.
    pub block: u64,
    /// The block's hash.
    pub block_hash: [u8; 32],
    /// Its place in the block, from 0.
    pub index: u32,
    /// The extrinsic's hash.
    pub hash: [u8; 32],
    /// What the signer paid as fee, rao, where the block says so.
    pub fee: Option<u128>,
    /// `Pallet.Event` of all that it did.
    pub events: Vec<String>,
}

impl std::fmt::Display for Included {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "in block {} as extrinsic {}", self.block, self.index)?;
        self.fee.map_or(Ok(()), |fee| write!(f, ", fee {}", tao(fee)))
    }
}

/// Whether a block holds the extrinsic, and where.
pub(crate) async fn find(live: &Live, block: [u8; 32], hash: &[u8; 32]) -> Result<Option<u32>, ChainError> {
    let what = || "chain_getBlock".to_owned();
    let details = live.rpc().chain_get_block(Some(block.into())).await;
    let details = details.map_err(|e| ChainError::Answer { what: what(), reason: live.fault(&e).to_string() })?;
    let Some(details) = details else {
        return Err(ChainError::Answer {
            what: what(),
            reason: "the node does not have a block of its own chain".into(),
        });
    };
    let found = details.block.extrinsics.iter().position(|bytes| crate::extrinsic::blake2_256(&bytes.0) == *hash);
    Ok(found.map(|index| index as u32))
}

/// The hash of a final block by its number.
pub(crate) async fn hash_of(live: &Live, number: u64) -> Result<[u8; 32], ChainError> {
    let what = || format!("the hash of block {number}");
    let hash = live.rpc().chain_get_block_hash(Some(number.into())).await;
    let hash = hash.map_err(|e| ChainError::Answer { what: what(), reason: live.fault(&e).to_string() })?;
    hash.map(|hash| hash.0).ok_or_else(|| ChainError::Answer { what: what(), reason: "the node has none".into() })
}

/// What the extrinsic at `index` did; an error when it failed there.
pub(crate) async fn outcome(
    chain: &Chain,
    block: [u8; 32],
    index: u32,
    hash: [u8; 32],
) -> Result<Included, ChainError> {
    let what = || "the block's events".to_owned();
    let garbage = |reason: String| ChainError::Answer { what: what(), reason };
    let online = chain.online().await?;
    let at: At = online.at_block(subxt::config::substrate::H256(block)).await.map_err(|e| garbage(e.to_string()))?;
    let events = at.events().fetch().await.map_err(|e| garbage(e.to_string()))?;
    let mut included =
        Included { block: at.block_number(), block_hash: block, index, hash, fee: None, events: Vec::new() };
    let mut told = false;
    for event in events.iter() {
        let event = event.map_err(|e| garbage(e.to_string()))?;
        if event.phase() != Phase::ApplyExtrinsic(index) {
            continue;
        }
        match (event.pallet_name(), event.event_name()) {
            ("System", "ExtrinsicFailed") => {
                let failure = Failure::of(event.field_bytes(), &at.metadata());
                return Err(ChainError::Failed { failure, block: included.block });
            }
            ("System", "ExtrinsicSuccess") => told = true,
            ("TransactionPayment", "TransactionFeePaid") => included.fee = fee(&at, event.field_bytes()),
            _ => {}
        }
        included.events.push(format!("{}.{}", event.pallet_name(), event.event_name()));
    }
    if told { Ok(included) } else { Err(garbage("they do not say how the extrinsic ended".to_owned())) }
}

/// `actual_fee` of the event; how much it was is not worth an error.
fn fee(at: &At, bytes: &[u8]) -> Option<u128> {
    let variants = at.metadata_ref().pallet_by_name("TransactionPayment")?.event_variants()?;
    let fields = &variants.iter().find(|v| v.name == "TransactionFeePaid")?.fields;
    let mut reader = Reader::new(at.metadata_ref().types(), bytes);
    for field in fields {
        if field.name.as_deref() == Some("actual_fee") {
            return reader.number(field.ty.id).ok();
        }
        reader.skip(field.ty.id).ok()?;
    }
    None
}
