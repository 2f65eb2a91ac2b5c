//! What an extrinsic carries beside its call: the transaction extensions that the metadata lists.

use scale_info::TypeDef;
use subxt::config::substrate::H256;
use subxt::config::{
    ClientState, DefaultExtrinsicParamsBuilder, DefaultTransactionExtensions, TransactionExtensions as _,
};
use subxt::ext::frame_decode::extrinsics::TransactionExtensions as _;

use crate::extrinsic::{Era, Runtime, Terms};
use crate::{ChainConfig, ChainError};

/// The extensions whose content we know. Any other may have none.
const KNOWN: [&str; 7] = [
    "CheckSpecVersion",
    "CheckTxVersion",
    "CheckGenesis",
    "CheckMortality",
    "CheckNonce",
    "ChargeTransactionPayment",
    "CheckMetadataHash",
];

/// What travels, and what is only signed.
pub(crate) struct Parts {
    pub(crate) extra: Vec<u8>,
    pub(crate) additional: Vec<u8>,
}

/// In the metadata's order. Guessing an unknown extension's content (even "none" for an optional one) could sign what
/// nobody meant, so it is an error.
pub(crate) fn parts(runtime: &Runtime, terms: &Terms) -> Result<Parts, ChainError> {
    let metadata = &runtime.metadata;
    let build = |reason: String| ChainError::Build { reason };
    let state = ClientState::<ChainConfig> {
        genesis_hash: H256(runtime.genesis),
        spec_version: runtime.spec,
        transaction_version: runtime.transaction,
        metadata: metadata.clone(),
    };
    let values = DefaultTransactionExtensions::new(&state, params(terms)).map_err(|e| build(e.to_string()))?;
    // Extrinsics of version 4 know no other version of the list.
    let listed = metadata.extrinsic().transaction_extensions_by_version(0);
    let listed = listed.ok_or_else(|| build("the metadata lists no extensions".to_owned()))?;
    let mut parts = Parts { extra: Vec::new(), additional: Vec::new() };
    for extension in listed {
        let (name, extra, additional) = (extension.identifier(), extension.extra_ty(), extension.additional_ty());
        let (has_extra, has_additional) = (!empty(runtime, extra), !empty(runtime, additional));
        if (has_extra || has_additional) && !KNOWN.contains(&name) {
            return Err(ChainError::Extension { spec: runtime.spec, name: name.to_owned() });
        }
        let types = metadata.types();
        if has_extra {
            let done = values.encode_extension_value_to(name, extra, types, &mut parts.extra);
            done.map_err(|e| build(e.to_string()))?;
        }
        if has_additional {
            let done = values.encode_extension_implicit_to(name, additional, types, &mut parts.additional);
            done.map_err(|e| build(e.to_string()))?;
        }
    }
    Ok(parts)
}

fn params(
    terms: &Terms,
) -> <DefaultTransactionExtensions<ChainConfig> as subxt::config::TransactionExtensions<ChainConfig>>::Params {
    let builder = DefaultExtrinsicParamsBuilder::<ChainConfig>::new().nonce(terms.nonce).tip(terms.tip);
    match terms.era {
        Era::Immortal => builder.immortal(),
        Era::Mortal { period, block, hash } => builder.mortal_from_unchecked(period, block, H256(hash)),
    }
    .build()
}

/// Whether a type has no bytes.
fn empty(runtime: &Runtime, id: u32) -> bool {
    let Some(ty) = runtime.metadata.types().resolve(id) else { return false };
    match &ty.type_def {
        TypeDef::Composite(composite) => composite.fields.iter().all(|f| empty(runtime, f.ty.id)),
        TypeDef::Tuple(tuple) => tuple.fields.iter().all(|f| empty(runtime, f.id)),
        TypeDef::Array(array) => array.len == 0 || empty(runtime, array.type_param.id),
        _ => false,
    }
}
