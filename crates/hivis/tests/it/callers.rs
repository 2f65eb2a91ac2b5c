//! Who may ask comes from the chain: by block, through outages, and through a restart without a chain.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use hivis_bittensor::Keypair;
use hivis_bittensor::dendrite::{AxonAddress, Dendrite, DendriteSettings};
use hivis_testbed::node::{Node, NodeOptions, validator};
use serde_json::Value;

use crate::miner::{BOB, DEADLINE, Miner, get, hivis, with_release};

const NETUID: u16 = 72;

fn now_ms() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

fn serve(home: &Path) -> Miner {
    let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob", "--json"];
    Miner::follow(hivis(home, &args))
}

/// The status that this key gets for a picture.
fn ask(miner: &Miner, key: Keypair) -> Option<u16> {
    let port = miner.axon.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let axon = AxonAddress { host: "127.0.0.1".to_owned(), port, hotkey: hivis_types::Hotkey::new(BOB) };
    let picture = hivis_image::encode_jpeg(&hivis_types::Picture::filled(224, 224, [90; 3]));
    let picture = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, picture);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let dendrite = Dendrite::new(key, DendriteSettings::default());
    runtime.block_on(dendrite.ask(&axon, &picture, Duration::from_secs(9))).status
}

/// Asks until the answer has this status.
fn until(miner: &Miner, key: &Keypair, status: u16) {
    let end = Instant::now() + DEADLINE;
    loop {
        let got = ask(miner, key.clone());
        if got == Some(status) {
            return;
        }
        assert!(Instant::now() < end, "{got:?} instead of {status}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn roster(miner: &Miner) -> Value {
    let (_, body) = get(&format!("{}readyz", miner.page));
    let ready: Value = serde_json::from_str(&body).expect("JSON");
    ready["axon"]["roster"].clone()
}

#[test]
fn validators_come_and_go_by_block_and_stay_through_an_outage_and_a_restart() {
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let node = Node::start(NodeOptions { clock: Some(now_ms), ..NodeOptions::default() });
    node.seal();
    node.auto(Duration::from_millis(200));
    let chain = format!(
        "[chain]\nnetwork = \"local\"\nendpoints = [\"{}\"]\nnetuid = {NETUID}\nrefresh_blocks = 1\n",
        node.url()
    );
    std::fs::write(home.path().join("hivis.toml"), chain).expect("the home is writable");
    let (one, two) = (validator(NETUID, 0), validator(NETUID, 1));
    let stranger = Keypair::from_uri("//Mallory").expect("a key");

    let miner = serve(home.path());
    until(&miner, &one, 200);
    assert_eq!(ask(&miner, stranger.clone()), Some(403));
    assert_eq!(roster(&miner)["validators"], 8);

    // Its permit goes with the next block, the other's stays.
    node.change(|state| {
        let neuron = state.subnet_mut(NETUID).neurons.iter_mut().find(|n| n.hotkey == one.public());
        neuron.expect("the validator").permit = false;
    });
    until(&miner, &one, 403);
    assert_eq!(ask(&miner, two.clone()), Some(200));

    // Nobody speaks for the chain any more: the last list stays in force, here and after a restart.
    node.faults(|faults| faults.refuse = true);
    node.cut();
    node.stop();
    assert_eq!((ask(&miner, two.clone()), ask(&miner, stranger.clone())), (Some(200), Some(403)));
    let seen = roster(&miner);
    miner.stop();
    let miner = serve(home.path());
    until(&miner, &two, 200);
    assert_eq!((ask(&miner, one), ask(&miner, stranger)), (Some(403), Some(403)));
    assert_eq!(roster(&miner), seen, "the same reading, with its own age");
    miner.stop();

    // Of another subnet that list says nothing.
    let other = std::fs::read_to_string(home.path().join("hivis.toml")).expect("the file").replace("72", "323");
    std::fs::write(home.path().join("hivis.toml"), other).expect("the home is writable");
    let miner = serve(home.path());
    assert_eq!(ask(&miner, two), Some(403));
    miner.stop();
}
