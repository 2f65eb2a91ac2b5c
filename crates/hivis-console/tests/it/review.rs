//! `/api/review` over real sockets: what it answers, and whom it turns away.

use std::sync::{Arc, Mutex};

use hivis_console::{Desk, DeskPicture, DeskWord, SourceError, SourceFuture};
use hivis_store::Reviewer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::panel;

/// A desk that notes what it is asked. Review 1 can be decided, 2 is decided, and there is no other.
#[derive(Default)]
pub(crate) struct NotingDesk {
    asked: Mutex<Vec<String>>,
}

impl NotingDesk {
    fn note(&self, text: String) {
        self.asked.lock().expect("nobody panicked").push(text);
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("nobody panicked"))
    }
}

fn answer<T: Send + 'static>(answer: Result<T, SourceError>) -> SourceFuture<'static, T> {
    Box::pin(async move { answer })
}

fn known(id: &str) -> Result<(), SourceError> {
    match id {
        "1" => Ok(()),
        "2" => Err(SourceError::Conflict { said: "ben was faster".into(), decided: json!({ "by": "ben" }) }),
        "8" => Err(SourceError::Failed),
        "9" => Err(SourceError::Unavailable("newer".into())),
        _ => Err(SourceError::NotFound("no review".into())),
    }
}

impl Desk for NotingDesk {
    fn queue(&self, reviewer: Option<Reviewer>, limit: u32) -> SourceFuture<'_, Value> {
        self.note(format!("queue {reviewer:?} {limit}"));
        answer(Ok(json!({ "reviews": [] })))
    }

    fn next(&self, reviewer: Reviewer) -> SourceFuture<'_, Value> {
        self.note(format!("next {reviewer}"));
        answer(Ok(Value::Null))
    }

    fn claim(&self, reviewer: Reviewer, count: u32, keep: Vec<i64>) -> SourceFuture<'_, Value> {
        self.note(format!("claim {reviewer} {count} {keep:?}"));
        answer(Ok(json!({ "reviews": [] })))
    }

    fn leave(&self, reviewer: Reviewer) -> SourceFuture<'_, Value> {
        self.note(format!("leave {reviewer}"));
        answer(Ok(json!({})))
    }

    fn usual(&self) -> String {
        "the <b>usual</b>".to_owned()
    }

    fn story(&self, id: String, _: Option<Reviewer>) -> SourceFuture<'_, Value> {
        answer(known(&id).map(|()| json!({ "number": 1 })))
    }

    fn picture(&self, id: String) -> SourceFuture<'_, DeskPicture> {
        let bytes: &[u8] = match &*id {
            "1" => b"\xFF\xD8\xFF\xE0jpeg",
            "3" => b"\x89PNG\r\n\x1a\npng",
            "4" => b"RIFF\0\0\0\0WEBPVP8 ",
            "5" => b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            _ => return answer(Err(SourceError::NotFound("no review".into()))),
        };
        answer(Ok(DeskPicture { bytes: bytes.to_vec() }))
    }

    fn decide(&self, id: String, reviewer: Reviewer, word: DeskWord) -> SourceFuture<'_, Value> {
        self.note(format!("decide {id} {reviewer} {word:?}"));
        let unfit = word.verdict == hivis_store::ReviewVerdict::Reject && word.reason.is_none();
        let said = || SourceError::Unfit("a reject needs a reason".into());
        answer(if unfit { Err(said()) } else { known(&id).map(|()| json!({ "state": "accepted" })) })
    }

    fn undo(&self, id: Option<String>, reviewer: Reviewer, force: bool) -> SourceFuture<'_, Value> {
        self.note(format!("undo {id:?} {reviewer} {force}"));
        answer(Ok(json!({ "state": "open" })))
    }

    fn rates(&self) -> SourceFuture<'_, Value> {
        answer(Ok(json!({ "rows": [] })))
    }

    fn agreement(&self) -> SourceFuture<'_, Value> {
        answer(Ok(json!([])))
    }
}

/// A listener of its own with the desk behind it.
struct Served {
    address: String,
    desk: Arc<NotingDesk>,
    _folder: tempfile::TempDir,
}

async fn served(on: &str) -> Served {
    let (mut panel, folder) = panel(&[]).await;
    let desk = Arc::new(NotingDesk::default());
    panel.sources.desk = Some(desk.clone());
    let listener = TcpListener::bind((on, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(hivis_console::serve(listener, panel, std::future::pending()));
    Served { address: format!("127.0.0.1:{port}"), desk, _folder: folder }
}

/// Sends bytes and reads to the end: the status, the head, and the body.
async fn send(served: &Served, request: &str) -> (u16, String, Vec<u8>) {
    let talk = async {
        let mut socket = TcpStream::connect(&served.address).await.expect("it listens");
        socket.write_all(request.as_bytes()).await.expect("it reads");
        let mut all = Vec::new();
        socket.read_to_end(&mut all).await.expect("it answers");
        all
    };
    let all = tokio::time::timeout(std::time::Duration::from_mins(1), talk).await.expect("an answer in time");
    let split = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&all[..split]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, head, all[split + 4..].to_vec())
}

/// A request with these further header lines; `HOST` in them is the address.
async fn ask(served: &Served, line: &str, headers: &[&str], body: &str) -> (u16, String, Vec<u8>) {
    let mut head =
        vec![format!("{line} HTTP/1.1"), format!("Content-Length: {}", body.len()), "Connection: close".into()];
    if !headers.iter().any(|header| header.starts_with("Host:")) {
        head.push(format!("Host: {}", served.address));
    }
    head.extend(headers.iter().map(|header| header.replace("HOST", &served.address)));
    send(served, &format!("{}\r\n\r\n{body}", head.join("\r\n"))).await
}

const JSON: &str = "Content-Type: application/json";
const ANNA: &str = "X-Hivis-Reviewer: Anna";
const ACCEPT: &str = r#"{"verdict":"accept","label":"none"}"#;

#[tokio::test]
async fn it_asks_the_desk_and_tells_its_answer() {
    let served = served("127.0.0.1").await;
    let (status, head, _) = ask(&served, "GET /api/review/queue?limit=7", &[ANNA], "").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: application/json") && head.contains("nosniff"), "{head}");
    assert!(
        head.contains("cross-origin-resource-policy: same-origin") && head.contains("default-src 'none'"),
        "{head}"
    );
    for path in ["queue", "rates", "agreement", "1"] {
        assert_eq!(ask(&served, &format!("GET /api/review/{path}"), &[], "").await.0, 200, "{path}");
    }
    let own = ["Origin: http://HOST", "Sec-Fetch-Site: same-origin", JSON, ANNA];
    assert_eq!(ask(&served, "POST /api/review/1/decision", &own, ACCEPT).await.0, 200);
    let undo = r#"{"review":"1","force":true}"#;
    assert_eq!(ask(&served, "POST /api/review/undo", &[JSON, ANNA], undo).await.0, 200);
    assert_eq!(ask(&served, "POST /api/review/undo", &[JSON, ANNA], "{}").await.0, 200);
    assert_eq!(ask(&served, "POST /api/review/next", &[JSON, ANNA], "{}").await.2, b"null");
    let claim = r#"{"count":16,"keep":[3,1]}"#;
    assert_eq!(ask(&served, "POST /api/review/claim", &[JSON, ANNA], claim).await.0, 200);
    assert_eq!(ask(&served, "POST /api/review/leave", &[JSON, ANNA], "{}").await.0, 200);
    for bad in [r#"{"count":0}"#, r#"{"count":61}"#, r#"{"count":"3"}"#, "{}"] {
        assert_eq!(ask(&served, "POST /api/review/claim", &[JSON, ANNA], bad).await.0, 422, "{bad}");
    }
    let asked = served.desk.asked();
    let decided = "decide 1 anna DeskWord { verdict: Accept, label: Some(Clear), reason: None, note: None }";
    let expected = [
        r#"queue Some(Reviewer("anna")) 7"#,
        "queue None 50",
        decided,
        r#"undo Some("1") anna true"#,
        "undo None anna false",
        "next anna",
        "claim anna 16 [3, 1]",
        "leave anna",
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn statuses_say_what_is_wrong() {
    let served = served("127.0.0.1").await;
    let long = format!(r#"{{"verdict":"accept","note":"{}"}}"#, "x".repeat(20_000));
    let text = "Content-Type: text/plain";
    // (which review, headers, body, status)
    let table: [(&str, &[&str], &str, u16); 14] = [
        ("7", &[JSON, ANNA], ACCEPT, 404),
        ("2", &[JSON, ANNA], ACCEPT, 409),
        ("8", &[JSON, ANNA], ACCEPT, 500),
        ("9", &[JSON, ANNA], ACCEPT, 503),
        ("1", &[JSON, ANNA], &long, 413),
        ("1", &[text, ANNA], ACCEPT, 415),
        ("1", &[ANNA], ACCEPT, 415),
        ("1", &[JSON, ANNA], "{", 400),
        ("1", &[JSON, ANNA], r#"{"verdict":"accept","labels":"none"}"#, 422),
        ("1", &[JSON, ANNA], r#"{"verdict":"maybe"}"#, 422),
        ("1", &[JSON, ANNA], r#"{"verdict":"accept","label":"maybe"}"#, 422),
        ("1", &[JSON, ANNA], r#"{"verdict":"reject"}"#, 422),
        ("1", &[JSON, ANNA], "[]", 422),
        ("1", &[JSON, "X-Hivis-Reviewer: \t"], ACCEPT, 422),
    ];
    for (id, headers, body, expected) in table {
        let (status, _, said) = ask(&served, &format!("POST /api/review/{id}/decision"), headers, body).await;
        let said: Value = serde_json::from_slice(&said).unwrap_or_default();
        assert_eq!(status, expected, "{id} {headers:?} {body:.40}: {said}");
        assert!(said["error"].is_string(), "{id} {headers:?} {body:.40}: {said}");
        assert_eq!(said["decided"]["by"] == "ben", expected == 409, "{said}");
    }
    let force = ask(&served, "POST /api/review/undo", &[JSON, ANNA], r#"{"force":true}"#).await.0;
    assert_eq!(force, 422);
    assert_eq!(ask(&served, "GET /api/review/7", &[], "").await.0, 404);
    assert_eq!(ask(&served, "GET /api/review/queue?limit=x", &[], "").await.0, 400);
    assert_eq!(ask(&served, "DELETE /api/review/1", &[ANNA], "").await.0, 405);
}

#[tokio::test]
async fn pages_of_strangers_are_turned_away() {
    let served = served("127.0.0.1").await;
    let table: [&[&str]; 10] = [
        // A form or a script of another page: no header of ours.
        &["Content-Type: text/plain"],
        &[JSON],
        &[JSON, ANNA, "Origin: http://evil.example"],
        &[JSON, ANNA, "Origin: null"],
        &[JSON, ANNA, "Origin: http://localhost:1"],
        &[JSON, ANNA, "Origin: http://HOST", "Origin: http://evil.example"],
        &[JSON, ANNA, "Sec-Fetch-Site: cross-site"],
        &[JSON, ANNA, "Sec-Fetch-Site: same-site"],
        // A name that was made to point here.
        &[JSON, ANNA, "Host: evil.example", "Origin: http://evil.example"],
        &[JSON, ANNA, "Host: localhost.evil.example:8092"],
    ];
    for headers in table {
        for path in ["1/decision", "undo", "next", "claim", "leave"] {
            let (status, head, body) = ask(&served, &format!("POST /api/review/{path}"), headers, ACCEPT).await;
            assert_eq!(status, 403, "{path} {headers:?}: {}", String::from_utf8_lossy(&body));
            assert!(!head.contains("access-control-"), "{head}");
        }
    }
    for headers in [&["Host: evil.example"] as &[&str], &["Sec-Fetch-Site: cross-site"]] {
        for path in ["queue", "1", "1/picture", "rates"] {
            assert_eq!(
                ask(&served, &format!("GET /api/review/{path}"), headers, "").await.0,
                403,
                "{path} {headers:?}"
            );
        }
    }
    // What a browser asks before a page of another origin may send our header.
    let preflight = [
        "Origin: http://evil.example",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: content-type,x-hivis-reviewer",
    ];
    let (status, head, _) = ask(&served, "OPTIONS /api/review/1/decision", &preflight, "").await;
    assert!(status == 403 && !head.contains("access-control-"), "{head}");
    let no_host = "POST /api/review/undo HTTP/1.0\r\nX-Hivis-Reviewer: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    assert_eq!(send(&served, no_host).await.0, 403);
    assert_eq!(served.desk.asked(), [""; 0], "nothing came through");
}

#[tokio::test]
async fn pictures_have_their_own_type_and_nothing_else_is_shown() {
    let served = served("127.0.0.1").await;
    for (id, media) in [("1", "image/jpeg"), ("3", "image/png"), ("4", "image/webp")] {
        let (status, head, bytes) = ask(&served, &format!("GET /api/review/{id}/picture"), &[], "").await;
        assert!(status == 200 && head.contains(&format!("content-type: {media}")), "{head}");
        assert!(head.contains("x-content-type-options: nosniff") && head.contains("default-src 'none'"), "{head}");
        assert!(!bytes.is_empty());
    }
    let (status, head, body) = ask(&served, "GET /api/review/5/picture", &[], "").await;
    assert!(status == 404 && head.contains("content-type: application/json"), "{head}");
    assert!(!String::from_utf8_lossy(&body).contains("script"));
    assert_eq!(ask(&served, "GET /api/review/6/picture", &[], "").await.0, 404);
}

#[tokio::test]
async fn nobody_elses_computer_decides() {
    let served = served("0.0.0.0").await;
    let (status, _, body) = ask(&served, "POST /api/review/1/decision", &[JSON, ANNA], ACCEPT).await;
    assert_eq!(status, 401, "{}", String::from_utf8_lossy(&body));
    assert_eq!(ask(&served, "GET /api/review/queue", &[], "").await.0, 401);
    assert_eq!(served.desk.asked(), [""; 0], "nothing came through");
    assert_eq!(ask(&served, "GET /healthz", &[], "").await.0, 200, "the rest is as it was");
}
