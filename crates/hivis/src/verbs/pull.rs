//! `hivis pull`: a model or a data set from the Hugging Face Hub.

use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_hub::{Event, Hub, PullLimits, Pulled, Repo, RepoKind, Wish, pull};
use hivis_onnx::{Model, ModelKind};
use hivis_store::Home;
use serde_json::json;

use crate::cli::{Global, PullArgs, PullVerb};
use crate::dataset::{self, Order};
use crate::home;
use crate::meter::Meter;

/// Bytes of the disk that a pull leaves free: recording stops below 2 GB.
const LEAVE_FREE: u64 = 3_000_000_000;

/// Loads, and of a data set imports the pictures.
pub(crate) async fn run(global: &Global, verb: &PullVerb) -> Result<ExitCode> {
    match verb {
        PullVerb::Model(args) => model(global, args).await?,
        PullVerb::Dataset(args) => dataset(global, args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn load(home: &Home, kind: RepoKind, args: &PullArgs) -> Result<Pulled> {
    let wish = Wish { repo: Repo::new(kind, &args.repo)?, revision: args.revision.clone() };
    let hub = Hub::from_environment(|name| std::env::var(name).ok())?;
    let limits = PullLimits { free: home.free_bytes()?.saturating_sub(LEAVE_FREE), ..PullLimits::default() };
    let meter = Meter::bytes();
    let show = |event: Event| match event {
        Event::Listed { commit, files, bytes } => {
            meter.total(bytes);
            let short = commit.get(..12).unwrap_or(&commit);
            meter.say(&format!("{} at {short}: {files} files, {bytes} bytes to load", args.repo));
        }
        Event::Bytes(more) => meter.add(more),
        Event::Done { .. } => {}
        Event::Waiting { why, wait } => meter.say(&format!("{why}; trying again in {} s", wait.as_secs())),
    };
    let pulled = pull(&hub, &wish, &home.hub(), &limits, &show).await;
    meter.end();
    pulled.with_context(|| format!("{} could not be pulled", hub.page(&wish.repo)))
}

async fn model(global: &Global, args: &PullArgs) -> Result<()> {
    let home = home::open_or_create(global)?;
    let pulled = load(&home, RepoKind::Model, args).await?;
    let folder = pulled.folder.display();
    let (next, trouble) = match Model::read(&pulled.folder) {
        Ok(model) if matches!(model.kind(), ModelKind::VitClassifier) => {
            (Some(format!("hivis import model {folder}")), None)
        }
        Ok(_) => (Some(format!("hivis train --pictures data --backbone {folder}")), None),
        Err(error) => (None, Some(error.to_string())),
    };
    if global.json {
        let said = json!({ "repo": args.repo, "commit": pulled.commit, "folder": pulled.folder, "files": pulled.files,
            "loaded": pulled.loaded, "bytes": pulled.bytes, "next": next, "trouble": trouble });
        println!("{said}");
        return Ok(());
    }
    println!("{} files, {} loaded now, in {folder}", pulled.files, pulled.loaded);
    match (next, trouble) {
        (Some(next), _) => println!("next: {next}"),
        (None, trouble) => println!("hivis does not know this kind of model: {}", trouble.unwrap_or_default()),
    }
    Ok(())
}

async fn dataset(global: &Global, args: &PullArgs) -> Result<()> {
    let home = home::open_or_create(global)?;
    let pulled = load(&home, RepoKind::Dataset, args).await?;
    let order = Order {
        name: args.repo.clone(),
        source: format!("hub:{}", args.repo),
        revision: Some(pulled.commit),
        path: pulled.folder,
    };
    dataset::import(&home, order).await?.tell(global)
}
