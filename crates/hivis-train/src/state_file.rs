//! Named groups of tensors with text beside them, in one safetensors file that is replaced whole.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::TrainError;
use crate::weights::{Array, Weights};

/// What a file holds: `group.tensor` for every tensor, and the metadata.
#[derive(Debug, Default)]
pub(crate) struct StateFile {
    /// Tensors by group.
    pub(crate) groups: BTreeMap<String, Weights>,
    /// Texts by name.
    pub(crate) texts: HashMap<String, String>,
}

impl StateFile {
    /// Takes a group out; one that the file lacks is empty.
    pub(crate) fn take(&mut self, group: &str) -> Weights {
        self.groups.remove(group).unwrap_or_default()
    }

    /// A text that must be there.
    pub(crate) fn text(&self, name: &str, path: &Path) -> Result<&str, TrainError> {
        self.texts.get(name).map(String::as_str).ok_or_else(|| content(path, format!("no `{name}` in its metadata")))
    }

    /// A text that must be there, read as JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, name: &str, path: &Path) -> Result<T, TrainError> {
        serde_json::from_str(self.text(name, path)?).map_err(|error| content(path, format!("`{name}`: {error}")))
    }

    /// Reads a file of `groups`; another group in it is an error.
    pub(crate) fn read(path: &Path, groups: &[&str]) -> Result<Self, TrainError> {
        let bytes = fs_err::read(path).map_err(TrainError::file(path))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| content(path, error.to_string()))?;
        let mut file = Self { texts: header.metadata().clone().unwrap_or_default(), ..Self::default() };
        for (name, array) in Weights::from_bytes(&bytes)?.0 {
            let Some((group, tensor)) = name.split_once('.').filter(|(group, _)| groups.contains(group)) else {
                return Err(content(path, format!("odd tensor `{name}`")));
            };
            file.groups.entry(group.to_owned()).or_default().0.insert(tensor.to_owned(), array);
        }
        Ok(file)
    }
}

/// Writes groups and texts to `path`: beside it first, then in its place, so that a kill or a full disk at any moment
/// leaves the last whole file.
pub(crate) fn write(
    path: &Path,
    groups: &[(&str, &Weights)],
    texts: HashMap<String, String>,
) -> Result<(), TrainError> {
    let mut raw: Vec<(String, &Array, Vec<u8>)> = Vec::new();
    for (group, weights) in groups {
        for (name, array) in &weights.0 {
            let bytes = array.data.iter().flat_map(|v| v.to_le_bytes()).collect();
            raw.push((format!("{group}.{name}"), array, bytes));
        }
    }
    let bytes = raw
        .iter()
        .map(|(name, array, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, array.shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .and_then(|views| safetensors::serialize(views, Some(texts)))
        .map_err(|error| content(path, error.to_string()))?;
    let beside = path.with_extension("partial");
    let written = fs_err::File::create(&beside).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()
    });
    if let Err(source) = written {
        // What a full disk left of it would only be in the way.
        let _ = fs_err::remove_file(&beside);
        return Err(TrainError::File { path: beside, source });
    }
    fs_err::rename(&beside, path).map_err(TrainError::file(path))
}

/// JSON for a text.
pub(crate) fn to_json<T: serde::Serialize>(value: &T, path: &Path) -> Result<String, TrainError> {
    serde_json::to_string(value).map_err(|error| content(path, error.to_string()))
}

fn content(path: &Path, why: String) -> TrainError {
    TrainError::Content { what: path.display().to_string(), why }
}
