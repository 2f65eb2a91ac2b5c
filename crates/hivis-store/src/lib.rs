//! The data home: the ledger, the objects, the locks and the releases of one miner, in one folder on a local disk.
//!
//! The model: a [`Home`] is a folder. Its [`Ledger`] (SQLite) holds one row for each answered question, its
//! [`Objects`] hold the pictures, its [`Releases`] the models. A server offers [`Record`](hivis_types::Record)s to a
//! [`RecordWriter`], which never blocks: it commits them in groups, a picture always on disk before its row. A record
//! is *acknowledged* once its id came out of [`Ledger::tail`], which reads after the commit. Any number of processes
//! read beside the writer.
//!
//! This room must not know how a station works: it neither judges nor answers, and it reads no wall clock (times come
//! in as parameters).
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use hivis_store::{Home, RecordFilter, RecordWriter, WriterSettings};
//! let home = Home::open_or_create(&dir.path().join("home"))?;
//! let _lock = home.serve_lock()?; // one server a home
//! let ledger = home.ledger().await?;
//! let (writer, handle) = RecordWriter::spawn(&home, &ledger, WriterSettings::default())?;
//! // writer.offer(record) wherever answers are made
//! writer.flush().await?;
//! handle.close().await?;
//! assert!(ledger.list(&RecordFilter::default()).await?.is_empty());
//! # Ok(()) })
//! # }
//! ```

mod backup;
mod disk;
mod embeddings;
mod error;
mod export;
mod fsck;
mod home;
mod ledger;
mod lock;
mod manifest;
mod objects;
mod releases;
mod retention;
mod staging;
mod version;
mod writer;

pub use backup::manifest::{BackupHead, Lost};
pub use backup::place::Place;
pub use backup::restore::{RestoreReport, restore};
pub use backup::take::{BackupOptions, BackupReport};
pub use backup::{CopyEvent, Show};
pub use disk::{Disk, LocalDisk};
pub use embeddings::Embeddings;
pub use error::StoreError;
pub use export::ExportFormat;
pub use fsck::{FsckOptions, FsckReport};
pub use home::Home;
pub use ledger::Ledger;
pub use ledger::alerts::{
    Ack, Acknowledged, AlertRound, AlertState, AlertTimes, AlertTold, ChannelHealth, ChannelState, NewMessage,
    OutboxMessage, OutboxState, SendEnd, StoredAlert, Tells,
};
pub use ledger::audit::{AuditEntry, NewAudit};
pub use ledger::batches::{Batch, BatchKind, NewBatch};
pub use ledger::bridges::MadeBy;
pub use ledger::bulk::{NewFile, Probe};
pub use ledger::datasets::{Conflict, Dataset, Import, NewDataset};
pub use ledger::drift::{DriftRecord, DriftReference, DriftRow, DriftValue, DriftWindow, NewDriftWindow};
pub use ledger::earnings::NeuronReading;
pub use ledger::filter::{Disagreement, RecordFilter, SilenceFilter};
pub use ledger::gate::{BatchVerdict, ListedVerdict, StoredVerdict, ToGate, VerdictFilter};
pub use ledger::generated::{Generated, KeptGenerated, NewGenerated, UnvariedPick};
pub use ledger::jobs::{Claim, Claimant, Job, JobState, JobStep, Lease, NewJob, StepEnd, StepState, Term};
pub use ledger::labels::{Labelled, StoredLabel};
pub use ledger::log::{LogMatches, LogPage, LogPoint, LogRow, LogRun};
pub use ledger::looking::{Looked, Worth};
pub use ledger::mining::{JudgedRecord, MiningRun, NewMiningRun, NewPick, Pick};
pub use ledger::minutes::{CallerSeen, Minute, Window};
pub use ledger::morning::{Made, Mined, Reviewed};
pub use ledger::picture_names::{PictureHere, PictureName};
pub use ledger::pictures::{ImportedPicture, NewPicture, Outcome};
pub use ledger::promotions::{NewPromotion, Promotion, PromotionKind, PromotionOutcome};
pub use ledger::publications::{NewPublication, Publication, Registration, RegistrationKey};
pub use ledger::rank::{SeenRank, SubnetReading, ValidatorSet};
pub use ledger::read::Story;
pub use ledger::recent::{RecentAnswer, WheelCounts};
pub use ledger::reviews::{
    Decision, GeneratedFrom, JudgedPicture, NewDecision, NewReview, Review, ReviewCandidate, ReviewClaim, ReviewCounts,
    ReviewDoubt, ReviewFilter, ReviewReason, ReviewRefused, ReviewRoom, ReviewState, ReviewStory, ReviewVerdict,
    ReviewWhy, Reviewer, SaidOfIt, Settled, Told, TwoLooks, Undo,
};
pub use ledger::rows::{PictureState, StoredRecord};
pub use ledger::samples::{Sample, SampleFrom};
pub use ledger::shown::{PictureMarks, ShownPicture, VersionDifference};
pub use ledger::spend::{AtCap, Booked, Booking, Cap, Caps, NewSpend, Spent, Tally};
pub use ledger::stations::{Stations, TrueAnswer, WrongAnswer};
pub use ledger::summary::{Latency, Summary, Totals};
pub use ledger::tail::{Tail, TailFrom};
pub use ledger::test_looks::{NewTestLook, TestLook};
pub use ledger::trace::{Decided, InVersions, MadePicture, Picked, Trace};
pub use ledger::versions::{Acceptance, DataVersion, NewContent, NewVersion, VersionPicture, VersionState};
pub use lock::ServeLock;
pub use manifest::{EngineHints, InputSize, Manifest, ReleaseFile, TrainingNote};
pub use objects::{Md5, ObjectId, Objects, Put};
pub use releases::{PromotionLock, Release, Releases};
pub use retention::{Keep, Retained};
pub use staging::{Staging, VersionClaim};
pub use version::{
    Bump, CheckOptions, CheckReport, CheckoutReport, CutDone, Edited, EditedFile, GcOptions, GcReport, LinkType,
    PullReport, PushReport, Step, Trouble, VersionError, VersionName, VersionOptions, Versions,
};
pub use writer::counters::{DropReason, WriterStats};
pub use writer::queue::QueueLimits;
pub use writer::{RecordWriter, WriterHandle, WriterSettings};
