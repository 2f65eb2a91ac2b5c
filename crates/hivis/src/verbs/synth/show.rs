//! `hivis synth list` and `hivis synth show`

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_examiner::{Captioned, contact_sheet};
use hivis_image::{DecodeLimits, decode, encode_png};
use hivis_store::{Batch, Generated};
use hivis_types::Label;
use serde_json::json;

use crate::cli::Global;
use crate::failure::Hinted;
use crate::home;
use crate::table::table;

/// Pictures on a contact sheet; more would be too large to look at.
const ON_SHEET: usize = 100;

/// Orders, newest first.
pub(super) async fn list(global: &Global, limit: u32) -> Result<ExitCode> {
    let batches = home::open(global)?.ledger().await?.batches(limit).await?;
    if global.json {
        println!("{}", json!({ "batches": batches }));
    } else if batches.is_empty() {
        println!("no pictures were ordered yet; `hivis synth run` orders some");
    } else {
        let row = |batch: &Batch| {
            vec![
                batch.id.to_string(),
                batch.kind.as_str().to_owned(),
                batch.generator.clone(),
                batch.begun.strftime("%Y-%m-%d %H:%M").to_string(),
                format!("{} of {}", batch.made, batch.asked),
                batch.refused.values().sum::<u64>().to_string(),
                batch.cost.to_string(),
                state(batch),
            ]
        };
        let rows: Vec<_> = batches.iter().map(row).collect();
        print!("{}", table(&["batch", "kind", "generator", "begun (UTC)", "made", "refused", "cost", ""], &rows));
    }
    Ok(ExitCode::SUCCESS)
}

fn state(batch: &Batch) -> String {
    match (&batch.stopped, batch.ended) {
        (Some(why), _) => format!("stopped: {why}"),
        (None, Some(_)) => "done".to_owned(),
        (None, None) => "runs, or was cut off".to_owned(),
    }
}

/// One order and its pictures.
pub(super) async fn show(global: &Global, id: i64, sheet: Option<&Path>) -> Result<ExitCode> {
    let ledger = home::open(global)?.ledger().await?;
    let batch = ledger.batch(id).await?.ok_or_else(|| {
        Hinted::new(format!("there is no batch {id}"), "`hivis synth list` shows those that there are")
    })?;
    let pictures = ledger.generated(id).await?;
    if let Some(path) = sheet {
        write_sheet(&pictures, path)?;
    }
    if global.json {
        println!("{}", json!({ "batch": batch, "pictures": pictures, "sheet": sheet }));
        return Ok(ExitCode::SUCCESS);
    }
    println!("batch {id}, {}, by {}, prompts {}", batch.kind.as_str(), batch.generator, batch.prompts);
    let roadwork = batch.roadwork;
    println!(
        "{} of {} pictures, {roadwork} of roadwork, cost {}: {}",
        batch.made,
        batch.asked,
        batch.cost,
        state(&batch)
    );
    for (reason, count) in &batch.refused {
        println!("refused  {count} {reason}");
    }
    for picture in &pictures {
        let parent = picture.parent.as_deref().map_or_else(String::new, |parent| format!(", varies {}", &parent[..12]));
        println!("\n{}  {}, {}{parent}", &picture.id.to_string()[..12], word(picture.wanted), picture.mode);
        println!("  {} seed {} cost {}; {}", picture.prompt_id, picture.seed, picture.cost, picture.model);
        println!("  {:?}", picture.prompt);
        println!("  {}", picture.path.display());
    }
    if let Some(path) = sheet {
        println!("\nwrote {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn word(label: Label) -> &'static str {
    match label {
        Label::Roadwork => "roadwork",
        Label::Clear => "clear",
    }
}

fn write_sheet(pictures: &[Generated], path: &Path) -> Result<()> {
    let limits = DecodeLimits { bytes: 32 << 20, ..DecodeLimits::default() };
    let mut cells = Vec::new();
    for picture in pictures.iter().take(ON_SHEET) {
        let bytes = fs_err::read(&picture.path).context("a generated picture cannot be read")?;
        let decoded =
            decode(&bytes, &limits).context("a generated picture is damaged: `hivis doctor` looks for more")?;
        let caption = format!("{}\n{}", word(picture.wanted), picture.prompt_id);
        cells.push(Captioned { picture: decoded.picture, caption });
    }
    fs_err::write(path, encode_png(&contact_sheet(&cells))).context("the contact sheet could not be written")
}
