//! A small TaoStats on loopback: neurons, their history, a subnet, a price, and faults on demand. `hivis-taostats`'s tests
//! hold it against TaoStats' own client.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// The key that it takes, of TaoStats' shape.
pub const KEY: &str = "tao-00000000-0000-0000-0000-000000000000:00000000";

/// What goes wrong next.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers, instead of an answer.
    Status(u16, Vec<(&'static str, String)>),
    /// This body, with status 200.
    Body(String),
    /// No answer for so long.
    Silence(std::time::Duration),
}

/// One question as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Path and query.
    pub path: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
}

#[derive(Debug, Default)]
struct World {
    /// Rows of `/api/metagraph/latest/v1`.
    neurons: Vec<Value>,
    /// Rows of `/api/metagraph/history/v1`.
    history: Vec<Value>,
    subnets: Vec<Value>,
    price: String,
    /// Rows of a page at most.
    page: Option<usize>,
    faults: VecDeque<Fault>,
    asked: Vec<Asked>,
}

type Shared = Arc<Mutex<World>>;

/// The server; it ends with the process.
#[derive(Clone, Debug)]
pub struct FakeTaoStats {
    address: SocketAddr,
    world: Shared,
}

fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A miner as the API writes one: numbers as texts, counts as numbers. `share` is its incentive.
pub fn neuron(netuid: u16, uid: u16, ss58: &str, share: f64) -> Value {
    json!({
        "hotkey": { "ss58": ss58, "hex": "0x01" }, "coldkey": { "ss58": "5C", "hex": "0x02" },
        "netuid": netuid, "uid": uid, "block_number": 7_000_000, "timestamp": "2026-11-26T12:00:00Z",
        "stake": "0", "trust": "0", "validator_trust": "0", "consensus": format!("{share:.20}"),
        "incentive": format!("{share:.20}"), "dividends": "0", "emission": format!("{:.0}", share * 1e11),
        "active": true, "validator_permit": false, "updated": 71, "daily_reward": format!("{:.0}", share * 2e12),
        "registered_at_block": 6_900_000, "is_immunity_period": false, "rank": 1, "is_child_key": false,
        "axon": { "block": 1, "ip": "192.0.2.1", "ipType": 4, "placeholder1": 0, "placeholder2": 0, "port": 8091,
                  "protocol": 4, "version": 0 },
        "root_weight": "0.17999999999999999996", "alpha_stake": "0", "root_stake": "0", "root_stake_as_alpha": "0",
        "total_alpha_stake": "410146156335191.74000000000000"
    })
}

impl FakeTaoStats {
    /// Starts it on a port of loopback, on a thread of its own.
    pub fn start() -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("an address");
                let world = Shared::new(Mutex::new(World { price: "379.28".to_owned(), ..World::default() }));
                send.send(Self { address, world: world.clone() }).expect("the test waits");
                let app = Router::new().fallback(answer).with_state(world);
                axum::serve(listener, app).await.expect("it serves");
            });
        });
        receive.recv().expect("the server starts")
    }

    /// The base address.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts these rows where the newest metagraph is.
    pub fn set_neurons(&self, rows: Vec<Value>) {
        lock(&self.world).neurons = rows;
    }

    /// Puts these rows where the history is.
    pub fn set_history(&self, rows: Vec<Value>) {
        lock(&self.world).history = rows;
    }

    /// Puts a subnet there with so many places taken.
    pub fn set_subnet(&self, netuid: u16, keys: u16) {
        lock(&self.world).subnets = vec![json!({
            "block_number": 7_000_000, "timestamp": "2026-11-26T12:00:00Z", "netuid": netuid,
            "owner": { "ss58": "5O", "hex": "0x03" }, "registration_cost": "1000", "max_neurons": 256,
            "active_keys": keys, "validators": 64, "active_validators": 9, "active_miners": 240, "emission": "1",
            "immunity_period": 5000, "tempo": 360, "neuron_registration_cost": "500000", "kappa": 32767
        })];
    }

    /// Gives at most so many rows a page.
    pub fn page(&self, rows: usize) {
        lock(&self.world).page = Some(rows);
    }

    /// The next question goes wrong like this.
    pub fn fault(&self, fault: Fault) {
        lock(&self.world).faults.push_back(fault);
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.world).asked.clone()
    }
}

async fn answer(State(world): State<Shared>, uri: Uri, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let fault = {
        let mut world = lock(&world);
        world.asked.push(Asked { path: uri.to_string(), authorization: authorization.clone() });
        world.faults.pop_front()
    };
    match fault {
        Some(Fault::Status(status, more)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            let mut response = (status, axum::Json(json!({ "message": "no" }))).into_response();
            for (name, value) in more {
                response.headers_mut().insert(name, value.parse().expect("a header"));
            }
            return response;
        }
        Some(Fault::Body(body)) => return ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Some(Fault::Silence(long)) => tokio::time::sleep(long).await,
        None => {}
    }
    // The key alone: "Bearer KEY" is another text.
    if authorization.as_deref() != Some(KEY) {
        return (StatusCode::UNAUTHORIZED, axum::Json(json!({ "message": "Invalid API key" }))).into_response();
    }
    rows(&lock(&world), uri.path(), &query.unwrap_or_default())
}

fn rows(world: &World, path: &str, query: &str) -> Response {
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let of = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let all = match path {
        "/api/metagraph/latest/v1" => world.neurons.clone(),
        "/api/metagraph/history/v1" => world.history.clone(),
        "/api/subnet/latest/v1" => world.subnets.clone(),
        "/api/price/latest/v1" if of("asset") == Some("tao") => vec![json!({
            "created_at": "2025-04-28T00:59:00Z", "updated_at": "2026-11-26T12:00:00Z", "name": "Bittensor",
            "symbol": "TAO", "slug": "bittensor", "circulating_supply": "7164363.38746643", "max_supply": "21000000",
            "last_updated": "2026-11-26T12:00:00Z", "price": world.price, "percent_change_24h": "-1.25"
        })],
        _ => return (StatusCode::NOT_FOUND, axum::Json(json!({ "message": "Not found" }))).into_response(),
    };
    let fits = |row: &Value| {
        of("netuid").is_none_or(|wanted| row["netuid"].as_u64().map(|id| id.to_string()).as_deref() == Some(wanted))
            && of("hotkey").is_none_or(|wanted| row["hotkey"]["ss58"] == wanted)
    };
    let all: Vec<Value> = all.into_iter().filter(fits).collect();
    let number = |name: &str| of(name).and_then(|text| text.parse::<usize>().ok());
    let per_page = number("limit").unwrap_or(50).min(world.page.unwrap_or(1024)).max(1);
    let page = number("page").unwrap_or(1).max(1);
    let pages = all.len().div_ceil(per_page);
    let some: Vec<&Value> = all.iter().skip((page - 1) * per_page).take(per_page).collect();
    let body = json!({
        "pagination": {
            "current_page": page, "per_page": per_page, "total_items": all.len(), "total_pages": pages,
            "next_page": (page < pages).then_some(page + 1), "prev_page": (page > 1).then(|| page - 1)
        },
        "data": some
    });
    axum::Json(body).into_response()
}
