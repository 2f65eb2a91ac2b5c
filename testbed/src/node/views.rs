//! The answers of the runtime's own calls, as JSON by the chain's field names.

use serde_json::{Map, Value, json};

use super::state::{Axon, Neuron, State, Subnet, hex_key, key_of};
use super::storage::moving_price;

/// The answer of `api`'s `method`, whose type has these `fields`; `None` when the node does not model it.
pub(crate) fn call(state: &State, (api, method): (&str, &str), inputs: &[Value], fields: &[String]) -> Option<Value> {
    let number = |at: usize| inputs.get(at).and_then(Value::as_u64);
    let netuid = number(0).unwrap_or(0) as u16;
    let subnet = state.subnets.get(&netuid);
    let all = |of: &dyn Fn(u16, &Subnet) -> Value| -> Value { state.subnets.iter().map(|(n, s)| of(*n, s)).collect() };
    Some(match (api, method) {
        ("AccountNonceApi", "account_nonce") => json!(state.account(&key_of(inputs.first()?)?).nonce),
        ("SubnetInfoRuntimeApi", "get_metagraph" | "get_mechagraph" | "get_subnet_state") => {
            or_null(subnet, |s| graph(state, netuid, s))
        }
        ("SubnetInfoRuntimeApi", "get_all_metagraphs" | "get_all_mechagraphs") => all(&|n, s| graph(state, n, s)),
        ("SubnetInfoRuntimeApi", "get_selective_metagraph" | "get_selective_mechagraph") => {
            or_null(subnet, |s| selective(&graph(state, netuid, s), inputs, fields))
        }
        ("SubnetInfoRuntimeApi", "get_dynamic_info") => or_null(subnet, |s| dynamic(state, netuid, s)),
        ("SubnetInfoRuntimeApi", "get_all_dynamic_info") => all(&|n, s| dynamic(state, n, s)),
        ("SubnetInfoRuntimeApi", "get_subnet_hyperparams" | "get_subnet_hyperparams_v2") => {
            or_null(subnet, |s| Value::Object(s.params.clone()))
        }
        ("SubnetInfoRuntimeApi", "get_subnet_hyperparams_v3") => or_null(subnet, hyperparams_v3),
        ("SubnetInfoRuntimeApi", "get_subnet_info" | "get_subnet_info_v2") => {
            or_null(subnet, |s| graph(state, netuid, s))
        }
        ("SubnetInfoRuntimeApi", "get_subnets_info" | "get_subnets_info_v2") => all(&|n, s| graph(state, n, s)),
        ("SubnetInfoRuntimeApi", "get_next_epoch_start_block") => {
            or_null(subnet, |s| json!(s.last_step + s.param("tempo") + 1))
        }
        ("NeuronInfoRuntimeApi", "get_neurons" | "get_neurons_lite") => {
            let neurons = subnet.map(|s| s.neurons.iter().enumerate().map(|(uid, n)| neuron(netuid, uid, n)));
            neurons.map_or_else(|| json!([]), Iterator::collect)
        }
        ("NeuronInfoRuntimeApi", "get_neuron" | "get_neuron_lite") => {
            let uid = number(1)? as usize;
            subnet.and_then(|s| s.neurons.get(uid)).map_or(Value::Null, |n| neuron(netuid, uid, n))
        }
        ("SwapRuntimeApi", "current_alpha_price") => json!(subnet.map_or(0, Subnet::price)),
        ("SwapRuntimeApi", "current_alpha_price_all") => all(&|n, s| json!({ "netuid": n, "price": s.price() })),
        ("SubnetRegistrationRuntimeApi", "get_network_registration_cost") => json!(1000 * super::state::UNIT),
        _ => return None,
    })
}

fn or_null(subnet: Option<&Subnet>, of: impl Fn(&Subnet) -> Value) -> Value {
    subnet.map_or(Value::Null, of)
}

/// `AxonInfo`; zeros where none was announced.
pub(crate) fn axon(axon: Option<&Axon>) -> Value {
    axon.map_or(Value::Null, |a| {
        json!({ "block": a.block, "version": a.version, "ip": a.ip.to_string(), "port": a.port, "ip_type": a.ip_type,
            "protocol": a.protocol, "placeholder1": a.placeholder1, "placeholder2": a.placeholder2 })
    })
}

fn neuron(netuid: u16, uid: usize, n: &Neuron) -> Value {
    json!({
        "hotkey": hex_key(&n.hotkey), "coldkey": hex_key(&n.coldkey), "uid": uid, "netuid": netuid, "active": n.active,
        "axon_info": axon(n.axon.as_ref()), "prometheus_info": null, "stake": [[hex_key(&n.coldkey), n.total_stake()]],
        "emission": n.emission, "incentive": n.incentive, "consensus": n.consensus, "dividends": n.dividends,
        "last_update": n.last_update, "validator_permit": n.permit, "pruning_score": 65535,
    })
}

/// The fields that all views of a subnet share.
fn shared(state: &State, netuid: u16, s: &Subnet) -> Map<String, Value> {
    let mut map = s.params.clone();
    let name = s.identity["subnet_name"].as_str().unwrap_or("root");
    let (tao, alpha_in, alpha_out) = s.pool;
    let own = json!({
        "netuid": netuid, "name": name, "subnet_name": name, "symbol": s.symbol, "token_symbol": s.symbol,
        "identity": s.identity, "subnet_identity": s.identity, "network_registered_at": s.registered_at,
        "owner_hotkey": hex_key(&s.owner.0), "owner_coldkey": hex_key(&s.owner.1), "owner": hex_key(&s.owner.1),
        "block": state.number, "last_step": s.last_step,
        "blocks_since_last_step": u64::from(state.number).saturating_sub(s.last_step),
        "tao_in": tao, "alpha_in": alpha_in, "alpha_out": alpha_out, "alpha_out_emission": 1_000_000_000_u64,
        "moving_price": { "bits": moving_price(s).to_string() }, "burn": s.burn, "subnet_volume": "123456789012345",
        "num_uids": s.neurons.len(), "subnetwork_n": s.neurons.len(), "max_allowed_uids": s.params.get("max_uids"),
        "max_allowed_validators": s.params.get("max_validators"),
    });
    let Value::Object(own) = own else { unreachable!("an object was written") };
    map.extend(own);
    map
}

fn dynamic(state: &State, netuid: u16, s: &Subnet) -> Value {
    Value::Object(shared(state, netuid, s))
}

/// A `Metagraph`: everything, with a column for each figure of the neurons.
fn graph(state: &State, netuid: u16, s: &Subnet) -> Value {
    let mut map = shared(state, netuid, s);
    let mut column = |name: &str, of: &dyn Fn(&Neuron) -> Value| {
        map.insert(name.to_owned(), s.neurons.iter().map(of).collect());
    };
    column("hotkeys", &|n| hex_key(&n.hotkey));
    column("coldkeys", &|n| hex_key(&n.coldkey));
    column("identities", &|_| Value::Null);
    column("axons", &|n| axon(n.axon.as_ref()));
    column("active", &|n| json!(n.active));
    column("validator_permit", &|n| json!(n.permit));
    column("pruning_score", &|_| json!(65535));
    column("last_update", &|n| json!(n.last_update));
    column("emission", &|n| json!(n.emission));
    column("dividends", &|n| json!(n.dividends));
    column("incentives", &|n| json!(n.incentive));
    column("consensus", &|n| json!(n.consensus));
    for unused in ["trust", "rank", "collateral_locked", "collateral_min", "collateral_earned"] {
        column(unused, &|_| json!(0));
    }
    column("block_at_registration", &|n| json!(n.registered_at));
    column("alpha_stake", &|n| json!(n.alpha_stake));
    column("tao_stake", &|n| json!(n.tao_stake));
    column("total_stake", &|n| json!(n.total_stake()));
    Value::Object(map)
}

/// A `SelectiveMetagraph`: of its fields those whose places were asked for, last of the inputs.
fn selective(graph: &Value, inputs: &[Value], fields: &[String]) -> Value {
    let asked = inputs.last().and_then(Value::as_array).cloned().unwrap_or_default();
    let own = |name: &str| match name {
        "validators" => {
            let permits = graph["validator_permit"].as_array().into_iter().flatten().enumerate();
            permits.filter(|(_, p)| **p == json!(true)).map(|(uid, _)| json!(uid)).collect()
        }
        name => graph.get(name).cloned().unwrap_or(Value::Null),
    };
    let field = |(at, name): (usize, &String)| {
        let value = own(name);
        // The netuid is there in any case, and no option.
        let value = if name == "netuid" { value } else { json!({ "Some": value }) };
        (at == 0 || asked.contains(&json!(at))).then(|| (name.clone(), value))
    };
    Value::Object(fields.iter().enumerate().filter_map(field).collect())
}

/// The list form: every hyperparameter under its name, numbers as they are widest.
fn hyperparams_v3(s: &Subnet) -> Value {
    let entries = s.params.iter().filter_map(|(name, value)| {
        let value = match value {
            Value::Bool(flag) => json!({ "Bool": flag }),
            Value::Number(number) => json!({ "U64": number }),
            _ => return None,
        };
        Some(json!({ "name": name, "value": value }))
    });
    entries.collect()
}
