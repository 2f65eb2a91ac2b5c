//! `samples.json` one document at a time: a million of them need no more room than one.

use std::fmt;
use std::io::{BufReader, Read};

use anyhow::Result;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize as _, Deserializer};

use crate::bridge::kept::Fields;

/// Takes one document.
type Take<'a> = dyn FnMut(Fields) -> Result<()> + 'a;

/// Gives each document of `{"samples": [...]}`. An error of `take` ends it and is given back as it is.
pub(super) fn samples(file: impl Read, take: &mut Take<'_>) -> Result<()> {
    let mut stream = Stream { take, failed: None, any: false };
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, file));
    let outcome = (&mut stream).deserialize(&mut reader).and_then(|()| reader.end());
    match (stream.failed, outcome) {
        (Some(error), _) => Err(error),
        (None, Ok(())) if !stream.any => Err(serde_json::Error::custom("it has no list `samples`").into()),
        (None, outcome) => Ok(outcome?),
    }
}

struct Stream<'a, 'b> {
    take: &'a mut Take<'b>,
    failed: Option<anyhow::Error>,
    any: bool,
}

/// The outer object.
impl<'de> DeserializeSeed<'de> for &mut Stream<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Stream<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `samples`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "samples" {
                self.any = true;
                map.next_value_seed(Documents(&mut *self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The list in it.
struct Documents<'a, 'b, 'c>(&'a mut Stream<'b, 'c>);

impl<'de> DeserializeSeed<'de> for Documents<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Documents<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of documents")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(document) = seq.next_element_seed(Document)? {
            if let Err(error) = (self.0.take)(document) {
                self.0.failed = Some(error);
                return Err(A::Error::custom("no more is wanted"));
            }
        }
        Ok(())
    }
}

/// One document, its values as they are written.
struct Document;

impl<'de> DeserializeSeed<'de> for Document {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        Fields::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_one_by_one_and_as_they_were_written() {
        let text = r#"{"other": [1], "samples": [{"a": 0.1000000000000000055, "b": {"$oid": "x"}}, {"a": null}]}"#;
        let mut seen = Vec::new();
        samples(text.as_bytes(), &mut |fields| {
            seen.push(fields["a"].get().to_owned());
            Ok(())
        })
        .expect("it is whole");
        assert_eq!(seen, ["0.1000000000000000055", "null"]);
        let refused = samples(text.as_bytes(), &mut |_| anyhow::bail!("no")).expect_err("it was refused");
        assert_eq!(refused.to_string(), "no");
        for bad in ["", "{}", "[]", r#"{"samples": [{"a": 1}, {"a""#, r#"{"samples": 1}"#] {
            assert!(samples(bad.as_bytes(), &mut |_| Ok(())).is_err(), "{bad}");
        }
    }
}
