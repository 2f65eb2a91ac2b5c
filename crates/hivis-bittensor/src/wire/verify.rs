//! A claim to a verified caller.

use hivis_types::{Hotkey, Protocol};
use sha2::{Digest, Sha256};

use crate::wire::claim::signature;
use crate::wire::{AxonClaim, BtauthClaim, Claim, NonceBook, Refusal, Scheme};

/// Grace of the axon's window, in both directions (the SDK has no bound ahead).
const GRACE_NS: u64 = 4_000_000_000;
/// The largest timeout that widens the window, in seconds: a caller can write any.
const LARGEST_TIMEOUT_S: f64 = 12.0;
/// `btauth/1`: oldest nonce, and furthest ahead.
const BTAUTH_OLD_NS: u64 = 10_000_000_000;
const BTAUTH_AHEAD_NS: u64 = 2_000_000_000;

/// A caller whose signature and nonce hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Who signed.
    pub hotkey: Hotkey,
    /// The signed nonce, Unix time in nanoseconds by the caller's clock.
    pub nonce: u64,
    /// The dendrite's uuid; signed, but the caller's choice.
    pub uuid: Option<String>,
    /// The caller's SDK; not signed.
    pub version: Option<u64>,
    /// The caller's timeout in seconds; not signed.
    pub timeout_s: Option<f64>,
    /// How it proved itself.
    pub protocol: Protocol,
}

/// What can be said of a `btauth/1` claim before its body is read: receiver and window. Other claims pass.
pub fn precheck(claim: &Claim, own: &Hotkey, now_ns: u64) -> Result<(), Refusal> {
    let Claim::Btauth(claim) = claim else { return Ok(()) };
    // Unbound requests are refused, as by the SDK's default: any receiver could play them to us.
    if claim.receiver.as_deref() != Some(own.as_str()) {
        return Err(Refusal::not_verified("wrong-receiver", "the request is not signed for this hotkey"));
    }
    if now_ns.saturating_sub(claim.nonce) > BTAUTH_OLD_NS {
        return Err(Refusal::not_verified("nonce-old", "Nonce is too old"));
    }
    if claim.nonce.saturating_sub(now_ns) > BTAUTH_AHEAD_NS {
        return Err(Refusal::not_verified("nonce-future", "Nonce is in the future"));
    }
    Ok(())
}

/// Checks nonce and signature, and keeps the nonce when both hold. `own` is this axon's hotkey (never the header's),
/// `now_ns` the Unix time in nanoseconds; `body` is the raw body, wanted by `btauth/1` only (missing counts as empty).
pub fn verify(
    claim: &Claim,
    own: &Hotkey,
    now_ns: u64,
    book: &mut NonceBook,
    body: Option<&[u8]>,
) -> Result<Verified, Refusal> {
    let (hotkey, nonce) = match claim {
        Claim::Axon(claim) => axon(claim, own, now_ns, book)?,
        Claim::Btauth(btauth) => {
            precheck(claim, own, now_ns)?;
            if !btauth_holds(btauth, body.unwrap_or_default()) {
                return Err(Refusal::not_verified("bad-signature", "Signature mismatch"));
            }
            if book.used(&btauth.hotkey, btauth.nonce) {
                return Err(replayed());
            }
            (&btauth.hotkey, btauth.nonce)
        }
    };
    book.keep(hotkey, nonce, now_ns);
    Ok(Verified {
        hotkey: hotkey.clone(),
        nonce,
        uuid: claim.uuid().map(str::to_owned),
        version: claim.version(),
        timeout_s: claim.timeout_s(),
        protocol: claim.protocol(),
    })
}

fn axon<'a>(claim: &'a AxonClaim, own: &Hotkey, now_ns: u64, book: &NonceBook) -> Result<(&'a Hotkey, u64), Refusal> {
    let Some((hotkey, public)) = &claim.hotkey else {
        return Err(match claim.hotkey_text {
            None => Refusal::not_verified("no-hotkey", "No SS58 formatted address or public key provided."),
            Some(_) => Refusal::not_verified("bad-hotkey", "Invalid SS58 address"),
        });
    };
    let nonce = claim.nonce.ok_or_else(|| Refusal::not_verified("no-nonce", "Missing Nonce"))?;
    let nonce = in_window(nonce, claim.timeout_s, now_ns)?;
    if book.used(hotkey, nonce) {
        return Err(replayed());
    }
    let text = claim.signature.as_deref().ok_or_else(|| Refusal::not_verified("no-signature", "Missing Signature"))?;
    let signature =
        signature(text).ok_or_else(|| Refusal::not_verified("bad-signature", "Invalid signature format"))?;
    let uuid = claim.uuid.as_deref().unwrap_or("None");
    let body_hash = claim.body_hash.as_deref().unwrap_or("None");
    let message = format!("{nonce}.{hotkey}.{own}.{uuid}.{body_hash}");
    let holds = crate::verify(public, message.as_bytes(), &signature)
        // Browser wallets wrap what they sign; the SDK takes that too.
        || crate::verify(public, format!("<Bytes>{message}</Bytes>").as_bytes(), &signature);
    if !holds {
        return Err(Refusal::not_verified("bad-signature", "Signature mismatch"));
    }
    Ok((hotkey, nonce))
}

/// The SDK's window for every request, whatever its version header says, with the timeout capped and the future closed.
fn in_window(nonce: i128, timeout_s: Option<f64>, now_ns: u64) -> Result<u64, Refusal> {
    let timeout_s = timeout_s.filter(|t| !t.is_nan()).unwrap_or(0.0).clamp(0.0, LARGEST_TIMEOUT_S);
    let delta = GRACE_NS + (timeout_s * 1e9) as u64;
    let age = i128::from(now_ns).saturating_sub(nonce);
    if age >= i128::from(delta) {
        let reason = format!(
            "Nonce is too old: acceptable delta is {:.2} seconds but request was {:.2} seconds old",
            delta as f64 / 1e9,
            age.min(i128::from(u64::MAX)) as f64 / 1e9
        );
        return Err(Refusal::not_verified("nonce-old", reason));
    }
    if age < -i128::from(GRACE_NS) {
        return Err(Refusal::not_verified("nonce-future", "Nonce is in the future"));
    }
    Ok(u64::try_from(nonce).unwrap_or_default())
}

fn replayed() -> Refusal {
    Refusal::not_verified("nonce-used", "Nonce was used before")
}

/// The bytes that a `btauth/1` caller signs: eight lines, joined by newline.
pub(crate) fn btauth_payload(claim: &BtauthClaim, body: &[u8]) -> String {
    let scheme = match claim.scheme {
        Scheme::Sr25519 => "sr25519",
        Scheme::Ed25519 => "ed25519",
    };
    let body_hash = hex::encode(Sha256::digest(body));
    let nonce = claim.nonce.to_string();
    let receiver = claim.receiver.as_deref().unwrap_or("-");
    let hotkey = claim.hotkey.as_str();
    ["btauth/1", scheme, &claim.method, &claim.request_target, &body_hash, &nonce, hotkey, receiver].join("\n")
}

pub(crate) fn btauth_holds(claim: &BtauthClaim, body: &[u8]) -> bool {
    let payload = btauth_payload(claim, body);
    match claim.scheme {
        Scheme::Sr25519 => crate::verify(&claim.public, payload.as_bytes(), &claim.signature),
        Scheme::Ed25519 => ed25519_dalek::VerifyingKey::from_bytes(&claim.public).is_ok_and(|key| {
            key.verify_strict(payload.as_bytes(), &ed25519_dalek::Signature::from_bytes(&claim.signature)).is_ok()
        }),
    }
}
