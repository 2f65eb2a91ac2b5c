//! Now, Challenge, the list and the stream, over a ledger with hostile words in it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::StreamExt as _;
use hivis_console::{
    ChallengeSource, Earned, Look, Money, Neighbour, Neighbours, NowSource, Panel, Replay, Reward, Said, SourceError,
    SourceFuture, StationLook, Trained, Worry, routes,
};
use hivis_serve::Health;
use hivis_store::{Home, Md5, ObjectId, RecordWriter, StoredRecord, WriterSettings};
use hivis_types::{
    BatchLeft, Caller, EngineKind, Hotkey, Judgement, Picture, Precision, Protocol, Record, RecordId, RecordedPicture,
    ReleaseId, Silence, Timings,
};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt as _;

use crate::panel;

const DEADLINE: Duration = Duration::from_secs(30);
const HOSTILE: &str = "<script>alert(1)</script>\"'&";

/// Record number `n`, a second after the one before; some minutes ago.
fn record(n: u64, begun: Timestamp) -> Record {
    let mut tail = [0; 10];
    tail[2..].copy_from_slice(&n.to_be_bytes());
    let seconds = begun.as_second() + n as i64;
    let shade = (n % 200) as u8;
    let picture = Picture::new(160, 80, vec![shade; 160 * 80 * 3]).expect("a picture");
    Record {
        id: RecordId(uuid::Builder::from_unix_timestamp_millis(seconds as u64 * 1000, &tail).into_uuid()),
        arrived: Timestamp::from_second(seconds).expect("a time"),
        protocol: Protocol::Axon,
        caller: Caller {
            hotkey: Hotkey::new("5Fvalidator"),
            peer: "127.0.0.1:40000".into(),
            uuid: Some(HOSTILE.to_owned()),
            nonce: seconds as u64 * 1_000_000_000 - 250_000_000,
            version: Some(10_005_000),
            stake: 1234.5,
        },
        timeout_s: Some(9.0),
        status: 200,
        prediction: 0.9,
        silence: None,
        notes: vec![HOSTILE.to_owned()],
        judgement: Some(Judgement {
            release: ReleaseId::new("tiny-1").expect("a name"),
            engine: EngineKind::Rten,
            precision: Precision::Fp32,
            probability: 0.9,
            features: vec![0.5; 4],
            batch: 1,
            left: BatchLeft::Idle,
        }),
        picture: Some(RecordedPicture {
            bytes: hivis_image::encode_jpeg(&picture),
            media: "image/jpeg".into(),
            width: 160,
            height: 80,
            dhash: None,
        }),
        label: None,
        timings: Timings { verify_us: 90, body_us: 80, decode_us: 700, queue_us: 5, engine_us: 9000, total_us: 10_000 },
    }
}

/// A panel over these records.
async fn with(records: Vec<Record>) -> (Panel, tempfile::TempDir) {
    let (panel, folder) = panel(&["//Alice"]).await;
    let home = Home::open(&folder.path().join("home")).expect("the home");
    let settings = WriterSettings { free_bytes: 0, ..WriterSettings::default() };
    let (writer, handle) = RecordWriter::spawn(&home, &panel.ledger, settings).expect("a writer");
    for record in records {
        writer.offer(record);
    }
    handle.close().await.expect("all is written");
    (panel, folder)
}

fn ago() -> Timestamp {
    Timestamp::now().saturating_sub(jiff::SignedDuration::from_mins(10)).expect("a time")
}

async fn asked(panel: &Panel, request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
    let response = routes(panel.clone()).oneshot(request).await.expect("routes do not fail");
    let (head, body) = response.into_parts();
    (head.status, head.headers, body.collect().await.expect("a whole body").to_bytes().to_vec())
}

async fn page(panel: &Panel, path: &str) -> (StatusCode, String) {
    let (status, _, body) = asked(panel, Request::get(path).body(Body::empty()).expect("a request")).await;
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn said(panel: &Panel, path: &str) -> (StatusCode, Value) {
    let (status, text) = page(panel, path).await;
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// Answers with hostile words.
struct Source;

impl NowSource for Source {
    fn look(&self, _: Health) -> SourceFuture<'_, Look> {
        Box::pin(async {
            let money = Money { alpha: "1.5".into(), tao: None, usd: None, payouts: HOSTILE.into() };
            Ok(Look {
                reward: Some(Reward { point: 0.61, low: 0.5, high: 0.7, from: HOSTILE.into() }),
                reward_missing: None,
                earned: Earned { today: None, week: Some(money), missing: None },
                worry: Some(Worry { record: "0".into(), kind: "wrong".into(), said: HOSTILE.into() }),
                stations: vec![StationLook { name: "mined".into(), count: 7, said: HOSTILE.into(), at_work: true }],
                turn: HOSTILE.into(),
            })
        })
    }
}

impl ChallengeSource for Source {
    fn trained(&self, _: ObjectId) -> SourceFuture<'_, Vec<Trained>> {
        Box::pin(async { Ok(vec![Trained { run: HOSTILE.into(), part: "tune".into() }]) })
    }

    fn releases(&self) -> SourceFuture<'_, Vec<String>> {
        Box::pin(async { Ok(vec!["tiny-1".into(), HOSTILE.into()]) })
    }

    fn replay(&self, _: (ObjectId, Md5), release: String) -> SourceFuture<'_, Replay> {
        Box::pin(async move {
            if release != "tiny-1" {
                return Err(SourceError::NotFound("there is no such release".into()));
            }
            Ok(Replay { serving: None, asked: Said { release, probability: 0.25, ms: 3.0 } })
        })
    }

    fn neighbours(&self, record: StoredRecord, _: ObjectId) -> SourceFuture<'_, Neighbours> {
        Box::pin(async move {
            // The features must have come along.
            let distance = record.record.judgement.map_or(0.0, |judgement| judgement.features[0]);
            let one = Neighbour {
                sha256: "ab".repeat(32),
                distance,
                record: None,
                name: HOSTILE.into(),
                label: Some("roadwork".into()),
            };
            Ok(Neighbours { found: vec![one], among: 99, missing: None })
        })
    }
}

#[tokio::test]
async fn hostile_words_are_text_on_every_page() {
    let (mut panel, _folder) = with(vec![record(1, ago())]).await;
    panel.sources.now = Some(Arc::new(Source));
    panel.sources.challenge = Some(Arc::new(Source));
    let id = record(1, ago()).id;
    let story =
        format!("/challenge/{}", said(&panel, "/api/challenges").await.1["rows"][0]["id"].as_str().expect("an id"));
    for path in
        ["/", "/challenge", story.as_str(), "/challenge?q=%3Cscript%3Ealert(1)%3C/script%3E", "/challenge/%3Cscript%3E"]
    {
        let (_, html) = page(&panel, path).await;
        assert!(html.contains("</html>"), "{path}: {html}");
        assert!(!html.contains("<script>alert"), "{path}: {html}");
        assert!(!html.contains(" style="), "{path}: no style stands in the page");
    }
    let (_, html) = page(&panel, &story).await;
    assert!(html.contains("&#60;script&#62;alert(1)"), "the words are there: {html}");
    assert!(html.contains("tune") && html.contains("distance 0.500") && html.contains("+0.250 s"), "{html}");
    assert_ne!(id.to_string(), "", "ids are made of times");
}

#[tokio::test]
async fn now_says_the_same_in_json() {
    let mut records: Vec<Record> = (0..20).map(|n| record(n, ago())).collect();
    for silent in &mut records[..4] {
        (silent.silence, silent.judgement, silent.prediction) = (Some(Silence::Expired), None, -1.0);
    }
    let (mut panel, _folder) = with(records).await;
    panel.sources.now = Some(Arc::new(Source));
    let (status, now) = said(&panel, "/api/now").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(now["now"]["texts"]["records"], "20");
    assert_eq!(now["now"]["texts"]["silent"], "4");
    // No model is loaded, which is worse than 20% without an answer.
    assert_eq!(now["now"]["state"], "failing");
    let reasons = now["now"]["reasons"].to_string();
    assert!(reasons.contains("no model") && reasons.contains("20%") && reasons.contains("expired"), "{reasons}");
    assert_eq!(now["look"]["reward"]["point"], 0.61);
    panel.sources.now = None;
    assert_eq!(said(&panel, "/api/now").await.1["look"], Value::Null);
    assert_eq!(page(&panel, "/").await.0, StatusCode::OK);
}

#[tokio::test]
async fn answers_come_in_pages_and_by_kind() {
    let mut records: Vec<Record> = (0..7).map(|n| record(n, ago())).collect();
    (records[2].silence, records[2].judgement, records[2].prediction) = (Some(Silence::Expired), None, -1.0);
    records[5].judgement.as_mut().expect("a judgement").probability = 0.5;
    let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
    let (panel, _folder) = with(records).await;
    let mut seen = Vec::new();
    let mut path = "/api/challenges?limit=3".to_owned();
    loop {
        let (status, found) = said(&panel, &path).await;
        assert_eq!(status, StatusCode::OK);
        let rows = found["rows"].as_array().expect("rows");
        assert!(rows.len() <= 3);
        seen.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        let Some(next) = found["next"].as_str() else { break };
        path = format!("/api/challenges?limit=3&before={next}");
    }
    let mut expected = ids.clone();
    expected.reverse();
    assert_eq!(seen, expected);
    for (query, wanted) in [
        ("kind=silent", vec![2]),
        ("kind=expired", vec![2]),
        ("kind=unsure", vec![5]),
        ("kind=wrong", vec![]),
        ("hotkey=5Fvalidator&limit=1", vec![6]),
        ("hotkey=5Fnobody", vec![]),
    ] {
        let (_, found) = said(&panel, &format!("/api/challenges?{query}")).await;
        let rows: Vec<&str> =
            found["rows"].as_array().expect("rows").iter().filter_map(|row| row["id"].as_str()).collect();
        let wanted: Vec<&str> = wanted.into_iter().map(|n: usize| ids[n].as_str()).collect();
        assert_eq!(rows, wanted, "{query}");
    }
    for wrong in ["kind=nonsense", "before=nonsense", "hotkey=%3Cb%3E"] {
        assert_eq!(
            said(&panel, &format!("/api/challenges?{wrong}")).await.0,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{wrong}"
        );
        assert_eq!(page(&panel, &format!("/challenge?{wrong}")).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    // A whole id, or its beginning, leads to the story.
    let request = Request::get(format!("/challenge?q={}", ids[3])).body(Body::empty()).expect("a request");
    let (status, headers, _) = asked(&panel, request).await;
    assert_eq!(
        (status, headers["location"].to_str().expect("text")),
        (StatusCode::SEE_OTHER, &*format!("/challenge/{}", ids[3]))
    );
    let (status, html) = page(&panel, &format!("/challenge?q={}", &ids[3][..8])).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && html.contains("Several records"), "{html}");
}

#[tokio::test]
async fn a_story_is_whole_and_a_replay_is_noted() {
    let (mut panel, _folder) = with(vec![record(1, ago()), record(2, ago())]).await;
    let id = said(&panel, "/api/challenges").await.1["rows"][0]["id"].as_str().expect("an id").to_owned();
    let (status, told) = said(&panel, &format!("/api/challenge/{id}")).await;
    assert_eq!((status, &told["row"]["verdict"]), (StatusCode::OK, &json!("roadwork")));
    let phases = told["phases"].as_array().expect("phases");
    let width: f64 = phases.iter().filter_map(|phase| phase["width"].as_f64()).sum();
    assert!((width - 400.0).abs() < 1e-6, "the bar is whole: {phases:?}");
    assert_eq!(said(&panel, "/api/challenge/0").await.0, StatusCode::CONFLICT);
    assert_eq!(said(&panel, "/api/challenge/ffff").await.0, StatusCode::NOT_FOUND);

    let (_, html) = page(&panel, "/").await;
    let csrf = crate::door::csrf(&html);
    let ask = |release: &str| {
        Request::post(format!("/api/challenge/{id}/replay"))
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .header("x-hivis-csrf", csrf)
            .body(Body::from(json!({ "release": release }).to_string()))
            .expect("a request")
    };
    assert_eq!(asked(&panel, ask("tiny-1")).await.0, StatusCode::SERVICE_UNAVAILABLE, "nobody can be asked");
    panel.sources.challenge = Some(Arc::new(Source));
    let (status, _, body) = asked(&panel, ask("tiny-1")).await;
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((status, &body["asked"]["probability"]), (StatusCode::OK, &json!(0.25)));
    assert_eq!(asked(&panel, ask("other")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(asked(&panel, ask("")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let audit = panel.ledger.audit(None, 10).await.expect("the log");
    let outcomes: Vec<&str> = audit.iter().map(|entry| entry.entry.outcome.as_str()).collect();
    assert!(outcomes.contains(&"done") && outcomes.contains(&"there is no such release"), "{outcomes:?}");
}

#[tokio::test]
async fn pictures_are_shown_by_their_bytes_and_small_ones_are_ours() {
    let mut evil = record(1, ago());
    evil.picture.as_mut().expect("a picture").bytes =
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    let good = record(2, ago());
    let (evil_id, good_id) = (evil.id, good.id);
    let (panel, _folder) = with(vec![evil, good.clone()]).await;
    for kind in ["picture", "thumb"] {
        let path = format!("/records/{evil_id}/{kind}");
        assert_eq!(page(&panel, &path).await.0, StatusCode::NOT_FOUND, "{kind}");
    }
    let get = |kind: &str| Request::get(format!("/records/{good_id}/{kind}")).body(Body::empty()).expect("a request");
    let (status, headers, bytes) = asked(&panel, get("picture")).await;
    assert_eq!((status, headers["content-type"].to_str().expect("text")), (StatusCode::OK, "image/jpeg"));
    assert!(headers["content-security-policy"].to_str().expect("text").contains("sandbox"));
    assert_eq!(bytes, good.picture.expect("a picture").bytes);
    let (status, _, small) = asked(&panel, get("thumb")).await;
    let small = hivis_image::decode(&small, &hivis_image::DecodeLimits::default()).expect("a picture").picture;
    assert_eq!((status, small.width(), small.height()), (StatusCode::OK, 112, 56));
    assert_eq!(page(&panel, &format!("/pictures/{}/thumb", "ab".repeat(32))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(page(&panel, "/pictures/nonsense/thumb").await.0, StatusCode::BAD_REQUEST);
}

/// The stream's events from now on, as (event, id, data).
async fn events(app: &axum::Router, request: Request<Body>, count: usize) -> Vec<(String, String, Value)> {
    let response = app.clone().oneshot(request).await.expect("routes do not fail");
    assert_eq!(response.status(), StatusCode::OK);
    let (mut stream, mut text, mut found) = (response.into_body().into_data_stream(), String::new(), Vec::new());
    while found.len() < count {
        let bytes =
            tokio::time::timeout(DEADLINE, stream.next()).await.expect("in time").expect("goes on").expect("bytes");
        text.push_str(&String::from_utf8_lossy(&bytes));
        while let Some((one, rest)) = text.split_once("\n\n") {
            let field = |name: &str| {
                let line = one.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim_start_matches([':', ' ']).to_owned()).unwrap_or_default()
            };
            if !field("event").is_empty() {
                found.push((field("event"), field("id"), serde_json::from_str(&field("data")).expect("JSON")));
            }
            text = rest.to_owned();
        }
    }
    found
}

#[tokio::test]
async fn a_page_that_comes_back_is_caught_up() {
    let records: Vec<Record> = (0..100).map(|n| record(n, ago())).collect();
    let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
    let (panel, _folder) = with(records).await;
    let app = routes(panel);
    let after = |path: String, header: Option<&str>| {
        let request = Request::get(path);
        let request = if let Some(id) = header { request.header("last-event-id", id) } else { request };
        request.body(Body::empty()).expect("a request")
    };
    // The header goes before the address, which the browser keeps from the first time.
    let seen = events(&app, after(format!("/events?after={}", ids[0]), Some(&ids[95])), 1).await;
    let (event, id, data) = &seen[0];
    assert_eq!((event.as_str(), id), ("caught-up", &ids[99]));
    let rows: Vec<&str> = data["rows"].as_array().expect("rows").iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!((rows, data["missed"].as_u64()), (ids[96..].iter().map(String::as_str).collect(), Some(0)));
    // Too many: the newest 40, and the others are counted.
    let seen = events(&app, after(format!("/events?after={}", ids[9]), None), 1).await;
    assert_eq!((seen[0].2["rows"].as_array().map(Vec::len), seen[0].2["missed"].as_u64()), (Some(40), Some(50)));
    // Nothing was missed: figures come first.
    let seen = events(&app, after(format!("/events?after={}", ids[99]), None), 1).await;
    assert_eq!(seen[0].0, "figures");
    assert_eq!(seen[0].2["texts"]["records"], "100");
    let seen = events(&app, after("/events?after=nonsense".to_owned(), Some("<b>")), 1).await;
    assert_eq!(seen[0].0, "figures", "what is no id is nothing");
}

#[tokio::test]
async fn so_many_pages_may_listen_and_no_more() {
    let (panel, _folder) = with(Vec::new()).await;
    let app = routes(panel);
    let get = || Request::get("/events").body(Body::empty()).expect("a request");
    let mut open = Vec::new();
    for _ in 0..32 {
        let response = app.clone().oneshot(get()).await.expect("routes do not fail");
        assert_eq!(response.status(), StatusCode::OK);
        open.push(response);
    }
    let refused = app.clone().oneshot(get()).await.expect("routes do not fail");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = refused.into_body().collect().await.expect("a body").to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("32 pages listen already"));
    drop(open.pop());
    assert_eq!(app.clone().oneshot(get()).await.expect("routes do not fail").status(), StatusCode::OK);
}
