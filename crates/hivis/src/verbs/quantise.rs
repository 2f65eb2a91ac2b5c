//! `hivis quantise`: the 8-bit file of a release, kept only when it agrees with the first.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use hivis_engine::{Engine, compare};
use hivis_examiner::{ExamPlan, Examiner};
use hivis_onnx::QuantiseOptions;
use hivis_store::{PromotionKind, Release, Releases, Staging};
use hivis_types::{Picture, Precision, ReleaseId};

use crate::card::{self, Derived};
use crate::cli::{Global, QuantiseArgs, ServeArgs};
use crate::failure::Hinted;
use crate::promote::Why;
use crate::verbs::exam;
use crate::{home, promote, recorded, swap};

/// More than this share of changed sides is refused (DESIGN section 4).
const LIMIT: f64 = 0.005;

/// Quantises a copy of the release, compares, and installs it under `<id>-int8`.
pub(crate) async fn run(global: &Global, args: &QuantiseArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let release = match &args.release {
        Some(id) => home::load_release(&home, &ReleaseId::new(id.clone())?)?,
        None => home::current_release(&home)?
            .ok_or_else(|| Hinted::new("there is no release", "hivis import model FOLDER"))?,
    };
    let id = ReleaseId::new(format!("{}-int8", release.manifest.id))?;
    if home.releases().list()?.contains(&id) {
        return Err(Hinted::new(
            format!("release {id} is there already"),
            "releases never change; it is ready to serve",
        )
        .into());
    }
    let count = args.count as usize;
    let pictures = pictures(global, &args.pictures, count).await?;
    if pictures.len() < count {
        let hint = "give a folder with --pictures, or wait until more are recorded";
        return Err(Hinted::new(format!("{} pictures, {count} are needed", pictures.len()), hint).into());
    }
    let (parent, version) = (release.manifest.id.clone(), release.manifest.version);
    let (staging, mut staged) = stage(&home.releases(), &release, &id, args.vnni)?;
    let first = swap::bring_up(release, &settings.model).await?;
    let mut model = settings.model.clone();
    model.precision = Precision::Int8;
    let second = swap::bring_up(staged.clone(), &model).await?;
    let (a, b): (Arc<dyn Engine>, Arc<dyn Engine>) = (first.engine, second.engine);
    eprintln!("comparing on {} pictures", pictures.len());
    let agreement = tokio::task::spawn_blocking(move || {
        let input = a.card().input;
        let sized: Vec<Picture> = pictures.iter().map(|p| hivis_image::resize_bilinear(p, input.0, input.1)).collect();
        compare(&*a, &*b, &sized)
    })
    .await
    .context("the comparison panicked")??;
    let share = agreement.changed_side as f64 / agreement.n as f64;
    let said = format!(
        "{} of {} change side ({:.2}%), largest difference {:.4}, mean {:.5}",
        agreement.changed_side,
        agreement.n,
        100.0 * share,
        agreement.max_abs,
        agreement.mean_abs
    );
    if share > LIMIT {
        return Err(Hinted::new(
            format!("refused: {said}"),
            "serve fp32; random or small models rarely survive 8 bits",
        )
        .into());
    }
    let how = if args.vnni { "weights in 8 bits" } else { "weights in 7 of 8 bits" };
    let derived = Derived {
        parent: &parent,
        how,
        pictures: agreement.n,
        changed: agreement.changed_side,
        largest: agreement.max_abs,
    };
    let claim = home.releases().claim_version(&staged.manifest, version)?;
    staged.manifest.version = Some(claim.version);
    let card = staging.join(card::FILE);
    fs_err::write(&card, card::text(&staged.manifest, None, Some(&derived))?)?;
    staged.manifest.files.insert(card::FILE.to_owned(), Releases::describe(&card, None)?);
    Releases::write_manifest(&staging, &staged.manifest)?;
    home.releases().install(&staging, &id)?;
    drop(claim);
    // It holds the fp32 file too, so what serves now serves on, and --precision chooses.
    let was_current = home.releases().current()?.as_ref() == Some(&parent);
    if was_current {
        promote::point(&home, &id, Why { kind: PromotionKind::Promote, exam: None }, &settings.model).await?;
    }
    if global.json {
        let agreement = serde_json::json!({
            "n": agreement.n, "changed_side": agreement.changed_side,
            "max_abs": agreement.max_abs, "mean_abs": agreement.mean_abs
        });
        println!("{}", serde_json::json!({ "release": id, "current": was_current, "agreement": agreement }));
    } else {
        println!("{said}");
        println!(
            "release {id} is ready{}",
            if was_current { " and current: serve it with --precision int8" } else { "" }
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn pictures(global: &Global, name: &str, count: usize) -> Result<Vec<Picture>> {
    if name == "home" {
        return recorded::newest(&home::open(global)?, count).await;
    }
    // Scenes and folders go through the validator's own augmentations: that is what the model sees.
    let mut source = exam::pictures(global, name).await?;
    let plan = ExamPlan { questions: u32::try_from(count)?, ..ExamPlan::default() };
    let set =
        tokio::task::spawn_blocking(move || Examiner::new(plan)?.questions(source.as_mut(), &hivis_examiner::silent))
            .await
            .context("making the pictures panicked")??;
    set.questions.iter().map(|q| q.picture().context("a picture of ours cannot be read")).collect()
}

/// A copy of the release with both graphs; version, card and `release.toml` are still to come.
fn stage(releases: &Releases, release: &Release, id: &ReleaseId, vnni: bool) -> Result<(Staging, Release)> {
    let staging = releases.staging(id)?;
    let mut manifest = release.manifest.clone();
    // The copy gets a card of its own.
    manifest.files.remove(card::FILE);
    for name in manifest.files.keys() {
        fs_err::copy(release.folder.join(name), staging.join(name))?;
    }
    let fp32 = release.graph(Precision::Fp32).context("the release has no fp32 file")?;
    let int8 = staging.join("model.int8.onnx");
    hivis_onnx::quantise(&fp32, &int8, &QuantiseOptions { weight_bits: if vnni { 8 } else { 7 } })?;
    manifest.files.insert("model.int8.onnx".to_owned(), Releases::describe(&int8, Some(Precision::Int8))?);
    manifest.id = id.clone();
    manifest.source = format!("{} quantised", release.manifest.id);
    manifest.created = jiff::Timestamp::now();
    let staged = Release { folder: staging.to_path_buf(), manifest };
    Ok((staging, staged))
}
