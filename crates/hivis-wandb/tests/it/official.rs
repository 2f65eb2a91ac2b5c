//! The official client reads the same server: what it takes for W&B is one, and both get the same runs and rows.

use std::process::Command;

use hivis_testbed::peers::environment;
use hivis_testbed::wandb_log::{Asked, FakeWandb, GOOD_KEY};
use serde_json::Value;

use crate::world::{PROJECT, good, project, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_reads_the_same_rows() {
    let Some(venv) = environment("wandb") else { return };
    let server = FakeWandb::start();
    server.put(PROJECT, run("one", 40));
    server.put(PROJECT, run("two", 7));
    let folder = tempfile::tempdir().unwrap();
    let keys = ["_step", "_timestamp", "label", "miner_predictions/uid_7"];
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer/read.py");
    let mut python = Command::new("timeout");
    python.arg("120").arg(venv.join("bin/python")).args(["-B", script, &server.base(), GOOD_KEY, PROJECT]).args(keys);
    for name in ["HOME", "WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"] {
        python.env(name, folder.path());
    }
    let done = python.env("WANDB_BASE_URL", server.base()).env("NO_PROXY", "127.0.0.1").output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let line = said.lines().find_map(|line| line.strip_prefix("said "));
    let asked = server.asked();
    let theirs: Vec<Value> = serde_json::from_str(line.unwrap_or_else(|| panic!("{errors}\n{asked:#?}"))).unwrap();

    let wandb = good(&server);
    let page = wandb.runs(&project(), None).await.unwrap();
    assert_eq!((page.runs.len(), theirs.len(), page.next), (2, 2, None));
    for (ours, theirs) in page.runs.iter().zip(&theirs) {
        assert_eq!(theirs["id"], *ours.id);
        assert_eq!(theirs["config"]["hotkey"].as_str(), ours.text("hotkey"));
        assert_eq!(theirs["state"] == "running", ours.running);
        let last = wandb.last_step(&project(), &ours.id).await.unwrap().unwrap();
        assert_eq!(theirs["last"].as_u64(), Some(last));
        let rows = wandb.history(&project(), &ours.id, 0..last + 1, &[&keys[1..]]).await.unwrap().remove(0);
        let rows = serde_json::to_value(&rows).unwrap();
        assert!(rows.as_array().is_some_and(|rows| rows.len() as u64 == last / 3 + 1), "{rows}");
        assert_eq!(theirs["history"], rows, "sampled history");
        assert_eq!(theirs["scan"], rows, "scanned history");
    }
    // Word for word the same questions.
    let ours = server.asked();
    for name in ["query RunSampledHistory", "query RunHistoryKeys"] {
        assert_eq!(question(&asked, name), question(&ours, name));
    }
}

/// The text of the first question of that name, its white space put right.
fn question(asked: &[Asked], name: &str) -> String {
    let found = asked.iter().find(|asked| asked.query.contains(name)).unwrap();
    found.query.split_whitespace().collect::<Vec<_>>().join(" ")
}
