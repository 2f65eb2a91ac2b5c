//! What could be queued: pictures that no review names yet.

use std::collections::BTreeMap;

use hivis_types::{LabelSource, RecordId};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::ledger::labels::rank;
use crate::{Ledger, ObjectId, StoreError};

/// A picture that a person might look at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewCandidate {
    /// The picture.
    pub id: ObjectId,
    /// The newest record that shows it, for pictures that were recorded only.
    pub record: Option<RecordId>,
    /// What is not known of it.
    pub doubt: ReviewDoubt,
}

/// What is not known of a picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ReviewDoubt {
    /// Made by a generator, and let through by the gate.
    Generated {
        /// By which generator.
        generator: String,
        /// From which prompt: the file with its version, and the prompt's name in it.
        prompt: String,
        /// One of the best fifth (level 2 of the gate).
        best: bool,
        /// How many of this generator and prompt were decided before.
        looked: u64,
    },
    /// Picked as hard, and no source gave a label but the members themselves.
    Hard {
        /// How hard, in [0, 1].
        score: f64,
    },
    /// Sources of labels contradict each other, and no person has said anything.
    Disagreement {
        /// The contradiction is among the most trusted ones.
        equals: bool,
    },
}

/// Passed the gate, in the home, not queued.
const GENERATED: &str = "SELECT g.sha256, NULL AS record, b.generator, g.prompt_id AS prompt,
        EXISTS (SELECT 1 FROM verdicts w WHERE w.sha256 = g.sha256 AND w.level = 2 AND w.passed) AS best,
        (SELECT count(*) FROM reviews v JOIN generated h ON h.sha256 = v.sha256 JOIN batches c ON c.id = h.batch
            WHERE v.state IN ('accepted', 'rejected') AND c.generator = b.generator AND c.prompts = b.prompts
            AND h.prompt_id = g.prompt_id) AS looked
    FROM generated g JOIN batches b ON b.id = g.batch JOIN objects o ON o.sha256 = g.sha256
    JOIN verdicts t ON t.sha256 = g.sha256 AND t.level = 1 AND t.passed
    WHERE o.removed_us IS NULL AND NOT EXISTS (SELECT 1 FROM reviews v WHERE v.sha256 = g.sha256)";
/// Picked, and without any word that is trusted more than the members' consensus.
const HARD: &str = "SELECT k.sha256, r.id AS record, max(k.score) AS score FROM picks k
    JOIN objects o ON o.sha256 = k.sha256
    JOIN records r ON r.seq = (SELECT max(m.record) FROM picks m WHERE m.sha256 = k.sha256)
    WHERE o.removed_us IS NULL AND NOT EXISTS (SELECT 1 FROM reviews v WHERE v.sha256 = k.sha256)
    AND NOT EXISTS (SELECT 1 FROM pictures p WHERE p.sha256 = k.sha256)
    AND NOT EXISTS (SELECT 1 FROM picture_labels l WHERE l.sha256 = k.sha256 AND l.\"rank\" < ?1)
    AND NOT EXISTS (SELECT 1 FROM records q JOIN labels l ON l.record = q.seq
        WHERE q.sha256 = k.sha256 AND l.\"rank\" < ?1)
    GROUP BY k.sha256, r.id";
/// All words on pictures whose words differ, where no person has spoken.
const DIFFER: &str = "WITH words AS (
        SELECT sha256, ?1 AS \"rank\", label FROM pictures
        UNION ALL SELECT sha256, \"rank\", label FROM picture_labels
        UNION ALL SELECT r.sha256, l.\"rank\", l.label FROM labels l JOIN records r ON r.seq = l.record
            WHERE r.sha256 IS NOT NULL),
    differ AS (SELECT sha256, min(\"rank\") AS first FROM words GROUP BY sha256
        HAVING min(label) <> max(label) AND min(\"rank\") > 0)
    SELECT d.sha256, CASE WHEN EXISTS (SELECT 1 FROM pictures p WHERE p.sha256 = d.sha256) THEN NULL
            ELSE (SELECT id FROM records r WHERE r.sha256 = d.sha256 ORDER BY r.seq DESC LIMIT 1) END AS record,
        (SELECT count(DISTINCT w.label) FROM words w WHERE w.sha256 = d.sha256 AND w.\"rank\" = d.first) > 1 AS equals
    FROM differ d JOIN objects o ON o.sha256 = d.sha256
    WHERE o.removed_us IS NULL AND NOT EXISTS (SELECT 1 FROM reviews v WHERE v.sha256 = d.sha256)";

impl Ledger {
    /// Every picture that a person might look at and that was never queued, each once, in the order of SHA-256.
    pub async fn review_candidates(&self) -> Result<Vec<ReviewCandidate>, StoreError> {
        let mut found = BTreeMap::new();
        let queries = [
            sqlx::query(HARD).bind(rank(LabelSource::Consensus)),
            sqlx::query(DIFFER).bind(rank(LabelSource::Dataset)),
            sqlx::query(GENERATED),
        ];
        for (query, read) in queries.into_iter().zip([hard, differ, generated]) {
            let rows = query.fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
            for row in &rows {
                let one = candidate(row, read).map_err(|e| self.error(e))?;
                found.insert(one.id, one);
            }
        }
        Ok(found.into_values().collect())
    }
}

type Read = fn(&SqliteRow) -> Result<ReviewDoubt, sqlx::Error>;

fn candidate(row: &SqliteRow, doubt: Read) -> Result<ReviewCandidate, sqlx::Error> {
    Ok(ReviewCandidate { id: row.object("sha256")?, record: row.record_if("record")?, doubt: doubt(row)? })
}

fn hard(row: &SqliteRow) -> Result<ReviewDoubt, sqlx::Error> {
    Ok(ReviewDoubt::Hard { score: row.try_get("score")? })
}

fn differ(row: &SqliteRow) -> Result<ReviewDoubt, sqlx::Error> {
    Ok(ReviewDoubt::Disagreement { equals: row.try_get("equals")? })
}

fn generated(row: &SqliteRow) -> Result<ReviewDoubt, sqlx::Error> {
    Ok(ReviewDoubt::Generated {
        generator: row.try_get("generator")?,
        prompt: row.try_get("prompt")?,
        best: row.try_get("best")?,
        looked: row.unsigned("looked")?,
    })
}
