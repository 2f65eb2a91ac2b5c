//! The walls between rooms: an arrow only ever points down the list of DESIGN section 3.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command;

/// The rooms from the top of the house to its cellar. A crate may depend only on those below it.
const ROOMS: [&str; 21] = [
    "hivis",
    "hivis-console",
    "hivis-serve",
    "hivis-curate",
    "hivis-train",
    "hivis-examiner",
    "hivis-hub",
    "hivis-wandb",
    "hivis-taostats",
    "hivis-generate",
    "hivis-synth",
    "hivis-watch",
    "hivis-notify",
    "hivis-store",
    "hivis-chain",
    "hivis-bittensor",
    "hivis-engine",
    "hivis-onnx",
    "hivis-image",
    "hivis-http",
    "hivis-types",
];

/// Fails on an arrow that points up, on a room that the list does not know, and on one that is gone.
pub(crate) fn check() -> Result<()> {
    let text = command::output(command::cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked"])?)?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let floor = |name: &str| ROOMS.iter().position(|room| *room == name);
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        // Developers' tools stand outside the house.
        if ["xtask", "hivis-bench", "hivis-testbed"].contains(&name) {
            continue;
        }
        let Some(from) = floor(name) else {
            wrong.push(format!("`{name}` is no room of the list in xtask/src/rooms.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            // A test may reach up: it drives a room through its neighbours.
            if dependency["kind"] == "dev" {
                continue;
            }
            let to = dependency["name"].as_str().unwrap_or_default();
            if let Some(to_floor) = floor(to) {
                arrows += 1;
                if to_floor <= from {
                    wrong.push(format!("`{name}` depends on `{to}`, which lies above it"));
                }
            }
        }
    }
    for room in ROOMS {
        if !packages.iter().any(|p| p["name"] == room) {
            wrong.push(format!("the room `{room}` is gone: take it off the list"));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("{} rooms, {arrows} arrows, all down", ROOMS.len());
    Ok(())
}
