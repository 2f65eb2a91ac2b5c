//! What recorded pictures probably show: the slices of the nearest pictures whose slices are known.

use std::collections::{BTreeMap, BTreeSet};

use crate::CurateError;
use crate::vectors::{Matrix, nearest};

/// The value of a kind of slice that nobody can tell.
pub const UNKNOWN: &str = "unknown";

/// How slices are guessed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuessSettings {
    /// Neighbours that are asked.
    pub neighbours: usize,
    /// Share of them that must agree, in (0, 1].
    pub share: f32,
    /// Neighbours further than this in cosine distance have no word, and still count as asked.
    pub within: f32,
}

impl Default for GuessSettings {
    fn default() -> Self {
        Self { neighbours: 9, share: 0.6, within: 0.5 }
    }
}

/// Pictures with known slices, to guess those of others by.
#[derive(Clone, Debug)]
pub struct Guesser {
    features: Matrix,
    slices: Vec<Vec<String>>,
    settings: GuessSettings,
}

impl Guesser {
    /// `features` are `[n, width]`, `slices` n lists of tags such as `weather:rain`, `equipment:cone`.
    pub fn new(features: &Matrix, slices: Vec<Vec<String>>, settings: GuessSettings) -> Result<Self, CurateError> {
        if features.len() != slices.len() {
            return Err(CurateError::Lengths { rows: features.len(), others: slices.len() });
        }
        Ok(Self { features: features.normalised(), slices, settings })
    }

    /// The tags that at least the wanted share of the nearest pictures has, by name. Where no value of a kind (what stands
    /// before the colon) has it although so many neighbours have one of that kind, the guess is `kind:unknown`; where
    /// nothing can be said at all it is [`UNKNOWN`] alone.
    pub fn guess(&self, features: &[f32]) -> Vec<String> {
        if self.slices.is_empty() || features.len() != self.features.width() {
            return vec![UNKNOWN.to_owned()];
        }
        let asked = self.settings.neighbours.clamp(1, self.slices.len());
        let mut tags: BTreeMap<&str, usize> = BTreeMap::new();
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for hit in nearest(&self.features, features, asked) {
            if hit.distance > self.settings.within {
                continue;
            }
            let of: BTreeSet<&str> = self.slices[hit.row].iter().map(String::as_str).collect();
            for kind in of.iter().filter_map(|tag| kind(tag)).collect::<BTreeSet<_>>() {
                *kinds.entry(kind).or_default() += 1;
            }
            for tag in of {
                *tags.entry(tag).or_default() += 1;
            }
        }
        let enough = |votes: usize| votes as f32 >= self.settings.share * asked as f32;
        let mut found: BTreeSet<String> =
            tags.iter().filter(|(_, votes)| enough(**votes)).map(|(tag, _)| (*tag).to_owned()).collect();
        for (of_kind, votes) in kinds {
            if enough(votes) && !found.iter().any(|tag| kind(tag) == Some(of_kind)) {
                found.insert(format!("{of_kind}:{UNKNOWN}"));
            }
        }
        if found.is_empty() { vec![UNKNOWN.to_owned()] } else { found.into_iter().collect() }
    }
}

fn kind(tag: &str) -> Option<&str> {
    tag.split_once(':').map(|(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guesser(known: &[(f32, &[&str])], settings: GuessSettings) -> Guesser {
        let rows = known.iter().flat_map(|(degrees, _)| [degrees.to_radians().cos(), degrees.to_radians().sin()]);
        let features = Matrix::new(2, rows.collect()).expect("rows of two");
        let slices = known.iter().map(|(_, tags)| tags.iter().map(|tag| (*tag).to_owned()).collect()).collect();
        Guesser::new(&features, slices, settings).expect("as many")
    }

    #[test]
    fn the_nearest_decide_and_may_say_that_they_do_not_know() {
        let known: [(f32, &[&str]); 7] = [
            (0.0, &["time:night", "weather:rain", "equipment:cone"]),
            (1.0, &["time:night", "weather:fog"]),
            (2.0, &["time:night", "weather:snow", "equipment:cone", "equipment:barrier"]),
            (90.0, &["time:day"]),
            (91.0, &["time:day"]),
            (92.0, &[]),
            (270.0, &["time:dusk"]),
        ];
        let of = GuessSettings { neighbours: 3, share: 0.6, within: 0.5 };
        let guesser = guesser(&known, of);
        // All say night, two of three a cone, and each another weather.
        assert_eq!(guesser.guess(&[1.0, 0.0]), ["equipment:cone", "time:night", "weather:unknown"]);
        assert_eq!(guesser.guess(&[0.0, 5.0]), ["time:day"], "the length of the features does not matter");
        // Nothing is near 225 degrees but 270, which is one of three.
        assert_eq!(guesser.guess(&[-0.7, -0.7]), ["unknown"]);
        assert_eq!(guesser.guess(&[1.0]), ["unknown"], "features of another space");
    }

    #[test]
    fn without_anything_known_nothing_is_guessed() {
        assert_eq!(guesser(&[], GuessSettings::default()).guess(&[1.0, 0.0]), ["unknown"]);
        assert!(Guesser::new(&Matrix::default(), vec![Vec::new()], GuessSettings::default()).is_err());
    }
}
