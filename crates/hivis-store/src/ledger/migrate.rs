//! Bringing a ledger to this version: files in `migrations/`, forward only, a copy kept before each run.

use std::path::{Path, PathBuf};

use fs_err as fs;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _};

use crate::{StoreError, disk};

/// Every migration: its version and its file. Never change one that was released; add another.
const MIGRATIONS: [(i64, &str, &str); 17] = [
    (1, "records", include_str!("../../migrations/0001_records.sql")),
    (2, "labels", include_str!("../../migrations/0002_labels.sql")),
    (3, "promotions", include_str!("../../migrations/0003_promotions.sql")),
    (4, "pictures", include_str!("../../migrations/0004_pictures.sql")),
    (5, "test_looks", include_str!("../../migrations/0005_test_looks.sql")),
    (6, "earnings", include_str!("../../migrations/0006_earnings.sql")),
    (7, "publications", include_str!("../../migrations/0007_publications.sql")),
    (8, "mining", include_str!("../../migrations/0008_mining.sql")),
    (9, "generated", include_str!("../../migrations/0009_generated.sql")),
    (10, "gate", include_str!("../../migrations/0010_gate.sql")),
    (11, "review", include_str!("../../migrations/0011_review.sql")),
    (12, "versions", include_str!("../../migrations/0012_versions.sql")),
    (13, "jobs", include_str!("../../migrations/0013_jobs.sql")),
    (14, "audit", include_str!("../../migrations/0014_audit.sql")),
    (15, "alerts", include_str!("../../migrations/0015_alerts.sql")),
    (16, "rank", include_str!("../../migrations/0016_rank.sql")),
    (17, "minutes", include_str!("../../migrations/0017_minutes.sql")),
];

/// The version that this hivis writes.
pub(crate) const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Brings the ledger at `path` to [`KNOWN`], making it when there is none. Returns the version that it has now, which
/// is a higher one when a newer hivis wrote it; such a ledger is left as it is.
pub(crate) async fn bring_up(path: &Path, options: &SqliteConnectOptions) -> Result<i64, StoreError> {
    let version = version(path).await?;
    if version >= KNOWN {
        return Ok(version);
    }
    let _alone = alone(path).await?;
    // Another process may have done it while we waited.
    let version = self::version(path).await?;
    if version >= KNOWN {
        return Ok(version);
    }
    let ledger = |source| StoreError::Ledger { path: path.to_owned(), source };
    // A pool of one: the future of a migrator that runs on a bare connection cannot be sent between threads.
    let one = SqlitePoolOptions::new().max_connections(1);
    let connection = one.connect_with(options.clone().create_if_missing(true)).await.map_err(ledger)?;
    if version > 0 {
        let copy = keep_copy(path, version, &connection).await?;
        tracing::info!(from = version, to = KNOWN, copy = %copy.display(), "the ledger is brought to this version");
    }
    let migrations = MIGRATIONS
        .into_iter()
        .map(|(version, name, sql)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    let run = Migrator::with_migrations(migrations).run(&connection).await;
    run.map_err(|source| StoreError::Migrate { path: path.to_owned(), source })?;
    connection.close().await;
    disk::sync_folder(path.parent().expect("a ledger lies in a home: this is a bug"))?;
    Ok(KNOWN)
}

/// The ledger's version; 0 when there is none yet, or one that was never finished.
async fn version(path: &Path) -> Result<i64, StoreError> {
    if !path.exists() {
        return Ok(0);
    }
    let read = async {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
        let tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
        let version = if sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut connection).await? == 0 {
            0
        } else {
            let newest = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
            sqlx::query_scalar(newest).fetch_one(&mut connection).await?
        };
        connection.close().await?;
        Ok(version)
    };
    read.await.map_err(|source| StoreError::Ledger { path: path.to_owned(), source })
}

/// Writes the whole ledger to `ledger.db.v<version>`, complete or not at all.
async fn keep_copy(path: &Path, version: i64, connection: &SqlitePool) -> Result<PathBuf, StoreError> {
    let copy = PathBuf::from(format!("{}.v{version}", path.display()));
    let unfinished = PathBuf::from(format!("{}.unfinished", copy.display()));
    if unfinished.exists() {
        fs::remove_file(&unfinished)?;
    }
    sqlx::query("VACUUM INTO ?")
        .bind(unfinished.to_string_lossy().into_owned())
        .execute(connection)
        .await
        .map_err(|source| StoreError::Ledger { path: path.to_owned(), source })?;
    fs::File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, &copy)?;
    disk::sync_folder(copy.parent().expect("a ledger lies in a home: this is a bug"))?;
    Ok(copy)
}

/// Held while a ledger is brought up: two processes must not do it at once.
async fn alone(path: &Path) -> Result<std::fs::File, StoreError> {
    let lock = path.with_extension("lock");
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(lock)?.into_file();
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    Ok(locked.expect("waiting for a lock does not panic: this is a bug")?)
}
