//! Records as they are read back.

use hivis_types::{
    Caller, Hotkey, Judgement, Protocol, Record, RecordId, RecordedPicture, ReleaseId, Silence, Timings,
};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};

use crate::ledger::columns::RowExt as _;
use crate::ledger::{insert, labels};
use crate::{DropReason, Md5, ObjectId, StoreError, StoredLabel};

/// A record as it was read back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredRecord {
    /// Its place in the order of commits, from 1 on.
    pub seq: i64,
    /// The record. Its times are kept to the microsecond; its picture's bytes are empty (see
    /// [`Ledger::story`](crate::Ledger::story)).
    #[serde(flatten)]
    pub record: Record,
    /// What became of the picture's bytes.
    pub picture_state: PictureState,
    /// The label that counts: the most trusted source's.
    pub trusted_label: Option<StoredLabel>,
}

/// What became of a record's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum PictureState {
    /// The body gave no bytes.
    None,
    /// Its bytes are in the home.
    Stored {
        /// Its identity.
        sha256: ObjectId,
        /// Its address.
        md5: Md5,
        /// Its length.
        bytes: u64,
    },
    /// Retention removed it.
    Removed {
        /// Its identity.
        sha256: ObjectId,
        /// Its address.
        md5: Md5,
        /// Its length.
        bytes: u64,
        /// When, UTC.
        at: Timestamp,
    },
    /// It was never stored.
    Dropped {
        /// Why.
        reason: DropReason,
        /// Its length.
        bytes: u64,
    },
}

impl PictureState {
    /// The state's name, as in the JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Stored { .. } => "stored",
            Self::Removed { .. } => "removed",
            Self::Dropped { .. } => "dropped",
        }
    }
}

/// Every column that [`from_row`] reads, but for `features`.
pub(crate) const COLUMNS: &str = "r.seq, r.id, r.arrived_us, r.protocol, r.hotkey, r.peer, r.uuid, r.nonce, r.version,
    r.stake, r.timeout_s, r.status, r.prediction, r.silence, r.notes, r.\"release\", r.engine, r.\"precision\",
    r.probability, r.batch, r.batch_left, r.media, r.width, r.height, r.dhash, r.picture_bytes, r.sha256,
    r.picture_lost, r.verify_us, r.body_us, r.decode_us, r.queue_us, r.engine_us, r.total_us,
    o.md5, o.removed_us, l.\"rank\", l.label, l.confidence, l.at_us";

/// The tables that [`COLUMNS`] come from: a record, its picture, its most trusted label.
pub(crate) const TABLES: &str = "records r LEFT JOIN objects o ON o.sha256 = r.sha256
    LEFT JOIN labels l ON l.record = r.seq AND l.\"rank\" = (SELECT min(\"rank\") FROM labels WHERE record = r.seq)";

/// Reads one row of [`COLUMNS`] and `features`.
pub(crate) fn from_row(row: &SqliteRow) -> Result<StoredRecord, StoreError> {
    let columns = Columns { row, id: row.try_get::<String, _>("id").unwrap_or_default() };
    let id: String = columns.get("id")?;
    let silence: Option<String> = columns.get("silence")?;
    let record = Record {
        id: RecordId(id.parse().map_err(|_| columns.bad("id", &id))?),
        arrived: columns.time("arrived_us")?,
        protocol: columns.named::<Protocol>("protocol")?,
        caller: Caller {
            hotkey: Hotkey::new(columns.get::<String>("hotkey")?),
            peer: columns.get("peer")?,
            uuid: columns.get("uuid")?,
            nonce: columns.get::<i64>("nonce")? as u64,
            version: columns.get::<Option<i64>>("version")?.map(|v| v as u64),
            stake: columns.real("stake")?,
        },
        timeout_s: columns.get("timeout_s")?,
        status: columns.get("status")?,
        prediction: columns.real("prediction")? as f32,
        silence: silence.map(|_| columns.named::<Silence>("silence")).transpose()?,
        notes: notes(&columns)?,
        judgement: judgement(&columns)?,
        picture: picture(&columns)?,
        label: testnet_label(&columns)?,
        timings: Timings {
            verify_us: columns.get::<i64>("verify_us")? as u64,
            body_us: columns.get::<i64>("body_us")? as u64,
            decode_us: columns.get::<i64>("decode_us")? as u64,
            queue_us: columns.get::<i64>("queue_us")? as u64,
            engine_us: columns.get::<i64>("engine_us")? as u64,
            total_us: columns.get::<i64>("total_us")? as u64,
        },
    };
    let trusted_label = labels::from_row(row).map_err(|e| columns.broken("label", &e))?;
    Ok(StoredRecord { seq: columns.get("seq")?, record, picture_state: picture_state(&columns)?, trusted_label })
}

fn notes(columns: &Columns<'_>) -> Result<Vec<String>, StoreError> {
    let Some(text) = columns.get::<Option<String>>("notes")? else { return Ok(Vec::new()) };
    serde_json::from_str(&text).map_err(|_| columns.bad("notes", &text))
}

fn judgement(columns: &Columns<'_>) -> Result<Option<Judgement>, StoreError> {
    let Some(release) = columns.get::<Option<String>>("release")? else { return Ok(None) };
    let features = columns.get::<Option<Vec<u8>>>("features")?.unwrap_or_default();
    Ok(Some(Judgement {
        release: ReleaseId::new(&*release).map_err(|_| columns.bad("release", &release))?,
        engine: columns.named("engine")?,
        precision: columns.named("precision")?,
        probability: columns.real("probability")? as f32,
        features: insert::features_from_blob(&features).ok_or_else(|| columns.bad("features", "a broken blob"))?,
        batch: columns.get("batch")?,
        left: columns.named("batch_left")?,
    }))
}

fn picture(columns: &Columns<'_>) -> Result<Option<RecordedPicture>, StoreError> {
    let Some(media) = columns.get::<Option<String>>("media")? else { return Ok(None) };
    Ok(Some(RecordedPicture {
        bytes: Vec::new(),
        media,
        width: columns.get("width")?,
        height: columns.get("height")?,
        dhash: columns.get::<Option<i64>>("dhash")?.map(|h| h as u64),
    }))
}

/// `testnet_label` as it came, which is among the labels.
fn testnet_label(columns: &Columns<'_>) -> Result<Option<hivis_types::Label>, StoreError> {
    let value: Option<i64> = columns.get("testnet_label")?;
    Ok(value.and_then(hivis_types::Label::from_wire))
}

fn picture_state(columns: &Columns<'_>) -> Result<PictureState, StoreError> {
    let Some(bytes) = columns.get::<Option<i64>>("picture_bytes")? else { return Ok(PictureState::None) };
    let bytes = bytes as u64;
    if let Some(lost) = columns.get::<Option<String>>("picture_lost")? {
        let reason = DropReason::ALL.into_iter().find(|r| r.as_str() == lost);
        return Ok(PictureState::Dropped { reason: reason.ok_or_else(|| columns.bad("picture_lost", &lost))?, bytes });
    }
    if columns.get::<Option<Vec<u8>>>("sha256")?.is_none() {
        return Ok(PictureState::None);
    }
    let sha256 = columns.row.object("sha256").map_err(|e| columns.broken("sha256", &e))?;
    let md5 = columns.row.md5("md5").map_err(|e| columns.broken("md5", &e))?;
    Ok(match columns.get::<Option<i64>>("removed_us")? {
        None => PictureState::Stored { sha256, md5, bytes },
        Some(_) => PictureState::Removed { sha256, md5, bytes, at: columns.time("removed_us")? },
    })
}

/// One row, with errors that name the record and the column.
struct Columns<'r> {
    row: &'r SqliteRow,
    id: String,
}

impl<'r> Columns<'r> {
    fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|error| self.broken(column, &error))
    }

    /// A number that is NULL when it was NaN.
    fn real(&self, column: &'static str) -> Result<f64, StoreError> {
        Ok(self.get::<Option<f64>>(column)?.unwrap_or(f64::NAN))
    }

    fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        let us: i64 = self.get(column)?;
        Timestamp::from_microsecond(us).map_err(|_| self.bad(column, &us.to_string()))
    }

    /// A value of an enum by its name.
    fn named<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        let name: String = self.get(column)?;
        let deserializer: value::StrDeserializer<'_, value::Error> = name.as_str().into_deserializer();
        T::deserialize(deserializer).map_err(|_| self.bad(column, &name))
    }

    fn bad(&self, column: &'static str, value: &str) -> StoreError {
        StoreError::BadRow { id: self.id.clone(), column, value: value.to_owned() }
    }

    fn broken(&self, column: &'static str, error: &sqlx::Error) -> StoreError {
        self.bad(column, &error.to_string())
    }
}
