//! The runtimes of the fixtures, as `Runtime` values.

use std::io::Read as _;
use std::path::Path;

use hivis_chain::extrinsic::Runtime;
use hivis_chain::offline;
use scale_info::TypeDef;
use subxt::ext::codec::{Decode as _, Encode as _};
use subxt::ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};

/// Finney's genesis hash, as `chain/README.md` gives it.
pub(crate) const GENESIS: &str = "2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";
/// Each metadata file with its version.
pub(crate) const FILES: [(&str, u32); 3] = [
    ("finney-metadata.scale", 424),
    ("finney-metadata-v15.scale.gz", 424),
    ("subtensor-461-metadata-v15.scale.gz", 461),
];

/// A file's bytes; `.gz` is unpacked.
pub(crate) fn bytes(file: &Path) -> Vec<u8> {
    let bytes = std::fs::read(file).expect("a readable file");
    if file.extension().is_none_or(|e| e != "gz") {
        return bytes;
    }
    let mut all = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut all).expect("gzip");
    all
}

/// The runtime of these metadata bytes.
pub(crate) fn of(metadata: &[u8], spec: u32) -> Runtime {
    let genesis = hex::decode(GENESIS).expect("hex").try_into().expect("32 bytes");
    Runtime::at(&offline::runtime(metadata, spec, 1, genesis).expect("metadata")).expect("a runtime")
}

/// The repository's own 461.
pub(crate) fn newest() -> Runtime {
    of(&bytes(&hivis_testbed::golden::fixtures().join("chain").join(FILES[2].0)), 461)
}

/// 461 with `edit` applied to its V15 metadata.
pub(crate) fn edited(edit: impl FnOnce(&mut subxt::ext::frame_metadata::v15::RuntimeMetadataV15)) -> Runtime {
    let file = hivis_testbed::golden::fixtures().join("chain").join(FILES[2].0);
    let mut metadata = RuntimeMetadataPrefixed::decode(&mut &bytes(&file)[..]).expect("metadata");
    let RuntimeMetadata::V15(v15) = &mut metadata.1 else { panic!("not V15") };
    edit(v15);
    of(&metadata.encode(), 462)
}

/// 461 with the call that came after it: `pow_register(netuid, work_block, nonce, work, hotkey)`, of the types that
/// `register` has.
pub(crate) fn with_pow() -> Runtime {
    edited(|metadata| {
        let pallet = metadata.pallets.iter().find(|p| p.name == "SubtensorModule").expect("the pallet");
        let id = pallet.calls.as_ref().expect("calls").ty.id as usize;
        let TypeDef::Variant(calls) = &mut metadata.types.types[id].ty.type_def else { panic!("calls are variants") };
        let mut call = calls.variants.iter().find(|v| v.name == "register").expect("register").clone();
        "pow_register".clone_into(&mut call.name);
        call.index = 250;
        call.fields.retain(|f| f.name.as_deref() != Some("coldkey"));
        call.fields[1].name = Some("work_block".to_owned());
        calls.variants.push(call);
    })
}
