//! FiftyOne's own layout on the disk, as `FiftyOneDatasetExporter` and `FiftyOneDatasetImporter` of `fiftyone` 1.22.1 have
//! it: `metadata.json` describes the fields, `samples.json` holds a document a picture, `data/` the pictures.

mod read;
mod schema;
mod stream;
mod write;

use hivis_store::ObjectId;

pub(super) use read::{keep, read};
pub(super) use write::FiftyOne;

use super::kept::Said;

/// Fields of a sample that are ours, beside `prediction` and `embeddings`, which are when we wrote them.
const OURS: [&str; 18] = [
    "filepath",
    "tags",
    "ground_truth",
    "exported_label",
    "exported_us",
    "sha256",
    "scene",
    "origin",
    "kind",
    "dataset",
    "file",
    "record",
    "generator",
    "prompt",
    "parent",
    "cost",
    "split",
    "disputed",
];

/// What FiftyOne writes for itself and makes anew.
const ITS_OWN: [&str; 6] = ["_id", "_media_type", "_rand", "_dataset_id", "created_at", "last_modified_at"];

/// Ours stand in `ground_truth`.
const LABEL: [&str; 5] = ["_id", "_cls", "label", "confidence", "source"];

/// The twelve bytes of a document's identifier, in hex.
fn oid(id: ObjectId, from: usize) -> String {
    hex::encode(&id.0[from..from + 12])
}

/// True of tags that say what fields say too; they are made anew with each export.
fn is_ours(tag: &str) -> bool {
    tag.starts_with("from:") || tag.starts_with("split:") || tag == "disputed"
}

/// What is left to keep of `said`, whose tags are all that the picture has there, when its own slices are known.
pub(super) fn against(id: ObjectId, said: &Said, slices: &[String]) -> Said {
    let mut kept = said.clone();
    kept.tags.retain(|tag| !is_ours(tag) && !slices.contains(tag));
    kept.without = slices.iter().filter(|slice| !said.tags.contains(slice)).cloned().collect();
    kept.id = said.id.clone().filter(|given| *given != oid(id, 0));
    kept
}

/// The same of a picture that is new: its tags in the form `weather:rain` are its slices.
pub(super) fn own_slices(id: ObjectId, said: &Said) -> (Vec<String>, Said) {
    let slices: Vec<String> = said.tags.iter().filter(|tag| !is_ours(tag) && tag.contains(':')).cloned().collect();
    let kept = against(id, said, &slices);
    (slices, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_apart() {
        let id = ObjectId([7; 32]);
        let tags = ["weather:rain", "from:record", "split:test", "look again"].map(str::to_owned).to_vec();
        let said = Said { tags, id: Some("07".repeat(12)), ..Said::default() };
        let kept = against(id, &said, &["weather:rain".to_owned(), "time:night".to_owned()]);
        assert_eq!((kept.tags, kept.without, kept.id), (vec!["look again".into()], vec!["time:night".into()], None));
        let (slices, kept) = own_slices(id, &said);
        assert_eq!((slices, kept.tags), (vec!["weather:rain".to_owned()], vec!["look again".to_owned()]));
    }
}
