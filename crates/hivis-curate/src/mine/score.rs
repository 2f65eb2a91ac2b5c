//! Why a judged picture is hard, and how much.

use hivis_types::Label;
use serde::{Serialize, Serializer};

/// A record known to be wrong begins here; what is only doubted stays below.
const KNOWN_WRONG: f32 = 0.75;

/// What is known of the judgement of one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Probability of roadwork by the release that counts, in [0, 1].
    pub probability: f32,
    /// What other members or other releases said of the same picture, each in [0, 1].
    pub others: Vec<f32>,
    /// What the release before said, in [0, 1].
    pub before: Option<f32>,
    /// What it shows, where that became known.
    pub label: Option<Label>,
}

/// Why a picture is hard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// The confidence max(p, 1 - p) is below the limit.
    Uncertain,
    /// The probability lies in a band, ends included.
    Band {
        /// Its lower end.
        low: f32,
        /// Its upper end.
        high: f32,
    },
    /// The binary entropy is above the limit, in bits.
    Entropy,
    /// Members or releases take different sides, or lie far apart.
    Disagreement,
    /// The new release says another thing than the one before: another side, or far from it.
    Drift,
    /// A label came, and the answer was wrong.
    Error,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uncertain => f.write_str("uncertain"),
            Self::Band { low, high } => write!(f, "band:{low}-{high}"),
            Self::Entropy => f.write_str("entropy"),
            Self::Disagreement => f.write_str("disagreement"),
            Self::Drift => f.write_str("drift"),
            Self::Error => f.write_str("error"),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A hard picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Hard {
    /// All reasons that apply, in the order of [`Reason`].
    pub reasons: Vec<Reason>,
    /// How hard it is, in [0, 1]; see [`Rules::weigh`].
    pub score: f32,
}

/// What counts as hard.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// A confidence max(p, 1 - p) below this is uncertain.
    pub confidence: f32,
    /// Bands of probabilities, `(low, high)`, ends included.
    pub bands: Vec<(f32, f32)>,
    /// An entropy above this is uncertain, in bits: 0.6 bits are the probabilities from 0.146 to 0.854.
    pub entropy_bits: f32,
    /// Opinions further apart than this disagree, whatever their sides.
    pub disagreement: f32,
    /// A probability that moved by more than this has drifted.
    pub drift: f32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { confidence: 0.7, bands: vec![(0.3, 0.7), (0.4, 0.6)], entropy_bits: 0.6, disagreement: 0.3, drift: 0.2 }
    }
}

impl Rules {
    /// Why a picture is hard, and how much; `None` when no reason applies, or when the probability is none (NaN, outside
    /// of [0, 1]). Opinions that are no probabilities are not heard.
    ///
    /// The score is in [0, 1]:
    ///
    /// - doubt = 1 - (1 - h)(1 - d)(1 - m), where h is the binary entropy of p in bits, d the mean of the opinions'
    ///   spread (largest - smallest) and twice the minority's share of their votes, and m = |p - before|;
    /// - without a label: 0.75 doubt;
    /// - with a label that says that the answer was wrong: (1 + |p - label|) / 2, above 0.75: what is known to be wrong
    ///   comes before what is only doubted, confident errors first;
    /// - with a label that says that it was right: 0.375 doubt: it is known already.
    pub fn weigh(&self, judged: &Judged) -> Option<Hard> {
        let p = judged.probability;
        if !is_probability(p) {
            return None;
        }
        let entropy = entropy_bits(p);
        let opinions = opinions(p, &judged.others);
        let moved = judged.before.filter(|before| is_probability(*before)).map(|before| (p - before).abs());
        let crossed = judged.before.is_some_and(|before| is_probability(before) && side(before) != side(p));
        let wrong = judged.label.is_some_and(|label| label != side(p));
        let mut reasons = Vec::new();
        if p.max(1.0 - p) < self.confidence {
            reasons.push(Reason::Uncertain);
        }
        let within = self.bands.iter().filter(|(low, high)| (*low..=*high).contains(&p));
        reasons.extend(within.map(|&(low, high)| Reason::Band { low, high }));
        if entropy > self.entropy_bits {
            reasons.push(Reason::Entropy);
        }
        if opinions.minority > 0.0 || opinions.spread > self.disagreement {
            reasons.push(Reason::Disagreement);
        }
        if crossed || moved.is_some_and(|moved| moved > self.drift) {
            reasons.push(Reason::Drift);
        }
        if wrong {
            reasons.push(Reason::Error);
        }
        if reasons.is_empty() {
            return None;
        }
        let disagreement = f32::midpoint(opinions.spread, 2.0 * opinions.minority);
        let doubt = 1.0 - (1.0 - entropy) * (1.0 - disagreement) * (1.0 - moved.unwrap_or(0.0));
        let score = match judged.label {
            None => KNOWN_WRONG * doubt,
            Some(label) if wrong => f32::midpoint(1.0, (p - f32::from(label.as_u8())).abs()),
            Some(_) => KNOWN_WRONG / 2.0 * doubt,
        };
        Some(Hard { reasons, score })
    }
}

/// The entropy of a yes-no question, in bits: -p log2 p - (1 - p) log2 (1 - p). 1 at 0.5; 0 at the ends and for what is no
/// probability.
pub fn entropy_bits(p: f32) -> f32 {
    if p <= 0.0 || p >= 1.0 || p.is_nan() {
        return 0.0;
    }
    // Widened: near the ends 1 - p loses its digits.
    let p = f64::from(p);
    (-p * p.log2() - (1.0 - p) * (1.0 - p).log2()) as f32
}

fn is_probability(p: f32) -> bool {
    (0.0..=1.0).contains(&p)
}

fn side(p: f32) -> Label {
    Label::from_probability(p)
}

/// What a group of opinions looks like.
struct Opinions {
    /// Largest less smallest.
    spread: f32,
    /// Share of the votes on the weaker side, 0 to 0.5.
    minority: f32,
}

/// The release that counts has one vote among the others.
fn opinions(p: f32, others: &[f32]) -> Opinions {
    let (mut low, mut high, mut roadwork, mut votes) = (p, p, u32::from(side(p) == Label::Roadwork), 1);
    for &other in others.iter().filter(|other| is_probability(**other)) {
        (low, high) = (low.min(other), high.max(other));
        roadwork += u32::from(side(other) == Label::Roadwork);
        votes += 1;
    }
    Opinions { spread: high - low, minority: roadwork.min(votes - roadwork) as f32 / votes as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By NumPy in double precision.
    #[test]
    fn entropy_is_in_bits() {
        let table = [
            (0.0, 0.0),
            (1.0, 0.0),
            (f32::NAN, 0.0),
            (-0.1, 0.0),
            (1.5, 0.0),
            (0.5, 1.0),
            (0.25, 0.811_278_1),
            (0.75, 0.811_278_1),
            (0.1, 0.468_995_6),
            (0.9, 0.468_995_6),
            (0.3, 0.881_290_9),
            (0.4, 0.970_950_6),
            (0.146_102, 0.599_998_9),
            (0.853_898, 0.599_998_9),
            (1e-6, 2.137_426e-5),
        ];
        for (p, wanted) in table {
            let found = entropy_bits(p);
            assert!((found - wanted).abs() < 1e-6, "{p}: {found} and not {wanted}");
        }
    }

    fn texts(hard: Option<&Hard>) -> Vec<String> {
        hard.map(|hard| hard.reasons.iter().map(Reason::to_string).collect()).unwrap_or_default()
    }

    #[test]
    fn every_reason_that_applies_is_named() {
        use Label::{Clear, Roadwork};
        let judged = |probability| Judged { probability, ..Judged::default() };
        let all = ["uncertain", "band:0.3-0.7", "band:0.4-0.6", "entropy"];
        let table: [(Judged, &[&str]); 21] = [
            (judged(0.5), &all),
            (judged(0.4), &all),
            (judged(0.6), &all),
            (judged(0.61), &["uncertain", "band:0.3-0.7", "entropy"]),
            (judged(0.39), &["uncertain", "band:0.3-0.7", "entropy"]),
            // The ends of a band belong to it; a confidence of 0.7 is not below 0.7.
            (judged(0.7), &["band:0.3-0.7", "entropy"]),
            (judged(0.3), &["band:0.3-0.7", "entropy"]),
            (judged(0.71), &["entropy"]),
            (judged(0.85), &["entropy"]),
            (judged(0.147), &["entropy"]),
            (judged(0.146), &[]),
            (judged(0.86), &[]),
            (judged(1.0), &[]),
            (Judged { others: vec![0.92], ..judged(0.95) }, &[]),
            (Judged { others: vec![0.6], ..judged(0.95) }, &["disagreement"]),
            (Judged { others: vec![0.95, 0.02], ..judged(0.95) }, &["disagreement"]),
            (Judged { before: Some(0.76), ..judged(0.95) }, &[]),
            (Judged { before: Some(0.7), ..judged(0.95) }, &["drift"]),
            (Judged { label: Some(Clear), ..judged(0.95) }, &["error"]),
            (Judged { label: Some(Roadwork), ..judged(0.95) }, &[]),
            (
                Judged { label: Some(Clear), before: Some(0.1), others: vec![0.1], ..judged(0.95) },
                &["disagreement", "drift", "error"],
            ),
        ];
        for (judged, wanted) in table {
            assert_eq!(texts(Rules::default().weigh(&judged).as_ref()), wanted, "{judged:?}");
        }
        // A side that changed is drift, however small the step; 0.5 is clear, as the reward rounds.
        let rules = Rules { confidence: 0.0, bands: Vec::new(), entropy_bits: 1.0, ..Rules::default() };
        let crossed = Judged { before: Some(0.5), ..judged(0.501) };
        assert_eq!(texts(rules.weigh(&crossed).as_ref()), ["drift"]);
        assert_eq!(rules.weigh(&Judged { before: Some(0.499), ..judged(0.5) }), None);
        assert_eq!(texts(rules.weigh(&Judged { label: Some(Roadwork), ..judged(0.5) }).as_ref()), ["error"]);
    }

    /// Computed by hand from the formula in the documentation.
    #[test]
    fn the_score_is_the_formula() {
        use Label::{Clear, Roadwork};
        let table = [
            // doubt 1.
            (0.5, vec![], None, None, 0.75),
            // h = 0.811278: 0.75 x that.
            (0.75, vec![], None, None, 0.608_459),
            // h = 0.811278, spread 0.5, one vote of two against: d = 0.75; 1 - 0.188722 x 0.25.
            (0.75, vec![0.25], None, None, 0.714_615),
            // One of three: d = (0.5 + 0.666667) / 2 = 0.583333; 1 - 0.188722 x 0.416667.
            (0.75, vec![0.25, 0.75], None, None, 0.691_024),
            // m = 0.25; 1 - 0.188722 x 0.75.
            (0.75, vec![], Some(0.5), None, 0.643_844),
            // Wrong: (1 + 0.75) / 2, doubt or not.
            (0.75, vec![0.25], Some(0.5), Some(Clear), 0.875),
            (0.999, vec![], None, Some(Clear), 0.9995),
            (0.49, vec![], None, Some(Roadwork), 0.755),
            // Right: 0.375 x 0.811278.
            (0.75, vec![], None, Some(Roadwork), 0.304_229),
        ];
        for (probability, others, before, label, wanted) in table {
            let judged = Judged { probability, others, before, label };
            let score = Rules::default().weigh(&judged).expect("it is hard").score;
            assert!((score - wanted).abs() < 2e-6, "{judged:?}: {score} and not {wanted}");
        }
    }

    #[test]
    fn what_is_no_probability_is_not_weighed_and_not_heard() {
        let rules = Rules::default();
        for probability in [f32::NAN, -0.1, 1.1, f32::INFINITY] {
            assert_eq!(rules.weigh(&Judged { probability, ..Judged::default() }), None);
        }
        let odd = Judged { probability: 0.95, others: vec![f32::NAN, 7.0], before: Some(-1.0), label: None };
        assert_eq!(rules.weigh(&odd), None);
    }

    #[test]
    fn scores_stay_between_0_and_1_and_confident_errors_come_first() {
        let rules = Rules::default();
        let steps = || (0..=20).map(|n| n as f32 / 20.0);
        let (mut least_error, mut most_doubt) = (1.0_f32, 0.0_f32);
        for probability in steps() {
            for other in steps() {
                for label in [None, Some(Label::Clear), Some(Label::Roadwork)] {
                    let judged = Judged { probability, others: vec![other], before: Some(other), label };
                    let Some(hard) = rules.weigh(&judged) else { continue };
                    assert!((0.0..=1.0).contains(&hard.score), "{judged:?}: {hard:?}");
                    if hard.reasons.contains(&Reason::Error) {
                        least_error = least_error.min(hard.score);
                    } else {
                        most_doubt = most_doubt.max(hard.score);
                    }
                }
            }
        }
        assert!(least_error >= most_doubt, "{least_error} {most_doubt}");
        let error = |p| rules.weigh(&Judged { probability: p, label: Some(Label::Clear), ..Judged::default() });
        assert!(error(0.99).expect("wrong").score > error(0.6).expect("wrong").score);
    }
}
