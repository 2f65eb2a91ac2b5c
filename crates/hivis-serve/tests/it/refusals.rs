//! Who is not answered.

use hivis_serve::{AxonSettings, NotReady, Permits};
use hivis_types::Silence;

use crate::{
    asking::Ask,
    world::{World, redness, scripted},
};

#[tokio::test]
async fn strangers_forgers_and_replays_are_refused_before_the_body() {
    let world = World::start(AxonSettings::default());
    let good = Ask::grey(1);
    let head = |ask: &Ask| String::from_utf8(ask.head()).unwrap();
    let cases = [
        ("a stranger", head(&Ask::grey(1).by("Dave")), 403),
        (
            "a stranger's wrong signature: the permit comes first",
            head(&Ask::grey(1).by("Dave")).replace("signature: 0x", "signature: 0xff"),
            403,
        ),
        ("a wrong signature", head(&good).replace("nonce: 1", "nonce: 10"), 401),
        ("no signature", head(&good).replace("bt_header_dendrite_signature", "x"), 401),
        ("no hotkey", head(&good).replace("bt_header_dendrite_hotkey", "x"), 401),
        ("a hotkey that is none", head(&good).replace("dendrite_hotkey: 5", "dendrite_hotkey: nonsense5"), 401),
        ("no nonce", head(&good).replace("bt_header_dendrite_nonce", "x"), 401),
        ("a nonce that is no number", head(&good).replace("dendrite_nonce: ", "dendrite_nonce: a"), 500),
        ("an unknown synapse", head(&good).replace("/ImageSynapse", "/OtherSynapse"), 404),
    ];
    for (what, head, status) in cases {
        let answer = world.send(head).await; // the body never comes
        assert_eq!(answer.statuses(), (status, Some(status)), "{what}: {answer:?}");
        assert!(answer.body.len() < 200, "a short text: {}", answer.body);
    }
    assert_eq!(world.send(good.bytes()).await.status, 200);
    assert_eq!(world.send(good.head()).await.statuses(), (401, Some(401)), "a replay");
    assert_eq!(world.records().len(), 1, "only verified callers are recorded");
}

#[tokio::test]
async fn stale_and_early_nonces_are_refused() {
    let world = World::start(AxonSettings::default());
    let second = 1_000_000_000;
    for (offset, status) in [(-20 * second, 401), (-15 * second, 200), (10 * second, 401), (3 * second, 200)] {
        let mut ask = Ask::grey(1);
        ask.nonce = ask.nonce.wrapping_add_signed(offset);
        assert_eq!(world.send(ask.bytes()).await.status, status, "{} s", offset / second);
    }
}

#[tokio::test]
async fn without_permits_everyone_is_refused_and_readiness_says_why() {
    let world = World::with(AxonSettings::default(), Permits::default(), None);
    assert_eq!(world.send(Ask::grey(1).head()).await.statuses(), (403, Some(403)));
    assert_eq!(world.axon.health().not_ready, [NotReady::NoPermits, NotReady::NoModel]);
    world.axon.set_permits(crate::world::permits());
    world.axon.models().swap(scripted(|pictures| Ok(redness(pictures))));
    assert!(world.axon.health().is_ready());
    assert_eq!(world.send(Ask::grey(1).bytes()).await.status, 200);
}

#[tokio::test]
async fn bodies_that_are_no_synapse_keep_the_sdks_status() {
    let world = World::start(AxonSettings::default());
    let cases: [(&str, u16); 6] =
        [("{\"image\":", 422), ("not json", 422), ("", 500), ("[]", 500), ("{\"image\": 5}", 500), ("7", 500)];
    for (body, status) in cases {
        let answer = world.send(Ask::new(body.into()).bytes()).await;
        assert_eq!(answer.status, status, "{body:?}: {answer:?}");
        let record = world.record().await;
        assert_eq!((record.status, record.silence), (status, Some(Silence::BadBody)), "{body:?}");
    }
}

#[tokio::test]
async fn other_methods_and_paths_say_what_is_wrong() {
    let world = World::start(AxonSettings::default());
    let ask = |method, target: &str| {
        let mut ask = Ask::grey(200);
        ask.method = method;
        target.clone_into(&mut ask.target);
        ask.bytes()
    };
    let cases = [
        ("PUT", "/ImageSynapse", 405, Some("{\"detail\":\"Method Not Allowed\"}")),
        ("DELETE", "/ImageSynapse", 405, Some("{\"detail\":\"Method Not Allowed\"}")),
        ("POST", "/ImageSynapse/extra", 404, Some("{\"detail\":\"Not Found\"}")),
        ("POST", "/ImageSynapse/", 307, None),
        ("GET", "/ImageSynapse", 200, None),
        ("POST", "/ImageSynapse?a=1", 200, None),
    ];
    for (method, target, status, body) in cases {
        let answer = world.send(ask(method, target)).await;
        assert_eq!(answer.status, status, "{method} {target}: {answer:?}");
        assert_eq!(answer.header("bt_header_axon_status_code").is_some(), status == 200, "{method} {target}");
        if let Some(body) = body {
            assert_eq!(answer.body, body, "{method} {target}");
        }
    }
    let redirect = world.send(ask("POST", "/ImageSynapse/")).await;
    assert_eq!(redirect.header("location"), Some("/ImageSynapse"));
}

#[tokio::test]
async fn a_ping_is_echoed_and_is_no_challenge() {
    let world = World::with(AxonSettings::default(), crate::world::permits(), None);
    let mut ask = Ask::new(b"{\"name\": \"Synapse\", \"timeout\": 5.0}".to_vec());
    ask.target = "/Synapse".to_owned();
    let answer = world.send(ask.bytes()).await;
    assert_eq!(answer.statuses(), (200, Some(200)));
    assert_eq!(answer.header("name"), Some("Synapse"));
    assert!(world.records().is_empty());
}

#[tokio::test]
async fn what_is_unknown_is_offered_once_asked_by_whom_we_know() {
    let world = World::start(AxonSettings::default());
    let post = |path: &str, hotkey: &str| {
        format!(
            "POST /{path} HTTP/1.1\r\nhost: a\r\nbt_header_dendrite_hotkey: {hotkey}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    };
    let alice = crate::world::hotkey("Alice");
    assert_eq!(world.send(post("VideoSynapse", alice.as_str())).await.statuses().0, 404);
    // A scanner, and a key without a permit.
    assert_eq!(world.send(post("wp-login.php", "")).await.statuses().0, 404);
    assert_eq!(world.send(post("VideoSynapse", crate::world::hotkey("Dave").as_str())).await.statuses().0, 404);
    let image = crate::asking::grey(9);
    let field = format!("{{\"image\": \"{image}\", \"video_url\": \"x\"}}").into_bytes();
    assert_eq!(world.send(Ask::new(field.clone()).bytes()).await.statuses().0, 200);
    let media = crate::asking::body("aGVsbG8gd29ybGQ=");
    assert_eq!(world.send(Ask::new(media).bytes()).await.statuses().0, 200);
    let unknown = world.unknown();
    let found: Vec<(&str, &str)> = unknown.iter().map(|one| (one.what, one.name.as_str())).collect();
    assert_eq!(found, [("synapse", "/VideoSynapse"), ("field", "video_url"), ("media", "68656c6c6f20776f")]);
    assert!(unknown.iter().all(|one| one.caller == alice));
    assert_eq!((&unknown[1].sample[..], &unknown[2].sample[..]), (&field[..], &b"hello world"[..]));
    assert!(String::from_utf8_lossy(&unknown[0].sample).starts_with("POST /VideoSynapse\n"));
}
