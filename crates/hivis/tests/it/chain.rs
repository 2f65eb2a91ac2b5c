//! `hivis chain` against a node on loopback.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, SystemTime};

use hivis_testbed::node::{Node, NodeOptions};
use serde_json::Value;

use crate::miner::{hivis, output};

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

/// A node whose blocks bear this machine's time.
fn node(options: NodeOptions) -> Node {
    let node = Node::start(NodeOptions { clock: Some(now), ..options });
    node.seal();
    node.auto(Duration::from_secs(1));
    node
}

fn chain(home: &Path, node: &Node, args: &[&str]) -> Output {
    let url = node.url();
    let all = [&["chain"], args, &["--network", "local", "--netuid", "72", "--endpoint", &url]].concat();
    output(hivis(home, &all))
}

fn said(out: &Output) -> (String, String) {
    (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned())
}

fn json(out: &Output) -> Value {
    let (stdout, stderr) = said(out);
    assert!(out.status.success(), "{stdout} {stderr}");
    serde_json::from_str(&stdout).expect("JSON")
}

#[test]
fn the_subnet_is_shown_without_a_home() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path().join("nowhere");
    let node = node(NodeOptions { spec: 461, ..NodeOptions::default() });
    let (text, _) = said(&chain(&home, &node, &["show"]));
    assert!(text.contains("local subnet 72  StreetVision by NATIX") && text.contains("runtime 461"), "{text}");
    let show = json(&chain(&home, &node, &["show", "--json"]));
    assert_eq!((&show["neurons"], &show["validators"], &show["netuid"]), (&256.into(), &8.into(), &72.into()));
    assert_eq!(show["cost"]["rao"], node.read(|state| state.subnets[&72].burn));
    let graph = json(&chain(&home, &node, &["metagraph", "--validators", "--json"]));
    assert_eq!(graph["neurons"].as_array().map(Vec::len), Some(8));
    let parameters = json(&chain(&home, &node, &["hyperparameters", "--json"]));
    assert!(parameters["values"]["tempo"].is_u64(), "{parameters}");
    let (text, _) = said(&chain(&home, &node, &["cost"]));
    assert!(text.contains("a registration on subnet 72 of local costs") && text.contains("it is full"), "{text}");
    assert!(!home.exists(), "a look makes no home");
}

#[test]
fn each_endpoint_is_tried_and_judged() {
    let home = tempfile::tempdir().expect("a folder");
    let node = node(NodeOptions::default());
    let out = chain(home.path(), &node, &["endpoints", "--endpoint", "ws://user:hush@127.0.0.1:9/hush"]);
    let (text, errors) = said(&out);
    assert!(out.status.success() && text.contains(&format!("ok    {}", node.url())), "{text} {errors}");
    assert!(text.contains("FAIL  ws://127.0.0.1:9  no connection"), "{text}");
    assert!(!text.contains("hush") && !errors.contains("hush"), "{text} {errors}");
}

#[test]
fn another_chain_is_refused_with_a_hint() {
    let home = tempfile::tempdir().expect("a folder");
    let node = node(NodeOptions::default());
    let out = output(hivis(home.path(), &["chain", "show", "--network", "finney", "--endpoint", &node.url()]));
    let (_, errors) = said(&out);
    assert!(!out.status.success() && errors.contains("it is another chain"), "{errors}");
    assert!(errors.contains(&node.url()) && errors.contains("hint:"), "{errors}");
}

#[test]
fn a_subnet_of_another_name_is_warned_of() {
    let finney = "2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";
    let genesis: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&finney[2 * i..2 * i + 2], 16).expect("hex")).collect();
    let home = tempfile::tempdir().expect("a folder");
    let node = node(NodeOptions { genesis: genesis.try_into().ok(), ..NodeOptions::default() });
    let args = ["chain", "cost", "--endpoint", &node.url(), "--netuid", "1", "--json"];
    let (text, errors) = said(&output(hivis(home.path(), &args)));
    assert!(errors.contains("subnet 1 of finney calls itself `apex`, not StreetVision"), "{text} {errors}");
    assert!(errors.contains("StreetVision is subnet 72 or 323"), "{errors}");
    let args = ["chain", "cost", "--endpoint", &node.url(), "--json"];
    let out = output(hivis(home.path(), &args));
    let (_, errors) = said(&out);
    assert!(out.status.success() && !errors.contains("warning"), "{errors}");
}
