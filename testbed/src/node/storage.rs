//! The state as storage: which entries there are, by the chain's names.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::runtime::{Entry, Runtime};
use super::state::{State, Subnet, hex_key};

/// Entries of one number for each subnet, and the hyperparameter that each holds.
const PARAMS: [(&str, &str); 30] = [
    ("Rho", "rho"),
    ("Kappa", "kappa"),
    ("ImmunityPeriod", "immunity_period"),
    ("MinAllowedWeights", "min_allowed_weights"),
    ("MaxWeightsLimit", "max_weights_limit"),
    ("Tempo", "tempo"),
    ("MinDifficulty", "min_difficulty"),
    ("MaxDifficulty", "max_difficulty"),
    ("WeightsVersionKey", "weights_version"),
    ("WeightsSetRateLimit", "weights_rate_limit"),
    ("AdjustmentInterval", "adjustment_interval"),
    ("ActivityCutoff", "activity_cutoff"),
    ("NetworkRegistrationAllowed", "registration_allowed"),
    ("NetworkPowRegistrationAllowed", "pow_registration_allowed"),
    ("TargetRegistrationsPerInterval", "target_regs_per_interval"),
    ("MinBurn", "min_burn"),
    ("MaxBurn", "max_burn"),
    ("BondsMovingAverage", "bonds_moving_avg"),
    ("MaxRegistrationsPerBlock", "max_regs_per_block"),
    ("ServingRateLimit", "serving_rate_limit"),
    ("MaxAllowedValidators", "max_validators"),
    ("AdjustmentAlpha", "adjustment_alpha"),
    ("Difficulty", "difficulty"),
    ("RevealPeriodEpochs", "commit_reveal_period"),
    ("CommitRevealWeightsEnabled", "commit_reveal_weights_enabled"),
    ("LiquidAlphaOn", "liquid_alpha_enabled"),
    ("MaxAllowedUids", "max_uids"),
    ("SubtokenEnabled", "subnet_is_active"),
    ("TransferToggle", "transfers_enabled"),
    ("BondsResetOn", "bonds_reset_enabled"),
];

/// All of storage, key to value; an entry that this runtime does not have is left out.
pub(crate) fn render(state: &State, runtime: &Runtime) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut put = |entry: Entry| out.extend(runtime.entry(&entry));
    put(("System", "Number", vec![], json!(state.number)));
    put(("System", "Events", vec![], json!(state.events)));
    put(("System", "EventCount", vec![], json!(state.events.len())));
    let upgrade = json!({ "spec_version": state.spec, "spec_name": "node-subtensor" });
    put(("System", "LastRuntimeUpgrade", vec![], upgrade));
    put(("Timestamp", "Now", vec![], json!(state.time_ms)));
    let issued: u64 = state.accounts.values().map(|a| a.free).sum();
    put(("Balances", "TotalIssuance", vec![], json!(issued)));
    put(("SubtensorModule", "TotalIssuance", vec![], json!(issued)));
    put(("SubtensorModule", "TotalNetworks", vec![], json!(state.subnets.len())));
    put(("SubtensorModule", "TaoWeight", vec![], json!(3_320_413_933_267_719_290_u64)));
    put(("SubtensorModule", "TxRateLimit", vec![], json!(1000)));
    put(("Commitments", "MaxSpace", vec![], json!(MAX_SPACE)));
    for (key, account) in &state.accounts {
        let value = json!({ "nonce": account.nonce, "providers": 1, "data": { "free": account.free } });
        put(("System", "Account", vec![hex_key(key)], value));
    }
    for (hotkey, coldkey) in &state.owners {
        put(("SubtensorModule", "Owner", vec![hex_key(hotkey)], hex_key(coldkey)));
    }
    for (netuid, subnet) in &state.subnets {
        render_subnet(state, *netuid, subnet, &mut put);
        render_neurons(*netuid, subnet, &mut put);
    }
    out
}

/// Bytes that a key may commit in a tempo.
pub(crate) const MAX_SPACE: u32 = 3100;

fn render_subnet(state: &State, netuid: u16, subnet: &Subnet, put: &mut impl FnMut(Entry)) {
    let mut own = |name, value| put(("SubtensorModule", name, vec![json!(netuid)], value));
    for (entry, param) in PARAMS {
        own(entry, subnet.params.get(param).cloned().unwrap_or(Value::Null));
    }
    own("NetworksAdded", json!(true));
    own("SubnetworkN", json!(subnet.neurons.len()));
    own("NetworkRegisteredAt", json!(subnet.registered_at));
    own("SubnetOwnerHotkey", hex_key(&subnet.owner.0));
    own("SubnetOwner", hex_key(&subnet.owner.1));
    own("TokenSymbol", json!(subnet.symbol));
    own("SubnetMechanism", json!(1));
    own("Burn", json!(subnet.burn));
    own("SubnetTAO", json!(subnet.pool.0));
    own("SubnetAlphaIn", json!(subnet.pool.1));
    own("SubnetAlphaOut", json!(subnet.pool.2));
    own("SubnetMovingPrice", json!({ "bits": moving_price(subnet).to_string() }));
    own("LastMechansimStepBlock", json!(subnet.last_step));
    own("BlocksSinceLastStep", json!(u64::from(state.number).saturating_sub(subnet.last_step)));
    own("AlphaValues", json!([subnet.params.get("alpha_low"), subnet.params.get("alpha_high")]));
    if !subnet.identity.is_null() {
        own("SubnetIdentitiesV3", subnet.identity.clone());
    }
    put(("Swap", "FeeRate", vec![json!(netuid)], json!(33)));
}

fn render_neurons(netuid: u16, subnet: &Subnet, put: &mut impl FnMut(Entry)) {
    let id = json!(netuid);
    let all = &subnet.neurons;
    let mut vector = |name, values: Vec<Value>| put(("SubtensorModule", name, vec![id.clone()], json!(values)));
    vector("Active", all.iter().map(|n| json!(n.active)).collect());
    vector("Consensus", all.iter().map(|n| json!(n.consensus)).collect());
    vector("Incentive", all.iter().map(|n| json!(n.incentive)).collect());
    vector("Dividends", all.iter().map(|n| json!(n.dividends)).collect());
    vector("Emission", all.iter().map(|n| json!(n.emission)).collect());
    vector("LastUpdate", all.iter().map(|n| json!(n.last_update)).collect());
    vector("ValidatorPermit", all.iter().map(|n| json!(n.permit)).collect());
    for (uid, neuron) in all.iter().enumerate() {
        let (uid, hotkey) = (json!(uid), hex_key(&neuron.hotkey));
        let mut own = |name, keys, value| put(("SubtensorModule", name, keys, value));
        own("Uids", vec![id.clone(), hotkey.clone()], uid.clone());
        own("Keys", vec![id.clone(), uid.clone()], hotkey.clone());
        own("IsNetworkMember", vec![hotkey.clone(), id.clone()], json!(true));
        own("BlockAtRegistration", vec![id.clone(), uid], json!(neuron.registered_at));
        own("TotalHotkeyAlpha", vec![hotkey.clone(), id.clone()], json!(neuron.alpha_stake));
        if neuron.axon.is_some() {
            own("Axons", vec![id.clone(), hotkey], super::views::axon(neuron.axon.as_ref()));
        }
    }
    for (key, commitment) in &subnet.commitments {
        let keys = vec![id.clone(), hex_key(key)];
        let value = json!({ "deposit": 0, "block": commitment.block, "info": commitment.info });
        put(("Commitments", "CommitmentOf", keys.clone(), value));
        put(("Commitments", "LastCommitment", keys, json!(commitment.block)));
    }
}

/// The price as I96F32.
pub(crate) fn moving_price(subnet: &Subnet) -> i128 {
    (i128::from(subnet.price()) << 32) / i128::from(super::state::UNIT)
}
