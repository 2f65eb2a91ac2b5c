//! The raw requests, signed afresh, through the functions of `wire`.

use hivis_bittensor::golden::{btauth_payload, btauth_request, raw_cases};
use serde_json::Value;

use crate::golden;
use crate::small_axon::{SmallAxon, statuses};

const NOW: u64 = 1_795_443_488_000_000_000;

#[test]
fn golden_raw_requests() {
    let files = golden::wire_files(|name| name.ends_with("_raw_requests"));
    for (file, text) in &files {
        let mut axon = SmallAxon::new();
        let cases = raw_cases(text, NOW);
        assert!(cases.len() >= 33, "{file} holds {} cases", cases.len());
        for case in cases {
            let answers = case.requests.iter().map(|request| axon.answer(request, NOW));
            let answer = answers.last().unwrap();
            assert_eq!(statuses(&answer), case.expected, "{file}: {}", case.name);
            if answer.status() == 200 {
                let body: Value = serde_json::from_slice(answer.body()).unwrap();
                assert_eq!(body["prediction"], 0.73, "{file}: {}", case.name);
            }
        }
    }
}

#[test]
fn golden_btauth_payloads_and_signatures() {
    for (_, text) in golden::wire_files(|name| name.starts_with("btauth1")) {
        let file: Value = serde_json::from_str(&text).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap().to_owned();
            let mut request = btauth_request(0, &text("body_utf8"));
            (request.method, request.target) = (text("method"), text("path"));
            request.headers = vector["headers"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect();
            let (payload, holds) = btauth_payload(&request).unwrap();
            assert_eq!(payload, text("payload_utf8"), "{}", vector["name"]);
            assert!(holds, "{}", vector["name"]);
            request.body.push(b' ');
            assert!(!btauth_payload(&request).unwrap().1, "{}: the body is covered", vector["name"]);
        }
    }
}

#[test]
fn btauth_requests_are_answered_and_checked_in_order() {
    let good = r#"{"image": "aGVsbG8="}"#;
    let mut axon = SmallAxon::new();
    let mut check = |what: &str, status: u16, change: &dyn Fn(&mut hivis_bittensor::golden::Request)| {
        let mut request = btauth_request(NOW + status as u64, good);
        change(&mut request);
        let answer = axon.answer(&request, NOW);
        assert_eq!(statuses(&answer).bt.unwrap_or(answer.status().as_u16()), status, "{what}");
        String::from_utf8(answer.body().to_vec()).unwrap()
    };
    assert!(check("good", 200, &|_| {}).contains("0.73"));
    assert!(check("the same again", 401, &|r| *r = btauth_request(NOW + 200, good)).contains("used before"));
    check("other body", 401, &|r| r.body = br#"{"image": "aGVsbG9="}"#.to_vec());
    check("other path", 401, &|r| r.target = "/ImageSynapse?a=1".to_owned());
    check("other method", 401, &|r| r.method = "GET".to_owned());
    check("version 2", 401, &|r| r.set("x-bittensor-version", "2"));
    check("no receiver", 401, &|r| r.remove("x-bittensor-receiver"));
    check("another receiver", 401, &|r| {
        let alice = r.header("x-bittensor-hotkey").unwrap().to_owned();
        r.set("x-bittensor-receiver", alice);
    });
    assert!(check("11 s old", 401, &|r| *r = btauth_request(NOW - 11_000_000_000, good)).contains("too old"));
    check("9 s old", 200, &|r| *r = btauth_request(NOW - 9_000_000_000, good));
    assert!(check("3 s ahead", 401, &|r| *r = btauth_request(NOW + 3_000_000_000, good)).contains("future"));
    check("1 s ahead", 200, &|r| *r = btauth_request(NOW + 1_000_000_000, good));
    check("not JSON", 422, &|r| *r = btauth_request(NOW + 1, "{"));
    check("no object", 500, &|r| *r = btauth_request(NOW + 2, "[]"));
    check("the other scheme", 401, &|r| r.set("x-bittensor-crypto", "ed25519"));
    check("no scheme", 401, &|r| r.set("x-bittensor-crypto", "ecdsa"));
}
