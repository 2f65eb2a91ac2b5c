//! Whole values: passed over, or taken with all their names.

use scale_info::form::PortableForm;
use scale_info::{Field, TypeDef, TypeDefPrimitive};
use subxt::dynamic::Value;

use super::{Misfit, Reader, extended, signed, width};

impl Reader<'_> {
    /// Passes a value over.
    pub(crate) fn skip(&mut self, id: u32) -> Result<(), Misfit> {
        self.deeper()?;
        match self.def(id)? {
            TypeDef::Primitive(TypeDefPrimitive::Str) => {
                let length = self.length()?;
                self.take(length)?;
            }
            TypeDef::Primitive(TypeDefPrimitive::Char) => {
                self.take(4)?;
            }
            TypeDef::Primitive(primitive) => {
                self.take(width(primitive).unwrap_or(1))?;
            }
            TypeDef::Compact(_) => {
                self.compact()?;
            }
            TypeDef::Composite(composite) => {
                for field in &composite.fields {
                    self.skip(field.ty.id)?;
                }
            }
            TypeDef::Tuple(tuple) => {
                for field in &tuple.fields {
                    self.skip(field.id)?;
                }
            }
            TypeDef::Variant(_) => {
                for field in self.variant(id)?.1 {
                    self.skip(field.ty.id)?;
                }
            }
            TypeDef::Sequence(list) if self.is_u8(list.type_param.id) => {
                let length = self.length()?;
                self.take(length)?;
            }
            TypeDef::Array(array) if self.is_u8(array.type_param.id) => {
                self.take(array.len as usize)?;
            }
            TypeDef::Sequence(_) | TypeDef::Array(_) => {
                self.list(id, Self::skip)?;
            }
            TypeDef::BitSequence(_) => return Err(Misfit::shape("type that we read")),
        }
        self.depth -= 1;
        Ok(())
    }

    /// Any value, with all its names.
    pub(crate) fn value(&mut self, id: u32) -> Result<Value, Misfit> {
        self.deeper()?;
        let value = match self.def(id)? {
            TypeDef::Primitive(TypeDefPrimitive::Bool) => Value::bool(self.bool(id)?),
            TypeDef::Primitive(TypeDefPrimitive::Str) => Value::string(self.text(id)?),
            TypeDef::Primitive(primitive) => match (signed(primitive), width(primitive)) {
                (false, Some(width)) if width <= 16 => Value::u128(self.little(width)?),
                (true, Some(width)) if width <= 16 => Value::i128(extended(self.little(width)?, width)),
                (_, width) => Value::from_bytes(self.take(width.unwrap_or(4))?),
            },
            TypeDef::Compact(_) => Value::u128(self.compact()?),
            TypeDef::Composite(composite) => self.composite(&composite.fields)?,
            TypeDef::Variant(_) => {
                let (name, fields) = self.variant(id)?;
                if named(fields) {
                    Value::named_variant(name, self.named_values(fields)?)
                } else {
                    Value::unnamed_variant(name, self.values(fields)?)
                }
            }
            TypeDef::Tuple(tuple) => {
                let values: Result<Vec<Value>, Misfit> = tuple.fields.iter().map(|f| self.value(f.id)).collect();
                Value::unnamed_composite(values?)
            }
            TypeDef::Sequence(list) if self.is_u8(list.type_param.id) => Value::from_bytes(self.raw(id)?),
            TypeDef::Array(array) if self.is_u8(array.type_param.id) => Value::from_bytes(self.raw(id)?),
            TypeDef::Sequence(_) | TypeDef::Array(_) => Value::unnamed_composite(self.list(id, Self::value)?),
            TypeDef::BitSequence(_) => return Err(Misfit::shape("type that we read")),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn composite(&mut self, fields: &[Field<PortableForm>]) -> Result<Value, Misfit> {
        if named(fields) {
            Ok(Value::named_composite(self.named_values(fields)?))
        } else {
            Ok(Value::unnamed_composite(self.values(fields)?))
        }
    }

    fn named_values(&mut self, fields: &[Field<PortableForm>]) -> Result<Vec<(String, Value)>, Misfit> {
        let one = |f: &Field<PortableForm>| {
            let name = f.name.clone().unwrap_or_default();
            self.value(f.ty.id).map_err(|misfit| misfit.within(&name)).map(|value| (name, value))
        };
        fields.iter().map(one).collect()
    }

    fn values(&mut self, fields: &[Field<PortableForm>]) -> Result<Vec<Value>, Misfit> {
        fields.iter().map(|f| self.value(f.ty.id)).collect()
    }
}

fn named(fields: &[Field<PortableForm>]) -> bool {
    !fields.is_empty() && fields.iter().all(|f| f.name.is_some())
}
