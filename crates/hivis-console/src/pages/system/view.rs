//! What the page System and its API say. Times are UTC, RFC 3339; money is whole micro-dollars.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub use super::super::releases::Fact;
use super::super::releases::minute;

/// What the program says of the home and the machine.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct SystemView {
    /// The axon: state and gauges.
    pub health: HealthView,
    /// The home's file system.
    pub disk: DiskView,
    /// Memory of this process.
    pub memory: MemoryView,
    /// GPUs that the driver knows.
    pub gpus: Vec<GpuLine>,
    /// What the night did and will do.
    pub jobs: JobsView,
    /// The calendar.
    pub dates: Vec<DateLine>,
    /// What comes in and what goes out.
    pub money: MoneyView,
    /// What may be used, and what is.
    pub quotas: Vec<QuotaLine>,
    /// Versions of everything.
    pub versions: Vec<Fact>,
}

/// The axon.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct HealthView {
    /// Whether a challenge that comes now would be judged.
    pub ready: bool,
    /// Why not, and alarms.
    pub troubles: Vec<String>,
    /// Figures, in words.
    pub facts: Vec<Fact>,
}

/// The home's file system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiskView {
    /// Bytes that may still be written.
    pub free_bytes: u64,
    /// Its size.
    pub total_bytes: u64,
    /// Bytes of pictures that come in a day, by the newest records.
    pub day_bytes: Option<u64>,
    /// Days until recording stops, where it will.
    pub days_until_full: Option<f64>,
    /// In words.
    pub said: String,
}

/// Memory of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct MemoryView {
    /// Resident now.
    pub resident_bytes: Option<u64>,
    /// The most that ever was.
    pub peak_bytes: Option<u64>,
    /// Of the machine.
    pub total_bytes: Option<u64>,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct GpuLine {
    /// Its name.
    pub name: String,
    /// Memory in use.
    pub used_bytes: u64,
    /// Its memory.
    pub total_bytes: u64,
    /// Busy, percent.
    pub busy_percent: Option<u32>,
    /// Degrees Celsius.
    pub celsius: Option<u32>,
}

/// What the night did and will do.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct JobsView {
    /// Each kind of turn, and when it is due next.
    pub next: Vec<NextTurn>,
    /// Who works now, in words.
    pub held: Option<String>,
    /// The newest turns, newest first.
    pub jobs: Vec<JobLine>,
}

/// A kind of turn.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct NextTurn {
    /// `nightly`, `weekly`, `monthly`, `retrain`.
    pub kind: String,
    /// When; none where the calendar has no day.
    pub at: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<String>,
}

/// A turn.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct JobLine {
    /// Its number.
    pub id: i64,
    /// Which kind.
    pub kind: String,
    /// When it was due.
    pub due: String,
    /// `waiting`, `running`, `done`, `failed`.
    pub state: String,
    /// Whether a person asked for it.
    pub by_hand: bool,
    /// How long it took, seconds.
    pub seconds: Option<f64>,
    /// Why it failed.
    pub error: Option<String>,
    /// What its steps said.
    pub steps: Vec<StepLine>,
}

/// A step of a turn.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct StepLine {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: String,
    /// One line.
    pub said: String,
}

/// A day of the calendar.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct DateLine {
    /// The day.
    pub date: String,
    /// What.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// Who says so.
    pub source: String,
    /// Days from today on; negative for what is over.
    pub days_left: i32,
    /// `overdue`, `passed`, `today`, `coming`.
    pub state: String,
}

/// What comes in and what goes out.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct MoneyView {
    /// By purpose, with its caps.
    pub purposes: Vec<PurposeLine>,
    /// The last days, oldest first.
    pub days: Vec<ProfitDay>,
    /// What this month may end at.
    pub projection: Projection,
    /// What is not known, and the command or setting that brings it.
    pub notes: Vec<String>,
}

/// What one purpose cost.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct PurposeLine {
    /// Such as `synth`.
    pub purpose: String,
    /// Since Monday.
    pub week_micro: i64,
    /// Its cap, where it has one.
    pub week_cap_micro: Option<i64>,
    /// Since the first.
    pub month_micro: i64,
    /// Its cap.
    pub month_cap_micro: Option<i64>,
    /// Booked and not settled, of the month.
    pub open_micro: i64,
}

/// One UTC day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct ProfitDay {
    /// The day.
    pub date: String,
    /// Earned, at the configured price; none where it is not known.
    pub earned_micro: Option<i64>,
    /// Spent.
    pub spent_micro: i64,
    /// Earned less spent.
    pub profit_micro: Option<i64>,
}

/// What the month may end at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Projection {
    /// Spend of the whole month.
    pub spend_micro: i64,
    /// Profit of the whole month; none where no day's earnings are known.
    pub profit_micro: Option<i64>,
    /// How it was computed.
    pub how: String,
}

/// Something that may be used up.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct QuotaLine {
    /// What.
    pub name: String,
    /// Used, in words.
    pub used: String,
    /// The most, in words.
    pub most: String,
    /// Used share, 0 to 1 and above.
    pub share: f64,
    /// The key that sets it.
    pub key: String,
}

/// The configuration.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ConfigView {
    /// The file, whether it is there or not.
    pub file: String,
    /// Every key.
    pub keys: Vec<ConfigLine>,
}

/// One key.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ConfigLine {
    /// `section.key`
    pub key: String,
    /// Its value in TOML's words; empty where it has none. Of a secret, only where it lies.
    pub value: String,
    /// `default`, `file`, `environment` or `flag`.
    pub origin: String,
    /// The file, the variable or the flag.
    pub place: String,
    /// Whether it is a secret.
    pub secret: bool,
}

/// Lines of the audit log.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct AuditView {
    /// Newest first.
    pub lines: Vec<AuditLine>,
    /// Where the next page begins; none at the end.
    pub before: Option<i64>,
}

/// One line of the audit log.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct AuditLine {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: String,
    /// Who.
    pub who: String,
    /// As what.
    pub role: String,
    /// From where.
    pub source: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// `done`, or why not.
    pub outcome: String,
}

/// Which part of the audit log is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Lines before this one only.
    pub before: Option<i64>,
    /// At most so many, 1 to 200 [default: 25].
    pub limit: Option<u32>,
}

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

impl JobLine {
    pub(super) fn day(&self) -> String {
        minute(&self.due)
    }

    pub(super) fn took(&self) -> String {
        self.seconds.map_or_else(|| "–".to_owned(), took)
    }
}

impl NextTurn {
    pub(super) fn when(&self) -> String {
        self.at.as_deref().map_or_else(|| "no day is set".to_owned(), minute)
    }

    pub(super) fn plan(&self) -> String {
        self.steps.join(" → ")
    }
}

impl PurposeLine {
    pub(super) fn week(&self) -> String {
        capped(self.week_micro, self.week_cap_micro)
    }

    pub(super) fn month(&self) -> String {
        capped(self.month_micro, self.month_cap_micro)
    }

    pub(super) fn open(&self) -> String {
        dollars(self.open_micro)
    }
}

impl ProfitDay {
    pub(super) fn earned(&self) -> String {
        self.earned_micro.map_or_else(|| "–".to_owned(), dollars)
    }

    pub(super) fn spent(&self) -> String {
        dollars(self.spent_micro)
    }

    pub(super) fn profit(&self) -> String {
        self.profit_micro.map_or_else(|| "–".to_owned(), dollars)
    }
}

impl Projection {
    pub(super) fn spend(&self) -> String {
        dollars(self.spend_micro)
    }

    pub(super) fn profit(&self) -> String {
        self.profit_micro.map_or_else(|| "not known".to_owned(), dollars)
    }
}

impl DiskView {
    pub(super) fn free(&self) -> String {
        format!("{} of {}", bytes(self.free_bytes), bytes(self.total_bytes))
    }
}

impl MemoryView {
    pub(super) fn resident(&self) -> String {
        self.resident_bytes.map_or_else(|| "–".to_owned(), bytes)
    }

    pub(super) fn around(&self) -> String {
        let peak = self.peak_bytes.map_or_else(String::new, |peak| format!("peak {}", bytes(peak)));
        self.total_bytes.map_or(peak.clone(), |total| format!("{peak}, of {}", bytes(total)))
    }
}

impl GpuLine {
    pub(super) fn memory(&self) -> String {
        format!("{} of {}", bytes(self.used_bytes), bytes(self.total_bytes))
    }

    pub(super) fn busy(&self) -> String {
        self.busy_percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent}%"))
    }

    pub(super) fn heat(&self) -> String {
        self.celsius.map_or_else(|| "–".to_owned(), |degrees| format!("{degrees} °C"))
    }
}

impl QuotaLine {
    pub(super) fn percent(&self) -> String {
        format!("{:.0}%", 100.0 * self.share)
    }

    /// What a meter may show.
    pub(super) fn bounded(&self) -> f64 {
        self.share.clamp(0.0, 1.0)
    }
}

impl AuditLine {
    pub(super) fn second(&self) -> String {
        self.at.get(..19).unwrap_or(&self.at).replacen('T', " ", 1)
    }
}

fn capped(micro: i64, cap: Option<i64>) -> String {
    cap.map_or_else(|| dollars(micro), |cap| format!("{} of {}", dollars(micro), dollars(cap)))
}

fn dollars(micro: i64) -> String {
    hivis_types::Usd(micro).to_string()
}

/// `1.2 GB`
fn bytes(bytes: u64) -> String {
    let (value, unit) = if bytes >= 1_000_000_000 { (bytes as f64 / 1e9, "GB") } else { (bytes as f64 / 1e6, "MB") };
    format!("{value:.1} {unit}")
}

/// `35 s`, `12 min`, `3.2 h`
fn took(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
