//! Floats in files, exactly: as the shortest decimal text that reads back as the same float, `"nan"`, `"inf"` and
//! `"-inf"` included. JSON's own numbers have no such values, and `serde_json` may read one a unit in the last place
//! beside what was written, which a report that must come out bit for bit cannot bear.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

/// Writes the text.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` gives a reference")]
pub(crate) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&value.to_string().to_lowercase())
}

/// Reads what [`serialize`] wrote, or a plain number.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    match Written::deserialize(from)? {
        Written::Number(value) => Ok(value),
        Written::Text(text) => text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no number"))),
    }
}
