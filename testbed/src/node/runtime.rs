//! A runtime: the real metadata of one spec version, and what is made by it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use scale_info::{TypeDef, Variant};
use serde_json::{Value, json};
use sp_crypto_hashing::{blake2_128, blake2_256, twox_64, twox_128, twox_256};
use subxt::ext::codec::{Decode as _, Encode as _};
use subxt::ext::frame_decode::storage::StorageHasher;
use subxt::ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use subxt::metadata::Metadata;

use super::encode::Codec;

/// One runtime. Everything in it is found by name.
pub(crate) struct Runtime {
    pub spec: u32,
    pub transaction: u32,
    pub metadata: Metadata,
    /// Metadata as a node returns it, by its version.
    pub raw: BTreeMap<u32, Vec<u8>>,
}

/// A storage entry to be written: pallet, entry, keys, value.
pub(crate) type Entry = (&'static str, &'static str, Vec<Value>, Value);

type Loaded = BTreeMap<u32, Arc<Runtime>>;
static LOADED: LazyLock<Mutex<Loaded>> = LazyLock::new(Mutex::default);

impl Runtime {
    /// Spec 424 (finney's) or 461, from `fixtures/chain`, or 462, which is 461 and `pow_register`; each is read once in a
    /// process.
    pub(crate) fn of(spec: u32) -> Arc<Self> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.entry(spec).or_insert_with(|| Arc::new(Self::load(spec))).clone()
    }

    fn load(spec: u32) -> Self {
        let raw = match spec {
            424 => BTreeMap::from([(15, file("finney-metadata-v15.scale.gz")), (16, file("finney-metadata.scale"))]),
            461 => BTreeMap::from([(15, file("subtensor-461-metadata-v15.scale.gz"))]),
            462 => BTreeMap::from([(15, with_pow(&file("subtensor-461-metadata-v15.scale.gz")))]),
            other => panic!("there is no metadata of spec {other}: 424, 461 and 462 are known"),
        };
        let metadata = Metadata::decode_from(&raw[&15]).expect("the fixture is metadata");
        let mut runtime = Self { spec, transaction: 0, metadata, raw };
        let version = runtime.version();
        assert_eq!(version["spec_version"], json!(spec), "the fixture is of another runtime");
        runtime.transaction = version["transaction_version"].as_u64().expect("a number") as u32;
        runtime
    }

    fn codec(&self) -> Codec<'_> {
        Codec(self.metadata.types())
    }

    /// `value` as the type `ty`; panics where they do not fit, which is a fault of the state model.
    pub(crate) fn encode(&self, ty: u32, value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        self.codec().encode(ty, value, &mut out).unwrap_or_else(|e| panic!("type {ty} of spec {}: {e}", self.spec));
        out
    }

    pub(crate) fn decode(&self, ty: u32, input: &mut &[u8]) -> Result<Value, String> {
        self.codec().decode(ty, input)
    }

    /// The names of a structure's fields, or of the one within an option.
    pub(crate) fn field_names(&self, ty: u32) -> Vec<String> {
        self.codec().field_names(ty)
    }

    /// A constant's bytes.
    pub(crate) fn constant(&self, pallet: &str, name: &str) -> &[u8] {
        let found = self.metadata.pallet_by_name(pallet).and_then(|p| p.constant_by_name(name));
        found.unwrap_or_else(|| panic!("{pallet} has no constant {name}")).value()
    }

    /// `System.Version`, decoded.
    pub(crate) fn version(&self) -> Value {
        let pallet = self.metadata.pallet_by_name("System").expect("System");
        let constant = pallet.constant_by_name("Version").expect("a version");
        self.decode(constant.ty(), &mut constant.value()).expect("the version decodes")
    }

    /// Key and value of an entry; `None` where this runtime has no such entry.
    pub(crate) fn entry(&self, (pallet, name, keys, value): &Entry) -> Option<(Vec<u8>, Vec<u8>)> {
        let storage = self.metadata.pallet_by_name(pallet)?.storage()?;
        let ty = storage.entry_by_name(name)?.value_ty();
        Some((self.storage_key(pallet, name, keys)?, self.encode(ty, value)))
    }

    /// The key of an entry, or the prefix of its first keys.
    pub(crate) fn storage_key(&self, pallet: &str, name: &str, keys: &[Value]) -> Option<Vec<u8>> {
        let storage = self.metadata.pallet_by_name(pallet)?.storage()?;
        let entry = storage.entry_by_name(name)?;
        let mut out = twox_128(storage.prefix().as_bytes()).to_vec();
        out.extend_from_slice(&twox_128(name.as_bytes()));
        for (info, key) in entry.keys().zip(keys) {
            let key = self.encode(info.key_id, key);
            match info.hasher {
                StorageHasher::Blake2_256 => out.extend_from_slice(&blake2_256(&key)),
                StorageHasher::Blake2_128 | StorageHasher::Blake2_128Concat => out.extend_from_slice(&blake2_128(&key)),
                StorageHasher::Twox128 => out.extend_from_slice(&twox_128(&key)),
                StorageHasher::Twox256 => out.extend_from_slice(&twox_256(&key)),
                StorageHasher::Twox64Concat => out.extend_from_slice(&twox_64(&key)),
                StorageHasher::Identity => {}
            }
            let concat = [StorageHasher::Blake2_128Concat, StorageHasher::Twox64Concat, StorageHasher::Identity];
            if concat.contains(&info.hasher) {
                out.extend_from_slice(&key);
            }
        }
        Some(out)
    }

    /// A pallet's error as the events hold it.
    pub(crate) fn module_error(&self, pallet: &str, name: &str) -> Value {
        let found = self.metadata.pallet_by_name(pallet);
        let variant = found.as_ref().and_then(|p| p.error_variants()?.iter().find(|v| v.name == name));
        match (&found, variant) {
            (Some(p), Some(v)) => json!({ "Module": { "index": p.error_index(), "error": [v.index, 0, 0, 0] } }),
            _ => json!("Other"),
        }
    }

    /// Encodes a call, as JSON names it, into its bytes.
    pub(crate) fn call(&self, call: &Value) -> Vec<u8> {
        self.encode(self.metadata.outer_enums().call_enum_ty(), call)
    }
}

/// The metadata of 461 as a later runtime: its version is 462, and it has the call that came then. The call's index is not
/// the real one, which is in no metadata that we have.
fn with_pow(raw: &[u8]) -> Vec<u8> {
    let mut prefixed = RuntimeMetadataPrefixed::decode(&mut &raw[..]).expect("metadata");
    let RuntimeMetadata::V15(v15) = &mut prefixed.1 else { panic!("metadata of another version") };
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
    prefixed.encode()
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
