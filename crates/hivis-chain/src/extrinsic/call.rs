//! A call by name, and its bytes under a runtime.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use subxt::client::{ClientAtBlock, OfflineClientAtBlockT};
pub use subxt::dynamic::Value;
use subxt::ext::frame_decode::extrinsics::encode_call_data;
use subxt::ext::scale_value::{Composite, ValueDef};
use subxt::metadata::{ArcMetadata, PalletMetadata};

use crate::extrinsic::shown;
use crate::{ChainConfig, ChainError};

/// Calls that nothing here builds: at recent runtimes `register` ignores the proof of work and burns TAO, and
/// `burned_register` burns without a cap.
const NEVER: [(&str, &str); 2] = [("SubtensorModule", "register"), ("SubtensorModule", "burned_register")];

/// What an extrinsic is built for: a chain at a version.
#[derive(Clone)]
pub struct Runtime {
    /// The runtime's description of itself.
    pub metadata: ArcMetadata,
    /// Its specification version.
    pub spec: u32,
    /// Its transaction version.
    pub transaction: u32,
    /// The chain's first block.
    pub genesis: [u8; 32],
}

impl Runtime {
    /// That of a block, or of metadata at rest.
    pub fn at<C: OfflineClientAtBlockT<ChainConfig>>(at: &ClientAtBlock<ChainConfig, C>) -> Result<Self, ChainError> {
        let genesis =
            at.genesis_hash().ok_or_else(|| ChainError::Build { reason: "the genesis hash is not known".into() })?;
        Ok(Self {
            metadata: at.metadata(),
            spec: at.spec_version(),
            transaction: at.transaction_version(),
            genesis: genesis.0,
        })
    }

    /// Whether the call exists.
    pub fn has(&self, pallet: &str, call: &str) -> bool {
        self.metadata.pallet_by_name(pallet).is_some_and(|p| p.call_variant_by_name(call).is_some())
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Runtime(spec {})", self.spec)
    }
}

/// A call by name with named arguments.
#[derive(Clone, Debug)]
pub struct Call {
    pallet: String,
    name: String,
    args: Vec<(String, Value)>,
}

impl Call {
    /// `args` by the names that the metadata gives them, in any order.
    pub fn new(pallet: &str, name: &str, args: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let args = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { pallet: pallet.to_owned(), name: name.to_owned(), args }
    }

    /// Its bytes; an error where the runtime has no such call or asks for other arguments.
    pub fn encode(&self, runtime: &Runtime) -> Result<CallBytes, ChainError> {
        self.check(runtime)?;
        let fields = Composite::named(self.args.iter().cloned());
        let metadata = &*runtime.metadata;
        let bytes = encode_call_data(&self.pallet, &self.name, &fields, metadata, metadata.types())
            .map_err(|e| self.argument(runtime, e.to_string()))?;
        CallBytes::checked(bytes, runtime)
    }

    fn check(&self, runtime: &Runtime) -> Result<(), ChainError> {
        let missing =
            |what: String, exist: Vec<String>| ChainError::NoCall { spec: runtime.spec, what, exist: exist.join(", ") };
        let Some(pallet) = runtime.metadata.pallet_by_name(&self.pallet) else {
            let all = runtime.metadata.pallets().map(|p| p.name().to_owned()).collect();
            return Err(missing(format!("pallet {}", self.pallet), all));
        };
        let Some(call) = pallet.call_variant_by_name(&self.name) else {
            return Err(missing(format!("call {}.{}", self.pallet, self.name), alike(&pallet, &self.name)));
        };
        let wanted: Vec<&str> = call.fields.iter().filter_map(|f| f.name.as_deref()).collect();
        let given = |name: &&str| self.args.iter().filter(|(n, _)| n == name).count();
        if let Some(absent) = wanted.iter().find(|name| given(name) != 1) {
            return Err(self.argument(runtime, format!("`{absent}` is not given once; it takes {}", wanted.join(", "))));
        }
        match self.args.iter().find(|(name, _)| !wanted.contains(&name.as_str())) {
            Some((extra, _)) => {
                Err(self.argument(runtime, format!("there is no `{extra}`; it takes {}", wanted.join(", "))))
            }
            None => Ok(()),
        }
    }

    fn argument(&self, runtime: &Runtime, problem: String) -> ChainError {
        ChainError::Argument { spec: runtime.spec, call: format!("{}.{}", self.pallet, self.name), problem }
    }
}

/// The calls of a pallet that share a word with `name`, or all of them.
fn alike(pallet: &PalletMetadata<'_>, name: &str) -> Vec<String> {
    let all: Vec<String> = pallet.call_variants().unwrap_or_default().iter().map(|v| v.name.clone()).collect();
    let share = |other: &String| name.split('_').any(|word| word.len() > 2 && other.contains(word));
    let some: Vec<String> = all.iter().filter(|other| share(other)).cloned().collect();
    if some.is_empty() { all } else { some }
}

/// A call as the runtime writes it.
#[derive(Clone, PartialEq, Eq)]
pub struct CallBytes(Vec<u8>);

impl CallBytes {
    /// The only way in: whatever will be signed is decoded again and looked through.
    fn checked(bytes: Vec<u8>, runtime: &Runtime) -> Result<Self, ChainError> {
        let decoded = shown::decode(runtime, &bytes)?;
        let mut found = forbidden(&decoded.pallet, &decoded.call);
        for (_, value) in &decoded.args {
            found = found.or_else(|| nested(value));
        }
        match found {
            Some(call) => Err(ChainError::NeverBuilt { call }),
            None => Ok(Self(bytes)),
        }
    }

    /// The bytes: pallet and call index, then the arguments.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// BLAKE2b-256 of them, as explorers show it.
    pub fn hash(&self) -> [u8; 32] {
        blake2_256(&self.0)
    }
}

impl std::fmt::Debug for CallBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CallBytes(0x{})", hex::encode(&self.0))
    }
}

fn forbidden(pallet: &str, call: &str) -> Option<&'static str> {
    NEVER.iter().find(|never| **never == (pallet, call)).map(|(_, call)| *call)
}

/// A forbidden call inside another, as in a batch: there a call is a variant of its pallet's variant.
fn nested<T>(value: &Value<T>) -> Option<&'static str> {
    let within = |values: &Composite<T>| values.values().find_map(nested);
    match &value.value {
        ValueDef::Composite(values) => within(values),
        ValueDef::Variant(variant) => {
            let call = variant.values.values().next().and_then(|inner| match &inner.value {
                ValueDef::Variant(call) => forbidden(&variant.name, &call.name),
                _ => None,
            });
            call.or_else(|| within(&variant.values))
        }
        _ => None,
    }
}

/// The chain's hash of most things.
pub(crate) fn blake2_256(bytes: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(bytes).into()
}
