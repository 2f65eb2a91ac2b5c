//! The loopback node in the foreground, for trying things by hand:
//! `cargo run -p hivis-testbed --features node --example node -- --port 9944 --spec 424`.

use std::time::{Duration, SystemTime};

use clap::Parser;
use hivis_testbed::node::{Node, NodeOptions, State, UNIT};

/// A subtensor node on loopback, with a world of its own: nothing here is worth anything.
#[derive(Parser)]
struct Args {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 9944)]
    port: u16,
    /// The runtime: 424, 461, or 462 (461 with `pow_register`).
    #[arg(long, default_value_t = 424)]
    spec: u32,
    /// Seconds from block to block.
    #[arg(long, default_value_t = 2.0)]
    every: f64,
    /// An address that gets 100 TAO of this world; may be given several times.
    #[arg(long)]
    fund: Vec<String>,
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

fn main() {
    let args = Args::parse();
    let options = NodeOptions { spec: args.spec, port: args.port, clock: Some(now), ..NodeOptions::default() };
    let node = Node::start(options);
    for address in &args.fund {
        let key = hivis_bittensor::ss58::decode(address).expect("an ss58 address with prefix 42");
        node.change(|state: &mut State| state.set_balance(key, 100 * UNIT));
    }
    node.seal();
    node.auto(Duration::from_secs_f64(args.every));
    println!("{} spec {} genesis 0x{}", node.url(), args.spec, hex::encode(node.genesis()));
    loop {
        std::thread::park();
    }
}
