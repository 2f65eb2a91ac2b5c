//! `hivis backup` and `hivis restore`: the home to another place, and a home of what lies there.

use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_store::{BackupOptions, CopyEvent, Lost, Place, RestoreReport, restore};
use indicatif::HumanBytes;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{BackupArgs, Global, RestoreArgs, ServeArgs};
use crate::home;
use crate::meter::Meter;
use crate::table::table;

/// Names of lost files that are shown; --json has all.
const SHOWN: usize = 20;

/// Copies what is new; 1 when the home had lost something.
pub(crate) async fn back_up(global: &Global, args: &BackupArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let wallets = home::settings(&home, &ServeArgs::default()).map(|settings| settings.wallet.path);
    let place = Place::make(&args.place, environment)?;
    let ledger = home.ledger().await?;
    let options = BackupOptions {
        now: Timestamp::now(),
        // A broken hivis.toml must not stop a backup: then only what is known is in it anyway.
        leave_out: wallets.into_iter().collect(),
        keep: args.keep.map(|keep| keep as usize),
    };
    let meter = Meter::bytes();
    let done = home.backup(&ledger, &place, &options, &|event| tell(&meter, event)).await;
    meter.end();
    let report = done.with_context(|| format!("{} was not backed up", home.path().display()))?;
    let whole = report.lost.is_empty();
    if global.json {
        println!("{}", json!({ "place": place.to_string(), "whole": whole, "backup": report }));
    } else {
        println!(
            "backup {} at {place}: {} files, {}; {} were new, {}",
            report.manifest,
            report.files,
            HumanBytes(report.bytes),
            report.copied,
            HumanBytes(report.copied_bytes)
        );
        if !report.removed.is_empty() {
            println!("{} older backups were removed", report.removed.len());
        }
        println!("wallets and keys are not in it: keep your phrase elsewhere");
        show("the home itself has lost", &report.lost);
    }
    ledger.close().await;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes a home of a backup; 1 when anything is missing in it.
pub(crate) async fn bring_back(global: &Global, args: &RestoreArgs) -> Result<ExitCode> {
    let place = Place::open(&args.place, environment)?;
    if args.list {
        return list(global, &place).await;
    }
    let path = home::path(global)?;
    let meter = Meter::bytes();
    let done = restore(&place, &path, args.at.as_deref(), &|event| tell(&meter, event)).await;
    meter.end();
    let report = done.with_context(|| format!("no home was restored at {}", path.display()))?;
    if global.json {
        println!("{}", json!({ "home": path, "whole": report.is_whole(), "restore": report }));
    } else {
        tell_restored(&path.display().to_string(), &report);
    }
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell_restored(home: &str, report: &RestoreReport) {
    println!(
        "{home} is what it was at {}: {} files, {}; every SHA-256 was checked, and fsck found {} pictures",
        report.made.strftime("%Y-%m-%d %H:%M:%S UTC"),
        report.files,
        HumanBytes(report.bytes),
        report.fsck.objects
    );
    show("not in the backup as they should be", &report.bad);
    show("lost before the backup was made", &report.lost);
    println!("next: bring the hotkey (no backup holds it), then `hivis --home {home} doctor`");
}

async fn list(global: &Global, place: &Place) -> Result<ExitCode> {
    let backups = place.backups().await?;
    if global.json {
        let row = |(name, head): &(String, Result<_, _>)| match head {
            Ok(head) => json!({ "name": name, "head": head }),
            Err(error) => json!({ "name": name, "error": hivis_store::StoreError::to_string(error) }),
        };
        println!("{}", json!(backups.iter().map(row).collect::<Vec<_>>()));
        return Ok(ExitCode::SUCCESS);
    }
    let row = |(name, head): &(String, Result<hivis_store::BackupHead, _>)| match head {
        Ok(head) => {
            let lost = if head.lost.is_empty() { String::new() } else { format!("{} lost", head.lost.len()) };
            vec![name.clone(), head.files.to_string(), HumanBytes(head.bytes).to_string(), lost]
        }
        Err(error) => vec![name.clone(), String::new(), String::new(), hivis_store::StoreError::to_string(error)],
    };
    let rows: Vec<_> = backups.iter().map(row).collect();
    print!("{}", table(&["backup", "files", "size", ""], &rows));
    Ok(ExitCode::SUCCESS)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn tell(meter: &Meter, event: CopyEvent) {
    match event {
        CopyEvent::Planned { files, bytes, there } => {
            meter.total(bytes);
            meter.say(&format!("{files} files: {} to copy, {} are there", HumanBytes(bytes), HumanBytes(there)));
        }
        CopyEvent::Bytes(more) => meter.add(more),
    }
}

fn show(what: &str, lost: &[Lost]) {
    if lost.is_empty() {
        return;
    }
    println!("{what}: {} files", lost.len());
    for Lost { path, why } in lost.iter().take(SHOWN) {
        println!("  {path}: {why}");
    }
    if lost.len() > SHOWN {
        println!("  and {} more (--json names all)", lost.len() - SHOWN);
    }
}
