//! What lies in a wallets' folder, and the coldkeys that should not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hivis_bittensor::wallet::{self, Form, Kept, Lock, Secret};
use hivis_bittensor::{Scheme, ss58};

use crate::golden;

fn secret(byte: u8) -> Secret {
    Secret::generate(Scheme::Sr25519, &[byte; 16]).unwrap()
}

/// The files that hold a private coldkey, relative to the root.
fn cold(root: &Path) -> Vec<String> {
    let found = wallet::coldkeys(root).unwrap();
    found.iter().map(|path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_needs_no_password_and_names_what_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("wallets");
    assert!(wallet::scan(&root).unwrap().is_empty(), "no folder, no wallets");
    wallet::write_coldkey(&root, "b", &secret(1), Lock::Plain).unwrap();
    let miner = wallet::write_hotkey(&root, "b", "miner", &secret(2), Lock::Plain).unwrap();
    wallet::write_hotkey(&root, "b", "miner2", &secret(3), Lock::Plain).unwrap();
    wallet::write_hotkey(&root, "b", "gone", &secret(4), Lock::Plain).unwrap();
    fs::remove_file(wallet::hotkey_path(&root, "b", "gone").unwrap()).unwrap();
    fs::set_permissions(&miner, fs::Permissions::from_mode(0o640)).unwrap();
    let locked = wallet::hotkey_path(&root, "b", "locked").unwrap();
    fs::copy(golden::fixtures().join("wallet/throwaway/hotkeys/locked"), &locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(wallet::hotkey_path(&root, "b", "junk").unwrap(), "junk").unwrap();
    fs::create_dir_all(root.join("empty/hotkeys")).unwrap();
    wallet::write_coldkeypub(&root, "a", &[5; 32], Scheme::Ed25519).unwrap();

    let listed = wallet::scan(&root).unwrap();
    assert_eq!(listed.iter().map(|w| w.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let public = listed[0].coldkey.as_ref().unwrap();
    assert_eq!((public.kept, public.scheme), (Kept::Public, Some(Scheme::Ed25519)));
    assert_eq!(public.address, Some(ss58::encode(&[5; 32])));
    assert!(public.problems.is_empty());
    let private = listed[1].coldkey.as_ref().unwrap();
    assert_eq!(private.kept, Kept::Private(Form::Plain));
    assert!(private.problems[0].contains("not encrypted"), "{private:?}");
    let rows: Vec<_> = listed[1].hotkeys.iter().map(|key| (key.name.as_str(), key.kept)).collect();
    let plain = Kept::Private(Form::Plain);
    let nacl = Kept::Private(Form::Nacl);
    let expected =
        [("gone", Kept::Public), ("junk", Kept::Unknown), ("locked", nacl), ("miner", plain), ("miner2", plain)];
    assert_eq!(rows, expected);
    let said = |name: &str| listed[1].hotkeys.iter().find(|key| key.name == name).unwrap().problems.join("; ");
    assert!(said("miner").contains("mode 0640") && said("miner").contains("chmod 600"), "{}", said("miner"));
    assert_eq!((said("miner2"), said("locked")), (String::new(), String::new()));
    assert!(said("junk").contains("no wallet file"));
    let shown = format!("{listed:?}");
    assert!(!shown.contains(secret(2).phrase().unwrap()), "{shown}");
}

#[test]
fn every_private_coldkey_is_found() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    wallet::write_coldkeypub(root, "serving", &secret(1).keypair().public(), Scheme::Sr25519).unwrap();
    wallet::write_hotkey(root, "serving", "miner", &secret(2), Lock::Plain).unwrap();
    assert!(cold(root).is_empty(), "a serving machine as it should be");

    let plain = wallet::write_coldkey(root, "plain", &secret(3), Lock::Plain).unwrap();
    for (name, content) in [("nacl", &b"$NACL..."[..]), ("fernet", b"gAAAAA"), ("junk", b"?")] {
        fs::create_dir_all(root.join(name)).unwrap();
        fs::write(root.join(name).join("coldkey"), content).unwrap();
    }
    fs::copy(&plain, root.join("plain/coldkey.bak")).unwrap();
    // In a hotkey's place, under the coldkey's public file.
    fs::create_dir_all(root.join("plain/hotkeys")).unwrap();
    fs::copy(&plain, root.join("plain/hotkeys/odd")).unwrap();
    // Public only, whatever its name.
    fs::create_dir_all(root.join("public")).unwrap();
    fs::copy(root.join("serving/coldkeypub.txt"), root.join("public/coldkey")).unwrap();
    let expected =
        ["fernet/coldkey", "junk/coldkey", "nacl/coldkey", "plain/coldkey", "plain/coldkey.bak", "plain/hotkeys/odd"];
    assert_eq!(cold(root), expected);
}
