//! A call's bytes as a person reads them: what will be signed, decoded again.

use std::net::Ipv4Addr;

use hivis_bittensor::ss58;
use scale_info::TypeDef;
use subxt::ext::frame_decode::extrinsics::ExtrinsicTypeInfo as _;
use subxt::ext::scale_value::{Composite, Primitive, Value, ValueDef, scale};

use crate::ChainError;
use crate::extrinsic::{CallBytes, Runtime, tao};

/// Arguments that are amounts of rao, in runtimes whose types do not say so yet.
const AMOUNTS: [&str; 4] = ["limit_price", "value", "amount", "amount_staked"];

/// A call with its arguments in human units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The pallet.
    pub pallet: String,
    /// The call.
    pub call: String,
    /// Name and value of each argument, in order.
    pub args: Vec<(String, String)>,
}

impl Shown {
    /// Of bytes that would be signed.
    pub fn of(runtime: &Runtime, call: &CallBytes) -> Result<Self, ChainError> {
        let decoded = decode(runtime, call.as_slice())?;
        let text = |(name, value): &(String, Value<u32>)| (name.clone(), human(runtime, name, value));
        Ok(Self { args: decoded.args.iter().map(text).collect(), pallet: decoded.pallet, call: decoded.call })
    }
}

/// A call taken apart; a value's context is its type.
pub(crate) struct Decoded {
    pub(crate) pallet: String,
    pub(crate) call: String,
    pub(crate) args: Vec<(String, Value<u32>)>,
}

/// Takes a call apart; bytes that are left over are an error.
pub(crate) fn decode(runtime: &Runtime, bytes: &[u8]) -> Result<Decoded, ChainError> {
    let bad = |reason: String| ChainError::Build { reason: format!("the call does not decode: {reason}") };
    let [pallet, call, rest @ ..] = bytes else { return Err(bad("too short".into())) };
    let metadata = &*runtime.metadata;
    let info = metadata.extrinsic_call_info_by_index(*pallet, *call).map_err(|e| bad(e.to_string()))?;
    let mut input = rest;
    let mut args = Vec::new();
    for arg in &info.args {
        let value = scale::decode_as_type(&mut input, arg.id, metadata.types()).map_err(|e| bad(e.to_string()))?;
        args.push((arg.name.to_string(), value));
    }
    if !input.is_empty() {
        return Err(bad(format!("{} bytes are left", input.len())));
    }
    Ok(Decoded { pallet: info.pallet_name.to_string(), call: info.call_name.to_string(), args })
}

fn human(runtime: &Runtime, name: &str, value: &Value<u32>) -> String {
    let ty = runtime.metadata.types().resolve(value.context);
    let ident = ty.and_then(|t| t.path.ident()).unwrap_or_default();
    let bytes = bytes(value);
    if let Some(key) = bytes.as_ref().filter(|_| ident == "AccountId32").and_then(|b| b.as_slice().try_into().ok()) {
        return ss58::encode(&key).to_string();
    }
    if let Some(rao) = number(value).filter(|_| ident == "TaoBalance" || AMOUNTS.contains(&name)) {
        return format!("{} ({rao} rao)", tao(rao));
    }
    if let Some(ip) = number(value).filter(|_| name == "ip").and_then(|n| u32::try_from(n).ok()) {
        return Ipv4Addr::from(ip).to_string();
    }
    if let Some(bytes) = bytes {
        return text(&bytes);
    }
    let wrapper = ty.is_some_and(|t| matches!(t.type_def, TypeDef::Composite(_)));
    match &value.value {
        ValueDef::Composite(Composite::Unnamed(values)) if wrapper && values.len() == 1 => {
            human(runtime, name, &values[0])
        }
        ValueDef::Variant(variant) if variant.values.is_empty() => variant.name.clone(),
        ValueDef::Variant(variant) => format!("{}({})", variant.name, inside(runtime, &variant.values)),
        ValueDef::Composite(values) if values.is_empty() => "none".to_owned(),
        ValueDef::Composite(values @ Composite::Named(_)) => format!("{{{}}}", inside(runtime, values)),
        ValueDef::Composite(values) => format!("[{}]", inside(runtime, values)),
        ValueDef::Primitive(Primitive::U128(n)) => n.to_string(),
        ValueDef::Primitive(Primitive::I128(n)) => n.to_string(),
        ValueDef::Primitive(Primitive::Bool(b)) => b.to_string(),
        other => format!("{other:?}"),
    }
}

fn inside(runtime: &Runtime, values: &Composite<u32>) -> String {
    let all: Vec<String> = match values {
        Composite::Named(fields) => fields.iter().map(|(n, v)| format!("{n}: {}", human(runtime, n, v))).collect(),
        Composite::Unnamed(values) => values.iter().map(|v| human(runtime, "", v)).collect(),
    };
    all.join(", ")
}

/// A number, also one inside wrappers of one field.
fn number(value: &Value<u32>) -> Option<u128> {
    match &value.value {
        ValueDef::Primitive(Primitive::U128(n)) => Some(*n),
        ValueDef::Composite(values) if values.len() == 1 => values.values().next().and_then(number),
        _ => None,
    }
}

/// A row of bytes, also one inside wrappers of one field. One byte alone is a number.
fn bytes(value: &Value<u32>) -> Option<Vec<u8>> {
    let ValueDef::Composite(values) = &value.value else { return None };
    if values.len() == 1 {
        return values.values().next().and_then(bytes);
    }
    let byte = |v: &Value<u32>| match v.value {
        ValueDef::Primitive(Primitive::U128(n)) => u8::try_from(n).ok(),
        _ => None,
    };
    let row = matches!(values, Composite::Unnamed(_)) && !values.is_empty();
    row.then(|| values.values().map(byte).collect::<Option<Vec<u8>>>()).flatten()
}

/// Text in quotes where it is printable, else hex.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|b| (0x20..0x7f).contains(&b)) => format!("{text:?}"),
        _ => format!("0x{}", hex::encode(bytes)),
    }
}
