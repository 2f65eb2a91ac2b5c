//! What was published where, and what NATIX's server was told of it: so that nothing is sent twice.

use hivis_types::{Hotkey, ReleaseId};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::ledger::columns::RowExt as _;
use crate::{Ledger, StoreError};

/// Which release goes where, in whose name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPublication {
    /// The release.
    pub release: ReleaseId,
    /// SHA-256 of its `release.toml` in hex: the release's hash, since that names the hash of every file.
    pub sha256: String,
    /// `OWNER/NAME`.
    pub repo: String,
    /// Who submits it.
    pub hotkey: Hotkey,
}

/// A publication as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Publication {
    /// Its number, in the order of their beginnings.
    pub seq: i64,
    /// What, where, in whose name.
    #[serde(flatten)]
    pub what: NewPublication,
    /// When it was begun, UTC.
    pub begun: Timestamp,
    /// The commit that was read back, and when; `None` until then.
    pub published: Option<(String, Timestamp)>,
}

/// What a server was told of a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Registration {
    /// When it was last sent, UTC; written before.
    pub tried: Timestamp,
    /// When the server took it.
    pub accepted: Option<Timestamp>,
    /// When the server said that it succeeded.
    pub registered: Option<Timestamp>,
    /// The server's last word.
    pub said: Option<String>,
}

/// Which registration of a publication: a server and a uid on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationKey {
    /// [`Publication::seq`].
    pub publication: i64,
    /// The address that it is sent to.
    pub server: String,
    /// The miner's uid.
    pub uid: u16,
}

const COLUMNS: &str =
    "SELECT seq, \"release\", sha256, repo, hotkey, begun_us, revision, published_us FROM publications";

impl Ledger {
    /// Notes that a publication begins, or finds the one that was begun before.
    pub async fn begin_publication(&self, new: &NewPublication, at: Timestamp) -> Result<Publication, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO publications (\"release\", sha256, repo, hotkey, begun_us) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING";
        sqlx::query(sql)
            .bind(new.release.as_str())
            .bind(&*new.sha256)
            .bind(&*new.repo)
            .bind(new.hotkey.as_str())
            .bind(at.as_microsecond())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        let sql =
            sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE \"release\" = ? AND sha256 = ? AND repo = ? AND hotkey = ?"));
        let row = sqlx::query(sql)
            .bind(new.release.as_str())
            .bind(&*new.sha256)
            .bind(&*new.repo)
            .bind(new.hotkey.as_str())
            .fetch_one(&mut *transaction)
            .await;
        let found = row.and_then(|row| publication(&row)).map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))?;
        Ok(found)
    }

    /// Notes the commit that holds a publication, once its file list was read back.
    pub async fn end_publication(&self, seq: i64, revision: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        // The same commit found again is no other publication.
        let sql = "UPDATE publications SET revision = ?1, published_us = ?2 WHERE seq = ?3 AND revision IS NOT ?1";
        sqlx::query(sql)
            .bind(revision)
            .bind(at.as_microsecond())
            .bind(seq)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// The newest publication of a release that was read back.
    pub async fn last_publication(&self, release: &ReleaseId) -> Result<Option<Publication>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE \"release\" = ? AND revision IS NOT NULL ORDER BY published_us DESC, seq DESC LIMIT 1"
        ));
        let row = sqlx::query(sql).bind(release.as_str()).fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(publication).transpose()).map_err(|e| self.error(e))
    }

    /// The newest publication of a release to that repository in that name that was read back.
    pub async fn publication_to(
        &self,
        release: &ReleaseId,
        repo: &str,
        hotkey: &Hotkey,
    ) -> Result<Option<Publication>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE \"release\" = ? AND repo = ? AND hotkey = ? AND revision IS NOT NULL
            ORDER BY published_us DESC, seq DESC LIMIT 1"
        ));
        let row = sqlx::query(sql).bind(release.as_str()).bind(repo).bind(hotkey.as_str());
        let row = row.fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(publication).transpose()).map_err(|e| self.error(e))
    }

    /// What that server was told.
    pub async fn registration(&self, key: &RegistrationKey) -> Result<Option<Registration>, StoreError> {
        let sql = "SELECT tried_us, accepted_us, registered_us, said FROM registrations
            WHERE publication = ? AND server = ? AND uid = ?";
        let query = sqlx::query(sql).bind(key.publication).bind(&*key.server).bind(i64::from(key.uid));
        let row = query.fetch_optional(self.readers()).await;
        row.and_then(|row| row.as_ref().map(registration).transpose()).map_err(|e| self.error(e))
    }

    /// Writes what a server was told and said, in place of what was known before.
    pub async fn note_registration(&self, key: &RegistrationKey, now: &Registration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO registrations (publication, server, uid, tried_us, accepted_us, registered_us, said)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (publication, server, uid) DO UPDATE SET tried_us = excluded.tried_us,
                accepted_us = excluded.accepted_us, registered_us = excluded.registered_us, said = excluded.said";
        sqlx::query(sql)
            .bind(key.publication)
            .bind(&*key.server)
            .bind(i64::from(key.uid))
            .bind(now.tried.as_microsecond())
            .bind(now.accepted.map(Timestamp::as_microsecond))
            .bind(now.registered.map(Timestamp::as_microsecond))
            .bind(now.said.as_deref())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.error(e))?;
        transaction.commit().await.map_err(|e| self.error(e))
    }
}

fn publication(row: &SqliteRow) -> Result<Publication, sqlx::Error> {
    let revision: Option<String> = row.try_get("revision")?;
    Ok(Publication {
        seq: row.try_get("seq")?,
        what: NewPublication {
            release: row.release("release")?,
            sha256: row.try_get("sha256")?,
            repo: row.try_get("repo")?,
            hotkey: Hotkey::new(row.try_get::<String, _>("hotkey")?),
        },
        begun: row.time("begun_us")?,
        published: revision.zip(row.time_if("published_us")?),
    })
}

fn registration(row: &SqliteRow) -> Result<Registration, sqlx::Error> {
    Ok(Registration {
        tried: row.time("tried_us")?,
        accepted: row.time_if("accepted_us")?,
        registered: row.time_if("registered_us")?,
        said: row.try_get("said")?,
    })
}
