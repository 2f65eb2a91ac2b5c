//! Every key that `hivis.toml` may hold, asked of the types that read it, so that no list can lag behind them.
//!
//! A derived `Deserialize` tells a deserializer the names of its fields before it reads any. The probe here notes those
//! names at one place and stops; at the places before it offers the one field that leads on.

use std::cell::Cell;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IntoDeserializer as _, MapAccess, Visitor};

use super::raw::Raw;

/// All keys, as `section.key`, in the order of the file's documentation.
pub(crate) fn keys() -> Vec<String> {
    let mut keys = Vec::new();
    beneath(&mut Vec::new(), &mut keys);
    keys
}

fn beneath(path: &mut Vec<&'static str>, keys: &mut Vec<String>) {
    let Some(fields) = fields(path) else {
        keys.push(path.join("."));
        return;
    };
    for field in fields {
        path.push(field);
        beneath(path, keys);
        path.pop();
    }
}

/// The names of the fields at a place; `None` where a value stands.
fn fields(path: &[&'static str]) -> Option<&'static [&'static str]> {
    let found = Cell::new(None);
    // It always stops with an error: what it found is beside it.
    let _ = Raw::deserialize(Probe { path, found: &found });
    found.get()
}

#[derive(Clone, Copy)]
struct Probe<'a> {
    path: &'a [&'static str],
    found: &'a Cell<Option<&'static [&'static str]>>,
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.path.is_empty() {
            self.found.set(Some(fields));
            return Err(Error::custom("found"));
        }
        visitor.visit_map(Way { probe: self })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("a value"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The one field that leads on.
struct Way<'a> {
    probe: Probe<'a>,
}

impl<'de> MapAccess<'de> for Way<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.probe.path.first() else { return Ok(None) };
        let name: StrDeserializer<'_, Error> = (*name).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let rest = self.probe.path.get(1..).unwrap_or_default();
        seed.deserialize(Probe { path: rest, found: self.probe.found })
    }
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn every_section_is_walked_to_its_keys() {
        let keys = keys();
        for key in ["wallet.path", "serve.addr", "chain.endpoints", "earnings.wandb.api_key", "synth.cosmos.command"] {
            assert!(keys.iter().any(|known| known == key), "{key} is not in {keys:?}");
        }
        assert!(keys.iter().any(|key| key == "dates.token"), "a list of tables is one key");
        assert!(!keys.iter().any(|key| key == "synth.cosmos" || key == "serve"), "sections are no keys");
    }
}
