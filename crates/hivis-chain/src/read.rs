//! One runtime call, one storage entry, one constant, found by name in the metadata of the block.

use subxt::client::{ClientAtBlock, OfflineClientAtBlockT};
use subxt::dynamic::{Value, storage};
use subxt::metadata::Metadata;

use crate::scale::{Misfit, Reader, What};
use crate::{At, ChainConfig, ChainError};

/// The error for something that was read.
pub(crate) fn misfit(what: &str, spec: u32, misfit: &Misfit) -> ChainError {
    let (what, reason) = (what.to_owned(), misfit.to_string());
    match misfit.what {
        What::NoField(name) => ChainError::Missing { what: format!("field {name} in {what}"), spec },
        What::Bytes(_) => ChainError::Answer { what, reason },
        What::Shape(_) => ChainError::Shape { what, reason },
    }
}

/// The type of a runtime call's answer.
pub(crate) fn answer_type(metadata: &Metadata, api: &str, method: &str) -> Option<u32> {
    Some(metadata.runtime_api_trait_by_name(api)?.method_by_name(method)?.output_ty())
}

/// Whether the runtime has such a call.
pub(crate) fn has_call(at: &At, api: &str, method: &str) -> bool {
    answer_type(at.metadata_ref(), api, method).is_some()
}

/// A runtime call's answer, read by `take`, which gets the answer's type.
pub(crate) async fn call<T>(
    at: &At,
    api: &str,
    method: &str,
    arguments: Vec<Value>,
    take: impl FnOnce(&mut Reader<'_>, u32) -> Result<T, Misfit>,
) -> Result<T, ChainError> {
    let (what, spec) = (format!("runtime call {api}.{method}"), at.spec_version());
    let Some(id) = answer_type(at.metadata_ref(), api, method) else {
        return Err(ChainError::Missing { what, spec });
    };
    let payload = subxt::dynamic::runtime_api_call::<_, Value>(api, method, arguments);
    let apis = at.runtime_apis();
    let arguments = apis
        .encode_args(&payload)
        .map_err(|e| ChainError::Shape { what: format!("the arguments of {what}"), reason: e.to_string() })?;
    let bytes = apis
        .call_raw(&format!("{api}_{method}"), Some(&arguments))
        .await
        .map_err(|e| ChainError::Answer { what: what.clone(), reason: e.to_string() })?;
    whole(at.metadata_ref(), &bytes, |reader| take(reader, id)).map_err(|e| misfit(&what, spec, &e))
}

/// A storage entry's value, or its default; `None` where there is neither.
pub(crate) async fn entry<T>(
    at: &At,
    pallet: &str,
    name: &str,
    keys: Vec<Value>,
    take: impl FnOnce(&mut Reader<'_>, u32) -> Result<T, Misfit>,
) -> Result<Option<T>, ChainError> {
    let (what, spec) = (format!("storage entry {pallet}.{name}"), at.spec_version());
    if !has_entry(at, pallet, name) {
        return Err(ChainError::Missing { what, spec });
    }
    let wrong = |e: subxt::error::StorageError| ChainError::Answer { what: what.clone(), reason: e.to_string() };
    let shape = |e: subxt::error::StorageError| ChainError::Shape { what: what.clone(), reason: e.to_string() };
    let entry = at.storage().entry(storage::<Vec<Value>, Value>(pallet, name)).map_err(shape)?;
    // A key of another shape is the runtime's doing, not the node's.
    entry.fetch_key(keys.clone()).map_err(shape)?;
    let stored = entry.try_fetch(keys).await.map_err(wrong)?.or_else(|| entry.default_value());
    let Some(stored) = stored else { return Ok(None) };
    whole(at.metadata_ref(), stored.bytes(), |reader| take(reader, stored.type_id()))
        .map(Some)
        .map_err(|e| misfit(&what, spec, &e))
}

/// Whether the runtime has such a storage entry.
pub(crate) fn has_entry<C: OfflineClientAtBlockT<ChainConfig>>(
    at: &ClientAtBlock<ChainConfig, C>,
    pallet: &str,
    name: &str,
) -> bool {
    let pallet = at.metadata_ref().pallet_by_name(pallet);
    pallet.and_then(|p| p.storage()?.entry_by_name(name)).is_some()
}

/// All bytes, or none.
pub(crate) fn whole<T>(
    metadata: &Metadata,
    bytes: &[u8],
    take: impl FnOnce(&mut Reader<'_>) -> Result<T, Misfit>,
) -> Result<T, Misfit> {
    let mut reader = Reader::new(metadata.types(), bytes);
    let value = take(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// A number of a storage entry.
pub(crate) async fn number(at: &At, pallet: &str, name: &str, keys: Vec<Value>) -> Result<Option<u64>, ChainError> {
    entry(at, pallet, name, keys, one_number).await
}

/// A number, as an answer.
pub(crate) fn one_number(reader: &mut Reader<'_>, id: u32) -> Result<u64, Misfit> {
    reader.u64(id)
}

/// A truth value, as an answer.
pub(crate) fn one_bool(reader: &mut Reader<'_>, id: u32) -> Result<bool, Misfit> {
    reader.bool(id)
}

/// A key, as an answer.
pub(crate) fn one_key(reader: &mut Reader<'_>, id: u32) -> Result<[u8; 32], Misfit> {
    reader.key(id)
}

/// Any value by its type in the metadata, with all its names; all bytes must be used.
pub fn value(metadata: &Metadata, type_id: u32, bytes: &[u8]) -> Result<Value, ChainError> {
    whole(metadata, bytes, |reader| reader.value(type_id)).map_err(|e| misfit("the value", 0, &e))
}

/// A number that is fixed in the runtime.
pub(crate) fn constant(at: &At, pallet: &str, name: &str) -> Result<u64, ChainError> {
    let (what, spec) = (format!("constant {pallet}.{name}"), at.spec_version());
    let metadata = at.metadata_ref();
    let Some(constant) = metadata.pallet_by_name(pallet).and_then(|p| p.constant_by_name(name)) else {
        return Err(ChainError::Missing { what, spec });
    };
    whole(metadata, constant.value(), |reader| reader.u64(constant.ty())).map_err(|e| misfit(&what, spec, &e))
}

/// The block's own time, Unix milliseconds.
pub(crate) async fn block_time(at: &At) -> Result<u64, ChainError> {
    Ok(number(at, "Timestamp", "Now", Vec::new()).await?.unwrap_or(0))
}

/// A key as an argument.
pub(crate) fn key(key: &[u8; 32]) -> Value {
    Value::from_bytes(key)
}

/// A subnet as an argument.
pub(crate) fn subnet(netuid: u16) -> Value {
    Value::u128(u128::from(netuid))
}
