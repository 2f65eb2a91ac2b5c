//! `metadata.json`: the data set's own document.
//!
//! It names version 1.0.0, whose documents have all that we write, so that any later FiftyOne takes it for its own or for
//! an older one, which it brings up by itself.

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::failure::Hinted;

/// The version that we write.
const VERSION: &str = "1.0.0";
/// Keys that an export makes anew; all others of an imported document go out again.
const MADE_ANEW: [&str; 11] = [
    "_id",
    "name",
    "slug",
    "version",
    "created_at",
    "last_modified_at",
    "last_deletion_at",
    "last_loaded_at",
    "sample_collection_name",
    "frame_collection_name",
    "sample_fields",
];

/// What of a document matters to us.
pub(super) struct Document {
    /// The release whose judgements we wrote, and the space of the features.
    pub(super) release: Option<String>,
    pub(super) space: Option<String>,
}

/// Reads a document; refuses what is none of ours to read.
pub(super) fn parse(text: &str) -> Result<Document> {
    let whole: Map<String, Value> = serde_json::from_str(text)?;
    let Some(version) = whole.get("version").and_then(Value::as_str) else {
        bail!("it says no version: FiftyOne writes one since 0.6");
    };
    if version.split('.').next() != Some("1") {
        let hint = "load it with FiftyOne 1.x and export it again as fiftyone.types.FiftyOneDataset";
        return Err(Hinted::new(format!("it is of FiftyOne {version}; hivis reads 1.x"), hint).into());
    }
    if let Some(kind) = whole.get("media_type").and_then(Value::as_str).filter(|kind| *kind != "image") {
        let hint = "export the pictures alone";
        return Err(Hinted::new(format!("its media type is {kind}; hivis knows pictures"), hint).into());
    }
    let said = |name: &str| Some(whole.get("info")?.get("hivis")?.get(name)?.as_str()?.to_owned());
    Ok(Document { release: said("release"), space: said("space") })
}

/// What goes into the document beside the fields.
pub(super) struct Told<'a> {
    pub(super) now: Timestamp,
    pub(super) release: Option<&'a str>,
    pub(super) space: Option<&'a str>,
}

/// The document of an export: our fields, and what an earlier import's document says of others.
pub(super) fn document(told: &Told<'_>, kept: Option<&Map<String, Value>>) -> Result<Value> {
    let at = json!({ "$date": told.now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string() });
    let mut document = Map::new();
    for (key, value) in kept.into_iter().flatten().filter(|(key, _)| !MADE_ANEW.contains(&key.as_str())) {
        document.insert(key.clone(), value.clone());
    }
    let mut fields = fields(told, &at);
    for other in kept.and_then(|kept| kept.get("sample_fields")?.as_array()).into_iter().flatten() {
        take_in(&mut fields, other);
    }
    for (key, value) in [("classes", json!({})), ("tags", json!([])), ("info", json!({})), ("frame_fields", json!([]))]
    {
        document.entry(key).or_insert(value);
    }
    document.entry("default_classes").or_insert_with(|| json!(super::super::rows::CLASSES));
    let info = document.get_mut("info").and_then(Value::as_object_mut).context("`info` is no object")?;
    let own = json!({ "exported": told.now.to_string(), "release": told.release, "space": told.space });
    info.insert("hivis".to_owned(), own);
    document.insert("name".to_owned(), json!("hivis"));
    document.insert("slug".to_owned(), json!("hivis"));
    document.insert("version".to_owned(), json!(VERSION));
    document.insert("media_type".to_owned(), json!("image"));
    document.insert("persistent".to_owned(), json!(false));
    document.insert("created_at".to_owned(), at.clone());
    document.insert("last_modified_at".to_owned(), at);
    document.insert("sample_fields".to_owned(), Value::Array(fields));
    Ok(Value::Object(document))
}

/// Adds a field that is not ours, or the parts of one of ours that are not.
fn take_in(fields: &mut Vec<Value>, other: &Value) {
    let Some(ours) = fields.iter_mut().find(|field| field["name"] == other["name"]) else {
        fields.push(other.clone());
        return;
    };
    let (Some(ours), Some(others)) = (ours["fields"].as_array_mut(), other["fields"].as_array()) else { return };
    for part in others {
        if !ours.iter().any(|field| field["name"] == part["name"]) {
            ours.push(part.clone());
        }
    }
}

fn fields(told: &Told<'_>, at: &Value) -> Vec<Value> {
    let field = |name: &str, kind: &str| {
        json!({
            "name": name, "ftype": format!("fiftyone.core.fields.{kind}"), "embedded_doc_type": null, "subfield": null,
            "fields": [], "db_field": name, "description": null, "info": null, "read_only": false, "created_at": at,
        })
    };
    let with = |mut field: Value, changes: &[(&str, Value)]| {
        for (key, value) in changes {
            field[*key] = value.clone();
        }
        field
    };
    let identifier = || with(field("id", "ObjectIdField"), &[("db_field", json!("_id"))]);
    let tags = || with(field("tags", "ListField"), &[("subfield", json!("fiftyone.core.fields.StringField"))]);
    let document = |name: &str, of: &str, parts: Vec<Value>| {
        let field = field(name, "EmbeddedDocumentField");
        with(field, &[("embedded_doc_type", json!(of)), ("fields", Value::Array(parts))])
    };
    let label = |name: &str, own: Value| {
        let (label, confidence) = (field("label", "StringField"), field("confidence", "FloatField"));
        let parts = vec![identifier(), tags(), label, confidence, field("logits", "VectorField"), own];
        document(name, "fiftyone.core.labels.Classification", parts)
    };
    let size = ["size_bytes", "width", "height", "num_channels"].map(|name| field(name, "IntField"));
    let mut metadata = vec![field("mime_type", "StringField")];
    metadata.extend(size);
    let read_only = |name: &str| with(field(name, "DateTimeField"), &[("read_only", json!(true))]);
    let mut fields = vec![
        identifier(),
        field("filepath", "StringField"),
        tags(),
        document("metadata", "fiftyone.core.metadata.ImageMetadata", metadata),
        read_only("created_at"),
        read_only("last_modified_at"),
        label("ground_truth", field("source", "StringField")),
    ];
    if told.release.is_some() {
        fields.push(label("prediction", field("probability", "FloatField")));
    }
    if told.space.is_some() {
        fields.push(field("embeddings", "VectorField"));
    }
    for name in ["sha256", "scene", "origin", "kind", "dataset", "file", "record", "generator", "prompt", "parent"] {
        fields.push(field(name, "StringField"));
    }
    fields.extend([field("split", "StringField"), field("exported_label", "StringField")]);
    fields.extend([field("cost", "FloatField"), field("exported_us", "IntField"), field("disputed", "BooleanField")]);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_versions_are_refused_with_the_way_out() {
        let why = |text: &str| crate::failure::text(&parse(text).err().expect("it is refused"));
        assert!(why(r#"{"version": "0.24.1"}"#).contains("export it again"), "{}", why(r#"{"version": "0.24.1"}"#));
        assert!(why(r#"{"version": "2.0.0"}"#).contains("hivis reads 1.x"));
        assert!(why("{}").contains("no version"));
        assert!(why(r#"{"version": "1.22.1", "media_type": "video"}"#).contains("video"));
        assert!(parse(r#"{"version": "1.22.1", "media_type": "image"}"#).is_ok());
    }
}
