//! `hivis top`: beside a server and without one, in a pipe, as JSON, and in a real terminal.

use std::path::Path;
use std::process::Command;

use hivis_testbed::peers::environment;
use serde_json::Value;

use crate::miner::{Miner, get, hivis, output, with_release};
use crate::release::{run, told};

fn json(home: &Path, args: &[&str]) -> Value {
    let said = output(hivis(home, args));
    serde_json::from_slice(&said.stdout).unwrap_or_else(|_| panic!("{}", told(&said)))
}

#[test]
fn it_asks_the_server_and_falls_back_to_the_ledger() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let alone = run(home, &["top", "--once"]);
    assert!(alone.contains("no server runs on this home  (read from the ledger)"), "{alone}");
    assert_eq!(alone.lines().next().map(|line| line.starts_with("hivis")), Some(true), "{alone}");
    let view = json(home, &["top", "--json"]);
    assert_eq!((&view["read_from"], &view["ready"], &view["alerts"]), (&"ledger".into(), &false.into(), &Value::Null));
    assert!(view["wheel"].as_array().is_some_and(|wheel| wheel[0]["value"] == 2), "two challenges: {view}");

    let miner = Miner::start(home);
    let page = miner.page.clone();
    // The server's page is on a port that the settings do not know.
    let lost = json(home, &["top", "--json"]);
    assert!(lost["state"].as_str().is_some_and(|state| state.contains("name it with --page")), "{lost}");
    let seen = json(home, &["top", "--json", "--page", &page]);
    assert_eq!((&seen["read_from"], &seen["ready"]), (&"server".into(), &true.into()), "{seen}");
    assert_eq!(seen["answers"].as_array().map(Vec::len), Some(2), "{seen}");
    let host = page.strip_prefix("http://").unwrap_or(&page).trim_end_matches('/').to_owned();
    let (status, body) = get(&format!("http://{host}/api/top"));
    assert_eq!((status, body.contains("\"read_from\":\"server\"")), (200, true), "{body}");
    // Where the settings name the page, it is found by itself, and no proxy is asked for it.
    std::fs::write(home.join("hivis.toml"), format!("[serve]\npage = \"{host}\"\n")).expect("a file");
    for verb in ["top", "status"] {
        let mut command = hivis(home, &[verb, "--json"]);
        command.env("http_proxy", "http://127.0.0.1:9").env("HTTP_PROXY", "http://127.0.0.1:9").env_remove("no_proxy");
        let said = output(command);
        let found: Value = serde_json::from_slice(&said.stdout).unwrap_or_else(|_| panic!("{}", told(&said)));
        assert!(found["read_from"] == "server" || found["answering"] == true, "{verb}: {found}");
    }
    miner.stop();

    let gone = output(hivis(home, &["top", "--once", "--page", &page]));
    assert!(!gone.status.success() && told(&gone).contains("does not answer"), "{}", told(&gone));
    assert!(told(&gone).contains("hint: "), "{}", told(&gone));
    let wrong = output(hivis(home, &["top", "--once", "--page", "not a page"]));
    assert!(!wrong.status.success() && told(&wrong).contains("is no address"), "{}", told(&wrong));
}

/// A person at a terminal: draws, resizes, types and leaves; the terminal is as it was before, Ctrl-C included.
#[test]
fn a_terminal_is_drawn_on_resized_and_given_back() {
    let Some(venv) = environment("watchers") else { return };
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/top.py");
    for leave in ["q", "ctrl-c", "INT", "TERM"] {
        let mut command = Command::new(venv.join("bin/python"));
        command.arg("-B").arg(&script).arg(leave).arg(env!("CARGO_BIN_EXE_hivis"));
        command.arg("--home").arg(home.path()).args(["top", "--every", "1"]);
        command.env("TERM", "xterm-256color");
        let out = output(command);
        let said: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)));
        assert_eq!(said["code"], 0, "{leave}: {said}");
        assert_eq!((&said["same"], &said["left"]), (&true.into(), &true.into()), "{leave}: {said}");
        let frames = said["frames"].as_array().expect("frames");
        assert!(
            frames[0].as_str().is_some_and(|frame| frame.contains("reward") && frame.contains("answers")),
            "{said}"
        );
        assert!(frames[1].as_str().is_some_and(|frame| frame.contains("keys and figures")), "{said}");
    }
}
