//! Rules of the wire that no capture shows.

use hivis_bittensor::golden::{Request, question};
use hivis_bittensor::wire::{self, Moment, NonceBook, Refusal, Voice};
use hivis_bittensor::{Keypair, ss58, verify};
use serde_json::Value;
use sha3::Digest;

use crate::small_axon::{SmallAxon, statuses};

const NOW: u64 = 1_795_443_488_000_000_000;
const SECOND: u64 = 1_000_000_000;

fn moment() -> Moment {
    Moment { peer: ([203, 0, 113, 5], 40404).into(), now_ns: NOW, process_time_s: 0.25 }
}

#[test]
fn the_body_hash_is_that_of_no_fields() {
    assert_eq!(wire::BODY_HASH, hex::encode(sha3::Sha3_256::digest(b"")));
}

#[test]
fn the_window_is_the_sdks_with_a_cap_and_an_end_ahead() {
    for (age_ms, timeout, passes) in [
        (8_999, "5.0", true),
        (9_000, "5.0", false),
        (15_999, "12", true),
        (15_999, "1e9", true),
        (16_000, "1e9", false),
        (16_000, "inf", false),
        (3_999, "nan", true),
        (4_000, "nan", false),
        (3_999, "-5", true),
        (4_000, "-5", false),
        (-4_000, "5.0", true),
        (-4_001, "5.0", false),
    ] {
        let mut request = question((NOW as i64 - age_ms * 1_000_000) as u64);
        request.set("timeout", timeout);
        let status = statuses(&SmallAxon::new().answer(&request, NOW)).http;
        assert_eq!(status, if passes { 200 } else { 401 }, "{age_ms} ms with timeout {timeout}");
    }
}

#[test]
fn a_nonce_is_good_once_and_kept_only_when_verified() {
    let mut axon = SmallAxon::new();
    let good = question(NOW);
    let mut forged = good.clone();
    forged.set("bt_header_dendrite_signature", format!("0x{}", "11".repeat(64)));
    assert_eq!(axon.answer(&forged, NOW).status(), 401);
    assert_eq!(axon.answer(&good, NOW).status(), 200, "a forged request burns no nonce");
    assert_eq!(axon.answer(&good, NOW + SECOND).status(), 401);
    assert_eq!(axon.answer(&question(NOW - SECOND), NOW + SECOND).status(), 200, "overtaken, yet honest");
    let mut other = good.clone();
    other.set("bt_header_dendrite_uuid", "another");
    assert_eq!(axon.answer(&other, NOW).status(), 401, "the uuid is signed, and no way around the set");
}

#[test]
fn a_refusal_is_signed_short_and_echoes_nothing_long() {
    let bob = Keypair::from_uri("//Bob").unwrap();
    let voice = Voice::new(bob.clone(), NOW);
    let mut request = question(NOW - 60 * SECOND);
    let answer = SmallAxon::new().answer(&request, NOW);
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    let message = format!(
        "{}.{}.{}.{}",
        header("bt_header_axon_nonce"),
        header("bt_header_dendrite_hotkey"),
        header("bt_header_axon_hotkey"),
        header("bt_header_axon_uuid")
    );
    let signature: [u8; 64] = hex::decode(&header("bt_header_axon_signature")[2..]).unwrap().try_into().unwrap();
    assert!(verify(&ss58::decode(bob.hotkey().as_str()).unwrap(), message.as_bytes(), &signature));
    assert!(header("bt_header_axon_status_message").contains("acceptable delta is 9.00 seconds but request was 60.00"));

    for name in
        ["bt_header_dendrite_uuid", "bt_header_axon_ip", "bt_header_axon_hotkey", "bt_header_dendrite_signature"]
    {
        request.set(name, "x".repeat(10_000));
    }
    let (method, uri, headers) = request.head();
    let claim = wire::parse_headers(&method, &uri, &headers).unwrap();
    let refusal = Refusal::not_permitted();
    let answer = voice.refusal_response(&refusal, Some(&claim), &moment());
    let size: usize = answer.headers().iter().map(|(n, v)| n.as_str().len() + v.len()).sum();
    assert!(size + answer.body().len() < 2_000, "{size} bytes of headers");
    assert_eq!(answer.headers()["bt_header_dendrite_ip"], "203.0.113.5");
    assert_eq!(answer.headers()["bt_header_dendrite_port"], "40404");
    for path in ["/".to_owned() + &"x".repeat(5000), "/%27%0d%0aevil".to_owned()] {
        let refusal = wire::parse_headers(&method, &path.parse().unwrap(), &headers).unwrap_err();
        assert_eq!((refusal.status, refusal.message.contains('x') || refusal.message.contains('%')), (404, false));
    }
}

#[test]
fn nothing_but_a_number_leaves() {
    let (method, uri, headers) = question(NOW).head();
    let claim = wire::parse_headers(&method, &uri, &headers).unwrap();
    let voice = Voice::new(Keypair::from_uri("//Bob").unwrap(), NOW);
    let body = br#"{"image": "", "timeout": "nan", "prediction": NaN, "axon": {"port": 1e400, "ip": "a\nb"}}"#;
    let synapse = wire::parse_body(&claim, &headers, body).unwrap();
    for (prediction, sent) in [(f64::NAN, -1.0), (f64::INFINITY, -1.0), (0.5, 0.5), (-1.0, -1.0)] {
        let answer = voice.success_response(&claim, &synapse, prediction, &moment());
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["prediction"].as_f64(), Some(sent));
        assert_eq!(body["timeout"].as_f64(), Some(12.0));
        assert!(body.get("image").is_none(), "the picture is not sent back");
        assert_eq!(answer.headers()["bt_header_axon_process_time"], "0.25");
        assert!(!answer.headers().contains_key("bt_header_axon_ip"), "a text with a line end is no header");
    }
}

#[test]
fn bodies_are_read_as_the_sdk_reads_them() {
    let (method, uri, headers) = question(NOW).head();
    let claim = wire::parse_headers(&method, &uri, &headers).unwrap();
    for (body, outcome) in [
        (r#"{"image": "aa", "testnet_label": 1}"#, Ok((Some("aa"), 1, 0))),
        (r#"{"image": "aa", "testnet_label": "0", "x": 1}"#, Ok((Some("aa"), 0, 1))),
        ("{}", Ok((None, -1, 0))),
        (r#"{"image": null}"#, Err(500)),
        (r#"{"image": "a", "prediction": null}"#, Err(500)),
        (r#"{"image": "a", "testnet_label": 0.5}"#, Err(500)),
        (r#"{"image": "a", "dendrite": null}"#, Err(500)),
        (r#"{"image": "a", "axon": 5}"#, Err(500)),
        ("null", Err(500)),
        ("\"text\"", Err(500)),
        ("{\"image\": \"a\"} trailing", Err(422)),
        ("\u{feff}{", Err(422)),
    ] {
        let read = wire::parse_body(&claim, &headers, body.as_bytes());
        let got = read.as_ref().map(|s| (s.image.as_deref(), s.testnet_label, s.notes.len())).map_err(|r| r.status);
        assert_eq!(got, outcome, "{body}");
    }
    assert_eq!(wire::parse_body(&claim, &headers, b"\xff\xfe").unwrap_err().status, 422);
}

#[test]
fn numbers_in_headers_are_pythons() {
    let mut book = NonceBook::new();
    let own = Keypair::from_uri("//Bob").unwrap().hotkey();
    let mut check = |change: &dyn Fn(&mut Request), outcome: Result<u64, u16>| {
        let mut request = question(NOW);
        change(&mut request);
        let (method, uri, headers) = request.head();
        let got = wire::parse_headers(&method, &uri, &headers)
            .and_then(|claim| wire::verify(&claim, &own, NOW, &mut book, None))
            .map(|verified| verified.nonce)
            .map_err(|refusal| refusal.status);
        assert_eq!(got, outcome, "{request:?}");
    };
    check(&|r| r.set("bt_header_dendrite_nonce", format!("+{NOW}")), Ok(NOW));
    for (name, value) in [
        ("bt_header_dendrite_version", "10.5.0"),
        ("bt_header_dendrite_nonce", "1.5"),
        ("bt_header_axon_port", "http"),
        ("timeout", "soon"),
        ("bt_header_axon_process_time", ""),
    ] {
        check(&|r| r.set(name, value), Err(500));
    }
    for nonce in ["-1", "0", "99999999999999999999999999999999999999999999", "5"] {
        check(&|r| r.set("bt_header_dendrite_nonce", nonce), Err(401));
    }
}
