//! Any receiver of webhooks: it keeps what came.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::{Fault, Faults, after, lock, refusal, serve};

/// One request.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Delivery {
    /// The bytes as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("JSON")
    }
}

#[derive(Clone, Default)]
struct Shared {
    deliveries: Arc<Mutex<Vec<Delivery>>>,
    faults: Faults,
}

/// The receiver; it ends with the process.
#[derive(Clone)]
pub struct FakeHook {
    base: String,
    shared: Shared,
}

impl FakeHook {
    /// Starts it on a port of loopback.
    pub fn start() -> Self {
        let shared = Shared::default();
        let app = Router::new().fallback(take).with_state(shared.clone());
        Self { base: format!("http://{}", serve(app, None)), shared }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("{}/hook", self.base)
    }

    /// What came, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.shared.deliveries).clone()
    }

    /// What goes wrong next; several wait for each other.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.faults).push_back(fault);
    }
}

async fn take(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = lock(&shared.faults).pop_front();
    if let Some(refused) = fault.as_ref().and_then(refusal) {
        return refused;
    }
    lock(&shared.deliveries).push(Delivery { headers, bytes: body.to_vec() });
    after(fault, StatusCode::OK.into_response()).await
}
