//! Wallet files of the official tools, and ours read back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hivis_bittensor::{Keypair, WalletError, ss58, wallet};
use serde_json::Value;

use crate::golden;

fn root() -> std::path::PathBuf {
    golden::fixtures().join("wallet")
}

/// The cause chain, one a line.
pub(crate) fn chain(error: &WalletError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.extend(["\n", &cause.to_string()]);
        source = cause.source();
    }
    text
}

#[test]
fn what_cannot_be_used_says_what_it_is() {
    let home = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &[u8]| {
        let path = wallet::hotkey_path(home.path(), "w", name).unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let alice = hex::encode(Keypair::from_uri("//Alice").unwrap().public());
    put("fernet", b"gAAAAABk");
    put("broken", b"{\"secretPhrase\": ");
    put("public", format!("{{\"accountId\": \"0x{alice}\"}}").as_bytes());
    put("words", b"{\"secretPhrase\": \"one two three\"}");
    put("short", b"{\"secretSeed\": \"0x00\"}");
    put("mixed", format!("{{\"secretSeed\": \"{}\", \"publicKey\": \"{alice}\"}}", "11".repeat(32)).as_bytes());
    put("kind", b"{\"cryptoType\": 7}");
    for (root, name, hotkey, says) in [
        (root().as_path(), "throwaway", "locked", "is encrypted (NaCl secretbox"),
        (root().as_path(), "ed25519", "ed", "holds an ed25519 key"),
        (home.path(), "w", "fernet", "Fernet"),
        (home.path(), "w", "broken", "is no wallet file"),
        (home.path(), "w", "public", "public only"),
        (home.path(), "w", "words", "no BIP-39 mnemonic"),
        (home.path(), "w", "short", "secretSeed is not 32 bytes"),
        (home.path(), "w", "mixed", "does not belong to the public key"),
        (home.path(), "w", "kind", "cryptoType"),
        (home.path(), "w", "missing", "hotkeys/missing"),
        (home.path(), "..", "x", "cannot be the name"),
        (home.path(), "w", "a/b", "cannot be the name"),
    ] {
        let error = wallet::hotkey(root, name, hotkey).unwrap_err();
        assert!(chain(&error).contains(says), "{name}/{hotkey}: {}", chain(&error));
    }
}

#[test]
fn a_new_hotkey_is_a_file_that_the_official_tools_read() {
    let home = tempfile::tempdir().unwrap();
    let made = wallet::create_hotkey(home.path(), "demo", "miner", &[7; 16]).unwrap();
    let path = wallet::hotkey_path(home.path(), "demo", "miner").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let read = wallet::hotkey(home.path(), "demo", "miner").unwrap();
    assert_eq!(read.hotkey(), made.hotkey());
    let again = wallet::create_hotkey(home.path(), "demo", "miner", &[8; 16]).unwrap_err();
    assert!(chain(&again).contains("miner"), "it does not overwrite: {}", chain(&again));
    // Each way to the secret gives the same key.
    let mut fields: serde_json::Map<String, Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for gone in ["secretPhrase", "secretSeed"] {
        fields.remove(gone);
        fs::write(&path, serde_json::to_vec(&fields).unwrap()).unwrap();
        assert_eq!(wallet::hotkey(home.path(), "demo", "miner").unwrap().hotkey(), made.hotkey(), "without {gone}");
    }
}

#[test]
fn development_keys_are_the_well_known_ones() {
    for (uri, address) in [
        ("//Alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
        ("//Bob", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"),
        ("//Charlie", "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y"),
        ("//Alice//stash", "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY"),
    ] {
        let keypair = Keypair::from_uri(uri).unwrap();
        assert_eq!(keypair.hotkey().as_str(), address);
        assert_eq!(format!("{keypair:?}"), format!("Keypair({address})"), "Debug shows no secret");
    }
    for bad in ["", "Alice", "/Alice", "//", "//Alice/soft", "//Alice//"] {
        assert!(Keypair::from_uri(bad).is_err(), "{bad}");
    }
}

#[test]
fn addresses_are_checked() {
    let alice = Keypair::from_uri("//Alice").unwrap();
    assert_eq!(ss58::decode(alice.hotkey().as_str()).unwrap(), alice.public());
    for (text, reason) in [
        ("nonsense", "wrong length"),
        ("", "wrong length"),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ", "checksum"),
        ("0OIl", "base58"),
        ("HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F", "prefix"),
        (&"5".repeat(4000), "too long"),
    ] {
        let error = ss58::decode(text).unwrap_err().to_string();
        assert!(error.contains(reason) && error.len() < 160, "{text}: {error}");
    }
    assert!(Path::new(&wallet::default_root()).ends_with(".bittensor/wallets"));
}
