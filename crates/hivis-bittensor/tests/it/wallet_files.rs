//! Files that we write: read back, for their owner only, never over another; and every way in which one is no good.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hivis_bittensor::wallet::{self, Lock, Password, Passwords, Secret};
use hivis_bittensor::{Keypair, Scheme, WalletError};
use serde_json::Value;
use zeroize::ZeroizeOnDrop;

use crate::golden;
use crate::wallet::chain;

/// Fails the test when it is asked.
struct Nobody;

impl Passwords for Nobody {
    fn password(&self, file: &Path) -> Result<Password, WalletError> {
        panic!("asked for the password of {}", file.display())
    }
}

fn made(scheme: Scheme, byte: u8) -> Secret {
    Secret::generate(scheme, &[byte; 16]).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Everything that must appear in no text for people.
fn secrets(secret: &Secret) -> Vec<String> {
    let mut all = vec![secret.phrase().unwrap().to_owned()];
    let home = tempfile::tempdir().unwrap();
    let path = wallet::write_hotkey(home.path(), "w", "h", secret, Lock::Plain).unwrap();
    let fields: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    all.extend(["secretSeed", "privateKey"].map(|name| fields[name].as_str().unwrap()[2..].to_owned()));
    all
}

#[test]
fn an_encrypted_coldkey_is_read_back_and_damage_is_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let secret = made(Scheme::Sr25519, 1);
    let password = Password::new("correct horse");
    let lock = Lock::Password { password: &password, nonce: &[9; 24] };
    let path = wallet::write_coldkey(home.path(), "w", &secret, lock).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(wallet::coldkeypub(home.path(), "w").unwrap(), secret.keypair().hotkey());
    let content = fs::read(&path).unwrap();
    assert!(content.starts_with(b"$NACL"));

    let coldkey = wallet::open_coldkey(home.path(), "w", &password).unwrap();
    assert_eq!(coldkey.keypair().public(), secret.keypair().public());
    let wrong = wallet::open_coldkey(home.path(), "w", &Password::new("wrong horse")).unwrap_err();
    assert!(matches!(wrong, WalletError::WrongPassword { .. }), "{wrong}");
    assert!(!chain(&wrong).contains("horse"), "{}", chain(&wrong));
    // Seen before seconds go into a derivation.
    fs::write(&path, &content[..100]).unwrap();
    let cut = wallet::open_coldkey(home.path(), "w", &password).unwrap_err();
    assert!(chain(&cut).contains("cut short") && cut.hint().is_some(), "{cut}");
}

#[test]
fn ansible_damage_is_told_from_a_wrong_password() {
    let home = tempfile::tempdir().unwrap();
    let vector = fs::read_to_string(golden::fixtures().join("wallet/ansible/coldkey")).unwrap();
    let path = wallet::coldkey_path(home.path(), "w").unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let said = |content: &str, password: &str| {
        fs::write(&path, content).unwrap();
        match wallet::open_coldkey(home.path(), "w", &Password::new(password)) {
            Ok(_) => "opens".to_owned(),
            Err(error) => chain(&error),
        }
    };
    assert_eq!(said(&vector, "testing-only"), "opens");
    assert_eq!(said(&vector.replace('\n', "\r\n"), "testing-only"), "opens");
    assert!(said(&vector, "testing").contains("password does not open"));
    for (content, says) in [
        (&vector[..vector.len() - 9], "cut short"),
        (&vector[..200], "cut short"),
        (&vector[..27], "cut short"),
        (&vector.replace("AES256", "AES"), "only version 1.1"),
        (&vector.replace("3830", "zzzz"), "no hex"),
        ("$NACLxx", "cut short"),
    ] {
        let said = said(content, "testing-only");
        assert!(said.contains(says) && said.contains("is damaged"), "{says}: {said}");
    }
}

#[test]
fn what_is_there_is_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    let (one, other) = (made(Scheme::Sr25519, 1), made(Scheme::Sr25519, 2));
    let hotkey = wallet::write_hotkey(root, "w", "h", &one, Lock::Plain).unwrap();
    let cold = wallet::write_coldkey(root, "w", &made(Scheme::Sr25519, 3), Lock::Plain).unwrap();
    let before: Vec<_> = [&hotkey, &cold].map(|path| fs::read(path).unwrap()).into();
    for refused in [
        wallet::write_hotkey(root, "w", "h", &other, Lock::Plain),
        wallet::write_coldkey(root, "w", &other, Lock::Plain),
        wallet::write_coldkeypub(root, "w", &[7; 32], Scheme::Sr25519),
    ] {
        assert!(matches!(refused, Err(WalletError::Exists { .. })), "{refused:?}");
    }
    // A link that leads nowhere is not written through either.
    let link = wallet::hotkey_path(root, "w", "linked").unwrap();
    std::os::unix::fs::symlink(root.join("elsewhere"), &link).unwrap();
    assert!(matches!(wallet::write_hotkey(root, "w", "linked", &other, Lock::Plain), Err(WalletError::Exists { .. })));
    assert!(!root.join("elsewhere").exists());
    assert_eq!([&hotkey, &cold].map(|path| fs::read(path).unwrap()).as_slice(), before);
    // A public file of another key is not written over, one of this key is kept.
    fs::remove_file(&cold).unwrap();
    let refused = wallet::write_coldkey(root, "w", &other, Lock::Plain).unwrap_err();
    assert!(matches!(refused, WalletError::OtherKey { .. }), "{refused}");
    assert!(!cold.exists());
    wallet::write_coldkey(root, "w", &made(Scheme::Sr25519, 3), Lock::Plain).unwrap();
    // What a writing that was cut off left behind is no obstacle, and nothing is left behind.
    let partial = cold.with_file_name(".coldkey.partial");
    fs::write(&partial, "half").unwrap();
    fs::remove_file(&cold).unwrap();
    wallet::write_coldkey(root, "w", &made(Scheme::Sr25519, 3), Lock::Plain).unwrap();
    assert!(cold.exists() && !partial.exists());
}

#[test]
fn a_key_in_the_others_place_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    let (cold, hot) = (made(Scheme::Sr25519, 1), made(Scheme::Sr25519, 2));
    let cold_path = wallet::write_coldkey(root, "w", &cold, Lock::Plain).unwrap();
    let hot_path = wallet::write_hotkey(root, "w", "h", &hot, Lock::Plain).unwrap();
    assert!(wallet::hotkey(root, "w", "h").is_ok());
    // Our own writing does not swap them.
    let refused = wallet::write_hotkey(root, "w", "again", &cold, Lock::Plain).unwrap_err();
    assert!(matches!(refused, WalletError::ColdkeyAsHotkey { .. }), "{refused}");
    assert!(!wallet::hotkey_path(root, "w", "again").unwrap().exists());

    let aside = root.join("aside");
    fs::rename(&cold_path, &aside).unwrap();
    fs::copy(&hot_path, &cold_path).unwrap();
    let refused = wallet::open_coldkey(root, "w", &Nobody).unwrap_err();
    assert!(matches!(&refused, WalletError::HotkeyAsColdkey { hotkey, .. } if hotkey == "h"), "{refused}");
    fs::rename(&aside, &hot_path).unwrap();
    for refused in [wallet::hotkey(root, "w", "h"), wallet::open_hotkey(root, "w", "h", &Nobody)] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, WalletError::ColdkeyAsHotkey { .. }) && refused.hint().is_some(), "{refused}");
    }
    // A coldkey of another wallet.
    fs::remove_file(&cold_path).unwrap();
    let elsewhere = wallet::write_coldkey(root, "other", &made(Scheme::Sr25519, 5), Lock::Plain).unwrap();
    fs::copy(elsewhere, &cold_path).unwrap();
    let refused = wallet::open_coldkey(root, "w", &Nobody).unwrap_err();
    assert!(matches!(refused, WalletError::OtherKey { .. }), "{refused}");
}

#[test]
fn nobody_is_asked_where_no_password_helps() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    wallet::write_hotkey(root, "w", "ed", &made(Scheme::Ed25519, 1), Lock::Plain).unwrap();
    let key = wallet::open_hotkey(root, "w", "ed", &Nobody).unwrap();
    assert_eq!(key.scheme(), Scheme::Ed25519);
    assert!(matches!(wallet::hotkey(root, "w", "ed"), Err(WalletError::Ed25519 { .. })), "it does not serve");
    let path = wallet::coldkey_path(root, "w").unwrap();
    fs::write(&path, "gAAAAABk").unwrap();
    let refused = wallet::open_coldkey(root, "w", &Nobody).unwrap_err();
    assert!(chain(&refused).contains("Fernet") && refused.hint().unwrap().contains("phrase"), "{refused}");
    fs::write(&path, vec![b' '; 2 << 20]).unwrap();
    assert!(chain(&wallet::open_coldkey(root, "w", &Nobody).unwrap_err()).contains("far too long"));
}

#[test]
fn no_error_and_no_debug_text_shows_a_secret() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<ed25519_dalek::SigningKey>();
    let secret = made(Scheme::Sr25519, 4);
    let words = secret.phrase().unwrap().to_owned();
    let shown = [format!("{secret:?}"), format!("{:?}", secret.keypair()), format!("{:?}", Password::new(&words))];
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    let path = wallet::hotkey_path(root, "w", "h").unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let all = secrets(&secret);
    let (seed, private) = (&all[1], &all[2]);
    let alice = hex::encode(Keypair::from_uri("//Alice").unwrap().public());
    let mut texts: Vec<String> = shown.into();
    for content in [
        words.clone(),
        format!("\"{words}\""),
        format!("[\"{words}\"]"),
        format!("{{\"secretPhrase\": \"{words} zoo\"}}"),
        format!("{{\"secretPhrase\": \"{words}\", \"accountId\": \"0x{alice}\"}}"),
        format!("{{\"secretPhrase\": \"{words}\", \"cryptoType\": \"{words}\"}}"),
        format!("{{\"secretPhrase\": [\"{words}\"]}}"),
        format!("{{\"secretSeed\": \"{seed}0\"}}"),
        format!("{{\"secretSeed\": \"{seed}\", \"accountId\": \"{seed}{seed}\"}}"),
        format!("{{\"privateKey\": \"{private}{private}\"}}"),
        format!("{{\"privateKey\": \"{private}\", \"accountId\": \"{alice}\"}}"),
    ] {
        fs::write(&path, &content).unwrap();
        let error = wallet::hotkey(root, "w", "h").expect_err(&content);
        texts.push(format!("{}\n{error:?}", chain(&error)));
    }
    for given in [format!("{words} zoo"), format!("{seed}0"), format!("{private}00"), format!("{seed}{seed}{seed}")] {
        let error = Secret::from_text(Scheme::Sr25519, &given).unwrap_err();
        texts.push(format!("{}\n{error:?}", chain(&error)));
    }
    for text in &texts {
        for secret in &all {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
        assert!(!words.split(' ').any(|word| text.split(|c: char| !c.is_alphabetic()).any(|t| t == word)), "{text}");
    }
}

#[test]
fn the_environments_form_of_a_password_is_the_official_one() {
    let file = Path::new("/home/me/.bittensor/wallets/w/coldkey");
    let name = wallet::variable(file);
    assert_eq!(name, "BT_PW__HOME_ME__BITTENSOR_WALLETS_W_COLDKEY");
    // Made by bittensor-wallet 4.1.1: Keyfile(path).save_password_to_env("testing-only pässword").
    let value = "NjEsJD4xOGUgIykmbTWc+zE6Izs3Kg==";
    assert_eq!(wallet::from_variable(&name, value).unwrap().text(), "testing-only pässword");
    for bad in ["%%%", "NjEsJD4xOGUgIykmbTWc", "gICAgA=="] {
        assert!(wallet::from_variable("BT_PW_W_COLDKEY", bad).is_none(), "{bad}");
    }
}
