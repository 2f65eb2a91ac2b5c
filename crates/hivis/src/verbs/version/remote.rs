//! Versions to and from a remote: `hivis data version push`, `hivis data version pull`.

use std::collections::HashSet;

use anyhow::{Context, Result};
use hivis_store::{CopyEvent, Home, Ledger, NewDataset, NewPicture, ObjectId, Place, SampleFrom, VersionPicture};
use hivis_types::{Label, Origin};
use indicatif::HumanBytes;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{Global, ServeArgs};
use crate::config::Settings;
use crate::failure::Hinted;
use crate::meter::Meter;
use crate::versioning::line::Line;
use crate::{home, versioning};

/// The data set that pictures of pulled versions are in.
const PULLED: &str = "pulled";
/// Pictures that come in together.
const GROUP: usize = 64;

pub(super) async fn push(global: &Global, remote: Option<&str>, only: Option<&str>) -> Result<()> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let place = Place::make(&named(&settings, remote)?, environment)?;
    let ledger = home.ledger().await?;
    let only = match only {
        Some(name) => Some(ledger.version_named(name).await?),
        None => None,
    };
    let versions = versioning::lock(&home, &ledger, &settings)?;
    let meter = Meter::bytes();
    let done = versions.push(&place, only.as_ref(), &|event| tell(&meter, event)).await;
    meter.end();
    let report = done.with_context(|| format!("not all was pushed to {place}"))?;
    if global.json {
        println!("{}", json!({ "place": place.to_string(), "push": report }));
        return Ok(());
    }
    let (versions, bytes) = (report.versions.len(), HumanBytes(report.bytes));
    println!("{versions} versions are at {place}: {} files sent, {bytes}; {} were there", report.files, report.there);
    Ok(())
}

pub(super) async fn pull(global: &Global, remote: Option<&str>) -> Result<()> {
    let home = home::open_or_create(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let place = Place::open(&named(&settings, remote)?, environment)?;
    let ledger = home.ledger().await?;
    let versions = versioning::lock(&home, &ledger, &settings)?;
    let meter = Meter::things("files");
    let show = |event| {
        if let CopyEvent::Bytes(_) = event {
            meter.add(1);
        }
    };
    let done = versions.pull(&place, Timestamp::now(), &show).await;
    meter.end();
    let report = done.with_context(|| format!("not all was pulled from {place}"))?;
    let known = if report.new.is_empty() { 0 } else { know(&home, &ledger, &place.to_string()).await? };
    if global.json {
        println!("{}", json!({ "place": place.to_string(), "pull": report, "pictures": known }));
        return Ok(());
    }
    let (new, bytes) = (report.new.len(), HumanBytes(report.bytes));
    println!("{new} new versions from {place}: {} files, {bytes}", report.files);
    if known > 0 {
        println!("{known} pictures are in the data set `{PULLED}`, so that the next version goes on from them");
    }
    if report.edited > 0 {
        println!("{} files of your own commit are here now; `hivis data version adopt` takes it over", report.edited);
    }
    Ok(())
}

/// Brings the newest version's pictures, as far as the home knows nothing of them but that, into a data set: a version is
/// cut of what the home says of its pictures, and the next one should not lose these.
async fn know(home: &Home, ledger: &Ledger, place: &str) -> Result<u64> {
    let newest = ledger.latest_version().await?.context("a version was pulled: this is a bug")?;
    let ours = |from: &SampleFrom| !matches!(from, SampleFrom::Dataset { dataset, .. } if dataset == PULLED);
    let known: HashSet<ObjectId> =
        ledger.samples().await?.into_iter().filter(|sample| ours(&sample.from)).map(|sample| sample.id).collect();
    let mut pictures = ledger.version_pictures(&newest).await?;
    pictures.retain(|picture| !known.contains(&picture.id));
    let new = NewDataset { name: PULLED.to_owned(), source: place.to_owned(), revision: Some(newest.name.to_string()) };
    let import = ledger.begin_import(&new, Timestamp::now()).await?;
    for group in pictures.chunks(GROUP) {
        let rows = group.iter().map(|picture| row(home, picture)).collect::<Result<Vec<_>>>()?;
        ledger.import(&import, &rows).await?;
    }
    ledger.end_import(&import, Timestamp::now()).await?;
    Ok(pictures.len() as u64)
}

fn row(home: &Home, picture: &VersionPicture) -> Result<NewPicture> {
    let line = Line::read(&picture.line)?;
    Ok(NewPicture {
        bytes: home.objects().get(picture.id, picture.md5)?,
        label: if line.roadwork() { Label::Roadwork } else { Label::Clear },
        origin: if line.origin == Origin::Synthetic.as_str() { Origin::Synthetic } else { Origin::Real },
        name: line.file_name,
        scene: line.scene,
        slices: line.slices,
    })
}

/// The remote that was asked for, or the configured one.
fn named(settings: &Settings, remote: Option<&str>) -> Result<String> {
    let named = remote.map(str::to_owned).or_else(|| settings.versions.remote.clone());
    named.ok_or_else(|| {
        let hint = "`hivis data version push s3://BUCKET/PREFIX`, or [versions] remote = \"...\" in hivis.toml";
        Hinted::new("no remote is named", hint).into()
    })
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn tell(meter: &Meter, event: CopyEvent) {
    match event {
        CopyEvent::Planned { files, bytes, .. } => {
            meter.total(bytes);
            meter.say(&format!("{files} pictures to send, {}", HumanBytes(bytes)));
        }
        CopyEvent::Bytes(more) => meter.add(more),
    }
}
