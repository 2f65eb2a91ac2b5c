//! Any receiver: the signature, slow answers, long answers.

use std::time::{Duration, Instant};

use hivis_notify::{ChannelError, Notifier as _, Secret, SendError, Webhook};
use hivis_testbed::notify::{FakeHook, Fault};

use crate::world::{LIMIT, parcel};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_is_what_arrives() {
    let fake = FakeHook::start();
    let key = Secret::new("key");
    let hook = Webhook::new("ops", &Secret::new(fake.url()), Some(key), LIMIT).unwrap();
    hook.send(&parcel(&["\u{e4}\u{202e}\n"])).await.unwrap();
    let delivery = fake.deliveries().remove(0);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &delivery.bytes).unwrap();
    // OpenSSL is somebody else's HMAC.
    let said = std::process::Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", "key", "-r"])
        .arg(file.path())
        .output()
        .unwrap();
    let digest = String::from_utf8(said.stdout).unwrap();
    let digest = digest.split_whitespace().next().unwrap();
    assert_eq!(delivery.headers["x-hivis-signature-256"].to_str().unwrap(), format!("sha256={digest}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_long_answers_end_in_time() {
    let fake = FakeHook::start();
    let limit = Duration::from_millis(300);
    let hook = Webhook::new("ops", &Secret::new(fake.url()), None, limit).unwrap();
    fake.fault(Fault::Slow(Duration::from_mins(10)));
    let begun = Instant::now();
    assert!(matches!(hook.send(&parcel(&["x"])).await.unwrap_err(), SendError::Unsure { .. }));
    assert!(begun.elapsed() < Duration::from_mins(1), "it did not wait for the answer");
    fake.fault(Fault::Long(10 << 20));
    hook.send(&parcel(&["x"])).await.unwrap();
    for (status, gone) in [(410, true), (404, false), (503, false), (422, false)] {
        fake.fault(Fault::Status(status, Vec::new(), "x".repeat(10_000)));
        let error = hook.send(&parcel(&["x"])).await.unwrap_err();
        assert_eq!(matches!(error, SendError::Gone { .. }), gone, "{status}: {error}");
        assert!(error.to_string().len() < 300, "{error}");
    }
}

#[test]
fn a_secret_address_is_not_used_in_the_clear() {
    let hook = |address: &str| Webhook::new("x", &Secret::new(address), None, LIMIT);
    for good in ["https://x.example/hook", "http://127.0.0.1:9/x", "http://[::1]:9/x", "http://192.168.1.4/x"] {
        assert!(hook(good).is_ok(), "{good}");
    }
    for bad in ["", "x.example", "ftp://x.example", "file:///etc/passwd"] {
        assert!(matches!(hook(bad), Err(ChannelError::Address)), "{bad}");
    }
    assert!(matches!(hook("http://x.example/hook"), Err(ChannelError::Clear { .. })));
}
