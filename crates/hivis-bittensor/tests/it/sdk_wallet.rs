//! bittensor-wallet 4.1.1 as the other side: it opens and signs with our files, we with its, and both verify.

use hivis_bittensor::wallet::{self, Lock, Password, Secret};
use hivis_bittensor::{Keypair, Scheme, ss58};
use hivis_testbed::peers::environment;
use serde_json::Value;

use crate::sdk::Script;

const MESSAGE: &[u8] = b"hello";

/// Whether the signature that Python reported is one of [`MESSAGE`].
fn verified(row: &Value, scheme: Scheme) -> bool {
    let signature = hex::decode(row["signature"].as_str().unwrap()).unwrap().try_into().unwrap();
    scheme.verify(&ss58::decode(row["ss58"].as_str().unwrap()).unwrap(), MESSAGE, &signature)
}

#[test]
fn the_official_wallet_and_ours_open_each_others_files() {
    let Some(venv) = environment("bittensor-10.5.0") else { return };
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    let password = Password::new("throwaway pässword");
    let made = |scheme, byte| Secret::generate(scheme, &[byte; 16]).unwrap();
    let (cold, hot, ed) = (made(Scheme::Sr25519, 1), made(Scheme::Sr25519, 2), made(Scheme::Ed25519, 3));
    let lock = Lock::Password { password: &password, nonce: &[4; 24] };
    wallet::write_coldkey(root, "ours", &cold, lock).unwrap();
    wallet::write_hotkey(root, "ours", "sr", &hot, Lock::Plain).unwrap();
    wallet::write_hotkey(root, "ours", "ed", &ed, Lock::Plain).unwrap();
    let signed = |secret: &Secret| hex::encode(secret.keypair().sign(MESSAGE));
    let script = Script::start(
        &venv,
        "wallet.py",
        &[root.to_str().unwrap(), password.text(), &signed(&cold), &signed(&hot), &signed(&ed)],
    );

    // It opens ours: the same addresses from each private and public file, and our signatures are good.
    for (secret, what) in [(&cold, "coldkey"), (&hot, "sr"), (&ed, "ed")] {
        let row = script.line();
        let address = secret.keypair().hotkey();
        assert_eq!(
            (row["ss58"].as_str(), row["public"].as_str()),
            (Some(address.as_str()), Some(address.as_str())),
            "{what}"
        );
        assert_eq!(row["crypto_type"], secret.keypair().scheme().crypto_type(), "{what}");
        assert!(verified(&row, secret.keypair().scheme()), "{what}: signed by theirs");
        assert_eq!(row["verified"], true, "{what}: signed by ours");
    }
    // We open its: the coldkey in both encrypted forms, hotkeys of both schemes.
    let theirs = script.line();
    let check = |key: &Keypair, what: &str| {
        assert_eq!(key.hotkey().as_str(), theirs[what]["ss58"].as_str().unwrap(), "{what}");
        assert!(verified(&theirs[what], key.scheme()), "{what}");
    };
    check(wallet::open_coldkey(root, "theirs", &password).unwrap().keypair(), "nacl");
    check(wallet::open_coldkey(root, "ansible", &password).unwrap().keypair(), "ansible");
    check(&wallet::hotkey(root, "theirs", "sr").unwrap(), "sr");
    check(&wallet::open_hotkey(root, "theirs", "ed", &password).unwrap(), "ed");
    assert_eq!(wallet::coldkeypub(root, "theirs").unwrap().as_str(), theirs["nacl"]["ss58"].as_str().unwrap());
    let variable = wallet::variable(&wallet::coldkey_path(root, "theirs").unwrap());
    assert_eq!(theirs["variable"], variable.as_str());
    let kept = wallet::from_variable(&variable, theirs["value"].as_str().unwrap()).unwrap();
    assert_eq!(kept.text(), password.text());
}
