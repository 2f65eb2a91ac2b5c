//! `hivis data version`, `hivis data fsck`, `hivis data gc`

mod care;
mod remote;
mod show;

use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_store::{Bump, LinkType};
use indicatif::HumanBytes;

pub(crate) use care::{fsck, gc};

use crate::cli::{BumpName, Global, LinkName, ServeArgs, VersionCheckoutArgs, VersionCreateArgs, VersionVerb};
use crate::versioning::{self, CutOrder, CutReport};
use crate::{bulk, home};

/// Runs one of the verbs on versions.
pub(crate) async fn run(global: &Global, verb: &VersionVerb) -> Result<ExitCode> {
    match verb {
        VersionVerb::Create(args) => create(global, args).await?,
        VersionVerb::List => show::list(global, &home::open(global)?).await?,
        VersionVerb::Show { name } => show::show(global, &home::open(global)?, name).await?,
        VersionVerb::Diff { a, b } => show::diff(global, &home::open(global)?, a, b).await?,
        VersionVerb::Checkout(args) => checkout(global, args).await?,
        VersionVerb::Rollback { name, dry_run, message } => {
            let home = home::open(global)?;
            let settings = home::settings(&home, &ServeArgs::default())?;
            let order = CutOrder { dry_run: *dry_run, message: message.clone(), ..CutOrder::default() };
            tell(global, &versioning::roll_back(&home, &settings, name, &order).await?)?;
        }
        VersionVerb::Adopt { dry_run, message } => {
            let order = CutOrder { dry_run: *dry_run, message: message.clone(), ..CutOrder::default() };
            adopt(global, &order).await?;
        }
        VersionVerb::Push { remote, only } => remote::push(global, remote.as_deref(), only.as_deref()).await?,
        VersionVerb::Pull { remote } => remote::pull(global, remote.as_deref()).await?,
        VersionVerb::Rebuild => care::rebuild(global).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Cuts a version of all samples.
async fn create(global: &Global, args: &VersionCreateArgs) -> Result<()> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let order = CutOrder {
        bump: args.bump.map(bump),
        message: args.message.clone(),
        dry_run: args.dry_run,
        no_split: args.no_split,
        ..CutOrder::default()
    };
    if let Some(folder) = &args.add {
        let added = bulk::add(&home, &home.ledger().await?, folder).await?;
        if !global.json {
            let skipped = added.skipped.len();
            println!(
                "{}: {} pictures new, {} already there, {} changed, {} gone, {skipped} skipped",
                added.dataset, added.new, added.there, added.changed, added.gone
            );
        }
    }
    let report = versioning::cut(&home, &settings, &order).await.context("no version was cut")?;
    tell(global, &report)
}

/// Takes over the user's own commit.
async fn adopt(global: &Global, order: &CutOrder) -> Result<()> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let report = versioning::adopt::adopt(&home, &settings, order).await?;
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    let Some(report) = report else {
        println!("there is nothing to take over: the repository holds the newest version");
        return Ok(());
    };
    println!(
        "commit {}: {} pictures added, {} taken out, {} labels changed by a person",
        report.commit, report.added, report.removed, report.relabelled
    );
    if report.described > 0 {
        println!("{} lines say something else than the label; that is not taken over", report.described);
    }
    for skipped in &report.skipped {
        println!("  skipped {}: {}", skipped.name, skipped.why);
    }
    match &report.cut {
        Some(cut) => tell(global, cut),
        None => Ok(()),
    }
}

fn tell(global: &Global, report: &CutReport) -> Result<()> {
    if global.json {
        println!("{}", serde_json::to_string(report)?);
        return Ok(());
    }
    println!("{}", report.said());
    if report.version.is_some() {
        println!("\n{}", report.notes);
    }
    Ok(())
}

async fn checkout(global: &Global, args: &VersionCheckoutArgs) -> Result<()> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let ledger = home.ledger().await?;
    let version = ledger.version_named(&args.name).await?;
    let link = args.link.map_or(settings.versions.link, link);
    let done = home.checkout_version(&ledger, &version, &args.folder, link).await;
    let report = done.with_context(|| format!("{} was not checked out", version.name))?;
    if global.json {
        println!("{}", serde_json::json!({ "version": version.name, "checkout": report }));
    } else {
        let (folder, pictures) = (report.folder.display(), report.pictures);
        let bytes = HumanBytes(report.bytes);
        println!("{} is in {folder}: {pictures} pictures, {bytes}, by {}", version.name, link.as_str());
    }
    Ok(())
}

fn bump(name: BumpName) -> Bump {
    match name {
        BumpName::Major => Bump::Major,
        BumpName::Minor => Bump::Minor,
        BumpName::Patch => Bump::Patch,
    }
}

fn link(name: LinkName) -> LinkType {
    match name {
        LinkName::Hardlink => LinkType::Hardlink,
        LinkName::Reflink => LinkType::Reflink,
        LinkName::Copy => LinkType::Copy,
    }
}
