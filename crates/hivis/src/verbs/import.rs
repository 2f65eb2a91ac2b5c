//! `hivis import`: a model as Hugging Face saves it becomes a release, a folder of pictures a data set of the home.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_onnx::{Head, HeadForm, Member, Model, ModelKind};
use hivis_store::PromotionKind;
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::cli::{Global, ImportDatasetArgs, ImportVerb, ServeArgs};
use crate::dataset::{self, Order};
use crate::failure::Hinted;
use crate::promote::Why;
use crate::release::{self, Build};
use crate::{backbone, home, promote};

/// Brings in what the verb says.
pub(crate) async fn run(global: &Global, verb: &ImportVerb) -> Result<ExitCode> {
    match verb {
        ImportVerb::Model { folder, id, head, label } => {
            model(global, folder, Names { id: id.as_deref(), head: head.as_deref(), label: label.as_deref() }).await
        }
        ImportVerb::Dataset(args) => pictures(global, args).await,
    }
}

/// What may be said beside the model's folder.
struct Names<'a> {
    id: Option<&'a str>,
    head: Option<&'a Path>,
    label: Option<&'a str>,
}

/// Reads the folder or the table and tells what came of it.
async fn pictures(global: &Global, args: &ImportDatasetArgs) -> Result<ExitCode> {
    let path = fs_err::canonicalize(&args.path).map_err(|error| {
        let hint = "a folder with class folders, metadata.csv or parquet tables, or one such table";
        anyhow::Error::new(error).context(Hinted::new("there is nothing to import", hint))
    })?;
    let home = home::open_or_create(global)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = args.name.clone().unwrap_or(stem);
    let order = Order { name, source: path.display().to_string(), revision: None, path };
    let report = dataset::import(&home, order).await?;
    report.tell(global)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads, writes the graph, runs it once, and points `current` at it.
async fn model(global: &Global, folder: &Path, names: Names<'_>) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let model = Model::read(folder).with_context(|| format!("{} cannot be imported", folder.display()))?;
    let id = match names.id {
        Some(id) => {
            ReleaseId::new(id).map_err(|e| anyhow::Error::new(e).context("lowercase letters, digits, `.`, `_`, `-`"))?
        }
        None => name(folder)?,
    };
    let head = match (names.head, model.kind()) {
        (Some(path), _) => HeadForm::read(path)?,
        (None, ModelKind::VitClassifier) => HeadForm::Dense(own_head(&model, names.label)?),
        (None, ModelKind::DinoV3 | ModelKind::DinoV2 | ModelKind::Siglip) => {
            let hint = "give the head's file with --head; training one comes with `hivis train`";
            return Err(Hinted::new("a backbone has no head of its own", hint).into());
        }
    };
    let built = release::build(
        &home,
        Build {
            id: id.clone(),
            members: &[Member { model: &model, head: &head, weight: 1.0 }],
            calibration: None,
            source: folder.display().to_string(),
            backbone: Some(backbone::called(folder)).filter(|name| !name.is_empty()),
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
    let name = backbone::called(&folder).to_lowercase();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    let name = name.trim_matches('-');
    let stem = if name.is_empty() { "model" } else { name };
    let id = format!("{stem}-{}", Timestamp::now().strftime("%Y%m%d-%H%M%S"));
    ReleaseId::new(id).context("no name could be made of the folder's: give one with --id")
}
