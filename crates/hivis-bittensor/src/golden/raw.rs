//! The 34 raw requests: what each sends, and what hivis answers.

use super::{Answer, Request, raw_answers};
use crate::wire::BODY_HASH;
use crate::{Keypair, wire};

/// What a server must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// HTTP status.
    pub http: u16,
    /// `bt_header_axon_status_code`; `None`: the header must not be there.
    pub bt: Option<u16>,
}

/// One raw case.
#[derive(Clone, Debug)]
pub struct RawCase {
    /// Its name in the file.
    pub name: String,
    /// What is sent, each request on a connection of its own, in this order; the last one's answer is the case's.
    pub requests: Vec<Request>,
    /// The captured statuses, or hivis' own where it differs.
    pub expected: Expected,
}

/// The cases of a `<release>_raw_requests.txt`, signed for `now_ns` (Unix time in nanoseconds). `forward_returns_nan`
/// needs code of a user's that hivis does not have, and is left out. The callers' hotkey, `//Alice`, must have a permit.
pub fn raw_cases(text: &str, now_ns: u64) -> Vec<RawCase> {
    let answers = raw_answers(text).into_iter().filter(|(name, _)| name != "forward_returns_nan");
    let case = |(serial, (name, answer)): (usize, (String, Answer))| {
        // A nonce of its own for each case: they all come from one hotkey.
        let requests = requests(&name, now_ns + 2 * serial as u64);
        RawCase { expected: expected(&name, &answer), requests, name }
    };
    answers.enumerate().map(case).collect()
}

/// "Where hivis differs from the captured SDK, and only here" of the wire's README.
fn expected(name: &str, captured: &Answer) -> Expected {
    let differs = match name {
        // A set of nonces, not a highest one; and the axon's status is never the caller's to choose.
        "older_nonce_same_uuid" | "body_status_injected" | "body_no_content_type" => Some(200),
        // The window holds for every version, is capped, and is closed ahead.
        "no_version_old_nonce" | "huge_timeout_old_nonce" | "future_nonce" => Some(401),
        _ => None,
    };
    differs.map_or(Expected { http: captured.status, bt: captured.bt_status() }, |status| Expected {
        http: status,
        bt: Some(status),
    })
}

fn alice() -> Keypair {
    Keypair::from_uri("//Alice").expect("a development key")
}

/// A question of `//Alice` to `//Bob`, signed for `nonce`, with a small body; every case starts from it.
pub fn question(nonce: u64) -> Request {
    let bob = Keypair::from_uri("//Bob").expect("a development key").hotkey();
    let fields = [
        ("name", "ImageSynapse".to_owned()),
        ("timeout", "5.0".to_owned()),
        ("bt_header_axon_ip", "127.0.0.1".to_owned()),
        ("bt_header_axon_port", "18312".to_owned()),
        ("bt_header_axon_hotkey", bob.as_str().to_owned()),
        ("bt_header_dendrite_ip", "198.51.100.7".to_owned()),
        ("bt_header_dendrite_version", wire::VERSION.to_string()),
        ("bt_header_dendrite_nonce", nonce.to_string()),
        ("bt_header_dendrite_uuid", "0d99dfbc-e723-11f1-8caf-020000000001".to_owned()),
        ("bt_header_dendrite_hotkey", alice().hotkey().as_str().to_owned()),
        ("bt_header_dendrite_signature", String::new()),
        ("header_size", "464".to_owned()),
        ("total_size", "3212".to_owned()),
        ("computed_body_hash", BODY_HASH.to_owned()),
        ("Content-Type", "application/json".to_owned()),
    ];
    let mut request = Request {
        method: "POST".to_owned(),
        target: "/ImageSynapse".to_owned(),
        headers: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: br#"{"image": "aGVsbG8="}"#.to_vec(),
        chunked: false,
    };
    sign(&mut request, |message| message);
    request
}

/// Signs what the headers say, after `wrap`.
fn sign(request: &mut Request, wrap: impl Fn(String) -> String) {
    let bob = Keypair::from_uri("//Bob").expect("a development key").hotkey();
    let part = |name| request.header(name).unwrap_or("None");
    let message = format!(
        "{}.{}.{bob}.{}.{}",
        part("bt_header_dendrite_nonce"),
        part("bt_header_dendrite_hotkey"),
        part("bt_header_dendrite_uuid"),
        part("computed_body_hash")
    );
    let signature = alice().sign(wrap(message).as_bytes());
    request.set("bt_header_dendrite_signature", format!("0x{}", hex::encode(signature)));
}

/// What a case sends.
fn requests(name: &str, now: u64) -> Vec<Request> {
    const HOUR: u64 = 3_600_000_000_000;
    let plain = question(now);
    // `change` before signing, `after` it.
    let signed = |change: &dyn Fn(&mut Request)| {
        let mut request = plain.clone();
        change(&mut request);
        sign(&mut request, |message| message);
        vec![request]
    };
    let after = |change: &dyn Fn(&mut Request)| {
        let mut request = plain.clone();
        change(&mut request);
        vec![request]
    };
    let nonce = |nonce: u64| move |r: &mut Request| r.set("bt_header_dendrite_nonce", nonce.to_string());
    let body = |text: &'static str| move |r: &mut Request| r.body = text.as_bytes().to_vec();
    let path = |target: &'static str| move |r: &mut Request| target.clone_into(&mut r.target);
    let method = |name: &'static str| move |r: &mut Request| name.clone_into(&mut r.method);
    match name {
        "only_needed_fields" => vec![plain],
        "replayed_nonce" => vec![plain.clone(), plain],
        "older_nonce_same_uuid" => [vec![plain.clone()], signed(&nonce(now - 1_000_000))].concat(),
        "future_nonce" => signed(&nonce(now + HOUR)),
        "no_version_old_nonce" => signed(&|r| {
            nonce(now - HOUR)(r);
            r.remove("bt_header_dendrite_version");
        }),
        "no_timeout_header_old_6s" => signed(&|r| {
            nonce(now - 6_000_000_000)(r);
            r.remove("timeout");
        }),
        "huge_timeout_old_nonce" => signed(&|r| {
            nonce(now - HOUR)(r);
            r.set("timeout", "100000");
        }),
        "missing_nonce" => signed(&|r| r.remove("bt_header_dendrite_nonce")),
        "missing_hotkey" => signed(&|r| r.remove("bt_header_dendrite_hotkey")),
        "bad_hotkey" => signed(&|r| r.set("bt_header_dendrite_hotkey", "nonsense")),
        "nonce_not_a_number" => signed(&|r| r.set("bt_header_dendrite_nonce", "abc")),
        "signature_not_hex" => after(&|r| r.set("bt_header_dendrite_signature", "0xzz")),
        "signature_without_0x" => after(&|r| {
            let bare = r.header("bt_header_dendrite_signature").map(|text| text[2..].to_owned());
            r.set("bt_header_dendrite_signature", bare.expect("it was signed"));
        }),
        "signature_bytes_wrapped" => {
            let mut request = plain;
            sign(&mut request, |message| format!("<Bytes>{message}</Bytes>"));
            vec![request]
        }
        "no_bt_headers" => after(&|r| r.headers.retain(|(name, _)| name == "Content-Type")),
        "body_hash_mismatch" => signed(&|r| r.set("computed_body_hash", "0".repeat(64))),
        "body_hash_missing" => signed(&|r| r.remove("computed_body_hash")),
        "body_bad_json" => after(&body(r#"{"image":"#)),
        "body_empty" => after(&body("")),
        "body_list" => after(&body("[]")),
        "body_wrong_type" => after(&body(r#"{"image": 5}"#)),
        "body_text_plain" => after(&|r| r.set("Content-Type", "text/plain")),
        "body_no_content_type" => after(&|r| r.remove("Content-Type")),
        "body_chunked" => after(&|r| r.chunked = true),
        "method_get" => after(&method("GET")),
        "method_put" => after(&method("PUT")),
        "path_root" => after(&path("/")),
        "path_extra" => after(&path("/ImageSynapse/extra")),
        "path_slash" => after(&path("/ImageSynapse/")),
        "path_query" => after(&path("/ImageSynapse?a=1")),
        "name_header_other" => after(&|r| r.set("name", "Other")),
        "header_status_injected" => after(&|r| r.set("bt_header_axon_status_code", "200")),
        "body_status_injected" => {
            after(&body(r#"{"image": "aGVsbG8=", "axon": {"status_code": 418, "status_message": "teapot"}}"#))
        }
        other => panic!("`{other}` is a raw case that hivis does not know"),
    }
}

/// A `btauth/1` question of `//Alice` to `//Bob` with this body, signed for `nonce`.
pub fn btauth_request(nonce: u64, body: &str) -> Request {
    let bob = Keypair::from_uri("//Bob").expect("a development key").hotkey();
    let fields = [
        ("X-Bittensor-Version", "1".to_owned()),
        ("X-Bittensor-Hotkey", alice().hotkey().as_str().to_owned()),
        ("X-Bittensor-Nonce", nonce.to_string()),
        ("X-Bittensor-Signature", format!("0x{}", "0".repeat(128))),
        ("X-Bittensor-Receiver", bob.as_str().to_owned()),
        ("Content-Type", "application/json".to_owned()),
    ];
    let mut request = Request {
        method: "POST".to_owned(),
        target: "/ImageSynapse".to_owned(),
        headers: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: body.as_bytes().to_vec(),
        chunked: false,
    };
    let (payload, _) = super::btauth_payload(&request).expect("its shape is right");
    request.set("X-Bittensor-Signature", format!("0x{}", hex::encode(alice().sign(payload.as_bytes()))));
    request
}
