//! The home: disk, ledger, hotkey, permits, release, server.

use hivis_store::Home;
use jiff::Timestamp;

use super::{Finding, keys};
use crate::config::Settings;
use crate::metagraph::Reading;
use crate::verbs::{serve, status};
use crate::{home, miner, swap};

/// Below this much free space recording stops soon.
const LOW_DISK: u64 = 5_000_000_000;

/// Looks at all of it.
pub(super) async fn check(home: &Home, settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![disk(home), ledger(home).await, hotkey(settings)];
    findings.extend(keys::look(&settings.wallet));
    findings.push(permits(home, settings));
    findings.push(release(home, settings).await);
    findings.extend(server(home, settings).await);
    findings
}

fn disk(home: &Home) -> Finding {
    match home.free_bytes() {
        Ok(free) if free < LOW_DISK => Finding::bad(
            "disk",
            format!("{:.1} GB free", free as f64 / 1e9),
            "free some space, or lower records.keep_gb in hivis.toml; recording stops below records.min_free_gb",
        ),
        Ok(free) => Finding::good("disk", format!("{:.1} GB free", free as f64 / 1e9)),
        Err(error) => Finding::failed("disk", &error.into(), "check the home's file system"),
    }
}

async fn ledger(home: &Home) -> Finding {
    let mend = "restore ledger.db from the copy beside it, or update hivis";
    match home.ledger().await {
        Ok(ledger) => match (ledger.writable(), ledger.totals().await) {
            (Ok(()), Ok(totals)) => Finding::good(
                "ledger",
                format!(
                    "{} records, {} pictures, {:.2} GB",
                    totals.records,
                    totals.pictures,
                    totals.picture_bytes as f64 / 1e9
                ),
            ),
            (Err(error), _) | (_, Err(error)) => Finding::failed("ledger", &error.into(), mend),
        },
        Err(error) => Finding::failed("ledger", &error.into(), mend),
    }
}

fn hotkey(settings: &Settings) -> Finding {
    match serve::keypair(&settings.wallet) {
        Ok(keypair) => Finding::good("hotkey", keypair.hotkey().to_string()),
        Err(error) => Finding::failed(
            "hotkey",
            &error,
            format!(
                "hivis wallet create --hotkey-only --wallet {} --hotkey {}, or set [wallet] in hivis.toml",
                settings.wallet.name, settings.wallet.hotkey
            ),
        ),
    }
}

fn permits(home: &Home, settings: &Settings) -> Finding {
    let file = settings.serve.permits.display();
    if settings.chain.followed {
        return from_chain(home, settings);
    }
    match miner::permits(&settings.serve) {
        Ok(list) if list.is_empty() => Finding::bad(
            "permits",
            "nobody may ask",
            format!("set [chain] network in hivis.toml, or write [[permit]] tables with hotkey and stake into {file}"),
        ),
        Ok(list) => Finding::good("permits", format!("{} hotkeys may ask", list.len())),
        Err(error) => Finding::failed("permits", &error, format!("edit {file}")),
    }
}

/// The metagraph that was read last, and its age.
fn from_chain(home: &Home, settings: &Settings) -> Finding {
    let (network, netuid) = (settings.chain.network, settings.chain.netuid);
    let Some(last) = Reading::last(home.path(), netuid, network.genesis()) else {
        let text = format!("the metagraph of {network} {netuid} was never read");
        return Finding::bad("permits", text, "`hivis serve` reads it; `hivis chain endpoints` says who answers");
    };
    let validators = last.metagraph.validators().count();
    let age = Timestamp::now().duration_since(last.read_at).unsigned_abs();
    let text = format!("{validators} validators of {network} {netuid}, read {} min ago", age.as_secs() / 60);
    if age > settings.serve.permits_old {
        return Finding::bad("permits", text, "start `hivis serve`; `hivis chain endpoints` says who answers");
    }
    Finding::good("permits", text)
}

async fn release(home: &Home, settings: &Settings) -> Finding {
    match home::current_release(home) {
        Ok(None) => Finding::bad("release", "none: every answer would be -1", "hivis import model FOLDER"),
        Ok(Some(release)) => {
            let id = release.manifest.id.clone();
            match swap::bring_up(release, &settings.model).await {
                Ok(loaded) => {
                    let card = loaded.engine.card();
                    Finding::good("release", format!("{id} on {} {}", card.kind.as_str(), card.precision.as_str()))
                }
                Err(error) => {
                    Finding::failed("release", &error, "hivis import model FOLDER, or another [model] engine")
                }
            }
        }
        Err(error) => Finding::failed("release", &error, "hivis import model FOLDER"),
    }
}

async fn server(home: &Home, settings: &Settings) -> Vec<Finding> {
    let running = match home.server() {
        Ok(running) => running,
        Err(error) => return vec![Finding::failed("server", &error.into(), "check the home's permissions")],
    };
    if running.is_none() {
        let bad = |what, address: std::net::SocketAddr| match std::net::TcpListener::bind(address) {
            Ok(_) => Finding::good(what, format!("{address} is free")),
            Err(error) => {
                Finding::bad(what, format!("{address}: {error}"), "set serve.addr or serve.page in hivis.toml")
            }
        };
        return vec![bad("axon port", settings.serve.addr), bad("page port", settings.serve.page)];
    }
    let Some(ready) = status::readyz(&settings.serve.page.to_string()).await else {
        let text = format!("runs, but its page on {} does not answer", settings.serve.page);
        return vec![Finding::bad("server", text, "was it started with another --page? else restart it")];
    };
    let list = |key: &str| -> Vec<String> {
        ready[key].as_array().into_iter().flatten().filter_map(|t| t.as_str().map(str::to_owned)).collect()
    };
    let mut findings = Vec::new();
    if ready["ready"] == true {
        findings.push(Finding::good("server", "ready"));
    } else {
        findings.push(Finding::bad("server", list("not_ready").join("; "), "see the lines above"));
    }
    let reach = "`hivis chain show` says what the chain knows; from another machine: nc -vz ADDRESS PORT";
    findings.extend(list("alarms").into_iter().map(|text| Finding::bad("validators", text, reach)));
    findings.extend(list("warnings").into_iter().map(|text| Finding::bad("clock", text, "timedatectl set-ntp true")));
    findings
}
