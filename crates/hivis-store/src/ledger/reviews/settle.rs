//! What the standing decisions of one review come to.

use hivis_types::Label;
use serde::{Deserialize, Serialize};

use super::ReviewVerdict;

/// Where a review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewState {
    /// Nobody has looked.
    Open,
    /// One has, and another must.
    Second,
    /// Two differ, and a third must decide.
    Conflict,
    /// Settled: it shows its label.
    Accepted,
    /// Settled: it is not to be learned from.
    Rejected,
    /// Whoever looked could not say. It is out of the queue, and anybody may still decide it.
    Skipped,
}

impl ReviewState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Second, Self::Conflict, Self::Accepted, Self::Rejected, Self::Skipped];

    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Second => "second",
            Self::Conflict => "conflict",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
        }
    }

    /// From the word.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// True while somebody must still look.
    pub fn waits(self) -> bool {
        matches!(self, Self::Open | Self::Second | Self::Conflict)
    }
}

/// One standing decision, as far as it counts here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) verdict: ReviewVerdict,
    pub(super) label: Option<Label>,
    pub(super) contradicts: bool,
}

/// The state, and the label that counts. `words` are the standing decisions in the order that they were made.
///
/// One look is enough unless `wanted` asks for two or the look contradicts a trusted source. Two that say the same settle
/// it; of more, which there are only after two differed, the last decides.
pub(super) fn settle(wanted: i64, words: &[Word]) -> (ReviewState, Option<Label>) {
    let looks: Vec<&Word> = words.iter().filter(|word| word.verdict != ReviewVerdict::Skip).collect();
    let settled = |word: &Word| match word.verdict {
        ReviewVerdict::Accept => (ReviewState::Accepted, word.label),
        _ => (ReviewState::Rejected, None),
    };
    match looks[..] {
        [] if words.is_empty() => (ReviewState::Open, None),
        [] => (ReviewState::Skipped, None),
        [only] if wanted > 1 || only.contradicts => (ReviewState::Second, None),
        [one, other] if (one.verdict, one.label) != (other.verdict, other.label) => (ReviewState::Conflict, None),
        [.., last] => settled(last),
    }
}

#[cfg(test)]
mod tests {
    use super::ReviewState::{Accepted, Conflict, Open, Rejected, Second, Skipped};
    use super::*;

    #[test]
    fn words_come_to_states() {
        let word = |verdict, label, contradicts| Word { verdict, label, contradicts };
        let road = word(ReviewVerdict::Accept, Some(Label::Roadwork), false);
        let clear = word(ReviewVerdict::Accept, Some(Label::Clear), false);
        let against = Word { contradicts: true, ..clear };
        let reject = word(ReviewVerdict::Reject, None, false);
        let skip = word(ReviewVerdict::Skip, None, false);
        let (r, c) = (Some(Label::Roadwork), Some(Label::Clear));
        // (reviewers wanted, standing words, state, label that counts)
        let table: [(i64, &[Word], ReviewState, Option<Label>); 14] = [
            (1, &[], Open, None),
            (2, &[], Open, None),
            (1, &[skip], Skipped, None),
            (1, &[skip, road], Accepted, r),
            (1, &[road], Accepted, r),
            (1, &[reject], Rejected, None),
            (1, &[against], Second, None),
            (2, &[road], Second, None),
            (2, &[road, skip], Second, None),
            (2, &[road, road], Accepted, r),
            (2, &[road, clear], Conflict, None),
            (2, &[reject, clear], Conflict, None),
            (1, &[against, road], Conflict, None),
            (2, &[road, reject, clear], Accepted, c),
        ];
        for (wanted, words, state, label) in table {
            assert_eq!(settle(wanted, words), (state, label), "{wanted} {words:?}");
        }
    }
}
