//! The axon as its owner sees it.

use std::{future::Future, net::TcpListener, sync::Arc};

use hivis_bittensor::Keypair;
use jiff::Timestamp;
use tokio::sync::broadcast;

use crate::{
    Alarm, AnswerEvent, AxonSettings, Health, Models, Permits, Recorder, ServeError, alarm,
    batcher::{BatchSettings, batcher},
    connection,
    decode::Decoders,
    desk::Desk,
    event, judge,
    request::Floor,
};

/// The axon server. Clones are handles to the same server.
#[derive(Clone)]
pub struct Axon {
    desk: Arc<Desk>,
}

impl Axon {
    /// Prepares a server; nothing runs yet, and no release is loaded.
    pub fn new(settings: AxonSettings, keypair: Keypair, permits: Permits, recorder: Arc<dyn Recorder>) -> Self {
        Self { desk: Arc::new(Desk::new(settings, keypair, permits, recorder)) }
    }

    /// The pointer to the release that serves.
    pub fn models(&self) -> Models {
        self.desk.models.clone()
    }

    /// Replaces the permit list. Requests that have passed the door are not touched.
    pub fn set_permits(&self, permits: Permits) {
        event::permits_replaced(&permits);
        self.desk.permits.store(Arc::new(permits));
    }

    /// The permit list that holds now.
    pub fn permits(&self) -> Arc<Permits> {
        self.desk.permits.load_full()
    }

    /// How things stand.
    pub fn health(&self) -> Health {
        self.desk.health()
    }

    /// What someone must look at although the axon answers, at `now`.
    pub fn alarms(&self, now: Timestamp) -> Vec<Alarm> {
        alarm::alarms(&self.health(), &self.desk.settings.alarms, now)
    }

    /// Answers as they happen; a reader that is too slow misses some (`RecvError::Lagged`).
    pub fn events(&self) -> broadcast::Receiver<AnswerEvent> {
        self.desk.events.subscribe()
    }

    /// Serves on `listener` until `shutdown` is done, then drains: no new connections, requests in flight are answered,
    /// what is left [`AxonSettings::margin`] after [`AxonSettings::drain`] is cut. Once an axon has drained it answers no more: make another.
    pub async fn run(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        listener.set_nonblocking(true).map_err(ServeError::Listener)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(ServeError::Listener)?;
        event::listening(listener.local_addr().map_err(ServeError::Listener)?);
        let settings = &self.desk.settings;
        let (line, driver, work) = batcher(BatchSettings { batch: settings.max_batch, places: settings.queue });
        judge::start(self.models(), work)?;
        let decoders = Decoders::start(settings)?;
        let driver = tokio::spawn(driver.run());
        connection::serve(listener, Arc::new(Floor::new(Arc::clone(&self.desk), line, decoders)), shutdown).await;
        // Every connection is gone, so the driver ends and takes the engine's thread with it, unless that one is stuck.
        if let Err(error) = driver.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
        Ok(())
    }
}
