//! Reads and merges the sources of configuration.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use toml::{Table, Value};

use super::origins::Origins;
use super::raw::Raw;
use crate::failure::Hinted;

const SECTIONS: [&str; 21] = [
    "wallet", "serve", "model", "records", "release", "chain", "publish", "natix", "earnings", "dates", "mine",
    "synth", "gate", "review", "versions", "night", "console", "watch", "notify", "rank", "drift",
];
const HINT: &str = "`hivis serve --help` and README.md list the keys; remove or correct the line";

/// Defaults < `file` (when it exists) < `environment`, with who wrote which key. Flags come on top, at the verbs.
pub fn load(file: &Path, environment: impl Iterator<Item = (String, String)>) -> Result<Raw> {
    let (mut merged, mut origins) = (Table::new(), Origins::default());
    match fs_err::read_to_string(file) {
        Ok(text) => {
            let table: Table = text
                .parse()
                .map_err(|e: toml::de::Error| Hinted::new(format!("{}: {e}", file.display()), "mend the TOML"))?;
            // Read alone first, so that an unknown key is blamed on the file.
            Raw::deserialize(table.clone())
                .map_err(|e| Hinted::new(format!("{}: {}", file.display(), one_line(&e)), HINT))?;
            origins.file(&file.display().to_string(), &table);
            merged = table;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).context("the configuration cannot be read"),
    }
    for (section, key, value) in environment.filter_map(|(name, value)| split(&name).map(|(s, k)| (s, k, value))) {
        let mut alone = Table::new();
        alone.insert(section.clone(), Value::Table(Table::from_iter([(key.clone(), guess(&value))])));
        Raw::deserialize(alone)
            .map_err(|e| Hinted::new(format!("environment: {section}.{key}: {}", one_line(&e)), HINT))?;
        origins.variable(&section, &key, guess(&value));
        if let Value::Table(table) = merged.entry(section).or_insert_with(|| Value::Table(Table::new())) {
            table.insert(key, guess(&value));
        }
    }
    let raw = Raw::deserialize(merged).context("the configuration does not fit together")?;
    Ok(Raw { origins, ..raw })
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().replace('\n', " ")
}

/// `HIVIS_SERVE_BODY_BYTES` is `serve`, `body_bytes`. Other variables of ours, such as `HIVIS_HOME`, are no settings.
fn split(name: &str) -> Option<(String, String)> {
    let rest = name.strip_prefix("HIVIS_")?.to_ascii_lowercase();
    let (section, key) = rest.split_once('_')?;
    SECTIONS.contains(&section).then(|| (section.to_owned(), key.to_owned()))
}

/// A number or a truth value where the text is one, else text.
fn guess(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::Integer(number);
    }
    match (text.parse::<f64>(), text) {
        (Ok(number), _) => Value::Float(number),
        (_, "true") => Value::Boolean(true),
        (_, "false") => Value::Boolean(false),
        _ => Value::String(text.to_owned()),
    }
}
