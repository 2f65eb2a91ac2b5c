//! Who comes in: every rule of the door, asked in process and over sockets.

mod document;
mod login;
mod origin;
mod sockets;
mod tokens;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use hivis_console::{Accounts, Door, DoorSettings, Role, hash_password, routes};
use hivis_store::Ledger;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::review::NotingDesk;
use crate::{counted, door_settings, panel};

pub(crate) const PASSWORD: &str = "three plain words";
/// Who asks, where nothing else is said.
const PEER: &str = "10.1.2.3:4000";

/// A page with accounts.
pub(crate) struct House {
    app: Router,
    home: PathBuf,
    ledger: Ledger,
    desk: Arc<NotingDesk>,
    _folder: tempfile::TempDir,
}

/// What came back.
pub(crate) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The cookie of the session, as a browser sends it back.
    fn cookie(&self) -> String {
        let set = self.header("set-cookie");
        let pair = set.split(';').next().unwrap_or_default().to_owned();
        assert!(pair.starts_with("hivis_session=hivis_"), "no session: {set:?}, {}", self.body);
        pair
    }
}

/// Where the listener is.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Loopback,
    Everywhere,
}

impl House {
    /// With a viewer, a reviewer and an operator.
    async fn with_accounts(at: At) -> Self {
        Self::build(at, &["viewer", "reviewer", "operator"], |_| {}).await
    }

    async fn without_accounts(at: At) -> Self {
        Self::build(at, &[], |_| {}).await
    }

    /// Accounts are named as their roles, and have one password.
    async fn build(at: At, accounts: &[&str], settle: impl FnOnce(&mut DoorSettings)) -> Self {
        let (mut panel, folder) = panel(&[]).await;
        let home = folder.path().join("home");
        let mut settings = door_settings(&home);
        settle(&mut settings);
        for role in accounts {
            add(&home, role, role.parse().expect("a role"));
        }
        let door = Door::new(settings).expect("a door");
        panel.door = if at == At::Loopback { door } else { door.beyond_loopback().expect("a token") };
        let desk = Arc::new(NotingDesk::default());
        panel.sources.desk = Some(desk.clone());
        let ledger = panel.ledger.clone();
        Self { app: routes(panel), home, ledger, desk, _folder: folder }
    }

    async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            let peer: SocketAddr = PEER.parse().expect("an address");
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = self.app.clone().oneshot(request).await.expect("routes do not fail");
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        Answer { status: head.status, headers: head.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// `METHOD /path` with header lines.
    async fn ask(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        self.send(request(line, headers, body)).await
    }

    async fn log_in(&self, name: &str) -> Answer {
        self.try_login(name, PASSWORD, PEER).await
    }

    async fn try_login(&self, name: &str, password: &str, peer: &str) -> Answer {
        let form = format!("name={name}&password={}&next=%2Fdata", password.replace(' ', "+"));
        let mut request = request("POST /login", &["content-type: application/x-www-form-urlencoded"], &form);
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().expect("an address")));
        self.send(request).await
    }

    /// A session: its cookie's header line and its token's.
    async fn session(&self, name: &str) -> (String, String) {
        let answer = self.log_in(name).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let cookie = format!("cookie: {}", answer.cookie());
        let page = self.ask("GET /data", &[&cookie], "").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        (cookie, format!("x-hivis-csrf: {}", csrf(&page.body)))
    }

    /// What the audit log says, oldest first: who, role, what, and what became of it.
    async fn audit(&self) -> Vec<String> {
        let lines = self.ledger.audit(None, 100).await.expect("a ledger");
        let text = |e: &hivis_store::NewAudit| format!("{} {} {} {}: {}", e.who, e.role, e.source, e.action, e.outcome);
        lines.iter().rev().map(|line| text(&line.entry)).collect()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Accounts) -> T) -> T {
        Accounts::change(&self.home, |accounts| Ok(change(accounts))).expect("the home is writable")
    }
}

fn add(home: &std::path::Path, name: &str, role: Role) {
    let hash = hash_password(PASSWORD, counted).expect("a hash");
    Accounts::change(home, |accounts| accounts.add_user(name, role, hash)).expect("the home is writable");
}

/// Time stands still until it is moved on, also where nothing but the ledger's own thread works: without a task that
/// blocks, a paused clock jumps to the next timer then. Let go of it to let time run.
fn hold_time() -> std::sync::mpsc::Sender<()> {
    let (hold, held) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || held.recv());
    tokio::time::pause();
    hold
}

fn request(line: &str, headers: &[&str], body: &str) -> Request<Body> {
    let (method, path) = line.split_once(' ').expect("METHOD /path");
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|header| header.starts_with("host:")) {
        request = request.header("host", "127.0.0.1:8092");
    }
    for header in headers {
        let (name, value) = header.split_once(": ").expect("name: value");
        request = request.header(name, value);
    }
    request.body(Body::from(body.to_owned())).expect("a request")
}

/// What the page wants back with every change.
pub(crate) fn csrf(html: &str) -> &str {
    let (_, rest) = html.split_once("<meta name=\"csrf\" content=\"").expect("the page has its token");
    rest.split('"').next().expect("a value")
}

const JSON: &str = "content-type: application/json";

/// What needs somebody, and how nobody is told so: a page leads to the login, the rest says 401.
#[tokio::test]
async fn nobody_sees_anything_but_the_door() {
    for at in [At::Loopback, At::Everywhere] {
        let house = House::with_accounts(at).await;
        for path in ["/", "/data", "/review?x=1", "/system", "/api", "/no-such-page"] {
            let answer = house.ask(&format!("GET {path}"), &[], "").await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert!(answer.header("location").starts_with("/login"), "{path}: {:?}", answer.headers);
            assert_eq!(answer.body, "");
        }
        let data = house.ask("GET /review?x=1&y=2", &[], "").await;
        assert_eq!(data.header("location"), "/login?next=/review%3Fx%3D1%26y%3D2");
        let record = "/records/019ab3a0-0000-7000-8000-000000000000/picture";
        for path in ["/api/review/queue", "/api/openapi.json", "/api/no-such", "/events", record] {
            let answer = house.ask(&format!("GET {path}"), &[], "").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"hivis\"", "{path}");
        }
        for path in ["/api/review/next", "/", "/api/x"] {
            let answer = house.ask(&format!("POST {path}"), &[JSON], "{}").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        for path in ["/healthz", "/assets/style.css", "/assets/login.css", "/login"] {
            assert_eq!(house.ask(&format!("GET {path}"), &[], "").await.status, StatusCode::OK, "{path}");
        }
        let ready = house.ask("GET /readyz", &[], "").await;
        assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE, "it says that nobody may ask, to everybody");
        let metrics = house.ask("GET /metrics", &[], "").await.status;
        let wanted = if at == At::Loopback { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(metrics, wanted);
        assert_eq!(house.desk.asked(), [""; 0]);
    }
    let house = House::build(At::Everywhere, &["viewer"], |settings| settings.open_metrics = true).await;
    assert_eq!(house.ask("GET /metrics", &["host: miner.example:8092"], "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_is_locked_down() {
    let house = House::with_accounts(At::Everywhere).await;
    let (cookie, _) = house.session("viewer").await;
    let asked: [(&str, &[&str]); 9] = [
        ("GET /", &[&cookie]),
        ("GET /", &[]),
        ("GET /login", &[]),
        ("GET /healthz", &[]),
        ("GET /assets/style.css", &[]),
        ("GET /api/review/queue", &[&cookie]),
        ("GET /api/review/queue", &[]),
        ("GET /no-such-page", &[&cookie]),
        ("PUT /healthz", &[]),
    ];
    for (line, headers) in asked {
        let answer = house.ask(line, headers, "").await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{line}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{line}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{line}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{line}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{line}");
        let referrer = if line.ends_with("/login") { "same-origin" } else { "no-referrer" };
        assert_eq!(answer.header("referrer-policy"), referrer, "{line}");
        let kept = if line.contains("/assets/") { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), kept, "{line}");
    }
}

/// A change needs the session's own token, JSON, and no more than 16 KiB.
#[tokio::test]
async fn a_change_comes_from_our_own_page() {
    let house = House::with_accounts(At::Everywhere).await;
    let (cookie, csrf) = house.session("reviewer").await;
    let (_, other) = house.session("operator").await;
    let next = "POST /api/review/next";
    let table: [(&[&str], &str, u16); 9] = [
        (&[&cookie, JSON], "{}", 403),
        (&[&cookie, JSON, "x-hivis-csrf: "], "{}", 403),
        (&[&cookie, JSON, "x-hivis-csrf: none"], "{}", 403),
        (&[&cookie, JSON, &other], "{}", 403),
        // Scripts without accounts send this; with accounts it shows nothing.
        (&[&cookie, JSON, "x-hivis-reviewer: reviewer"], "{}", 403),
        (&[&csrf, JSON], "{}", 401),
        (&[&cookie, &csrf, "content-type: text/plain"], "{}", 415),
        (&[&cookie, &csrf], "{}", 415),
        (&[&cookie, &csrf, JSON], "{}", 200),
    ];
    for (headers, body, wanted) in table {
        let answer = house.ask(next, headers, body).await;
        assert_eq!(answer.status, wanted, "{headers:?}: {}", answer.body);
    }
    assert_eq!(house.desk.asked(), ["next reviewer"]);
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(10_000_000));
    for path in ["/api/review/next", "/api/review/1/decision", "/api/no-such", "/no-such"] {
        let answer = house.ask(&format!("POST {path}"), &[&cookie, &csrf, JSON], &long).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    // Without a length it is cut off where it is too long.
    let pieces = futures_util::stream::repeat(Ok::<_, std::convert::Infallible>(bytes::Bytes::from(vec![b' '; 1024])));
    let mut endless = request(next, &[&cookie, &csrf, JSON], "");
    *endless.body_mut() = Body::from_stream(pieces);
    assert_eq!(house.send(endless).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_decision_carries_the_accounts_name() {
    let house = House::with_accounts(At::Loopback).await;
    let (cookie, csrf) = house.session("reviewer").await;
    let decide = "POST /api/review/1/decision";
    let accept = r#"{"verdict":"accept","label":"none"}"#;
    let (house, cookie, csrf) = (&house, &*cookie, &*csrf);
    let ask = |extra: &'static str| async move { house.ask(decide, &[cookie, csrf, JSON, extra], accept).await };
    assert_eq!(ask("x-hivis-reviewer: anna").await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask("x-hivis-reviewer: Reviewer").await.status, StatusCode::OK);
    assert_eq!(ask("x-other: 1").await.status, StatusCode::OK);
    let undone = house.ask("POST /api/review/undo", &[cookie, csrf, JSON], "{}").await;
    assert_eq!(undone.status, StatusCode::OK);
    let conflict = house.ask("POST /api/review/2/decision", &[cookie, csrf, JSON], accept).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT);
    let decided = "decide 1 reviewer DeskWord { verdict: Accept, label: Some(Clear), reason: None, note: None }";
    assert_eq!(house.desk.asked()[..3], [decided, decided, "undo None reviewer false"]);
    let audit = house.audit().await;
    let wanted = ["login: done", "review.decide: done", "review.decide: done", "review.undo: done"];
    for (line, end) in audit.iter().zip(wanted) {
        assert_eq!(*line, format!("reviewer reviewer 10.1.2.3 {end}"));
    }
    assert_eq!(audit[4], "reviewer reviewer 10.1.2.3 review.decide: ben was faster");
}

/// A body that never ends is not waited for.
#[tokio::test]
async fn a_slow_body_is_given_up() {
    let house = House::without_accounts(At::Loopback).await;
    let page = house.ask("GET /", &[], "").await;
    let token = format!("x-hivis-csrf: {}", csrf(&page.body));
    let mut slow = request("POST /api/review/next", &[&token, JSON], "");
    *slow.body_mut() = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    tokio::time::pause();
    assert_eq!(house.send(slow).await.status, StatusCode::REQUEST_TIMEOUT);
}

/// An event stream ends with the session that reads it.
#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let house = House::with_accounts(At::Loopback).await;
    let (cookie, _) = house.session("viewer").await;
    let asked = request("GET /events", &[&cookie], "");
    let response = house.app.clone().oneshot(asked).await.expect("routes do not fail");
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    assert!(body.frame().await.is_some(), "figures come at once");
    house.change(|accounts| accounts.remove_user("viewer").expect("it was there"));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    let end = tokio::time::timeout(Duration::from_mins(1), async { while body.frame().await.is_some() {} });
    end.await.expect("the stream ends");
}
