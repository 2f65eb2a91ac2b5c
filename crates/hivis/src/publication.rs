//! What of a release goes to the Hub: which files, the two cards, and the recipe.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use askama::Template;
use hivis_hub::{Content, PushFile};
use hivis_onnx::HeadForm;
use hivis_store::{Home, Release};
use hivis_types::Hotkey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::backbone::Backbone;
use crate::card;
use crate::exam_file::ExamFile;
use crate::failure::Hinted;
use crate::licence::Licence;
use crate::release::ENSEMBLE;

/// NATIX's card.
pub(crate) const MODEL_CARD: &str = "model_card.json";
/// The card for people.
const README: &str = "README.md";
const LICENCE: &str = "LICENSE";
const RECIPE: &str = "recipe.json";
const MANIFEST: &str = "release.toml";

/// `model_card.json`, in the subnet's order of fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModelCard {
    pub(crate) model_name: String,
    pub(crate) description: String,
    /// X.Y.Z.
    pub(crate) version: String,
    /// The hotkey's ss58 address.
    pub(crate) submitted_by: String,
    /// RFC 3339, UTC, whole seconds; the subnet says only that it is a time.
    pub(crate) submission_time: String,
}

/// How much is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// The whole release.
    Full,
    /// Head, calibration and recipe: not the backbone's weights.
    HeadOnly,
}

/// A release with what is said of it.
pub(crate) struct Publication {
    pub(crate) release: Release,
    pub(crate) backbones: Vec<Backbone>,
    pub(crate) licence: Licence,
    pub(crate) form: Form,
    /// `model_name`, `description`.
    pub(crate) name: (String, String),
    pub(crate) hotkey: Hotkey,
    /// The newest exam that it sat.
    pub(crate) exam: Option<Examined>,
}

/// Figures of an exam, and of which pictures they are.
pub(crate) struct Examined {
    made: String,
    source: String,
    seen: &'static str,
    scenes: usize,
    questions: usize,
    accuracy: (f64, f64, f64),
    mcc: f64,
    reward: Option<(f64, f64, f64)>,
}

#[derive(Template)]
#[template(path = "publication.md")]
struct Readme<'a> {
    of: &'a Publication,
    card: &'a ModelCard,
    known: &'a [String],
    /// As JSON text, which is YAML too.
    own: Option<String>,
    base_models: Vec<&'a str>,
    model_index: &'a str,
    made: String,
    files: Vec<(&'a str, u64)>,
    sections: &'a str,
    fence: String,
}

impl Publication {
    /// X.Y.Z of the release.
    pub(crate) fn version(&self) -> Result<String> {
        let manifest = &self.release.manifest;
        let version = manifest.version.map(|version| version.to_string());
        version.ok_or_else(|| {
            let hint = "it was made before releases had versions: import or train the model again";
            Hinted::new(format!("release {} has no version", manifest.id), hint).into()
        })
    }

    /// NATIX's card, submitted at that time.
    pub(crate) fn card(&self, submitted: jiff::Timestamp) -> Result<ModelCard> {
        let second = jiff::Timestamp::from_second(submitted.as_second())?;
        Ok(ModelCard {
            model_name: self.name.0.clone(),
            description: self.name.1.clone(),
            version: self.version()?,
            submitted_by: self.hotkey.to_string(),
            submission_time: second.to_string(),
        })
    }

    /// All files, for a push.
    pub(crate) fn files(&self, card: &ModelCard) -> Result<Vec<PushFile>> {
        let bytes = |name: &str, bytes: Vec<u8>| PushFile { name: name.to_owned(), content: Content::Bytes(bytes) };
        let mut files: Vec<PushFile> = self
            .kept()?
            .into_iter()
            .map(|name| PushFile { name: name.to_owned(), content: Content::File(self.release.folder.join(name)) })
            .collect();
        files.push(bytes(RECIPE, pretty(&self.recipe()?)?));
        files.push(bytes(MODEL_CARD, pretty(card)?));
        files.push(bytes(LICENCE, self.licence.text.clone().into_bytes()));
        files.push(bytes(README, self.readme(card)?.into_bytes()));
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// Files of the release that go along.
    fn kept(&self) -> Result<Vec<&str>> {
        let manifest = &self.release.manifest;
        let names = manifest.files.keys().map(String::as_str);
        let mut kept: Vec<&str> = match self.form {
            Form::Full => names.collect(),
            Form::HeadOnly => names.filter(|name| is_head(name) || *name == ENSEMBLE).collect(),
        };
        let refused = |why: &str, hint: &str| Err(Hinted::new(format!("release {} {why}", manifest.id), hint).into());
        if self.form == Form::HeadOnly {
            let heads = kept.iter().filter(|name| is_head(name)).count();
            if heads == 0 {
                return refused("has no head of its own", "--full publishes the graph");
            }
            // The members' weights and the last calibration would stand in the graph alone.
            if heads > 1 && !kept.contains(&ENSEMBLE) {
                return refused("was made by an older hivis, which kept no ensemble.json", "make the ensemble anew");
            }
        }
        kept.push(MANIFEST);
        Ok(kept)
    }

    /// What is needed to make the graph again, and how the head was trained; no path of this computer is in it.
    fn recipe(&self) -> Result<Value> {
        let manifest = &self.release.manifest;
        let mut heads = Vec::new();
        for name in manifest.files.keys().filter(|name| is_head(name)) {
            let head = HeadForm::read(&self.release.folder.join(name))?;
            let (form, calibration) = match &head {
                HeadForm::Dense(head) => ("dense", head.calibration),
                HeadForm::Nearest(nearest) => ("nearest", nearest.calibration),
            };
            heads.push(json!({ "file": name, "form": form, "pooling": head.pooling().to_string(),
                "calibration": { "a": calibration.a, "b": calibration.b } }));
        }
        let backbones: Vec<Value> = self.backbones.iter().map(|b| json!({ "name": b.name, "hub": b.hub })).collect();
        Ok(json!({
            "release": manifest.id, "version": manifest.version, "kind": manifest.kind, "backbones": backbones,
            "licence": self.licence.title, "input": manifest.input, "features": manifest.features,
            "canary": manifest.canary, "heads": heads, "training": manifest.training,
        }))
    }

    /// The card for people. What the release's own card says of the graph, the training and the figures is in it.
    fn readme(&self, card: &ModelCard) -> Result<String> {
        let manifest = &self.release.manifest;
        let own_card = match fs_err::read_to_string(self.release.folder.join(card::FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => card::text(manifest, None, None)?,
            Err(error) => return Err(error.into()),
        };
        let (matter, body) = own_card
            .strip_prefix("---\n")
            .and_then(|rest| rest.split_once("\n---\n"))
            .with_context(|| format!("the card of release {} has no front matter", manifest.id))?;
        let known = card::known(&self.licence.names);
        let mut files: BTreeMap<&str, u64> = BTreeMap::new();
        for name in self.kept()? {
            files.insert(name, fs_err::metadata(self.release.folder.join(name))?.len());
        }
        let readme = Readme {
            of: self,
            card,
            known: if known { &self.licence.names } else { &[] },
            own: (!known).then(|| Value::from(self.licence.names.join(" or ")).to_string()),
            base_models: self.backbones.iter().filter_map(|backbone| backbone.hub.as_deref()).collect(),
            model_index: matter.find("\nmodel-index:").map_or("", |at| matter[at..].trim_end()),
            made: manifest.created.strftime("%Y-%m-%d %H:%M").to_string(),
            files: files.into_iter().collect(),
            sections: body.find("\n## ").map_or("", |at| body[at..].trim()),
            fence: fence(&self.licence.text),
        };
        let mut text = readme.render().context("the card cannot be written")?;
        text.push('\n');
        Ok(text)
    }

    fn full(&self) -> bool {
        self.form == Form::Full
    }
}

impl Examined {
    /// The newest exam that the release sat, of the pool that decides.
    pub(crate) fn newest(home: &Home, release: &hivis_types::ReleaseId) -> Result<Option<Self>> {
        let Some(file) = ExamFile::newest_of(home, release)? else { return Ok(None) };
        let at = file.candidates.iter().position(|sitter| sitter.release == *release);
        let Some(pool) = at.and_then(|at| file.report.candidates.get(at)?.headline()) else { return Ok(None) };
        // A folder's path is nobody's business.
        let source = file.report.source.rsplit('/').next().unwrap_or_default();
        Ok(Some(Self {
            made: file.made.strftime("%Y-%m-%d").to_string(),
            source: source.chars().filter(|c| !c.is_control()).collect(),
            seen: pool.seen.as_str(),
            scenes: pool.scenes,
            questions: pool.questions,
            accuracy: (pool.accuracy.share, pool.accuracy.low, pool.accuracy.high),
            mcc: pool.mcc,
            reward: pool.forecast.map(|f| f.from_full.reward).map(|reward| (reward.point, reward.low, reward.high)),
        }))
    }
}

/// Files that an earlier publication may have left and this one does not have.
pub(crate) fn stale(name: &str) -> bool {
    let named =
        ["model.onnx", "model.onnx.data", "model.int8.onnx", "model.int8.onnx.data", card::FILE, MANIFEST, RECIPE];
    is_head(name) || name == ENSEMBLE || named.contains(&name)
}

fn is_head(name: &str) -> bool {
    let number = name.strip_prefix("head.").and_then(|rest| rest.strip_suffix(".safetensors"));
    name == "head.safetensors" || number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// SHA-256 of `release.toml`: of the whole release, since that names the hash of every file.
pub(crate) fn hash(release: &Release) -> Result<String> {
    Ok(hex::encode(Sha256::digest(fs_err::read(release.folder.join(MANIFEST))?)))
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>> {
    Ok((serde_json::to_string_pretty(value)? + "\n").into_bytes())
}

/// A fence that nothing in the text ends.
fn fence(text: &str) -> String {
    let longest = text.lines().map(|line| line.trim_start().bytes().take_while(|b| *b == b'~').count()).max();
    "~".repeat(longest.unwrap_or(0).max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::{fence, is_head, stale};

    #[test]
    fn only_what_hivis_writes_is_stale() {
        for name in ["model.onnx", "head.safetensors", "head.12.safetensors", "card.md", "ensemble.json"] {
            assert!(stale(name), "{name}");
        }
        for name in
            ["README.md", "notes.txt", "head.x.safetensors", "model.safetensors", ".gitattributes", "sub/model.onnx"]
        {
            assert!(!stale(name), "{name}");
        }
        assert!(is_head("head.1.safetensors") && !is_head("model.onnx"));
    }

    #[test]
    fn no_licence_breaks_out_of_its_fence() {
        assert_eq!(fence("plain"), "~~~");
        assert_eq!(fence("a\n  ~~~~\nb"), "~~~~~");
    }
}
