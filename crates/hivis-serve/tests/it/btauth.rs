//! `btauth/1` of bittensor 11: the same questions under other headers.

use std::fmt::Write;

use hivis_serve::AxonSettings;
use hivis_types::Protocol;
use sha2::{Digest, Sha256};

use crate::{
    asking::{answer_to, body, grey, nonce},
    world::{Answer, World, hotkey, key},
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// A request of `who` for `receiver`; `sent` is the body that goes over the wire, `signed` the one under the signature.
fn request(who: &str, receiver: &str, nonce: u64, signed: &[u8], sent: &[u8]) -> Vec<u8> {
    let me = hotkey(who);
    let text = [
        "btauth/1",
        "sr25519",
        "POST",
        "/ImageSynapse?a=1",
        &hex(&Sha256::digest(signed)),
        &nonce.to_string(),
        me.as_str(),
        receiver,
    ]
    .join("\n");
    let signature = hex(&key(who).sign(text.as_bytes()));
    let head = format!(
        "POST /ImageSynapse?a=1 HTTP/1.1\r\nHost: test\r\nX-Bittensor-Version: 1\r\nX-Bittensor-Hotkey: {me}\r\n\
         X-Bittensor-Nonce: {nonce}\r\nX-Bittensor-Signature: 0x{signature}\r\nX-Bittensor-Receiver: {receiver}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        sent.len()
    );
    [head.as_bytes(), sent].concat()
}

async fn ask(world: &World, who: &str, receiver: &str, nonce: u64, altered: bool) -> Answer {
    let signed = body(&grey(200));
    let sent = if altered { body(&grey(10)) } else { signed.clone() };
    world.send(request(who, receiver, nonce, &signed, &sent)).await
}

#[tokio::test]
async fn it_is_answered_and_recorded_like_the_other() {
    let world = World::start(AxonSettings::default());
    let answer = ask(&world, "Alice", hotkey("Bob").as_str(), nonce(), false).await;
    assert_eq!(answer.statuses(), (200, Some(200)), "{answer:?}");
    assert!((answer.prediction() - answer_to(200)).abs() < 0.01);
    let record = world.record().await;
    assert_eq!((record.protocol, record.caller.hotkey), (Protocol::Btauth, hotkey("Alice")));
    assert!(record.judgement.is_some() && record.timings.body_us > 0);
}

#[tokio::test]
async fn it_is_refused_when_anything_is_wrong() {
    let world = World::start(AxonSettings::default());
    let bob = hotkey("Bob");
    let bob = bob.as_str();
    let second = 1_000_000_000;
    assert_eq!(ask(&world, "Alice", hotkey("Alice").as_str(), nonce(), false).await.status, 401, "another receiver");
    assert_eq!(ask(&world, "Alice", bob, nonce() - 12 * second, false).await.status, 401, "too old");
    assert_eq!(ask(&world, "Alice", bob, nonce() + 4 * second, false).await.status, 401, "too early");
    assert_eq!(ask(&world, "Dave", bob, nonce(), false).await.status, 403, "no permit");
    assert_eq!(ask(&world, "Alice", bob, nonce(), true).await.status, 401, "another body than the signed one");
    let once = nonce();
    assert_eq!(ask(&world, "Alice", bob, once, false).await.status, 200);
    assert_eq!(ask(&world, "Alice", bob, once, false).await.status, 401, "a replay");
    assert_eq!(world.records().len(), 1, "only verified callers are recorded");
}

#[tokio::test]
async fn its_body_has_the_same_limits() {
    let mut settings = AxonSettings::default();
    settings.limits.body_bytes = 1000;
    let world = World::start(settings);
    assert_eq!(ask(&world, "Alice", hotkey("Bob").as_str(), nonce(), false).await.statuses(), (413, Some(413)));
    assert!(world.records().is_empty());
}
