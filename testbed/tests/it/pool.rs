//! What the node says to good and bad extrinsics, and what the good ones do.

use hivis_testbed::node::{State, UNIT, development};
use serde_json::json;

use crate::wire::{Vendor, call, client, happened, next, set_nonce, watch};

#[tokio::test]
async fn extrinsics_of_the_vendor_are_carried_out_under_both_runtimes() {
    for spec in [424, 461] {
        let vendor = Vendor::of(spec);
        let node = vendor.node();
        let client = client(&node).await;
        let [alice, bob, charlie] = ["//Alice", "//Bob", "//Charlie"].map(development);

        let mut status =
            watch(&client, "author_submitAndWatchExtrinsic", json!([vendor.extrinsic("serve_axon_ipv4")])).await;
        assert_eq!(next(&mut status).await, json!("ready"));
        node.seal();
        assert!(next(&mut status).await.get("inBlock").is_some());
        assert!(next(&mut status).await.get("finalized").is_some());
        let axon = node.read(|s| s.subnet(72).neuron(&alice).and_then(|n| n.axon)).expect("an axon");
        assert_eq!((axon.ip, axon.port, axon.version), (3_325_256_711, 8091, 10_005_000));
        assert_eq!(node.read(|s| s.account(&alice)).free, 1000 * UNIT, "the hotkey's call is free");

        set_nonce(&node, "//Alice", 63);
        call(&client, "author_submitExtrinsic", json!([vendor.extrinsic("register_limit")])).await.expect("accepted");
        node.seal();
        assert!(happened(&node, "NeuronRegistered"));
        let (uid, paid) = node.read(|s| (s.subnet(72).uid(&bob), 1000 * UNIT - s.account(&alice).free));
        assert!(uid.is_some());
        let cost = node.read(|s| s.subnet(72).burn);
        assert!(paid > cost && paid < cost + 1_000_000, "the cost and a fee: {paid}");

        set_nonce(&node, "//Bob", 2);
        call(&client, "author_submitExtrinsic", json!([vendor.extrinsic("commit_raw_5")])).await.expect("accepted");
        set_nonce(&node, "//Charlie", 9);
        call(&client, "author_submitExtrinsic", json!([vendor.extrinsic("batch_all_two")])).await.expect("accepted");
        node.seal();
        let told = node.read(|s| s.subnet(72).commitments[&bob].info.clone());
        assert_eq!(told, json!({ "fields": [{ "Raw5": "0x68656c6c6f" }] }));
        assert_eq!(node.read(|s| s.subnet(72).neuron(&charlie).and_then(|n| n.axon)).expect("an axon").port, 9000);
        assert!(happened(&node, "BatchCompleted"));
        assert_eq!(node.accepted(), 4);
    }
}

#[tokio::test]
async fn refusals_have_a_nodes_own_codes() {
    let vendor = Vendor::of(424);
    let node = vendor.node();
    let client = client(&node).await;
    let serve = vendor.extrinsic("serve_axon_ipv4");
    let submit = async |what: &str| call(&client, "author_submitExtrinsic", json!([what])).await.err();
    let invalid = |text: &str| Some((1010, text.to_owned()));

    let altered = format!("{}0{}", &serve[..100], &serve[101..]);
    assert_eq!(submit(&altered).await, invalid("Transaction has a bad signature"));
    assert_eq!(submit("0x00").await.map(|e| e.0), Some(1001));
    set_nonce(&node, "//Alice", 1);
    assert_eq!(submit(&serve).await, invalid("Transaction is outdated"));
    // Mortal, and born at a block that this chain does not have.
    assert_eq!(
        submit(&vendor.extrinsic("serve_axon_mortal_128")).await,
        invalid("Transaction has an ancient birth block")
    );
    set_nonce(&node, "//Alice", 63);
    node.change(|state: &mut State| state.set_balance(development("//Alice"), 1000));
    let poor = invalid("Inability to pay some fees (e.g. account balance too low)");
    assert_eq!(submit(&vendor.extrinsic("register_limit")).await, poor);
    set_nonce(&node, "//Alice", 0);

    assert_eq!(submit(&serve).await, None);
    assert_eq!(submit(&serve).await.map(|e| e.0), Some(1013));
    node.seal();
    assert_eq!(submit(&serve).await.map(|e| e.0), Some(1012));
    // The same key announces again within the rate limit.
    assert_eq!(submit(&vendor.extrinsic("axon_withdraw")).await, invalid("Custom error: 12"));
    // Two with one nonce and the same tip.
    set_nonce(&node, "//Bob", 2);
    assert_eq!(submit(&vendor.extrinsic("commit_raw_5")).await, None);
    assert_eq!(submit(&vendor.extrinsic("commit_sha256")).await.map(|e| e.0), Some(1014));
    assert_eq!(call(&client, "chain_none", json!([])).await.map_err(|e| e.0), Err(-32601));
}

#[tokio::test]
async fn a_failed_call_costs_its_fee_and_changes_nothing() {
    let vendor = Vendor::of(424);
    let node = vendor.node();
    let client = client(&node).await;
    set_nonce(&node, "//Alice", 63);
    node.change(|state| state.subnet_mut(72).burn = 3 * UNIT);
    call(&client, "author_submitExtrinsic", json!([vendor.extrinsic("register_limit")])).await.expect("accepted");
    node.seal();
    // `RegistrationPriceLimitExceeded` of pallet 7.
    assert!(happened(&node, "ExtrinsicFailed") && happened(&node, "\"index\":7"));
    let (uid, alice) = node.read(|s| (s.subnet(72).uid(&development("//Bob")), s.account(&development("//Alice"))));
    assert_eq!((uid, alice.nonce), (None, 64));
    assert!(alice.free > 999 * UNIT && alice.free < 1000 * UNIT);
    // The events decode as a client reads them.
    let key = format!("0x{}", hex::encode(node.storage_key("System", "Events", &[])));
    assert!(
        call(&client, "state_getStorage", json!([key])).await.expect("events").as_str().is_some_and(|e| e.len() > 50)
    );
}
