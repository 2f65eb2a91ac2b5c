//! The official SDK as the other side, releases 9.12.2 and 10.5.0, each in its own virtual environment.
//!
//! `cargo xtask check` installs them. Where an installation failed (file `.failed`) a test says so and passes; where it
//! was never tried a test fails. These tests start a Python each, some 4 s of one core.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use hivis_bittensor::Keypair;
use hivis_testbed::peers::environment;
use serde_json::Value;

use crate::dendrite::{alice, bob};
use crate::small_axon;

const RELEASES: [&str; 2] = ["bittensor-9.12.2", "bittensor-10.5.0"];
/// Importing the SDK takes seconds on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running script; it is killed and reaped when dropped.
pub(crate) struct Script {
    child: Child,
    lines: mpsc::Receiver<String>,
    _stdin: ChildStdin,
}

impl Script {
    pub(crate) fn start(venv: &Path, script: &str, arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk");
        let mut child = Command::new(venv.join("bin/python"))
            .arg("-B")
            .arg(folder.join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let stdin = child.stdin.take().unwrap();
        Self { child, lines, _stdin: stdin }
    }

    /// The next line, which is JSON.
    pub(crate) fn line(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("the script prints a line in time; see its errors above");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn our_dendrite_asks(release: &str) {
    let Some(venv) = environment(release) else { return };
    let axon = Script::start(&venv, "axon.py", &["--prediction", "0.625"]);
    let port = axon.line()["port"].as_u64().unwrap() as u16;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let dendrite = alice();
        for _ in 0..3 {
            let reply = dendrite.ask(&bob(port), "aGVsbG8=", Duration::from_secs(30)).await;
            assert_eq!((reply.status, reply.prediction), (Some(200), 0.625), "{reply:?}");
            assert!(reply.process_time_s.is_some());
        }
        let mut other = bob(port);
        other.hotkey = Keypair::from_uri("//Charlie").unwrap().hotkey();
        let reply = dendrite.ask(&other, "aGVsbG8=", Duration::from_secs(30)).await;
        assert_eq!((reply.status, reply.prediction), (Some(401), -1.0), "signed for another axon: {reply:?}");
        assert!(reply.message.unwrap().starts_with("Not Verified with error: Signature mismatch"));
    });
}

fn sdk_dendrite_asks(release: &str) {
    let Some(venv) = environment(release) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let address = runtime.block_on(small_axon::serve());
    let port = address.port().to_string();
    let hotkey = Keypair::from_uri("//Bob").unwrap().hotkey();
    let asked = ["--port", &port, "--axon", hotkey.as_str(), "--timeout", "30"];
    let dendrite = Script::start(&venv, "dendrite.py", &[&asked[..], &["--times", "3"]].concat());
    for _ in 0..3 {
        let saw = dendrite.line();
        assert_eq!(saw["status"], 200, "{saw}");
        assert_eq!(saw["message"], "Success", "{saw}");
        assert_eq!(saw["prediction"], small_axon::PREDICTION, "{saw}");
        assert_eq!(saw["is_success"], true, "{saw}");
        assert!(saw["axon_process_time"].is_number(), "{saw}");
    }
    let ping = Script::start(&venv, "dendrite.py", &[&asked[..], &["--ping"]].concat()).line();
    assert_eq!((&ping["status"], &ping["is_success"]), (&Value::from(200), &Value::from(true)), "{ping}");
    let alice = Keypair::from_uri("//Alice").unwrap().hotkey();
    let wrong = ["--port", &port, "--axon", alice.as_str(), "--timeout", "30"];
    let saw = Script::start(&venv, "dendrite.py", &wrong).line();
    assert_eq!((&saw["status"], &saw["prediction"]), (&Value::from(401), &Value::from(-1.0)), "{saw}");
    assert_eq!(saw["message"], "Not Verified with error: Signature mismatch", "{saw}");
}

#[test]
fn our_dendrite_asks_the_sdks_axon_9() {
    our_dendrite_asks(RELEASES[0]);
}

#[test]
fn our_dendrite_asks_the_sdks_axon_10() {
    our_dendrite_asks(RELEASES[1]);
}

#[test]
fn the_sdks_dendrite_9_asks_our_axon() {
    sdk_dendrite_asks(RELEASES[0]);
}

#[test]
fn the_sdks_dendrite_10_asks_our_axon() {
    sdk_dendrite_asks(RELEASES[1]);
}
