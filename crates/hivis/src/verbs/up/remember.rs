//! What `hivis up` was told is kept in hivis.toml, so that `hivis serve` alone goes on with it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use hivis_chain::Network;
use hivis_store::Home;

use super::serve_args;
use crate::cli::{Global, UpArgs};
use crate::config::{self, Settings};
use crate::failure::Hinted;

/// The settings with the flags on top, and the sections that hivis.toml lacks.
pub(crate) fn settings(home: &Home, args: &UpArgs) -> Result<(Settings, String)> {
    let file = home.config_file();
    let raw = config::load(&file, std::env::vars())?;
    let mut settings = Settings::resolve(&raw, &serve_args(args), home.path())?;
    settings.chain = settings.chain.with(&args.chain);
    // What is deployed is followed, whether the file names it or a flag.
    settings.chain.followed = true;
    let there: toml::Table =
        if file.exists() { toml::from_str(&fs_err::read_to_string(&file)?)? } else { toml::Table::new() };
    if there.contains_key("chain") && raw.chain.network.is_none() {
        let hint = format!("add `network = \"{}\"` to [chain] in {}", settings.chain.network, file.display());
        return Err(Hinted::new("hivis.toml has a [chain] that names no network", hint).into());
    }
    let new = sections(&there, args, settings.chain.network);
    Ok((settings, new))
}

/// Appends them, so that `hivis serve` alone goes on with them.
pub(crate) fn keep(global: &Global, home: &Home, new: &str) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let file = home.config_file();
    let mut options = fs_err::OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    options.open(&file)?.write_all(new.as_bytes())?;
    if !global.json {
        let names: Vec<&str> = new.lines().filter(|line| line.starts_with('[')).collect();
        println!("kept in {}: {}", file.display(), names.join(" "));
    }
    Ok(())
}

/// The same place from wherever `hivis serve` is started.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// The sections that are not there and of which the flags say something.
fn sections(there: &toml::Table, args: &UpArgs, network: Network) -> String {
    let text = |value: &str| toml::Value::from(value).to_string();
    let list = |values: &[String]| toml::Value::from(values.to_vec()).to_string();
    let mut out = String::new();
    let mut section = |name: &str, keys: Vec<(&str, Option<String>)>| {
        let keys: Vec<(&str, String)> = keys.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        if keys.is_empty() || there.contains_key(name) {
            return;
        }
        let _ = writeln!(out, "\n[{name}]");
        for (key, value) in keys {
            let _ = writeln!(out, "{key} = {value}");
        }
    };
    let chain = &args.chain;
    section(
        "chain",
        vec![
            ("network", Some(text(network.as_str()))),
            ("endpoints", (!chain.endpoint.is_empty()).then(|| list(&chain.endpoint))),
            ("netuid", chain.netuid.map(|netuid| netuid.to_string())),
        ],
    );
    let wallet = &args.wallet;
    section(
        "wallet",
        vec![
            ("path", wallet.wallet_path.as_ref().map(|path| text(&absolute(path)))),
            ("name", wallet.wallet.as_deref().map(text)),
            ("hotkey", wallet.hotkey.as_deref().map(text)),
        ],
    );
    section("publish", vec![("repo", args.repo.as_deref().map(text))]);
    section(
        "serve",
        vec![
            ("announce_ip", args.ip.map(|ip| text(&ip.to_string()))),
            ("announce_port", args.port.map(|port| port.to_string())),
        ],
    );
    out
}
