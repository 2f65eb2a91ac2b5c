//! What `hivis up` was told is kept in hivis.toml, so that `hivis serve` alone goes on with it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use hivis_store::Home;

use super::serve_args;
use crate::cli::{Global, UpArgs};
use crate::config::{self, Settings};

/// The settings with the flags on top; sections that hivis.toml lacks are appended to it.
pub(crate) fn settings(global: &Global, home: &Home, args: &UpArgs) -> Result<Settings> {
    let file = home.config_file();
    let text = if file.exists() { fs_err::read_to_string(&file)? } else { String::new() };
    let there: toml::Table = toml::from_str(&text).unwrap_or_default();
    let new = sections(&there, args);
    if !new.is_empty() && !args.dry_run && !args.checklist {
        let beside = file.with_extension("partial");
        fs_err::write(&beside, format!("{text}{new}"))?;
        fs_err::rename(&beside, &file)?;
        if !global.json {
            println!("kept in {}:{}", file.display(), new.trim_end().replace('\n', "\n  "));
        }
    }
    let raw = config::load(&file, std::env::vars())?;
    let mut settings = Settings::resolve(&raw, &serve_args(args), home.path())?;
    settings.chain = settings.chain.with(&args.chain);
    Ok(settings)
}

/// The same place from wherever `hivis serve` is started.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// The sections that are not there and of which the flags say something.
fn sections(there: &toml::Table, args: &UpArgs) -> String {
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
            ("network", chain.network.map(|network| text(network.as_str()))),
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
