//! `hivis wallet`: keys in the files of the official tools.

mod create;
mod import;
mod sign;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use hivis_bittensor::wallet::{self, KeyFile, Listed};
use hivis_bittensor::{Keypair, Scheme, WalletError};
use serde_json::{Value, json};

use crate::cli::{Global, WalletArgs, WalletVerb};
use crate::home;
use crate::table::table;

/// Runs one of the wallet verbs.
pub(crate) fn run(global: &Global, verb: &WalletVerb) -> Result<ExitCode> {
    match verb {
        WalletVerb::List { wallet_path } => {
            let flags = WalletArgs { wallet_path: wallet_path.clone(), ..WalletArgs::default() };
            list(global, &home::wallet(global, &flags)?.path)
        }
        WalletVerb::Create(args) => create::run(global, args),
        WalletVerb::Import(verb) => import::run(global, verb),
        WalletVerb::Sign(args) => sign::sign(global, args),
        WalletVerb::Verify(args) => sign::verify(global, args),
    }
}

fn list(global: &Global, root: &Path) -> Result<ExitCode> {
    let wallets = wallet::scan(root)?;
    if global.json {
        println!("{}", json!({ "path": root, "wallets": wallets.iter().map(as_json).collect::<Vec<_>>() }));
        return Ok(ExitCode::SUCCESS);
    }
    if wallets.is_empty() {
        println!("no wallet in {}; `hivis wallet create` makes one", root.display());
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    for wallet in &wallets {
        let hotkeys = wallet.hotkeys.iter().map(|key| (format!("{}/{}", wallet.name, key.name), "hotkey", key));
        let coldkey = wallet.coldkey.iter().map(|key| (wallet.name.clone(), "coldkey", key));
        for (name, what, key) in coldkey.chain(hotkeys) {
            let scheme = key.scheme.map_or("-", Scheme::as_str);
            let address = key.address.as_ref().map_or("?", |address| address.as_str());
            problems.extend(key.problems.iter().map(|problem| format!("{name} ({what}): {problem}")));
            rows.push([&name, what, key.kept.name(), scheme, address].map(str::to_owned).to_vec());
        }
    }
    print!("{}", table(&["wallet", "key", "form", "scheme", "address"], &rows));
    for problem in problems {
        println!("MEND {problem}");
    }
    Ok(ExitCode::SUCCESS)
}

/// With the keys of `btcli wallet list --json-output`, and what hivis sees beside.
fn as_json(wallet: &Listed) -> Value {
    let mut whole = wallet.coldkey.as_ref().map_or_else(|| json!({ "form": null, "problems": [] }), key_json);
    whole["name"] = wallet.name.clone().into();
    whole["hotkeys"] = wallet.hotkeys.iter().map(key_json).collect();
    whole
}

fn key_json(key: &KeyFile) -> Value {
    json!({
        "name": key.name, "path": key.path, "form": key.kept.name(), "ss58_address": key.address,
        "crypto_type": key.scheme.map(Scheme::as_str), "problems": key.problems,
    })
}

/// Fails where a file is in the way, before anybody types or writes words down.
fn free(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(WalletError::Exists { path: path.to_owned() }.into());
    }
    Ok(())
}

/// What was written, for people or programs.
fn written(global: &Global, what: &str, path: &Path, keypair: &Keypair) {
    let (address, scheme) = (keypair.hotkey(), keypair.scheme().as_str());
    if global.json {
        println!("{}", json!({ "key": what, "ss58_address": address, "crypto_type": scheme, "path": path }));
    } else {
        println!("{what} {address} in {}", path.display());
    }
}
