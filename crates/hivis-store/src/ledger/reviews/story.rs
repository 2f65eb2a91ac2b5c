//! Everything that is known of one review.

use hivis_types::{Label, RecordId};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::{Review, ReviewReason, ReviewVerdict};
use crate::ledger::columns::{RowExt as _, unreadable};
use crate::ledger::labels::rank;
use crate::{Ledger, ObjectId, StoreError};

/// A review with all that a person may want to know before deciding, and all that was decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewStory {
    /// The review.
    #[serde(flatten)]
    pub review: Review,
    /// What a generator was asked, for generated pictures.
    pub generated: Option<GeneratedFrom>,
    /// Why it was picked as hard, for picked pictures.
    pub reasons: Vec<String>,
    /// What the release answered to the record, in [0, 1].
    pub probability: Option<f64>,
    /// Who says what of the picture, most trusted first.
    pub words: Vec<SaidOfIt>,
    /// All decisions, undone ones too, in the order that they were made.
    pub decisions: Vec<Decision>,
    /// To whom it is shown, and until when, UTC.
    pub held: Option<(String, Timestamp)>,
}

/// What a generator was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GeneratedFrom {
    /// The generator's name.
    pub generator: String,
    /// Its model.
    pub model: String,
    /// Such as `text-to-image`.
    pub mode: String,
    /// The prompt, as it was sent.
    pub prompt: String,
    /// The file of prompts with its version, and the prompt's name in it.
    pub prompt_id: String,
    /// The seed.
    pub seed: i64,
    /// The picture that it varies, SHA-256 in hex.
    pub parent: Option<String>,
    /// Tags that were asked for.
    pub slices: Vec<String>,
}

/// One source's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SaidOfIt {
    /// The source: `person`, `dataset NAME`, `testnet` and so on.
    pub source: String,
    /// What it says.
    pub label: Label,
    /// The source's place in the order of trust, 0 for a person.
    pub rank: i64,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Its number, in the order of all decisions.
    pub seq: i64,
    /// Who.
    pub reviewer: String,
    /// What.
    pub verdict: ReviewVerdict,
    /// What it shows.
    pub label: Option<Label>,
    /// Why it was rejected.
    pub reason: Option<ReviewReason>,
    /// In words.
    pub note: Option<String>,
    /// The trusted source that says otherwise than the label.
    pub contradicts: Option<String>,
    /// When, UTC.
    pub at: Timestamp,
    /// When it was undone, UTC.
    pub undone: Option<Timestamp>,
    /// By whom.
    pub undone_by: Option<String>,
}

impl Ledger {
    /// Everything about the one review with this number, or whose picture's SHA-256 begins so.
    pub async fn review_story(&self, id: &str) -> Result<ReviewStory, StoreError> {
        let review = self.review(id).await?;
        self.told(review).await.map_err(|e| self.error(e))
    }

    async fn told(&self, review: Review) -> Result<ReviewStory, sqlx::Error> {
        let mut reader = self.readers().acquire().await?;
        let generated = generated(&mut reader, review.id).await?;
        let sql = "SELECT reasons FROM picks WHERE sha256 = ? ORDER BY run DESC LIMIT 1";
        let row = sqlx::query(sql).bind(review.id.0.to_vec()).fetch_optional(&mut *reader).await?;
        let reasons = row.map(|row| row.json("reasons")).transpose()?.unwrap_or_default();
        let probability = match review.record {
            Some(record) => probability(&mut reader, record).await?,
            None => None,
        };
        let words = said(&mut reader, &review.id.0).await?;
        let rows = sqlx::query("SELECT * FROM decisions WHERE review = ? ORDER BY seq");
        let rows = rows.bind(review.number).fetch_all(&mut *reader).await?;
        let decisions = rows.iter().map(decision).collect::<Result<_, _>>()?;
        let sql = "SELECT holder, held_until_us FROM reviews WHERE id = ?";
        let row = sqlx::query(sql).bind(review.number).fetch_one(&mut *reader).await?;
        let held = row.try_get::<Option<String>, _>("holder")?.zip(row.time_if("held_until_us")?);
        Ok(ReviewStory { review, generated, reasons, probability, words, decisions, held })
    }
}

async fn generated(connection: &mut SqliteConnection, id: ObjectId) -> Result<Option<GeneratedFrom>, sqlx::Error> {
    let sql = "SELECT b.generator, g.model, g.mode, g.prompt, g.prompt_id AS prompt_id, g.seed,
            lower(hex(g.parent)) AS parent, g.slices
        FROM generated g JOIN batches b ON b.id = g.batch WHERE g.sha256 = ?";
    let row = sqlx::query(sql).bind(id.0.to_vec()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let parent: Option<String> = row.try_get("parent")?;
    Ok(Some(GeneratedFrom {
        generator: row.try_get("generator")?,
        model: row.try_get("model")?,
        mode: row.try_get("mode")?,
        prompt: row.try_get("prompt")?,
        prompt_id: row.try_get("prompt_id")?,
        seed: row.try_get("seed")?,
        parent: parent.filter(|hex| !hex.is_empty()),
        slices: row.json("slices")?,
    }))
}

async fn probability(connection: &mut SqliteConnection, record: RecordId) -> Result<Option<f64>, sqlx::Error> {
    let sql = "SELECT probability FROM records WHERE id = ?";
    let found: Option<Option<f64>> =
        sqlx::query_scalar(sql).bind(record.to_string()).fetch_optional(connection).await?;
    Ok(found.flatten())
}

/// All words on a picture, most trusted first: of data sets, on the picture, and on each record that shows it.
pub(crate) async fn said(connection: &mut SqliteConnection, sha256: &[u8]) -> Result<Vec<SaidOfIt>, sqlx::Error> {
    let sql = "SELECT ?2 AS \"rank\", 'dataset ' || d.name AS source, p.label FROM pictures p
            JOIN datasets d ON d.id = p.dataset WHERE p.sha256 = ?1
        UNION SELECT \"rank\", source, label FROM picture_labels WHERE sha256 = ?1
        UNION SELECT l.\"rank\", l.source, l.label FROM labels l JOIN records r ON r.seq = l.record WHERE r.sha256 = ?1
        ORDER BY 1, 2, 3";
    let dataset = rank(hivis_types::LabelSource::Dataset);
    let rows = sqlx::query(sql).bind(sha256).bind(dataset).fetch_all(connection).await?;
    let word = |row: &SqliteRow| {
        let label = row.label("label")?;
        Ok(SaidOfIt { source: row.try_get("source")?, label, rank: row.try_get("rank")? })
    };
    rows.iter().map(word).collect()
}

fn decision(row: &SqliteRow) -> Result<Decision, sqlx::Error> {
    let verdict: &str = row.try_get("verdict")?;
    let reason: Option<&str> = row.try_get("reason")?;
    Ok(Decision {
        seq: row.try_get("seq")?,
        reviewer: row.try_get("reviewer")?,
        verdict: ReviewVerdict::named(verdict).ok_or_else(|| unreadable("verdict", verdict))?,
        label: row.label_if("label")?,
        reason: reason.map(|r| ReviewReason::named(r).ok_or_else(|| unreadable("reason", r))).transpose()?,
        note: row.try_get("note")?,
        contradicts: row.try_get("contradicts")?,
        at: row.time("at_us")?,
        undone: row.time_if("undone_us")?,
        undone_by: row.try_get("undone_by")?,
    })
}
