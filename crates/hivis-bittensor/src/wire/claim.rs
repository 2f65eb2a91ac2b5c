//! Headers to a claimed caller; nothing here is verified.

use hivis_types::{Hotkey, Protocol};
use http::{HeaderMap, Method, Uri};

use crate::number::{read_float, read_int};
use crate::ss58;
use crate::wire::{Refusal, Target};

/// Who a request says that it comes from.
#[derive(Clone, Debug)]
pub enum Claim {
    /// `bt_header_*`, bittensor 7 to 10.
    Axon(AxonClaim),
    /// `btauth/1` of bittensor 11.
    Btauth(BtauthClaim),
}

/// What the `bt_header_*` headers say. Texts are as they came; `None` is a header that is missing or no text.
#[derive(Clone, Debug)]
pub struct AxonClaim {
    pub(crate) target: Target,
    pub(crate) hotkey_text: Option<String>,
    pub(crate) hotkey: Option<(Hotkey, [u8; 32])>,
    pub(crate) nonce: Option<i128>,
    pub(crate) uuid: Option<String>,
    pub(crate) version: Option<i128>,
    pub(crate) timeout_s: Option<f64>,
    pub(crate) signature: Option<String>,
    pub(crate) body_hash: Option<String>,
    pub(crate) axon_ip: Option<String>,
    pub(crate) axon_port: Option<i128>,
    pub(crate) axon_hotkey: Option<String>,
}

/// What the `X-Bittensor-*` headers say; their shape is right.
#[derive(Clone, Debug)]
pub struct BtauthClaim {
    pub(crate) target: Target,
    pub(crate) hotkey: Hotkey,
    pub(crate) public: [u8; 32],
    pub(crate) nonce: u64,
    pub(crate) receiver: Option<String>,
    pub(crate) scheme: Scheme,
    pub(crate) signature: [u8; 64],
    pub(crate) method: String,
    pub(crate) request_target: String,
}

/// How a `btauth/1` request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// The default.
    Sr25519,
    /// `X-Bittensor-Crypto: ed25519`.
    Ed25519,
}

impl Claim {
    /// The claimed hotkey, when it is a well-formed address. Where it is not, [`crate::wire::verify`] gives the 401; the
    /// permit need not be looked up.
    pub fn hotkey(&self) -> Option<&Hotkey> {
        match self {
            Self::Axon(claim) => claim.hotkey.as_ref().map(|(hotkey, _)| hotkey),
            Self::Btauth(claim) => Some(&claim.hotkey),
        }
    }

    /// The caller's `timeout` in seconds; may be anything that Python calls a float.
    pub fn timeout_s(&self) -> Option<f64> {
        match self {
            Self::Axon(claim) => claim.timeout_s,
            Self::Btauth(_) => None,
        }
    }

    /// The nonce, Unix time in nanoseconds by the caller's clock; `None` when missing or outside 64 bits.
    pub fn nonce(&self) -> Option<u64> {
        match self {
            Self::Axon(claim) => claim.nonce.and_then(|n| u64::try_from(n).ok()),
            Self::Btauth(claim) => Some(claim.nonce),
        }
    }

    /// The dendrite's uuid, as sent.
    pub fn uuid(&self) -> Option<&str> {
        match self {
            Self::Axon(claim) => claim.uuid.as_deref(),
            Self::Btauth(_) => None,
        }
    }

    /// The caller's SDK, `major * 10^6 + minor * 10^3 + patch`.
    pub fn version(&self) -> Option<u64> {
        match self {
            Self::Axon(claim) => claim.version.and_then(|n| u64::try_from(n).ok()),
            Self::Btauth(_) => None,
        }
    }

    /// Which synapse is asked.
    pub fn target(&self) -> Target {
        match self {
            Self::Axon(claim) => claim.target,
            Self::Btauth(claim) => claim.target,
        }
    }

    /// Which of the two ways to prove oneself.
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Axon(_) => Protocol::Axon,
            Self::Btauth(_) => Protocol::Btauth,
        }
    }
}

/// Path and headers to a claim. Refuses unknown paths and methods (404, 405, 307), numbers that are none (500), and
/// `btauth/1` headers of a wrong shape (401).
pub fn parse_headers(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Claim, Refusal> {
    let target = Target::of(method, uri)?;
    if headers.contains_key("x-bittensor-version") {
        BtauthClaim::read(target, method, uri, headers).map(Claim::Btauth)
    } else {
        axon(target, headers).map(Claim::Axon)
    }
}

fn axon(target: Target, headers: &HeaderMap) -> Result<AxonClaim, Refusal> {
    // The SDK parses these too, although it reads none of them: nonsense in them is a 500 as well.
    for name in ["bt_header_axon_status_code", "bt_header_axon_version", "bt_header_axon_nonce"]
        .into_iter()
        .chain(["bt_header_dendrite_status_code", "bt_header_dendrite_port"])
    {
        int(headers, name)?;
    }
    for name in ["bt_header_axon_process_time", "bt_header_dendrite_process_time"] {
        float(headers, name)?;
    }
    let hotkey_text = text(headers, "bt_header_dendrite_hotkey").map(str::to_owned);
    let hotkey = hotkey_text.as_deref().and_then(|text| Some((Hotkey::new(text), ss58::decode(text).ok()?)));
    Ok(AxonClaim {
        target,
        hotkey,
        hotkey_text,
        nonce: int(headers, "bt_header_dendrite_nonce")?,
        uuid: text(headers, "bt_header_dendrite_uuid").map(str::to_owned),
        version: int(headers, "bt_header_dendrite_version")?,
        timeout_s: float(headers, "timeout")?,
        signature: text(headers, "bt_header_dendrite_signature").map(str::to_owned),
        body_hash: text(headers, "computed_body_hash").map(str::to_owned),
        axon_ip: text(headers, "bt_header_axon_ip").map(str::to_owned),
        axon_port: int(headers, "bt_header_axon_port")?,
        axon_hotkey: text(headers, "bt_header_axon_hotkey").map(str::to_owned),
    })
}

impl BtauthClaim {
    pub(crate) fn read(target: Target, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Self, Refusal> {
        let bad = |what| Refusal::not_verified("btauth-shape", what);
        if text(headers, "x-bittensor-version") != Some("1") {
            return Err(bad("X-Bittensor-Version must be 1"));
        }
        let hotkey = text(headers, "x-bittensor-hotkey").ok_or_else(|| bad("Missing X-Bittensor-Hotkey"))?;
        let public = ss58::decode(hotkey).map_err(|_| bad("X-Bittensor-Hotkey is no SS58 address"))?;
        let nonce = text(headers, "x-bittensor-nonce").ok_or_else(|| bad("Missing X-Bittensor-Nonce"))?;
        let nonce = read_int(nonce).ok_or_else(|| bad("X-Bittensor-Nonce is not a number"))?;
        let scheme = match text(headers, "x-bittensor-crypto").unwrap_or("sr25519") {
            "sr25519" => Scheme::Sr25519,
            "ed25519" => Scheme::Ed25519,
            _ => return Err(bad("unsupported X-Bittensor-Crypto")),
        };
        let hex = text(headers, "x-bittensor-signature").ok_or_else(|| bad("Missing X-Bittensor-Signature"))?;
        let signature = signature(hex).ok_or_else(|| bad("X-Bittensor-Signature is not 0x and 128 hex digits"))?;
        Ok(Self {
            target,
            hotkey: Hotkey::new(hotkey),
            public,
            // Beyond 64 bits is as far in the future as any other nonce out of the window; below zero as old.
            nonce: u64::try_from(nonce.max(0)).unwrap_or(u64::MAX),
            receiver: text(headers, "x-bittensor-receiver").map(str::to_owned),
            scheme,
            signature,
            method: method.as_str().to_ascii_uppercase(),
            request_target: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }
}

/// `0x` and 128 hex digits.
pub(crate) fn signature(text: &str) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

/// The first header of that name, as text; Python's servers take the first one too.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn int(headers: &HeaderMap, name: &'static str) -> Result<Option<i128>, Refusal> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().ok().and_then(read_int).map(Some).ok_or_else(|| Refusal::headers(name))
}

fn float(headers: &HeaderMap, name: &'static str) -> Result<Option<f64>, Refusal> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().ok().and_then(read_float).map(Some).ok_or_else(|| Refusal::headers(name))
}
