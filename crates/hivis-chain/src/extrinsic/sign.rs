//! From a call and its terms to signed bytes.

use hivis_bittensor::{Keypair, Scheme};
use subxt::ext::codec::Encode as _;
use subxt::ext::frame_decode::extrinsics::ExtrinsicTypeInfo as _;
use subxt::ext::scale_encode::EncodeAsType as _;
use subxt::utils::{AccountId32, MultiAddress, MultiSignature};

use crate::ChainError;
use crate::extrinsic::call::blake2_256;
use crate::extrinsic::{CallBytes, Era, Runtime, extensions};

/// Signed and version 4; `0x80` is the mark of a signature.
const SIGNED_V4: u8 = 0x84;
/// More bytes than these are signed by their hash.
const SIGNED_WHOLE: usize = 256;

/// What a signer agrees to beside the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How many extrinsics the signer had before this one.
    pub nonce: u64,
    /// A gift to the block's author, in rao.
    pub tip: u128,
    /// When it can be included.
    pub era: Era,
}

/// A signature with its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// What most Bittensor keys make.
    Sr25519([u8; 64]),
    /// What keys of `cryptoType` 0 make.
    Ed25519([u8; 64]),
}

/// An extrinsic that waits for its signature.
#[derive(Clone, Debug)]
pub struct Unsigned {
    runtime: Runtime,
    call: CallBytes,
    terms: Terms,
    extra: Vec<u8>,
    additional: Vec<u8>,
}

impl Unsigned {
    /// Ready to sign; an error when the runtime wants an extension that we do not know, or another form than version 4.
    pub fn new(runtime: &Runtime, call: CallBytes, terms: Terms) -> Result<Self, ChainError> {
        if !runtime.metadata.extrinsic().supported_versions().contains(&4) {
            let reason = format!("the runtime (spec {}) takes no extrinsics of version 4", runtime.spec);
            return Err(ChainError::Build { reason });
        }
        let extensions::Parts { extra, additional } = extensions::parts(runtime, &terms)?;
        Ok(Self { runtime: runtime.clone(), call, terms, extra, additional })
    }

    /// The extensions' part that travels.
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// The extensions' part that is signed and does not travel.
    pub fn additional(&self) -> &[u8] {
        &self.additional
    }

    /// What is signed: call, extra and additional, or their hash when they are longer than 256 bytes.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let whole = [self.call.as_slice(), &self.extra, &self.additional].concat();
        if whole.len() > SIGNED_WHOLE { blake2_256(&whole).to_vec() } else { whole }
    }

    /// Signed by this key.
    pub fn sign(&self, keypair: &Keypair) -> Result<Extrinsic, ChainError> {
        let signature = keypair.sign(&self.signed_bytes());
        let signature = match keypair.scheme() {
            Scheme::Sr25519 => Signature::Sr25519(signature),
            Scheme::Ed25519 => Signature::Ed25519(signature),
        };
        self.assemble(keypair.public(), signature)
    }

    /// With a signature made elsewhere. It is not verified.
    pub fn assemble(&self, public: [u8; 32], signature: Signature) -> Result<Extrinsic, ChainError> {
        let build = |reason: String| ChainError::Build { reason };
        let metadata = &*self.runtime.metadata;
        let types = metadata.types();
        let info = metadata.extrinsic_signature_info().map_err(|e| build(e.to_string()))?;
        let address = MultiAddress::<AccountId32, u32>::Id(AccountId32(public));
        let signature = match signature {
            Signature::Sr25519(bytes) => MultiSignature::Sr25519(bytes),
            Signature::Ed25519(bytes) => MultiSignature::Ed25519(bytes),
        };
        let mut inner = vec![SIGNED_V4];
        address.encode_as_type_to(info.address_id, types, &mut inner).map_err(|e| build(e.to_string()))?;
        signature.encode_as_type_to(info.signature_id, types, &mut inner).map_err(|e| build(e.to_string()))?;
        inner.extend_from_slice(&self.extra);
        inner.extend_from_slice(self.call.as_slice());
        let bytes = inner.encode();
        Ok(Extrinsic { hash: blake2_256(&bytes), bytes, signer: public, terms: self.terms })
    }
}

/// A signed extrinsic: what travels to the node.
#[derive(Clone, PartialEq, Eq)]
pub struct Extrinsic {
    /// Its bytes, length first.
    pub bytes: Vec<u8>,
    /// BLAKE2b-256 of them.
    pub hash: [u8; 32],
    /// Whose nonce it uses.
    pub signer: [u8; 32],
    /// What was agreed to.
    pub terms: Terms,
}

impl std::fmt::Debug for Extrinsic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Extrinsic(0x{}, nonce {})", hex::encode(self.hash), self.terms.nonce)
    }
}
