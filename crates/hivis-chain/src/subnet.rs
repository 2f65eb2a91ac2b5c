//! A subnet's own figures: who it is, its parameters, what its alpha costs and what a registration costs.

use subxt::dynamic::Value;

use crate::read::{self, subnet};
use crate::scale::{Misfit, Reader};
use crate::{At, ChainError};

const PALLET: &str = "SubtensorModule";
const API: &str = "SubnetInfoRuntimeApi";

/// Who a subnet says it is. Anyone may say anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its number.
    pub netuid: u16,
    /// Its name; empty where it gave none.
    pub name: String,
    /// Its token's symbol.
    pub symbol: String,
    /// Its page.
    pub url: String,
    /// Its code.
    pub repository: String,
}

impl Identity {
    /// Whether the name holds `wanted`, spaces, signs and cases aside.
    pub fn is_called(&self, wanted: &str) -> bool {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        plain(&self.name).contains(&plain(wanted))
    }

    /// From `DynamicInfo`: the name that the chain shows, and the identity's links.
    fn read(reader: &mut Reader<'_>, id: u32) -> Result<Self, Misfit> {
        let mut one = Self::default();
        let mut netuid = None;
        reader.fields(id, |reader, name, id| {
            match name {
                "netuid" => netuid = Some(reader.u64(id)?),
                "subnet_name" => one.name = reader.text(id)?,
                "token_symbol" => one.symbol = reader.text(id)?,
                "subnet_identity" => {
                    if let Some((name, url, repository)) = reader.option(id, links)? {
                        // The identity's own name counts, where there is one.
                        if !name.is_empty() {
                            one.name = name;
                        }
                        (one.url, one.repository) = (url, repository);
                    }
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let netuid = netuid.ok_or(Misfit::no_field("netuid"))?;
        one.netuid = u16::try_from(netuid).map_err(|_| Misfit::bytes("no such subnet"))?;
        Ok(one)
    }
}

/// Name, page and code of a `SubnetIdentity`.
fn links(reader: &mut Reader<'_>, id: u32) -> Result<(String, String, String), Misfit> {
    let (mut called, mut url, mut repository) = (String::new(), String::new(), String::new());
    reader.fields(id, |reader, name, id| {
        match name {
            "subnet_name" => called = reader.text(id)?,
            "subnet_url" => url = reader.text(id)?,
            "github_repo" => repository = reader.text(id)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok((called, url, repository))
}

/// Who a subnet is.
pub async fn identity(at: &At, netuid: u16) -> Result<Identity, ChainError> {
    let found =
        read::call(at, API, "get_dynamic_info", vec![subnet(netuid)], |reader, id| reader.option(id, Identity::read))
            .await?;
    found.ok_or(ChainError::NoSubnet { netuid, block: at.block_number() })
}

/// All subnets that there are, by number.
pub async fn identities(at: &At) -> Result<Vec<Identity>, ChainError> {
    let all = read::call(at, API, "get_all_dynamic_info", Vec::new(), |reader, id| {
        reader.list(id, |reader, id| reader.option(id, Identity::read))
    })
    .await?;
    Ok(all.into_iter().flatten().collect())
}

/// One parameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A switch.
    Flag(bool),
    /// A count, or an amount in rao.
    Number(u128),
    /// A fraction.
    Fraction(f64),
}

/// A subnet's parameters, by the names that the runtime gives them.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperparameters {
    /// The runtime call that told them: the newest that the runtime has.
    pub call: &'static str,
    /// Name and value, in the runtime's order.
    pub values: Vec<(String, Setting)>,
}

impl Hyperparameters {
    /// A parameter; `None` where this runtime has none of that name.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.values.iter().find(|(called, _)| called == name).map(|(_, value)| value)
    }

    /// A parameter that is a number of at most 64 bits.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Setting::Number(number) => u64::try_from(*number).ok(),
            Setting::Flag(_) | Setting::Fraction(_) => None,
        }
    }
}

/// A subnet's parameters, from the newest call that the runtime has.
pub async fn hyperparameters(at: &At, netuid: u16) -> Result<Hyperparameters, ChainError> {
    let calls = ["get_subnet_hyperparams_v3", "get_subnet_hyperparams_v2", "get_subnet_hyperparams"];
    let call = calls.into_iter().find(|call| read::has_call(at, API, call));
    let call = call.ok_or_else(|| ChainError::Missing {
        what: format!("runtime call {API}.get_subnet_hyperparams"),
        spec: at.spec_version(),
    })?;
    let values = read::call(at, API, call, vec![subnet(netuid)], |reader, id| reader.option(id, settings)).await?;
    Ok(Hyperparameters { call, values: values.ok_or(ChainError::NoSubnet { netuid, block: at.block_number() })? })
}

/// A structure of parameters, or (from v3 on) a list of names and values.
pub(crate) fn settings(reader: &mut Reader<'_>, id: u32) -> Result<Vec<(String, Setting)>, Misfit> {
    let mut all = Vec::new();
    if reader.is_list(id) {
        return reader.list(id, |reader, id| {
            let (mut called, mut value) = (None, None);
            reader.fields(id, |reader, name, id| {
                match name {
                    "name" => called = Some(reader.text(id)?),
                    "value" => {
                        let (_, fields) = reader.variant(id)?;
                        let [field] = fields else { return Err(Misfit::shape("single value")) };
                        value = Some(setting(reader, field.ty.id)?);
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
            Ok((called.ok_or(Misfit::no_field("name"))?, value.ok_or(Misfit::no_field("value"))?))
        });
    }
    reader.fields(id, |reader, name, id| {
        all.push((name.to_owned(), setting(reader, id)?));
        Ok(true)
    })?;
    Ok(all)
}

fn setting(reader: &mut Reader<'_>, id: u32) -> Result<Setting, Misfit> {
    if let Some(bits) = reader.fraction_bits(id) {
        return Ok(Setting::Fraction(reader.fixed(id, bits)?));
    }
    if reader.is_bool(id) { reader.bool(id).map(Setting::Flag) } else { reader.number(id).map(Setting::Number) }
}

/// What a subnet's alpha is worth, and the pool that says so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    /// TAO for one alpha now, as the runtime's swap says; `None` where it has no such call.
    pub tao: Option<f64>,
    /// TAO for one alpha, smoothed, by which emission is shared out.
    pub moving: Option<f64>,
    /// Rao of TAO in the pool.
    pub tao_in: u64,
    /// Rao of alpha in the pool.
    pub alpha_in: u64,
}

/// What a subnet's alpha is worth.
pub async fn price(at: &At, netuid: u16) -> Result<Price, ChainError> {
    let keys = || vec![subnet(netuid)];
    let now = read::call(at, "SwapRuntimeApi", "current_alpha_price", keys(), read::one_number).await;
    // I96F32, as the SDK reads it.
    let moving = read::entry(at, PALLET, "SubnetMovingPrice", keys(), |reader, id| reader.fixed(id, 32)).await;
    Ok(Price {
        tao: optional(now)?.map(|rao| rao as f64 / 1e9),
        moving: optional(moving)?.flatten(),
        tao_in: amount(at, "SubnetTAO", netuid).await?,
        alpha_in: amount(at, "SubnetAlphaIn", netuid).await?,
    })
}

/// What `register_limit` charges, and what may stand in its way.
///
/// As the runtime's `registration.rs` has it: the charge is `Burn` at the block that takes the call in, and nothing is
/// charged when that is above the limit. From block to block it decays (halving in `half_life` blocks) down to `min`; each
/// registration multiplies it at once by `BurnIncreaseMult`. Newer runtimes lock the share `lock_share` as the miner's
/// collateral instead of burning it; the sum is the same, less what is locked already.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Rao, at this block.
    pub burn: u64,
    /// Rao, should one other register first; a limit below it may be refused.
    pub after_one: Option<u64>,
    /// The least that it falls to, rao.
    pub min: Option<u64>,
    /// The most that it grows to, rao.
    pub max: Option<u64>,
    /// Blocks in which it halves.
    pub half_life: Option<u64>,
    /// The share of it that is locked, not burned: 0 to 1.
    pub lock_share: Option<f64>,
    /// Whether registrations are let in at all.
    pub allowed: Option<bool>,
    /// Neurons there are.
    pub neurons: Option<u64>,
    /// Neurons there is room for; a full subnet drops one for each that comes.
    pub room: Option<u64>,
}

/// What a registration costs.
pub async fn registration_cost(at: &At, netuid: u16) -> Result<Cost, ChainError> {
    exists(at, netuid).await?;
    let keys = || vec![subnet(netuid)];
    let number = async |name: &str| -> Result<Option<u64>, ChainError> {
        Ok(optional(read::number(at, PALLET, name, keys()).await)?.flatten())
    };
    let burn = amount(at, "Burn", netuid).await?;
    // U64F64.
    let growth = read::entry(at, PALLET, "BurnIncreaseMult", keys(), |reader, id| reader.fixed(id, 64)).await;
    let allowed = read::entry(at, PALLET, "NetworkRegistrationAllowed", keys(), read::one_bool).await;
    let max = number("MaxBurn").await?;
    let after_one = optional(growth)?.flatten().map(|growth| ((burn as f64 * growth).ceil() as u64).max(burn));
    Ok(Cost {
        burn,
        after_one: after_one.map(|rao| max.map_or(rao, |max| rao.min(max.max(burn)))),
        min: number("MinBurn").await?,
        max,
        half_life: number("BurnHalfLife").await?,
        lock_share: number("CollateralLockShare").await?.map(|share| share as f64 / 65535.0),
        allowed: optional(allowed)?.flatten(),
        neurons: number("SubnetworkN").await?,
        room: number("MaxAllowedUids").await?,
    })
}

/// When things happen on a subnet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// Blocks from one payout to the next.
    pub tempo: u64,
    /// Blocks in which a new neuron is not pruned: from its registration's block on, so many.
    pub immunity: u64,
    /// Blocks that must lie between two announcements of an axon.
    pub serving_rate_limit: Option<u64>,
    /// The block of the next payout.
    pub next_payout: Option<u64>,
    /// Milliseconds from block to block.
    pub slot_ms: Option<u64>,
}

/// When things happen on a subnet.
pub async fn rhythm(at: &At, netuid: u16) -> Result<Rhythm, ChainError> {
    exists(at, netuid).await?;
    let limit = read::number(at, PALLET, "ServingRateLimit", vec![subnet(netuid)]).await;
    let next = read::call(at, API, "get_next_epoch_start_block", vec![subnet(netuid)], |reader, id| {
        reader.option(id, read::one_number)
    })
    .await;
    Ok(Rhythm {
        tempo: amount(at, "Tempo", netuid).await?,
        immunity: amount(at, "ImmunityPeriod", netuid).await?,
        serving_rate_limit: optional(limit)?.flatten(),
        next_payout: optional(next)?.flatten(),
        slot_ms: optional(read::constant(at, "Aura", "SlotDuration"))?,
    })
}

/// Storage entries have a default for any number; this says whether there is such a subnet.
async fn exists(at: &At, netuid: u16) -> Result<(), ChainError> {
    let there = read::entry(at, PALLET, "NetworksAdded", vec![subnet(netuid)], read::one_bool).await?;
    if there == Some(true) { Ok(()) } else { Err(ChainError::NoSubnet { netuid, block: at.block_number() }) }
}

/// A number that every runtime has.
async fn amount(at: &At, name: &str, netuid: u16) -> Result<u64, ChainError> {
    let keys: Vec<Value> = vec![subnet(netuid)];
    let value = read::number(at, PALLET, name, keys).await?;
    value.ok_or(ChainError::NoSubnet { netuid, block: at.block_number() })
}

/// `None` where the runtime has no such thing.
fn optional<T>(read: Result<T, ChainError>) -> Result<Option<T>, ChainError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(ChainError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
