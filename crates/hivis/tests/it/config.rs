//! What a wrong configuration and wrong arguments look like to a person.

use crate::miner::{hivis, output};

/// Runs a verb that must fail; gives what it said.
fn said(home: &std::path::Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(!out.status.success(), "{args:?} was expected to fail");
    String::from_utf8(out.stderr).expect("errors are text")
}

fn home_with(config: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    assert!(
        output(hivis(home.path(), &["demo", "--questions", "1", "--rate", "20", "--no-stay", "--no-train"]))
            .status
            .success()
    );
    std::fs::write(home.path().join("hivis.toml"), config).expect("the home is writable");
    home
}

#[test]
fn an_unknown_key_is_named_with_a_hint() {
    let home = home_with("[serve]\nlisten = \"1.2.3.4:5\"\n");
    let said = said(home.path(), &["serve"]);
    assert!(said.contains("hivis.toml") && said.contains("listen"), "{said}");
    assert!(said.contains("hint:"), "{said}");
}

#[test]
fn an_unknown_engine_lists_the_known_ones() {
    let home = home_with("[model]\nengine = \"tensorflow\"\n");
    let said = said(home.path(), &["serve"]);
    assert!(said.contains("tensorflow") && said.contains("rten, onnxruntime"), "{said}");
}

#[test]
fn the_environment_wins_over_the_file() {
    let home = home_with("[model]\nengine = \"rten\"\n");
    let mut command = hivis(home.path(), &["serve"]);
    command.env("HIVIS_MODEL_ENGINE", "abacus");
    let out = output(command);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains("abacus"), "{said}");
}

#[test]
fn a_missing_home_says_who_makes_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = said(&folder.path().join("nowhere"), &["records", "list"]);
    assert!(said.contains("there is no home at") && said.contains("hint: `hivis serve` makes one"), "{said}");
}

#[test]
fn a_missing_hotkey_says_how_to_make_one() {
    let home = home_with("");
    let wallets = home.path().join("wallets");
    let wallets = wallets.to_str().expect("a plain path");
    let said =
        said(home.path(), &["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--wallet-path", wallets]);
    assert!(said.contains("hotkeys/default") && said.contains("new_hotkey"), "{said}");
}
