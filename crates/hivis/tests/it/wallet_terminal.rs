//! `hivis wallet create` as a person at a terminal sees it, and what btcli then says of the wallet.

use std::path::Path;
use std::process::Command;

use hivis_testbed::peers::environment;
use serde_json::Value;

use crate::miner::{hivis, output};
use crate::release::told;

const PASSWORD: &str = "correct horse";

/// A person runs the verb; gives the exit code, what the terminal showed, and the words that were written down.
fn person(venv: &Path, wrong: bool, home: &Path, args: &[&str]) -> (i64, String, Vec<Vec<String>>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/terminal.py");
    let mut command = Command::new(venv.join("bin/python"));
    command.arg("-B").arg(script).args([PASSWORD, if wrong { "1" } else { "0" }]);
    command.arg(env!("CARGO_BIN_EXE_hivis")).arg("--home").arg(home).args(args);
    let out = output(command);
    let told = told(&out);
    let said: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{told}"));
    let words = serde_json::from_value(said["words"].clone()).expect("lists of words");
    (said["code"].as_i64().expect("a code"), said["shown"].as_str().expect("a text").to_owned(), words)
}

/// btcli's JSON, with a configuration folder of its own. It breaks lines at 80 columns wherever they are.
fn btcli(venv: &Path, home: &Path, args: &[&str]) -> Value {
    let mut command = Command::new(venv.join("bin/btcli"));
    command.arg("wallet").args(args).arg("--json-output").env("HOME", home).env("COLUMNS", "100000");
    let out = output(command);
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)))
}

#[test]
fn a_wallet_made_at_a_terminal_is_btclis_wallet() {
    let Some(venv) = environment("btcli") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let root = home.join("wallets");
    let root = root.to_str().expect("a plain path");
    let (code, shown, words) = person(&venv, false, home, &["wallet", "create", "--wallet", "mine", "-p", root]);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(words.iter().map(Vec::len).collect::<Vec<_>>(), [12, 12], "{shown}");
    assert!(!shown.contains(PASSWORD), "a password is not shown");
    // The words are on the screen that goes away, and nowhere else but where they were typed back.
    let stays: String =
        shown.split("\x1b[?1049h").map(|part| part.rsplit("\x1b[?1049l").next().unwrap_or("")).collect();
    assert!(!stays.contains(&words[0][..2].join(" ")) && !stays.contains("   1 "), "{stays}");

    let listed = btcli(&venv, home, &["list", "--wallet-path", root]);
    let wallet = &listed["wallets"][0];
    let (cold, hot) = (&wallet["ss58_address"], &wallet["hotkeys"][0]["ss58_address"]);
    for address in [cold, hot] {
        assert!(shown.contains(address.as_str().expect("btcli reads it")), "{listed}\n{shown}");
    }
    let file = home.join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).expect("the folder is writable");
    let file = file.to_str().expect("a plain path");
    let signed = |flags: &[&str]| {
        let args =
            [&["wallet", "sign", "--wallet", "mine", "-p", root, "--message", "hello", "--json"], flags].concat();
        let out = output(hivis(home, &args));
        serde_json::from_slice::<Value>(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)))
    };
    let with_cold = signed(&["--use-coldkey", "--password-file", file]);
    assert_eq!((&with_cold["signer_address"], &signed(&[])["signer_address"]), (cold, hot));
    let (signature, address) = (with_cold["signed_message"].as_str().expect("hex"), cold.as_str().expect("an address"));
    let verify = ["verify", "--message", "hello", "--signature", signature, "--address", address];
    let said = btcli(&venv, home, &verify);
    assert_eq!((&said["verified"], &said["crypto_type"]), (&true.into(), &"sr25519".into()), "{said}");
}

#[test]
fn words_that_are_not_on_paper_write_nothing() {
    let Some(venv) = environment("btcli") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("wallets");
    let path = root.to_str().expect("a plain path");
    let args = ["wallet", "create", "--hotkey-only", "--words", "24", "--wallet", "mine", "-p", path];
    let (code, shown, words) = person(&venv, true, folder.path(), &args);
    assert_eq!((code, words[0].len()), (1, 24), "{shown}");
    assert_eq!(shown.matches("That is not the word").count(), 3, "{shown}");
    assert!(shown.contains("nothing was written") && shown.contains("hint:"), "{shown}");
    assert!(!root.exists());
}
