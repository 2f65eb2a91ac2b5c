//! Every fault does what it says, once set, and nothing before.

use std::time::Duration;

use hivis_testbed::node::{Node, NodeOptions};
use serde_json::json;
use subxt::rpcs::client::RpcClient;

use crate::wire::{Vendor, call, client, soon};

#[tokio::test]
async fn connections_are_cut_refused_and_limited() {
    let node = Node::start(NodeOptions::default());
    let first = client(&node).await;
    assert_eq!(call(&first, "system_chain", json!([])).await, Ok(json!("Bittensor")));
    assert_eq!(node.connections(), 1);
    node.cut();
    assert!(call(&first, "system_chain", json!([])).await.is_err());
    assert_eq!(node.connections(), 0);

    node.faults(|f| f.refuse = true);
    assert!(soon(RpcClient::from_insecure_url(node.url())).await.is_err());
    node.faults(|f| {
        f.refuse = false;
        f.upgrades_limited = 1;
    });
    let error = soon(RpcClient::from_insecure_url(node.url())).await.expect_err("429").to_string();
    assert!(error.contains("429"), "{error}");

    let second = client(&node).await;
    node.faults(|f| {
        f.calls_limited = 1;
        f.cut_after = Some(2);
    });
    assert_eq!(call(&second, "system_chain", json!([])).await.map_err(|e| e.0), Err(-32029));
    assert!(call(&second, "system_chain", json!([])).await.is_ok());
    assert!(call(&second, "system_chain", json!([])).await.is_err(), "the third message cuts");
}

#[tokio::test]
async fn methods_hang_fail_and_lie() {
    let node = Node::start(NodeOptions::default());
    let client = client(&node).await;
    let genesis = call(&client, "chain_getBlockHash", json!([0])).await.expect("a hash");
    assert_eq!(genesis, json!(format!("0x{}", hex::encode(node.genesis()))));
    let key = node.storage_key("SubtensorModule", "Tempo", &[json!(72)]);
    let tempo = json!([format!("0x{}", hex::encode(&key))]);
    assert_eq!(call(&client, "state_getStorage", tempo.clone()).await, Ok(json!("0x6801")));
    node.faults(|f| {
        f.genesis = Some([9; 32]);
        f.storage.insert(key, vec![1, 2, 3]);
        f.calls.insert("SwapRuntimeApi_current_alpha_price".to_owned(), vec![7]);
        f.fail.insert("system_name".to_owned(), (-32603, "Internal error".to_owned()));
        f.hang.insert("system_version".to_owned());
    });
    assert_eq!(call(&client, "chain_getBlockHash", json!([0])).await, Ok(json!(format!("0x{}", "09".repeat(32)))));
    assert_eq!(call(&client, "state_getStorage", tempo).await, Ok(json!("0x010203")));
    let price = json!(["SwapRuntimeApi_current_alpha_price", "0x4800"]);
    assert_eq!(call(&client, "state_call", price).await, Ok(json!("0x07")));
    assert_eq!(call(&client, "system_name", json!([])).await, Err((-32603, "Internal error".to_owned())));
    let silent = call(&client, "system_version", json!([]));
    assert!(tokio::time::timeout(Duration::from_millis(100), silent).await.is_err());
    assert_eq!(node.called("system_version"), 1);
}

#[tokio::test]
async fn submissions_are_swallowed_taken_twice_and_cut() {
    let vendor = Vendor::of(424);
    let serve = json!([vendor.extrinsic("serve_axon_ipv4")]);
    let node = vendor.node();
    let first = client(&node).await;
    node.faults(|f| f.swallow = 1);
    assert!(call(&first, "author_submitExtrinsic", serve.clone()).await.is_ok());
    assert_eq!((node.pending(), node.accepted()), (0, 0));
    node.faults(|f| {
        f.twice = true;
        f.cut_on_submit = 1;
    });
    assert!(call(&first, "author_submitExtrinsic", serve.clone()).await.is_err(), "nobody is left to hear it");
    assert_eq!((node.pending(), node.accepted()), (1, 1));
    let second = client(&node).await;
    assert!(call(&second, "author_submitExtrinsic", serve).await.is_ok());
    assert_eq!((node.pending(), node.accepted()), (1, 1), "it is there once");
}
