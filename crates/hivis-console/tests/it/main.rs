//! The routes of the second listener, asked in process and over sockets.

mod data;
mod door;
mod exposition;
mod pages;
mod review;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use hivis_bittensor::Keypair;
use hivis_console::{Door, DoorSettings, Panel, routes};
use hivis_engine::FixedEngine;
use hivis_serve::{Axon, AxonSettings, Loaded, NoRecorder, Permits};
use hivis_store::Home;
use hivis_types::ReleaseId;
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::ServiceExt;

struct World {
    app: Router,
    axon: Axon,
    _folder: tempfile::TempDir,
}

async fn world(permits: &[&str]) -> World {
    let (panel, folder) = panel(permits).await;
    World { axon: panel.axon.clone(), app: routes(panel), _folder: folder }
}

/// What the routes look at, without a desk.
async fn panel(permits: &[&str]) -> (Panel, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(&folder.path().join("home")).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    let list = permits.iter().map(|uri| (Keypair::from_uri(uri).expect("a key").hotkey(), 10.0));
    let permits = Permits::new(list).expect("permits");
    let axon =
        Axon::new(AxonSettings::default(), Keypair::from_uri("//Bob").expect("a key"), permits, Arc::new(NoRecorder));
    let recorder = PrometheusBuilder::new().build_recorder();
    let panel = Panel {
        axon,
        ledger,
        metrics: recorder.handle(),
        address: "127.0.0.1:8091".to_owned(),
        note: "a <b>note</b>".to_owned(),
        sources: hivis_console::Sources::default(),
        door: Door::new(door_settings(home.path())).expect("a door"),
    };
    metrics::with_local_recorder(&recorder, || metrics::counter!("hivis_test_total").increment(3));
    (panel, folder)
}

/// What a door goes by in tests; its randomness is none.
fn door_settings(home: &std::path::Path) -> DoorSettings {
    DoorSettings {
        folder: home.to_owned(),
        idle: Duration::from_hours(1),
        lifetime: Duration::from_hours(12),
        proxies: Vec::new(),
        hosts: Vec::new(),
        open_metrics: false,
        entropy: counted,
    }
}

/// Never the same twice.
#[expect(clippy::unnecessary_wraps, reason = "the system's may fail")]
fn counted(bytes: &mut [u8]) -> std::io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    bytes.fill(0);
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Ok(())
}

async fn get(world: &World, path: &str) -> (StatusCode, axum::http::HeaderMap, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = world.app.clone().oneshot(request).await.expect("routes do not fail");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a whole body").to_bytes();
    (head.status, head.headers, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn readyz_says_what_is_missing() {
    let empty = world(&[]).await;
    let (status, _, body) = get(&empty, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("no permits") && body.contains("no model"), "{body}");

    let ready = world(&["//Alice"]).await;
    let release = ReleaseId::new("first").expect("a name");
    ready.axon.models().swap(Loaded { release, engine: Arc::new(FixedEngine::new(0.7)) });
    let (status, _, body) = get(&ready, "/readyz").await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn the_page_is_whole_escaped_and_locked_down() {
    let world = world(&["//Alice"]).await;
    let (status, headers, html) = get(&world, "/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("not ready") && html.contains("no model is loaded"), "{html}");
    assert!(html.contains("a &#60;b&#62;note"), "text is escaped: {html}");
    assert!(!html.contains("<script>"), "no script stands in the page");
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for asset in ["/assets/style.css", "/assets/live.js"] {
        assert!(html.contains(asset), "{asset}");
        assert_eq!(get(&world, asset).await.0, StatusCode::OK);
    }
    assert_eq!(get(&world, "/assets/../Cargo.toml").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let world = world(&[]).await;
    let (status, headers, text) = get(&world, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-type"].to_str().expect("text").starts_with("text/plain; version=0.0.4"));
    assert!(text.contains("hivis_test_total 3"), "{text}");
    assert_eq!(get(&world, "/healthz").await.2, "ok\n");
}

#[tokio::test]
async fn a_picture_that_is_not_there_is_404() {
    let world = world(&[]).await;
    let unknown = "/records/019ab3a0-0000-7000-8000-000000000000/picture";
    assert_eq!(get(&world, unknown).await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&world, "/records/nonsense/picture").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn runbooks_are_pages() {
    let world = world(&["//Alice"]).await;
    let (status, _, list) = get(&world, "/runbooks").await;
    assert_eq!(status, StatusCode::OK);
    assert!(list.contains("<a href=\"/runbooks/no-validator\">"), "{list}");
    let (status, _, page) = get(&world, "/runbooks/no-validator").await;
    assert_eq!(status, StatusCode::OK);
    for part in
        ["<h1>No validator comes</h1>", "<code>HivisNoValidator</code>", "<a href=\"/runbooks/clock\">clock</a>"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(get(&world, "/runbooks/../etc").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&world, "/runbooks/none").await.0, StatusCode::NOT_FOUND);
}
