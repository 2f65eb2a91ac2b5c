//! `hivis doctor`: what is missing, and the command that mends it.

mod keys;

use std::process::ExitCode;

use anyhow::Result;
use hivis_store::Home;
use serde_json::json;

use crate::cli::{Global, ServeArgs};
use crate::config::Settings;
use crate::verbs::{serve, status};
use crate::{failure, home, miner, swap};

/// Below this much free space recording stops soon.
const LOW_DISK: u64 = 5_000_000_000;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    good: bool,
    text: String,
    mend: Option<String>,
}

impl Finding {
    fn good(what: &'static str, text: impl Into<String>) -> Self {
        Self { what, good: true, text: text.into(), mend: None }
    }

    fn bad(what: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, good: false, text: text.into(), mend: Some(mend.into()) }
    }

    fn failed(what: &'static str, error: &anyhow::Error, mend: impl Into<String>) -> Self {
        let text = failure::text(error).lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Self::bad(what, text, mend)
    }
}

/// 0 when nothing is missing, else 1.
pub(crate) async fn run(global: &Global) -> Result<ExitCode> {
    let findings = look(global).await?;
    let good = findings.iter().all(|f| f.good);
    if global.json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| json!({ "what": f.what, "good": f.good, "text": f.text, "mend": f.mend }))
            .collect();
        println!("{}", json!({ "good": good, "findings": list }));
    } else {
        for finding in &findings {
            println!("{}  {:<14} {}", if finding.good { "ok  " } else { "MEND" }, finding.what, finding.text);
            if let Some(mend) = &finding.mend {
                println!("                     -> {mend}");
            }
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn look(global: &Global) -> Result<Vec<Finding>> {
    let path = home::path(global)?;
    let home = match home::open(global) {
        Ok(home) => home,
        Err(error) => {
            return Ok(vec![Finding::failed("home", &error, format!("hivis --home {} serve", path.display()))]);
        }
    };
    let mut findings = vec![Finding::good("home", home.path().display().to_string())];
    let settings = match home::settings(&home, &ServeArgs::default()) {
        Ok(settings) => settings,
        Err(error) => {
            findings.push(Finding::failed("configuration", &error, format!("edit {}", home.config_file().display())));
            return Ok(findings);
        }
    };
    findings.push(disk(&home));
    findings.push(ledger(&home).await);
    findings.push(hotkey(&settings));
    findings.extend(keys::look(&settings.wallet));
    findings.push(permits(&settings));
    findings.push(release(&home, &settings).await);
    findings.extend(server(&home, &settings).await);
    Ok(findings)
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

fn permits(settings: &Settings) -> Finding {
    let file = settings.serve.permits.display();
    match miner::permits(settings) {
        Ok(list) if list.is_empty() => Finding::bad(
            "permits",
            "nobody may ask",
            format!("write [[permit]] tables with hotkey and stake into {file}"),
        ),
        Ok(list) => Finding::good("permits", format!("{} hotkeys may ask", list.len())),
        Err(error) => Finding::failed("permits", &error, format!("edit {file}")),
    }
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
    findings.extend(list("warnings").into_iter().map(|text| Finding::bad("clock", text, "timedatectl set-ntp true")));
    findings
}
