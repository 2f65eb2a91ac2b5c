//! The official Python client takes the node for a node.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use hivis_testbed::node::{Node, NodeOptions, UNIT, development};
use hivis_testbed::peers::environment;
use serde_json::{Value, json};

#[test]
fn bittensor_10_5_0_reads_and_writes_at_424() {
    drive(424);
}

#[test]
fn bittensor_10_5_0_reads_and_writes_at_461() {
    drive(461);
}

/// It asks for metadata of version 14, which is all that it knows.
#[test]
fn bittensor_9_12_2_reads() {
    let Some(venv) = environment("bittensor-9.12.2") else { return };
    let node = Node::start(NodeOptions::default());
    let home = tempfile::tempdir().expect("a folder");
    let script = "import json, sys, bittensor
s = bittensor.Subtensor(network=sys.argv[1])
g = s.metagraph(72)
print('SAID ' + json.dumps([s.block, int(g.n), float(g.S[0]), g.axons[1].ip]))";
    let said = said(&venv, home.path(), &["-c", script, &node.url()]);
    let stake = node.read(|state| state.subnet(72).neurons[0].total_stake() / UNIT);
    assert_eq!(said, json!([node.head(), 256, stake as f64, "198.51.100.1"]));
}

/// What a Python script prints as JSON after `SAID `, within two minutes. The SDK keeps its cache and its log in the home.
fn said(venv: &Path, home: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(venv.join("bin/python"));
    command.arg("-B").args(arguments).env("HOME", home).stdout(Stdio::piped());
    let mut child = command.spawn().expect("python runs");
    let mut output = child.stdout.take().expect("a pipe");
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = output.read_to_string(&mut text);
        let _ = send.send(text);
    });
    let text = receive.recv_timeout(Duration::from_mins(2));
    let _ = child.kill();
    let _ = child.wait();
    let text = text.expect("the script ends in time; see its errors above");
    let said = text.lines().find_map(|line| line.strip_prefix("SAID "));
    serde_json::from_str(said.unwrap_or_else(|| panic!("{text}"))).expect("JSON")
}

fn drive(spec: u32) {
    let Some(venv) = environment("bittensor-10.5.0") else { return };
    let node = Node::start(NodeOptions { spec, ..NodeOptions::default() });
    node.change(|state| state.subnet_mut(72).set_price(31_000_000));
    node.auto(Duration::from_millis(250));
    let wallets = tempfile::tempdir().expect("a folder");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sdk.py");
    let folder = wallets.path().to_str().expect("a path");
    let said = said(&venv, wallets.path(), &[script, &node.url(), folder]);

    node.stop();
    let before = Node::start(NodeOptions { spec, ..NodeOptions::default() }).read(|s| s.subnet(72).clone());
    let names = |of: &Value| of["hotkeys"].as_array().expect("a list").clone();
    let ss58 = |key: &[u8; 32]| json!(hivis_bittensor::ss58::encode(key).as_str());
    assert_eq!(names(&said["before"]), before.neurons.iter().map(|n| ss58(&n.hotkey)).collect::<Vec<_>>());
    for (uid, neuron) in before.neurons.iter().enumerate() {
        let of = |name: &str| said["before"][name][uid].clone();
        assert_eq!(of("permits"), json!(neuron.permit), "{uid}");
        let close = |name: &str, want: f64| (of(name).as_f64().expect("a number") - want).abs() < 1e-3 * want.max(1e-3);
        assert!(close("total_stake", neuron.total_stake() as f64 / UNIT as f64), "{uid}: {}", of("total_stake"));
        assert!(close("incentive", f64::from(neuron.incentive) / 65535.0), "{uid}: {}", of("incentive"));
        let axon = neuron.axon.map_or("0.0.0.0:0".to_owned(), |a| format!("198.51.100.{}:{}", uid % 256, a.port));
        assert_eq!(of("axons"), json!(axon), "{uid}");
    }
    assert_eq!(said["params"], json!({ "tempo": 360, "immunity_period": 5000, "serving_rate_limit": 50 }));
    assert_eq!((&said["cost"], &said["price"]), (&json!(before.burn), &json!(31_000_000)));
    assert_eq!(said["name"], "StreetVision by NATIX");
    assert_eq!(said["balance"], json!(1000 * UNIT));
    for done in ["register", "serve", "commit"] {
        assert_eq!(said[done][0], true, "{done}: {}", said[done]);
    }

    let hotkey = hivis_bittensor::ss58::decode(said["hotkey"].as_str().expect("an address")).expect("an address");
    node.read(|state| {
        let subnet = state.subnet(72);
        assert_eq!(said["uid"], json!(subnet.uid(&hotkey)));
        let neuron = subnet.neuron(&hotkey).expect("registered");
        assert_eq!(neuron.coldkey, development("//Alice"));
        let axon = neuron.axon.expect("announced");
        assert_eq!((axon.ip, axon.port), (u128::from(u32::from_be_bytes([203, 0, 113, 9])), 8099));
        assert_eq!(
            subnet.commitments[&hotkey].info["fields"][0]["Raw15"],
            json!(format!("0x{}", hex::encode("natix/model@abc")))
        );
        assert_eq!(said["left"], json!(state.account(&development("//Alice")).free));
    });
    let place = names(&said["after"]).iter().position(|name| *name == said["hotkey"]).expect("in the metagraph");
    assert_eq!(said["after"]["axons"][place], "203.0.113.9:8099");
}
