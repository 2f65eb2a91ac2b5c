//! A line of a version's `metadata.jsonl`: what is said of one picture.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result};
use hivis_examiner::{LibraryPicture, PictureBytes};
use hivis_store::{ObjectId, Sample, SampleFrom, VersionPicture};
use hivis_train::split::Part;
use hivis_types::{Label, LabelSource, Origin};
use serde::{Deserialize, Serialize};

/// Data sets that a person's changes of the repository came in as; their files keep their names.
pub(crate) const REPOSITORY: &str = "repository-";
/// Characters of the SHA-256 that a picture is named by.
const NAMED: usize = 16;

/// One picture; every field is always there, so that all lines have the same columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// `pictures/NAME`, as Hugging Face's imagefolder wants it.
    pub(crate) file_name: String,
    /// `roadwork` or `none`.
    pub(crate) label: String,
    /// Whose word that is.
    pub(crate) label_source: LabelSource,
    /// How sure that source is.
    pub(crate) confidence: f64,
    /// `real` or `synthetic`.
    pub(crate) origin: String,
    /// Pictures of one scene lie in one part.
    pub(crate) scene: String,
    /// The part of the split; none for a picture that is in no part, or when no split was made.
    pub(crate) split: Option<Part>,
    /// `record`, `dataset` or `generated`.
    pub(crate) from: String,
    /// The record that shows it.
    pub(crate) record: Option<String>,
    /// The data set that it came with.
    pub(crate) dataset: Option<String>,
    /// Its file or row there.
    pub(crate) name: Option<String>,
    /// What made it.
    pub(crate) generator: Option<String>,
    /// The picture that it varies, SHA-256 in hex.
    pub(crate) parent: Option<String>,
    /// Its identity.
    pub(crate) sha256: String,
    /// Tags such as `weather:rain`.
    pub(crate) slices: Vec<String>,
}

impl Line {
    /// The sample that it was made of, as far as the line tells.
    pub(crate) fn sample(&self, of: &VersionPicture) -> Result<Sample> {
        let label = [Label::Clear, Label::Roadwork].into_iter().find(|label| label_word(*label) == self.label);
        let origin = [Origin::Real, Origin::Synthetic].into_iter().find(|origin| origin.as_str() == self.origin);
        let name = || self.name.clone().unwrap_or_else(|| of.name.clone());
        let from = match (&self.record, &self.generator) {
            (Some(record), _) => SampleFrom::Record { record: record.clone() },
            (None, Some(generator)) => {
                SampleFrom::Generated { generator: generator.clone(), parent: self.parent.clone() }
            }
            (None, None) => SampleFrom::Dataset { dataset: self.dataset.clone().unwrap_or_default(), name: name() },
        };
        Ok(Sample {
            id: of.id,
            md5: of.md5,
            path: of.path.clone(),
            bytes: of.bytes,
            label: label.with_context(|| format!("`{}` is no label", self.label))?,
            source: self.label_source,
            confidence: self.confidence,
            disputed: false,
            origin: origin.with_context(|| format!("`{}` is no origin", self.origin))?,
            scene: self.scene.clone(),
            slices: self.slices.clone(),
            from,
        })
    }

    /// What the home says of a picture, not yet in any part.
    pub(crate) fn of(sample: &Sample, file: &str) -> Self {
        let mut line = Self {
            file_name: format!("pictures/{file}"),
            label: label_word(sample.label).to_owned(),
            label_source: sample.source,
            confidence: sample.confidence,
            origin: sample.origin.as_str().to_owned(),
            scene: sample.scene.clone(),
            split: None,
            from: sample.from.as_str().to_owned(),
            record: None,
            dataset: None,
            name: None,
            generator: None,
            parent: None,
            sha256: sample.id.to_string(),
            slices: sample.slices.clone(),
        };
        match &sample.from {
            SampleFrom::Dataset { dataset, name } => {
                (line.dataset, line.name) = (Some(dataset.clone()), Some(name.clone()));
            }
            SampleFrom::Record { record } => line.record = Some(record.clone()),
            SampleFrom::Generated { generator, parent } => {
                (line.generator, line.parent) = (Some(generator.clone()), parent.clone());
            }
        }
        line
    }

    /// Reads a line of the ledger.
    pub(crate) fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("a version's line cannot be read: this is a bug")
    }

    /// The line's text.
    pub(crate) fn text(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// True for roadwork.
    pub(crate) fn roadwork(&self) -> bool {
        self.label == label_word(Label::Roadwork)
    }

    /// True when figures are taken on it: it is in another part than the one that is learned from.
    pub(crate) fn judged(&self) -> bool {
        matches!(self.split, Some(Part::Tune | Part::Exam | Part::Test))
    }

    /// The same as a picture of a library. Its slices tell whose label it is, and where it came from.
    pub(crate) fn picture(&self, path: &Path) -> LibraryPicture {
        let mut slices = self.slices.clone();
        if !matches!(self.label_source, LabelSource::Dataset | LabelSource::Wanted) {
            slices.push(format!("label:{}", self.label_source.as_str()));
        }
        slices.push(format!("from:{}", self.from));
        LibraryPicture {
            bytes: PictureBytes::File(path.to_owned()),
            name: self.known_by(),
            label: if self.roadwork() { Label::Roadwork } else { Label::Clear },
            origin: if self.origin == Origin::Synthetic.as_str() { Origin::Synthetic } else { Origin::Real },
            scene: self.scene.clone(),
            slices,
            trained_on: false,
        }
    }

    /// What a person finds it by, as other sources of pictures call it.
    fn known_by(&self) -> String {
        match (&self.dataset, &self.name, &self.record) {
            (Some(dataset), Some(name), _) => format!("{dataset}/{name}"),
            (_, _, Some(record)) => format!("record {record}"),
            _ => format!("generated {}", self.sha256.get(..NAMED).unwrap_or(&self.sha256)),
        }
    }
}

/// A label as metadata has it.
pub(crate) fn label_word(label: Label) -> &'static str {
    match label {
        Label::Roadwork => "roadwork",
        Label::Clear => "none",
    }
}

/// The name of a picture's file: of its bytes, so that it is the same in every version and every home.
pub(crate) fn file_name(id: ObjectId, path: &Path) -> std::io::Result<String> {
    let mut head = Vec::with_capacity(12);
    fs_err::File::open(path)?.take(12).read_to_end(&mut head)?;
    let ending = match head.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => "webp",
        _ => "jpg",
    };
    Ok(format!("{}.{ending}", &id.to_string()[..NAMED]))
}

/// The name that a person gave a file in the repository.
pub(crate) fn given_name(sample: &Sample) -> Option<&str> {
    let SampleFrom::Dataset { dataset, name } = &sample.from else { return None };
    let name = dataset.starts_with(REPOSITORY).then(|| name.strip_prefix("pictures/"))??;
    (!name.is_empty()).then_some(name)
}
