//! What is read is what the node's world holds, under both runtimes, and under ones that lack something.

use std::net::SocketAddr;

use hivis_bittensor::ss58;
use hivis_chain::extrinsic::CommitmentField;
use hivis_chain::{At, ChainConfig, ChainError, account, metagraph, subnet};
use hivis_testbed::node::{Node, development};
use subxt::backend::LegacyBackend;
use subxt::client::OnlineClient;
use subxt::config::substrate::{H256, SpecVersionForRange};
use subxt::ext::codec::{Decode, Encode};
use subxt::ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use subxt::metadata::{ArcMetadata, Metadata};

use crate::world::{chain, of, soon};

/// The head of a node, read by the metadata of 424 less the runtime calls and storage entries that `lost` names.
async fn without(node: &Node, lost: &[&str]) -> At {
    let file = hivis_testbed::golden::fixtures().join("chain/finney-metadata.scale");
    let bytes = std::fs::read(file).expect("a readable file");
    let mut all = RuntimeMetadataPrefixed::decode(&mut &bytes[..]).expect("metadata");
    let RuntimeMetadata::V16(inner) = &mut all.1 else { panic!("V16") };
    for api in &mut inner.apis {
        let name = api.name.clone();
        api.methods.retain(|method| !lost.contains(&format!("{name}.{}", method.name).as_str()));
    }
    for pallet in &mut inner.pallets {
        let name = pallet.name.clone();
        if let Some(storage) = &mut pallet.storage {
            storage.entries.retain(|entry| !lost.contains(&format!("{name}.{}", entry.name).as_str()));
        }
    }
    let metadata = Metadata::decode_from(&all.encode()).expect("metadata");
    let config = ChainConfig::builder()
        .set_genesis_hash(H256(node.genesis()))
        .set_metadata_for_spec_versions([(424, ArcMetadata::from(metadata))])
        .set_spec_version_for_block_ranges([SpecVersionForRange {
            block_range: 0..u64::MAX,
            spec_version: 424,
            transaction_version: 1,
        }])
        .build();
    let rpc = subxt::rpcs::RpcClient::from_insecure_url(node.url()).await.expect("a connection");
    let backend: LegacyBackend<ChainConfig> = LegacyBackend::builder().build(rpc);
    let client = OnlineClient::from_backend_with_config(config, std::sync::Arc::new(backend)).await.expect("a client");
    client.at_current_block().await.expect("a block")
}

/// The metagraph as the node's own state has it.
fn told(node: &Node, netuid: u16) -> Vec<hivis_types::Neuron> {
    node.read(|state| {
        let neurons = state.subnets[&netuid].neurons.iter().enumerate();
        neurons
            .map(|(uid, n)| hivis_types::Neuron {
                uid: uid as u16,
                hotkey: ss58::encode(&n.hotkey),
                coldkey: ss58::encode(&n.coldkey),
                active: n.active,
                validator_permit: n.permit,
                stake: n.total_stake() as f64 / 1e9,
                incentive: f64::from(n.incentive) / 65535.0,
                dividends: f64::from(n.dividends) / 65535.0,
                emission: n.emission as f64 / 1e9,
                consensus: f64::from(n.consensus) / 65535.0,
                registered_at: n.registered_at,
                last_update: n.last_update,
                axon: n.axon.filter(|a| a.port != 0 && a.ip != 0).map(|a| {
                    let ip = std::net::Ipv4Addr::from(u32::try_from(a.ip).expect("IPv4"));
                    SocketAddr::from((ip, a.port))
                }),
            })
            .collect()
    })
}

#[tokio::test]
async fn everything_is_read_under_both_runtimes() {
    for spec in [424, 461] {
        let node = of(spec);
        let at = soon(chain(&[&node]).at_head()).await.expect("a head");
        let graph = metagraph::metagraph(&at, 72).await.expect("a metagraph");
        assert_eq!(graph.neurons, told(&node, 72), "{spec}");
        assert_eq!((graph.netuid, graph.block), (72, u64::from(node.head())));
        assert!(graph.neurons.iter().any(|n| n.axon.is_some()) && graph.validators().count() == 8);
        let params = node.read(|state| state.subnets[&72].params.clone());
        let number = |name: &str| params[name].as_u64().expect(name);
        assert_eq!(u64::from(graph.tempo), number("tempo"));
        assert_eq!(graph.immunity_blocks, number("immunity_period"));

        let told = subnet::hyperparameters(&at, 72).await.expect("parameters");
        assert_eq!(told.call, "get_subnet_hyperparams_v3");
        assert_eq!(told.number("immunity_period"), Some(number("immunity_period")));
        assert_eq!(told.number("serving_rate_limit"), Some(number("serving_rate_limit")));
        assert_eq!(told.get("no_such_thing"), None);

        let rhythm = subnet::rhythm(&at, 72).await.expect("a rhythm");
        assert_eq!((rhythm.tempo, rhythm.immunity), (number("tempo"), number("immunity_period")));
        assert_eq!(rhythm.serving_rate_limit, Some(number("serving_rate_limit")));
        assert!(rhythm.next_payout.is_some() && rhythm.slot_ms.is_some());

        let (burn, pool) = node.read(|state| (state.subnets[&72].burn, state.subnets[&72].pool));
        let cost = subnet::registration_cost(&at, 72).await.expect("a cost");
        assert_eq!(cost.burn, burn);
        assert_eq!((cost.neurons, cost.allowed), (Some(256), Some(true)));
        assert!(cost.after_one.is_some_and(|rao| rao >= burn));
        assert_eq!(cost.lock_share.is_some(), spec == 461, "collateral came with 461");
        let price = subnet::price(&at, 72).await.expect("a price");
        assert_eq!((price.tao_in, price.alpha_in), (pool.0, pool.1));
        assert!(price.tao.is_some_and(|tao| tao > 0.0) && price.moving.is_some_and(|tao| tao > 0.0), "{price:?}");

        let identity = subnet::identity(&at, 72).await.expect("an identity");
        assert_eq!((identity.netuid, identity.name.as_str()), (72, "StreetVision by NATIX"));
        assert!(identity.is_called("Street Vision") && !identity.is_called("apex"));
        let all = subnet::identities(&at).await.expect("identities");
        let found: Vec<u16> = all.iter().filter(|i| i.is_called("streetvision")).map(|i| i.netuid).collect();
        assert_eq!(found, [72, 323]);
    }
}

#[tokio::test]
async fn accounts_are_read_by_key() {
    let node = of(461);
    let key = node.read(|state| state.subnets[&72].neurons[200].hotkey);
    let coldkey = node.read(|state| state.subnets[&72].neurons[200].coldkey);
    node.change(|state| {
        let fields = serde_json::json!({ "fields": [{ "Raw5": "0x68656c6c6f" }] });
        let commitment = hivis_testbed::node::Commitment { block: 77, info: fields };
        state.subnets.get_mut(&72).expect("the subnet").commitments.insert(key, commitment);
    });
    let at = soon(chain(&[&node]).at_head()).await.expect("a head");
    assert_eq!(account::uid(&at, 72, &key).await.expect("a uid"), Some(200));
    assert_eq!(account::uid(&at, 72, &[7; 32]).await.expect("no uid"), None);
    assert_eq!(account::owner(&at, &key).await.expect("an owner"), Some(coldkey));
    assert_eq!(account::owner(&at, &[7; 32]).await.expect("no owner"), None);
    let alice = development("//Alice");
    assert_eq!(account::balance(&at, &alice).await.expect("a balance").spendable(), 1_000_000_000_000);
    assert_eq!(account::balance(&at, &[7; 32]).await.expect("nothing"), account::Balance::default());
    let commitment = account::commitment(&at, 72, &key).await.expect("read").expect("a commitment");
    assert_eq!((commitment.block, commitment.fields), (77, vec![CommitmentField::Raw(b"hello".to_vec())]));
    assert_eq!(account::commitment(&at, 72, &alice).await.expect("read"), None);
    let announced = node.read(|state| {
        let neurons = &state.subnets[&72].neurons;
        neurons.iter().find_map(|n| n.axon.map(|axon| (n.hotkey, axon)))
    });
    let (hotkey, axon) = announced.expect("someone listens");
    let read = account::axon(&at, 72, &hotkey).await.expect("read").expect("an axon");
    assert_eq!((read.block, read.axon.map(|a| a.port())), (axon.block, Some(axon.port)));
    assert_eq!(account::axon(&at, 72, &alice).await.expect("read"), None);
}

#[tokio::test]
async fn a_subnet_that_is_not_there_is_said_so() {
    let node = of(424);
    let at = soon(chain(&[&node]).at_head()).await.expect("a head");
    let none = |error: ChainError| assert!(matches!(error, ChainError::NoSubnet { netuid: 9, .. }), "{error}");
    none(metagraph::metagraph(&at, 9).await.expect_err("no subnet"));
    none(subnet::hyperparameters(&at, 9).await.expect_err("no subnet"));
    none(subnet::registration_cost(&at, 9).await.expect_err("no subnet"));
    none(subnet::rhythm(&at, 9).await.expect_err("no subnet"));
    none(subnet::identity(&at, 9).await.expect_err("no subnet"));
}

#[tokio::test]
async fn a_runtime_without_the_call_is_read_another_way() {
    let node = of(424);
    let lost = [
        "SubnetInfoRuntimeApi.get_metagraph",
        "SubnetInfoRuntimeApi.get_subnet_hyperparams_v3",
        "SubnetInfoRuntimeApi.get_subnet_hyperparams_v2",
        "SubnetInfoRuntimeApi.get_next_epoch_start_block",
        "SwapRuntimeApi.current_alpha_price",
        "SubtensorModule.SubnetMovingPrice",
        "SubtensorModule.BurnIncreaseMult",
        "SubtensorModule.ServingRateLimit",
    ];
    let at = without(&node, &lost).await;
    let graph = soon(metagraph::metagraph(&at, 72)).await.expect("from the older calls");
    assert_eq!(graph.neurons, told(&node, 72));
    assert_eq!(subnet::hyperparameters(&at, 72).await.expect("parameters").call, "get_subnet_hyperparams");
    let price = subnet::price(&at, 72).await.expect("a price");
    assert!(price.tao.is_none() && price.moving.is_none() && price.tao_in > 0);
    assert_eq!(subnet::registration_cost(&at, 72).await.expect("a cost").after_one, None);
    let rhythm = subnet::rhythm(&at, 72).await.expect("a rhythm");
    assert_eq!((rhythm.serving_rate_limit, rhythm.next_payout), (None, None));
}

#[tokio::test]
async fn what_cannot_be_done_without_is_missing_by_name() {
    let node = of(424);
    let lost = ["SubtensorModule.Burn", "SubtensorModule.Uids", "SubnetInfoRuntimeApi.get_all_dynamic_info"];
    let at = without(&node, &lost).await;
    let missing = |error: ChainError, name: &str| {
        assert!(error.to_string().ends_with(name) && matches!(error, ChainError::Missing { spec: 424, .. }), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("update hivis")));
    };
    missing(subnet::registration_cost(&at, 72).await.expect_err("no price"), "storage entry SubtensorModule.Burn");
    missing(account::uid(&at, 72, &[7; 32]).await.expect_err("no uids"), "storage entry SubtensorModule.Uids");
    missing(subnet::identities(&at).await.expect_err("no names"), "SubnetInfoRuntimeApi.get_all_dynamic_info");
}
