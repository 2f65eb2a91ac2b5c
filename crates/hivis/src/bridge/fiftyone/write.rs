//! The samples as FiftyOne's documents.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use fs_err as fs;
use hivis_types::{Label, ReleaseId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::super::columns::Columns;
use super::super::export::{ExportOrder, Item, Layout};
use super::super::kept::{Fields, Kept, Said, copy_into, inside};
use super::super::rows::class;
use super::{is_ours, oid, schema};

/// Everything outside a NumPy header's text: magic, version, length.
const NPY_HEAD: usize = 10;

/// A data set in the making.
pub(in crate::bridge) struct FiftyOne {
    to: PathBuf,
    link: bool,
    now: Timestamp,
    samples: BufWriter<fs::File>,
    first: bool,
    kept: Kept,
    release: Option<ReleaseId>,
    space: Option<String>,
}

impl FiftyOne {
    /// `what` is the space of the features, when there are any, and the release of the judgements.
    pub(in crate::bridge) fn begin(
        to: &Path,
        order: &ExportOrder,
        kept: Kept,
        (space, release): (Option<String>, Option<ReleaseId>),
    ) -> Result<Self> {
        fs::create_dir(to.join("data"))?;
        let mut samples = BufWriter::new(fs::File::create(to.join("samples.json"))?);
        samples.write_all(b"{\"samples\": [")?;
        Ok(Self { to: to.to_owned(), link: order.link, now: order.now, samples, first: true, kept, release, space })
    }

    fn document(&mut self, item: &Item, file: String) -> Result<Fields> {
        let (row, id) = (&item.row, item.row.sample.id);
        let said = self.kept.of(id)?.unwrap_or_default();
        let columns = Columns::new(row, file, self.now.as_microsecond());
        let (tags, place) = (tags(item, &columns, &said), said.id.unwrap_or_else(|| oid(id, 0)));
        let mut document = said.fields;
        let mut put = |name: &str, value: Value| -> Result<()> {
            document.insert(name.to_owned(), raw(&value)?);
            Ok(())
        };
        put("_id", json!({ "$oid": place }))?;
        put("_media_type", json!("image"))?;
        put("_rand", json!(fraction(&id.0[24..])))?;
        put("filepath", json!(columns.file_name))?;
        put("tags", json!(tags))?;
        for (name, text) in [
            ("sha256", &columns.sha256),
            ("scene", &columns.scene),
            ("dataset", &columns.dataset),
            ("file", &columns.file),
            ("record", &columns.record),
            ("generator", &columns.generator),
            ("prompt", &columns.prompt),
            ("parent", &columns.parent),
        ] {
            put(name, if text.is_empty() { Value::Null } else { json!(text) })?;
        }
        put("origin", json!(columns.origin))?;
        put("kind", json!(columns.kind))?;
        put("split", row.split().map_or(Value::Null, |split| json!(split)))?;
        put("exported_label", json!(columns.exported_label))?;
        put("exported_us", json!(columns.exported_us))?;
        put("disputed", json!(columns.disputed))?;
        put("cost", row.made.as_ref().map_or(Value::Null, |_| json!(columns.cost)))?;
        if self.release.is_some() {
            put("prediction", row.judged.map_or(Value::Null, |p| prediction(&oid(id, 8), p)))?;
        }
        if self.space.is_some() {
            put("embeddings", item.vector.as_deref().map_or(Ok(Value::Null), vector)?)?;
        }
        let mut truth = said.ground_truth;
        truth.entry("tags".to_owned()).or_insert(raw(&json!([]))?);
        for (name, value) in [
            ("_id", json!({ "$oid": oid(id, 12) })),
            ("_cls", json!("Classification")),
            ("label", json!(columns.label)),
            ("confidence", json!(columns.confidence)),
            ("source", json!(columns.label_source)),
        ] {
            truth.insert(name.to_owned(), raw(&value)?);
        }
        document.insert("ground_truth".to_owned(), raw(&truth)?);
        Ok(document)
    }
}

impl Layout for FiftyOne {
    fn wants_split(&self) -> bool {
        false
    }

    fn put(&mut self, items: &[Item]) -> Result<()> {
        for item in items {
            let name = format!("data/{}", item.file);
            item.place(&self.to.join(&name), self.link)?;
            let document = self.document(item, name)?;
            if !std::mem::take(&mut self.first) {
                self.samples.write_all(b",")?;
            }
            serde_json::to_writer(&mut self.samples, &document)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.samples.write_all(b"]}")?;
        self.samples.flush()?;
        let path = self.kept.document();
        let kept: Option<Map<String, Value>> = if path.is_file() {
            let text = fs::read_to_string(&path)?;
            Some(serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?)
        } else {
            None
        };
        if self.kept.rest().is_dir() {
            copy_into(&inside(&self.kept.rest())?, &self.to)?;
        }
        let release = self.release.as_ref().map(ReleaseId::as_str);
        let told = schema::Told { now: self.now, release, space: self.space.as_deref() };
        let document = schema::document(&told, kept.as_ref())?;
        Ok(fs::write(self.to.join("metadata.json"), serde_json::to_vec(&document)?)?)
    }
}

fn raw(value: &impl Serialize) -> Result<Box<RawValue>> {
    Ok(to_raw_value(value)?)
}

/// Our tags, but for those that were taken away, then those that were given there.
fn tags(item: &Item, columns: &Columns, said: &Said) -> Vec<String> {
    let mut tags: Vec<String> = item.row.sample.slices.clone();
    tags.retain(|tag| !said.without.contains(tag) && !is_ours(tag));
    tags.push(format!("from:{}", columns.kind));
    tags.extend(item.row.split().map(|split| format!("split:{split}")));
    if columns.disputed {
        tags.push("disputed".to_owned());
    }
    for tag in &said.tags {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// FiftyOne's confidence is that of the label it stands beside.
fn prediction(place: &str, probability: f64) -> Value {
    let label = Label::from_probability(probability as f32);
    let confidence = if label == Label::Roadwork { probability } else { 1.0 - probability };
    json!({
        "_id": { "$oid": place }, "_cls": "Classification", "tags": [], "label": class(label),
        "confidence": confidence, "logits": null, "probability": probability,
    })
}

/// A number in [0, 1) that is always the same for the same bytes: FiftyOne shuffles by it.
fn fraction(bytes: &[u8]) -> f64 {
    let number = bytes.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    (number >> 11) as f64 / (1u64 << 53) as f64
}

/// A vector as FiftyOne stores one: a NumPy file, compressed with zlib, in the document's binary type.
fn vector(vector: &[f32]) -> Result<Value> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", vector.len());
    // NumPy aligns what follows to 64 bytes; the line break counts.
    let pad = 63 - (NPY_HEAD + header.len()) % 64;
    header.push_str(&" ".repeat(pad));
    header.push('\n');
    let mut file = Vec::with_capacity(NPY_HEAD + header.len() + vector.len() * 4);
    file.extend_from_slice(b"\x93NUMPY\x01\x00");
    file.extend_from_slice(&(header.len() as u16).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    for value in vector {
        file.extend_from_slice(&value.to_le_bytes());
    }
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(&file)?;
    Ok(json!({ "$binary": { "base64": STANDARD.encode(zlib.finish()?), "subType": "00" } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numpy_file_is_aligned() {
        for length in [0, 1, 3, 384, 100_000] {
            let written = vector(&vec![0.5; length]).expect("it is written");
            let zlib = STANDARD.decode(written["$binary"]["base64"].as_str().expect("text")).expect("base64");
            let mut file = Vec::new();
            std::io::copy(&mut flate2::read::ZlibDecoder::new(&zlib[..]), &mut file).expect("zlib");
            assert_eq!((file.len() - 4 * length) % 64, 0, "{length}");
            assert_eq!(file[file.len() - 4 * length - 1], b'\n');
        }
    }

    #[test]
    fn fractions_stay_below_one() {
        assert_eq!((fraction(&[0; 8]), fraction(&[0xFF; 8]) < 1.0), (0.0, true));
    }
}
