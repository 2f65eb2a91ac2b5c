//! Many files of a data set at once: read and hashed on several threads, one sync and one transaction for all of them.

use std::collections::HashMap;
use std::path::PathBuf;

use hivis_types::{Label, Origin};
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::ledger::datasets::Import;
use crate::ledger::pictures::Outcome;
use crate::version::side_by_side;
use crate::{Ledger, ObjectId, Put, StoreError, disk};

/// Rows that go into one statement.
const AT_ONCE: usize = 2000;

/// A file of a data set, as it is found.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its name in the data set.
    pub name: String,
    /// What the data set says that it shows.
    pub label: Label,
    /// Photograph or generated.
    pub origin: Origin,
    /// Its scene within the data set.
    pub scene: String,
    /// Tags.
    pub slices: Vec<String>,
}

/// How files are looked at before they are taken.
pub type Probe<'a> = &'a (dyn Fn(&[u8]) -> Result<(), String> + Sync);

/// A row of `pictures` that is there.
struct There {
    name: String,
    label: i64,
    origin: String,
    scene: String,
    slices: String,
    seen_us: i64,
}

impl Ledger {
    /// Stores a large group of files, as [`Ledger::import`] does a small one: `probe` says what is no picture. Blocks on the
    /// disk while it reads and writes. The outcomes are in the order of the files.
    pub async fn import_files(
        &self,
        import: &Import,
        files: &[NewFile],
        threads: usize,
        probe: Probe<'_>,
    ) -> Result<Vec<Outcome>, StoreError> {
        // Held until the rows are committed, so that retention does not take a file that they are about to name.
        let _guard = self.objects().share()?;
        let take = |file: &NewFile| -> Result<Result<(Put, u64), String>, StoreError> {
            let bytes = match std::fs::read(&file.path) {
                Ok(bytes) => bytes,
                Err(error) => return Ok(Err(error.to_string())),
            };
            if let Err(why) = probe(&bytes) {
                return Ok(Err(why));
            }
            match self.objects().write(&bytes, true) {
                Ok(put) => Ok(Ok((put, bytes.len() as u64))),
                Err(refused @ StoreError::Md5Collision { .. }) => Ok(Err(refused.to_string())),
                Err(error) => Err(error),
            }
        };
        let taken: Vec<Result<(Put, u64), String>> =
            side_by_side(threads, files, take).into_iter().collect::<Result<_, _>>()?;
        self.settle_files(&taken)?;
        self.write_rows(import, files, taken).await
    }

    /// Makes the files survive a power cut before any row names them.
    fn settle_files(&self, taken: &[Result<(Put, u64), String>]) -> Result<(), StoreError> {
        if cfg!(target_os = "linux") {
            return Ok(disk::sync_file_system(&self.objects().temporary_folder())?);
        }
        for (put, _) in taken.iter().flatten() {
            std::fs::File::open(self.objects().path(put.md5))?.sync_all()?;
        }
        for first in 0..=u8::MAX {
            let folder = self.objects().prefix_folder(first);
            if folder.is_dir() {
                disk::sync_folder(&folder)?;
            }
        }
        Ok(())
    }

    async fn write_rows(
        &self,
        import: &Import,
        files: &[NewFile],
        taken: Vec<Result<(Put, u64), String>>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut transaction = self.begin().await?;
        let puts: Vec<(Put, u64)> = taken.iter().flatten().copied().collect();
        let mut there: HashMap<ObjectId, There> = HashMap::new();
        for part in puts.chunks(AT_ONCE) {
            let rows: Vec<Value> =
                part.iter().map(|(put, bytes)| json!([put.id.to_string(), put.md5.to_string(), bytes])).collect();
            // `WHERE true` keeps SQLite from reading ON CONFLICT as a join's.
            let sql = "INSERT INTO objects (sha256, md5, bytes, last_us, sureness)
                SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, ?, 0.5 FROM json_each(?) WHERE true
                ON CONFLICT (sha256) DO UPDATE SET removed_us = NULL, last_us = max(last_us, excluded.last_us)
                ON CONFLICT (md5) DO NOTHING";
            let query = sqlx::query(sql).bind(import.begun_us).bind(Value::from(rows).to_string());
            query.execute(&mut *transaction).await.map_err(|e| self.error(e))?;
            let ids: Vec<String> = part.iter().map(|(put, _)| put.id.to_string()).collect();
            let sql = "SELECT o.sha256, o.md5, p.name, p.label, p.origin, p.scene, p.slices, p.seen_us
                FROM objects o LEFT JOIN pictures p ON p.sha256 = o.sha256 AND p.dataset = ?
                WHERE o.sha256 IN (SELECT unhex(value) FROM json_each(?))";
            let query = sqlx::query(sql).bind(import.dataset).bind(Value::from(ids).to_string());
            let found = query.fetch_all(&mut *transaction).await.map_err(|e| self.error(e))?;
            for row in &found {
                let (id, row) = read(row).map_err(|e| self.error(e))?;
                there.insert(id, row);
            }
        }
        let (mut outcomes, mut rows) = (Vec::with_capacity(files.len()), Vec::new());
        for (file, taken) in files.iter().zip(taken) {
            let put = match taken {
                Ok((put, _)) => put,
                Err(why) => {
                    outcomes.push(Outcome::Refused(why));
                    continue;
                }
            };
            // Another picture has this MD5's row.
            let Some(before) = there.get_mut(&put.id) else {
                outcomes.push(Outcome::Refused(StoreError::Md5Collision { md5: put.md5.to_string() }.to_string()));
                continue;
            };
            let now = There {
                name: file.name.clone(),
                label: i64::from(file.label.as_u8()),
                origin: file.origin.as_str().to_owned(),
                scene: file.scene.clone(),
                slices: json!(file.slices).to_string(),
                seen_us: import.begun_us,
            };
            if before.seen_us == import.begun_us && before.name != now.name {
                let agrees = before.label == now.label;
                outcomes.push(Outcome::Twin { of: before.name.clone(), agrees });
                continue;
            }
            outcomes.push(match before.seen_us {
                i64::MIN => Outcome::New,
                _ if before.says(&now) => Outcome::There,
                _ => Outcome::Changed,
            });
            rows.push(json!([put.id.to_string(), now.name, now.label, now.origin, now.scene, now.slices]));
            *before = now;
        }
        for part in rows.chunks(AT_ONCE) {
            let sql = "INSERT INTO pictures (sha256, dataset, name, label, origin, scene, slices, seen_us)
                SELECT unhex(value ->> 0), ?, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ?
                FROM json_each(?) WHERE true
                ON CONFLICT (sha256, dataset) DO UPDATE SET name = excluded.name, label = excluded.label,
                origin = excluded.origin, scene = excluded.scene, slices = excluded.slices, seen_us = excluded.seen_us";
            let query = sqlx::query(sql).bind(import.dataset).bind(import.begun_us).bind(json!(part).to_string());
            query.execute(&mut *transaction).await.map_err(|e| self.error(e))?;
        }
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(outcomes)
    }
}

impl There {
    fn says(&self, other: &Self) -> bool {
        (self.label, &self.origin, &self.scene, &self.slices)
            == (other.label, &other.origin, &other.scene, &other.slices)
    }
}

/// A picture's identity with what the data set says of it; `seen_us` is the least number when it says nothing yet.
fn read(row: &SqliteRow) -> Result<(ObjectId, There), sqlx::Error> {
    let id = row.object("sha256")?;
    let text = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<String>, _>(column)?.unwrap_or_default());
    let number = |column: &str| row.try_get::<Option<i64>, _>(column);
    let there = There {
        name: text("name")?,
        label: number("label")?.unwrap_or_default(),
        origin: text("origin")?,
        scene: text("scene")?,
        slices: text("slices")?,
        seen_us: number("seen_us")?.unwrap_or(i64::MIN),
    };
    Ok((id, there))
}
