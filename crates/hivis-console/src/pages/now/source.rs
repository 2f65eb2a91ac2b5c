//! What the page Now asks of the program: reward, earnings, the wheel, the picture to worry about.

use hivis_serve::Health;
use serde::Serialize;
use utoipa::ToSchema;

use crate::SourceFuture;

/// The reward to expect.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Reward {
    /// The best single guess of the mean step reward, in [0, 1].
    pub point: f64,
    /// 5% of deployments earn less.
    pub low: f64,
    /// 5% earn more.
    pub high: f64,
    /// Where it comes from, in words.
    pub from: String,
}

/// An amount of one span.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Money {
    /// Alpha, about, when not every payout was looked at.
    pub alpha: String,
    /// Worth in TAO, when prices are known.
    pub tao: Option<String>,
    /// Worth in US dollars, when a price is configured.
    pub usd: Option<String>,
    /// Payouts that were looked at, of those that there were.
    pub payouts: String,
}

/// What came in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Earned {
    /// Since midnight UTC.
    pub today: Option<Money>,
    /// In the last 7 days, today included.
    pub week: Option<Money>,
    /// Why there is nothing, and what would bring it.
    pub missing: Option<String>,
}

/// The picture of the last day to look at first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Worry {
    /// The record's id.
    pub record: String,
    /// `wrong` or `unsure`.
    pub kind: String,
    /// One sentence: what was said, what is true.
    pub said: String,
}

/// One station of the wheel over the last day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StationLook {
    /// Its name: asked, recorded, mined, made, gated, reviewed, versioned, trained, proved, released.
    pub name: String,
    /// How many.
    pub count: u64,
    /// Of what, and what waits, in a few words.
    pub said: String,
    /// It is being worked on now.
    pub at_work: bool,
}

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Look {
    /// The reward to expect, when anything says so.
    pub reward: Option<Reward>,
    /// What would bring one, when nothing does.
    pub reward_missing: Option<String>,
    /// What came in.
    pub earned: Earned,
    /// What to look at first, when there is anything.
    pub worry: Option<Worry>,
    /// The stations in the wheel's order.
    pub stations: Vec<StationLook>,
    /// The last turn of the wheel, in words.
    pub turn: String,
}

/// Whoever knows the reward and the wheel.
pub trait NowSource: Send + Sync {
    /// How things stand; kept for some seconds, so that pages may ask often. `health` says who the axon is.
    fn look(&self, health: Health) -> SourceFuture<'_, Look>;
}
