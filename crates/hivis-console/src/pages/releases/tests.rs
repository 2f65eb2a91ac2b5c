//! Who may change what serves, what they are told, and that texts of strangers stay texts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use hivis_bittensor::Keypair;
use hivis_serve::{Axon, AxonSettings, NoRecorder, Permits};
use hivis_store::Home;
use http_body_util::BodyExt as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::door::{Way, Who};
use crate::{Door, DoorSettings, Panel, Sources};

/// What a stranger may call things.
const HOSTILE: &str = "<script>alert(1)</script>\"'&";

/// `one` serves; `two` may; `bad` is refused by the policy.
#[derive(Default)]
struct Room {
    asked: Mutex<Vec<MoveOrder>>,
}

fn answer<T: Send + 'static>(answer: Result<T, SourceError>) -> SourceFuture<'static, T> {
    Box::pin(async move { answer })
}

fn line(id: &str) -> ReleaseLine {
    ReleaseLine { id: id.to_owned(), kind: HOSTILE.to_owned(), current: id == "one", ..ReleaseLine::default() }
}

impl ReleaseSource for Room {
    fn list(&self, query: ReleaseQuery) -> SourceFuture<'_, ReleaseList> {
        let limit = query.limit.unwrap_or(25) as usize;
        let moved = MoveLine {
            number: 7,
            release: "one".into(),
            who: HOSTILE.into(),
            why: HOSTILE.into(),
            outcome: "refused".into(),
            reason: Some(HOSTILE.into()),
            ..MoveLine::default()
        };
        answer(Ok(ReleaseList {
            current: Some("one".into()),
            back: Some("two".into()),
            releases: ["one", "two", "bad"].iter().take(limit).map(|id| line(id)).collect(),
            count: 3,
            moves: vec![moved],
            ..ReleaseList::default()
        }))
    }

    fn release(&self, id: String) -> SourceFuture<'_, ReleaseDetail> {
        let found = ReleaseDetail { line: line(&id), card: Some(HOSTILE.into()), ..ReleaseDetail::default() };
        answer(if id == "one" { Ok(found) } else { Err(SourceError::NotFound(format!("there is no release {id}"))) })
    }

    fn run(&self, id: String) -> SourceFuture<'_, RunDetail> {
        answer(Err(SourceError::NotFound(format!("there is no run {id}"))))
    }

    fn compare(&self, query: CompareQuery) -> SourceFuture<'_, ExamCompared> {
        answer(Err(SourceError::NotFound(format!("{} has sat no exam beside {}", query.b, query.a))))
    }

    fn moving(&self) -> SourceFuture<'_, Option<Moving>> {
        answer(Ok(None))
    }

    fn change(&self, order: MoveOrder) -> SourceFuture<'_, MoveTaken> {
        self.asked.lock().expect("nobody panicked").push(order.clone());
        answer(match (order.release.as_str(), order.serves.as_deref()) {
            ("bad", Some("one")) if order.force.is_none() => Err(SourceError::Unfit("the policy refuses".into())),
            (_, Some("one")) => Ok(MoveTaken { why: "exam x.json".into() }),
            _ => Err(SourceError::Conflict { said: "one serves by now".into(), decided: json!({ "serves": "one" }) }),
        })
    }
}

struct World {
    app: axum::Router,
    room: Arc<Room>,
    ledger: hivis_store::Ledger,
    _folder: tempfile::TempDir,
}

/// The routes with somebody of this role in.
async fn world(role: Role) -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(&folder.path().join("home")).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    let bob = Keypair::from_uri("//Bob").expect("a key");
    let room = Arc::new(Room::default());
    let panel = Panel {
        axon: Axon::new(AxonSettings::default(), bob, Permits::default(), Arc::new(NoRecorder)),
        ledger: ledger.clone(),
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        address: "127.0.0.1:8091".to_owned(),
        note: String::new(),
        sources: Sources { releases: Some(room.clone()), ..Sources::default() },
        door: Door::new(DoorSettings {
            folder: home.path().to_owned(),
            idle: Duration::from_hours(1),
            lifetime: Duration::from_hours(12),
            proxies: Vec::new(),
            hosts: Vec::new(),
            open_metrics: false,
            // Nobody comes through the door here.
            entropy: |_| Ok(()),
        })
        .expect("a door"),
    };
    let who = Who { name: "ann".into(), role, source: "127.0.0.1".into(), csrf: "none".into(), way: Way::Local };
    let (routes, _) = routes().merge(crate::pages::system::routes()).split_for_parts();
    let app = routes.layer(axum::Extension(who)).with_state(panel);
    World { app, room, ledger, _folder: folder }
}

async fn send(world: &World, method: &str, path: &str, body: String) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request.body(Body::from(body)).expect("a request");
    let response = world.app.clone().oneshot(request).await.expect("routes do not fail");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a whole body").to_bytes();
    (head.status, String::from_utf8_lossy(&bytes).into_owned())
}

async fn post(world: &World, path: &str, body: Value) -> (StatusCode, Value) {
    let (status, text) = send(world, "POST", path, body.to_string()).await;
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Action and outcome of every line, oldest first.
async fn audited(world: &World) -> Vec<(String, String)> {
    let lines = world.ledger.audit(None, 100).await.expect("lines");
    lines.into_iter().rev().map(|line| (line.entry.action, line.entry.outcome)).collect()
}

#[tokio::test]
async fn only_an_operator_changes_what_serves() {
    for role in [Role::Viewer, Role::Reviewer] {
        let world = world(role).await;
        let body = json!({ "name": "two", "serves": "one" });
        let (status, said) = post(&world, "/api/releases/two/promote", body.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{said}");
        assert!(said["error"].as_str().is_some_and(|e| e.contains("needs the role operator")), "{said}");
        assert_eq!(post(&world, "/api/rollback", body).await.0, StatusCode::FORBIDDEN);
        assert!(world.room.asked.lock().expect("nobody panicked").is_empty());
        let (status, html) = send(&world, "GET", "/releases", String::new()).await;
        assert_eq!(status, StatusCode::OK);
        assert!(html.contains("Your role looks only") && !html.contains("data-change="), "{html}");
    }
    let world = world(Role::Operator).await;
    let (status, said) = post(&world, "/api/releases/two/promote", json!({ "name": "two", "serves": "one" })).await;
    assert_eq!((status, &said["release"]), (StatusCode::ACCEPTED, &json!("two")));
    let asked = world.room.asked.lock().expect("nobody panicked").pop().expect("it was asked");
    assert_eq!((asked.who.as_str(), asked.back, asked.serves.as_deref()), ("ann", false, Some("one")));
    let html = send(&world, "GET", "/releases", String::new()).await.1;
    assert!(html.contains("data-change=\"promote\" data-to=\"two\""), "{html}");
}

#[tokio::test]
async fn what_was_not_typed_or_not_seen_changes_nothing_and_is_audited() {
    let world = world(Role::Operator).await;
    let promote = |name: &str, serves: &str| json!({ "name": name, "serves": serves });
    let (status, said) = post(&world, "/api/releases/two/promote", promote("tow", "one")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    assert!(world.room.asked.lock().expect("nobody panicked").is_empty(), "a typing error asks nobody");
    let (status, said) = post(&world, "/api/releases/two/promote", promote("two", "zero")).await;
    assert_eq!((status, &said["decided"]["serves"]), (StatusCode::CONFLICT, &json!("one")), "{said}");
    let (status, _) = post(&world, "/api/releases/bad/promote", promote("bad", "one")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let forced = json!({ "name": "bad", "serves": "one", "force": "the old one is broken" });
    assert_eq!(post(&world, "/api/releases/bad/promote", forced).await.0, StatusCode::ACCEPTED);
    let (status, _) = post(&world, "/api/rollback", promote("two", "one")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let lines = audited(&world).await;
    let outcomes: Vec<&str> = lines.iter().map(|(_, outcome)| outcome.split(':').next().unwrap_or("")).collect();
    assert_eq!(outcomes, ["refused", "refused", "refused", "begun", "begun"], "{lines:?}");
    assert_eq!(lines.last().expect("a line").0, "release.rollback");
    let (status, text) = send(&world, "GET", "/api/audit?limit=2", String::new()).await;
    let page: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, page["lines"].as_array().map(Vec::len), &page["before"]), (StatusCode::OK, Some(2), &json!(4)));
    let older = send(&world, "GET", "/api/audit?before=4&limit=200", String::new()).await.1;
    let older: Value = serde_json::from_str(&older).expect("JSON");
    assert_eq!((older["lines"].as_array().map(Vec::len), &older["before"]), (Some(3), &Value::Null));
}

#[tokio::test]
async fn bodies_that_are_wrong_or_huge_are_refused() {
    let world = world(Role::Operator).await;
    let path = "/api/releases/two/promote";
    for (body, wanted) in [
        (String::new(), StatusCode::BAD_REQUEST),
        ("{".to_owned(), StatusCode::BAD_REQUEST),
        (r#"{"name": 7}"#.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"name": "two", "serves": "one", "policy": "none"}"#.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "name": "x".repeat(3 << 20) }).to_string(), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let (status, said) = send(&world, "POST", path, body).await;
        assert_eq!(status, wanted, "{said}");
    }
    assert!(world.room.asked.lock().expect("nobody panicked").is_empty());
    for path in ["/api/releases?limit=many", "/api/exams/compare?a=one", "/api/audit?before=x"] {
        assert_eq!(send(&world, "GET", path, String::new()).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn texts_of_strangers_stay_texts() {
    let world = world(Role::Operator).await;
    // As an audit line's target a stranger's name comes back on the page System.
    let hostile = json!({ "name": HOSTILE, "serves": HOSTILE, "force": HOSTILE });
    post(&world, "/api/releases/%3Cscript%3Ealert(1)%3C%2Fscript%3E/promote", hostile).await;
    for path in [
        "/releases",
        "/releases?a=%3Cscript%3Ealert(1)%3C%2Fscript%3E&b=two&run=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/releases/one",
        "/releases/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/system",
    ] {
        let (_, html) = send(&world, "GET", path, String::new()).await;
        assert!(!html.contains("<script>alert"), "{path}: {html}");
        assert!(html.contains("&#60;script&#62;alert"), "{path} shows nothing of it: {html}");
    }
    assert_eq!(send(&world, "GET", "/releases/nothing", String::new()).await.0, StatusCode::NOT_FOUND);
}
