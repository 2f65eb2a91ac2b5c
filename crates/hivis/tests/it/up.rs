//! From an empty home to an announced, published, answering miner: throw-away wallets, a node, a Hub and NATIX on loopback.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use hivis_bittensor::dendrite::{AxonAddress, Dendrite, DendriteSettings};
use hivis_bittensor::wallet::{self, Lock, Secret};
use hivis_bittensor::{Keypair, Scheme};
use hivis_testbed::hub::{FakeHub, GOOD_TOKEN};
use hivis_testbed::node::{Node, NodeOptions, UNIT, validator};
use hivis_testbed::ports::Port;
use serde_json::{Value, json};

use crate::miner::{DEADLINE, hivis, output};
use crate::natix::FakeNatix;

const NETUID: u16 = 72;
const REPO: &str = "some-miner/roadwork";

fn now_ms() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

struct World {
    folder: tempfile::TempDir,
    node: Node,
    hub: FakeHub,
    natix: FakeNatix,
    hotkey: Keypair,
    coldkey: Keypair,
    axon: Port,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let node = Node::start(NodeOptions { clock: Some(now_ms), ..NodeOptions::default() });
        node.seal();
        node.auto(Duration::from_millis(250));
        let (coldkey, hotkey) = wallets(&folder.path().join("wallets"));
        node.change(|state| state.set_balance(coldkey.public(), 50 * UNIT));
        let axon = Port::reserve();
        Self { folder, node, hub: FakeHub::start(), natix: FakeNatix::start(), hotkey, coldkey, axon }
    }

    fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("home")
    }

    fn up(&self, args: &[&str]) -> Command {
        let wallets = self.folder.path().join("wallets");
        let (wallets, url) = (wallets.to_str().expect("text").to_owned(), self.node.url());
        let all =
            ["up", "--network", "local", "--endpoint", &url, "--netuid", "72", "--wallet-path", &wallets, "--json"];
        let mut command = hivis(&self.home(), &[&all[..], args].concat());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HF_") || name.starts_with("HUGGING")) {
            command.env_remove(name);
        }
        command.env("HF_ENDPOINT", self.hub.endpoint()).env("HF_HOME", self.folder.path().join("none"));
        command.env("HF_TOKEN", GOOD_TOKEN).env("HIVIS_NATIX_BASE", self.natix.base());
        command.env("HIVIS_NATIX_POLL_S", "0.01").env("HIVIS_NATIX_WAIT_S", "5");
        command.env("HIVIS_SERVE_ADDR", self.axon.address().to_string()).env("HIVIS_SERVE_PAGE", "127.0.0.1:0");
        command
    }

    /// What the chain says of us: uid, axon, commitment.
    fn chain(&self) -> (Option<u16>, Option<u16>, bool) {
        let key = self.hotkey.public();
        self.node.read(|state| {
            let subnet = state.subnet(NETUID);
            let neuron = subnet.neuron(&key);
            let port = neuron.and_then(|neuron| neuron.axon.as_ref()).map(|axon| axon.port);
            (subnet.uid(&key), port, subnet.commitments.contains_key(&key))
        })
    }

    fn balance(&self) -> u64 {
        self.node.read(|state| state.account(&self.coldkey.public()).free)
    }

    /// A validator of the subnet reads the address from the chain and asks, until it is answered.
    fn ask(&self) -> std::thread::JoinHandle<f64> {
        let (node, hotkey) = (self.node.clone(), self.hotkey.clone());
        std::thread::spawn(move || {
            let end = Instant::now() + DEADLINE;
            let port = loop {
                let announced = node.read(|state| {
                    let neuron = state.subnet(NETUID).neuron(&hotkey.public())?;
                    neuron.axon.as_ref().map(|axon| axon.port)
                });
                if let Some(port) = announced {
                    break port;
                }
                assert!(Instant::now() < end, "nothing was announced");
                std::thread::sleep(Duration::from_millis(50));
            };
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let dendrite = Dendrite::new(validator(NETUID, 0), DendriteSettings::default());
                let axon = AxonAddress { host: "127.0.0.1".to_owned(), port, hotkey: hotkey.hotkey() };
                let picture = hivis_image::encode_jpeg(&hivis_types::Picture::filled(224, 224, [90; 3]));
                let picture = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, picture);
                loop {
                    let reply = dendrite.ask(&axon, &picture, Duration::from_secs(9)).await;
                    if reply.status == Some(200) {
                        return reply.prediction;
                    }
                    assert!(Instant::now() < end, "no answer: {reply:?}");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            })
        })
    }
}

/// A miner's wallet with plain keys: this is about no password.
fn wallets(root: &Path) -> (Keypair, Keypair) {
    let secret = |byte: u8| Secret::from_seed(Scheme::Sr25519, &[byte; 32]);
    wallet::write_coldkey(root, "default", &secret(7), Lock::Plain).expect("a coldkey");
    wallet::write_hotkey(root, "default", "default", &secret(8), Lock::Plain).expect("a hotkey");
    (secret(7).keypair().clone(), secret(8).keypair().clone())
}

fn lines(out: &std::process::Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&out.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn an_empty_home_becomes_an_answering_miner_and_nothing_is_spent_twice() {
    let world = World::new();
    world.natix.says(&[json!({ "status": "succeeded" })]);

    // A dry run spends and writes nothing.
    let dry = output(world.up(&["--max-cost", "5", "--repo", REPO, "--dry-run"]));
    assert!(dry.status.success(), "{}", String::from_utf8_lossy(&dry.stderr));
    assert_eq!((world.chain(), world.node.accepted(), world.balance()), ((None, None, false), 0, 50 * UNIT));

    // Above the cap it is a no-go before anything is signed.
    let refused = output(world.up(&["--max-cost", "0.000001", "--repo", REPO, "--yes", "local"]));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("your cap is") && said.contains("hint:"), "{said}");
    let refused = output(world.up(&["--max-cost", "5", "--yes", "finney"]));
    assert!(!refused.status.success() && world.node.accepted() == 0);

    // Cut after the upload: the place is paid for, the release published, NATIX not told, nothing announced.
    world.natix.says(&[json!({ "status": "failed" })]);
    let cut = output(world.up(&["--max-cost", "5", "--repo", REPO, "--yes", "local", "--exit"]));
    let said = String::from_utf8_lossy(&cut.stderr);
    assert!(!cut.status.success() && said.contains("NATIX did not register"), "{said}");
    let (uid, port, committed) = world.chain();
    assert_eq!((uid.is_some(), port, committed, world.node.accepted()), (true, None, false, 1));
    let paid = world.balance();
    world.natix.says(&[json!({ "status": "succeeded" })]);

    let asked = world.ask();
    let all = ["--max-cost", "5", "--repo", REPO, "--yes", "local", "--exit", "--wait-min", "2"];
    let done = output(world.up(&all));
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{}\n{errors}", String::from_utf8_lossy(&done.stdout));
    let prediction = asked.join().expect("the validator was answered");
    assert!((0.0..=1.0).contains(&prediction), "{prediction}");
    let (uid, port, committed) = world.chain();
    assert_eq!((uid.is_some(), port, committed), (true, Some(world.axon.number()), true));
    assert!(world.hub.files("models/some-miner/roadwork").contains_key("model_card.json"));
    assert_eq!((world.natix.registered().len(), world.balance()), (2, paid), "told again, and paid once");
    let said = lines(&done);
    let last = said.last().expect("an end");
    assert_eq!((&last["up"], &last["verdict"]["go"]), (&json!(true), &json!(true)), "{last}");
    let items = said.iter().find_map(|line| line["checklist"].as_array()).expect("the checklist");
    let done = |what: &str| items.iter().find(|item| item["what"] == what).map(|item| item["done"] == true);
    for what in ["machine up", "published", "registered", "announced"] {
        assert_eq!(done(what), Some(true), "{what}: {items:?}");
    }
    assert!(!errors.contains(GOOD_TOKEN) && !errors.contains(&hex::encode([7_u8; 32])));

    // The same again: what is done is seen, and nothing is sent.
    let (spent, sent) = (world.balance(), world.node.accepted());
    assert!(spent < 50 * UNIT && sent == 3, "{spent} {sent}");
    let again = output(world.up(&all));
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    assert_eq!((world.balance(), world.node.accepted(), world.natix.registered().len()), (spent, sent, 2));

    // Without flags: the home remembers where it is.
    let list = output(hivis(&world.home(), &["up", "--checklist", "--json"]));
    let text = String::from_utf8_lossy(&list.stdout);
    assert!(text.contains("\"registered\"") && text.contains("uid "), "{text}");

    // A network that only a flag names would be forgotten by `hivis serve`: then nobody could ask.
    std::fs::write(world.home().join("hivis.toml"), "[chain]\nnetuid = 72\n").expect("the home is writable");
    let refused = output(world.up(&["--max-cost", "5", "--yes", "local"]));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("names no network") && said.contains("hint: add"), "{said}");
}
