//! A subnet's neurons, out of the runtime's own answer.
//!
//! The answer is one structure with a list for each property ([`Columns`]); a [`Metagraph`] has them by neuron. It is read
//! in one pass, by the names of the fields, and only what hivis needs is kept: with 256 neurons most of it is passed over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hivis_bittensor::ss58;
use hivis_types::{Metagraph, Neuron};
use subxt::dynamic::Value;
use subxt::ext::futures::future::try_join_all;
use subxt::metadata::Metadata;

use crate::read::{self, subnet};
use crate::scale::{Misfit, Reader};
use crate::{At, ChainError};

const API: &str = "SubnetInfoRuntimeApi";
const CALL: &str = "get_metagraph";
/// The chain's unit: 10^-9 of TAO or alpha.
const RAO: f64 = 1e9;
/// Calls under way at once, where one is needed for each neuron.
const AT_ONCE: usize = 64;

/// A metagraph as the runtime lists it: one list for each property, by uid. Numbers are the chain's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The subnet.
    pub netuid: u64,
    /// The block, as the runtime counts it.
    pub block: u64,
    /// Blocks from one payout to the next.
    pub tempo: u64,
    /// Blocks in which a new neuron is not pruned.
    pub immunity_period: u64,
    /// Public keys that ask or answer.
    pub hotkeys: Vec<[u8; 32]>,
    /// Public keys that own them.
    pub coldkeys: Vec<[u8; 32]>,
    /// Where they listen.
    pub axons: Vec<Option<SocketAddr>>,
    /// Whether they were updated of late.
    pub active: Vec<bool>,
    /// Whether they may validate.
    pub validator_permit: Vec<bool>,
    /// Blocks of their last update.
    pub last_update: Vec<u64>,
    /// Rao of alpha at the last payout.
    pub emission: Vec<u64>,
    /// Of 65535.
    pub dividends: Vec<u64>,
    /// Of 65535.
    pub incentives: Vec<u64>,
    /// Of 65535.
    pub consensus: Vec<u64>,
    /// Blocks of their registration.
    pub block_at_registration: Vec<u64>,
    /// Rao of alpha that count for permits.
    pub total_stake: Vec<u64>,
}

impl Columns {
    /// From the bytes that `get_metagraph` answered; `None` when the subnet does not exist.
    ///
    /// `spec` is the runtime's version, for the error.
    pub fn decode(metadata: &Metadata, spec: u32, bytes: &[u8]) -> Result<Option<Self>, ChainError> {
        let what = format!("runtime call {API}.{CALL}");
        let Some(id) = read::answer_type(metadata, API, CALL) else {
            return Err(ChainError::Missing { what, spec });
        };
        read::whole(metadata, bytes, |reader| reader.option(id, Self::read)).map_err(|e| read::misfit(&what, spec, &e))
    }

    /// From a structure of such a shape.
    pub(crate) fn read(reader: &mut Reader<'_>, id: u32) -> Result<Self, Misfit> {
        let mut all = Self::default();
        // One bit for each field that must be there.
        let mut seen = 0_u32;
        reader.fields(id, |reader, name, id| {
            let Some(at) = FIELDS.iter().position(|field| *field == name) else { return Ok(false) };
            seen |= 1 << at;
            match name {
                "netuid" => all.netuid = reader.u64(id)?,
                "block" => all.block = reader.u64(id)?,
                "tempo" => all.tempo = reader.u64(id)?,
                "immunity_period" => all.immunity_period = reader.u64(id)?,
                "hotkeys" => all.hotkeys = reader.list(id, Reader::key)?,
                "coldkeys" => all.coldkeys = reader.list(id, Reader::key)?,
                "axons" => all.axons = reader.list(id, axon)?,
                "active" => all.active = reader.list(id, Reader::bool)?,
                "validator_permit" => all.validator_permit = reader.list(id, Reader::bool)?,
                "last_update" => all.last_update = reader.numbers(id)?,
                "emission" => all.emission = reader.numbers(id)?,
                "dividends" => all.dividends = reader.numbers(id)?,
                "incentives" => all.incentives = reader.numbers(id)?,
                "consensus" => all.consensus = reader.numbers(id)?,
                "block_at_registration" => all.block_at_registration = reader.numbers(id)?,
                _ => all.total_stake = reader.numbers(id)?,
            }
            Ok(true)
        })?;
        match FIELDS.iter().enumerate().find(|(at, _)| seen & 1 << at == 0) {
            Some((_, name)) => Err(Misfit::no_field(name)),
            None => Ok(all),
        }
    }

    /// Takes the rows of `get_neurons_lite`; all but `block_at_registration` is in them.
    pub(crate) fn take(&mut self, rows: Vec<NeuronLite>) -> Result<(), ChainError> {
        for (i, row) in rows.into_iter().enumerate() {
            if row.uid != i as u64 {
                let reason = format!("uid {} stands in place {i}", row.uid);
                return Err(ChainError::Answer { what: "the list of neurons".to_owned(), reason });
            }
            self.hotkeys.push(row.hotkey);
            self.coldkeys.push(row.coldkey);
            self.axons.push(row.axon);
            self.active.push(row.active);
            self.validator_permit.push(row.validator_permit);
            self.last_update.push(row.last_update);
            self.emission.push(row.emission);
            self.dividends.push(row.dividends);
            self.incentives.push(row.incentive);
            self.consensus.push(row.consensus);
            self.total_stake.push(row.stake);
        }
        Ok(())
    }

    /// By neuron, in the units of [`Metagraph`]. Lists of unlike lengths and shares above 1 are refused.
    pub fn metagraph(&self) -> Result<Metagraph, ChainError> {
        let garbage = |reason: String| ChainError::Answer { what: "the metagraph".to_owned(), reason };
        let n = self.hotkeys.len();
        let lengths = [
            ("coldkeys", self.coldkeys.len()),
            ("axons", self.axons.len()),
            ("active", self.active.len()),
            ("validator_permit", self.validator_permit.len()),
            ("last_update", self.last_update.len()),
            ("emission", self.emission.len()),
            ("dividends", self.dividends.len()),
            ("incentives", self.incentives.len()),
            ("consensus", self.consensus.len()),
            ("block_at_registration", self.block_at_registration.len()),
            ("total_stake", self.total_stake.len()),
        ];
        if let Some((name, other)) = lengths.iter().find(|(_, length)| *length != n) {
            return Err(garbage(format!("{n} hotkeys, but {other} rows in {name}")));
        }
        let short = |name: &str, number: u64| {
            u16::try_from(number).map_err(|_| garbage(format!("{name}: {number} is more than 65535")))
        };
        let share = |name: &str, number: u64| short(name, number).map(|n| f64::from(n) / 65535.0);
        short("the number of neurons", n as u64)?;
        let neuron = |i: usize| {
            Ok(Neuron {
                uid: i as u16,
                hotkey: ss58::encode(&self.hotkeys[i]),
                coldkey: ss58::encode(&self.coldkeys[i]),
                active: self.active[i],
                validator_permit: self.validator_permit[i],
                stake: self.total_stake[i] as f64 / RAO,
                incentive: share("incentives", self.incentives[i])?,
                dividends: share("dividends", self.dividends[i])?,
                emission: self.emission[i] as f64 / RAO,
                consensus: share("consensus", self.consensus[i])?,
                registered_at: self.block_at_registration[i],
                last_update: self.last_update[i],
                axon: self.axons[i],
            })
        };
        Ok(Metagraph {
            netuid: short("netuid", self.netuid)?,
            block: self.block,
            tempo: u32::from(short("tempo", self.tempo)?),
            immunity_blocks: self.immunity_period,
            neurons: (0..n).map(neuron).collect::<Result<_, ChainError>>()?,
        })
    }
}

/// What a metagraph must have; the last one is the rest of [`Columns::read`].
const FIELDS: [&str; 16] = [
    "netuid",
    "block",
    "tempo",
    "immunity_period",
    "hotkeys",
    "coldkeys",
    "axons",
    "active",
    "validator_permit",
    "last_update",
    "emission",
    "dividends",
    "incentives",
    "consensus",
    "block_at_registration",
    "total_stake",
];

/// The address in an `AxonInfo`; `None` when nothing was announced.
pub(crate) fn axon(reader: &mut Reader<'_>, id: u32) -> Result<Option<SocketAddr>, Misfit> {
    let (mut ip, mut port, mut kind) = (None, None, None);
    reader.fields(id, |reader, name, id| {
        match name {
            "ip" => ip = Some(reader.number(id)?),
            "port" => port = Some(reader.u64(id)?),
            "ip_type" => kind = Some(reader.u64(id)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let ip = ip.ok_or(Misfit::no_field("ip"))?;
    let port = u16::try_from(port.ok_or(Misfit::no_field("port"))?).map_err(|_| Misfit::bytes("no such port"))?;
    // Anyone may announce anything; what is no address is none.
    let ip = match kind.ok_or(Misfit::no_field("ip_type"))? {
        4 => u32::try_from(ip).ok().map(|ip| IpAddr::V4(Ipv4Addr::from(ip))),
        6 => Some(IpAddr::V6(Ipv6Addr::from(ip))),
        _ => None,
    };
    Ok(ip.filter(|ip| port != 0 && !ip.is_unspecified()).map(|ip| SocketAddr::new(ip, port)))
}

/// The number of a pair of something and a number.
fn of_pair(reader: &mut Reader<'_>, id: u32) -> Result<u64, Misfit> {
    reader.second(id)
}

/// A subnet's metagraph at a block. Where the runtime lacks the call, it is put together from older ones.
pub async fn metagraph(at: &At, netuid: u16) -> Result<Metagraph, ChainError> {
    if !read::has_call(at, API, CALL) {
        return from_neurons(at, netuid).await;
    }
    let columns =
        read::call(at, API, CALL, vec![subnet(netuid)], |reader, id| reader.option(id, Columns::read)).await?;
    let metagraph = columns.ok_or(ChainError::NoSubnet { netuid, block: at.block_number() })?.metagraph()?;
    if metagraph.netuid == netuid {
        return Ok(Metagraph { block: at.block_number(), ..metagraph });
    }
    let reason = format!("it is of subnet {}", metagraph.netuid);
    Err(ChainError::Answer { what: format!("the metagraph of subnet {netuid}"), reason })
}

/// From `get_neurons_lite` and a storage entry for each registration.
async fn from_neurons(at: &At, netuid: u16) -> Result<Metagraph, ChainError> {
    let arguments = || vec![subnet(netuid)];
    let lite = read::call(at, "NeuronInfoRuntimeApi", "get_neurons_lite", arguments(), |reader, id| {
        reader.list(id, NeuronLite::read)
    })
    .await?;
    let number = async |name: &str| {
        let value = read::number(at, "SubtensorModule", name, arguments()).await?;
        value.ok_or(ChainError::NoSubnet { netuid, block: at.block_number() })
    };
    let mut all = Columns {
        netuid: u64::from(netuid),
        block: at.block_number(),
        tempo: number("Tempo").await?,
        immunity_period: number("ImmunityPeriod").await?,
        ..Columns::default()
    };
    let uids: Vec<u64> = (0..lite.len() as u64).collect();
    for some in uids.chunks(AT_ONCE) {
        let registered = some.iter().map(|&uid| {
            let keys = vec![subnet(netuid), Value::u128(u128::from(uid))];
            read::number(at, "SubtensorModule", "BlockAtRegistration", keys)
        });
        all.block_at_registration.extend(try_join_all(registered).await?.into_iter().map(Option::unwrap_or_default));
    }
    all.take(lite)?;
    all.metagraph()
}

/// One row of `get_neurons_lite`.
#[derive(Default)]
pub(crate) struct NeuronLite {
    uid: u64,
    hotkey: [u8; 32],
    coldkey: [u8; 32],
    axon: Option<SocketAddr>,
    active: bool,
    validator_permit: bool,
    last_update: u64,
    emission: u64,
    dividends: u64,
    incentive: u64,
    consensus: u64,
    stake: u64,
}

impl NeuronLite {
    pub(crate) fn read(reader: &mut Reader<'_>, id: u32) -> Result<Self, Misfit> {
        const FIELDS: [&str; 12] = [
            "uid",
            "hotkey",
            "coldkey",
            "axon_info",
            "active",
            "validator_permit",
            "last_update",
            "emission",
            "dividends",
            "incentive",
            "consensus",
            "stake",
        ];
        let mut one = Self::default();
        let mut seen = 0_u32;
        reader.fields(id, |reader, name, id| {
            let Some(at) = FIELDS.iter().position(|field| *field == name) else { return Ok(false) };
            seen |= 1 << at;
            match name {
                "uid" => one.uid = reader.u64(id)?,
                "hotkey" => one.hotkey = reader.key(id)?,
                "coldkey" => one.coldkey = reader.key(id)?,
                "axon_info" => one.axon = axon(reader, id)?,
                "active" => one.active = reader.bool(id)?,
                "validator_permit" => one.validator_permit = reader.bool(id)?,
                "last_update" => one.last_update = reader.u64(id)?,
                "emission" => one.emission = reader.u64(id)?,
                "dividends" => one.dividends = reader.u64(id)?,
                "incentive" => one.incentive = reader.u64(id)?,
                "consensus" => one.consensus = reader.u64(id)?,
                // A list of (owner, stake), since more than one key could once stake.
                _ => one.stake = reader.list(id, of_pair)?.iter().sum(),
            }
            Ok(true)
        })?;
        match FIELDS.iter().enumerate().find(|(at, _)| seen & 1 << at == 0) {
            Some((_, name)) => Err(Misfit::no_field(name)),
            None => Ok(one),
        }
    }
}
