//! The pictures that go out, each with all that the home knows of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use hivis_examiner::pictures::Skipped;
use hivis_examiner::{Library, LibraryPicture, PictureBytes};
use hivis_store::{Home, Ledger, MadeBy, ObjectId, Sample, SampleFrom};
use hivis_train::split::{Out, Part};
use hivis_types::{Label, ReleaseId};

use crate::failure::Hinted;
use crate::imported::Which;
use crate::parts::Parted;
use crate::versioned;

/// A picture that goes out.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What the home could train on.
    pub(super) sample: Sample,
    /// Its part of the split, or why it is in none.
    pub(super) place: Result<Part, &'static str>,
    /// How it was made, of a generated one.
    pub(super) made: Option<MadeBy>,
    /// What the current release said of it: the probability of roadwork.
    pub(super) judged: Option<f64>,
}

/// All of them.
pub(super) struct Rows {
    /// In the order of SHA-256.
    pub(super) all: Vec<Row>,
    /// What cannot be read as a picture, with the reason.
    pub(super) unreadable: Vec<Skipped>,
    /// Whose judgements they carry.
    pub(super) release: Option<ReleaseId>,
}

impl Row {
    /// The name of the split as Hugging Face has it: hivis tunes and examines on two parts of the validation.
    pub(super) fn split(&self) -> Option<&'static str> {
        self.place.ok().map(|part| match part {
            Part::Train => "train",
            Part::Tune | Part::Exam => "validation",
            Part::Test => "test",
        })
    }
}

/// `none` or `roadwork`: the class folders, and the classes of tables by their number.
pub(super) fn class(label: Label) -> &'static str {
    CLASSES[usize::from(label.as_u8())]
}

/// The classes by their number.
pub(super) const CLASSES: [&str; 2] = ["none", "roadwork"];

/// A label by the names that other tools may give it, case aside.
pub(super) fn label(text: &str) -> Option<Label> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "roadwork" => Some(Label::Roadwork),
        "0" | "none" | "clear" => Some(Label::Clear),
        _ => None,
    }
}

/// The pictures that `of` names: `samples` or `data:NAME`.
pub(super) async fn gather(home: &Home, of: &str, split_seed: u64) -> Result<Rows> {
    let ledger = home.ledger().await?;
    let samples = samples(&ledger, of).await?;
    if samples.is_empty() {
        let hint = "`hivis import dataset FOLDER` brings labelled pictures; `hivis data list` shows what is there";
        return Err(Hinted::new("there is no labelled picture to export", hint).into());
    }
    for sample in &samples {
        if !sample.path.is_file() {
            let hint = "`hivis data fsck` names all that is damaged, and `hivis restore` brings a backup back";
            let missing = hivis_store::StoreError::MissingObject { path: sample.path.clone() };
            return Err(anyhow::Error::new(missing).context(Hinted::new("a picture of the home is not there", hint)));
        }
    }
    let (release, mut made) = (home.releases().current()?, ledger.made_by().await?);
    let judged = match &release {
        Some(release) => ledger.judged_by(release).await?,
        None => BTreeMap::new(),
    };
    let library = Library::new(of, samples.iter().map(picture)).upright();
    let home = home.clone();
    let parted = move || Parted::new(&home, &[&library], split_seed);
    let parted = tokio::task::spawn_blocking(parted).await.context("planning the split panicked")??;
    let (mut all, mut unreadable) = (Vec::with_capacity(samples.len()), Vec::new());
    for (at, sample) in samples.into_iter().enumerate() {
        if let Some(why) = parted.unreadable.get(&at) {
            unreadable.push(Skipped { name: parted.members[at].name.clone(), why: why.clone() });
            continue;
        }
        let place = if sample.disputed { Err("disputed") } else { parted.plan.rows[at].place.map_err(Out::as_str) };
        let (made, judged) = (made.remove(&sample.id), judged.get(&sample.id).copied());
        all.push(Row { sample, place, made, judged });
    }
    Ok(Rows { all, unreadable, release })
}

async fn samples(ledger: &Ledger, of: &str) -> Result<Vec<Sample>> {
    if of == "samples" {
        return Ok(ledger.samples().await?);
    }
    if let Some(name) = versioned::named(of) {
        return versioned::samples(ledger, name).await;
    }
    let Some(Which::Of(dataset)) = Which::named(of) else {
        let hint = "`samples` is all that could be trained on, `data:NAME` a data set, `version:NAME` a version";
        return Err(Hinted::new(format!("`{of}` names no pictures"), hint).into());
    };
    // In the words of that data set, where several have the picture.
    let mut found: BTreeMap<ObjectId, Sample> = ledger.samples().await?.into_iter().map(|s| (s.id, s)).collect();
    let told = |picture: hivis_store::ImportedPicture| {
        let sample = found.remove(&picture.id)?;
        let from = SampleFrom::Dataset { dataset: picture.dataset, name: picture.name };
        let (label, source) = (picture.label, picture.source);
        let (origin, scene, slices, disputed) = (picture.origin, picture.scene, picture.slices, picture.disputed);
        Some(Sample { label, source, origin, scene, slices, disputed, from, ..sample })
    };
    Ok(ledger.imported(Some(dataset)).await?.into_iter().filter_map(told).collect())
}

/// As the split knows it.
fn picture(sample: &Sample) -> LibraryPicture {
    let mut slices = sample.slices.clone();
    let name = match &sample.from {
        SampleFrom::Dataset { dataset, name } => format!("{dataset}/{name}"),
        SampleFrom::Record { record } => {
            slices.push(format!("label:{}", sample.source.as_str()));
            format!("record {record}")
        }
        SampleFrom::Generated { generator, .. } => format!("{generator} {}", sample.id),
    };
    LibraryPicture {
        bytes: PictureBytes::File(sample.path.clone()),
        name,
        label: sample.label,
        origin: sample.origin,
        scene: sample.scene.clone(),
        slices,
        trained_on: false,
    }
}
