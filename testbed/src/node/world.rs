//! The chain, its faults, and who listens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use subxt::config::substrate::H256;
use tokio::sync::mpsc::UnboundedSender;

use super::blocks::{Chain, News};
use super::faults::Faults;
use super::rpc;

/// What all connections and the test's handle share.
pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a subscriber waits for.
pub(crate) enum Topic {
    Best,
    All,
    Final,
    Version,
    Storage(Vec<Vec<u8>>),
    Extrinsic(H256),
}

impl Topic {
    /// The method of its notifications.
    fn method(&self) -> &'static str {
        match self {
            Self::Best => "chain_newHead",
            Self::All => "chain_allHead",
            Self::Final => "chain_finalizedHead",
            Self::Version => "state_runtimeVersion",
            Self::Storage(_) => "state_storage",
            Self::Extrinsic(_) => "author_extrinsicUpdate",
        }
    }
}

pub(crate) struct World {
    pub chain: Chain,
    pub faults: Faults,
    pub name: String,
    /// How often each method was called.
    pub called: BTreeMap<String, usize>,
    /// First notifications of new subscriptions: they follow the answer that names it.
    pub first: Vec<(u64, Value)>,
    connections: BTreeMap<u64, UnboundedSender<String>>,
    subscriptions: BTreeMap<u64, (u64, Topic)>,
    next: u64,
}

impl World {
    pub(crate) fn new(chain: Chain, name: String) -> Self {
        Self {
            chain,
            name,
            faults: Faults::default(),
            called: BTreeMap::new(),
            first: Vec::new(),
            connections: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            next: 0,
        }
    }

    pub(crate) fn connect(&mut self, out: UnboundedSender<String>) -> u64 {
        self.next += 1;
        self.connections.insert(self.next, out);
        self.next
    }

    pub(crate) fn disconnect(&mut self, connection: u64) {
        self.connections.remove(&connection);
        self.subscriptions.retain(|_, (of, _)| *of != connection);
    }

    /// Ends all connections: their writers see the queue closed.
    pub(crate) fn cut(&mut self) {
        self.connections.clear();
        self.subscriptions.clear();
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Takes one message in; `false` when the connection ends.
    pub(crate) fn receive(&mut self, connection: u64, message: &[u8]) -> bool {
        if let Some(left) = &mut self.faults.cut_after {
            if *left == 0 {
                self.faults.cut_after = None;
                self.cut();
                return false;
            }
            *left -= 1;
        }
        let Ok(message) = serde_json::from_slice::<Value>(message) else {
            self.send(connection, &rpc::error(&Value::Null, &(-32700, "Parse error".to_owned(), None)));
            return true;
        };
        let answers: Vec<Value> = match &message {
            Value::Array(batch) => batch.iter().filter_map(|one| self.answer(connection, one)).collect(),
            one => self.answer(connection, one).into_iter().collect(),
        };
        match (message.is_array(), answers.as_slice()) {
            (_, []) => {}
            (true, all) => self.send(connection, &json!(all)),
            (false, all) => self.send(connection, &all[0]),
        }
        self.publish();
        self.connections.contains_key(&connection)
    }

    fn answer(&mut self, connection: u64, request: &Value) -> Option<Value> {
        let method = request["method"].as_str().unwrap_or_default().to_owned();
        *self.called.entry(method.clone()).or_default() += 1;
        if self.faults.hang.contains(&method) {
            return None;
        }
        let id = &request["id"];
        let result = if self.faults.calls_limited > 0 {
            self.faults.calls_limited -= 1;
            Err((-32029, "Too Many Requests".to_owned(), None))
        } else if let Some((code, text)) = self.faults.fail.get(&method) {
            Err((*code, text.clone(), None))
        } else {
            rpc::call(self, connection, &method, &request["params"])
        };
        // Whoever was cut off meanwhile hears nothing more.
        self.connections.contains_key(&connection).then(|| match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(error) => rpc::error(id, &error),
        })
    }

    fn send(&self, connection: u64, message: &Value) {
        if let Some(out) = self.connections.get(&connection) {
            // The other end may just have gone.
            let _ = out.send(message.to_string());
        }
    }

    /// Opens a subscription; its name goes to the client.
    pub(crate) fn subscribe(&mut self, connection: u64, topic: Topic) -> u64 {
        self.next += 1;
        self.subscriptions.insert(self.next, (connection, topic));
        self.next
    }

    pub(crate) fn unsubscribe(&mut self, subscription: u64) -> bool {
        self.subscriptions.remove(&subscription).is_some()
    }

    /// Tells a subscriber.
    pub(crate) fn notify(&self, subscription: u64, result: &Value) {
        let Some((connection, topic)) = self.subscriptions.get(&subscription) else { return };
        let params = json!({ "subscription": rpc::subscription_name(subscription), "result": result });
        self.send(*connection, &json!({ "jsonrpc": "2.0", "method": topic.method(), "params": params }));
    }

    /// Tells all subscribers what the chain did. Called after the answer to whoever caused it.
    pub(crate) fn publish(&mut self) {
        for (id, first) in std::mem::take(&mut self.first) {
            self.notify(id, &first);
        }
        for news in std::mem::take(&mut self.chain.news) {
            let ids: Vec<u64> = self.subscriptions.keys().copied().collect();
            for id in ids {
                let Some((_, topic)) = self.subscriptions.get(&id) else { continue };
                let result = match (topic, &news) {
                    (Topic::Best | Topic::All, News::Best(hash)) | (Topic::Final, News::Final(hash)) => {
                        Some(json!(self.chain.block(hash).header))
                    }
                    (Topic::Version, News::Upgraded) => Some(rpc::version(&self.chain.block(&self.chain.head).runtime)),
                    (Topic::Storage(keys), News::Best(hash)) => rpc::changes(self, keys, hash, true),
                    (Topic::Extrinsic(xt), News::Status(of, status)) if xt == of => Some(status.clone()),
                    _ => None,
                };
                if let Some(result) = result {
                    self.notify(id, &result);
                }
            }
        }
    }
}
