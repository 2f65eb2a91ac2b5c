//! Finds golden folders: under `HIVIS_GOLDEN`, or else the repository's `fixtures/`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Every folder whose name starts with `kind`. None of this kind is reported; none of any kind fails.
pub(crate) fn folders(kind: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("HIVIS_GOLDEN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), PathBuf::from);
    let mut all: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap_or_else(|e| panic!("golden root {}: {e}", root.display()))
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.is_dir())
        .collect();
    all.sort();
    let named = |path: &PathBuf, kinds: &[&str]| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        kinds.iter().any(|k| name.starts_with(k))
    };
    assert!(
        all.iter().any(|p| named(p, &["dinov3-", "challenge", "wire", "vit-"])),
        "{} holds no golden data of any kind",
        root.display()
    );
    all.retain(|p| named(p, &[kind]));
    if all.is_empty() {
        println!("no golden folder `{kind}*` in {}", root.display());
    }
    all
}

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
