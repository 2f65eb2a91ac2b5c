//! A raw JSON-RPC client, and extrinsics that the vendor made.

use std::future::Future;
use std::time::Duration;

use hivis_testbed::node::{Node, NodeOptions, State, development};
use serde_json::Value;
use subxt::rpcs::client::{RpcClient, RpcParams, RpcSubscription};

/// Ends a test that hangs.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("in time")
}

/// A client of a node.
pub(crate) async fn client(node: &Node) -> RpcClient {
    soon(RpcClient::from_insecure_url(node.url())).await.expect("a connection")
}

fn params(list: &Value) -> RpcParams {
    let mut params = RpcParams::new();
    for one in list.as_array().expect("a list") {
        params.push(one).expect("JSON");
    }
    params
}

/// A call's answer, or its error's code with data or message.
pub(crate) async fn call(client: &RpcClient, method: &str, list: Value) -> Result<Value, (i32, String)> {
    soon(client.request(method, params(&list))).await.map_err(|error| match error {
        subxt::rpcs::Error::User(user) => {
            (user.code, user.data.map_or(user.message, |d| d.get().trim_matches('"').to_owned()))
        }
        other => (0, other.to_string()),
    })
}

/// A subscription.
pub(crate) async fn watch(client: &RpcClient, method: &str, list: Value) -> RpcSubscription<Value> {
    let undo = method.replace("_subscribe", "_unsubscribe").replace("submitAndWatch", "unwatch");
    soon(client.subscribe(method, params(&list), &undo)).await.expect("a subscription")
}

/// The next notification.
pub(crate) async fn next(of: &mut RpcSubscription<Value>) -> Value {
    soon(of.next()).await.expect("a notification").expect("JSON")
}

/// The golden extrinsics of a runtime, signed for finney by bittensor-core.
pub(crate) struct Vendor(Value);

impl Vendor {
    pub(crate) fn of(spec: u32) -> Self {
        let path = hivis_testbed::golden::fixtures().join(format!("chain/extrinsics-{spec}.json"));
        Self(serde_json::from_str(&std::fs::read_to_string(path).expect("the fixture")).expect("JSON"))
    }

    /// A node that has finney's genesis hash, and where the signers are registered and have the nonces of the vectors.
    pub(crate) fn node(&self) -> Node {
        let genesis = hex::decode(&self.0["genesis_hash"].as_str().expect("hex")[2..]).expect("hex");
        let genesis = Some(genesis.try_into().expect("32 bytes"));
        let spec = self.0["spec_version"].as_u64().expect("a number") as u32;
        let node = Node::start(NodeOptions { spec, genesis, ..NodeOptions::default() });
        node.change(|state: &mut State| {
            for (uri, uid) in [("//Alice", 50), ("//Charlie", 51)] {
                state.subnet_mut(72).neurons[uid].hotkey = development(uri);
                state.subnet_mut(72).neurons[uid].axon = None;
            }
        });
        node
    }

    /// The extrinsic of this name.
    pub(crate) fn extrinsic(&self, name: &str) -> String {
        let all = self.0["vectors"].as_array().expect("a list");
        let found = all.iter().find(|v| v["name"] == name).unwrap_or_else(|| panic!("no vector {name}"));
        found["extrinsic_hex"].as_str().expect("hex").to_owned()
    }
}

/// Sets the nonce of a development key.
pub(crate) fn set_nonce(node: &Node, uri: &str, nonce: u32) {
    node.change(|state| state.accounts.entry(development(uri)).or_default().nonce = nonce);
}

/// Whether the best block's events hold this text.
pub(crate) fn happened(node: &Node, text: &str) -> bool {
    node.read(|state| serde_json::to_string(&state.events).expect("JSON").contains(text))
}
