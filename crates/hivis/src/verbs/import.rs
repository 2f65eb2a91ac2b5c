//! `hivis import model`: a model as Hugging Face saves it becomes a release.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_onnx::{Head, Model, ModelKind};
use hivis_store::PromotionKind;
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::cli::{Global, ImportVerb, ServeArgs};
use crate::failure::Hinted;
use crate::promote::Why;
use crate::release::{self, Build};
use crate::{home, promote};

/// Reads, writes the graph, runs it once, and points `current` at it.
pub(crate) async fn run(global: &Global, verb: &ImportVerb) -> Result<ExitCode> {
    let ImportVerb::Model { folder, id, head, label } = verb;
    let home = home::open_or_create(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let model = Model::read(folder).with_context(|| format!("{} cannot be imported", folder.display()))?;
    let id = match id {
        Some(id) => ReleaseId::new(id.clone())
            .map_err(|e| anyhow::Error::new(e).context("lowercase letters, digits, `.`, `_`, `-`"))?,
        None => name(folder)?,
    };
    let head = match (head, model.kind()) {
        (Some(path), _) => Head::read(path)?,
        (None, ModelKind::VitClassifier) => own_head(&model, label.as_deref())?,
        (None, ModelKind::DinoV3 | ModelKind::DinoV2 | ModelKind::Siglip) => {
            let hint = "give the head's file with --head; training one comes with `hivis train`";
            return Err(Hinted::new("a backbone has no head of its own", hint).into());
        }
    };
    let built = release::build(
        &home,
        Build {
            id: id.clone(),
            model: &model,
            head: &head,
            source: folder.display().to_string(),
            backbone: folder.file_name().map(|n| n.to_string_lossy().into_owned()),
            licence: "unknown: see the model's own card".to_owned(),
            training: None,
            figures: None,
        },
    )?;
    let (place, features) = (built.folder, built.manifest.features);
    let moved = promote::point(&home, &id, Why { kind: PromotionKind::Import, exam: None }, &settings.model).await?;
    if global.json {
        println!("{}", serde_json::json!({ "release": id, "folder": place, "features": features }));
    } else {
        println!("release {} ({})", promote::said(&id, &moved), place.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn own_head(model: &Model, label: Option<&str>) -> Result<Head> {
    let wanted = label.unwrap_or("Roadwork");
    model.own_head(wanted).map_err(|error| {
        let hint =
            format!("name the label that means roadwork with --label; the model has {}", model.labels().join(", "));
        anyhow::Error::new(error).context(Hinted::new(format!("the model has no label `{wanted}`"), hint))
    })
}

/// The folder's name and the time, in the letters that a release may have.
fn name(folder: &Path) -> Result<ReleaseId> {
    let folder = fs_err::canonicalize(folder)?;
    let name = folder.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    let name = name.trim_matches('-');
    let stem = if name.is_empty() { "model" } else { name };
    let id = format!("{stem}-{}", Timestamp::now().strftime("%Y%m%d-%H%M%S"));
    ReleaseId::new(id).context("no name could be made of the folder's: give one with --id")
}
