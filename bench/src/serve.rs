//! The servers that measures start as processes of their own: hivis' axon before an engine of fixed answers, and the
//! least that hyper can do.

use std::convert::Infallible;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use hivis_bittensor::Keypair;
use hivis_engine::FixedEngine;
use hivis_serve::{Axon, AxonSettings, Loaded, NoRecorder, Permits, Recorder};
use hivis_store::{Home, RecordWriter, WriterSettings};
use hivis_types::{Record, ReleaseId};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::sync::oneshot;

/// What every engine of these measures answers, and the SDK's axon too.
pub(crate) const PREDICTION: &str = "0.75";

#[derive(clap::Args)]
pub(crate) struct AxonArgs {
    /// Records to a new home in this folder; recording is off without it.
    #[arg(long)]
    record: Option<PathBuf>,
    /// Milliseconds that a batch takes.
    #[arg(long, default_value_t = 0)]
    service_ms: u64,
    /// Decodes the pictures.
    #[arg(long)]
    decode: bool,
}

/// Serves until standard input closes, with the metrics and the log level of `hivis serve`.
pub(crate) async fn axon(args: &AxonArgs) -> Result<()> {
    let metrics = PrometheusBuilder::new().install_recorder().context("metrics cannot be recorded")?;
    tracing_subscriber::fmt()
        .with_env_filter("info")
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))?;
    let writer = match &args.record {
        Some(folder) => {
            let home = Home::open_or_create(folder)?;
            let ledger = home.ledger().await?;
            Some((RecordWriter::spawn(&home, &ledger, WriterSettings::default())?, ledger))
        }
        None => None,
    };
    let recorder: Arc<dyn Recorder> = match &writer {
        Some(((writer, _), _)) => Arc::new(Ledger(writer.clone())),
        None => Arc::new(NoRecorder),
    };
    let mut settings = AxonSettings { decode: args.decode, ..AxonSettings::default() };
    settings.limits.connections = 4096;
    settings.limits.connections_per_ip = 4096;
    let permits = Permits::new([(Keypair::from_uri("//Alice")?.hotkey(), 1000.0)])?;
    let axon = Axon::new(settings, Keypair::from_uri("//Bob")?, permits, recorder);
    let engine = FixedEngine::new(PREDICTION.parse()?).with_service_time(Duration::from_millis(args.service_ms));
    axon.models().swap(Loaded { release: ReleaseId::new("fixed")?, engine: Arc::new(engine) });
    let listener = listen()?;
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            metrics.run_upkeep();
        }
    });
    axon.run(listener, input_closed()).await?;
    upkeep.abort();
    if let Some(((writer, handle), ledger)) = writer {
        writer.flush().await?;
        println!("{}", serde_json::to_string(&writer.stats())?);
        handle.close().await?;
        ledger.close().await;
    }
    Ok(())
}

struct Ledger(RecordWriter);

impl Recorder for Ledger {
    fn offer(&self, record: Record) {
        self.0.offer(record);
    }
}

/// Reads each body whole and sends it back, until standard input closes.
pub(crate) async fn echo() -> Result<()> {
    let listener = listen()?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut closed = std::pin::pin!(input_closed());
    loop {
        let (stream, _) = tokio::select! {
            () = &mut closed => return Ok(()),
            accepted = listener.accept() => accepted?,
        };
        stream.set_nodelay(true)?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // A body that breaks off is echoed as nothing; the measure counts it as unanswered.
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(Response::new(Full::new(body)))
}

/// Listens on a port of the kernel's choice and says which.
fn listen() -> Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let (port, hotkey) = (listener.local_addr()?.port(), Keypair::from_uri("//Bob")?.hotkey());
    println!("{}", serde_json::json!({ "port": port, "hotkey": hotkey.as_str() }));
    Ok(listener)
}

async fn input_closed() {
    let (tell, told) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        // An error ends it too.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(tell);
    });
    let _ = told.await;
}
