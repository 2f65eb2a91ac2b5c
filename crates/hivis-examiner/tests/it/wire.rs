//! Axons on real sockets: a good one and several bad ones. Every wait has a deadline.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hivis_bittensor::Keypair;
use hivis_bittensor::dendrite::AxonAddress;
use hivis_examiner::{
    ExamPlan, Examiner, Library, LibraryPicture, Outcome, PictureBytes, QuestionSet, RemoteAxon, Sitting, silent,
};
use hivis_testbed::ports::Port;
use hivis_types::{Label, Origin, Picture};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Clear pictures are dark, roadwork is bright: the good axon can tell them apart after any augmentation.
fn pictures() -> Library {
    let picture = |i: u8| {
        let label = if i.is_multiple_of(2) { Label::Clear } else { Label::Roadwork };
        let shade = if label == Label::Roadwork { 250 } else { 20 };
        LibraryPicture {
            bytes: PictureBytes::Memory(hivis_image::encode_jpeg(&Picture::filled(320, 240, [shade; 3])).into()),
            name: format!("picture {i}"),
            label,
            origin: if i % 4 < 2 { Origin::Real } else { Origin::Synthetic },
            scene: format!("scene {i}"),
            slices: Vec::new(),
            trained_on: false,
        }
    };
    Library::new("shades", (0..40).map(picture))
}

fn examiner(questions: u32, timeout_s: f64) -> Examiner {
    let plan = ExamPlan { questions, rate: 100.0, timeout_s, replicates: 100, seed: 2, ..ExamPlan::default() };
    Examiner::new(plan).expect("a plan that can be done")
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
    address
}

async fn sit(examiner: &Examiner, set: &QuestionSet, address: SocketAddr) -> Sitting {
    let alice = Keypair::from_uri("//Alice").expect("a development key");
    let bob = Keypair::from_uri("//Bob").expect("a development key");
    let to = AxonAddress { host: address.ip().to_string(), port: address.port(), hotkey: bob.hotkey() };
    let sitting = examiner.sit(set, Arc::new(RemoteAxon::new(alice, to)), &silent);
    tokio::time::timeout(Duration::from_secs(30), sitting).await.expect("in time").expect("a sitting")
}

fn success(prediction: &str) -> Response {
    let headers = [
        ("content-type", "application/json"),
        ("bt_header_axon_status_code", "200"),
        ("bt_header_axon_status_message", "Success"),
    ];
    (headers, format!("{{\"prediction\": {prediction}}}")).into_response()
}

/// Looks at the picture, as a miner would, and refuses who is not Alice.
async fn look(headers: HeaderMap, body: Bytes) -> Response {
    let alice = Keypair::from_uri("//Alice").expect("a development key").hotkey();
    if headers.get("bt_header_dendrite_hotkey").is_none_or(|who| who != alice.as_str()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let fields: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let bytes = hivis_image::challenge::from_base64(fields["image"].as_str().expect("a text")).expect("base64");
    let picture = hivis_image::decode(&bytes, &hivis_image::DecodeLimits::default()).expect("a picture").picture;
    assert_eq!((picture.width(), picture.height()), (224, 224));
    // The middle: corners may be black after a rotation.
    success(if picture.pixel(112, 112)[1] > 60 { "0.9" } else { "0.2" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_axon_sits_an_exam() {
    let examiner = examiner(64, 9.0);
    let set = examiner.questions(&mut pictures(), &silent).expect("questions");
    let sitting = sit(&examiner, &set, serve(Router::new().route("/ImageSynapse", post(look))).await).await;
    let lost = sitting.answers.iter().find(|a| a.outcome != Outcome::Answered);
    assert!(lost.is_none(), "{lost:?}");
    let report = examiner.report(&set, &[sitting]).expect("a report");
    let candidate = &report.candidates[0];
    let pool = candidate.headline().expect("a pool");
    assert_eq!((pool.accuracy.hits, pool.accuracy.of, pool.mcc), (64, 64, 1.0), "{report}");
    assert_eq!(pool.forecast.expect("both labels").from_full.reward.low, 1.0);
    assert!(candidate.failures.is_empty() && candidate.worst.is_empty());
    assert!(candidate.latency.max_ms > 0.0 && candidate.latency.max_ms < 9_500.0, "{:?}", candidate.latency);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_axons_get_the_same_questions() {
    let examiner = examiner(32, 9.0);
    let set = examiner.questions(&mut pictures(), &silent).expect("questions");
    let good = sit(&examiner, &set, serve(Router::new().route("/ImageSynapse", post(look))).await).await;
    let always = Router::new().route("/ImageSynapse", post(|| async { success("0.7") }));
    let constant = sit(&examiner, &set, serve(always).await).await;
    let report = examiner.report(&set, &[constant, good]).expect("a report");
    assert!(report.paired[0].paired.reward.low > 0.5 && report.paired[0].paired.p_better < 0.02, "{report}");
    // The constant answer is wrong on every clear picture, and the sheet shows those.
    let worst = &report.candidates[0].worst;
    assert!(!worst.is_empty() && worst.iter().all(|w| w.caption.contains("clear")));
    let sheet = hivis_examiner::worst_sheet(&report, 0, &set).expect("pictures");
    assert!(sheet.height() > 2 * 224);
}

/// What bad axons do, and what becomes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bad_axons() {
    async fn stall() -> Response {
        tokio::time::sleep(Duration::from_mins(1)).await;
        success("0.5")
    }
    async fn refuse() -> Response {
        let headers = [("bt_header_axon_status_code", "403"), ("bt_header_axon_status_message", "Forbidden.")];
        (StatusCode::FORBIDDEN, headers, axum::Json(serde_json::json!({"message": "Forbidden."}))).into_response()
    }
    let examiner = examiner(3, 1.0);
    let set = examiner.questions(&mut pictures(), &silent).expect("questions");
    for (name, route, outcome, prediction, status) in [
        ("garbage", post(|| async { "\u{0}\u{1}garbage" }), Outcome::Unreadable, -1.0, Some(422)),
        ("not JSON", post(|| async { success("oops") }), Outcome::Unreadable, -1.0, Some(422)),
        ("null", post(|| async { success("null") }), Outcome::Unreadable, -1.0, Some(422)),
        ("silent", post(|| async { success("-1") }), Outcome::Silent, -1.0, Some(200)),
        ("odd", post(|| async { success("7.5") }), Outcome::Odd, 7.5, Some(200)),
        ("stalls", post(stall), Outcome::Timeout, -1.0, Some(408)),
        ("refuses", post(refuse), Outcome::Refused, -1.0, Some(403)),
    ] {
        let sitting = sit(&examiner, &set, serve(Router::new().route("/ImageSynapse", route)).await).await;
        for answer in &sitting.answers {
            assert_eq!((answer.outcome, answer.prediction, answer.status), (outcome, prediction, status), "{name}");
            assert!(answer.latency_s < 5.0, "{name}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axons_that_close() {
    let examiner = examiner(3, 1.0);
    let set = examiner.questions(&mut pictures(), &silent).expect("questions");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let closes = tokio::spawn(async move {
        // Reads a little of each request, answers half a head, and goes away.
        loop {
            let (mut socket, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                let mut some = [0; 512];
                let _ = socket.read(&mut some).await;
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await;
            });
        }
    });
    let sitting = sit(&examiner, &set, address).await;
    for answer in &sitting.answers {
        assert!(matches!(answer.outcome, Outcome::Disconnected | Outcome::Unreadable), "{answer:?}");
        assert_eq!(answer.prediction, -1.0);
    }
    closes.abort();

    let nobody = Port::reserve();
    let sitting = sit(&examiner, &set, nobody.address()).await;
    assert!(sitting.answers.iter().all(|a| a.outcome == Outcome::Unreachable), "{:?}", sitting.answers[0]);
    let report = examiner.report(&set, &[sitting]).expect("a report");
    assert_eq!((report.candidates[0].failures[0].count, report.candidates[0].latency.answers), (3, 0));
}
