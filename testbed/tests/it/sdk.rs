//! The official Python client takes the node for a node.

use std::process::Command;
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

fn drive(spec: u32) {
    let Some(venv) = environment("bittensor-10.5.0") else { return };
    let node = Node::start(NodeOptions { spec, ..NodeOptions::default() });
    node.change(|state| state.subnet_mut(72).set_price(31_000_000));
    node.auto(Duration::from_millis(250));
    let wallets = tempfile::tempdir().expect("a folder");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sdk.py");
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(script).arg(node.url()).arg(wallets.path());
    // The SDK keeps a cache and a log in the home.
    command.env("HOME", wallets.path()).env("NO_CACHE", "1");
    let output = command.output().expect("python runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let said = text.lines().find_map(|line| line.strip_prefix("SAID "));
    let said = said.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    let said: Value = serde_json::from_str(said).expect("JSON");

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
