//! Looking after versions: `hivis data fsck`, `hivis data gc`, `hivis data version rebuild`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{CheckOptions, GcOptions, Home, Trouble, VersionName};
use indicatif::HumanBytes;

use crate::cli::{DataFsckArgs, DataGcArgs, Global, ServeArgs};
use crate::{home, versioning};

/// Troubles that are shown; --json has all.
const SHOWN: usize = 20;

/// Checks the objects and the repository; 1 when something stays wrong.
pub(crate) async fn fsck(global: &Global, args: &DataFsckArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let ledger = home.ledger().await?;
    let versions = versioning::lock(&home, &ledger, &settings)?;
    let report = versions.check(CheckOptions { repair: args.repair }).await?;
    let code = if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(code);
    }
    println!("{} versions, {} pictures, {} were read", report.versions, report.pictures, HumanBytes(report.bytes));
    if let Some(why) = &report.no_git {
        println!("commits and tags were not looked at: {why}");
    }
    let (mended, wrong): (Vec<&Trouble>, Vec<&Trouble>) = report.troubles.iter().partition(|trouble| trouble.mended);
    for trouble in wrong.iter().take(SHOWN) {
        println!("{}: {}\n  {}", trouble.what, trouble.wrong, trouble.mend);
    }
    if wrong.len() > SHOWN {
        println!("and {} more (--json names all)", wrong.len() - SHOWN);
    }
    match (wrong.len(), mended.len()) {
        (0, 0) => println!("nothing is wrong"),
        (left, mended) => println!("{left} things are wrong, {mended} were mended"),
    }
    Ok(code)
}

/// Removes versions that nobody names and that are not among the newest.
pub(crate) async fn gc(global: &Global, args: &DataGcArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let ledger = home.ledger().await?;
    let versions = versioning::lock(&home, &ledger, &settings)?;
    let all: Vec<VersionName> = ledger.versions().await?.into_iter().map(|version| version.name).collect();
    let keep = args.keep.map_or(settings.versions.keep, |keep| keep as usize);
    let options = GcOptions { keep, used: used(&home, &all)?, dry_run: args.dry_run };
    let report = versions.gc(&options).await?;
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    let would = if args.dry_run { "would go" } else { "went" };
    let names: Vec<String> = report.removed.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => println!("no version {would}; {} are kept", report.kept),
        names => println!("{} {would}; {} are kept", names.join(", "), report.kept),
    }
    if !report.used.is_empty() {
        let used: Vec<String> = report.used.iter().map(ToString::to_string).collect();
        println!("kept because a release, an exam or a training names them: {}", used.join(", "));
    }
    println!(
        "{} links of the cache {would}, {} freed; no recording is touched",
        report.links,
        HumanBytes(report.bytes)
    );
    Ok(ExitCode::SUCCESS)
}

/// Versions whose name stands in a release, a training's run or an exam.
fn used(home: &Home, all: &[VersionName]) -> Result<HashSet<VersionName>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for (folder, name) in [(home.runs(), "run.toml"), (home.path().join("releases"), "release.toml")] {
        for entry in fs_err::read_dir(folder)? {
            files.push(entry?.path().join(name));
        }
    }
    for entry in fs_err::read_dir(home.exams())? {
        files.push(entry?.path());
    }
    let names: Vec<(VersionName, String)> = all.iter().map(|name| (*name, name.to_string())).collect();
    let mut used = HashSet::new();
    for file in files.into_iter().filter(|file| file.is_file()) {
        let bytes = fs_err::read(&file)?;
        let text = String::from_utf8_lossy(&bytes);
        used.extend(names.iter().filter(|(_, text_of)| text.contains(text_of.as_str())).map(|(name, _)| *name));
    }
    Ok(used)
}

/// Makes the repository again.
pub(super) async fn rebuild(global: &Global) -> Result<()> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let ledger = home.ledger().await?;
    let versions = versioning::lock(&home, &ledger, &settings)?;
    let aside = versions.rebuild().await?;
    if global.json {
        println!("{}", serde_json::json!({ "repository": home.dataset(), "aside": aside }));
        return Ok(());
    }
    println!("{} is made anew", home.dataset().display());
    if let Some(aside) = aside {
        println!("the old history lies in {}", aside.display());
    }
    Ok(())
}
