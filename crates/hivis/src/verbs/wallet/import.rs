//! `hivis wallet import`: a key's file from what its owner has of it.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_bittensor::ss58;
use hivis_bittensor::wallet::{self, Lock, Secret};
use serde_json::json;
use zeroize::Zeroizing;

use super::create::nonce;
use super::{free, written};
use crate::cli::{Global, WalletImportArgs, WalletImportVerb};
use crate::failure::Hinted;
use crate::home;
use crate::passwords::Asked;
use crate::terminal::Terminal;

/// Longer than 24 words.
const LONGEST: u64 = 4096;

/// Writes the key; refuses where a file is.
pub(super) fn run(global: &Global, verb: &WalletImportVerb) -> Result<ExitCode> {
    match verb {
        WalletImportVerb::Coldkey(args) => coldkey(global, args)?,
        WalletImportVerb::Hotkey(args) => hotkey(global, args)?,
        WalletImportVerb::Coldkeypub { wallet, ss58: address, crypto_type } => {
            let place = home::wallet(global, wallet)?;
            let public = ss58::decode(address)?;
            let path = wallet::write_coldkeypub(&place.path, &place.name, &public, (*crypto_type).into())?;
            if global.json {
                println!("{}", json!({ "key": "coldkeypub", "ss58_address": address, "path": path }));
            } else {
                println!("coldkeypub {address} in {}", path.display());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn coldkey(global: &Global, args: &WalletImportArgs) -> Result<()> {
    let place = home::wallet(global, &args.wallet)?;
    let path = wallet::coldkey_path(&place.path, &place.name)?;
    free(&path)?;
    let secret = given(args)?;
    let password = Asked::new(&args.password).new_password(&path)?;
    let nonce = nonce()?;
    let lock = Lock::Password { password: &password, nonce: &nonce };
    let path = wallet::write_coldkey(&place.path, &place.name, &secret, lock)?;
    written(global, "coldkey", &path, secret.keypair());
    Ok(())
}

fn hotkey(global: &Global, args: &WalletImportArgs) -> Result<()> {
    let place = home::wallet(global, &args.wallet)?;
    let path = wallet::hotkey_path(&place.path, &place.name, &place.hotkey)?;
    free(&path)?;
    let secret = given(args)?;
    let password = if args.use_password { Some(Asked::new(&args.password).new_password(&path)?) } else { None };
    let nonce = nonce()?;
    let lock = password.as_ref().map_or(Lock::Plain, |password| Lock::Password { password, nonce: &nonce });
    let path = wallet::write_hotkey(&place.path, &place.name, &place.hotkey, &secret, lock)?;
    written(global, "hotkey", &path, secret.keypair());
    Ok(())
}

/// From standard input when it is a file or a pipe, else typed without being shown.
fn given(args: &WalletImportArgs) -> Result<Secret> {
    let text = if std::io::stdin().is_terminal() {
        let mut terminal = Terminal::open().ok_or_else(|| {
            Hinted::new(
                "nobody is there to type the words",
                "give them on standard input: hivis wallet import ... < FILE",
            )
        })?;
        terminal.hidden("The words, or the hex digits of a seed or a private key (not shown): ")?
    } else {
        let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
        let read = std::io::stdin().lock().take(LONGEST).read_to_string(&mut text);
        read.context("standard input cannot be read as text")?;
        text
    };
    Ok(Secret::from_text(args.crypto_type.into(), &text)?)
}
