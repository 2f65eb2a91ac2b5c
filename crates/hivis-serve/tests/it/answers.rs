//! What permitted callers get, and what is recorded beside it.

use std::time::{Duration, SystemTime};

use hivis_bittensor::dendrite::{AxonAddress, Dendrite, DendriteSettings};
use hivis_engine::FixedEngine;
use hivis_serve::{AxonSettings, Loaded};
use hivis_types::{BatchLeft, EngineKind, Label, Picture, Protocol, ReleaseId, Scores, Silence};
use tokio::time::Instant;

use crate::{
    asking::{Ask, answer_to, body, grey},
    gate::Gate,
    world::{PATIENCE, World, hotkey, key, permits, scripted},
};

fn fixed(probability: f32) -> Loaded {
    Loaded { release: ReleaseId::new("fixed").unwrap(), engine: std::sync::Arc::new(FixedEngine::new(probability)) }
}

#[tokio::test]
async fn an_answer_and_its_whole_story() {
    let world = World::start(AxonSettings::default());
    let mut events = world.axon.events();
    let json = serde_json::json!({ "image": grey(200), "testnet_label": 1, "prediction": -1.0, "timeout": 5.0 });
    let answer = world.send(Ask::new(serde_json::to_vec(&json).unwrap()).bytes()).await;
    assert_eq!(answer.statuses(), (200, Some(200)));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!((answer.prediction() - answer_to(200)).abs() < 0.01);

    let record = world.record().await;
    assert_eq!((record.status, record.silence, record.protocol), (200, None, Protocol::Axon));
    assert!((f64::from(record.prediction) - answer.prediction()).abs() < 1e-6);
    assert_eq!((record.caller.stake, record.caller.version), (100.0, Some(10_005_000)));
    assert_eq!((record.timeout_s, record.label), (Some(12.0), Some(Label::Roadwork)));
    let judgement = record.judgement.unwrap();
    assert_eq!((judgement.release.as_str(), judgement.engine), ("scripted", EngineKind::Fixed));
    assert_eq!((judgement.batch, judgement.left), (1, BatchLeft::Idle));
    assert_eq!(judgement.features.len(), 1);
    let picture = record.picture.unwrap();
    assert_eq!((picture.media.as_str(), picture.width, picture.height), ("image/jpeg", 224, 224));
    assert_eq!(Some(picture.bytes), hivis_image::challenge::from_base64(&grey(200)));
    assert!(picture.dhash.is_some());
    let timings = record.timings;
    assert!(timings.verify_us > 0 && timings.decode_us > 0 && timings.total_us > timings.verify_us, "{timings:?}");

    let event = tokio::time::timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
    assert_eq!((event.id, event.status, event.prediction), (record.id, 200, record.prediction));
    let health = world.axon.health();
    assert!(health.is_ready() && health.last_verified.is_some() && health.in_flight == 0, "{health:?}");
    assert!(health.clock_offset_s.unwrap().abs() < 1.0);
}

#[tokio::test]
async fn what_cannot_be_judged_gets_minus_one_and_a_reason() {
    let mut settings = AxonSettings::default();
    settings.picture.pixels = 300 * 300;
    settings.picture.bytes = 200_000;
    let world = World::start(settings);
    let jpeg = hivis_image::challenge::from_base64(&grey(3)).unwrap();
    // A PNG head that claims 60,000 x 60,000 pixels: 3.6 GB if it were believed.
    let mut bomb = hivis_image::encode_png(&Picture::filled(8, 8, [1, 2, 3]));
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let sum = crc32fast::hash(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&sum);
    let large = hivis_image::encode_jpeg(&Picture::filled(400, 400, [9; 3]));
    let image = |bytes: &[u8]| {
        use base64::Engine as _;
        body(&base64::engine::general_purpose::STANDARD.encode(bytes))
    };
    let cases = [
        ("no image", b"{}".to_vec(), Silence::NoImage, None),
        ("empty", body(""), Silence::NoImage, None),
        ("not base64", body("!!! not base64 !!!"), Silence::NotBase64, None),
        ("not a picture", body("aGVsbG8="), Silence::NotAPicture, Some(5)),
        ("truncated beyond use", image(&jpeg[..jpeg.len() / 3]), Silence::NotAPicture, Some(jpeg.len() / 3)),
        ("bomb", image(&bomb), Silence::TooManyPixels, Some(bomb.len())),
        ("over the pixel limit", image(&large), Silence::TooManyPixels, Some(large.len())),
        ("over the byte limit", image(&vec![7; 200_001]), Silence::TooManyBytes, Some(200_001)),
    ];
    for (what, body, silence, bytes) in cases {
        let answer = world.send(Ask::new(body).bytes()).await;
        assert_eq!(answer.statuses(), (200, Some(200)), "{what}");
        assert_eq!(answer.prediction(), -1.0, "{what}");
        let record = world.record().await;
        assert_eq!((record.prediction, record.silence), (-1.0, Some(silence)), "{what}: {:?}", record.notes);
        assert_eq!(record.picture.map(|picture| picture.bytes.len()), bytes, "{what}");
    }
}

#[tokio::test]
async fn a_picture_of_another_size_is_resized_and_its_oddities_noted() {
    let world = World::start(AxonSettings::default());
    let png = hivis_image::encode_png(&Picture::filled(31, 57, [255, 0, 0]));
    let image = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(png)
    };
    let answer = world.send(Ask::new(body(&image)).bytes()).await;
    assert_eq!(answer.prediction(), 1.0);
    let picture = world.record().await.picture.unwrap();
    assert_eq!((picture.media.as_str(), picture.width, picture.height), ("image/png", 31, 57));
}

#[tokio::test]
async fn an_engine_that_fails_panics_or_miscounts_costs_only_its_batch() {
    let cases: [(&str, Loaded); 4] = [
        ("fails", scripted(|_| Err(hivis_engine::EngineError::NotAProbability { value: f32::NAN }))),
        ("panics", scripted(|_| panic!("this panic is part of a test"))),
        ("miscounts", scripted(|_| Ok(Vec::new()))),
        ("is no probability", scripted(|_| Ok(vec![Scores { probability: 1.5, features: Vec::new() }]))),
    ];
    let world = World::with(AxonSettings::default(), permits(), None);
    for (what, loaded) in cases {
        world.axon.models().swap(loaded);
        let answer = world.send(Ask::grey(1).bytes()).await;
        assert_eq!((answer.status, answer.prediction()), (200, -1.0), "{what}");
        let record = world.record().await;
        assert_eq!(record.silence, Some(Silence::EngineFailed), "{what}");
        assert!(record.picture.is_some() && record.judgement.is_none() && !record.notes.is_empty(), "{what}");
        world.axon.models().swap(fixed(0.25));
        assert_eq!(world.send(Ask::grey(1).bytes()).await.prediction(), 0.25, "after one that {what}");
        world.record().await;
    }
}

#[tokio::test]
async fn without_a_model_the_answer_is_minus_one() {
    let world = World::with(AxonSettings::default(), permits(), None);
    let answer = world.send(Ask::grey(1).bytes()).await;
    assert_eq!((answer.status, answer.prediction()), (200, -1.0));
    let record = world.record().await;
    assert_eq!(record.silence, Some(Silence::NoModel));
    assert!(record.picture.is_some(), "it was looked at all the same");
    world.axon.models().swap(fixed(0.75));
    assert_eq!(world.send(Ask::grey(1).bytes()).await.prediction(), 0.75);
}

#[tokio::test]
async fn below_the_setting_it_is_silent_but_the_judgement_is_kept() {
    let settings = AxonSettings { silence_below: 0.7, ..AxonSettings::default() };
    let world = World::with(settings, permits(), None);
    for (probability, sent) in [(0.69, -1.0), (0.31, -1.0), (0.5, -1.0), (0.75, 0.75), (0.25, 0.25)] {
        world.axon.models().swap(fixed(probability));
        assert_eq!(world.send(Ask::grey(1).bytes()).await.prediction(), sent);
        let record = world.record().await;
        assert_eq!(record.silence, (sent == -1.0).then_some(Silence::Unsure));
        assert_eq!(record.judgement.map(|judgement| judgement.probability), Some(probability));
    }
}

#[tokio::test]
async fn an_engine_slower_than_the_deadline_gets_minus_one_in_time() {
    // The caller gives so much more than our margin that the answer is due after 0.4 s. The engine does not come back, and
    // the caller's whole time and our own deadline lie beyond what the test waits.
    let (_shut, slow) = Gate::new(Duration::ZERO);
    let settings = AxonSettings { deadline: PATIENCE * 2, margin: PATIENCE, ..AxonSettings::default() };
    let world = World::with(settings, permits(), Some(slow));
    let theirs = PATIENCE + Duration::from_millis(400);
    let began = Instant::now();
    let answer = world.send(Ask::grey(1).timeout(&theirs.as_secs_f64().to_string()).bytes()).await;
    assert!(began.elapsed() >= Duration::from_millis(390), "{:?}", began.elapsed());
    assert_eq!((answer.status, answer.prediction()), (200, -1.0));
    assert_eq!(world.record().await.silence, Some(Silence::Expired));
}

#[tokio::test]
async fn the_setting_caps_the_callers_timeout() {
    let (_shut, slow) = Gate::new(Duration::ZERO);
    let settings = AxonSettings { deadline: Duration::from_millis(300), ..AxonSettings::default() };
    let world = World::with(settings, permits(), Some(slow));
    // The test would not wait as long as the caller says that it would.
    assert_eq!(world.send(Ask::grey(1).timeout("600").bytes()).await.prediction(), -1.0);
    assert_eq!(world.record().await.silence, Some(Silence::Expired));
}

#[tokio::test]
async fn a_caller_without_time_is_refused_at_once() {
    let world = World::start(AxonSettings::default());
    for timeout in ["0.4", "0", "-3.0"] {
        let answer = world.send(Ask::grey(1).timeout(timeout).bytes()).await;
        assert_eq!(answer.statuses(), (503, Some(503)), "timeout {timeout}");
        assert_eq!(world.record().await.silence, Some(Silence::Overloaded));
    }
}

#[tokio::test]
async fn the_clock_offset_is_seen() {
    let world = World::start(AxonSettings::default());
    for _ in 0..3 {
        let mut ask = Ask::grey(1);
        ask.nonce -= 2_500_000_000;
        assert_eq!(world.send(ask.bytes()).await.status, 200);
    }
    let offset = world.axon.health().clock_offset_s.unwrap();
    assert!((2.4..12.5).contains(&offset), "{offset}");
}

#[tokio::test]
async fn our_own_dendrite_is_answered() {
    let world = World::start(AxonSettings::default());
    let dendrite = Dendrite::new(key("Alice"), DendriteSettings { testnet_label: 0, ..DendriteSettings::default() });
    let axon = AxonAddress { host: "127.0.0.1".to_owned(), port: world.at.port(), hotkey: hotkey("Bob") };
    for level in [30, 220] {
        let reply = dendrite.ask(&axon, &grey(level), PATIENCE).await;
        assert_eq!(reply.status, Some(200), "{reply:?}");
        assert!((reply.prediction - answer_to(level)).abs() < 0.01, "{reply:?}");
        let record = world.record().await;
        assert_eq!((record.label, record.timeout_s), (Some(Label::Clear), Some(PATIENCE.as_secs_f64())));
    }
    let stranger = Dendrite::new(key("Dave"), DendriteSettings::default());
    let reply = stranger.ask(&axon, &grey(30), PATIENCE).await;
    assert_eq!((reply.status, reply.prediction), (Some(403), -1.0), "{reply:?}");
}

#[tokio::test]
async fn records_are_named_in_the_order_of_arrival() {
    let world = World::start(AxonSettings::default());
    let before = SystemTime::now();
    let mut ids = Vec::new();
    for _ in 0..3 {
        world.send(Ask::grey(1).bytes()).await;
        let record = world.record().await;
        assert!(SystemTime::from(record.arrived) >= before - Duration::from_millis(1));
        ids.push(record.id);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(ids.is_sorted());
}

#[tokio::test]
async fn the_bench_setting_does_not_decode() {
    let settings = AxonSettings { decode: false, ..AxonSettings::default() };
    let world = World::with(settings, permits(), Some(fixed(0.5)));
    assert_eq!(world.send(Ask::new(body("aGVsbG8=")).bytes()).await.prediction(), 0.5);
    let record = world.record().await;
    assert_eq!((record.silence, record.picture.map(|picture| picture.bytes)), (None, Some(b"hello".to_vec())));
}
