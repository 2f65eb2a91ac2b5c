//! Finds golden folders: under `HIVIS_GOLDEN`, or else the repository's `fixtures/`.

use std::path::Path;

pub(crate) use hivis_testbed::golden::folders;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads one file of a golden folder; absent is reported.
pub(crate) fn json<T: for<'de> Deserialize<'de>>(folder: &Path, name: &str) -> Option<T> {
    let path = folder.join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("{} is not there", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// A float that may be written `"nan"`, `"inf"`, `"-inf"`, or `null` for what is no number.
pub(crate) fn maybe_number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.parse().expect("nan, inf or -inf")),
        other => Some(other.as_f64().expect("a number")),
    }
}

/// Floats where `"nan"` and its like may stand among them.
pub(crate) fn floats<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let values = Vec::<Value>::deserialize(from)?;
    Ok(values.iter().map(|v| maybe_number(v).expect("a number")).collect())
}
