//! `hivis console`: accounts and tokens, beside a server that runs.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use hivis_testbed::peers;

use crate::miner::{DEADLINE, Miner, get, hivis, with_release};
use crate::pages::spec;

const PASSWORD: &str = "correct horse battery";

/// `hivis console ...` with this on standard input.
fn console(home: &Path, args: &[&str], input: &str) -> Output {
    let mut command = hivis(home, &[&["console"], args].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("hivis starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn accounts_and_tokens_are_kept_for_their_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    let added = console(&home, &["user", "add", "Anna", "--role", "operator"], &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", text(&added.stderr));
    let file = home.join("users.toml");
    let kept = std::fs::read_to_string(&file).expect("a file");
    assert!(kept.contains("name = \"anna\"") && kept.contains("$argon2id$") && !kept.contains(PASSWORD), "{kept}");
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);

    let password = folder.path().join("pw");
    std::fs::write(&password, "another good one\n").expect("written");
    let from_file = ["user", "add", "ben", "--role", "viewer", "--password-file", password.to_str().expect("text")];
    assert!(console(&home, &from_file, "").status.success());
    let listed = console(&home, &["user", "list"], "");
    assert_eq!(text(&listed.stdout), "name      role\nanna  operator\nben     viewer\n");

    let refused: [(&[&str], &str, &str); 6] = [
        (&["user", "add", "ben", "--role", "viewer"], "long enough word\n", "is there already"),
        (&["user", "add", "cleo", "--role", "viewer"], "short\n", "too short"),
        (&["user", "add", "cleo", "--role", "viewer"], "", "nobody gives the password"),
        (&["user", "add", "local", "--role", "viewer"], "long enough word\n", "no name for an account"),
        (&["user", "password", "cleo"], "long enough word\n", "there is no account cleo"),
        (&["token", "revoke", "cleo"], "", "there is no token cleo"),
    ];
    for (args, input, said) in refused {
        let output = console(&home, args, input);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(said) && error.contains("hint: "), "{args:?}: {error}");
    }
    assert_eq!(console(&home, &["user", "list"], "").stdout, listed.stdout, "a refusal changes nothing");

    let made = console(&home, &["token", "create", "job", "--role", "reviewer", "--days", "7"], "");
    let token = text(&made.stdout);
    assert!(token.starts_with("hivis_") && token.trim().len() == 70 && token.lines().count() == 1, "{token}");
    assert!(!std::fs::read_to_string(&file).expect("a file").contains(token.trim()));
    assert!(text(&console(&home, &["token", "list"], "").stdout).contains("job   reviewer"));
    assert!(console(&home, &["token", "revoke", "job"], "").status.success());
    let left = console(&home, &["user", "remove", "ben", "--json"], "");
    assert_eq!(text(&left.stdout), "{\"left\":1,\"removed\":\"ben\"}\n");
}

/// A GET with a token: the status.
fn with_token(page: &str, token: &str) -> u16 {
    let host = page.trim_start_matches("http://").trim_end_matches('/');
    let mut socket = std::net::TcpStream::connect(host).expect("the page listens");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let head = format!("GET /api/openapi.json HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n");
    socket.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).expect("the request is sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("the answer is text");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line")
}

/// The accounts of a running server, a real browser at its door, and a real validator on its document.
#[test]
fn a_served_home_asks_who_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    with_release(&home);
    let miner = Miner::start(&home);
    let document = format!("{}api/openapi.json", miner.page);
    let (status, json) = get(&document);
    assert_eq!(status, 200, "{json}");
    validate(&json);

    assert!(console(&home, &["user", "add", "anna", "--role", "operator"], &format!("{PASSWORD}\n")).status.success());
    assert_eq!(get(&document).0, 401, "a running server sees the first account");
    let token = text(&console(&home, &["token", "create", "job", "--role", "viewer"], "").stdout);
    assert_eq!(with_token(&miner.page, token.trim()), 200);
    assert!(console(&home, &["token", "revoke", "job"], "").status.success());
    assert_eq!(with_token(&miner.page, token.trim()), 401);

    let address = miner.page.trim_end_matches('/');
    spec("login", address, &[("HIVIS_NAME", "anna"), ("HIVIS_PASSWORD", PASSWORD)]);
    miner.stop();
}

/// The document as openapi-spec-validator reads it.
fn validate(document: &str) {
    let Some(venv) = peers::environment("watchers") else { return };
    let script = "import json, sys; from openapi_spec_validator import validate; validate(json.load(sys.stdin))";
    let mut python = Command::new(venv.join("bin/python"));
    python.args(["-c", script]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = python.spawn().expect("python starts");
    child.stdin.take().expect("a pipe").write_all(document.as_bytes()).expect("it reads");
    let said = child.wait_with_output().expect("it ends");
    assert!(said.status.success(), "{}", text(&said.stderr));
}
