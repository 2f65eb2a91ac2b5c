//! `hivis serve`: answer validators until told to stop.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_bittensor::{Keypair, wallet};
use hivis_store::Home;
use hivis_types::Hotkey;
use listenfd::ListenFd;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Global, ServeArgs};
use crate::config::{Settings, WalletSettings};
use crate::failure::Hinted;
use crate::miner::{self, Miner};
use crate::{home, notify, swap};

/// Runs until SIGTERM or Ctrl-C, then drains.
pub(crate) async fn run(global: &Global, args: &ServeArgs) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let settings = home::settings(&home, args)?;
    Box::pin(prepare(home, settings)).await?.run(std::future::pending()).await?;
    tracing::info!("stopped; every committed record is on disk");
    Ok(ExitCode::SUCCESS)
}

/// A miner with its sockets and its release, ready to answer.
pub(crate) struct Ready {
    miner: Miner,
    listener: TcpListener,
    page: TcpListener,
    hotkey: Hotkey,
}

/// Takes the home's lock, binds and loads.
pub(crate) async fn prepare(home: Home, settings: Settings) -> Result<Ready> {
    let keypair = keypair(&settings.wallet)?;
    let (listener, page) = listeners(&settings)?;
    let model = settings.model.clone();
    let hotkey = keypair.hotkey();
    let file = settings.serve.permits.clone();
    let follows = settings.chain.followed;
    let miner = Miner::open(home, settings, keypair, None).await?;
    if miner.axon.permits().is_empty() && !follows {
        tracing::warn!(
            "nobody may ask: {} is missing or empty, and hivis.toml names no [chain] network",
            file.display()
        );
    }
    if let Some(loaded) = swap::start(&miner.home, &miner.ledger, &model).await? {
        miner.axon.models().swap(loaded);
    } else {
        tracing::warn!("no release: every answer is -1 until `hivis import model FOLDER`");
    }
    Ok(Ready { miner, listener, page, hotkey })
}

impl Ready {
    /// Where the axon listens.
    pub(crate) fn axon(&self) -> Result<SocketAddr> {
        self.listener.local_addr().context("the axon's listener has no address")
    }

    /// Where the page listens.
    pub(crate) fn page(&self) -> Result<SocketAddr> {
        self.page.local_addr().context("the page's listener has no address")
    }

    /// Serves until `stop`, SIGTERM or Ctrl-C, then drains.
    pub(crate) async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<()> {
        // Before it is said that it serves: who hears that may stop it.
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
        let (axon, page, hotkey) = (self.axon()?, self.page()?, self.hotkey);
        tracing::info!(%axon, page = %format!("http://{page}/"), %hotkey, "serving");
        notify::ready();
        let shutdown = async move {
            tokio::select! {
                () = stop => {}
                _ = terminate.recv() => {}
                // Without a handler for Ctrl-C the process just ends, which is what the user wants then.
                _ = tokio::signal::ctrl_c() => {}
            }
            tracing::info!("draining");
            notify::stopping();
        };
        self.miner.run(self.listener, self.page, "hivis", shutdown).await
    }
}

/// The axon's and the page's sockets: from systemd (`LISTEN_FDS`, in this order) or bound here.
fn listeners(settings: &Settings) -> Result<(TcpListener, TcpListener)> {
    let mut handed = ListenFd::from_env();
    let mut next =
        |index| handed.take_tcp_listener(index).context("LISTEN_FDS holds something that is no TCP listener");
    let axon = next(0)?;
    let page = next(1)?;
    let axon = axon.map_or_else(|| miner::bind(settings.serve.addr, "axon (--addr)"), Ok)?;
    let page = page.map_or_else(|| miner::bind(settings.serve.page, "page (--page)"), Ok)?;
    Ok((axon, page))
}

/// The hotkey that the settings name; `//Name` as the hotkey is a public development key, for tests.
pub(crate) fn keypair(settings: &WalletSettings) -> Result<Keypair> {
    if settings.hotkey.starts_with("//") {
        return Keypair::from_uri(&settings.hotkey).context("that development key cannot be made");
    }
    wallet::hotkey(&settings.path, &settings.name, &settings.hotkey).map_err(|error| {
        let place = settings.path.join(&settings.name).join("hotkeys").join(&settings.hotkey);
        let general = "name another with --wallet, --hotkey, --wallet-path; `hivis wallet create --hotkey-only` makes one, as `btcli wallet new_hotkey` does";
        let hint = error.hint().unwrap_or(general);
        anyhow::Error::new(error).context(Hinted::new(format!("the hotkey {} cannot be used", place.display()), hint))
    })
}
