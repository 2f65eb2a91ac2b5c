//! Our dendrite: what it sends, and what it makes of answers, silence and closed doors.

use std::time::Duration;

use hivis_bittensor::Keypair;
use hivis_bittensor::dendrite::{AxonAddress, Dendrite, DendriteSettings, Reply};
use hivis_bittensor::golden::{Capture, Request};
use hivis_types::Hotkey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{golden, small_axon};

const PATIENCE: Duration = Duration::from_secs(10);

/// What a loopback server does with each connection once it has read the request.
pub(crate) enum Served {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Closes.
    Nothing,
    /// Never answers.
    Silence,
}

pub(crate) fn alice() -> Dendrite {
    let settings = DendriteSettings { ip: "198.51.100.7".to_owned(), ..DendriteSettings::default() };
    Dendrite::new(Keypair::from_uri("//Alice").unwrap(), settings)
}

pub(crate) fn bob(port: u16) -> AxonAddress {
    AxonAddress { host: "127.0.0.1".to_owned(), port, hotkey: Keypair::from_uri("//Bob").unwrap().hotkey() }
}

/// Reads one request off a connection: its head and its body as sent.
async fn read_request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                return (head.to_owned(), body.to_owned());
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ends early: {text}");
    }
}

/// Asks a loopback server that serves this to every connection.
pub(crate) async fn ask(served: Served) -> Reply {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let axon = bob(listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            match &served {
                Served::Bytes(bytes) => stream.write_all(bytes).await.unwrap(),
                Served::Nothing => {}
                Served::Silence => std::future::pending().await,
            }
        }
    });
    let reply = alice().ask(&axon, "aGVsbG8=", PATIENCE).await;
    server.abort();
    reply
}

#[tokio::test]
async fn golden_captured_answers() {
    for (name, text) in golden::wire_files(golden::is_capture) {
        let capture = Capture::read(&text);
        let Some(answer) = &capture.answer else { continue };
        let reply = ask(Served::Bytes(answer.bytes())).await;
        let seen = &capture.seen;
        assert_eq!(reply.status.map(u64::from), seen["dendrite"]["status_code"].as_u64(), "{name}: {reply:?}");
        // Ours is cut where the SDK keeps long texts.
        let message = seen["dendrite"]["status_message"].as_str().map(|text| text.chars().take(300).collect());
        assert_eq!(reply.message, message, "{name}");
        let (ours, theirs) = (reply.process_time_s.unwrap(), seen["axon"]["process_time"].as_f64().unwrap());
        // serde_json reads the capture's long decimals to within one unit in the last place.
        assert!((ours - theirs).abs() < 1e-15, "{name}: {ours} {theirs}");
        assert_eq!(reply.is_success(), seen["is_success"].as_bool().unwrap(), "{name}");
        if let Some(prediction) = seen["prediction"].as_f64() {
            assert_eq!(reply.prediction, prediction, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn golden_captured_silence() {
    for (name, text) in golden::wire_files(golden::is_capture) {
        let capture = Capture::read(&text);
        if capture.answer.is_some() {
            continue;
        }
        let axon = &capture.seen["axon"];
        let host = axon["ip"].as_str().unwrap().to_owned();
        let port = axon["port"].as_u64().unwrap() as u16;
        // A listener that never accepts: the kernel lets the connection stand, and nobody answers.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = if capture.request.is_some() { listener.local_addr().unwrap().port() } else { port };
        let address = AxonAddress { host, port, hotkey: Hotkey::new(axon["hotkey"].as_str().unwrap()) };
        let reply = alice().ask(&address, "aGVsbG8=", Duration::from_secs(2)).await;
        let seen = &capture.seen["dendrite"];
        assert_eq!(reply.status.map(u64::from), seen["status_code"].as_u64(), "{name}: {reply:?}");
        assert_eq!(reply.message.as_deref(), seen["status_message"].as_str(), "{name}");
        assert_eq!(reply.prediction, -1.0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_axon_costs_no_more_than_the_timeout() {
    let begin = tokio::time::Instant::now();
    let reply = ask(Served::Silence).await;
    assert_eq!(reply.status, Some(408));
    assert_eq!(begin.elapsed().as_secs(), PATIENCE.as_secs());
}

#[tokio::test]
async fn golden_it_sends_what_the_sdk_sends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await
    });
    let image = "/9j/4HRpbnktbm90LWEtcmVhbC1qcGVn/9k=";
    let asked = alice().ask(&bob(port), image, Duration::from_secs(5)).await;
    assert_eq!(asked.status, Some(503));
    let (head, body) = sent.await.unwrap();
    let ours = keys(&head);
    for (name, text) in golden::wire_files(|name| name == "bt10_success") {
        let captured: Request = Capture::read(&text).request.unwrap();
        // `Host` and `Content-Length` are framing, which the reader of captures leaves out.
        let framing = |name: &String| !["host", "content-length"].contains(&name.as_str());
        let theirs: Vec<String> = captured.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert_eq!(ours.iter().filter(|name| framing(name)).cloned().collect::<Vec<_>>(), theirs, "{name}");
        // The same text but for what changes with each question.
        let theirs = String::from_utf8(captured.body).unwrap();
        assert_eq!(stable(&body), stable(&theirs), "{name}");
        // Ports may differ in length; all else is of one length, separators included.
        assert_eq!(body.len() - port.to_string().len(), theirs.len() - "18192".len(), "{name}");
    }
}

/// Header names of a raw head, in order, as written.
fn keys(head: &str) -> Vec<String> {
    head.lines().skip(1).map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

/// A body's fields in order, less the values that change with each question.
fn stable(body: &str) -> Vec<String> {
    let changing = |field: &str| {
        ["\"nonce\": 1", "\"uuid\": \"", "\"signature\": \""].into_iter().find(|start| field.starts_with(start))
    };
    let fields = body.split([',', '{', '}']).map(str::trim);
    fields
        .map(|field| match field.split_once("\"port\": ") {
            Some((_, port)) if port != "null" => "a port",
            _ => changing(field).unwrap_or(field),
        })
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn connections_are_kept_and_a_closed_one_is_replaced() {
    let address = small_axon::serve().await;
    let dendrite = alice();
    for _ in 0..3 {
        let reply = dendrite.ask(&bob(address.port()), "aGVsbG8=", PATIENCE).await;
        assert_eq!((reply.status, reply.prediction), (Some(200), small_axon::PREDICTION), "{reply:?}");
    }
    // Two axons behind one port, one after the other: the first hangs up after each answer without saying so.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            let body = r#"{"prediction": 0.25}"#;
            let head = "content-type: application/json\r\nbt_header_axon_status_code: 200\r\n";
            let text = format!("HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    });
    for _ in 0..2 {
        let reply = dendrite.ask(&bob(port), "aGVsbG8=", PATIENCE).await;
        assert_eq!((reply.status, reply.prediction), (Some(200), 0.25), "{reply:?}");
        // Time for the hang-up to arrive; without it the SDK's dendrite would see a dropped connection as well.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.await.unwrap();
}

#[tokio::test]
async fn two_dendrites_ask_at_once() {
    let address = small_axon::serve().await;
    let dendrite = alice();
    let axon = bob(address.port());
    let asks = (0..20).map(|_| dendrite.ask(&axon, "aGVsbG8=", PATIENCE));
    for reply in futures_util::future::join_all(asks).await {
        assert_eq!(reply.status, Some(200), "{reply:?}");
    }
}
