//! What the calls do: the checks and errors of the pallets, by the pallets' names.

use serde_json::{Value, json};
use sp_crypto_hashing::{keccak_256, sha2_256};

use super::runtime::Runtime;
use super::state::{Axon, Commitment, Key, Neuron, State, Subnet, hex_key, key_of};
use super::storage::MAX_SPACE;

/// What an account must keep, rao.
const EXISTENTIAL: u64 = 500;

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A pallet's error.
    Module(&'static str, &'static str),
    /// `TokenError`.
    Token(&'static str),
}

impl Failure {
    pub(crate) fn encode(self, runtime: &Runtime) -> Value {
        match self {
            Self::Module(pallet, name) => runtime.module_error(pallet, name),
            Self::Token(name) => json!({ "Token": name }),
        }
    }
}

const fn subtensor(name: &'static str) -> Failure {
    Failure::Module("SubtensorModule", name)
}

/// Does a call; on a failure the caller puts `state` back.
pub(crate) fn apply(state: &mut State, who: &Key, call: &Value, index: u32) -> Result<(), Failure> {
    let (pallet, name, args) = parts(call).ok_or(Failure::Module("System", "CallFiltered"))?;
    match (pallet, name) {
        ("Balances", "transfer_keep_alive" | "transfer_allow_death") => transfer(state, who, args, index),
        ("SubtensorModule", "register_limit" | "burned_register") => register(state, who, args, index),
        ("SubtensorModule", "pow_register") => pow_register(state, who, args, index),
        ("SubtensorModule", "serve_axon") => serve(state, who, args, index),
        ("Commitments", "set_commitment") => commit(state, who, args, index),
        ("System", "remark") => Ok(()),
        ("Utility", "batch_all") => {
            let calls = args.get("calls").and_then(Value::as_array).cloned().unwrap_or_default();
            for call in &calls {
                apply(state, who, call, index)?;
                state.happened(Some(index), &json!({ "Utility": "ItemCompleted" }));
            }
            state.happened(Some(index), &json!({ "Utility": "BatchCompleted" }));
            Ok(())
        }
        _ => Err(Failure::Module("System", "CallFiltered")),
    }
}

/// The runtime's own checks before the pool: codes of subtensor's `CustomTransactionError`.
pub(crate) fn refused_early(state: &State, who: &Key, call: &Value) -> Option<u8> {
    let failure = match parts(call)? {
        ("SubtensorModule", "serve_axon", args) => check_axon(state, who, args).err()?,
        ("SubtensorModule", "pow_register", args) => check_pow(state, who, args).err()?,
        _ => return None,
    };
    Some(match failure {
        Failure::Module(_, "HotKeyNotRegisteredInNetwork") => 10,
        Failure::Module(_, "InvalidIpAddress" | "InvalidIpType") => 11,
        Failure::Module(_, "ServingRateLimitExceeded") => 12,
        Failure::Module(_, "InvalidPort") => 13,
        _ => 255,
    })
}

/// Pallet, call and arguments of a decoded call.
fn parts(call: &Value) -> Option<(&str, &str, &Value)> {
    let (pallet, inner) = call.as_object()?.iter().next()?;
    match inner {
        Value::String(name) => Some((pallet, name, &Value::Null)),
        inner => inner.as_object()?.iter().next().map(|(name, args)| (pallet.as_str(), name.as_str(), args)),
    }
}

fn number(args: &Value, name: &str) -> u64 {
    args.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn transfer(state: &mut State, who: &Key, args: &Value, index: u32) -> Result<(), Failure> {
    let to = args.pointer("/dest/Id").and_then(key_of).ok_or(Failure::Module("System", "CallFiltered"))?;
    let amount = number(args, "value");
    let free = state.account(who).free;
    if amount > free {
        return Err(Failure::Token("FundsUnavailable"));
    }
    if free - amount < EXISTENTIAL {
        return Err(Failure::Token("NotExpendable"));
    }
    if state.account(&to).free + amount < EXISTENTIAL {
        return Err(Failure::Token("BelowMinimum"));
    }
    state.set_balance(*who, free - amount);
    let there = state.account(&to).free;
    state.set_balance(to, there + amount);
    let event = json!({ "from": hex_key(who), "to": hex_key(&to), "amount": amount });
    state.happened(Some(index), &json!({ "Balances": { "Transfer": event } }));
    Ok(())
}

/// What both ways to register ask for; gives subnet and hotkey.
fn check_newcomer(state: &State, who: &Key, args: &Value, switch: &str) -> Result<(u16, Key), Failure> {
    let netuid = number(args, "netuid") as u16;
    let hotkey = args.get("hotkey").and_then(key_of).ok_or(subtensor("HotKeyAccountNotExists"))?;
    if netuid == 0 {
        return Err(subtensor("RegistrationNotPermittedOnRootSubnet"));
    }
    let subnet = state.subnets.get(&netuid).ok_or(subtensor("SubnetNotExists"))?;
    if subnet.params.get(switch) != Some(&json!(true)) {
        return Err(subtensor("SubNetRegistrationDisabled"));
    }
    let here = |n: &&Neuron| n.registered_at == u64::from(state.number);
    if subnet.neurons.iter().filter(here).count() as u64 >= subnet.param("max_regs_per_block") {
        return Err(subtensor("TooManyRegistrationsThisBlock"));
    }
    if subnet.uid(&hotkey).is_some() {
        return Err(subtensor("HotKeyAlreadyRegisteredInSubNet"));
    }
    if state.owners.get(&hotkey).is_some_and(|owner| owner != who) {
        return Err(subtensor("NonAssociatedColdKey"));
    }
    Ok((netuid, hotkey))
}

fn register(state: &mut State, who: &Key, args: &Value, index: u32) -> Result<(), Failure> {
    let (netuid, hotkey) = check_newcomer(state, who, args, "registration_allowed")?;
    let cost = state.subnet(netuid).burn;
    // `burned_register` has no cap.
    if args.get("limit_price").is_some_and(|limit| cost > limit.as_u64().unwrap_or(0)) {
        return Err(subtensor("RegistrationPriceLimitExceeded"));
    }
    let free = state.account(who).free;
    if free < cost + EXISTENTIAL {
        return Err(subtensor("NotEnoughBalanceToStake"));
    }
    state.set_balance(*who, free - cost);
    take_place(state, netuid, *who, hotkey, index)
}

fn pow_register(state: &mut State, who: &Key, args: &Value, index: u32) -> Result<(), Failure> {
    let (netuid, hotkey) = check_pow(state, who, args)?;
    take_place(state, netuid, *who, hotkey, index)
}

/// The proof as `../shared/chain/README.md` has it: of a block at most so old, below the difficulty.
fn check_pow(state: &State, who: &Key, args: &Value) -> Result<(u16, Key), Failure> {
    const LIFE: u64 = 5;
    let (netuid, hotkey) = check_newcomer(state, who, args, "pow_registration_allowed")?;
    let at = number(args, "work_block");
    let age = u64::from(state.number).checked_sub(at).filter(|age| *age <= LIFE);
    let hash = age.and_then(|_| state.recent.get(&(at as u32))).ok_or(subtensor("InvalidWorkBlock"))?;
    let nonce = number(args, "nonce").to_le_bytes();
    let parts: [&[u8]; 6] = [b"subtensor-pow-register-v1", &netuid.to_le_bytes(), hash, &hotkey, who, &nonce];
    let seal = keccak_256(&sha2_256(&parts.concat()));
    if args.get("work").and_then(key_of) != Some(seal) {
        return Err(subtensor("InvalidSeal"));
    }
    let subnet = state.subnet(netuid);
    let least = subnet.param("min_difficulty").max(1);
    let difficulty = subnet.param("difficulty").clamp(least, subnet.param("max_difficulty").max(least));
    // seal * difficulty stays within 256 bits when the seal is at most (2^256 - 1) / difficulty.
    let mut carry = 0_u128;
    for word in seal.chunks_exact(8) {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        carry = (u128::from(word) * u128::from(difficulty) + carry) >> 64;
    }
    if carry == 0 { Ok((netuid, hotkey)) } else { Err(subtensor("InvalidDifficulty")) }
}

/// Appends the key, or puts it where the least of those stood whom nothing protects.
fn take_place(state: &mut State, netuid: u16, coldkey: Key, hotkey: Key, index: u32) -> Result<(), Failure> {
    let block = u64::from(state.number);
    let subnet = state.subnet_mut(netuid);
    let immunity = subnet.param("immunity_period");
    let neuron = Neuron {
        hotkey,
        coldkey,
        active: true,
        permit: false,
        alpha_stake: 0,
        tao_stake: 0,
        incentive: 0,
        dividends: 0,
        consensus: 0,
        emission: 0,
        registered_at: block,
        last_update: block,
        axon: None,
    };
    let uid = if (subnet.neurons.len() as u64) < subnet.param("max_uids") {
        subnet.neurons.push(neuron);
        subnet.neurons.len() - 1
    } else {
        let prunable = |(_, n): &(usize, &Neuron)| n.registered_at + immunity <= block && n.hotkey != subnet.owner.0;
        let all = subnet.neurons.iter().enumerate().filter(prunable);
        let least = all.min_by_key(|(uid, n)| (n.emission, n.registered_at, *uid)).map(|(uid, _)| uid);
        let uid = least.ok_or(subtensor("NoNeuronIdAvailable"))?;
        subnet.neurons[uid] = neuron;
        uid
    };
    state.owners.insert(hotkey, coldkey);
    let event = json!([netuid, uid, hex_key(&hotkey)]);
    state.happened(Some(index), &json!({ "SubtensorModule": { "NeuronRegistered": event } }));
    Ok(())
}

fn check_axon(state: &State, who: &Key, args: &Value) -> Result<(u16, Axon), Failure> {
    let netuid = number(args, "netuid") as u16;
    if !state.subnets.values().any(|s| s.uid(who).is_some()) {
        return Err(subtensor("HotKeyNotRegisteredInNetwork"));
    }
    let subnet: &Subnet = state.subnets.get(&netuid).ok_or(subtensor("SubnetNotExists"))?;
    let ip = match args.get("ip") {
        Some(Value::String(text)) => text.parse().unwrap_or(0),
        _ => u128::from(number(args, "ip")),
    };
    let axon = Axon {
        block: u64::from(state.number),
        version: number(args, "version") as u32,
        ip,
        port: number(args, "port") as u16,
        ip_type: number(args, "ip_type") as u8,
        protocol: number(args, "protocol") as u8,
        placeholder1: number(args, "placeholder1") as u8,
        placeholder2: number(args, "placeholder2") as u8,
    };
    if ![4, 6].contains(&axon.ip_type) {
        return Err(subtensor("InvalidIpType"));
    }
    // The real pallet refuses 127.0.0.1 too; here miners of this machine announce themselves.
    if axon.ip_type == 4 && axon.ip >= u128::from(u32::MAX) {
        return Err(subtensor("InvalidIpAddress"));
    }
    if axon.port == 0 {
        return Err(subtensor("InvalidPort"));
    }
    let last = subnet.neuron(who).and_then(|n| n.axon).map(|a| a.block);
    let limit = subnet.param("serving_rate_limit");
    if last.is_some_and(|last| axon.block.saturating_sub(last) < limit) {
        return Err(subtensor("ServingRateLimitExceeded"));
    }
    Ok((netuid, axon))
}

fn serve(state: &mut State, who: &Key, args: &Value, index: u32) -> Result<(), Failure> {
    let (netuid, axon) = check_axon(state, who, args)?;
    if let Some(neuron) = state.subnet_mut(netuid).neurons.iter_mut().find(|n| n.hotkey == *who) {
        neuron.axon = Some(axon);
    }
    let event = json!({ "AxonServed": [netuid, hex_key(who)] });
    state.happened(Some(index), &json!({ "SubtensorModule": event }));
    Ok(())
}

fn commit(state: &mut State, who: &Key, args: &Value, index: u32) -> Result<(), Failure> {
    let netuid = number(args, "netuid") as u16;
    let refused = Failure::Module("Commitments", "AccountNotAllowedCommit");
    let block = state.number;
    let subnet = state.subnets.get_mut(&netuid).ok_or(refused)?;
    if subnet.uid(who).is_none() {
        return Err(refused);
    }
    let info = args.get("info").cloned().unwrap_or(Value::Null);
    if info.to_string().len() > 2 * MAX_SPACE as usize {
        return Err(Failure::Module("Commitments", "SpaceLimitExceeded"));
    }
    subnet.commitments.insert(*who, Commitment { block, info });
    let event = json!({ "Commitment": { "netuid": netuid, "who": hex_key(who) } });
    state.happened(Some(index), &json!({ "Commitments": event }));
    Ok(())
}
