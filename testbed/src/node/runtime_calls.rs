//! `state_call`: inputs and outputs by metadata.

use serde_json::json;
use subxt::ext::codec::Encode as _;

use super::blocks::{Block, Chain};
use super::encode::prefixed;
use super::extrinsics::{self, Refusal};
use super::rpc::Failed;
use super::views;

/// The answer of `Api_method` at a block.
pub(crate) fn call(block: &Block, chain: &Chain, name: &str, input: &[u8]) -> Result<Vec<u8>, Failed> {
    let runtime = &block.runtime;
    let failed = |why: String| (4003, format!("Client error: Execution failed: {why}"), None);
    let missing = || failed(format!("Other: Exported method {name} is not found"));
    match name {
        "Core_version" => return Ok(runtime.constant("System", "Version").to_vec()),
        "Metadata_metadata" => return Ok(prefixed(&runtime.raw[&15])),
        "Metadata_metadata_versions" => return Ok(runtime.raw.keys().copied().collect::<Vec<u32>>().encode()),
        "Metadata_metadata_at_version" => {
            let version = <[u8; 4]>::try_from(input).map(u32::from_le_bytes).map_err(|_| missing())?;
            let raw = runtime.raw.get(&version);
            return Ok(raw.map_or_else(|| vec![0], |raw| [&[1], &prefixed(raw)[..]].concat()));
        }
        "TransactionPaymentApi_query_info" => {
            // The extrinsic, and its length in four bytes.
            let extrinsic = input.len().checked_sub(4).map(|end| &input[..end]).ok_or_else(missing)?;
            let fee = fee_of(chain, extrinsic).map_err(|e| failed(e.detail()))?;
            let weight = json!({ "ref_time": 200_000_000, "proof_size": 3000 });
            let info = json!({ "weight": weight, "class": "Normal", "partial_fee": fee });
            let api = runtime.metadata.runtime_api_trait_by_name("TransactionPaymentApi").ok_or_else(missing)?;
            return Ok(runtime.encode(api.method_by_name("query_info").ok_or_else(missing)?.output_ty(), &info));
        }
        "TaggedTransactionQueue_validate_transaction" => {
            // Source, extrinsic, and the hash of a block.
            let extrinsic = input.len().checked_sub(32).and_then(|end| input.get(1..end)).ok_or_else(missing)?;
            let api = runtime.metadata.runtime_api_trait_by_name("TaggedTransactionQueue").ok_or_else(missing)?;
            let ty = api.method_by_name("validate_transaction").ok_or_else(missing)?.output_ty();
            let verdict = match chain.check(extrinsic) {
                Ok(()) => json!({ "Ok": { "longevity": 64, "propagate": true } }),
                Err(refusal) => json!({ "Err": { "Invalid": refusal.variant() } }),
            };
            return Ok(runtime.encode(ty, &verdict));
        }
        _ => {}
    }
    let apis: Vec<_> = runtime.metadata.runtime_api_traits().collect();
    let split = apis.iter().find_map(|api| Some((api, name.strip_prefix(api.name())?.strip_prefix('_')?)));
    let (api, method) = split.ok_or_else(missing)?;
    let found = api.method_by_name(method).ok_or_else(missing)?;
    let mut rest = input;
    let inputs: Result<Vec<_>, _> = found.inputs().map(|input| runtime.decode(input.id, &mut rest)).collect();
    let inputs = inputs.map_err(&failed)?;
    let state = block.state.as_ref().ok_or_else(missing)?;
    let answer = views::call(state, (api.name(), method), &inputs, &runtime.field_names(found.output_ty()));
    let answer = answer.ok_or_else(|| failed(format!("Other: the loopback node does not model {name}")))?;
    Ok(runtime.encode(found.output_ty(), &answer))
}

/// What an extrinsic would cost; its signature is not looked at, as a node does not either.
pub(crate) fn fee_of(chain: &Chain, extrinsic: &[u8]) -> Result<u64, Refusal> {
    let head = chain.block(&chain.head);
    extrinsics::call_of(extrinsic, &head.runtime).map(|call| extrinsics::fee(&call))
}
