//! Every picture of the home, and what people call it.

use std::collections::BTreeMap;

use hivis_types::Label;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _};

use crate::ledger::columns::RowExt as _;
use crate::ledger::labels;
use crate::{Ledger, Md5, ObjectId, StoreError};

/// Pictures that one statement names.
const AT_ONCE: usize = 500;

/// A picture whose file is in the home: about 100 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureHere {
    /// Its identity.
    pub id: ObjectId,
    /// Its address.
    pub md5: Md5,
    /// The newest record that shows it, by its place in the order of commits.
    pub record: Option<i64>,
    /// Its 64-bit difference hash, where a record knows it.
    pub dhash: Option<u64>,
}

/// What a person finds a picture by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PictureName {
    /// The newest record that shows it.
    pub record: Option<String>,
    /// Data set and name there, `DATASET/NAME`.
    pub dataset: Option<String>,
    /// The generator that made it.
    pub generator: Option<String>,
    /// The label that counts: the most trusted word on the picture or on a record that shows it, else the data set's, else
    /// the wanted one.
    pub label: Option<Label>,
}

impl PictureName {
    /// The record's id, else the data set's name for it, else the generator, else nothing.
    pub fn said(&self) -> String {
        let generated = || self.generator.as_ref().map(|name| format!("made by {name}"));
        let record = self.record.as_ref().map(|id| format!("record {id}"));
        record.or_else(|| self.dataset.clone()).or_else(generated).unwrap_or_default()
    }
}

impl Ledger {
    /// Every picture whose file is in the home, recorded, imported or generated, in the order of SHA-256. A million take
    /// 100 MB.
    pub async fn pictures_here(&self) -> Result<Vec<PictureHere>, StoreError> {
        // SQLite takes the other columns from the row of the largest `seq`.
        let sql = "SELECT o.sha256, o.md5, max(r.seq) AS seq, r.dhash FROM objects o
            LEFT JOIN records r ON r.sha256 = o.sha256 WHERE o.removed_us IS NULL GROUP BY o.sha256 ORDER BY o.sha256";
        let rows = sqlx::query(sql).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let read = |row: &SqliteRow| {
            Ok::<_, sqlx::Error>(PictureHere {
                id: row.object("sha256")?,
                md5: row.md5("md5")?,
                record: row.try_get("seq")?,
                dhash: row.try_get::<Option<i64>, _>("dhash")?.map(|hash| hash as u64),
            })
        };
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// The picture whose SHA-256 begins with these hexadecimal digits, when there is exactly one in the home.
    pub async fn picture_beginning(&self, digits: &str) -> Result<Option<(ObjectId, Md5)>, StoreError> {
        if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let sql = "SELECT sha256, md5 FROM objects
            WHERE removed_us IS NULL AND sha256 BETWEEN unhex(?) AND unhex(?) ORDER BY sha256 LIMIT 2";
        let (low, high) = (format!("{digits:0<64}"), format!("{digits:f<64}"));
        let rows = sqlx::query(sql).bind(low).bind(high).fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
        let [row] = rows.as_slice() else { return Ok(None) };
        let id = row.object("sha256");
        let found = id.and_then(|id| Ok((id, row.md5("md5")?)));
        found.map(Some).map_err(|e| self.error(e))
    }

    /// The names of these pictures; those that nothing names have an empty one.
    pub async fn picture_names(&self, pictures: &[ObjectId]) -> Result<BTreeMap<ObjectId, PictureName>, StoreError> {
        let mut found = BTreeMap::new();
        for some in pictures.chunks(AT_ONCE) {
            let mut query = QueryBuilder::new(NAMES);
            let mut list = query.separated(", ");
            for picture in some {
                list.push_bind(picture.0.to_vec());
            }
            query.push(")");
            let rows = query.build().fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
            for row in &rows {
                let (id, name) = name(row).map_err(|e| self.error(e))?;
                found.insert(id, name);
            }
        }
        Ok(found)
    }
}

/// Ends where the list of hashes follows. `label` is the rank and the label of the most trusted word, as `10 * rank + label`.
const NAMES: &str = "SELECT o.sha256,
    (SELECT id FROM records r WHERE r.sha256 = o.sha256 ORDER BY seq DESC LIMIT 1) AS record,
    (SELECT d.name || '/' || p.name FROM pictures p JOIN datasets d ON d.id = p.dataset WHERE p.sha256 = o.sha256
        ORDER BY d.name LIMIT 1) AS dataset,
    (SELECT b.generator FROM generated g JOIN batches b ON b.id = g.batch WHERE g.sha256 = o.sha256) AS generator,
    (SELECT min(10 * l.\"rank\" + l.label) FROM records r JOIN labels l ON l.record = r.seq WHERE r.sha256 = o.sha256)
        AS of_record,
    (SELECT min(10 * w.\"rank\" + w.label) FROM picture_labels w WHERE w.sha256 = o.sha256) AS of_picture,
    (SELECT p.label FROM pictures p JOIN datasets d ON d.id = p.dataset WHERE p.sha256 = o.sha256 ORDER BY d.name LIMIT 1)
        AS of_dataset,
    (SELECT wanted FROM generated g WHERE g.sha256 = o.sha256) AS wanted
    FROM objects o WHERE o.sha256 IN (";

fn name(row: &SqliteRow) -> Result<(ObjectId, PictureName), sqlx::Error> {
    use hivis_types::LabelSource::{Dataset, Wanted};
    let word = |column: &str, source| {
        let label: Option<i64> = row.try_get(column)?;
        Ok::<_, sqlx::Error>(label.map(|label| 10 * labels::rank(source) + label))
    };
    let words = [
        row.try_get::<Option<i64>, _>("of_record")?,
        row.try_get("of_picture")?,
        word("of_dataset", Dataset)?,
        word("wanted", Wanted)?,
    ];
    let label = words.into_iter().flatten().min().and_then(|word| Label::from_wire(word % 10));
    let name = PictureName {
        record: row.try_get("record")?,
        dataset: row.try_get("dataset")?,
        generator: row.try_get("generator")?,
        label,
    };
    Ok((row.object("sha256")?, name))
}
