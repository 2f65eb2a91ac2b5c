//! Measures a backbone: `headroom FOLDER WORK [CHECKPOINT] [SETTINGS] [NOTE]`.
//!
//! FOLDER holds `config.json`, `preprocessor_config.json` and gets `head.safetensors` and `figures.json`; with a
//! checkpoint of a pretraining it gets `model.safetensors` and `recipe.toml` first. WORK keeps pictures and features. With `-` for FOLDER
//! the pictures are rendered and nothing else is done. SETTINGS is a JSON file; what it leaves out has its default.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use hivis_train::checkpoint::Checkpoint;
use hivis_train::features::Backbone;
use hivis_train::headroom::{HeadroomSettings, headroom};
use hivis_train::pretrain::export;
use hivis_train::recipe::Recipe;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, work, rest @ ..] = &arguments[..] else { anyhow::bail!("which folders?") };
    let (target, work) = (PathBuf::from(folder), PathBuf::from(work));
    let settings: HeadroomSettings = match rest.get(1) {
        Some(path) => serde_json::from_slice(&fs_err::read(path)?).context("the settings")?,
        None => HeadroomSettings::default(),
    };
    let start = Instant::now();
    let mut progress = |what: &str| println!("{:6.1} s  {what}", start.elapsed().as_secs_f64());
    if folder == "-" {
        settings.prepare(&work, &mut progress)?;
        return Ok(());
    }
    if let Some(checkpoint) = rest.first().filter(|path| *path != "-") {
        let checkpoint = Checkpoint::read(checkpoint.as_ref())?;
        println!("{:?}", checkpoint.counters);
        fs_err::write(target.join("model.safetensors"), export(&checkpoint.weights)?)?;
        let note = rest.get(2).map_or("", String::as_str);
        fs_err::write(target.join("recipe.toml"), Recipe::of(&checkpoint, note).to_toml()?)?;
    }
    let text = |name: &str| fs_err::read_to_string(target.join(name));
    let weights = fs_err::read(target.join("model.safetensors"))?;
    let backbone = Backbone::new(&text("config.json")?, &text("preprocessor_config.json")?, weights, 0)?;
    let (figures, head) = headroom(&backbone, &settings, &work, &mut progress)?;
    head.write(&target.join("head.safetensors"))?;
    fs_err::write(target.join("figures.json"), format!("{}\n", serde_json::to_string_pretty(&figures)?))?;
    for row in &figures.compared {
        let (shipped, oracle) = (row.shipped.accuracy(), row.oracle.accuracy());
        println!("{:16} shipped {shipped:.3}  oracle {oracle:.3}  ({} scenes)", row.set, row.shipped.of);
    }
    Ok(())
}
