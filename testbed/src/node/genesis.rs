//! The world a node starts with. The same at each start.

use std::collections::BTreeMap;

use hivis_bittensor::Keypair;
use serde_json::{Map, Value, json};
use sp_crypto_hashing::blake2_256;

use super::state::{Account, Axon, Key, Neuron, State, Subnet, UNIT};

/// How many of a subnet's first uids are validators, with keys that [`validator`] gives.
pub const VALIDATORS: u16 = 8;
/// The block the world starts at.
pub const FIRST_BLOCK: u32 = 100_000;
/// The time of that block, Unix milliseconds: 2026-07-01.
pub const FIRST_TIME_MS: u64 = 1_782_864_000_000;

/// The hotkey of a validator, to sign questions with.
pub fn validator(netuid: u16, uid: u16) -> Keypair {
    Keypair::from_uri(&format!("//validator//{netuid}//{uid}")).expect("a development key")
}

/// The key of a development account, such as `//Alice`.
pub fn development(uri: &str) -> Key {
    Keypair::from_uri(uri).expect("a development key").public()
}

/// Root, a small subnet 1, StreetVision with 256 neurons on 72, and with 32 on 323.
pub(crate) fn state(spec: u32) -> State {
    let mut state = State {
        spec,
        number: FIRST_BLOCK,
        time_ms: FIRST_TIME_MS,
        accounts: BTreeMap::new(),
        owners: BTreeMap::new(),
        subnets: BTreeMap::new(),
        recent: BTreeMap::new(),
        events: Vec::new(),
    };
    for uri in ["//Alice", "//Bob", "//Charlie"] {
        state.accounts.insert(development(uri), Account { free: 1000 * UNIT, nonce: 0 });
    }
    for (netuid, neurons) in [(0, 0), (1, 4), (72, 256), (323, 32)] {
        let subnet = subnet(netuid, neurons);
        state.owners.extend(subnet.neurons.iter().map(|n| (n.hotkey, n.coldkey)));
        state.subnets.insert(netuid, subnet);
    }
    state
}

fn subnet(netuid: u16, neurons: u16) -> Subnet {
    let named = |what: &str| blake2_256(format!("{what} of subnet {netuid}").as_bytes());
    let vision = [72, 323].contains(&netuid);
    let identity = json!({
        "subnet_name": if vision { "StreetVision by NATIX" } else { "apex" },
        "github_repo": "https://github.com/natixnetwork/streetvision-subnet",
        "subnet_contact": "", "subnet_url": "https://www.natix.network", "discord": "",
        "description": "Roadwork on the world's streets", "logo_url": "", "additional": "",
    });
    Subnet {
        identity: if netuid == 0 { Value::Null } else { identity },
        symbol: if netuid == 0 { "Τ".to_owned() } else { format!("α{netuid}") },
        owner: (named("owner hotkey"), named("owner coldkey")),
        registered_at: 1000 + u64::from(netuid),
        last_step: u64::from(FIRST_BLOCK) - 100,
        params: params(netuid),
        burn: 123_456_789,
        pool: (20_000 * UNIT, 1_000_000 * UNIT, 1_500_000 * UNIT),
        neurons: (0..neurons).map(|uid| neuron(netuid, uid)).collect(),
        commitments: BTreeMap::new(),
    }
}

fn params(netuid: u16) -> Map<String, Value> {
    let all = json!({
        "rho": 10, "kappa": 32767, "immunity_period": 5000, "min_allowed_weights": 8, "max_weights_limit": 65535,
        "tempo": 360, "min_difficulty": 1000, "max_difficulty": 4_611_686_018_427_387_903_u64, "weights_version": 2_000_004,
        "weights_rate_limit": 100, "adjustment_interval": 360, "activity_cutoff": 5000, "registration_allowed": true,
        "pow_registration_allowed": false, "target_regs_per_interval": 1, "min_burn": 500_000,
        "max_burn": 100 * UNIT, "bonds_moving_avg": 900_000, "max_regs_per_block": 1, "serving_rate_limit": 50,
        "max_validators": 64, "adjustment_alpha": 14_757_395_258_967_641_293_u64, "difficulty": 10_000_000,
        "commit_reveal_period": 1, "commit_reveal_weights_enabled": true, "alpha_high": 58982, "alpha_low": 45875,
        "liquid_alpha_enabled": false, "alpha_sigmoid_steepness": { "bits": 1000_i64 << 32 }, "yuma_version": 2,
        "subnet_is_active": true, "transfers_enabled": true, "bonds_reset_enabled": false,
        "user_liquidity_enabled": false, "max_uids": if netuid == 0 { 64 } else { 256 },
    });
    let Value::Object(map) = all else { unreachable!("an object was written") };
    map
}

/// The first uids are validators with stake; the others mine, each a little worse than the one before.
fn neuron(netuid: u16, uid: u16) -> Neuron {
    let named = |what: &str| blake2_256(format!("{what} {uid} of subnet {netuid}").as_bytes());
    let permit = uid < VALIDATORS;
    let rank = u64::from(uid);
    let head = u64::from(FIRST_BLOCK);
    Neuron {
        hotkey: if permit { validator(netuid, uid).public() } else { named("hotkey") },
        coldkey: named("coldkey"),
        active: permit || !uid.is_multiple_of(5),
        permit,
        alpha_stake: if permit { (100_000 - 9_000 * rank) * UNIT } else { rank * 1_234_567 },
        tao_stake: if permit { (5_000 - 500 * rank) * UNIT } else { 0 },
        incentive: if permit { 0 } else { 600 - uid },
        dividends: if permit { 12_000 - 1_000 * uid } else { 0 },
        consensus: if permit { 0 } else { 500 - uid },
        emission: if permit { 9 * UNIT } else { (600 - rank) * UNIT / 1000 },
        registered_at: head - 50_000 + 190 * rank,
        last_update: head - 10 * (rank + 1),
        axon: (permit || !uid.is_multiple_of(3)).then(|| Axon {
            block: head - 40_000 + rank,
            version: 9_012_002,
            // 198.51.100.0/24 is for documents: nothing answers there.
            ip: u128::from(u32::from_be_bytes([198, 51, 100, uid as u8])),
            port: 8091,
            ip_type: 4,
            protocol: 4,
            placeholder1: 0,
            placeholder2: 0,
        }),
    }
}
