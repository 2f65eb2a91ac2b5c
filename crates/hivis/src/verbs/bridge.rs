//! `hivis data export`, `hivis data import`

use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;

use crate::bridge::{self, ExportOrder, ImportOrder};
use crate::cli::{BridgeFormat, DataExportArgs, DataImportArgs, Global, ServeArgs};
use crate::failure::Hinted;
use crate::home;

/// Writes the home's pictures for another tool.
pub(crate) async fn export(global: &Global, args: &DataExportArgs) -> Result<ExitCode> {
    if args.embeddings && args.format != BridgeFormat::Fiftyone {
        let hint = "use --format fiftyone, or `hivis features` for a file of features";
        return Err(Hinted::new("only FiftyOne's layout has a place for embeddings", hint).into());
    }
    if args.link && args.format == BridgeFormat::Parquet {
        return Err(Hinted::new("pictures lie inside a parquet file", "leave --link out").into());
    }
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let order = ExportOrder {
        folder: args.folder.clone(),
        format: args.format,
        of: args.of.clone(),
        embeddings: args.embeddings,
        link: args.link,
        split_seed: args.split_seed,
        now: Timestamp::now(),
    };
    let report = bridge::export(&home, &settings, order).await?;
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report.said());
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes back what another tool changed.
pub(crate) async fn import(global: &Global, args: &DataImportArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let order = ImportOrder {
        folder: args.folder.clone(),
        format: args.format,
        dry_run: args.dry_run,
        reviewer: args.reviewer.clone(),
        now: Timestamp::now(),
    };
    let report = bridge::import(&home, order).await?;
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report.said());
    }
    Ok(ExitCode::SUCCESS)
}
