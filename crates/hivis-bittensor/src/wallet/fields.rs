//! The JSON inside a wallet file.

use std::path::Path;

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::secret::{Secret, bytes, hex_text};
use crate::{Scheme, WalletError, ss58};

/// Where a secret may stand, the first present one counts.
const SECRETS: [&str; 3] = ["secretPhrase", "secretSeed", "privateKey"];

/// A wallet file's fields; the texts are wiped when they are dropped.
pub(super) struct Fields(Value);

impl Drop for Fields {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Fields {
    pub(super) fn parse(json: &[u8], path: &Path) -> Result<Self, WalletError> {
        // Read as any value first: the error of a map that is none would quote the text that stands in its place.
        let value = serde_json::from_slice(json).map(Self);
        let fields = value.map_err(|source| WalletError::NotJson { path: path.to_owned(), source })?;
        if fields.0.is_object() { Ok(fields) } else { Err(field(path, "it is no JSON object")) }
    }

    /// What a private file holds, as bittensor-wallet 4.1 writes it: the words too, when there are any.
    pub(super) fn private(secret: &Secret) -> Self {
        let mut fields = Self::public_only(&secret.keypair().public(), secret.keypair().scheme());
        if let Some(words) = secret.phrase() {
            fields.set("secretPhrase", words.to_owned());
        }
        if let Some(seed) = secret.seed() {
            fields.set("secretSeed", hex_text(seed));
        }
        fields.set("privateKey", hex_text(&secret.keypair().private_key()));
        fields
    }

    /// What a public file holds.
    pub(super) fn public_only(public: &[u8; 32], scheme: Scheme) -> Self {
        let mut fields = Self(Value::Object(Map::new()));
        fields.set("accountId", hex_text(public));
        fields.set("publicKey", hex_text(public));
        fields.set("ss58Address", ss58::encode(public).to_string());
        if let Value::Object(map) = &mut fields.0 {
            map.insert("cryptoType".to_owned(), scheme.crypto_type().into());
        }
        fields
    }

    fn set(&mut self, name: &str, text: String) {
        if let Value::Object(map) = &mut self.0 {
            map.insert(name.to_owned(), Value::String(text));
        }
    }

    /// The file's text, in a buffer that never grew.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut json = Zeroizing::new(Vec::with_capacity(4096));
        serde_json::to_writer(&mut *json, &self.0).expect("texts and a number are JSON: this is a bug");
        json
    }

    /// Whether there is a secret in it.
    pub(super) fn is_private(&self) -> bool {
        SECRETS.iter().any(|name| self.text(name).is_some())
    }

    /// `cryptoType`; files from before version 4.1 have none and mean sr25519.
    pub(super) fn scheme(&self, path: &Path) -> Result<Scheme, WalletError> {
        match self.0.get("cryptoType") {
            None | Some(Value::Null) => Ok(Scheme::Sr25519),
            Some(kind) => {
                let known = Scheme::ALL.into_iter().find(|s| kind.as_u64() == Some(s.crypto_type().into()));
                known.ok_or_else(|| field(path, "cryptoType is neither 1 (sr25519) nor 0 (ed25519)"))
            }
        }
    }

    /// The secret, which must be that of the public key that the file names.
    pub(super) fn secret(&self, path: &Path) -> Result<Secret, WalletError> {
        let scheme = self.scheme(path)?;
        let secret = if let Some(words) = self.text("secretPhrase") {
            Secret::from_phrase(scheme, words)?
        } else if let Some(seed) = self.text("secretSeed") {
            let seed = bytes::<32>(seed).ok_or_else(|| field(path, "secretSeed is not 32 bytes of hex"))?;
            Secret::from_seed(scheme, &seed)
        } else if let Some(key) = self.text("privateKey") {
            let long = bytes::<64>(key).map(|key| Secret::from_private_key(scheme, key.as_ref()));
            let short = || bytes::<32>(key).map(|key| Secret::from_private_key(scheme, key.as_ref()));
            let made = long.or_else(short).and_then(Result::ok);
            made.ok_or_else(|| field(path, "privateKey is no secret of the file's cryptoType"))?
        } else {
            let what = "no secretPhrase, secretSeed or privateKey: this file is public only and cannot sign";
            return Err(field(path, what));
        };
        match self.public(path)? {
            Some(named) if named != secret.keypair().public() => {
                Err(field(path, "the secret does not belong to the public key in the file"))
            }
            _ => Ok(secret),
        }
    }

    /// The public key that the file names.
    pub(super) fn public(&self, path: &Path) -> Result<Option<[u8; 32]>, WalletError> {
        if let Some(key) = self.text("accountId").or_else(|| self.text("publicKey")) {
            let key = bytes::<32>(key).ok_or_else(|| field(path, "accountId or publicKey is not 32 bytes of hex"))?;
            return Ok(Some(*key));
        }
        self.text("ss58Address").map(ss58::decode).transpose()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

fn field(path: &Path, what: &'static str) -> WalletError {
    WalletError::Field { path: path.to_owned(), what }
}
