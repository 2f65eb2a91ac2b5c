//! Metadata in the forms that clients ask for.

use std::collections::BTreeMap;
use std::io::Read as _;

use scale_info::{TypeDef, Variant};
use subxt::ext::codec::{Decode as _, Encode as _};
use subxt::ext::frame_metadata::v15::RuntimeMetadataV15;
use subxt::ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed, v14};

/// The metadata of a spec version as a node returns it, by its own version.
///
/// 424 (finney's) and 461 are read from `fixtures/chain`; 462 is 461 and `pow_register`.
pub(crate) fn of(spec: u32) -> BTreeMap<u32, Vec<u8>> {
    let (fifteen, more) = match spec {
        424 => (file("finney-metadata-v15.scale.gz"), Some((16, file("finney-metadata.scale")))),
        461 => (file("subtensor-461-metadata-v15.scale.gz"), None),
        462 => (with_pow(&file("subtensor-461-metadata-v15.scale.gz")), None),
        other => panic!("there is no metadata of spec {other}: 424, 461 and 462 are known"),
    };
    [(14, fourteen(&fifteen)), (15, fifteen)].into_iter().chain(more).collect()
}

fn open(raw: &[u8]) -> RuntimeMetadataV15 {
    match RuntimeMetadataPrefixed::decode(&mut &raw[..]).expect("metadata").1 {
        RuntimeMetadata::V15(metadata) => metadata,
        _ => panic!("metadata of another version"),
    }
}

/// What `state_getMetadata` returns, for clients that know no later form.
fn fourteen(raw: &[u8]) -> Vec<u8> {
    let new = open(raw);
    let queue = new.apis.iter().find(|api| api.name == "TaggedTransactionQueue").expect("the queue");
    let check = queue.methods.iter().find(|m| m.name == "validate_transaction").expect("its call");
    let extrinsic = v14::ExtrinsicMetadata {
        ty: check.inputs.iter().find(|i| i.name == "tx").expect("an extrinsic").ty,
        version: new.extrinsic.version,
        signed_extensions: new
            .extrinsic
            .signed_extensions
            .into_iter()
            .map(|e| v14::SignedExtensionMetadata {
                identifier: e.identifier,
                ty: e.ty,
                additional_signed: e.additional_signed,
            })
            .collect(),
    };
    let pallets = new.pallets.into_iter().map(|p| v14::PalletMetadata {
        name: p.name,
        storage: p.storage,
        calls: p.calls,
        event: p.event,
        constants: p.constants,
        error: p.error,
        index: p.index,
    });
    let old = v14::RuntimeMetadataV14 { types: new.types, pallets: pallets.collect(), extrinsic, ty: new.ty };
    RuntimeMetadataPrefixed::from(old).encode()
}

/// The metadata of 461 as a later runtime: its version is 462, and it has the call that came then. The call's index is not
/// the real one, which is in no metadata that we have.
fn with_pow(raw: &[u8]) -> Vec<u8> {
    let mut v15 = open(raw);
    let system = v15.pallets.iter_mut().find(|p| p.name == "System").expect("System");
    let version = system.constants.iter_mut().find(|c| c.name == "Version").expect("a version");
    // Two names of fourteen bytes, the authoring version, and then the version of the specification.
    version.value[34..38].copy_from_slice(&462_u32.to_le_bytes());
    let pallet = v15.pallets.iter().find(|p| p.name == "SubtensorModule").expect("SubtensorModule");
    let calls = pallet.calls.as_ref().expect("calls").ty.id as usize;
    let TypeDef::Variant(variants) = &mut v15.types.types[calls].ty.type_def else { panic!("calls are a variant") };
    let old = variants.variants.iter().find(|v| v.name == "register").expect("register").clone();
    let free = (0..=u8::MAX).rev().find(|i| variants.variants.iter().all(|v| v.index != *i)).expect("a free index");
    let mut new = Variant { name: "pow_register".to_owned(), index: free, docs: Vec::new(), ..old };
    // `register` has the same arguments, one of another name and one more: the coldkey now is the signer.
    new.fields.retain(|f| f.name.as_deref() != Some("coldkey"));
    for field in new.fields.iter_mut().filter(|f| f.name.as_deref() == Some("block_number")) {
        field.name = Some("work_block".to_owned());
    }
    variants.variants.push(new);
    RuntimeMetadataPrefixed::from(v15).encode()
}

fn file(name: &str) -> Vec<u8> {
    let path = crate::golden::fixtures().join("chain").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if path.extension().is_none_or(|e| e != "gz") {
        return bytes;
    }
    let mut all = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut all).expect("gzip");
    all
}
