//! An axon on a port from the kernel, what it recorded, and a client that writes bytes as they are.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use hivis_bittensor::Keypair;
use hivis_engine::{Engine, EngineCard, EngineError};
use hivis_serve::{Axon, AxonSettings, Loaded, Permits, Recorder, Unknown};
use hivis_types::{EngineKind, Hotkey, Picture, Precision, Record, ReleaseId, Scores};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

use crate::gate::until;

/// No wait of a test is longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps every record.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<Record>>, Mutex<Vec<Unknown>>);

impl Recorder for Kept {
    fn offer(&self, record: Record) {
        self.0.lock().unwrap().push(record);
    }

    fn unknown(&self, unknown: Unknown) {
        self.1.lock().unwrap().push(unknown);
    }
}

/// An engine that does what the test says.
pub(crate) struct Scripted<F> {
    card: EngineCard,
    run: F,
}

impl<F: Fn(&[&Picture]) -> Result<Vec<Scores>, EngineError> + Send + Sync> Engine for Scripted<F> {
    fn card(&self) -> &EngineCard {
        &self.card
    }

    fn run(&self, pictures: &[&Picture]) -> Result<Vec<Scores>, EngineError> {
        (self.run)(pictures)
    }
}

/// A release whose engine runs `run`.
pub(crate) fn scripted(
    run: impl Fn(&[&Picture]) -> Result<Vec<Scores>, EngineError> + Send + Sync + 'static,
) -> Loaded {
    let card = EngineCard { kind: EngineKind::Fixed, precision: Precision::Fp32, input: (224, 224), features: 1 };
    Loaded { release: ReleaseId::new("scripted").unwrap(), engine: Arc::new(Scripted { card, run }) }
}

/// One score for each picture: its first red value over 255, so that a test sees who got whose answer.
pub(crate) fn redness(pictures: &[&Picture]) -> Vec<Scores> {
    let one = |picture: &&Picture| {
        let probability = f32::from(picture.pixel(0, 0)[0]) / 255.0;
        Scores { probability, features: vec![probability] }
    };
    pictures.iter().map(one).collect()
}

/// A running axon of `//Bob` that permits `//Alice` (stake 100) and `//Charlie` (stake 5).
pub(crate) struct World {
    pub(crate) axon: Axon,
    pub(crate) at: SocketAddr,
    kept: Arc<Kept>,
    stop: Option<oneshot::Sender<()>>,
    run: Option<JoinHandle<()>>,
}

/// A development key; made once, for its derivation takes milliseconds.
pub(crate) fn key(name: &str) -> Keypair {
    static KEYS: Mutex<Option<HashMap<String, Keypair>>> = Mutex::new(None);
    let mut keys = KEYS.lock().unwrap();
    let keys = keys.get_or_insert_default();
    keys.entry(name.to_owned()).or_insert_with(|| Keypair::from_uri(&format!("//{name}")).unwrap()).clone()
}

pub(crate) fn hotkey(name: &str) -> Hotkey {
    key(name).hotkey()
}

pub(crate) fn permits() -> Permits {
    Permits::new([(hotkey("Alice"), 100.0), (hotkey("Charlie"), 5.0)]).unwrap()
}

impl World {
    /// Starts with an engine that answers [`redness`].
    pub(crate) fn start(settings: AxonSettings) -> Self {
        Self::with(settings, permits(), Some(scripted(|pictures| Ok(redness(pictures)))))
    }

    pub(crate) fn with(settings: AxonSettings, permits: Permits, loaded: Option<Loaded>) -> Self {
        let kept = Arc::new(Kept::default());
        let axon = Axon::new(settings, key("Bob"), permits, Arc::clone(&kept) as Arc<dyn Recorder>);
        if let Some(loaded) = loaded {
            axon.models().swap(loaded);
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = tokio::spawn({
            let axon = axon.clone();
            async move {
                axon.run(listener, async { stopped.await.unwrap_or(()) }).await.unwrap();
            }
        });
        Self { axon, at, kept, stop: Some(stop), run: Some(run) }
    }

    /// What was unknown so far.
    pub(crate) fn unknown(&self) -> Vec<Unknown> {
        self.kept.1.lock().unwrap().clone()
    }

    /// What was recorded so far.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.kept.0.lock().unwrap().clone()
    }

    /// The one record there must be, once it is there: the answer does not wait for it.
    pub(crate) async fn record(&self) -> Record {
        until(|| !self.records().is_empty()).await;
        let mut records = std::mem::take(&mut *self.kept.0.lock().unwrap());
        assert_eq!(records.len(), 1, "{records:?}");
        records.remove(0)
    }

    /// Waits until so many requests are admitted and not yet answered.
    pub(crate) async fn in_flight(&self, requests: usize) {
        until(|| self.axon.health().in_flight == requests).await;
    }

    /// Tells it to drain, without waiting.
    pub(crate) fn begin_stop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(&mut self) {
        let run = self.run.take().expect("stopped once");
        tokio::time::timeout(PATIENCE, run).await.expect("it stops").unwrap();
    }

    /// Writes `request` on a connection of its own and reads one answer.
    pub(crate) async fn send(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut line = Line::open(self.at).await;
        line.write(request).await;
        line.answer().await.expect("an answer")
    }
}

/// One connection.
pub(crate) struct Line {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// One HTTP answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names as they came.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// HTTP status and `bt_header_axon_status_code`.
    pub(crate) fn statuses(&self) -> (u16, Option<u16>) {
        (self.status, self.header("bt_header_axon_status_code").map(|code| code.parse().unwrap()))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The body's `prediction`.
    pub(crate) fn prediction(&self) -> f64 {
        self.json()["prediction"].as_f64().unwrap_or_else(|| panic!("no prediction: {self:?}"))
    }
}

impl Line {
    pub(crate) async fn open(at: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(at).await.unwrap(), read: Vec::new() }
    }

    /// Writes; a line that the server closed takes no more, which the answer shows.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        tokio::time::timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.expect("writing ends").is_ok()
    }

    /// Reads one answer; `None` when the line ends first.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        tokio::time::timeout(PATIENCE, self.read_answer()).await.expect("an answer or the line's end")
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8(self.read[..head].to_vec()).unwrap();
        let mut lines = text.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers: HashMap<String, String> =
            lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < head + length {
            self.more().await?;
        }
        let body = String::from_utf8(self.read[head..head + length].to_vec()).unwrap();
        self.read.drain(..head + length);
        Some(Answer { status, headers, body })
    }

    async fn more(&mut self) -> Option<()> {
        let mut buf = [0; 4096];
        match self.stream.read(&mut buf).await {
            Ok(n) if n > 0 => {
                self.read.extend_from_slice(&buf[..n]);
                Some(())
            }
            _ => None,
        }
    }

    /// Whether the server ends the line without another byte.
    pub(crate) async fn ends(&mut self) -> bool {
        self.answer().await.is_none() && self.read.is_empty()
    }
}
