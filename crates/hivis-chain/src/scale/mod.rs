//! Bytes to values by the types of the metadata: the one place that walks SCALE.
//!
//! Made for what comes from a node that may be wrong: it reads no byte twice, makes no room on the word of a length, and
//! goes no deeper than types are nested in earnest. Compact numbers are taken as they stand, however wide the type says
//! they may be; whoever wants a number checks its range.

mod misfit;
mod whole;

use scale_info::form::PortableForm;
use scale_info::{Field, PortableRegistry, TypeDef, TypeDefPrimitive};

pub(crate) use misfit::{Misfit, What};

/// No honest type is nested deeper.
const DEPTH: u32 = 64;

/// Bytes, and the types to read them by.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    types: &'a PortableRegistry,
    bytes: &'a [u8],
    depth: u32,
}

/// Items that room is made for before they are seen: a full subnet's.
const ROOM: usize = 256;

type Def<'a> = &'a TypeDef<PortableForm>;

impl<'a> Reader<'a> {
    pub(crate) fn new(types: &'a PortableRegistry, bytes: &'a [u8]) -> Self {
        Self { types, bytes, depth: 0 }
    }

    /// All bytes must have been read.
    pub(crate) fn end(&self) -> Result<(), Misfit> {
        if self.bytes.is_empty() { Ok(()) } else { Err(Misfit::bytes("bytes are left over")) }
    }

    fn def(&self, id: u32) -> Result<Def<'a>, Misfit> {
        Ok(&self.types.resolve(id).ok_or(Misfit::bytes("the metadata lacks a type"))?.type_def)
    }

    /// One level down; the way back is by `self.depth -= 1` of the caller, which an error makes needless.
    fn deeper(&mut self) -> Result<(), Misfit> {
        self.depth += 1;
        if self.depth > DEPTH { Err(Misfit::bytes("types are nested too deep")) } else { Ok(()) }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Misfit> {
        let (head, rest) = self.bytes.split_at_checked(count).ok_or(Misfit::bytes("the bytes end too early"))?;
        self.bytes = rest;
        Ok(head)
    }

    fn little(&mut self, width: usize) -> Result<u128, Misfit> {
        Ok(self.take(width)?.iter().rev().fold(0, |sum, &byte| sum << 8 | u128::from(byte)))
    }

    /// A compact number of up to 16 bytes.
    fn compact(&mut self) -> Result<u128, Misfit> {
        let first = *self.bytes.first().ok_or(Misfit::bytes("the bytes end too early"))?;
        match first & 3 {
            0 => self.take(1).map(|_| u128::from(first >> 2)),
            1 => self.little(2).map(|n| n >> 2),
            2 => self.little(4).map(|n| n >> 2),
            _ if first >> 2 > 12 => Err(Misfit::bytes("a compact number is too long")),
            _ => {
                self.take(1)?;
                self.little(usize::from(first >> 2) + 4)
            }
        }
    }

    /// The length of a list. Items of no size are refused beyond what anyone has.
    fn length(&mut self) -> Result<usize, Misfit> {
        usize::try_from(self.compact()?).ok().filter(|&n| n <= 1 << 28).ok_or(Misfit::bytes("a list is too long"))
    }

    /// A number, whatever it is wrapped in.
    pub(crate) fn number(&mut self, id: u32) -> Result<u128, Misfit> {
        match self.def(id)? {
            TypeDef::Compact(_) => self.compact(),
            TypeDef::Primitive(primitive) => match width(primitive) {
                Some(width) if width <= 16 => self.little(width),
                _ => Err(Misfit::shape("number")),
            },
            def => {
                self.deeper()?;
                let inner = sole(def).ok_or(Misfit::shape("number"))?;
                let number = self.number(inner)?;
                self.depth -= 1;
                Ok(number)
            }
        }
    }

    /// A number of at most 64 bits.
    pub(crate) fn u64(&mut self, id: u32) -> Result<u64, Misfit> {
        narrow(self.number(id)?)
    }

    /// `true` or `false`.
    pub(crate) fn bool(&mut self, id: u32) -> Result<bool, Misfit> {
        match self.def(id)? {
            TypeDef::Primitive(TypeDefPrimitive::Bool) => match self.take(1)? {
                [0] => Ok(false),
                [1] => Ok(true),
                _ => Err(Misfit::bytes("a truth value is neither 0 nor 1")),
            },
            _ => Err(Misfit::shape("truth value")),
        }
    }

    /// A key of 32 bytes.
    pub(crate) fn key(&mut self, id: u32) -> Result<[u8; 32], Misfit> {
        let mut def = self.def(id)?;
        for _ in 0..DEPTH {
            match def {
                TypeDef::Array(array) if array.len == 32 && self.is_u8(array.type_param.id) => {
                    let mut key = [0; 32];
                    key.copy_from_slice(self.take(32)?);
                    return Ok(key);
                }
                _ => def = self.def(sole(def).ok_or(Misfit::shape("key"))?)?,
            }
        }
        Err(Misfit::shape("key"))
    }

    /// Bytes: a list of bytes, plain or compact, of a fixed length or not.
    pub(crate) fn raw(&mut self, id: u32) -> Result<Vec<u8>, Misfit> {
        match self.def(id)? {
            TypeDef::Sequence(list) if self.is_u8(list.type_param.id) => {
                let length = self.length()?;
                Ok(self.take(length)?.to_vec())
            }
            TypeDef::Array(array) if self.is_u8(array.type_param.id) => Ok(self.take(array.len as usize)?.to_vec()),
            TypeDef::Primitive(TypeDefPrimitive::Str) => {
                let length = self.length()?;
                Ok(self.take(length)?.to_vec())
            }
            TypeDef::Sequence(_) => {
                let numbers = self.numbers(id)?;
                let narrow = |n: u64| u8::try_from(n).map_err(|_| Misfit::bytes("a byte is out of range"));
                numbers.into_iter().map(narrow).collect()
            }
            def => {
                self.deeper()?;
                let bytes = self.raw(sole(def).ok_or(Misfit::shape("text"))?)?;
                self.depth -= 1;
                Ok(bytes)
            }
        }
    }

    /// Bytes as text; what is no UTF-8 is replaced, and control characters are left out.
    pub(crate) fn text(&mut self, id: u32) -> Result<String, Misfit> {
        let raw = self.raw(id)?;
        Ok(String::from_utf8_lossy(&raw).chars().filter(|c| !c.is_control()).collect())
    }

    /// Each item of a list.
    pub(crate) fn list<T>(
        &mut self,
        id: u32,
        mut item: impl FnMut(&mut Self, u32) -> Result<T, Misfit>,
    ) -> Result<Vec<T>, Misfit> {
        self.deeper()?;
        let (length, inner) = match self.def(id)? {
            TypeDef::Sequence(list) => (self.length()?, list.type_param.id),
            TypeDef::Array(array) => (array.len as usize, array.type_param.id),
            def => {
                let all = self.list(sole(def).ok_or(Misfit::shape("list"))?, item)?;
                self.depth -= 1;
                return Ok(all);
            }
        };
        // No item is smaller than a byte but those of no size, which nobody lists.
        let mut all = Vec::with_capacity(length.min(self.bytes.len()).min(ROOM));
        for _ in 0..length {
            let before = self.bytes.len();
            all.push(item(self, inner)?);
            if self.bytes.len() == before {
                return Err(Misfit::bytes("a list of nothing"));
            }
        }
        self.depth -= 1;
        Ok(all)
    }

    /// A list of numbers.
    pub(crate) fn numbers(&mut self, id: u32) -> Result<Vec<u64>, Misfit> {
        self.list(id, |reader, inner| match reader.def(inner)? {
            // Most lists are of these, and looking the type up again is all that it would cost.
            TypeDef::Compact(_) => narrow(reader.compact()?),
            _ => reader.u64(inner),
        })
    }

    /// The number of a pair of something and a number.
    pub(crate) fn second(&mut self, id: u32) -> Result<u64, Misfit> {
        let TypeDef::Tuple(tuple) = self.def(id)? else { return Err(Misfit::shape("pair")) };
        let [first, second] = tuple.fields.as_slice() else { return Err(Misfit::shape("pair")) };
        self.skip(first.id)?;
        self.u64(second.id)
    }

    /// `None` or the value.
    pub(crate) fn option<T>(
        &mut self,
        id: u32,
        some: impl FnOnce(&mut Self, u32) -> Result<T, Misfit>,
    ) -> Result<Option<T>, Misfit> {
        let TypeDef::Variant(def) = self.def(id)? else { return Err(Misfit::shape("option")) };
        let index = self.take(1)?[0];
        let variant = def.variants.iter().find(|v| v.index == index);
        match variant.ok_or(Misfit::bytes("no such variant"))? {
            variant if variant.name == "None" => Ok(None),
            variant if variant.name == "Some" && variant.fields.len() == 1 => {
                some(self, variant.fields[0].ty.id).map(Some)
            }
            _ => Err(Misfit::shape("option")),
        }
    }

    /// Hands each field to `take`, by name; it must read the field and say so, or leave it (`false`) to be passed over.
    pub(crate) fn fields(
        &mut self,
        id: u32,
        mut take: impl FnMut(&mut Self, &str, u32) -> Result<bool, Misfit>,
    ) -> Result<(), Misfit> {
        let TypeDef::Composite(composite) = self.def(id)? else { return Err(Misfit::shape("structure")) };
        self.deeper()?;
        for field in &composite.fields {
            let name = field.name.as_deref().ok_or(Misfit::shape("structure with names"))?;
            if !take(self, name, field.ty.id).map_err(|misfit| misfit.within(name))? {
                self.skip(field.ty.id).map_err(|misfit| misfit.within(name))?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// The variant's name, and its fields' types; the fields are next.
    pub(crate) fn variant(&mut self, id: u32) -> Result<(&'a str, &'a [Field<PortableForm>]), Misfit> {
        let TypeDef::Variant(def) = self.def(id)? else { return Err(Misfit::shape("choice")) };
        let index = self.take(1)?[0];
        let variant = def.variants.iter().find(|v| v.index == index).ok_or(Misfit::bytes("no such variant"))?;
        Ok((&variant.name, &variant.fields))
    }

    pub(crate) fn is_list(&self, id: u32) -> bool {
        matches!(self.def(id), Ok(TypeDef::Sequence(_)))
    }

    pub(crate) fn is_bool(&self, id: u32) -> bool {
        matches!(self.def(id), Ok(TypeDef::Primitive(TypeDefPrimitive::Bool)))
    }

    /// Bits behind the point of a number of `substrate_fixed` as parameters use it: I32F32 and U64F64.
    pub(crate) fn fraction_bits(&self, id: u32) -> Option<u32> {
        match self.types.resolve(id)?.path.segments.last()?.as_str() {
            "FixedI64" | "FixedU64" => Some(32),
            "FixedI128" | "FixedU128" => Some(64),
            _ => None,
        }
    }

    /// A number of `substrate_fixed` with so many bits behind the point.
    pub(crate) fn fixed(&mut self, id: u32, bits: u32) -> Result<f64, Misfit> {
        let inner = sole(self.def(id)?).ok_or(Misfit::shape("fraction"))?;
        let TypeDef::Primitive(primitive) = self.def(inner)? else { return Err(Misfit::shape("fraction")) };
        let width = width(primitive).filter(|&w| w <= 16).ok_or(Misfit::shape("fraction"))?;
        let raw = self.little(width)?;
        let number = if signed(primitive) { extended(raw, width) as f64 } else { raw as f64 };
        Ok(number / 2_f64.powi(bits as i32))
    }

    fn is_u8(&self, id: u32) -> bool {
        matches!(self.def(id), Ok(TypeDef::Primitive(TypeDefPrimitive::U8)))
    }
}

/// The one type inside a wrapper.
fn sole(def: Def<'_>) -> Option<u32> {
    match def {
        TypeDef::Composite(composite) if composite.fields.len() == 1 => Some(composite.fields[0].ty.id),
        TypeDef::Tuple(tuple) if tuple.fields.len() == 1 => Some(tuple.fields[0].id),
        _ => None,
    }
}

/// Bytes of a number; `None` for what is none, or has no fixed width.
fn width(primitive: &TypeDefPrimitive) -> Option<usize> {
    match primitive {
        TypeDefPrimitive::U8 | TypeDefPrimitive::I8 => Some(1),
        TypeDefPrimitive::U16 | TypeDefPrimitive::I16 => Some(2),
        TypeDefPrimitive::U32 | TypeDefPrimitive::I32 => Some(4),
        TypeDefPrimitive::U64 | TypeDefPrimitive::I64 => Some(8),
        TypeDefPrimitive::U128 | TypeDefPrimitive::I128 => Some(16),
        TypeDefPrimitive::U256 | TypeDefPrimitive::I256 => Some(32),
        TypeDefPrimitive::Bool | TypeDefPrimitive::Char | TypeDefPrimitive::Str => None,
    }
}

fn signed(primitive: &TypeDefPrimitive) -> bool {
    use TypeDefPrimitive as P;
    matches!(primitive, P::I8 | P::I16 | P::I32 | P::I64 | P::I128 | P::I256)
}

/// A number of `width` bytes with its sign.
fn extended(raw: u128, width: usize) -> i128 {
    let unused = 128 - 8 * width as u32;
    (raw << unused) as i128 >> unused
}

fn narrow(number: u128) -> Result<u64, Misfit> {
    u64::try_from(number).map_err(|_| Misfit::bytes("a number is out of range"))
}
