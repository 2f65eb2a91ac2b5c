//! The vectors: files of bittensor-wallet 4.1.1 in every form, opened, and their signatures verified.

use std::path::{Path, PathBuf};

use hivis_bittensor::wallet::{self, Form, Password};
use hivis_bittensor::{Keypair, Scheme};
use hivis_testbed::golden::{fixtures, folders};
use serde_json::Value;

/// The vectors of the `chain*` folders, or those of the repository where there are none.
fn roots() -> Vec<PathBuf> {
    let roots: Vec<PathBuf> = folders("chain").iter().map(|f| f.join("wallet")).filter(|f| f.exists()).collect();
    if roots.is_empty() { vec![fixtures().join("wallet")] } else { roots }
}

fn open(root: &Path, file: &str, password: &Password) -> Keypair {
    match file.split('/').collect::<Vec<_>>()[..] {
        [name, "coldkey"] => wallet::open_coldkey(root, name, password).unwrap().keypair().clone(),
        [name, "hotkeys", hotkey] => wallet::open_hotkey(root, name, hotkey, password).unwrap(),
        _ => panic!("{file} is no private file"),
    }
}

#[test]
fn golden_wallet_files_of_every_form_open_and_sign() {
    for root in roots() {
        let expected: Value = serde_json::from_slice(&std::fs::read(root.join("expected.json")).unwrap()).unwrap();
        let message = expected["message"].as_str().unwrap().as_bytes();
        let password = Password::new(expected["password"].as_str().unwrap());
        let (mut forms, mut schemes) = (Vec::new(), Vec::new());
        for (file, what) in expected["files"].as_object().unwrap() {
            let address = what["ss58"].as_str().unwrap();
            if let Some(name) = file.strip_suffix("/coldkeypub.txt") {
                assert_eq!(wallet::coldkeypub(&root, name).unwrap().as_str(), address);
                continue;
            }
            let key = open(&root, file, &password);
            assert_eq!(key.hotkey().as_str(), address, "{file}");
            assert_eq!(format!("0x{}", hex::encode(key.public())), what["public_key"], "{file}");
            let theirs = hex::decode(&what["signature_of_message"].as_str().unwrap()[2..]).unwrap();
            let theirs: [u8; 64] = theirs.try_into().unwrap();
            let verify = |message: &[u8], signature: &[u8; 64]| key.scheme().verify(&key.public(), message, signature);
            assert!(verify(message, &theirs), "{file}: theirs");
            assert!(verify(message, &key.sign(message)), "{file}: ours");
            assert!(!verify(b"another message", &theirs), "{file}");
            let other = Scheme::ALL.into_iter().find(|s| *s != key.scheme()).unwrap();
            assert!(!other.verify(&key.public(), message, &theirs), "{file}: the other scheme");
            forms.push(Form::of(&std::fs::read(root.join(file)).unwrap()));
            schemes.push(key.scheme());
        }
        for form in [Form::Plain, Form::Nacl, Form::Ansible] {
            assert!(forms.contains(&form), "{} has no {form:?} file", root.display());
        }
        assert!(Scheme::ALL.iter().all(|scheme| schemes.contains(scheme)));
    }
}

#[test]
fn golden_wallet_phrases_and_seeds_give_their_addresses() {
    for root in roots() {
        let expected: Value = serde_json::from_slice(&std::fs::read(root.join("expected.json")).unwrap()).unwrap();
        for (file, what) in expected["files"].as_object().unwrap() {
            let given = what["mnemonic"].as_str().or(what["seed"].as_str());
            let Some(given) = given else { continue };
            let scheme = if file.starts_with("ed25519") { Scheme::Ed25519 } else { Scheme::Sr25519 };
            let secret = wallet::Secret::from_text(scheme, given).unwrap();
            assert_eq!(secret.keypair().hotkey().as_str(), what["ss58"].as_str().unwrap(), "{file}");
            // As a person copies it from paper.
            let sloppy = format!("  {}\n", given.to_uppercase().replace(' ', "  ").replace("0X", "0x"));
            assert_eq!(
                wallet::Secret::from_text(scheme, &sloppy).unwrap().keypair().public(),
                secret.keypair().public()
            );
        }
    }
}
