//! The fake held against `@taostats/sdk`: what that reads, we read too.

use std::path::Path;
use std::process::Command;

use hivis_testbed::taostats::{KEY, neuron};
use hivis_types::Hotkey;
use serde_json::Value;

use crate::asking::{Site, US};

#[tokio::test(flavor = "multi_thread")]
async fn taostats_own_client_and_ours_read_the_same() {
    let Some(modules) = hivis_testbed::peers::environment("taostats") else { return };
    let site = Site::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/ask.cjs");
    let ask = Command::new("node").arg(script).arg(&modules).args([&site.fake.base(), KEY, US]).output();
    let out = ask.expect("Node.js");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let line = String::from_utf8(out.stdout).expect("text");
    let theirs: Value = serde_json::from_str(line.lines().last().expect("a line")).expect("JSON");

    let client = site.client();
    let text = |value: &Value| value.as_str().expect("a text").parse::<f64>().expect("a number");
    let ours = client.neuron(72, &Hotkey::new(US)).await.expect("an answer").value.expect("registered");
    let first = &theirs["latest"]["data"][0];
    assert_eq!(theirs["latest"]["pagination"]["total_items"], 1);
    assert_eq!((text(&first["incentive"]), text(&first["emission"])), (ours.incentive, ours.emission));
    assert_eq!(theirs["all"]["data"].as_array().map(Vec::len), Some(3));
    assert_eq!(theirs["history"]["data"].as_array().map(Vec::len), Some(2));
    let subnet = client.subnet(72).await.expect("an answer").value.expect("one");
    assert_eq!(theirs["subnets"]["data"][0]["active_keys"], subnet.active_keys);
    let price = client.price().await.expect("an answer").value.expect("one");
    assert_eq!(text(&theirs["price"]["data"][0]["price"]), price.price);
    assert_eq!(theirs["refused"]["status"], 401);
    // Both send the key as it is, without "Bearer".
    let asked = site.fake.asked();
    let good = asked.iter().filter(|asked| asked.authorization.as_deref() == Some(KEY)).count();
    assert_eq!(good, asked.len() - 1);
    assert_eq!(neuron(72, 7, US, 0.25)["hotkey"]["ss58"], US);
}
