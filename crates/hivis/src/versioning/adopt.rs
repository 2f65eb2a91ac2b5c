//! Taking over what a person changed in the repository with DVC.

use std::collections::HashMap;

use anyhow::{Context, Result};
use hivis_examiner::pictures::Skipped;
use hivis_image::DecodeLimits;
use hivis_store::{
    Edited, Home, Ledger, NewDataset, NewPicture, ObjectId, Outcome, StoredLabel, VersionState, Versions,
};
use hivis_types::{Label, LabelSource, Origin, RecordId};
use serde::{Deserialize, Serialize};

use super::line::{Line, REPOSITORY, label_word};
use super::{CutOrder, CutReport};
use crate::config::Settings;
use crate::failure::Hinted;

/// Characters of a commit in a data set's name.
const SHORT: usize = 12;

/// What was taken over.
#[derive(Debug, Serialize)]
pub(crate) struct AdoptReport {
    /// The commit.
    pub(crate) commit: String,
    /// Pictures that are new, or back.
    pub(crate) added: u64,
    /// Pictures that were taken out.
    pub(crate) removed: u64,
    /// Labels that a person changed.
    pub(crate) relabelled: u64,
    /// Lines of which something else than the label was changed: that is not taken over.
    pub(crate) described: u64,
    /// Files that are of no use, with the reason.
    pub(crate) skipped: Vec<Skipped>,
    /// The version that was cut of it.
    pub(crate) cut: Option<CutReport>,
}

/// What a person may write in a line of `metadata.jsonl`.
#[derive(Clone, Debug, Deserialize)]
struct Written {
    file_name: String,
    label: Option<serde_json::Value>,
    origin: Option<String>,
    scene: Option<String>,
    #[serde(default)]
    slices: Option<Vec<String>>,
}

/// What is to be written into the ledger.
struct Taken {
    new: Vec<NewPicture>,
    back: Vec<ObjectId>,
    labels: Vec<(ObjectId, Line, Label)>,
}

/// Takes over the folder that the branch's newest commit names, and cuts a version of the home with it. `None` when that
/// is the newest version's folder.
pub(crate) async fn adopt(home: &Home, settings: &Settings, order: &CutOrder) -> Result<Option<AdoptReport>> {
    let ledger = home.ledger().await?;
    let mut versions = super::lock(home, &ledger, settings)?;
    versions.finish().await?;
    let Some(edited) = versions.edited().await? else { return Ok(None) };
    let mut report = AdoptReport {
        commit: edited.commit.clone(),
        added: 0,
        removed: edited.removed.len() as u64,
        relabelled: 0,
        described: 0,
        skipped: Vec::new(),
        cut: None,
    };
    let all = ledger.versions().await?;
    if let Some(old) = all.iter().find(|v| v.state == VersionState::Cut && v.dir == Some(edited.dir)) {
        versions.accept(&edited);
        let name = old.name.to_string();
        report.cut = Some(super::roll_back_with(home, &ledger, &versions, (&name, order)).await?);
        return Ok(Some(report));
    }
    let written = table(&edited)?;
    let labels = changed_labels(&edited, &written, &mut report)?;
    let (new, back) = added(&edited, &written, &mut report)?;
    report.added = new.len() as u64;
    report.relabelled = labels.len() as u64;
    if !order.dry_run {
        take(&ledger, &edited, Taken { new, back, labels }, order).await?;
        versions.accept(&edited);
    }
    report.cut = cut(home, settings, (&ledger, &versions), order).await?;
    Ok(Some(report))
}

async fn cut(
    home: &Home,
    settings: &Settings,
    (ledger, versions): (&Ledger, &Versions),
    order: &CutOrder,
) -> Result<Option<CutReport>> {
    if order.dry_run {
        return Ok(None);
    }
    super::cut_with(home, settings, (ledger, versions), order).await.map(Some)
}

/// The lines of the folder's table, by file.
fn table(edited: &Edited) -> Result<HashMap<String, Written>> {
    let text = edited.table.as_deref().ok_or_else(|| {
        let hint = "put it back beside `pictures`: it says what each picture shows";
        Hinted::new("the repository's folder has no metadata.jsonl", hint)
    })?;
    let mut lines = HashMap::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let written: Written = serde_json::from_str(line).map_err(|error| {
            let hint = "one JSON object a line, with file_name and label; mend it, `dvc add data` and commit";
            Hinted::new(format!("line {} of metadata.jsonl cannot be read: {error}", at + 1), hint)
        })?;
        lines.insert(written.file_name.clone(), written);
    }
    Ok(lines)
}

impl Written {
    fn label(&self) -> Option<Label> {
        let text = match self.label.as_ref()? {
            serde_json::Value::String(text) => text.trim().to_ascii_lowercase(),
            other => other.to_string(),
        };
        match text.as_str() {
            "roadwork" | "1" | "true" => Some(Label::Roadwork),
            "none" | "clear" | "0" | "false" => Some(Label::Clear),
            _ => None,
        }
    }
}

/// Pictures of the newest version whose label a person changed.
fn changed_labels(
    edited: &Edited,
    written: &HashMap<String, Written>,
    report: &mut AdoptReport,
) -> Result<Vec<(ObjectId, Line, Label)>> {
    let mut changed = Vec::new();
    for (picture, path) in &edited.kept {
        let line = Line::read(&picture.line)?;
        let skip = |why: &str| Skipped { name: path.clone(), why: why.to_owned() };
        let Some(now) = written.get(path) else {
            report.skipped.push(skip("no line of metadata.jsonl names it: its label stays as it is"));
            continue;
        };
        let Some(label) = now.label() else {
            report.skipped.push(skip("its label is neither roadwork nor none: it stays as it is"));
            continue;
        };
        if label_word(label) != line.label {
            changed.push((picture.id, line, label));
            continue;
        }
        let same = now.scene.as_ref().is_none_or(|scene| *scene == line.scene)
            && now.slices.as_ref().is_none_or(|slices| *slices == line.slices);
        report.described += u64::from(!same);
    }
    Ok(changed)
}

/// New pictures with what is said of them, and pictures that are back.
fn added(
    edited: &Edited,
    written: &HashMap<String, Written>,
    report: &mut AdoptReport,
) -> Result<(Vec<NewPicture>, Vec<ObjectId>)> {
    let (mut new, mut back) = (Vec::new(), Vec::new());
    for file in &edited.added {
        let mut skip = |why: String| report.skipped.push(Skipped { name: file.path.clone(), why });
        let Some(says) = written.get(&file.path) else {
            skip("no line of metadata.jsonl says what it shows".to_owned());
            continue;
        };
        let Some(label) = says.label() else {
            skip("its label is neither roadwork nor none".to_owned());
            continue;
        };
        let bytes = fs_err::read(&file.file)?;
        if hivis_store::Md5::of(&bytes) != file.md5 {
            skip("the cache holds other bytes under its name".to_owned());
            continue;
        }
        if let Err(error) = hivis_image::decode_upright(&bytes, &DecodeLimits::default()) {
            skip(error.to_string());
            continue;
        }
        back.push(ObjectId::of(&bytes));
        let synthetic = says.origin.as_deref() == Some(Origin::Synthetic.as_str());
        new.push(NewPicture {
            bytes,
            name: file.path.clone(),
            label,
            origin: if synthetic { Origin::Synthetic } else { Origin::Real },
            scene: says.scene.clone().unwrap_or_else(|| file.path.clone()),
            slices: says.slices.clone().unwrap_or_default(),
        });
    }
    Ok((new, back))
}

/// Writes all of it into the ledger. Each part can be repeated: a power cut in between leaves what the same command ends.
async fn take(ledger: &Ledger, edited: &Edited, Taken { new, back, labels }: Taken, order: &CutOrder) -> Result<()> {
    let now = order.now;
    if !new.is_empty() {
        let short = edited.commit.get(..SHORT).unwrap_or(&edited.commit);
        let source = format!("commit {} of the repository", edited.commit);
        let dataset =
            NewDataset { name: format!("{REPOSITORY}{short}"), source, revision: Some(edited.commit.clone()) };
        let import = ledger.begin_import(&dataset, now).await?;
        for outcome in ledger.import(&import, &new).await? {
            if let Outcome::Refused(why) = outcome {
                return Err(
                    Hinted::new(format!("a picture cannot be taken: {why}"), "take it out of the folder").into()
                );
            }
        }
        ledger.end_import(&import, now).await?;
    }
    for (id, line, label) in labels {
        let word = StoredLabel { label, source: LabelSource::Person, confidence: 1.0, at: now };
        let record = line.record.map(serde_json::Value::from).map(serde_json::from_value::<RecordId>);
        match record {
            Some(Ok(record)) => {
                ledger.label(record, word).await.context("a label cannot be written")?;
            }
            _ => ledger.label_picture(id, word).await?,
        }
    }
    let out: Vec<ObjectId> = edited.removed.iter().map(|picture| picture.id).collect();
    let why = format!("taken out by commit {}", edited.commit);
    Ok(ledger.leave_out(&out, &back, (&why, now)).await?)
}
