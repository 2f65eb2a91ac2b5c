//! One answered question, with its whole story.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{EngineKind, Hotkey, Label, Precision, ReleaseId};

/// A record's name: a version-7 uuid, so ids sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub Uuid);

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.as_hyphenated())
    }
}

/// How the caller proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// `bt_header_*`, bittensor 7 to 10.
    Axon,
    /// `X-Bittensor-*`, `btauth/1` of bittensor 11.
    Btauth,
}

/// The verified caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caller {
    /// Who signed.
    pub hotkey: Hotkey,
    /// The socket's peer address, `ip:port`.
    pub peer: String,
    /// The dendrite's uuid, when it sent one.
    pub uuid: Option<String>,
    /// The signed nonce, Unix time in nanoseconds by the caller's clock.
    pub nonce: u64,
    /// `major * 10^6 + minor * 10^3 + patch` of the caller's SDK.
    pub version: Option<u64>,
    /// Stake by the permit list; sets the priority.
    pub stake: f64,
}

/// Why a challenge got -1 or a refusal although its caller was welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// The body has no `image`, or one that is no text.
    NoImage,
    /// `image` is not base64.
    NotBase64,
    /// The bytes are no picture that we read, or too broken to judge.
    NotAPicture,
    /// Over the pixel limit, or claims to be.
    TooManyPixels,
    /// The body is over the byte limit (413).
    TooManyBytes,
    /// The body is not the synapse's JSON (422, 500).
    BadBody,
    /// The caller went away or was too slow with its body (408).
    SlowBody,
    /// It could not have made its deadline: refused at admission (503).
    Overloaded,
    /// Its deadline passed while it waited.
    Expired,
    /// The engine failed.
    EngineFailed,
    /// No release is loaded.
    NoModel,
    /// Below `serve.silence_below`: the model is not sure enough.
    Unsure,
    /// The server drains (503).
    Draining,
}

impl Silence {
    /// The name in files, metrics and tables, `kebab-case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoImage => "no-image",
            Self::NotBase64 => "not-base64",
            Self::NotAPicture => "not-a-picture",
            Self::TooManyPixels => "too-many-pixels",
            Self::TooManyBytes => "too-many-bytes",
            Self::BadBody => "bad-body",
            Self::SlowBody => "slow-body",
            Self::Overloaded => "overloaded",
            Self::Expired => "expired",
            Self::EngineFailed => "engine-failed",
            Self::NoModel => "no-model",
            Self::Unsure => "unsure",
            Self::Draining => "draining",
        }
    }
}

/// Why a batch left for the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchLeft {
    /// The engine was idle and took what was there.
    Idle,
    /// The batch reached its largest size.
    Full,
    /// A member's deadline was near.
    Deadline,
}

impl BatchLeft {
    /// The name in files and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Full => "full",
            Self::Deadline => "deadline",
        }
    }
}

/// What the model said, before any rule of silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The release that judged.
    pub release: ReleaseId,
    /// What ran it.
    pub engine: EngineKind,
    /// Which of its files.
    pub precision: Precision,
    /// Probability of roadwork in [0, 1].
    pub probability: f32,
    /// The head's input, kept for mining and drift.
    pub features: Vec<f32>,
    /// Pictures that shared the batch, this one included.
    pub batch: u32,
    /// Why that batch left.
    pub left: BatchLeft,
}

/// The picture as it came.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedPicture {
    /// The bytes from the wire, base64 removed, nothing else changed.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// `image/jpeg`, `image/png`, `image/webp`, or `application/octet-stream` when it could not be read.
    pub media: String,
    /// Width in pixels, 0 when it could not be read.
    pub width: u32,
    /// Height in pixels, 0 when it could not be read.
    pub height: u32,
    /// 64-bit difference hash, when it could be read.
    pub dhash: Option<u64>,
}

impl std::fmt::Debug for RecordedPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordedPicture({} x {}, {}, {} bytes)", self.width, self.height, self.media, self.bytes.len())
    }
}

/// Where the time went, in microseconds; a phase that was not reached is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// Headers, permit, nonce and signature.
    pub verify_us: u64,
    /// Reading and parsing the body.
    pub body_us: u64,
    /// Base64 and picture to pixels.
    pub decode_us: u64,
    /// Waiting for the engine.
    pub queue_us: u64,
    /// In the engine, the whole batch.
    pub engine_us: u64,
    /// From the request's head to the answer's first byte.
    pub total_us: u64,
}

/// One question of a verified caller and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its name.
    pub id: RecordId,
    /// When the request's head was read, UTC.
    pub arrived: Timestamp,
    /// How the caller proved itself.
    pub protocol: Protocol,
    /// Who asked.
    pub caller: Caller,
    /// The caller's `timeout` header in seconds.
    pub timeout_s: Option<f64>,
    /// HTTP status of the answer.
    pub status: u16,
    /// The number that was sent: in [0, 1], or -1.
    pub prediction: f32,
    /// Why there was no judgement, when there was none.
    pub silence: Option<Silence>,
    /// What was odd about the picture or the body ("truncated", "CMYK", "unknown field x"), for the person who looks.
    pub notes: Vec<String>,
    /// What the model said.
    pub judgement: Option<Judgement>,
    /// What it looked at; `None` when the body never gave any bytes, or when they were dropped under pressure.
    pub picture: Option<RecordedPicture>,
    /// `testnet_label`, when it came.
    pub label: Option<Label>,
    /// Where the time went.
    pub timings: Timings,
}
