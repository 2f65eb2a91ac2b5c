//! `hivis data`: what was imported.

use std::process::ExitCode;

use anyhow::Result;
use hivis_store::Ledger;
use serde_json::json;

use crate::cli::{DataVerb, Global};
use crate::home;
use crate::table::table;
use crate::verbs::{bridge, version};

/// Runs one of the data verbs.
pub(crate) async fn run(global: &Global, verb: &DataVerb) -> Result<ExitCode> {
    match verb {
        DataVerb::List => {
            list(global, &home::open(global)?.ledger().await?).await?;
            Ok(ExitCode::SUCCESS)
        }
        DataVerb::Version(verb) => version::run(global, verb).await,
        DataVerb::Fsck(args) => version::fsck(global, args).await,
        DataVerb::Gc(args) => version::gc(global, args).await,
        DataVerb::Export(args) => bridge::export(global, args).await,
        DataVerb::Import(args) => bridge::import(global, args).await,
    }
}

async fn list(global: &Global, ledger: &Ledger) -> Result<()> {
    let (sets, conflicts) = (ledger.datasets().await?, ledger.conflicts().await?);
    let (version, pictures) = (ledger.data_version().await?, ledger.imported(None).await?);
    let disputed = pictures.iter().filter(|picture| picture.disputed).count();
    if global.json {
        let said = json!({ "datasets": sets, "conflicts": conflicts, "version": version, "pictures": pictures.len(),
            "disputed": disputed });
        println!("{said}");
        return Ok(());
    }
    if sets.is_empty() {
        println!("no data set yet; `hivis pull dataset OWNER/NAME` or `hivis import dataset FOLDER` brings one");
        return Ok(());
    }
    let row = |set: &hivis_store::Dataset| {
        let counts = [set.pictures, set.roadwork, set.scenes].map(|n| n.to_string());
        let revision = set.revision.as_deref().map_or("-", |r| r.get(..12).unwrap_or(r));
        let ended = set.ended.map_or("not complete".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string());
        let mut row = vec![set.name.clone()];
        row.extend(counts);
        row.extend([revision.to_owned(), ended]);
        row
    };
    let rows: Vec<_> = sets.iter().map(row).collect();
    print!("{}", table(&["data set", "pictures", "roadwork", "scenes", "revision", "imported (UTC)"], &rows));
    if !conflicts.is_empty() {
        let row = |c: &hivis_store::Conflict| {
            vec![format!("{} and {}", c.one, c.other), c.shared.to_string(), c.differ.to_string()]
        };
        let rows: Vec<_> = conflicts.iter().map(row).collect();
        print!("\n{}", table(&["label the same pictures", "shared", "differ"], &rows));
    }
    println!("\n{} pictures, {disputed} disputed and left out; version {}", pictures.len(), &version[..16]);
    Ok(())
}
