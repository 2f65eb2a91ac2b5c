//! The official SDK's dendrites ask the whole program: `hivis serve` with its embedded model.

use std::path::Path;
use std::process::{Command, Stdio};

use hivis_testbed::peers::environment;

use crate::miner::{BOB, Miner, hivis, output, with_release};

fn dendrite_gets_answers(release: &str) {
    let Some(venv) = environment(release) else { return };
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let picture = home.path().join("picture.b64");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/challenge/encode/enc_road640_l2.b64");
    std::fs::copy(golden, &picture).expect("the fixture is there");
    let miner = Miner::start(home.path());
    let port = miner.axon.rsplit_once(':').expect("ip:port").1.to_owned();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hivis-bittensor/tests/sdk/dendrite.py");
    let mut asked = Command::new(venv.join("bin/python"));
    asked.arg("-B").arg(script).args(["--port", &port, "--axon", BOB, "--times", "3", "--image-file"]).arg(&picture);
    let out = output({
        asked.stdin(Stdio::null());
        asked
    });
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{told}\n{}", String::from_utf8_lossy(&out.stderr));
    let answers: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    assert_eq!(answers.len(), 3, "{told}");
    for answer in &answers {
        assert_eq!(answer["status"], 200, "{answer}");
        assert_eq!(answer["is_success"], true, "{answer}");
        let prediction = answer["prediction"].as_f64().expect("a number");
        assert!((0.0..=1.0).contains(&prediction), "{answer}");
    }
    miner.stop();
    let out = output(hivis(home.path(), &["records", "list", "--json"]));
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(told.lines().count(), 5, "two of the demo and three of the dendrite: {told}");
}

#[test]
fn sdk_9_dendrite_gets_answers() {
    dendrite_gets_answers("bittensor-9.12.2");
}

#[test]
fn sdk_10_dendrite_gets_answers() {
    dendrite_gets_answers("bittensor-10.5.0");
}
