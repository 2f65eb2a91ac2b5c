//! `hivis release`: which releases there are, which one serves, and how another comes to serve.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_store::{Home, Ledger, Promotion, PromotionKind};
use hivis_types::{Precision, ReleaseId};
use serde_json::json;

use crate::cli::{Global, ReleaseVerb, ServeArgs};
use crate::config::ModelSettings;
use crate::exam_file::ExamFile;
use crate::failure::Hinted;
use crate::policy::Policy;
use crate::promote::Why;
use crate::table::table;
use crate::{home, promote, publish};

/// Moves that are looked at for "serving since" and for the way back.
const HISTORY: u32 = 1000;

/// Runs one of the release verbs.
pub(crate) async fn run(global: &Global, verb: &ReleaseVerb) -> Result<ExitCode> {
    let home = home::open(global)?;
    match verb {
        ReleaseVerb::List => list(global, &home).await?,
        ReleaseVerb::Show { id } => show(global, &home, id).await?,
        ReleaseVerb::Promote { id, policy } => {
            let id = ReleaseId::new(id.clone())?;
            // Told before an exam is asked for.
            promote::promotable(&home.releases().manifest(&id)?)?;
            let settings = home::settings(&home, &ServeArgs::default())?;
            let policy = policy.map_or(settings.policy, Policy::from);
            let exam = examined(&home, &id, policy, &settings.model)?;
            point(global, &home, &id, Why { kind: PromotionKind::Promote, exam }).await?;
        }
        ReleaseVerb::Rollback => {
            let id = before(&home, &home.ledger().await?).await?;
            point(global, &home, &id, Why { kind: PromotionKind::Rollback, exam: None }).await?;
        }
        ReleaseVerb::Export { id, folder } => export(&home, &ReleaseId::new(id.clone())?, folder)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(global: &Global, home: &Home) -> Result<()> {
    let (releases, current) = (home.releases(), home.releases().current()?);
    let moves = home.ledger().await?.promotions(HISTORY).await?;
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    for id in releases.list()? {
        let manifest = releases.manifest(&id)?;
        let since = since(&moves, &id);
        let precisions: Vec<&str> = manifest.precisions().into_iter().map(Precision::as_str).collect();
        let is_current = current.as_ref() == Some(&id);
        objects.push(json!({
            "release": id, "current": is_current, "created": manifest.created, "kind": manifest.kind,
            "version": manifest.version, "promotable": manifest.not_promotable().is_none(), "precisions": precisions, "served_from": since,
        }));
        rows.push(vec![
            format!("{} {id}", if is_current { "*" } else { " " }),
            manifest.version.map_or_else(|| "-".to_owned(), |version| version.to_string()),
            manifest.created.strftime("%Y-%m-%d %H:%M").to_string(),
            manifest.kind,
            precisions.join(","),
            since.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string()),
        ]);
    }
    if global.json {
        println!("{}", json!(objects));
    } else if rows.is_empty() {
        println!("no release yet; `hivis import model FOLDER` makes one");
    } else {
        print!("{}", table(&["  release", "version", "made (UTC)", "kind", "files", "last served from"], &rows));
    }
    Ok(())
}

/// When a server last began to serve it.
pub(crate) fn since(moves: &[Promotion], id: &ReleaseId) -> Option<jiff::Timestamp> {
    let of = moves.iter().filter(|m| m.release == *id).filter_map(|m| m.outcome.as_ref());
    of.filter(|outcome| outcome.serving).map(|outcome| outcome.at).next()
}

async fn show(global: &Global, home: &Home, id: &str) -> Result<()> {
    let release = home::load_release(home, &ReleaseId::new(id)?)?;
    let current = home.releases().current()?;
    let ledger = home.ledger().await?;
    let published = publish::last(&ledger, &release.manifest.id).await?;
    let moves = ledger.promotions(HISTORY).await?;
    let newest = moves.first().map(|last| last.seq);
    let moves: Vec<Promotion> = moves.into_iter().filter(|m| m.release == release.manifest.id).collect();
    if global.json {
        println!(
            "{}",
            json!({
                "manifest": release.manifest, "folder": release.folder, "moves": moves, "published": published,
                "current": current.as_ref() == Some(&release.manifest.id),
            })
        );
        return Ok(());
    }
    println!("{}\n", release.folder.display());
    print!("{}", fs_err::read_to_string(release.folder.join("release.toml"))?);
    if let Some(on) = published {
        println!("\n{} published: {} at {}", on.at.strftime("%Y-%m-%d %H:%M:%S UTC"), on.repo, on.revision);
    }
    for made in &moves {
        let outcome = match &made.outcome {
            None if newest != Some(made.seq) => "no server looked before the next move".to_owned(),
            None if current.as_ref() != Some(&made.release) => {
                "not done: the pointer names another; the same command does it".to_owned()
            }
            None => "no server has looked yet".to_owned(),
            Some(o) if o.serving => format!("serves since {}", o.at.strftime("%Y-%m-%d %H:%M:%S UTC")),
            Some(o) => format!("refused: {}", o.reason.as_deref().unwrap_or("no reason given")),
        };
        println!("\n{} {}: {outcome}", made.at.strftime("%Y-%m-%d %H:%M:%S UTC"), made.kind.as_str());
    }
    Ok(())
}

/// What the pointer named before the release that it names now.
pub(crate) async fn before(home: &Home, ledger: &Ledger) -> Result<ReleaseId> {
    let current = home.releases().current()?;
    let moves = ledger.promotions(HISTORY).await?;
    let there = home.releases().list()?;
    let last = moves
        .into_iter()
        .find(|m| Some(&m.release) == current.as_ref() && m.outcome.as_ref().is_none_or(|o| o.serving));
    let previous = last.and_then(|m| m.previous).filter(|id| there.contains(id) && Some(id) != current.as_ref());
    previous.ok_or_else(|| {
        Hinted::new("nothing served before the current release", "`hivis release promote ID` takes any").into()
    })
}

/// The exam that lets `id` take the place of the current release; `None` where none is needed: there is no current
/// release, or the policy looks at no exam.
pub(crate) fn examined(home: &Home, id: &ReleaseId, policy: Policy, model: &ModelSettings) -> Result<Option<String>> {
    let Some(current) = home.releases().current()?.filter(|current| current != id && policy != Policy::None) else {
        return Ok(None);
    };
    let hint = format!("hivis exam {current} {id} --pictures FOLDER");
    let Some((name, file)) = ExamFile::newest(home, &current, id)? else {
        return Err(Hinted::new(format!("{id} has sat no exam beside {current}"), hint).into());
    };
    if file.candidates.iter().any(|c| c.engine != model.engine || c.precision != model.precision) {
        let served = format!("{} in {}", model.engine.as_str(), model.precision.as_str());
        return Err(Hinted::new(format!("exams/{name} was not sat on {served}, which serves"), hint).into());
    }
    policy.judge(&file.report)?;
    Ok(Some(name))
}

async fn point(global: &Global, home: &Home, id: &ReleaseId, why: Why) -> Result<()> {
    let model = home::settings(home, &ServeArgs::default())?.model;
    let kind = why.kind;
    let moved = promote::point(home, id, why, &model).await?;
    if global.json {
        let serving = matches!(moved, promote::Moved::Serving);
        println!("{}", json!({ "release": id, "kind": kind, "serving": serving }));
    } else {
        println!("{}", promote::said(id, &moved));
    }
    Ok(())
}

/// A copy of the folder, for another machine or the Hub.
fn export(home: &Home, id: &ReleaseId, folder: &Path) -> Result<()> {
    let release = home::load_release(home, id)?;
    if folder.exists() && fs_err::read_dir(folder)?.next().is_some() {
        return Err(Hinted::new(format!("{} is not empty", folder.display()), "name a new folder").into());
    }
    fs_err::create_dir_all(folder)?;
    for name in release.manifest.files.keys().map(String::as_str).chain(["release.toml"]) {
        fs_err::copy(release.folder.join(name), folder.join(name)).context("the release could not be copied")?;
    }
    println!("{id} is in {}", folder.display());
    Ok(())
}
