//! Seeded mutations of good requests: no panic, no verified claim from changed signed bytes, bounded texts.
//!
//! `HIVIS_FUZZ_SECONDS` (default 2) bounds each test; seeds count up from 0, so that a failure names its own.

use std::time::{Duration, Instant};

use hivis_bittensor::golden::{Request, btauth_request, question};
use hivis_bittensor::wire::{self, Claim, Moment, NonceBook, Voice};
use hivis_bittensor::{Keypair, golden};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const NOW: u64 = 1_795_443_488_000_000_000;

fn seconds() -> Duration {
    let text = std::env::var("HIVIS_FUZZ_SECONDS").unwrap_or_else(|_| "2".to_owned());
    Duration::from_secs_f64(text.parse().expect("HIVIS_FUZZ_SECONDS is a number of seconds"))
}

/// Changes one thing.
fn mutate(request: &mut Request, rng: &mut ChaCha8Rng) {
    let at = if request.headers.is_empty() { 0 } else { rng.random_range(0..request.headers.len()) };
    match rng.random_range(0..12) {
        _ if request.headers.is_empty() => mutate_bytes(&mut request.body, rng),
        0 => drop(request.headers.remove(at)),
        1 => {
            let (name, value) = request.headers[at].clone();
            request.headers.insert(rng.random_range(0..=at), (name, scramble(&value, rng)));
        }
        2 => request.headers[at].0 = scramble(&request.headers[at].0, rng),
        3 => {
            let other = rng.random_range(0..request.headers.len());
            request.headers[at].1 = request.headers[other].1.clone();
        }
        4 => {
            let odd = ["nan", "-inf", "1e999", "", "0x", "٣", "9".repeat(400).as_str(), "1_0", "None", "-0"]
                [rng.random_range(0..10)]
            .to_owned();
            request.headers[at].1 = odd;
        }
        5 => request.target = scramble(&request.target, rng),
        6 => ["GET", "PUT", "post", "X"][rng.random_range(0..4)].clone_into(&mut request.method),
        7 | 8 => mutate_bytes(&mut request.body, rng),
        _ => request.headers[at].1 = scramble(&request.headers[at].1, rng),
    }
}

fn mutate_bytes(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..=bytes.len());
    match rng.random_range(0..4) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, rng.random()),
        2 => {
            let piece = bytes[at..].to_vec();
            bytes.extend(piece);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.random_range(0..8);
            }
        }
    }
    bytes.truncate(1 << 16);
}

fn scramble(text: &str, rng: &mut ChaCha8Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    mutate_bytes(&mut bytes, rng);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a signature covers, as the axon would read it; a verified request must agree in all of it.
fn covered(request: &Request, claim: &Claim) -> String {
    let nonce = claim.nonce();
    let (hotkey, uuid) = (claim.hotkey().cloned(), claim.uuid().map(str::to_owned));
    let (method, uri, headers) = request.head();
    match claim {
        Claim::Axon(_) => format!("{nonce:?} {hotkey:?} {uuid:?} {:?}", headers.get("computed_body_hash")),
        Claim::Btauth(_) => format!("{nonce:?} {hotkey:?} {method} {uri} {:?}", request.body),
    }
}

#[test]
fn mutated_requests_never_panic_and_never_verify() {
    let own = Keypair::from_uri("//Bob").unwrap().hotkey();
    let voice = Voice::new(Keypair::from_uri("//Bob").unwrap(), NOW);
    let at = Moment { peer: ([127, 0, 0, 1], 5).into(), now_ns: NOW, process_time_s: 0.0 };
    let bases =
        [question(NOW), btauth_request(NOW, r#"{"image": "aGVsbG8=", "prediction": -1.0, "axon": {"port": 1}}"#)];
    let claim_of = |request: &Request| {
        let (method, uri, headers) = request.head();
        wire::parse_headers(&method, &uri, &headers).map(|claim| (claim, headers))
    };
    let signed = bases.each_ref().map(|base| covered(base, &claim_of(base).unwrap().0));
    let end = Instant::now() + seconds();
    let (mut seed, mut verified, mut refused, mut unread) = (0, 0, 0, 0);
    while Instant::now() < end {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let which = rng.random_range(0..2);
        let mut request = bases[which].clone();
        for _ in 0..rng.random_range(1..4) {
            mutate(&mut request, &mut rng);
        }
        let outcome = claim_of(&request);
        let response = match &outcome {
            Err(refusal) => {
                unread += 1;
                voice.refusal_response(refusal, None, &at)
            }
            Ok((claim, headers)) => {
                let mut book = NonceBook::new();
                match wire::verify(claim, &own, NOW, &mut book, Some(&request.body)) {
                    Ok(caller) => {
                        verified += 1;
                        assert_eq!(covered(&request, claim), signed[which], "seed {seed} verifies {request:?}");
                        assert_eq!(book.len(), 1);
                        assert_eq!(caller.nonce, NOW);
                    }
                    Err(refusal) => {
                        refused += 1;
                        assert!(refusal.message.len() <= 160 && refusal.message.is_ascii(), "seed {seed}: {refusal}");
                        assert!(book.is_empty());
                    }
                }
                // The body's reader faces everything, verified or not.
                match wire::parse_body(claim, headers, &request.body) {
                    Ok(synapse) => voice.success_response(claim, &synapse, f64::NAN, &at),
                    Err(refusal) => voice.refusal_response(&refusal, Some(claim), &at),
                }
            }
        };
        let size: usize = response.headers().iter().map(|(n, v)| n.as_str().len() + v.len()).sum();
        assert!(size + response.body().len() < 10_000, "seed {seed}: {size} bytes of headers");
        if !response.body().is_empty() {
            let json: Result<serde_json::Value, _> = serde_json::from_slice(response.body());
            assert!(json.is_ok(), "seed {seed}: {response:?}");
        }
        seed += 1;
    }
    println!("{seed} requests: {verified} verified, {refused} refused, {unread} not read");
    assert!(verified > 0 && refused > 0 && unread > 0, "the mutations reach every outcome");
}

#[test]
fn mutated_captures_never_break_the_dendrite() {
    let replies = crate::golden::wire_files(|name| name.ends_with("_success") || name.ends_with("_bad_signature"));
    let answers: Vec<golden::Answer> =
        replies.iter().map(|(_, text)| golden::Capture::read(text).answer.unwrap()).collect();
    if answers.is_empty() {
        return;
    }
    let end = Instant::now() + seconds();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut seed = 0;
    while Instant::now() < end {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut bytes = answers[rng.random_range(0..answers.len())].bytes();
        for _ in 0..rng.random_range(1..6) {
            mutate_bytes(&mut bytes, &mut rng);
        }
        let reply = runtime.block_on(crate::dendrite::ask(crate::dendrite::Served::Bytes(bytes)));
        assert!(reply.message.as_ref().is_none_or(|text| text.chars().count() <= 300), "seed {seed}");
        assert!(reply.latency < Duration::from_secs(11), "seed {seed}");
        seed += 1;
    }
    println!("{seed} replies");
}
