//! What FiftyOne wrote, or we and FiftyOne after us.

use std::path::{Component, Path};

use anyhow::Result;
use fs_err as fs;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::found::{Found, Take, inside, origin};
use super::super::kept::{Fields, Keeping, Said, inside as entries};
use super::super::rows::label;
use super::schema::{self, Document};
use super::{ITS_OWN, LABEL, OURS, stream};
use crate::failure::Hinted;

/// What an import reads or the export makes anew; everything else in the folder is kept.
const READ: [&str; 4] = ["metadata.json", "samples.json", "samples", "data"];

/// Gives every sample.
pub(in crate::bridge) fn read(folder: &Path, take: &mut Take<'_>) -> Result<()> {
    let path = folder.join("metadata.json");
    let broken = |path: &Path| {
        let hint = "export it from FiftyOne again as fiftyone.types.FiftyOneDataset; nothing was changed";
        Hinted::new(format!("{} cannot be read", path.display()), hint)
    };
    let text = fs::read_to_string(&path).map_err(|e| anyhow::Error::new(e).context(broken(&path)))?;
    let document = schema::parse(&text).map_err(|error| match error.downcast_ref::<Hinted>() {
        Some(_) => error.context(format!("{} is not for hivis", path.display())),
        None => error.context(broken(&path)),
    })?;
    let mut one = |fields: Fields| take(found(folder, &document, fields)?);
    let (single, several) = (folder.join("samples.json"), folder.join("samples"));
    if !single.is_file() && several.is_dir() {
        // As `use_dirs=True` writes them.
        for path in entries(&several)? {
            let text = fs::read_to_string(&path)?;
            let fields = serde_json::from_str(&text).map_err(|e| anyhow::Error::new(e).context(broken(&path)))?;
            one(fields)?;
        }
        return Ok(());
    }
    let file = fs::File::open(&single).map_err(|e| anyhow::Error::new(e).context(broken(&single)))?;
    stream::samples(file, &mut one).map_err(|error| {
        if error.chain().any(<dyn std::error::Error>::is::<serde_json::Error>) {
            error.context(broken(&single))
        } else {
            error
        }
    })
}

/// Keeps what was said, the data set's document and every other file.
pub(in crate::bridge) fn keep(keeping: Keeping, folder: &Path) -> Result<()> {
    let mut rest = entries(folder)?;
    rest.retain(|path| path.file_name().is_none_or(|name| READ.iter().all(|read| name != *read)));
    keeping.done(&folder.join("metadata.json"), &rest)
}

/// A value that may be missing or null; of another type it is missing too.
fn value<T: DeserializeOwned>(fields: &Fields, name: &str) -> Option<T> {
    serde_json::from_str(fields.get(name)?.get()).ok()
}

fn found(folder: &Path, document: &Document, mut fields: Fields) -> Result<Found> {
    let Some(path) = value::<String>(&fields, "filepath") else {
        return Ok(Found::refused("a sample".to_owned(), "it has no filepath".to_owned()));
    };
    let parts = || Path::new(&path).components();
    if parts().any(|part| matches!(part, Component::ParentDir)) {
        return Ok(Found::refused(path, "its filepath leaves the folder".to_owned()));
    }
    // An absolute path is where the picture lay on the other machine; it is not followed.
    let file = if parts().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        inside(folder, &path)?
    } else {
        None
    };
    let mut found = Found::named(path, file);
    found.claimed = value(&fields, "sha256");
    found.was = value::<String>(&fields, "exported_label").and_then(|text| label(&text));
    found.exported_us = value(&fields, "exported_us");
    found.scene = value(&fields, "scene");
    found.origin = value::<String>(&fields, "origin").and_then(|text| origin(&text)).unwrap_or(found.origin);
    let mut said = Said {
        id: value::<Value>(&fields, "_id").and_then(|id| Some(id.get("$oid")?.as_str()?.to_owned())),
        tags: value(&fields, "tags").unwrap_or_default(),
        ..Said::default()
    };
    if let Some(truth) = value::<Option<Fields>>(&fields, "ground_truth").flatten() {
        let kind: Option<String> = value(&truth, "_cls");
        found.label = match kind.as_deref() {
            Some("Classification") => match value::<Option<String>>(&truth, "label").flatten() {
                None => Ok(None),
                Some(text) => label(&text).map(Some).ok_or(text),
            },
            other => Err(format!("a {} in ground_truth", other.unwrap_or("value without class"))),
        };
        said.ground_truth = truth;
        said.ground_truth.retain(|name, value| !LABEL.contains(&name.as_str()) && !empty(value));
    }
    let ours = |name: &str| {
        OURS.contains(&name)
            || ITS_OWN.contains(&name)
            || name == "prediction" && document.release.is_some()
            || name == "embeddings" && document.space.is_some()
    };
    fields.retain(|name, value| !ours(name) && value.get() != "null");
    said.fields = fields;
    found.said = Some(said);
    Ok(found)
}

/// What stands in a label when nobody put it there.
fn empty(value: &RawValue) -> bool {
    matches!(value.get(), "null" | "[]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_not_followed_out_of_the_folder() {
        let root = tempfile::tempdir().expect("a folder");
        let document = schema::parse(r#"{"version": "1.0.0"}"#).expect("a document");
        let sample = |path: &str| {
            let text = serde_json::json!({ "filepath": path, "ground_truth": null }).to_string();
            found(root.path(), &document, serde_json::from_str(&text).expect("fields")).expect("it is read")
        };
        assert!(sample("data/../../x.jpg").refused.is_some());
        assert!(sample("/etc/passwd").bytes.is_none());
        std::os::unix::fs::symlink("/etc/passwd", root.path().join("link.jpg")).expect("a link");
        assert!(sample("link.jpg").bytes.is_none(), "a link that leads out is not followed");
        std::fs::write(root.path().join("own.jpg"), "x").expect("a file");
        assert!(sample("own.jpg").bytes.is_some());
    }
}
