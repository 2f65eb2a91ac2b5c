//! SCALE by metadata from and to JSON.
//!
//! A field that the JSON does not have gets its type's zero, and one that the type does not have is left out. So one state
//! describes both runtimes. Types of one field are transparent; bytes are `0x` hex or plain text; numbers beyond 64 bits
//! are decimal text.

use scale_info::form::PortableForm;
use scale_info::{Field, PortableRegistry, TypeDef, TypeDefPrimitive};
use serde_json::{Map, Value, json};
use subxt::ext::codec::{Compact, CompactLen as _, Decode as _, Encode as _};

type Fields<'a> = &'a [Field<PortableForm>];

/// The types of one runtime.
#[derive(Clone, Copy)]
pub(crate) struct Codec<'a>(pub &'a PortableRegistry);

impl<'a> Codec<'a> {
    fn define(self, ty: u32) -> &'a TypeDef<PortableForm> {
        &self.0.resolve(ty).unwrap_or_else(|| panic!("the metadata has no type {ty}")).type_def
    }

    fn name(self, ty: u32) -> &'a str {
        self.0.resolve(ty).and_then(|t| t.path.segments.last()).map_or("", |s| s.as_str())
    }

    /// Whether it is `u8`, compact or not.
    fn is_byte(self, ty: u32) -> bool {
        match self.define(ty) {
            TypeDef::Primitive(TypeDefPrimitive::U8) => true,
            TypeDef::Compact(c) => self.is_byte(c.type_param.id),
            _ => false,
        }
    }

    /// The names of a structure's fields, or of the one within an option.
    pub(crate) fn field_names(self, ty: u32) -> Vec<String> {
        match self.define(ty) {
            TypeDef::Composite(c) => c.fields.iter().filter_map(|f| f.name.as_ref()).map(|n| (*n).clone()).collect(),
            TypeDef::Variant(_) if self.name(ty) == "Option" => self.field_names(self.some(ty)),
            _ => Vec::new(),
        }
    }

    /// Appends `value` as the type `ty`.
    pub(crate) fn encode(self, ty: u32, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
        match self.define(ty) {
            TypeDef::Composite(c) => self.encode_fields(&c.fields, value, out),
            TypeDef::Variant(_) if self.name(ty) == "Option" => self.encode_option(ty, value, out),
            TypeDef::Variant(v) => {
                let (name, inner) = match value {
                    Value::String(name) => (Some(name.as_str()), &Value::Null),
                    Value::Object(map) if map.len() == 1 => {
                        map.iter().next().map_or((None, &Value::Null), |(name, inner)| (Some(name.as_str()), inner))
                    }
                    Value::Null => (None, &Value::Null),
                    other => return Err(format!("{other} names no variant of {}", self.name(ty))),
                };
                let found = match name {
                    Some(name) => v.variants.iter().find(|x| x.name == name),
                    None => v.variants.iter().min_by_key(|x| x.index),
                };
                let variant = found.ok_or_else(|| format!("{} has no variant {name:?}", self.name(ty)))?;
                out.push(variant.index);
                self.encode_fields(&variant.fields, inner, out)
            }
            TypeDef::Sequence(s) => {
                let element = s.type_param.id;
                let items = self.items(element, value, None)?;
                Compact(items.len() as u32).encode_to(out);
                items.iter().try_for_each(|item| self.encode(element, item, out))
            }
            TypeDef::Array(a) => {
                let element = a.type_param.id;
                let items = self.items(element, value, Some(a.len as usize))?;
                items.iter().try_for_each(|item| self.encode(element, item, out))
            }
            TypeDef::Tuple(t) => {
                let at = |i: usize| value.get(i).unwrap_or(&Value::Null);
                t.fields.iter().enumerate().try_for_each(|(i, field)| self.encode(field.id, at(i), out))
            }
            TypeDef::Primitive(p) => encode_primitive(p, value, out),
            TypeDef::Compact(_) => {
                Compact(unsigned(value)?).encode_to(out);
                Ok(())
            }
            TypeDef::BitSequence(_) => Err("bit sequences are not written".to_owned()),
        }
    }

    fn encode_option(self, ty: u32, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
        if value.is_null() {
            out.push(0);
            return Ok(());
        }
        out.push(1);
        let inner = value.get("Some").unwrap_or(value);
        self.encode(self.some(ty), inner, out)
    }

    /// The type within an option.
    fn some(self, ty: u32) -> u32 {
        let TypeDef::Variant(v) = self.define(ty) else { panic!("no option") };
        v.variants.iter().flat_map(|x| &x.fields).next().map_or_else(|| panic!("no option"), |f| f.ty.id)
    }

    fn encode_fields(self, fields: Fields<'_>, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
        let named = |field: &Field<PortableForm>| value.as_object()?.get(field.name.as_ref()?.as_str());
        if let [one] = fields {
            return self.encode(one.ty.id, named(one).unwrap_or(value), out);
        }
        fields.iter().enumerate().try_for_each(|(i, field)| {
            let inner = named(field).or_else(|| value.get(i)).unwrap_or(&Value::Null);
            let context = |e| format!("{}: {e}", field.name.as_ref().map_or("?", |n| n.as_str()));
            self.encode(field.ty.id, inner, out).map_err(context)
        })
    }

    /// The elements of a list, of bytes, or of nothing.
    fn items(self, element: u32, value: &Value, length: Option<usize>) -> Result<Vec<Value>, String> {
        let items = match value {
            Value::Array(items) => items.clone(),
            Value::Null => vec![Value::Null; length.unwrap_or(0)],
            Value::String(text) if self.is_byte(element) => bytes(text).into_iter().map(Value::from).collect(),
            other => return Err(format!("{other} is no list")),
        };
        match length {
            Some(length) if length != items.len() => Err(format!("{value} has not {length} elements")),
            _ => Ok(items),
        }
    }

    /// Takes a value of type `ty` off the front of `input`.
    pub(crate) fn decode(self, ty: u32, input: &mut &[u8]) -> Result<Value, String> {
        match self.define(ty) {
            TypeDef::Composite(c) => self.decode_fields(&c.fields, input),
            TypeDef::Variant(_) if self.name(ty) == "Option" => match take::<u8>(input)? {
                0 => Ok(Value::Null),
                _ => self.decode(self.some(ty), input),
            },
            TypeDef::Variant(v) => {
                let index = take::<u8>(input)?;
                let variant = v.variants.iter().find(|x| x.index == index);
                let variant = variant.ok_or_else(|| format!("{} has no variant {index}", self.name(ty)))?;
                if variant.fields.is_empty() {
                    return Ok(json!(variant.name));
                }
                Ok(json!({ variant.name.as_str(): self.decode_fields(&variant.fields, input)? }))
            }
            TypeDef::Sequence(s) => {
                let length = take::<Compact<u32>>(input)?.0 as usize;
                self.decode_items(s.type_param.id, length, input)
            }
            TypeDef::Array(a) => self.decode_items(a.type_param.id, a.len as usize, input),
            TypeDef::Tuple(t) => t.fields.iter().map(|field| self.decode(field.id, input)).collect(),
            TypeDef::Primitive(p) => decode_primitive(p, input),
            TypeDef::Compact(c) if matches!(self.define(c.type_param.id), TypeDef::Tuple(_)) => Ok(Value::Null),
            TypeDef::Compact(_) => Ok(number(take::<Compact<u128>>(input)?.0)),
            TypeDef::BitSequence(_) => Err("bit sequences are not read".to_owned()),
        }
    }

    fn decode_items(self, element: u32, length: usize, input: &mut &[u8]) -> Result<Value, String> {
        if matches!(self.define(element), TypeDef::Primitive(TypeDefPrimitive::U8)) {
            let (front, rest) = input.split_at_checked(length).ok_or("too few bytes")?;
            *input = rest;
            return Ok(json!(format!("0x{}", hex::encode(front))));
        }
        // Types of no bytes would make a list of any length out of nothing.
        if length > 0x1_0000 {
            return Err("too many elements".to_owned());
        }
        (0..length).map(|_| self.decode(element, input)).collect()
    }

    fn decode_fields(self, fields: Fields<'_>, input: &mut &[u8]) -> Result<Value, String> {
        if let [one] = fields {
            let inner = self.decode(one.ty.id, input)?;
            return Ok(one.name.as_ref().map_or(inner.clone(), |name| json!({ name.as_str(): inner })));
        }
        let all: Vec<Value> = fields.iter().map(|f| self.decode(f.ty.id, input)).collect::<Result<_, _>>()?;
        let names: Option<Vec<String>> =
            fields.iter().map(|f| f.name.as_ref().map(|n| n.as_str().to_owned())).collect();
        match names {
            Some(names) if !names.is_empty() => Ok(Value::Object(names.into_iter().zip(all).collect::<Map<_, _>>())),
            _ => Ok(Value::Array(all)),
        }
    }
}

/// Bytes of `0x` hex, or of the text itself.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.strip_prefix("0x").and_then(|t| hex::decode(t).ok()).unwrap_or_else(|| text.as_bytes().to_vec())
}

/// A number as JSON; beyond 64 bits as text.
fn number(value: u128) -> Value {
    u64::try_from(value).map_or_else(|_| json!(value.to_string()), Value::from)
}

fn unsigned(value: &Value) -> Result<u128, String> {
    match value {
        Value::Null => Ok(0),
        Value::String(text) => text.parse().map_err(|_| format!("{text} is no number")),
        Value::Object(map) if map.len() == 1 => map.values().next().map_or(Ok(0), unsigned),
        other => other.as_u64().map(u128::from).ok_or_else(|| format!("{other} is no number")),
    }
}

fn signed(value: &Value) -> Result<i128, String> {
    match value {
        Value::String(text) => text.parse().map_err(|_| format!("{text} is no number")),
        other => other.as_i64().map_or_else(|| unsigned(other).map(|n| n as i128), |n| Ok(n.into())),
    }
}

fn encode_primitive(kind: &TypeDefPrimitive, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
    use TypeDefPrimitive as P;
    let width = match kind {
        P::Bool => {
            out.push(u8::from(value.as_bool().unwrap_or(false)));
            return Ok(());
        }
        P::Str => {
            value.as_str().unwrap_or_default().encode_to(out);
            return Ok(());
        }
        P::Char => return Err("characters are not written".to_owned()),
        P::U8 | P::I8 => 1,
        P::U16 | P::I16 => 2,
        P::U32 | P::I32 => 4,
        P::U64 | P::I64 => 8,
        P::U128 | P::I128 => 16,
        P::U256 | P::I256 => 32,
    };
    let negative = matches!(kind, P::I8 | P::I16 | P::I32 | P::I64 | P::I128 | P::I256);
    let number = if negative { signed(value)? as u128 } else { unsigned(value)? };
    if !negative && width < 16 && number >> (8 * width) != 0 {
        return Err(format!("{number} does not fit {width} bytes"));
    }
    let mut wide = [0; 32];
    wide[..16].copy_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&wide[..width]);
    Ok(())
}

fn decode_primitive(kind: &TypeDefPrimitive, input: &mut &[u8]) -> Result<Value, String> {
    use TypeDefPrimitive as P;
    Ok(match kind {
        P::Bool => json!(take::<bool>(input)?),
        P::Str => json!(take::<String>(input)?),
        P::U8 => json!(take::<u8>(input)?),
        P::U16 => json!(take::<u16>(input)?),
        P::U32 => json!(take::<u32>(input)?),
        P::U64 => json!(take::<u64>(input)?),
        P::U128 => number(take::<u128>(input)?),
        P::I8 => json!(take::<i8>(input)?),
        P::I16 => json!(take::<i16>(input)?),
        P::I32 => json!(take::<i32>(input)?),
        P::I64 => json!(take::<i64>(input)?),
        P::I128 => json!(take::<i128>(input)?.to_string()),
        P::U256 | P::I256 => json!(format!("0x{}", hex::encode(take::<[u8; 32]>(input)?))),
        P::Char => return Err("characters are not read".to_owned()),
    })
}

fn take<T: subxt::ext::codec::Decode>(input: &mut &[u8]) -> Result<T, String> {
    T::decode(input).map_err(|e| e.to_string())
}

/// Bytes with their length in front, as a node wraps an extrinsic.
pub(crate) fn prefixed(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len() + Compact::<u32>::compact_len(&(inner.len() as u32)));
    Compact(inner.len() as u32).encode_to(&mut out);
    out.extend_from_slice(inner);
    out
}

/// The bytes within a length prefix; `None` when they are more or fewer than it says.
pub(crate) fn unprefixed(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let length = Compact::<u32>::decode(&mut rest).ok()?.0 as usize;
    (rest.len() == length).then_some(rest)
}
