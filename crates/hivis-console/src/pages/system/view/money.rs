//! Spend, profit, the month's end, quotas. Money is whole micro-dollars.

use serde::Serialize;
use utoipa::ToSchema;

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

impl PurposeLine {
    pub(crate) fn week(&self) -> String {
        capped(self.week_micro, self.week_cap_micro)
    }

    pub(crate) fn month(&self) -> String {
        capped(self.month_micro, self.month_cap_micro)
    }

    pub(crate) fn open(&self) -> String {
        dollars(self.open_micro)
    }
}

impl ProfitDay {
    pub(crate) fn earned(&self) -> String {
        self.earned_micro.map_or_else(|| "–".to_owned(), dollars)
    }

    pub(crate) fn spent(&self) -> String {
        dollars(self.spent_micro)
    }

    pub(crate) fn profit(&self) -> String {
        self.profit_micro.map_or_else(|| "–".to_owned(), dollars)
    }
}

impl Projection {
    pub(crate) fn spend(&self) -> String {
        dollars(self.spend_micro)
    }

    pub(crate) fn profit(&self) -> String {
        self.profit_micro.map_or_else(|| "not known".to_owned(), dollars)
    }
}

impl QuotaLine {
    pub(crate) fn percent(&self) -> String {
        format!("{:.0}%", 100.0 * self.share)
    }

    /// What a meter may show.
    pub(crate) fn bounded(&self) -> f64 {
        self.share.clamp(0.0, 1.0)
    }
}

fn capped(micro: i64, cap: Option<i64>) -> String {
    cap.map_or_else(|| dollars(micro), |cap| format!("{} of {}", dollars(micro), dollars(cap)))
}

fn dollars(micro: i64) -> String {
    hivis_types::Usd(micro).to_string()
}
