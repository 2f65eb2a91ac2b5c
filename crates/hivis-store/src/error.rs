//! Everything that can go wrong in the data home, and what mends it.

use std::path::PathBuf;

use hivis_types::ReleaseId;

/// An error of the data home. Paths are in the messages; [`StoreError::hint`] says what to do where we know it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or folder could not be read or written; the source names it.
    #[error("the data home cannot be read or written")]
    Io(#[from] std::io::Error),
    /// There is no home in this folder.
    #[error("there is no data home at {path}")]
    NoHome {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The folder holds something else.
    #[error("{path} is a folder with other things in it (`{stranger}`), not a data home")]
    NotAHome {
        /// The folder.
        path: PathBuf,
        /// One thing found there that no home has.
        stranger: String,
    },
    /// SQLite's locks and flock cannot be trusted there.
    #[error("{path} lies on a network file system ({kind}), where locks cannot be trusted")]
    NetworkFileSystem {
        /// The folder.
        path: PathBuf,
        /// The file system's name.
        kind: &'static str,
    },
    /// Another server holds `serve.lock`.
    #[error("a server already runs on {path}{}", .pid.map(|p| format!(" (process {p})")).unwrap_or_default())]
    ServerRunning {
        /// The home.
        path: PathBuf,
        /// Its process id, when it could be read.
        pid: Option<u32>,
    },
    /// SQLite failed.
    #[error("the ledger {path} failed")]
    Ledger {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// A migration failed; the ledger is as it was before.
    #[error("the ledger {path} could not be brought to this version")]
    Migrate {
        /// The database file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The ledger was written by a newer hivis: it can be read, not written.
    #[error("the ledger {path} is of version {found}, this hivis knows up to {known}: it is open for reading only")]
    NewerLedger {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Two pictures with one MD5: somebody made one of them on purpose.
    #[error("another picture with MD5 {md5} is already stored: refused")]
    Md5Collision {
        /// The MD5 that both have, in hex.
        md5: String,
    },
    /// A stored picture is gone from the disk.
    #[error("the picture {path} is missing")]
    MissingObject {
        /// Where it should be.
        path: PathBuf,
    },
    /// A stored picture is not what it was.
    #[error("the picture {path} is damaged: its SHA-256 is {found}, it was stored as {expected}")]
    DamagedObject {
        /// Where it is.
        path: PathBuf,
        /// SHA-256 when it was stored, in hex.
        expected: String,
        /// SHA-256 now, in hex.
        found: String,
    },
    /// No record's id begins so.
    #[error("no record's id begins with `{prefix}`")]
    NoSuchRecord {
        /// What was asked for.
        prefix: String,
    },
    /// Several records' ids begin so.
    #[error("several records' ids begin with `{prefix}`: {first} and {second} among them")]
    SeveralRecords {
        /// What was asked for.
        prefix: String,
        /// One of them.
        first: String,
        /// Another.
        second: String,
    },
    /// No data set of that name was imported.
    #[error("no data set is named `{name}`")]
    NoSuchDataset {
        /// What was asked for.
        name: String,
    },
    /// A row holds what this version never writes.
    #[error("the ledger's record {id} has an unreadable `{column}`: {value}")]
    BadRow {
        /// The record.
        id: String,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// A value cannot be written as CSV.
    #[error("the export cannot be written")]
    Csv(#[from] csv::Error),
    /// A value cannot be written as JSON.
    #[error("the export cannot be written")]
    Json(#[from] serde_json::Error),
    /// The writer's thread is gone.
    #[error("the record writer has stopped")]
    WriterStopped,
    /// A release of that name exists; releases never change.
    #[error("the release `{id}` exists already, and releases never change")]
    ReleaseExists {
        /// Its name.
        id: ReleaseId,
    },
    /// There is no release of that name.
    #[error("there is no release `{id}` in {folder}")]
    NoSuchRelease {
        /// Its name.
        id: String,
        /// The folder of releases.
        folder: PathBuf,
    },
    /// Another process moves the pointer.
    #[error("another promotion is running on this home")]
    PromotionRunning,
    /// `release.toml` or the pointer says what cannot be.
    #[error("{path} is not valid: {reason}")]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of a release is not what it was when it was installed.
    #[error("corrupt weights: {path} has SHA-256 {found}, release.toml says {expected}")]
    CorruptRelease {
        /// The file.
        path: PathBuf,
        /// SHA-256 by `release.toml`, in hex.
        expected: String,
        /// SHA-256 now, in hex; "no file" when it is gone.
        found: String,
    },
    /// A file of kept features is none, or another backbone's.
    #[error("{path} cannot be used: {reason}")]
    BadEmbeddings {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// That is no place for backups.
    #[error("{place} is no place for a backup: {reason}")]
    BadPlace {
        /// What was given.
        place: String,
        /// Why not.
        reason: String,
    },
    /// The place of backups failed.
    #[error("the backups at {place} cannot be read or written")]
    Place {
        /// The place.
        place: String,
        /// What went wrong.
        #[source]
        source: object_store::Error,
    },
    /// The place does not let us in. Its own words are left out: they repeat parts of the credentials.
    #[error("{place} refuses the credentials or does not allow this")]
    PlaceRefused {
        /// The place.
        place: String,
    },
    /// There is no backup, or its manifest or ledger is not what it was.
    #[error("the backup {backup} cannot be used: {reason}")]
    BadBackup {
        /// The place, and the manifest where it is known.
        backup: String,
        /// Why not.
        reason: String,
    },
    /// Another process backs this home up.
    #[error("another backup of this home is running")]
    BackupRunning,
    /// A backup is restored into nothing else than an empty folder.
    #[error("{path} is not empty (`{stranger}`): a backup is only restored into an empty home")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// One thing that is there.
        stranger: String,
    },
    /// A restore into this folder was cut off.
    #[error("{path} is a half restored home (of the backup {backup})")]
    HalfRestored {
        /// The folder.
        path: PathBuf,
        /// The backup's manifest.
        backup: String,
    },
    /// The disk is too small.
    #[error("{path} has {free} bytes free, {need} are needed")]
    NoRoom {
        /// The folder.
        path: PathBuf,
        /// Bytes that are to be written.
        need: u64,
        /// Bytes that may be.
        free: u64,
    },
}

impl StoreError {
    /// What to do about it, one line, where we know.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoHome { .. } => "give another folder with --home, or run `hivis demo` to make one".into(),
            Self::NotAHome { .. } => "give --home an empty folder, or one that does not exist yet".into(),
            Self::NetworkFileSystem { .. } => "give --home a folder on a local disk".into(),
            Self::ServerRunning { pid: Some(pid), .. } => format!("stop it first (`kill {pid}` drains it)"),
            Self::ServerRunning { pid: None, .. } => "stop the other server first".into(),
            Self::NewerLedger { .. } => "use the newer hivis that wrote it".into(),
            Self::NoSuchDataset { .. } => "`hivis data list` shows those that there are".into(),
            Self::SeveralRecords { .. } => "give more of the id".into(),
            Self::PromotionRunning => "wait until it is done; `hivis release list` shows what it did".into(),
            Self::ReleaseExists { .. } => "choose another name".into(),
            Self::CorruptRelease { .. } => {
                "the file was changed or damaged after it was installed: import the model again".into()
            }
            Self::BadEmbeddings { .. } => "remove it: what it held is computed again".into(),
            Self::BadPlace { .. } => "give a folder outside the home, or s3://BUCKET/PREFIX".into(),
            Self::Place { .. } => "check the folder or the network, AWS_ENDPOINT_URL, AWS_REGION and the bucket".into(),
            Self::PlaceRefused { .. } => {
                "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, and that this key may list, read and write there".into()
            }
            Self::BadBackup { .. } => "`hivis restore PLACE --list` shows all backups; --at takes an older one".into(),
            Self::BackupRunning => "wait until it is done".into(),
            Self::NotEmpty { .. } => "give another folder with --home; nothing is ever restored over a home".into(),
            Self::HalfRestored { .. } => "run the same `hivis restore` again; it goes on where it was".into(),
            Self::NoRoom { .. } => "free some space, or give a folder on a larger disk".into(),
            _ => return None,
        })
    }
}
