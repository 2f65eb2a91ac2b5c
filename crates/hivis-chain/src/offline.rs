//! A runtime without a node: metadata from a file, for golden tests and for building extrinsics elsewhere.

use subxt::client::{OfflineClient, OfflineClientAtBlock};
use subxt::config::substrate::{H256, SpecVersionForRange};
use subxt::metadata::{ArcMetadata, Metadata};

use crate::{ChainConfig, ChainError};

/// A runtime at rest.
pub type Offline = OfflineClientAtBlock<ChainConfig>;

/// From metadata as a node returns it (V14 to V16, prefixed), with the runtime's versions and the chain's genesis hash.
pub fn runtime(metadata: &[u8], spec: u32, transaction: u32, genesis: [u8; 32]) -> Result<Offline, ChainError> {
    let bad = |reason: String| ChainError::Metadata { reason };
    let metadata = Metadata::decode_from(metadata).map_err(|e| bad(e.to_string()))?;
    let config = ChainConfig::builder()
        .set_genesis_hash(H256(genesis))
        .set_metadata_for_spec_versions([(spec, ArcMetadata::from(metadata))])
        .set_spec_version_for_block_ranges([SpecVersionForRange {
            block_range: 0..u64::MAX,
            spec_version: spec,
            transaction_version: transaction,
        }])
        .build();
    OfflineClient::new_with_config(config).at_block(1_u64).map_err(|e| bad(e.to_string()))
}
