//! What releases make of the label that a picture was made for.

use hivis_types::Label;
use serde::Serialize;

/// How sure the members are, on the mean, of the label that was not wanted, when that is at least `sureness`.
/// `probabilities` are of roadwork, one a member; without one nothing is contradicted.
pub fn contradiction(wanted: Label, probabilities: &[f64], sureness: f64) -> Option<f64> {
    if probabilities.is_empty() {
        return None;
    }
    let roadwork = probabilities.iter().sum::<f64>() / probabilities.len() as f64;
    let against = if wanted == Label::Roadwork { 1.0 - roadwork } else { roadwork };
    (against >= sureness).then_some(against)
}

/// A label that members agree on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Consensus {
    /// The label.
    pub label: Label,
    /// How sure the least sure member is.
    pub confidence: f64,
    /// Members that agree: all of them.
    pub members: usize,
}

/// The label that every one of at least two members is at least `sureness` sure of. One member's word is no consensus,
/// and one that doubts or differs ends it.
pub fn consensus(probabilities: &[f64], sureness: f64) -> Option<Consensus> {
    if probabilities.len() < 2 || probabilities.iter().any(|p| !p.is_finite()) {
        return None;
    }
    let least = probabilities.iter().copied().fold(f64::INFINITY, f64::min);
    let most = probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (label, confidence) = if least > 0.5 { (Label::Roadwork, least) } else { (Label::Clear, 1.0 - most) };
    (confidence >= sureness.max(0.5)).then_some(Consensus { label, confidence, members: probabilities.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_member_is_no_consensus_and_a_doubt_ends_it() {
        assert_eq!(consensus(&[0.999], 0.9), None);
        assert_eq!(consensus(&[0.999, 0.7], 0.9), None);
        assert_eq!(consensus(&[0.99, 0.01], 0.9), None);
        assert_eq!(consensus(&[0.99, f64::NAN], 0.9), None);
        assert_eq!(consensus(&[0.5, 0.5], 0.0), Some(Consensus { label: Label::Clear, confidence: 0.5, members: 2 }));
        let found = consensus(&[0.02, 0.05, 0.01], 0.9).expect("they agree");
        assert_eq!((found.label, found.members), (Label::Clear, 3));
        assert!((found.confidence - 0.95).abs() < 1e-12);
        assert_eq!(consensus(&[0.97, 0.92], 0.9).map(|c| (c.label, c.confidence)), Some((Label::Roadwork, 0.92)));
    }

    #[test]
    fn a_doubt_contradicts_nothing() {
        assert_eq!(contradiction(Label::Roadwork, &[], 0.0), None);
        assert_eq!(contradiction(Label::Roadwork, &[0.3], 0.98), None);
        assert_eq!(contradiction(Label::Clear, &[0.99, 0.99], 0.98), Some(0.99));
        assert_eq!(contradiction(Label::Roadwork, &[0.99], 0.98), None);
        // A member that agrees with the wish outweighs one that does not.
        assert_eq!(contradiction(Label::Roadwork, &[0.0, 0.6], 0.98), None);
    }
}
