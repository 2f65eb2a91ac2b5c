//! Records as CSV or JSON lines, page by page, so that memory stays small however many there are.

use std::io::Write;

use hivis_types::{BatchLeft, Silence};

use crate::ledger::insert::protocol_name;
use crate::{Ledger, PictureState, RecordFilter, StoreError, StoredRecord};

/// Records held in memory at once.
const PAGE: u32 = 500;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// One header line, then one line a record; no features.
    Csv,
    /// One JSON object a line, as `records tail --json` prints it; features when the filter asks for them.
    JsonLines,
}

impl Ledger {
    /// Writes the records that the filter lets through, in the order of commits; returns how many. `limit` 0 means all.
    pub async fn export<W: Write + Send>(
        &self,
        filter: &RecordFilter,
        format: ExportFormat,
        out: W,
    ) -> Result<u64, StoreError> {
        let mut lines = Lines::begin(format, out)?;
        let (mut seq, mut written) = (0, 0);
        loop {
            let left = if filter.limit == 0 { u64::from(PAGE) } else { u64::from(filter.limit) - written };
            let page = self.page(filter, seq, left.min(u64::from(PAGE)) as u32).await?;
            let Some(last) = page.last() else { break };
            seq = last.seq;
            written += page.len() as u64;
            for stored in &page {
                lines.write(stored)?;
            }
        }
        lines.end()?;
        Ok(written)
    }
}

enum Lines<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Json(W),
}

impl<W: Write> Lines<W> {
    fn begin(format: ExportFormat, out: W) -> Result<Self, StoreError> {
        Ok(match format {
            ExportFormat::JsonLines => Self::Json(out),
            ExportFormat::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(HEADER)?;
                Self::Csv(Box::new(csv))
            }
        })
    }

    fn write(&mut self, stored: &StoredRecord) -> Result<(), StoreError> {
        match self {
            Self::Csv(csv) => csv.write_record(csv_fields(stored))?,
            Self::Json(out) => {
                serde_json::to_writer(&mut *out, stored)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn end(self) -> Result<(), StoreError> {
        match self {
            Self::Csv(mut csv) => csv.flush()?,
            Self::Json(mut out) => out.flush()?,
        }
        Ok(())
    }
}

/// The columns of the CSV, in the order of [`csv_fields`].
const HEADER: [&str; 36] = [
    "seq",
    "id",
    "arrived",
    "protocol",
    "hotkey",
    "peer",
    "uuid",
    "nonce",
    "version",
    "stake",
    "timeout_s",
    "status",
    "prediction",
    "silence",
    "release",
    "engine",
    "precision",
    "probability",
    "batch",
    "batch_left",
    "media",
    "width",
    "height",
    "dhash",
    "picture",
    "picture_bytes",
    "sha256",
    "label",
    "label_source",
    "verify_us",
    "body_us",
    "decode_us",
    "queue_us",
    "engine_us",
    "total_us",
    "notes",
];

fn csv_fields(stored: &StoredRecord) -> [String; HEADER.len()] {
    let record = &stored.record;
    let (judgement, picture, label) = (record.judgement.as_ref(), record.picture.as_ref(), stored.trusted_label);
    let (picture_bytes, sha256) = match stored.picture_state {
        PictureState::None => (None, None),
        PictureState::Dropped { bytes, .. } => (Some(bytes), None),
        PictureState::Stored { bytes, sha256, .. } | PictureState::Removed { bytes, sha256, .. } => {
            (Some(bytes), Some(sha256))
        }
    };
    [
        stored.seq.to_string(),
        record.id.to_string(),
        record.arrived.to_string(),
        protocol_name(record.protocol).to_owned(),
        record.caller.hotkey.to_string(),
        record.caller.peer.clone(),
        record.caller.uuid.clone().unwrap_or_default(),
        record.caller.nonce.to_string(),
        text(record.caller.version),
        record.caller.stake.to_string(),
        text(record.timeout_s),
        record.status.to_string(),
        record.prediction.to_string(),
        text(record.silence.map(Silence::as_str)),
        text(judgement.map(|j| &j.release)),
        text(judgement.map(|j| j.engine.as_str())),
        text(judgement.map(|j| j.precision.as_str())),
        text(judgement.map(|j| j.probability)),
        text(judgement.map(|j| j.batch)),
        text(judgement.map(|j| BatchLeft::as_str(j.left))),
        text(picture.map(|p| &p.media)),
        text(picture.map(|p| p.width)),
        text(picture.map(|p| p.height)),
        text(picture.and_then(|p| p.dhash).map(|h| format!("{h:016x}"))),
        stored.picture_state.as_str().to_owned(),
        text(picture_bytes),
        text(sha256),
        text(label.map(|l| l.label.as_u8())),
        text(label.map(|l| l.source.as_str())),
        record.timings.verify_us.to_string(),
        record.timings.body_us.to_string(),
        record.timings.decode_us.to_string(),
        record.timings.queue_us.to_string(),
        record.timings.engine_us.to_string(),
        record.timings.total_us.to_string(),
        record.notes.join("; "),
    ]
}

/// Nothing is an empty field.
fn text(value: Option<impl ToString>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}
