//! Writing a group of records in one transaction.

use hivis_types::{BatchLeft, LabelSource, Protocol, Record};
use sqlx::SqliteConnection;

use crate::ledger::objects::{self, Sighting};
use crate::ledger::{labels, minutes};
use crate::{DropReason, Ledger, Put, StoreError, StoredLabel};

/// A record whose picture is on the disk, or is not and why.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) record: Record,
    /// Length of the picture as it came; its bytes are gone from the record by now.
    pub(crate) picture_bytes: usize,
    /// `None` when the body gave no bytes.
    pub(crate) picture: Option<Result<Put, DropReason>>,
}

/// What became of one record of a committed group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inserted {
    /// Its place in the order of commits; `None` when a record of this id was there already.
    pub(crate) seq: Option<i64>,
    /// True when another picture's row has this one's MD5: it is not stored.
    pub(crate) collided: bool,
}

impl Ledger {
    /// Commits a group: all of it or nothing. The outcomes are in the order of the records.
    pub(crate) async fn insert(&self, group: &[Prepared]) -> Result<Vec<Inserted>, StoreError> {
        let mut transaction = self.begin().await?;
        let mut outcomes = Vec::with_capacity(group.len());
        for prepared in group {
            outcomes.push(insert(&mut transaction, prepared).await.map_err(|e| self.error(e))?);
        }
        minutes::count(&mut transaction, group, &outcomes).await.map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(outcomes)
    }
}

const INSERT: &str = "INSERT INTO records (
    id, arrived_us, protocol, hotkey, peer, uuid, nonce, version, stake, timeout_s, status, prediction, silence, notes,
    \"release\", engine, \"precision\", probability, batch, batch_left, media, width, height, dhash, picture_bytes,
    sha256, picture_lost, verify_us, body_us, decode_us, queue_us, engine_us, total_us, features)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING";

async fn insert(connection: &mut SqliteConnection, prepared: &Prepared) -> Result<Inserted, sqlx::Error> {
    let record = &prepared.record;
    let (mut picture, mut collided) = (prepared.picture, false);
    if let Some(Ok(put)) = picture {
        let sureness = record.judgement.as_ref().map_or(0.5, |j| f64::from((j.probability - 0.5).abs()));
        // SQLite would take NaN for NULL, refuse the row, and with it the whole group.
        let sureness = if sureness.is_finite() { sureness } else { 0.5 };
        let arrived_us = record.arrived.as_microsecond();
        let seen = Sighting { put, bytes: prepared.picture_bytes, arrived_us, sureness };
        if !objects::upsert(connection, &seen).await? {
            picture = Some(Err(DropReason::Md5Collision));
            collided = true;
        }
    }
    let judgement = record.judgement.as_ref();
    let seen = record.picture.as_ref();
    let notes = (!record.notes.is_empty()).then(|| serde_json::Value::from(record.notes.clone()).to_string());
    let timings = &record.timings;
    let done = sqlx::query(INSERT)
        .bind(record.id.to_string())
        .bind(record.arrived.as_microsecond())
        .bind(protocol_name(record.protocol))
        .bind(record.caller.hotkey.as_str())
        .bind(&*record.caller.peer)
        .bind(record.caller.uuid.as_deref())
        .bind(record.caller.nonce as i64)
        .bind(record.caller.version.map(|v| v as i64))
        .bind(record.caller.stake)
        .bind(record.timeout_s)
        .bind(record.status)
        .bind(f64::from(record.prediction))
        .bind(record.silence.map(hivis_types::Silence::as_str))
        .bind(notes)
        .bind(judgement.map(|j| j.release.as_str()))
        .bind(judgement.map(|j| j.engine.as_str()))
        .bind(judgement.map(|j| j.precision.as_str()))
        .bind(judgement.map(|j| f64::from(j.probability)))
        .bind(judgement.map(|j| j.batch))
        .bind(judgement.map(|j| BatchLeft::as_str(j.left)))
        .bind(seen.map(|p| &*p.media))
        .bind(seen.map(|p| p.width))
        .bind(seen.map(|p| p.height))
        .bind(seen.and_then(|p| p.dhash).map(|h| h as i64))
        .bind(seen.map(|_| prepared.picture_bytes as i64))
        .bind(picture.and_then(Result::ok).map(|put| put.id.0.to_vec()))
        .bind(picture.and_then(Result::err).map(DropReason::as_str))
        .bind(timings.verify_us as i64)
        .bind(timings.body_us as i64)
        .bind(timings.decode_us as i64)
        .bind(timings.queue_us as i64)
        .bind(timings.engine_us as i64)
        .bind(timings.total_us as i64)
        .bind(judgement.map(|j| features_to_blob(&j.features)))
        .execute(&mut *connection)
        .await?;
    let seq = (done.rows_affected() > 0).then(|| done.last_insert_rowid());
    if let (Some(seq), Some(label)) = (seq, record.label) {
        let label = StoredLabel { label, source: LabelSource::Testnet, confidence: 1.0, at: record.arrived };
        labels::upsert(connection, seq, &label).await?;
    }
    Ok(Inserted { seq, collided })
}

/// The name of a protocol in the ledger.
pub(crate) fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Axon => "axon",
        Protocol::Btauth => "btauth",
    }
}

fn features_to_blob(features: &[f32]) -> Vec<u8> {
    features.iter().flat_map(|f| f.to_le_bytes()).collect()
}

/// Features as they were written; a length that is no multiple of four is no blob of ours.
pub(crate) fn features_from_blob(blob: &[u8]) -> Option<Vec<f32>> {
    let (chunks, rest) = blob.as_chunks::<4>();
    rest.is_empty().then(|| chunks.iter().map(|c| f32::from_le_bytes(*c)).collect())
}
