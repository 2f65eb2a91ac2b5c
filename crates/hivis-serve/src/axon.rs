//! The axon as its owner sees it.

use std::{future::Future, net::TcpListener, sync::Arc};

use hivis_bittensor::Keypair;
use tokio::sync::broadcast;

use crate::{AnswerEvent, AxonSettings, Health, Models, Permits, Recorder, ServeError};

/// The axon server. Clones are handles to the same server.
#[derive(Clone)]
pub struct Axon {
    models: Models,
}

impl Axon {
    /// Prepares a server; nothing runs yet.
    pub fn new(settings: AxonSettings, keypair: Keypair, permits: Permits, recorder: Arc<dyn Recorder>) -> Self {
        let _ = (settings, keypair, permits, recorder);
        todo!()
    }

    /// The pointer to the release that serves.
    pub fn models(&self) -> Models {
        self.models.clone()
    }

    /// Replaces the permit list.
    pub fn set_permits(&self, permits: Permits) {
        let _ = permits;
        todo!()
    }

    /// The permit list that holds now.
    pub fn permits(&self) -> Arc<Permits> {
        todo!()
    }

    /// How things stand.
    pub fn health(&self) -> Health {
        todo!()
    }

    /// Answers as they happen; a reader that is too slow misses some (`RecvError::Lagged`).
    pub fn events(&self) -> broadcast::Receiver<AnswerEvent> {
        todo!()
    }

    /// Serves on `listener` until `shutdown` is done and the requests in flight are answered or out of time.
    pub async fn run(&self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let _ = listener;
        shutdown.await;
        todo!()
    }
}
