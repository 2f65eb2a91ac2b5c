//! The control room of a served home: two operators at once, rolling back, a release that the canary refuses, and that no
//! secret is ever shown.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::made::vit;
use crate::miner::{DEADLINE, Miner, get, hivis, output, with_release};
use crate::release::{current, run, told, wrong};

/// POSTs JSON; status and body.
fn post(page: &str, path: &str, body: &Value) -> (u16, Value) {
    let host = page.strip_prefix("http://").unwrap_or(page);
    let host = host.split('/').next().expect("a host");
    let mut socket = std::net::TcpStream::connect(host).expect("the page listens");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let body = body.to_string();
    let (_, shown) = get(&format!("{}/releases", base(page)));
    let (_, token) = shown.split_once("<meta name=\"csrf\" content=\"").expect("the page has a token");
    let token = token.split('"').next().expect("it ends");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncontent-type: application/json\r\n\
         x-hivis-csrf: {token}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(body.as_bytes())).expect("it is sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("the answer is text");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn json_at(page: &str, path: &str) -> Value {
    let (status, body) = get(&format!("{}{path}", base(page)));
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: {body}"))
}

pub(crate) fn base(page: &str) -> String {
    let host = page.strip_prefix("http://").unwrap_or(page);
    format!("http://{}", host.trim_end_matches('/'))
}

/// Asks until the move is over; gives its last state and every phase that was seen.
fn over(page: &str) -> (Value, Vec<String>) {
    let (end, mut phases) = (Instant::now() + DEADLINE, Vec::<String>::new());
    loop {
        let now = json_at(page, "/api/moving");
        let phase = now["phase"].as_str().unwrap_or("none").to_owned();
        if phases.last() != Some(&phase) {
            phases.push(phase);
        }
        if now["over"] == true {
            return (now, phases);
        }
        assert!(Instant::now() < end, "the move did not end in time: {now}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// A home with its first release and `vit`; the first one serves.
pub(crate) fn two(home: &Path) -> String {
    with_release(home);
    let first = current(home);
    run(home, &["import", "model", vit().to_str().expect("a plain path"), "--id", "vit"]);
    run(home, &["release", "promote", &first, "--policy", "none"]);
    first
}

#[test]
fn two_operators_at_once_one_wins_and_the_other_is_told() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let first = two(home);
    let miner = Miner::start(home);
    let page = miner.page.clone();
    // Both saw the first one serve.
    let body = json!({ "name": "vit", "serves": first, "force": "to see who wins" });
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let both: Vec<_> = (0..2).map(|_| scope.spawn(|| post(&page, "/api/releases/vit/promote", &body))).collect();
        both.into_iter().map(|one| one.join().expect("it is answered")).collect()
    });
    let mut statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409], "{answers:?}");
    let refused = answers.iter().find(|(status, _)| *status == 409).expect("one is refused");
    assert!(refused.1["decided"]["serves"].is_string(), "it is told what serves: {refused:?}");
    let (moved, phases) = over(&page);
    assert_eq!(moved["phase"], "serves", "{moved}");
    assert!(phases.iter().any(|phase| phase == "checking"), "{phases:?}");
    assert_eq!(current(home), "vit");

    // Who comes later with what was shown before is told too.
    let late = json!({ "name": first, "serves": first, "force": "I saw it serve" });
    let (status, said) = post(&page, &format!("/api/releases/{first}/promote"), &late);
    assert_eq!((status, &said["decided"]["serves"]), (409, &json!("vit")), "{said}");
    assert!(said["error"].as_str().is_some_and(|error| error.starts_with("vit serves by now")), "{said}");

    // Without force the policy decides, in words.
    let (status, said) =
        post(&page, &format!("/api/releases/{first}/promote"), &json!({ "name": first, "serves": "vit" }));
    assert!(
        status == 422 && said["error"].as_str().is_some_and(|e| e.contains("has sat no exam beside vit")),
        "{said}"
    );

    // Back, and the history says who and why.
    let list = json_at(&page, "/api/releases");
    assert_eq!((&list["current"], &list["back"]), (&json!("vit"), &json!(first)));
    let (status, said) = post(&page, "/api/rollback", &json!({ "name": first, "serves": "vit" }));
    assert_eq!(status, 202, "{said}");
    assert_eq!(over(&page).0["phase"], "serves");
    assert_eq!(current(home), first);
    let moves = json_at(&page, "/api/releases")["moves"].clone();
    let seen: Vec<(&str, &str, &str)> = (0..2)
        .map(|at| {
            let text = |name: &str| moves[at][name].as_str().unwrap_or("");
            (text("who"), text("why"), text("outcome"))
        })
        .collect();
    assert_eq!(
        seen,
        [("local", "back to what served before", "serves"), ("local", "by force: to see who wins", "serves")],
        "{moves}"
    );
    let audit = json_at(&page, "/api/audit");
    assert_eq!(audit["lines"].as_array().map(Vec::len), Some(5), "{audit}");
    miner.stop();
}

#[test]
fn a_release_that_the_canary_refuses_is_shown_as_put_back() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    wrong(home, &first);
    let miner = Miner::start(home);
    let body = json!({ "name": "wrong", "serves": first, "force": "to see it refused" });
    assert_eq!(post(&miner.page, "/api/releases/wrong/promote", &body).0, 202);
    let (moved, _) = over(&miner.page);
    assert_eq!(moved["phase"], "put-back", "{moved}");
    let said = moved["said"].as_str().expect("words");
    assert!(said.contains(&format!("{first} serves on")) && said.contains("canary"), "{said}");
    assert_eq!(current(home), first);
    let line = json_at(&miner.page, "/api/releases")["moves"][0].clone();
    assert_eq!((&line["release"], &line["outcome"]), (&json!("wrong"), &json!("refused")), "{line}");
    let (_, html) = get(&format!("{}/releases", base(&miner.page)));
    assert!(html.contains("put back"), "{html}");
    // What it put back may be tried again, and something else too.
    assert_eq!(json_at(&miner.page, "/api/releases")["current"], json!(first));
    miner.stop();
}

/// A secret in the environment, in a file that a reference names, and in an address; a control room that must not show it.
#[test]
fn no_page_and_no_answer_shows_a_secret() {
    const MARK: &str = "s3cr3t-m4rk3r-7f1d";
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    std::fs::write(home.join("key"), MARK).expect("a file");
    let config = format!(
        "[chain]\nendpoints = [\"ws://user:{MARK}@127.0.0.1:1/{MARK}?key={MARK}\"]\n\
         [versions]\nremote = \"s3://{MARK}:{MARK}@bucket\"\n\
         [synth.vision]\nurl = \"http://{MARK}@127.0.0.1:1/{MARK}\"\nmodel = \"m\"\napi_key = \"file:key\"\n\
         [synth.cosmos]\ncommand = [\"cosmos\", \"--key\", \"{MARK}\"]\napi_key = \"env:COSMOS_KEY\"\n"
    );
    std::fs::write(home.join("hivis.toml"), config).expect("a file");
    let permits = format!("[[permit]]\nhotkey = \"{}\"\nstake = 1.0\n", crate::miner::ALICE);
    std::fs::write(home.join("permits.toml"), permits).expect("a file");
    let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob", "--json"];
    let mut command = hivis(home, &args);
    command.env("COSMOS_KEY", MARK).env("HIVIS_PUBLISH_REPO", "me/model");
    let miner = Miner::follow(command);
    let release = current(home);
    for path in [
        "/".to_owned(),
        "/challenge".to_owned(),
        "/review".to_owned(),
        "/data".to_owned(),
        "/releases".to_owned(),
        format!("/releases/{release}"),
        "/system".to_owned(),
        "/api/releases".to_owned(),
        format!("/api/releases/{release}"),
        "/api/moving".to_owned(),
        "/api/system".to_owned(),
        "/api/config".to_owned(),
        "/api/audit".to_owned(),
        "/api/top".to_owned(),
        "/readyz".to_owned(),
        "/metrics".to_owned(),
    ] {
        let (status, body) = get(&format!("{}{path}", base(&miner.page)));
        assert_eq!(status, 200, "{path}: {body}");
        assert!(!body.contains(MARK), "{path} shows the secret");
    }
    // What may be shown is, with where it came from.
    let config = json_at(&miner.page, "/api/config");
    let key = |name: &str| {
        let keys = config["keys"].as_array().expect("keys");
        let found = keys.iter().find(|key| key["key"] == name).unwrap_or_else(|| panic!("{name} in {config}"));
        [&found["value"], &found["origin"], &found["place"]].map(|field| field.as_str().unwrap_or("").to_owned())
    };
    assert_eq!(key("synth.cosmos.api_key")[..2], ["\"env:COSMOS_KEY\"", "file"]);
    assert_eq!(key("synth.vision.api_key")[..2], ["\"file:key\"", "file"]);
    assert_eq!(key("publish.repo"), ["\"me/model\"", "environment", "HIVIS_PUBLISH_REPO"]);
    assert_eq!(key("wallet.hotkey"), ["\"//Bob\"", "flag", "--hotkey"]);
    assert_eq!(key("serve.deadline_s"), ["5", "default", ""]);
    let printed = run(home, &["config", "--json"]);
    assert!(!printed.contains(MARK) && printed.contains("env:COSMOS_KEY"), "{printed}");
    let changed = run(home, &["config", "--changed"]);
    assert!(changed.contains("synth.cosmos.command") && !changed.contains("serve.deadline_s"), "{changed}");
    let out = output(hivis(home, &["config", "nothing"]));
    assert!(!out.status.success() && told(&out).contains("hint: one of: wallet, serve"), "{}", told(&out));
    miner.stop();
}
