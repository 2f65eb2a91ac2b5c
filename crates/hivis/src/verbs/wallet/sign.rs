//! `hivis wallet sign` and `hivis wallet verify`, as btcli does both.

use std::process::ExitCode;

use anyhow::Result;
use hivis_bittensor::{Keypair, Scheme, ss58, wallet};
use serde_json::json;

use crate::cli::{Global, WalletSignArgs, WalletVerifyArgs};
use crate::failure::Hinted;
use crate::home;
use crate::passwords::Asked;

/// Prints the signature in hex and who signed.
pub(super) fn sign(global: &Global, args: &WalletSignArgs) -> Result<ExitCode> {
    let keypair = signer(global, args)?;
    let signature = hex::encode(keypair.sign(args.message.as_bytes()));
    if global.json {
        println!("{}", json!({ "signed_message": signature, "signer_address": keypair.hotkey() }));
    } else {
        println!("{signature}\nsigned by {}", keypair.hotkey());
    }
    Ok(ExitCode::SUCCESS)
}

fn signer(global: &Global, args: &WalletSignArgs) -> Result<Keypair> {
    let place = home::wallet(global, &args.wallet)?;
    let asked = Asked::new(&args.password);
    if args.use_coldkey {
        return Ok(wallet::open_coldkey(&place.path, &place.name, &asked)?.keypair().clone());
    }
    Ok(wallet::open_hotkey(&place.path, &place.name, &place.hotkey, &asked)?)
}

/// 0 when the signature is good, else 1.
pub(super) fn verify(global: &Global, args: &WalletVerifyArgs) -> Result<ExitCode> {
    let public = public(&args.address)?;
    let signature = digits::<64>(&args.signature).ok_or_else(|| {
        Hinted::new("--signature is no signature", "128 hex digits, as `hivis wallet sign` prints them")
    })?;
    let message = args.message.as_bytes();
    // Wallets in browsers sign texts wrapped like this; the official tools take both.
    let wrapped = [b"<Bytes>", message, b"</Bytes>"].concat();
    let schemes = args.crypto_type.map_or(Scheme::ALL.to_vec(), |name| vec![name.into()]);
    let fits =
        |scheme: &Scheme| scheme.verify(&public, message, &signature) || scheme.verify(&public, &wrapped, &signature);
    let found = schemes.into_iter().find(fits);
    let signer = ss58::encode(&public);
    if global.json {
        let said = json!({ "verified": found.is_some(), "signer": signer, "message": args.message,
            "crypto_type": found.map(Scheme::as_str) });
        println!("{said}");
    } else {
        match found {
            Some(scheme) => println!("good: signed by {signer} ({})", scheme.as_str()),
            None => println!("NOT GOOD: {signer} did not sign this message"),
        }
    }
    Ok(if found.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn public(text: &str) -> Result<[u8; 32]> {
    match digits::<32>(text) {
        Some(public) => Ok(public),
        None => Ok(ss58::decode(text)?),
    }
}

fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.trim();
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
    Some(bytes)
}
