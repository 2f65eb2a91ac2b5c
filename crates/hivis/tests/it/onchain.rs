//! `hivis register`, `announce` and `commit` against a node on loopback: dry runs, consent, mistakes, and the way to a
//! final block.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hivis_bittensor::wallet::{self, Lock, Password, Secret};
use hivis_bittensor::{Keypair, Scheme};
use hivis_testbed::node::{Key, Node, NodeOptions, UNIT};
use serde_json::Value;

use crate::miner::{hivis, output};

const PASSWORD: &str = "testing-only";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

/// A node whose blocks are of now, a home, and a wallet whose coldkey has 10 TAO.
struct World {
    node: Node,
    home: tempfile::TempDir,
    coldkey: Keypair,
    hotkey: Keypair,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64
}

fn world() -> World {
    let node = Node::start(NodeOptions { spec: 461, clock: Some(now), ..NodeOptions::default() });
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("wallets");
    let secret = Secret::from_seed(Scheme::Sr25519, &[7; 32]);
    wallet::write_coldkey(&root, "miner", &secret, Lock::Plain).expect("a coldkey");
    let hotkey = wallet::create_hotkey(&root, "miner", "default", &[9; 16]).expect("a hotkey");
    let coldkey = secret.keypair().clone();
    node.change(|state| state.set_balance(coldkey.public(), 10 * UNIT));
    let file = home.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).expect("a file");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    node.seal();
    node.auto(Duration::from_millis(50));
    World { node, home, coldkey, hotkey }
}

impl World {
    fn root(&self) -> PathBuf {
        self.home.path().join("wallets")
    }

    fn run(&self, args: &[&str]) -> (bool, String, String) {
        let (root, url) = (self.root(), self.node.url());
        let place = ["--network", "local", "--endpoint", &url, "--netuid", "72", "--wallet", "miner"];
        let path = ["--wallet-path", root.to_str().expect("a path")];
        let all: Vec<&str> = args.iter().copied().chain(place).chain(path).collect();
        let out = output(hivis(self.home.path(), &all));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (out.status.success(), text(out.stdout), text(out.stderr))
    }

    fn json(&self, args: &[&str]) -> Value {
        let (good, out, err) = self.run(&[args, &["--json"]].concat());
        assert!(good, "{out}{err}");
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"))
    }

    fn fails(&self, args: &[&str]) -> String {
        let (good, out, err) = self.run(args);
        assert!(!good, "{out}");
        assert!(err.contains("hint:"), "{err}");
        for secret in [PASSWORD, &"07".repeat(32)] {
            assert!(!err.contains(secret) && !out.contains(secret), "a secret in {err}{out}");
        }
        err
    }

    fn free(&self) -> u64 {
        self.node.read(|state| state.account(&self.coldkey.public()).free)
    }

    fn password(&self) -> String {
        self.home.path().join("password").display().to_string()
    }
}

fn uid(node: &Node, key: &Key) -> Option<u16> {
    node.read(|state| state.subnet(72).uid(key))
}

fn file(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

#[test]
fn from_an_empty_wallet_to_a_registered_announced_committed_miner() {
    let world = world();
    let (burn, password) = (world.node.read(|state| state.subnet(72).burn), world.password());

    // The dry run needs no password and sends nothing.
    let plan = world.json(&["register", "--max-cost", "2", "--dry-run"]);
    let args = &plan["plan"]["call"]["args"];
    assert_eq!(args["limit_price"], "2 TAO (2000000000 rao)", "{plan}");
    assert_eq!(args["hotkey"], world.hotkey.hotkey().as_str());
    assert_eq!(plan["plan"]["signer"], world.coldkey.hotkey().as_str());
    assert_eq!(plan["plan"]["price_rao"], burn.to_string());
    let (_, shown, _) = world.run(&["register", "--max-cost", "2", "--dry-run"]);
    assert!(shown.contains("SubtensorModule.register_limit") && shown.contains("nothing was signed"), "{shown}");
    assert_eq!((world.node.accepted(), world.free()), (0, 10 * UNIT));

    let register = ["register", "--max-cost", "2", "--yes", "local", "--password-file", &password];
    let done = world.json(&register);
    assert_eq!(done["done"], true, "{done}");
    let cost = burn + done["fee_rao"].as_str().expect("a fee").parse::<u64>().expect("a number");
    assert_eq!(world.free(), 10 * UNIT - cost);
    assert!(uid(&world.node, &world.hotkey.public()).is_some());
    // Once more: no password is needed to hear that it is so.
    let again = world.json(&["register", "--max-cost", "2", "--yes", "local"]);
    assert!(again["already"].as_str().is_some_and(|said| said.contains("uid")), "{again}");
    assert_eq!((world.node.accepted(), world.free()), (1, 10 * UNIT - cost));

    // From here on the coldkey is of no use, and so is not needed.
    std::fs::remove_file(world.root().join("miner/coldkey")).expect("the coldkey leaves");
    std::fs::write(world.home.path().join("hivis.toml"), "[serve]\nannounce_ip = \"52.14.201.9\"\n").expect("a file");
    let done = world.json(&["announce", "--yes", "local"]);
    assert_eq!(done["done"], true, "{done}");
    let axon = world.node.read(|state| state.subnet(72).neuron(&world.hotkey.public()).expect("it").axon.expect("one"));
    assert_eq!((axon.ip, axon.port, axon.ip_type), (u128::from(u32::from_be_bytes([52, 14, 201, 9])), 8091, 4));
    let again = world.json(&["announce", "--yes", "local"]);
    assert!(again["already"].as_str().is_some_and(|said| said.contains("52.14.201.9:8091")), "{again}");

    let hash = "5a".repeat(32);
    let commit = ["commit", "--repo", "natix/road", "--revision", REVISION, "--sha256", &hash, "--yes", "local"];
    let done = world.json(&commit);
    assert_eq!(done["done"], true, "{done}");
    let info = world.node.read(|state| state.subnet(72).commitments[&world.hotkey.public()].info.clone());
    let written = info["fields"][0].as_object().expect("a field").values().next().expect("bytes").clone();
    let text = hex::decode(&written.as_str().expect("hex")[2..]).expect("hex");
    let text = String::from_utf8(text).expect("text");
    assert!(text.starts_with(&format!("natix:road:{REVISION}:")) && text.len() <= 128, "{text}");
    assert!(world.json(&commit)["already"].is_string());
    assert_eq!(world.node.accepted(), 3);
}

#[test]
fn mistakes_are_said_with_a_hint_before_anything_is_signed() {
    let world = world();
    let password = world.password();
    let said = world.fails(&["register", "--max-cost", "2", "--yes", "finney", "--password-file", &password]);
    assert!(said.contains("--yes finney, but the network is local"), "{said}");
    let said = world.fails(&["register", "--max-cost", "2", "--password-file", &password]);
    assert!(said.contains("nobody is there to agree") && said.contains("--yes local"), "{said}");
    let said = world.fails(&["register", "--max-cost", "0.000000001", "--yes", "local", "--password-file", &password]);
    assert!(said.contains("more than the 0.000000001 TAO that you allow"), "{said}");
    let said = world.fails(&["register", "--pow", "--yes", "local", "--password-file", &password]);
    assert!(said.contains("pow_register") && said.contains("spec 461") && said.contains("--max-cost"), "{said}");
    let said = world.fails(&["announce", "--ip", "52.14.201.9", "--yes", "local"]);
    assert!(said.contains("is not registered on subnet 72") && said.contains("hivis register"), "{said}");
    let said = world.fails(&["announce", "--yes", "local"]);
    assert!(said.contains("address") && said.contains("serve.announce_ip"), "{said}");
    let said = world.fails(&["announce", "--ip", "2001:db8::1", "--yes", "local"]);
    assert!(said.contains("IPv6"), "{said}");
    let said = world.fails(&["commit", "--repo", "a/b", "--revision", "main", "--sha256", &"5a".repeat(32)]);
    assert!(said.contains("40 hexadecimal digits"), "{said}");
    world.node.change(|state| state.set_balance(world.coldkey.public(), 1000));
    let said = world.fails(&["register", "--max-cost", "2", "--yes", "local", "--password-file", &password]);
    assert!(said.contains("has 0.000001 TAO to spend"), "{said}");
    world.node.change(|state| state.set_balance(world.coldkey.public(), 10 * UNIT));
    // A wrong password is the last thing that can go wrong before the signature.
    std::fs::remove_file(world.root().join("miner/coldkey")).expect("the plain one leaves");
    let lock = Lock::Password { password: &Password::new("another one"), nonce: &[3; 24] };
    let secret = Secret::from_seed(Scheme::Sr25519, &[7; 32]);
    wallet::write_coldkey(&world.root(), "miner", &secret, lock).expect("a coldkey");
    let said = world.fails(&["register", "--max-cost", "2", "--yes", "local", "--password-file", &password]);
    assert!(said.contains("password"), "{said}");
    assert_eq!((world.node.accepted(), world.free()), (0, 10 * UNIT), "nothing was sent");
}

#[test]
fn a_node_of_another_chain_is_not_talked_into_finney() {
    let world = world();
    let (root, url) = (world.root(), world.node.url());
    let before = file(&root.join("miner/coldkey"));
    let args = ["register", "--max-cost", "2", "--network", "finney", "--endpoint", &url, "--wallet", "miner"];
    let more = ["--wallet-path", root.to_str().expect("a path"), "--yes", "finney"];
    let out = output(hivis(world.home.path(), &[&args[..], &more].concat()));
    let said = String::from_utf8(out.stderr).expect("text");
    assert!(!out.status.success() && said.contains("another chain"), "{said}");
    assert_eq!((world.node.accepted(), file(&root.join("miner/coldkey"))), (0, before));
}
