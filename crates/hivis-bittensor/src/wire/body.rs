//! A body to a synapse.

use http::HeaderMap;
use serde_json::{Map, Value};

use crate::number::{lax_float, lax_int, read_json};
use crate::wire::{BODY_HASH, Claim, Form, Refusal};

/// Longest text of the body's `dendrite` and `axon` that is echoed.
const ECHO: usize = 200;
/// Notes on unknown fields that are kept.
const NOTES: usize = 8;

/// The subnet's question as its body carries it. A field that is left out has the class's default.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSynapse {
    /// The picture, base64; `None` when the field is missing. A ping has none.
    pub image: Option<String>,
    /// The true label on testnet; -1 when there is none.
    pub testnet_label: i64,
    /// What the caller wrote as the answer; -1 as a rule.
    pub prediction: f64,
    /// The body's own `timeout` in seconds; only echoed.
    pub timeout_s: f64,
    /// The body's `dendrite`: anybody's text, only echoed.
    pub dendrite: Terminal,
    /// The body's `axon`: anybody's text, only echoed.
    pub axon: Terminal,
    /// What was odd, for the person who looks: unknown fields.
    pub notes: Vec<String>,
}

/// One end of the wire as a body describes it. Never an identity.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the field names are the wire's own, and nothing reads them")]
pub struct Terminal {
    pub ip: Option<String>,
    pub port: Option<i64>,
    pub version: Option<i64>,
    pub nonce: Option<i64>,
    pub uuid: Option<String>,
    pub hotkey: Option<String>,
    pub signature: Option<String>,
}

/// Reads the body of a verified request. Text that is not JSON: 422. A JSON body under another content type, a wrong or
/// missing `computed_body_hash` (`btauth/1` has none), no object, or a field of the wrong type: 500.
pub fn parse_body(claim: &Claim, headers: &HeaderMap, body: &[u8]) -> Result<ImageSynapse, Refusal> {
    let bad = |kind, what| Refusal::new(500, kind, format!("Internal Server Error: {what}"));
    if !says_json(headers) {
        return Err(bad("content-type", "the content type is not application/json"));
    }
    if body.is_empty() {
        return Err(bad("body-empty", "the body is empty"));
    }
    let value = read_json(body)
        .map_err(|_| Refusal { form: Form::Detail, ..Refusal::new(422, "body-json", "JSON decode error") })?;
    if let Claim::Axon(claim) = claim
        && claim.body_hash.as_deref() != Some(BODY_HASH)
    {
        return Err(bad("body-hash", "Hash mismatch between header body hash and parsed body hash"));
    }
    let Value::Object(fields) = value else {
        return Err(bad("body-shape", "the body is no object"));
    };
    synapse(fields).map_err(|what| bad("body-shape", what))
}

/// `application/json`, `application/*+json`, or nothing said.
fn says_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(http::header::CONTENT_TYPE) else { return true };
    value.to_str().is_ok_and(is_json)
}

/// Whether a content type's text means JSON, parameters ignored.
pub(crate) fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.strip_prefix("application/").is_some_and(|sub| sub == "json" || sub.ends_with("+json"))
}

fn synapse(mut fields: Map<String, Value>) -> Result<ImageSynapse, &'static str> {
    let mut of = |name: &str| fields.remove(name);
    let image = match of("image") {
        None => None,
        Some(Value::String(text)) => Some(text),
        Some(_) => return Err("image is no text"),
    };
    let testnet_label = match of("testnet_label") {
        None => -1,
        Some(value) => lax_int(&value).ok_or("testnet_label is no whole number")?,
    };
    let prediction = match of("prediction") {
        None => -1.0,
        Some(value) => lax_float(&value).ok_or("prediction is no number")?,
    };
    let timeout_s = match of("timeout") {
        None | Some(Value::Null) => 12.0,
        Some(value) => lax_float(&value).ok_or("timeout is no number")?,
    };
    let dendrite = terminal(of("dendrite")).ok_or("dendrite is no object")?;
    let axon = terminal(of("axon")).ok_or("axon is no object")?;
    for known in ["name", "total_size", "header_size", "computed_body_hash"] {
        of(known);
    }
    let note = |name: &String| format!("unknown field {}", name.chars().take(40).collect::<String>());
    let notes = fields.keys().take(NOTES).map(note).collect();
    Ok(ImageSynapse { image, testnet_label, prediction, timeout_s, dendrite, axon, notes })
}

/// What does not parse, or could not stand in a header, is left out: nobody reads it.
fn terminal(value: Option<Value>) -> Option<Terminal> {
    let Some(value) = value else { return Some(Terminal::default()) };
    let Value::Object(fields) = value else { return None };
    let text = |name| {
        let text = fields.get(name)?.as_str()?;
        let fit = text.len() <= ECHO && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        fit.then(|| text.to_owned())
    };
    let int = |name| fields.get(name).and_then(lax_int);
    Some(Terminal {
        ip: text("ip"),
        port: int("port"),
        version: int("version"),
        nonce: int("nonce"),
        uuid: text("uuid"),
        hotkey: text("hotkey"),
        signature: text("signature"),
    })
}
