//! Heads, forks, eras of the runtime.

use hivis_testbed::node::{FIRST_BLOCK, FIRST_TIME_MS, Node, NodeOptions};
use serde_json::{Value, json};

use crate::wire::{Vendor, call, client, next, watch};

fn number(header: &Value) -> u32 {
    u32::from_str_radix(&header["number"].as_str().expect("hex")[2..], 16).expect("hex")
}

#[tokio::test]
async fn heads_are_told_and_final_ones_apart() {
    let node = Node::start(NodeOptions::default());
    let client = client(&node).await;
    let mut best = watch(&client, "chain_subscribeNewHeads", json!([])).await;
    let mut last = watch(&client, "chain_subscribeFinalizedHeads", json!([])).await;
    assert_eq!((number(&next(&mut best).await), number(&next(&mut last).await)), (FIRST_BLOCK, FIRST_BLOCK));
    node.seal_best();
    node.seal_best();
    assert_eq!(number(&next(&mut best).await), FIRST_BLOCK + 1);
    let header = next(&mut best).await;
    assert_eq!(number(&header), FIRST_BLOCK + 2);
    node.finalise();
    assert_eq!(number(&next(&mut last).await), FIRST_BLOCK + 1);
    assert_eq!(number(&next(&mut last).await), FIRST_BLOCK + 2);
    // The parent is a block, and the hash of its header is what the child names.
    let hash = call(&client, "chain_getBlockHash", json!([FIRST_BLOCK + 1])).await.expect("a hash");
    assert_eq!(header["parentHash"], hash);
    let none = call(&client, "chain_getHeader", json!([format!("0x{}", "11".repeat(32))])).await.expect("an answer");
    assert_eq!(none, Value::Null);
}

#[tokio::test]
async fn an_extrinsic_leaves_its_block_and_comes_back() {
    let vendor = Vendor::of(424);
    let node = vendor.node();
    let client = client(&node).await;
    let mut status =
        watch(&client, "author_submitAndWatchExtrinsic", json!([vendor.extrinsic("serve_axon_ipv4")])).await;
    assert_eq!(next(&mut status).await, json!("ready"));
    node.seal_best();
    node.seal_best();
    let first = next(&mut status).await["inBlock"].clone();
    assert_eq!(node.reorganise(2, false), FIRST_BLOCK + 1);
    assert_eq!(next(&mut status).await, json!({ "retracted": first }));
    assert_eq!(node.pending(), 1);
    node.seal();
    let second = next(&mut status).await["inBlock"].clone();
    assert_ne!(second, first);
    assert_eq!(next(&mut status).await, json!({ "finalized": second }));

    // And one that is lost does not.
    let vendor = Vendor::of(461);
    let node = vendor.node();
    let client = self::client(&node).await;
    call(&client, "author_submitExtrinsic", json!([vendor.extrinsic("serve_axon_ipv4")])).await.expect("accepted");
    node.seal_best();
    node.reorganise(1, true);
    assert_eq!(node.pending(), 0);
}

#[tokio::test]
async fn the_runtime_changes_at_a_block_and_old_blocks_keep_theirs() {
    let vendor = Vendor::of(424);
    let node = vendor.node();
    let client = client(&node).await;
    let mut versions = watch(&client, "state_subscribeRuntimeVersion", json!([])).await;
    assert_eq!(next(&mut versions).await["specVersion"], 424);
    let old = call(&client, "chain_getHead", json!([])).await.expect("a hash");
    let mut status =
        watch(&client, "author_submitAndWatchExtrinsic", json!([vendor.extrinsic("serve_axon_ipv4")])).await;
    assert_eq!(next(&mut status).await, json!("ready"));
    node.upgrade(461);
    node.seal();
    assert_eq!(next(&mut versions).await["specVersion"], 461);
    assert_eq!(next(&mut status).await, json!("invalid"), "it was signed for the old runtime");
    let version = async |at: &Value| call(&client, "state_getRuntimeVersion", json!([at])).await.expect("a version");
    assert_eq!(version(&old).await["specVersion"], 424);
    let metadata = async |at: Value| {
        let params = json!(["Metadata_metadata_at_version", "0x0f000000", at]);
        call(&client, "state_call", params).await.expect("metadata").as_str().map_or(0, str::len)
    };
    assert_ne!(metadata(old).await, metadata(Value::Null).await);
}

#[tokio::test]
async fn time_goes_by_blocks_and_can_be_shifted() {
    let node = Node::start(NodeOptions::default());
    node.seal();
    assert_eq!(node.read(|s| s.time_ms), FIRST_TIME_MS + 12_000);
    node.shift_time(-10_000);
    node.seal();
    assert_eq!(node.read(|s| s.time_ms), FIRST_TIME_MS + 14_000);
    let client = client(&node).await;
    let key = format!("0x{}", hex::encode(node.storage_key("Timestamp", "Now", &[])));
    let now = call(&client, "state_getStorage", json!([key])).await.expect("the time");
    assert_eq!(now, json!(format!("0x{}", hex::encode((FIRST_TIME_MS + 14_000).to_le_bytes()))));
}
