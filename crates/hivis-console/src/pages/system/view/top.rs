//! The miner at a glance, as `hivis top` shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::DiskView;

/// The miner at a glance: what `hivis top` shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopView {
    /// When it was read.
    pub at: String,
    /// `server`, or `ledger` where no server runs.
    pub read_from: String,
    /// Whether a challenge that comes now would be judged.
    pub ready: bool,
    /// In words.
    pub state: String,
    /// Where the axon listens; empty without a server.
    pub address: String,
    /// What serves.
    pub release: Option<String>,
    /// The reward to expect.
    pub reward: Option<TopReward>,
    /// Challenges a second over the last minute.
    pub rate: f64,
    /// Challenges by ten seconds of the last ten minutes, oldest first.
    pub spark: Vec<u64>,
    /// Challenges of the last hour, at most the newest 2,000.
    pub challenges: u64,
    /// Of those, judged.
    pub judged: u64,
    /// Half were at most so slow, ms.
    pub p50_ms: Option<f64>,
    /// 99 of 100.
    pub p99_ms: Option<f64>,
    /// The newest answers, newest first.
    pub answers: Vec<TopAnswer>,
    /// What the stations of the wheel hold.
    pub wheel: Vec<TopCount>,
    /// Pictures that wait for a person.
    pub waiting: u64,
    /// Turns of the wheel: under way, last and next.
    pub jobs: Vec<TopJob>,
    /// Alerts that hold; none where nobody watches.
    pub alerts: Option<u64>,
    /// What is wrong by the axon's own word.
    pub troubles: Vec<String>,
    /// The home's file system.
    pub disk: DiskView,
}

/// The reward to expect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopReward {
    /// The best single guess.
    pub point: f64,
    /// 5% of deployments earn less.
    pub low: f64,
    /// 5% earn more.
    pub high: f64,
    /// Who says so.
    pub source: String,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopAnswer {
    /// Its record.
    pub id: String,
    /// When its request came.
    pub time: String,
    /// Who asked.
    pub caller: String,
    /// `roadwork`, `clear`, or why there was no judgement.
    pub said: String,
    /// Probability of roadwork.
    pub probability: Option<f64>,
    /// HTTP status.
    pub status: u16,
    /// Time from head to answer.
    pub ms: f64,
}

/// A count of one station.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopCount {
    /// Of what.
    pub name: String,
    /// How many.
    pub value: u64,
}

/// A turn of the wheel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopJob {
    /// Which kind.
    pub kind: String,
    /// When it was or is due.
    pub at: String,
    /// `next`, `running`, `done`, `failed`, ...
    pub state: String,
}
