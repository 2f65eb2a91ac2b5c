//! `hivis wallet` in scripts, and what doctor says of keys.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use serde_json::Value;

use crate::miner::{hivis, output};
use crate::release::told;

const PHRASE: &str = "sniff marriage pottery arctic review urban ancient avoid divert cheese width amused";
const SEED: &str = "80cfdc55ce8dedbd224c27db044c8fb83dcc7d9e5e30cdd416c71c322aa19a74";
const ADDRESS: &str = "5DD6fDmhN6DzwZn8ruQxDVvFdfFEExwUbKMRov9GZzQb9HUy";

/// Wallets of the official tools; the password is `testing-only`.
fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wallet")
}

/// A home with a copy of a vector in its wallets' folder, which it gives.
fn copied(home: &Path, files: &[&str]) -> String {
    let root = home.join("wallets");
    fs::create_dir_all(&root).expect("the home is writable");
    for file in files {
        let to = root.join(file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::write(&to, fs::read(vectors().join(file)).expect("a vector")).expect("a copy");
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    root.to_str().expect("a plain path").to_owned()
}

/// Runs the verb with a text on standard input.
fn piped(home: &Path, args: &[&str], text: &str) -> Output {
    let mut command = hivis(home, args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hivis starts");
    // It may refuse before it reads.
    let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn json(out: &Output) -> Value {
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(out)))
}

/// A refusal: what it says, with a hint and without the secret.
fn refused(out: &Output) -> String {
    let said = told(out);
    assert!(!out.status.success() && said.contains("hint:"), "{said}");
    assert!(!said.contains(SEED) && !said.contains("sniff marriage"), "{said}");
    said
}

#[test]
fn a_key_is_imported_from_words_seed_or_private_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let root = home.join("wallets");
    let root = root.to_str().expect("a plain path");
    let import = |hotkey: &str, text: &str| {
        piped(home, &["wallet", "import", "hotkey", "--json", "-p", root, "--wallet", "w", "--hotkey", hotkey], text)
    };
    let first = json(&import("words", PHRASE));
    assert_eq!((&first["ss58_address"], &first["crypto_type"]), (&ADDRESS.into(), &"sr25519".into()));
    let file: Value =
        serde_json::from_slice(&fs::read(format!("{root}/w/hotkeys/words")).expect("it is written")).expect("JSON");
    assert_eq!((&file["secretPhrase"], &file["secretSeed"]), (&PHRASE.into(), &format!("0x{SEED}").into()));
    assert_eq!(json(&import("seed", &format!("0x{SEED}\n")))["ss58_address"], ADDRESS);
    let private = file["privateKey"].as_str().expect("hex");
    assert_eq!(json(&import("private", private))["ss58_address"], ADDRESS);
    assert!(refused(&import("words", PHRASE)).contains("exists already"));
    assert!(refused(&import("bad", &PHRASE.replace("sniff", "snuff"))).contains("no BIP-39 mnemonic"));
    assert!(refused(&import("bad", &SEED[1..])).contains("no secret of a key"));
    assert!(refused(&import("bad", "")).contains("empty"));
    let cold = ["wallet", "import", "coldkeypub", "-p", root, "--wallet", "w", "--ss58", ADDRESS];
    assert!(output(hivis(home, &cold)).status.success());
    // The words of that coldkey as a hotkey of the same wallet.
    assert!(refused(&import("cold", PHRASE)).contains("holds the coldkey of its wallet"));
    // Nobody there to type a password, or one that is no good.
    let coldkey = ["wallet", "import", "coldkey", "-p", root, "--wallet", "other"];
    assert!(refused(&piped(home, &coldkey, PHRASE)).contains("nobody is there to type the password"));
    let short = home.join("short");
    fs::write(&short, "short").expect("writable");
    let with = [&coldkey[..], &["--password-file", short.to_str().expect("a plain path")]].concat();
    assert!(refused(&piped(home, &with, PHRASE)).contains("too short"));
    assert!(!home.join("wallets/other").exists());
}

#[test]
fn a_new_wallet_wants_a_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("wallets");
    let args = ["wallet", "create", "-p", root.to_str().expect("a plain path")];
    let said = refused(&output(hivis(folder.path(), &args)));
    assert!(said.contains("nobody is there") && said.contains("import hotkey"), "{said}");
    assert!(!root.exists());
}

#[test]
fn signatures_are_made_and_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let root = copied(home, &["throwaway/hotkeys/miner", "ed25519/hotkeys/ed", "ansible/coldkey"]);
    let sign =
        |args: &[&str]| hivis(home, &[&["wallet", "sign", "--json", "-p", &root, "--message", "hello"], args].concat());
    let judge = |signature: &str, address: &str, message: &str| {
        output(hivis(
            home,
            &["wallet", "verify", "--json", "--message", message, "--signature", signature, "--address", address],
        ))
    };
    // The password in the variable that the official tools use.
    let file = format!("{root}/ansible/coldkey");
    let name = format!("BT_PW_{}", file.replace(['/', '.'], "_").to_uppercase());
    let hidden: Vec<u8> = b"testing-only".iter().zip(name.bytes().cycle()).map(|(a, b)| a ^ b).collect();
    let mut with_variable = sign(&["--wallet", "ansible", "--use-coldkey"]);
    with_variable.env(&name, base64::engine::general_purpose::STANDARD.encode(hidden));
    let mut signed = vec![json(&output(with_variable))];
    signed.push(json(&output(sign(&["--wallet", "throwaway", "--hotkey", "miner"]))));
    signed.push(json(&output(sign(&["--wallet.name", "ed25519", "--wallet.hotkey", "ed", "--use-hotkey"]))));
    for (signed, scheme) in signed.iter().zip(["sr25519", "sr25519", "ed25519"]) {
        let text = |name: &str| signed[name].as_str().expect("a text").to_owned();
        let (signature, address) = (text("signed_message"), text("signer_address"));
        let good = judge(&signature, &address, "hello");
        assert!(good.status.success() && json(&good)["crypto_type"] == scheme, "{}", told(&good));
        for bad in [judge(&signature, &address, "Hello"), judge(&"0".repeat(128), &address, "hello")] {
            assert!(bad.status.code() == Some(1) && json(&bad)["verified"] == false, "{}", told(&bad));
        }
    }
    assert!(refused(&judge("12", ADDRESS, "hello")).contains("no signature"));
    // Without the password.
    let said = refused(&output(sign(&["--wallet", "ansible", "--use-coldkey"])));
    assert!(said.contains("there is no password for") && said.contains("BT_PW_"), "{said}");
    let wrong = home.join("wrong");
    fs::write(&wrong, "testing-onlx\n").expect("writable");
    let args = ["--wallet", "ansible", "--use-coldkey", "--password-file", wrong.to_str().expect("a plain path")];
    let said = refused(&output(sign(&args)));
    assert!(said.contains("the password does not open") && !said.contains("testing-onl"), "{said}");
}

#[test]
fn too_little_memory_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let root = copied(home, &["throwaway/coldkey"]);
    let file = home.join("password");
    fs::write(&file, "testing-only").expect("writable");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 480000 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_hivis"), "--home"]).arg(home);
    command.args(["wallet", "sign", "--wallet", "throwaway", "--use-coldkey", "--message", "hello", "-p", &root]);
    command.arg("--password-file").arg(file);
    let said = refused(&output(command));
    assert!(said.contains("512 MiB of memory are needed"), "{said}");
}

#[test]
fn a_list_shows_what_btcli_shows_and_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let files = ["throwaway/coldkey", "throwaway/coldkeypub.txt", "throwaway/hotkeys/miner", "ed25519/hotkeys/ed"];
    let root = copied(home, &files);
    fs::set_permissions(format!("{root}/throwaway/hotkeys/miner"), fs::Permissions::from_mode(0o644)).expect("a mode");
    let listed = json(&output(hivis(home, &["wallet", "list", "--json", "-p", &root])));
    let wallet = &listed["wallets"][1];
    assert_eq!((&wallet["name"], &wallet["form"]), (&"throwaway".into(), &"nacl".into()), "{listed}");
    assert_eq!(wallet["ss58_address"], "5Do65WpVAaRGsno6qQR3cWsRpTH2s4ScUbcRjo1gA6PHeFbU");
    assert_eq!(wallet["hotkeys"][0]["ss58_address"], ADDRESS);
    let text = told(&output(hivis(home, &["wallet", "list", "-p", &root])));
    let row = text.lines().find(|line| line.starts_with("throwaway/miner")).expect("a row");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["throwaway/miner", "hotkey", "plain", "sr25519", ADDRESS]);
    assert!(text.contains("MEND throwaway/miner (hotkey): others may read it (mode 0644)"), "{text}");
    assert!(!text.contains("sniff") && !listed.to_string().contains("sniff"));
}

#[test]
fn doctor_is_loud_about_a_coldkey_and_a_hotkey_that_others_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let root = copied(home, &["throwaway/coldkeypub.txt", "throwaway/hotkeys/miner"]);
    let config = format!("[wallet]\npath = \"{root}\"\nname = \"throwaway\"\nhotkey = \"miner\"\n");
    hivis_store::Home::open_or_create(&home.join("home")).expect("a home");
    fs::write(home.join("home/hivis.toml"), config).expect("writable");
    let findings = || {
        let said = json(&output(hivis(&home.join("home"), &["doctor", "--json"])));
        said["findings"].as_array().expect("findings").clone()
    };
    let of = |what: &str| findings().into_iter().filter(|f| f["what"] == what).collect::<Vec<_>>();
    assert_eq!((&of("coldkey")[0]["good"], &of("hotkey")[0]["good"]), (&true.into(), &true.into()));
    assert!(of("hotkey file").is_empty());
    copied(home, &["ansible/coldkey"]);
    fs::set_permissions(format!("{root}/throwaway/hotkeys/miner"), fs::Permissions::from_mode(0o640)).expect("a mode");
    let cold = &of("coldkey")[0];
    assert_eq!(cold["good"], false);
    assert!(cold["text"].as_str().is_some_and(|text| text.contains("ansible/coldkey")), "{cold}");
    assert!(cold["mend"].as_str().is_some_and(|text| text.contains("move the file")), "{cold}");
    assert!(of("hotkey file")[0]["text"].as_str().is_some_and(|text| text.contains("mode 0640")));
}

#[test]
fn a_server_refuses_keys_that_validators_would_not_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let root = copied(home, &["throwaway/hotkeys/locked", "ed25519/hotkeys/ed"]);
    let home = &home.join("home");
    for (wallet, hotkey, says) in [("throwaway", "locked", "is encrypted"), ("ed25519", "ed", "holds an ed25519 key")] {
        let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--wallet-path", &root];
        let said = refused(&output(hivis(home, &[&args[..], &["--wallet", wallet, "--hotkey", hotkey]].concat())));
        assert!(said.contains(says) && said.contains("hivis wallet create --hotkey-only"), "{said}");
    }
}
