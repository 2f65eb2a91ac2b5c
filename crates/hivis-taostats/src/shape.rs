//! What TaoStats says, field by field.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize};

/// A key, as TaoStats writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Address {
    /// The text that people know.
    pub ss58: String,
}

/// A neuron at a block: `/api/metagraph/latest/v1` and `/api/metagraph/history/v1`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Neuron {
    /// Its key.
    pub hotkey: Address,
    /// The subnet.
    #[serde(deserialize_with = "number")]
    pub netuid: u16,
    /// Its place.
    #[serde(deserialize_with = "number")]
    pub uid: u16,
    /// The block that it was read at.
    #[serde(deserialize_with = "number")]
    pub block_number: u64,
    /// That block's time, UTC.
    pub timestamp: Timestamp,
    /// Share of the miners' emission, 0 to 1.
    #[serde(deserialize_with = "finite")]
    pub incentive: f64,
    /// Share of the validators' emission, 0 to 1.
    #[serde(default, deserialize_with = "finite")]
    pub dividends: f64,
    /// Alpha of the last payout, in rao (10^-9).
    #[serde(deserialize_with = "finite")]
    pub emission: f64,
    /// Whether it may act as a validator.
    pub validator_permit: bool,
    /// Whether it cannot be pruned yet.
    pub is_immunity_period: bool,
    /// The block of its registration.
    #[serde(default, deserialize_with = "maybe_number")]
    pub registered_at_block: Option<u64>,
    /// Its place among the neurons by TaoStats' own count, 1 for the best.
    #[serde(default, deserialize_with = "maybe_number")]
    pub rank: Option<u16>,
    /// What it earned in a day, in rao.
    #[serde(default, deserialize_with = "maybe_finite")]
    pub daily_reward: Option<f64>,
    /// Whether TaoStats counts it among those that are about to be pruned; only some plans show it.
    #[serde(default)]
    pub in_danger: Option<bool>,
}

/// A subnet: `/api/subnet/latest/v1`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Subnet {
    /// Which.
    #[serde(deserialize_with = "number")]
    pub netuid: u16,
    /// The block that it was read at.
    #[serde(deserialize_with = "number")]
    pub block_number: u64,
    /// Places on it.
    #[serde(deserialize_with = "number")]
    pub max_neurons: u16,
    /// Places that are taken.
    #[serde(deserialize_with = "number")]
    pub active_keys: u16,
    /// Validators that set weights of late.
    #[serde(deserialize_with = "number")]
    pub active_validators: u16,
    /// Blocks after a registration in which nobody is pruned.
    #[serde(deserialize_with = "number")]
    pub immunity_period: u64,
    /// Blocks from one payout to the next.
    #[serde(deserialize_with = "number")]
    pub tempo: u32,
    /// What a registration costs, in rao.
    #[serde(default, deserialize_with = "maybe_finite")]
    pub neuron_registration_cost: Option<f64>,
}

/// What TAO costs: `/api/price/latest/v1?asset=tao`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Price {
    /// `TAO`
    pub symbol: String,
    /// US dollars.
    #[serde(deserialize_with = "finite")]
    pub price: f64,
    /// When it was that, UTC.
    pub last_updated: Timestamp,
    /// How it moved in a day, percent.
    #[serde(default, deserialize_with = "maybe_finite")]
    pub percent_change_24h: Option<f64>,
}

/// A page of a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) pagination: Pagination,
    pub(crate) data: Vec<T>,
}

/// Where a page lies in its list.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Pagination {
    #[serde(default, deserialize_with = "maybe_number")]
    pub(crate) next_page: Option<u32>,
}

/// A number, written as one or as a text.
struct Written<T>(PhantomData<T>);

impl<T: FromStr + TryFrom<u64> + TryFrom<i64>> Visitor<'_> for Written<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or one as a text")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<T>, E> {
        T::try_from(value).map(Some).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<T>, E> {
        T::try_from(value).map(Some).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Option<T>, E> {
        value.trim().parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(value), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

fn maybe_number<'de, D, T>(source: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + TryFrom<u64> + TryFrom<i64>,
{
    source.deserialize_any(Written(PhantomData))
}

fn number<'de, D, T>(source: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + TryFrom<u64> + TryFrom<i64>,
{
    maybe_number(source)?.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"a whole number, or one as a text"))
}

/// A fraction, written as a number or as a text; never NaN or infinite.
struct Fraction;

impl Visitor<'_> for Fraction {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or one as a text")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<f64>, E> {
        if value.is_finite() { Ok(Some(value)) } else { Err(E::invalid_value(Unexpected::Float(value), &self)) }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<f64>, E> {
        Ok(Some(value as f64))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<f64>, E> {
        Ok(Some(value as f64))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Option<f64>, E> {
        let number = value.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<f64>, E> {
        Ok(None)
    }
}

fn maybe_finite<'de, D: Deserializer<'de>>(source: D) -> Result<Option<f64>, D::Error> {
    source.deserialize_any(Fraction)
}

fn finite<'de, D: Deserializer<'de>>(source: D) -> Result<f64, D::Error> {
    maybe_finite(source)?.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"a number, or one as a text"))
}
