//! The licences of what is linked in: each text once, with the crates that it belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use fs_err as fs;
use serde_json::Value;

use crate::command;

/// Files of a crate that hold its terms.
const NAMES: [&str; 5] = ["licen", "copying", "notice", "unlicense", "copyright"];

/// The text of `LICENCES-OF-OTHERS.txt`.
pub(crate) fn of_others(target: &str) -> Result<String> {
    let tree = ["tree", "-p", "hivis", "-e", "normal", "--prefix", "none", "--format", "{p}", "--locked", "--target"];
    let linked: BTreeSet<String> = command::output(command::cargo(&[&tree[..], &[target]].concat())?)?
        .lines()
        .filter_map(|line| Some(line.split_once(" v")?).map(|(name, rest)| format!("{name} {}", first(rest))))
        .collect();
    let all = command::output(command::cargo(&["metadata", "--format-version", "1", "--locked"])?)?;
    let all: Value = serde_json::from_str(&all).context("cargo metadata printed no JSON")?;
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in all["packages"].as_array().into_iter().flatten().filter(|p| !p["source"].is_null()) {
        let field = |name: &str| package[name].as_str().unwrap_or_default();
        let name = format!("{} {}", field("name"), field("version"));
        if !linked.contains(&name) {
            continue;
        }
        writeln!(list, "{name}: {} ({})", field("license"), field("repository"))?;
        let folder = Path::new(field("manifest_path")).parent().context("a crate has a folder")?;
        for text in terms(folder)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    let mut out = format!("hivis contains these crates, under these terms:\n\n{list}");
    let mut texts: Vec<(String, Vec<String>)> = texts.into_iter().collect();
    texts.sort_by(|a, b| a.1.cmp(&b.1));
    for (text, crates) in texts {
        write!(out, "\n{}\n{}\n\n{}\n", "=".repeat(100), crates.join(", "), text.trim_end())?;
    }
    Ok(out)
}

fn first(rest: &str) -> &str {
    rest.split(' ').next().unwrap_or_default()
}

/// The texts in the folder of a crate.
fn terms(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            texts.push(String::from_utf8_lossy(&fs::read(&path)?).replace("\r\n", "\n"));
        }
    }
    texts.sort();
    Ok(texts)
}
