//! What an exam must say before a release is promoted.

use anyhow::Result;
use hivis_examiner::report::{CandidateReport, ExamReport, Seen};

use crate::cli::PolicyName;
use crate::failure::Hinted;

/// More than this share of the old latency is refused by [`Policy::Gain`].
const LATENCY: f64 = 1.10;
/// Points of accuracy that [`Policy::Gain`] wants.
const GAIN: f64 = 0.01;

/// What decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The lower bound of the paired difference in reward is above zero.
    #[default]
    Paired,
    /// One point more of accuracy, less than 110% of the latency.
    Gain,
    /// No exam is wanted.
    None,
}

impl Policy {
    /// The policies by name, for configuration and messages.
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("paired", Self::Paired), ("gain", Self::Gain), ("none", Self::None)];

    /// Refuses with a reason. Only scenes never seen count, under every policy but [`Policy::None`].
    pub(crate) fn judge(self, report: &ExamReport) -> Result<()> {
        if self == Self::None {
            return Ok(());
        }
        let refused = |why: String| {
            let hint = "`--policy none` promotes all the same; a larger exam (--questions) sees smaller differences";
            Err(Hinted::new(format!("the policy refuses: {why}"), hint).into())
        };
        let Some(pair) = report.paired.iter().find(|pair| pair.seen == Seen::Never) else {
            return refused("the exam has no comparison on scenes never seen".to_owned());
        };
        let paired = &pair.paired;
        if self == Self::Paired && paired.lower <= 0.0 {
            return refused(format!(
                "the reward differs by {:+.3}, and its lower bound at {:.2}% is {:+.3}",
                paired.reward.point,
                100.0 * paired.level,
                paired.lower
            ));
        }
        if let (Self::Gain, [old, new]) = (self, report.candidates.as_slice()) {
            let accuracy = |c: &CandidateReport| c.headline().map_or(0.0, |pool| pool.accuracy.share);
            let (gain, slower) = (accuracy(new) - accuracy(old), new.latency.p50_ms / old.latency.p50_ms);
            if gain < GAIN || slower >= LATENCY {
                return refused(format!("accuracy {gain:+.3} (wanted {GAIN:+}), latency {:.0}%", 100.0 * slower));
            }
        }
        let worse: Vec<&str> = report.parts.iter().filter(|p| p.is_worse()).map(|p| p.part.as_str()).collect();
        if !worse.is_empty() {
            return refused(format!("it is worse beyond chance on {}", worse.join(", ")));
        }
        Ok(())
    }
}

impl From<PolicyName> for Policy {
    fn from(name: PolicyName) -> Self {
        match name {
            PolicyName::Paired => Self::Paired,
            PolicyName::Gain => Self::Gain,
            PolicyName::None => Self::None,
        }
    }
}
