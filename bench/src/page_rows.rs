//! Many records for a home, made at once in SQL; for measures only.

use std::path::Path;

use anyhow::Result;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::program::BOB;

/// The migration that counts minutes says how they are counted.
const MINUTES: &str = include_str!("../../crates/hivis-store/migrations/0017_minutes.sql");
/// Records lie over so long, whatever their number.
const SPAN_S: u64 = 7 * 24 * 3600;

/// One in 50 has no answer, one in 10 has a label and a row in the validators' log, one in 50 a wrong one; each has a picture of its own, whose file is
/// not there; small, so that retention, which keeps 20 GB, has nothing to do.
const ROWS: &str = "
CREATE TEMP TABLE made AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {records})
    SELECT i, {now_us} - {span_us} + i * ({span_us} / {records}) AS at, randomblob(32) AS sha, randomblob(16) AS md5,
        abs(random()) % 1000 AS draw, abs(random()) % 100 AS other FROM n;
INSERT INTO objects (sha256, md5, bytes, last_us, sureness) SELECT sha, md5, 2200, at, abs(draw / 1000.0 - 0.5) FROM made;
INSERT INTO records (id, arrived_us, protocol, hotkey, peer, nonce, stake, timeout_s, status, prediction, silence,
    \"release\", engine, \"precision\", probability, batch, batch_left, media, width, height, dhash, picture_bytes, sha256,
    verify_us, body_us, decode_us, queue_us, engine_us, total_us, features)
    SELECT printf('%08x-%04x-7%03x-8000-%012x', (at / 1000) >> 16, (at / 1000) & 65535, i & 4095, i), at, 'axon',
        '5Fbench' || (i % 8), '127.0.0.1:40000', at * 1000, 1000.0, 9.0, 200,
        CASE WHEN other < 2 THEN -1.0 ELSE draw / 1000.0 END, CASE WHEN other < 2 THEN 'expired' END,
        CASE WHEN other >= 2 THEN {release} END, CASE WHEN other >= 2 THEN 'rten' END,
        CASE WHEN other >= 2 THEN 'fp32' END, CASE WHEN other >= 2 THEN draw / 1000.0 END,
        CASE WHEN other >= 2 THEN 1 END, CASE WHEN other >= 2 THEN 'idle' END,
        'image/jpeg', 224, 224, i, 2200, sha, 90, 80, 700, 5, 8000 + draw * 10, 9000 + draw * 10, zeroblob(1536) FROM made;
INSERT INTO labels (record, \"rank\", source, label, confidence, at_us)
    SELECT r.seq, 3, 'testnet', (r.probability > 0.5) <> (r.seq % 50 = 0), 1.0, r.arrived_us FROM records r
    JOIN made m ON m.sha = r.sha256 WHERE r.seq % 10 = 0 AND r.probability IS NOT NULL;
INSERT INTO log_runs (project, run, uid, hotkey, next_step) VALUES ('bench/log', 'one', 1, '{ours}', {records});
INSERT INTO log_rows (run, step, at_us, prediction, reward, score, accuracy, mcc, label, level, outcome, record)
    SELECT (SELECT max(id) FROM log_runs), r.seq, r.arrived_us + 2000000, r.probability, r.probability, 0.9, 0.9, 0.8,
        r.probability > 0.5, 1, 'matched', r.seq
    FROM records r JOIN labels l ON l.record = r.seq WHERE r.hotkey LIKE '5Fbench%';
DELETE FROM minutes; DELETE FROM minute_latency; DELETE FROM minute_unsure; DELETE FROM callers;
";

/// Puts `records` into a home that nobody serves; gives the id of one in the middle.
pub(crate) async fn write(home: &Path, records: u64) -> Result<String> {
    let mut ledger = SqliteConnectOptions::new().filename(home.join("ledger.db")).connect().await?;
    let release: String = sqlx::query_scalar("SELECT \"release\" FROM records WHERE \"release\" IS NOT NULL LIMIT 1")
        .fetch_one(&mut ledger)
        .await?;
    let now_us = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_micros();
    let rows = ROWS
        .replace("{ours}", BOB)
        .replace("{records}", &records.to_string())
        .replace("{now_us}", &now_us.to_string())
        .replace("{span_us}", &(SPAN_S * 1_000_000).to_string())
        .replace("{release}", &format!("'{}'", release.replace('\'', "''")));
    let counts = counts();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("BEGIN;{rows}{counts}COMMIT;ANALYZE;"))).execute(&mut ledger).await?;
    let middle = "SELECT id FROM records WHERE silence IS NULL AND seq > (SELECT max(seq) / 2 FROM records) LIMIT 1";
    let id = sqlx::query_scalar(middle).fetch_one(&mut ledger).await?;
    ledger.close().await?;
    Ok(id)
}

/// The migration's statements that count what is there.
fn counts() -> String {
    let bare: Vec<&str> = MINUTES.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let bare = bare.join("\n");
    let counting: Vec<&str> = bare.split(';').map(str::trim).filter(|sql| sql.starts_with("INSERT")).collect();
    counting.join(";\n") + ";\n"
}
