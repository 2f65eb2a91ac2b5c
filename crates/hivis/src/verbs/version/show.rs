//! Versions as a person reads them: the list, one of them, the difference of two.

use anyhow::Result;
use hivis_store::{DataVersion, Home, ObjectId, VersionState};
use indicatif::HumanBytes;
use serde_json::json;

use crate::cli::Global;
use crate::table::table;
use crate::versioning::change::Change;
use crate::versioning::line::Line;
use crate::versioning::used_by;

/// Characters of a commit or a hash that are shown.
const SHORT: usize = 12;

pub(super) async fn list(global: &Global, home: &Home) -> Result<()> {
    let versions = home.ledger().await?.versions().await?;
    if global.json {
        println!("{}", serde_json::to_string(&versions)?);
        return Ok(());
    }
    if versions.is_empty() {
        println!("no version yet; `hivis data version create` cuts the first");
        return Ok(());
    }
    let row = |version: &DataVersion| {
        let state = match version.state {
            VersionState::Cutting => "half cut",
            VersionState::Cut => "",
            VersionState::Removed => "removed",
        };
        vec![
            version.name.to_string(),
            version.pictures.to_string(),
            HumanBytes(version.bytes).to_string(),
            version.at.strftime("%Y-%m-%d %H:%M").to_string(),
            version.commit.as_deref().map_or("-", |commit| commit.get(..SHORT).unwrap_or(commit)).to_owned(),
            state.to_owned(),
        ]
    };
    let rows: Vec<_> = versions.iter().map(row).collect();
    print!("{}", table(&["version", "pictures", "size", "cut (UTC)", "commit", ""], &rows));
    Ok(())
}

pub(super) async fn show(global: &Global, home: &Home, name: &str) -> Result<()> {
    let version = home.ledger().await?.version_named(name).await?;
    let used = used_by(home, version.name)?;
    if global.json {
        println!("{}", json!({ "version": version, "releases": used }));
        return Ok(());
    }
    println!("{}", version.name);
    println!("cut       {}", version.at.strftime("%Y-%m-%d %H:%M:%S UTC"));
    println!("pictures  {}, {}", version.pictures, HumanBytes(version.bytes));
    if let Some(dir) = version.dir {
        println!("DVC       {dir}.dir");
    }
    println!("commit    {}", version.commit.as_deref().unwrap_or("none yet"));
    let used: Vec<&str> = used.iter().map(hivis_types::ReleaseId::as_str).collect();
    println!("releases  {}", if used.is_empty() { "none trained on it".to_owned() } else { used.join(", ") });
    println!("\n{}", version.notes);
    Ok(())
}

pub(super) async fn diff(global: &Global, home: &Home, a: &str, b: &str) -> Result<()> {
    let ledger = home.ledger().await?;
    let (a, b) = (ledger.version_named(a).await?, ledger.version_named(b).await?);
    let before = ledger.version_pictures(&a).await?;
    let read = |picture: hivis_store::VersionPicture| Ok((picture.id, Line::read(&picture.line)?));
    let after: Vec<(ObjectId, Line)> =
        ledger.version_pictures(&b).await?.into_iter().map(read).collect::<Result<_>>()?;
    let change = Change::between(&before, &after)?;
    if global.json {
        println!("{}", json!({ "a": a.name, "b": b.name, "change": change }));
        return Ok(());
    }
    if change.is_nothing() {
        println!("{} and {} hold the same", a.name, b.name);
        return Ok(());
    }
    let mut rows = Vec::new();
    for (what, counts) in [("added", &change.added), ("removed", &change.removed)] {
        for (source, count) in counts {
            rows.push(vec![format!("{what}: {source}"), count.pictures.to_string(), count.roadwork.to_string()]);
        }
    }
    let plain = |what: String, count: u64| vec![what, count.to_string(), String::new()];
    rows.extend(change.relabelled.iter().map(|(source, count)| plain(format!("another label, by {source}"), *count)));
    for (what, count) in [("in another part", change.moved), ("something else is said of", change.described)] {
        if count > 0 {
            rows.push(plain(what.to_owned(), count));
        }
    }
    print!("{}", table(&[&format!("{} to {}", a.name, b.name), "pictures", "roadwork"], &rows));
    if !change.columns.is_empty() {
        println!("other columns: {}", change.columns.join(", "));
    }
    Ok(())
}
