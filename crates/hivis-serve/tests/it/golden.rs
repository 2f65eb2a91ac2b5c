//! The hand-made requests of `wire*/…_raw_requests.txt`, sent to this axon over TCP.
//!
//! Each case is built here from its name and description, and its answer's HTTP status and `bt_header_axon_status_code`
//! are held against the capture, but for the lines of "Where hivis differs".

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use hivis_serve::AxonSettings;

use crate::{
    asking::Ask,
    world::{Answer, World},
};

/// The golden folders of one kind: those in `HIVIS_GOLDEN`, or else in the repository's `fixtures/`.
fn folders(kind: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("HIVIS_GOLDEN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), PathBuf::from);
    let entries: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap_or_else(|e| panic!("{}: {e}", root.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    let starts =
        |path: &Path, with: &str| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(with));
    let any = ["dinov3-", "challenge", "wire", "vit-"].iter().any(|kind| entries.iter().any(|path| starts(path, kind)));
    assert!(any, "no golden folder of any kind in {}", root.display());
    let found: Vec<PathBuf> = entries.into_iter().filter(|path| starts(path, kind) && path.is_dir()).collect();
    if found.is_empty() {
        println!("no golden folder of the kind {kind} in {}", root.display());
    }
    found
}

/// Name, HTTP status and bt status of each case of a capture.
fn cases(text: &str) -> Vec<(String, (u16, Option<u16>))> {
    let mut cases = Vec::new();
    for block in text.split("\n#### ").skip(1) {
        let name = block.split(':').next().unwrap().trim().to_owned();
        let status = |line: &str| line.split(' ').nth(1).unwrap().parse().unwrap();
        let http = block.lines().find(|line| line.starts_with("HTTP/1.1 ")).map(status).unwrap();
        let bt = block.lines().find_map(|line| line.strip_prefix("bt_header_axon_status_code: "));
        cases.push((name, (http, bt.map(|code| code.trim().parse().unwrap()))));
    }
    cases
}

/// Where hivis differs from the SDK: `wire/README.md`.
fn ours(name: &str) -> Option<(u16, Option<u16>)> {
    match name {
        "older_nonce_same_uuid" | "body_status_injected" | "body_no_content_type" => Some((200, Some(200))),
        "no_version_old_nonce" | "huge_timeout_old_nonce" | "future_nonce" => Some((401, Some(401))),
        _ => None,
    }
}

const HOUR: i64 = 3_600_000_000_000;

/// The plain request with its nonce moved.
fn moved(by: i64) -> Ask {
    let mut ask = plain();
    ask.nonce = ask.nonce.wrapping_add_signed(by);
    ask
}

fn plain() -> Ask {
    Ask::new(br#"{"image": "aGVsbG8="}"#.to_vec()).timeout("5.0")
}

fn with(change: impl FnOnce(&mut Ask)) -> Vec<u8> {
    let mut ask = plain();
    change(&mut ask);
    ask.bytes()
}

fn body(body: &str) -> Vec<u8> {
    Ask::new(body.into()).timeout("5.0").bytes()
}

/// The request with the lines of its head rewritten; `None` leaves a line out.
fn lines(ask: &Ask, rewrite: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let head = String::from_utf8(ask.head()).unwrap();
    let mut text: String = head.trim_end().split("\r\n").filter_map(rewrite).map(|line| line + "\r\n").collect();
    text.push_str("\r\n");
    [text.as_bytes(), &ask.body].concat()
}

fn without(ask: &Ask, name: &str) -> Vec<u8> {
    lines(ask, |line| (!line.starts_with(name)).then(|| line.to_owned()))
}

fn replaced(name: &str, value: impl Fn(&str) -> String) -> Vec<u8> {
    let prefix = format!("{name}: ");
    lines(&plain(), |line| Some(line.strip_prefix(&prefix).map_or(line.to_owned(), |old| prefix.clone() + &value(old))))
}

/// What is sent for a case; the last request's answer counts. `None` for cases that need user code on the axon.
fn requests(name: &str) -> Option<Vec<Vec<u8>>> {
    let one = match name {
        "only_needed_fields" => plain().bytes(),
        "replayed_nonce" => {
            let bytes = plain().bytes();
            return Some(vec![bytes.clone(), bytes]);
        }
        "older_nonce_same_uuid" => {
            let (newer, mut older) = (plain(), plain());
            older.nonce = newer.nonce - 1_000_000;
            return Some(vec![newer.bytes(), older.bytes()]);
        }
        "future_nonce" => moved(HOUR).bytes(),
        "no_version_old_nonce" => without(&moved(-HOUR), "bt_header_dendrite_version"),
        "no_timeout_header_old_6s" => without(&moved(-6_000_000_000), "timeout"),
        "huge_timeout_old_nonce" => moved(-HOUR).timeout("100000").bytes(),
        "missing_nonce" => without(&plain(), "bt_header_dendrite_nonce"),
        "missing_hotkey" => without(&plain(), "bt_header_dendrite_hotkey"),
        "bad_hotkey" => replaced("bt_header_dendrite_hotkey", |_| "nonsense".to_owned()),
        "nonce_not_a_number" => replaced("bt_header_dendrite_nonce", |_| "abc".to_owned()),
        "signature_not_hex" => replaced("bt_header_dendrite_signature", |_| "0xzz".to_owned()),
        "signature_without_0x" => replaced("bt_header_dendrite_signature", |old| old.replacen("0x", "", 1)),
        "signature_bytes_wrapped" => with(|ask| ask.wrapped = true),
        "no_bt_headers" => lines(&plain(), |line| {
            let bt =
                ["bt_header", "name:", "timeout:", "computed_body_hash:"].iter().any(|name| line.starts_with(name));
            (!bt).then(|| line.to_owned())
        }),
        "body_hash_mismatch" => with(|ask| ask.body_hash = Some("0".repeat(64))),
        "body_hash_missing" => with(|ask| ask.body_hash = None),
        "body_bad_json" => body("{\"image\":"),
        "body_empty" => body(""),
        "body_list" => body("[]"),
        "body_wrong_type" => body("{\"image\": 5}"),
        "body_text_plain" => replaced("Content-Type", |_| "text/plain".to_owned()),
        "body_no_content_type" => without(&plain(), "Content-Type"),
        "body_chunked" => with(|ask| {
            ask.length = None;
            "Transfer-Encoding: chunked\r\n".clone_into(&mut ask.more);
            let (a, b) = ask.body.split_at(7);
            let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
            ask.body = [chunk(a), chunk(b), b"0\r\n\r\n".to_vec()].concat();
        }),
        "method_get" => with(|ask| ask.method = "GET"),
        "method_put" => with(|ask| ask.method = "PUT"),
        "path_root" => with(|ask| "/".clone_into(&mut ask.target)),
        "path_extra" => with(|ask| "/ImageSynapse/extra".clone_into(&mut ask.target)),
        "path_slash" => with(|ask| "/ImageSynapse/".clone_into(&mut ask.target)),
        "path_query" => with(|ask| "/ImageSynapse?a=1".clone_into(&mut ask.target)),
        "name_header_other" => replaced("name", |_| "Other".to_owned()),
        "header_status_injected" => with(|ask| "bt_header_axon_status_code: 200\r\n".clone_into(&mut ask.more)),
        "body_status_injected" => {
            body(r#"{"image": "aGVsbG8=", "axon": {"status_code": 418, "status_message": "teapot"}}"#)
        }
        "forward_returns_nan" => return None,
        other => panic!("the capture holds a case that this test does not know: {other}"),
    };
    Some(vec![one])
}

async fn last(world: &World, requests: Vec<Vec<u8>>) -> Answer {
    let mut answer = None;
    for request in requests {
        answer = Some(world.send(request).await);
    }
    answer.expect("a case sends at least one request")
}

#[tokio::test]
async fn golden_raw_requests_get_the_captured_statuses() {
    let mut seen = BTreeSet::new();
    for folder in folders("wire") {
        for file in ["bt9_raw_requests.txt", "bt10_raw_requests.txt"].map(|name| folder.join(name)) {
            let Ok(text) = std::fs::read_to_string(&file) else {
                println!("{} is not there", file.display());
                continue;
            };
            let world = World::start(AxonSettings::default());
            let cases = cases(&text);
            assert!(!cases.is_empty(), "{} holds no case", file.display());
            for (name, captured) in cases {
                let Some(requests) = requests(&name) else { continue };
                let answer = last(&world, requests).await;
                let expected = ours(&name).unwrap_or(captured);
                assert_eq!(answer.statuses(), expected, "{}: {name}: {answer:?}", file.display());
                seen.insert(name);
            }
        }
    }
    assert!(seen.len() >= 33 || std::env::var_os("HIVIS_GOLDEN").is_some(), "only {} cases: {seen:?}", seen.len());
}
